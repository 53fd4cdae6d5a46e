"""The sportsbook world: matches, a feed that is late, prices that others make, and bettors who read them.

Knows: one realisation (scenario and seed), tick by tick, in two phases: prices, then bets at those prices.
Does not know: features, scores, policies, charters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.core.decisions import Decisions, Quotes
from sim.core.errors import BadBlock, Defect, OutOfTurn, UserError
from sim.core.levers import Levers
from sim.core.time import DAY, MINUTE, SECOND, Clock, Micros, format_duration, micros
from sim.core.truth import Outcomes, Settlement, Truth
from sim.core.world import GroundTruth, News, Question
from sim.engine.outbox import Calendar, Outbox, sealed
from sim.engine.stage import Stage
from sim.engine.turns import Turns
from sim.worlds.sportsbook import acceptance, football, nfl
from sim.worlds.sportsbook import settlement as grading
from sim.worlds.sportsbook import vocabulary as words
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.adversaries import Adversaries
from sim.worlds.sportsbook.asking import bet_block, price_block
from sim.worlds.sportsbook.cast import ADVERSE, CAST
from sim.worlds.sportsbook.curves import Curves, Knots
from sim.worlds.sportsbook.feed import listen
from sim.worlds.sportsbook.fixing import Fixers, fix
from sim.worlds.sportsbook.fixtures import fixtures
from sim.worlds.sportsbook.parameters import LEVERS
from sim.worlds.sportsbook.parameters import Parameters as Sizes
from sim.worlds.sportsbook.paths import Path
from sim.worlds.sportsbook.rivals import Rivals
from sim.worlds.sportsbook.settlement import Settlement as Grading
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.striking import Striking
from sim.worlds.sportsbook.tickets import NONE, Tickets, joined
from sim.worlds.sportsbook.trading import Trading

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CERTAIN = 1.0 - 1e-9
MARK_AFTER: Micros = MINUTE
"""A bet in play is marked against the book's own price so long after it was accepted."""
MARK_ID, MARK_PLACED, MARK_ACCOUNT, MARK_SLOT, MARK_MATCH, MARK_MARKET, MARK_OUTCOME, MARK_STAKE, MARK_ODDS, MARK_LIVE, MARK_WON = range(1, 12)  # fmt: skip
"""Columns of a bet that waits for its mark-out; column 0 is the instant."""


class SportsbookWorld:
    """SportsbookWorld(seed, clock, tick, go_live, horizon, end, levers, parameters, rounds_up=False).

    tick: of play, 1 s to 15 min; quiet ticks are `parameters.quiet_tick` at most. horizon: a whole number of ticks.
    """

    levers = MappingProxyType(LEVERS)
    Parameters: ClassVar[type[Sizes]] = Sizes
    kinds = words.KINDS
    streams = words.STREAMS
    feeds = words.FEEDS
    truth = MappingProxyType(words.TRUTH)
    slices = words.SLICES
    closed = True

    def __init__(
        self,
        seed: int,
        clock: Clock,
        tick: Micros,
        go_live: Micros,
        horizon: Micros,
        end: Micros,
        levers: Levers,
        parameters: Sizes,
        rounds_up: bool = False,
    ) -> None:
        for instant in (tick, go_live, horizon, end):
            micros(instant)
        quiet = parameters.quiet_tick
        if tick <= 0 or DAY % quiet or quiet % tick or horizon % quiet or go_live % quiet:
            raise UserError(
                f"tick: {format_duration(tick)} does not divide quietTick ({format_duration(quiet)}), or that does not "
                "divide a day, goLive and the horizon"
            )
        if tick > MINUTE and not rounds_up:
            raise UserError(
                f"tick: {format_duration(tick)} is longer than the fastest feed that depends on decisions "
                "(mark_out, 1m); shorten it, or set roundsUp: true"
            )
        self.clock, self.tick, self.quiet = clock, tick, quiet
        self.go_live, self.horizon, self.end = go_live, horizon, end
        self.seed, self.parameters, self.state = seed, parameters, levers
        self.fixtures, fixes = fix(seed, fixtures(seed, clock, horizon, parameters, levers), levers)
        sports = set(np.unique(self.fixtures.sport).tolist())
        played = [m for m, name in enumerate(words.MARKETS) if words.SPORT_OF[m] in sports]
        self.kinds = {
            name: kind
            for name, kind in words.KINDS.items()
            if name == "bet" or words.MARKETS.index(name) in played
        }
        self._markets = played
        self._now: Micros = 0
        self._until: Micros = 0
        """End of the present tick."""
        monday = clock.start.weekday() * DAY
        self._turns, self._stage = Turns(), Stage()
        self._outboxes = {name: Outbox(schema, tick, end) for name, schema in self.streams.items()}
        self._slate = Slate()
        self._curves = Curves(self._slate)
        self._rivals = Rivals(seed, self._slate, levers)
        self._accounts = Accounts(seed, parameters.accounts, levers)
        self._fixers = Fixers(seed, fixes, self._accounts, levers)
        self._striking = Striking(
            seed, self.fixtures, self._accounts, self._rivals, self._slate, self._curves, levers, parameters, tick,
            self._fixers,
        )  # fmt: skip
        self._grading = Grading(self._stage, levers, self._graded)
        self._trading = Trading(seed, self._stage, self._outboxes, levers, self._accounts, monday)
        self._adversaries = Adversaries(seed, self._stage, self._accounts, levers, parameters)
        self._trading.inform(self._adversaries.shut)
        self._marks = Calendar(tick, 0, early=1)
        self._waiting: list[Tickets] = []
        self._opened = 0
        self._over: list[int] = []
        self._slot_of: dict[int, int] = {}
        self._knots: Knots | None = None
        self._asked: list[tuple[int, Ints]] = []
        self._phase_bets = False
        self._question: Question | None = None
        self._tickets = NONE
        self._settled = 0
        self._adverse = np.array(ADVERSE, dtype=np.bool_)
        self._rings = np.array([item.shared or item.accounts[1] > 1 for item in CAST], dtype=np.int8)
        self._stage.run(1)
        self._now = self._next(0)

    # --- the protocol

    @property
    def now(self) -> Micros:
        """Start of the present tick until its bets are settled, then of the next; the horizon when there is none."""
        return self._now

    def news(self, until: Micros) -> Iterable[News]:
        """What has become known in (last until, until], stream by stream; nothing between the phases of a tick."""
        over = self._now >= self.horizon
        self._turns.hear(until, self.end if over else self._now)
        if over:
            self._stage.run(until + 1)
        found = []
        for name, outbox in self._outboxes.items():
            block = outbox.deliver(until)
            if block is not None:
                found.append(News(name, block))
        return found

    def advance(self) -> Sequence[Question] | None:
        """The tick's price questions; once they are answered, its bets. None at the horizon."""
        if self._turns.asked:
            self._turns.ask()
        if self._now >= self.horizon:
            return None
        if not self._phase_bets:
            self._open_markets(self._now)
            self._until = self._tick_end(self._now)
            self._rivals.turn(self._now)
            questions = self._ask_prices()
            self._phase_bets = True
            if questions:
                return questions
        return (self._ask_bets(),)

    def publish(self, quotes: Quotes) -> Settlement:
        """Take the prices of one market for this tick: nothing happens yet."""
        if not self._asked:
            raise OutOfTurn("publish() without a price question: advance() comes first")
        market, rows = self._asked[0]
        self._turns.answer(words.MARKETS[market], "publish")
        knots = self._knots
        if knots is None:
            raise Defect("knots were asked and lost")
        if not np.array_equal(quotes.id, knots.id[rows]):
            raise BadBlock("quotes.id does not repeat the question's ids in their order")
        ways = len(words.OUTCOMES_OF[words.MARKETS[market]])
        if quotes.probability.shape[1] != ways:
            raise BadBlock(f"quotes.probability: {quotes.probability.shape[1]} outcomes, expected {ways}")
        self._asked.pop(0)
        shut = self._curves.post(knots, rows, market % 2, quotes)
        return self._told_prices(market, knots, rows, shut, ways)

    def settle(self, decisions: Decisions) -> Settlement:
        """Settle the tick's bets under these decisions; then actors act, from the next tick on."""
        self._turns.answer("bet", "settle")
        question = self._question
        if question is None:
            raise Defect("a question was asked and lost")
        ids = question.block["id"]
        if decisions.id is not ids and not np.array_equal(decisions.id, ids):
            raise BadBlock("decisions.id does not repeat the question's ids in their order")
        settlement = self._settle(question, decisions)
        self._question, self._tickets, self._phase_bets = None, NONE, False
        self._settled += len(question.block)
        self._mark(question.end)
        midnight = question.end // DAY > question.start // DAY
        if midnight:
            self._trading.close_day()
        self._stage.run(question.end)
        for slot in self._over:
            match = int(self._slate.match[slot])
            self._slot_of.pop(match)
            self._striking.close(match)
            self._slate.close(slot)
        self._over = []
        self._now = self._next(question.end)
        if not midnight and self._now // DAY > question.end // DAY:
            # Nothing is open, and the ticks over midnight are skipped: the day is over all the same.
            self._trading.close_day()
        self._stage.run(self._now)
        return settlement

    def touched(self, question: Question, row: int) -> Mapping[str, NDArray[np.int64]]:
        """Who may be touched by another decision on this row: the account and those that share its person or ring. It
        may suspend the market: then also all who look at it meanwhile, with theirs, and what is told of its prices."""
        block = question.block
        match = block["match"][row : row + 1].copy()
        if question.kind != "bet":
            return {"match": match}
        one, t = int(match[0]), int(block["t"][row])
        code = int(block["market"][row])
        until = question.end + int(self.state.now("suspended_s", t) * SECOND)
        since = question.end - int(self.state.now("bet_delay_s", t) * SECOND) - self._striking.services.longest(t)
        path = self._play(one, int(self.fixtures.kickoff[one]))
        # A parlay's market is the first of its first leg's match.
        looking = self._striking.lookers(one, path, 0 if code == words.PARLAY else code % 2, since, until)
        accounts = self._accounts
        theirs = accounts.id[: accounts.size][np.isin(accounts.person[: accounts.size], looking)]
        return {"account": self._adversaries.related(np.append(theirs, block["account"][row])), "match": match}

    def ground_truth(self) -> Sequence[GroundTruth]:
        """What the scenario injected, which matches are fixed, and what rings and syndicates did so far."""
        injected = [
            GroundTruth("injection", name, item.start, item.end, item.magnitude(), self._accounts.size)
            for name, item in self.state.injected()
        ]
        outages = self._striking.services.ground_truth()
        return [*injected, *outages, *self._fixers.ground_truth(), *self._adversaries.ground_truth()]

    def describe(self) -> Mapping[str, Any]:
        """Sizes and parameters of this realisation."""
        return {
            "world": "sportsbook",
            "seed": self.seed,
            "parameters": self.parameters.model_dump(),
            "levers": {name: self.state.constant(name) for name in self.levers},
            "tickSeconds": self.tick / 1_000_000,
            "matches": len(self.fixtures.match),
            "accounts": self._accounts.size,
            "services": self._striking.services.describe(),
        }

    # --- time

    def _next(self, after: Micros) -> Micros:
        """Where the next tick starts: at once while markets are open or bets wait, else when a market opens."""
        if self._slot_of or self._waiting or after >= self.horizon:
            return min(after, self.horizon)
        if self._opened >= len(self.fixtures.match):
            return self.horizon
        opens = int(self.fixtures.opens[self._opened]) // self.quiet * self.quiet
        return min(max(after, opens), self.horizon)

    def _tick_end(self, start: Micros) -> Micros:
        slate = self._slate
        slots = slate.taken()
        quiet = (start // self.quiet + 1) * self.quiet
        if len(slots):
            begins = slate.kickoff[slots] // self.tick * self.tick
            # In play until the last price is withdrawn and the last bet in play is decided and marked.
            ends = slate.closes[slots] + 2 * MARK_AFTER
            if bool(((begins <= start) & (start < ends)).any()):
                return min(start + self.tick, self.horizon)
            later = begins[begins > start]
            quiet = min(quiet, int(later.min())) if len(later) else quiet
        return min(quiet, self.horizon)

    def _open_markets(self, start: Micros) -> None:
        f = self.fixtures
        self._striking.join(start)
        while self._opened < len(f.match) and f.opens[self._opened] <= start:
            self._open(self._opened, start)
            self._opened += 1

    def _open(self, match: int, start: Micros) -> None:
        f = self.fixtures
        kickoff = int(f.kickoff[match])
        path = self._play(match, kickoff)
        told = self._fixers.told(match)
        slot = self._slate.open(
            match, int(f.sport[match]), kickoff, path, listen(self.seed, match, path, self.state),
            None if told is None else self._play(match, kickoff, told),
        )  # fmt: skip
        self._fixers.gather(self._striking.game(match), path)
        self._slot_of[match] = slot
        self._curves.begin(slot)
        self._striking.open(match, slot, path, start)
        self._stage.play(football.walk(self._stage, path, lambda state: self._happened(match, path, state)))

    def _play(self, match: int, kickoff: int, told: tuple[float, float] | None = None) -> Path:
        f = self.fixtures
        if f.sport[match] == words.FOOTBALL:
            return football.play(
                self.seed, match, kickoff, float(f.lam[match]), float(f.mu[match]), self.state, int(f.opens[match]),
                told,
            )  # fmt: skip
        return nfl.play(
            self.seed, match, kickoff, float(f.lam[match]), float(f.mu[match]), float(f.line[0, match]),
            float(f.line[1, match]), self.state,
        )  # fmt: skip

    def _happened(self, match: int, path: Path, state: int) -> None:
        if state == len(path.t) - 1:
            self._stage.play(self._grading.whistle(match, path.end))
            self._tell_result(match, path)

    def _tell_result(self, match: int, path: Path) -> None:
        f = self.fixtures
        known = path.end + int(self.state.now("result_minutes", path.end) * MINUTE)
        stream = "football_result" if f.sport[match] == words.FOOTBALL else "nfl_result"
        self._outboxes[stream].put_one(
            (
                max(known, self._stage.now + 1), match, path.end, match, int(f.home[match]), int(f.away[match]),
                int(path.score_home[-1]), int(path.score_away[-1]), int(path.outcome[0]), int(path.outcome[1]),
            )
        )  # fmt: skip

    # --- prices

    def _ask_prices(self) -> list[Question]:
        knots = self._curves.lay(self._now, self._until)
        self._knots, self._asked = knots, []
        questions = []
        sport = self._slate.sport[knots.slot]
        for market in self._markets:
            rows = np.flatnonzero(sport == words.SPORT_OF[market])
            if len(rows):
                block = price_block(market, self._slate, self.fixtures, knots, rows)
                questions.append(Question(words.MARKETS[market], "quote", self._now, self._until, block))
                self._asked.append((market, rows))
        if questions:
            self._turns.ask(*(question.kind for question in questions))
        return questions

    def _told_prices(
        self, market: int, knots: Knots, rows: Ints, shut: NDArray[np.bool_], ways: int
    ) -> Settlement:
        slate, slot, t = self._slate, knots.slot[rows], knots.t[rows]
        state = slate.standing(slot, t)
        q = slate.fair(slot, state, t, np.full(len(rows), market, dtype=np.int64))
        # A market whose outcome is certain by what was heard is over, not suspended: it counts no time.
        said = slate.fair(slot, knots.state[rows], t, np.full(len(rows), market, dtype=np.int64))
        span = np.where(np.nanmax(said, axis=1) > CERTAIN, 0.0, knots.span_s[rows])
        outcomes = sealed(
            words.PRICE_OUTCOMES,
            (t, knots.id[rows], shut.astype(np.int8), t.copy(), span.astype(np.float32), np.zeros(len(rows), np.bool_)),
        )  # fmt: skip
        truth = sealed(
            self.truth[words.MARKETS[market]],
            (
                t.copy(), knots.id[rows], slate.outcome[slot, market % 2],
                *(np.ascontiguousarray(q[:, c]) for c in range(ways)), self._phase(slot, state),
            ),
        )  # fmt: skip
        return Settlement(Outcomes(outcomes), Truth(truth))

    def _phase(self, slot: Ints, state: Ints) -> NDArray[np.int8]:
        period = self._slate.shown["period"][slot, np.maximum(state, 0)]
        late = np.where(self._slate.sport[slot] == words.FOOTBALL, period > 1, period > 2)
        return np.where(state < 0, 0, np.where(late, 2, 1)).astype(np.int8)

    # --- bets

    def _ask_bets(self) -> Question:
        start, end = self._now, self._until
        struck = self._striking.strike(end)
        due = joined([*self._waiting, struck])
        later = due.t >= end
        self._waiting = [due.take(later)] if bool(later.any()) else []
        due = due.take(np.flatnonzero(~later))
        order = np.lexsort((due.id, due.t))
        self._tickets = due.take(order)
        now, _, closed = self._priced(self._tickets, np.minimum(self._tickets.t, end - 1))
        block = bet_block(self._slate, self._accounts, self._tickets, now, closed)
        self._question = Question("bet", "act", start, end, block)
        self._turns.ask("bet")
        return self._question

    def _priced(self, tickets: Tickets, t: Ints) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Odds and the book's own probability of each selection (n,) at instants t of the present tick, and whether the
        market is closed. A parlay's are what was struck: it is sold before kick-off, all legs at once."""
        rows = np.arange(len(t))
        single = tickets.market >= 0
        market = np.maximum(tickets.market, 0)
        odds, fair, closed = self._curves.in_force(tickets.slot, market, t)
        odds_now = np.where(single, odds[rows, tickets.outcome], tickets.odds)
        return odds_now, np.where(single, fair[rows, tickets.outcome], np.nan), closed & single

    def _settle(self, question: Question, decisions: Decisions) -> Settlement:
        tickets, slate, n = self._tickets, self._slate, len(question.block)
        account, slot = tickets.account, tickets.slot
        _, fair, closed = self._priced(tickets, np.minimum(tickets.t, question.end - 1))
        fate = acceptance.decide(
            slate, slot, tickets.placed, tickets.t, tickets.stake, closed, decisions.action, question.end, self.state
        )
        market = 2 * slate.sport[slot] + np.maximum(tickets.market, 0)
        rows = np.arange(n)
        single = tickets.market >= 0
        p_true = np.where(single, slate.fair(slot, fate.state, fate.at, market)[rows, tickets.outcome], tickets.p_placed)
        p_heard = np.where(single, slate.fair(slot, fate.heard, fate.at, market)[rows, tickets.outcome], tickets.p_placed)
        payout = fate.stake * tickets.odds * tickets.won
        self._hold(tickets, fate, payout)
        self._tell_decided(question, tickets, decisions, fate)
        acted = decisions.action > 0
        if acted.any():
            self._adversaries.notice(account[acted], decisions.action[acted], tickets.t[acted])
        shut = decisions.action == words.SUSPEND
        if shut.any():
            until = question.end + (self.state.at("suspended_s", tickets.t[shut]) * 1e6).astype(np.int64)
            self._curves.suspend(slot[shut], np.maximum(tickets.market[shut], 0), until)
        unwanted = self._adverse[self._accounts.segment[account]]
        if (decisions.audit > 0).any():
            at = np.flatnonzero(decisions.audit > 0)
            self._trading.collect(
                np.column_stack(
                    [tickets.t[at], tickets.id[at], account[at], unwanted[at], self._accounts.segment[account[at]]]
                )
            )
        outcomes = sealed(
            words.BET_OUTCOMES,
            (
                tickets.t, tickets.id, decisions.action.copy(), fate.at, fate.voided.astype(np.int8), fate.stake,
                np.where(single, fair, tickets.p_placed), fate.late,
            ),
        )  # fmt: skip
        person = self._accounts.person[account]
        truth = sealed(
            words.BET_TRUTH,
            (
                tickets.t.copy(), tickets.id.copy(), unwanted.astype(np.int8), self._accounts.segment[account].astype(np.int8),
                self._accounts.persons.at_risk[person].astype(np.int8), person, p_true, tickets.p_placed.copy(), p_heard,
                payout, self._phase(slot, fate.state), slate.sport[slot].astype(np.int8),
                self._rings[self._accounts.segment[account]], (self._accounts.balance[account] > 0).astype(np.int8),
            ),
        )  # fmt: skip
        return Settlement(Outcomes(outcomes), Truth(truth))

    def _hold(self, tickets: Tickets, fate: acceptance.Fate, payout: Floats) -> None:
        """Bets that stand wait for their results and for their mark-out."""
        at = np.flatnonzero(fate.stake > 0.0)
        if not len(at):
            return
        slot, account = tickets.slot[at], tickets.account[at]
        stake, money = _cents(fate.stake[at]), _cents(payout[at])
        self._accounts.book(account, fate.stake[at])
        rows = np.empty((len(at), grading.WIDTH), dtype=np.int64)
        for column, values in (
            (grading.BET, tickets.id[at]), (grading.PLACED, tickets.placed[at]), (grading.ACCOUNT, account),
            (grading.STAKE, stake), (grading.PAYOUT, money), (grading.LEGS, tickets.legs[at]),
            (grading.LIVE, tickets.live[at]),
        ):  # fmt: skip
            rows[:, column] = values
        self._grading.hold(tickets.last[at], rows)
        single = tickets.market[at] >= 0
        live = tickets.live[at] > 0
        due = np.where(live, fate.at[at] + MARK_AFTER, self._slate.kickoff[slot])
        marks = np.column_stack(
            [
                np.maximum(due, self._until), tickets.id[at], tickets.placed[at], account, slot,
                self._slate.match[slot], tickets.market[at], tickets.outcome[at], stake,
                (tickets.odds[at] * 1e6).astype(np.int64), tickets.live[at], tickets.won[at],
            ]
        )  # fmt: skip
        self._marks.put(marks[single], self.end)

    def _tell_decided(
        self, question: Question, tickets: Tickets, decisions: Decisions, fate: acceptance.Fate
    ) -> None:
        known = np.maximum(fate.at, question.end)
        self._outboxes["bet_decided"].put(
            np.column_stack(
                [
                    known, tickets.id, tickets.placed, question.block["account"], question.block["match"],
                    decisions.action, fate.voided, _cents(fate.stake), (tickets.odds * 1e6).astype(np.int64), tickets.live,
                ]
            ).astype(np.int64)
        )  # fmt: skip

    def _mark(self, end: Micros) -> None:
        """Mark bets against the book's own price of now; where no price is left, against what came true."""
        rows = self._marks.take(end - 1)
        if rows is None:
            return
        slot, t = rows[:, MARK_SLOT], rows[:, 0]
        here = self._slate.match[slot] == rows[:, MARK_MATCH]
        _, fair, _ = self._curves.in_force(slot, rows[:, MARK_MARKET], t)
        p = fair[np.arange(len(rows)), rows[:, MARK_OUTCOME]]
        p = np.where(here & ~np.isnan(p), p, rows[:, MARK_WON])
        edge = rows[:, MARK_ODDS] / 1e6 * p - 1.0
        account = rows[:, MARK_ACCOUNT]
        self._outboxes["mark_out"].put(
            np.column_stack(
                [
                    np.full(len(rows), end), rows[:, MARK_ID], rows[:, MARK_PLACED], self._accounts.id[account],
                    rows[:, MARK_MATCH], np.round(edge * 1e6).astype(np.int64), rows[:, MARK_STAKE], rows[:, MARK_LIVE],
                ]
            )
        )  # fmt: skip
        order = np.argsort(rows[:, MARK_ID], kind="stable")
        self._trading.watch(account[order], edge[order], rows[order, MARK_STAKE] / 100.0, rows[order, MARK_PLACED])

    def _graded(self, match: int, rows: Ints, last: bool, now: Micros) -> None:
        """A batch of a match's bets has been settled."""
        if len(rows):
            account = rows[:, grading.ACCOUNT]
            told = rows.copy()
            told[:, grading.ACCOUNT] = self._accounts.id[account]
            self._outboxes["bet_settled"].put(np.column_stack([np.full(len(rows), now + 1), told]))
            stake, payout = rows[:, grading.STAKE] / 100.0, rows[:, grading.PAYOUT] / 100.0
            at = np.full(len(rows), now, dtype=np.int64)
            self._accounts.settle(account, stake, payout, at)
            self._trading.settled(account, stake, payout, rows[:, grading.PLACED])
        if last:
            self._over.append(self._slot_of[match])


def _cents(money: Floats) -> Ints:
    return np.round(money * 100.0).astype(np.int64)
