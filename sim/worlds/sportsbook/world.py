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
from sim.core.errors import BadBlock, Defect, UserError
from sim.core.levers import Levers
from sim.core.service import Service
from sim.core.time import DAY, MINUTE, SECOND, Clock, Micros, format_duration, micros
from sim.core.truth import Settlement
from sim.core.world import GroundTruth, News, Question
from sim.engine.outbox import Outbox
from sim.engine.stage import Stage
from sim.engine.turns import Turns
from sim.worlds.sportsbook import football, nfl
from sim.worlds.sportsbook import vocabulary as words
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.adversaries import Adversaries
from sim.worlds.sportsbook.curves import Curves
from sim.worlds.sportsbook.deciding import Deciding
from sim.worlds.sportsbook.feed import listen
from sim.worlds.sportsbook.fixing import Fixers, fix
from sim.worlds.sportsbook.fixtures import fixtures
from sim.worlds.sportsbook.parameters import CAUSES, LEVERS, SERVED
from sim.worlds.sportsbook.parameters import Parameters as Sizes
from sim.worlds.sportsbook.paths import Path
from sim.worlds.sportsbook.prices import Prices
from sim.worlds.sportsbook.pricing import Pricing
from sim.worlds.sportsbook.rivals import Rivals
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.striking import Striking
from sim.worlds.sportsbook.tickets import Tickets
from sim.worlds.sportsbook.till import MARK_AFTER, Till
from sim.worlds.sportsbook.trading import Trading

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class SportsbookWorld:
    """SportsbookWorld(seed, clock, tick, go_live, horizon, end, levers, parameters, rounds_up=False, services=None).

    services: by kind of question, what answers it from goLive on; a kind without is answered at once (bets) or after
    the lever `service_ms` (prices). tick: of play, 1 s to 15 min; quiet ticks are `parameters.quiet_tick` at most.
    horizon: a whole number of ticks.
    """

    levers = MappingProxyType(LEVERS)
    causes = CAUSES
    Parameters: ClassVar[type[Sizes]] = Sizes
    kinds = words.KINDS
    streams = words.STREAMS
    feeds = words.FEEDS
    truth = MappingProxyType(words.TRUTH)
    slices = words.SLICES
    serves = overheard = (*words.MARKETS, "bet")
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
        services: Mapping[str, Service] | None = None,
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
        self._now: Micros = 0
        self._heard: Micros = -1
        self._until: Micros = 0
        """End of the present tick."""
        monday = clock.start.weekday() * DAY
        self._turns, self._stage = Turns(), Stage()
        self._outboxes = {name: Outbox(schema, tick, end) for name, schema in self.streams.items()}
        self._slate = Slate()
        services = services or {}
        quoting = {
            sport: {words.MARKETS[m]: services[words.MARKETS[m]] for m in played
                    if words.SPORT_OF[m] == sport and words.MARKETS[m] in services}
            for sport in sports
        }  # fmt: skip
        self._pricing = Pricing(seed, self._slate, levers, quoting, go_live)
        self._curves = Curves(self._slate, self._pricing.halts)
        self._deciding = Deciding(seed, levers, services["bet"], go_live) if "bet" in services else None
        self._rivals = Rivals(seed, self._slate, levers)
        self._accounts = Accounts(seed, parameters.accounts, levers)
        self._fixers = Fixers(seed, fixes, self._accounts, levers)
        self._striking = Striking(
            seed, self.fixtures, self._accounts, self._rivals, self._slate, self._curves, levers, parameters, tick,
            self._fixers,
        )  # fmt: skip
        self._trading = Trading(seed, self._stage, self._outboxes, levers, self._accounts, monday)
        self._adversaries = Adversaries(seed, self._stage, self._accounts, levers, parameters)
        self._trading.inform(self._adversaries.shut)
        self._prices = Prices(self._slate, self._curves, self.fixtures, played, self._pricing)
        self._till = Till(
            self._stage, self._slate, self._curves, self._accounts, self._trading, self._adversaries, self._outboxes,
            levers, tick, end, lambda match: self._over.append(self._slot_of[match]),
            "bet" in services,
        )  # fmt: skip
        self._opened = 0
        self._over: list[int] = []
        self._slot_of: dict[int, int] = {}
        self._phase_bets = False
        self._question: Question | None = None
        self._stage.run(1)
        self._now = self._next(0)

    # --- the protocol

    @property
    def now(self) -> Micros:
        """Start of the present tick until its bets are settled, then of the next; the horizon when there is none."""
        return self._now

    def news(self, until: Micros) -> Iterable[News]:
        """What has become known in (last until, until], stream by stream; nothing between the phases of a tick."""
        if self._phase_bets and until == self._heard and not self._turns.asked:
            return ()
        over = self._now >= self.horizon
        self._turns.hear(until, self.end if over else self._now)
        self._heard = until
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
            self._pricing.serve(self._now, self._until)
            questions = self._prices.ask(self._now, self._until)
            self._phase_bets = True
            if questions:
                self._turns.ask(*(question.kind for question in questions))
                return questions
        self._question = self._till.ask(self._now, self._until, self._struck())
        self._turns.ask("bet")
        return (self._question,)

    def _struck(self) -> Tickets:
        """Tickets of the tick that wait for their decision, once they have passed every service."""
        struck = self._striking.strike(self._until)
        if self._deciding is None:
            return struck
        self._deciding.also(*self._striking.services.log_ins, "login_calls")
        for begun, bets, rate in self._till.grading.bursts():
            over = max(1, int(len(bets) / rate * SECOND))
            self._deciding.also(np.full(len(bets), max(begun, self._now)), bets, "grading_calls", over)
        return self._deciding.pass_through(struck, self._until)

    def publish(self, quotes: Quotes) -> Settlement:
        """Take the prices of one market for this tick: nothing happens yet."""
        asked = self._prices.asked
        if asked:
            self._turns.answer(words.MARKETS[asked[0][0]], "publish")
        return self._prices.publish(quotes)

    def settle(self, decisions: Decisions) -> Settlement:
        """Settle the tick's bets under these decisions; then actors act, from the next tick on."""
        self._turns.answer("bet", "settle")
        question = self._question
        if question is None:
            raise Defect("a question was asked and lost")
        ids = question.block["id"]
        if decisions.id is not ids and not np.array_equal(decisions.id, ids):
            raise BadBlock("decisions.id does not repeat the question's ids in their order")
        settlement = self._till.settle(question, decisions)
        self._question, self._phase_bets = None, False
        self._till.mark(question.end)
        midnight = question.end // DAY > question.start // DAY
        if midnight:
            self._trading.close_day()
        self._stage.run(question.end)
        for slot in self._over:
            match = int(self._slate.match[slot])
            self._slot_of.pop(match)
            self._striking.close(match)
            self._pricing.close(slot)
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
        since = (
            question.end - int(self.state.now("bet_delay_s", t) * SECOND) - self._striking.services.longest(t)
        )
        path = self._play(one, int(self.fixtures.kickoff[one]))
        # A parlay's market is the first of its first leg's match.
        looking = self._striking.lookers(one, path, 0 if code == words.PARLAY else code % 2, since, until)
        accounts = self._accounts
        theirs = accounts.id[: accounts.size][np.isin(accounts.person[: accounts.size], looking)]
        return {
            "account": self._adversaries.related(np.append(theirs, block["account"][row])),
            "match": match,
        }

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
        served = self._served()
        return {
            "world": "sportsbook",
            "seed": self.seed,
            "parameters": self.parameters.model_dump(),
            "levers": {
                name: self.state.constant(name) for name in self.levers if served or name not in SERVED
            },
            "tickSeconds": self.tick / 1_000_000,
            "matches": len(self.fixtures.match),
            "accounts": self._accounts.size,
            "services": self._striking.services.describe(),
        } | served

    def _served(self) -> dict[str, Any]:
        """What there is to tell of the services that the scenario names; nothing where it names none."""
        told = self._pricing.describe(self._now)
        if self._deciding is not None:
            told["bet"] = self._deciding.describe(self._now)
        return {"service": told} if told else {}

    # --- time

    def _next(self, after: Micros) -> Micros:
        """Where the next tick starts: at once while markets are open or bets wait, else when a market opens."""
        if self._slot_of or self._till.waits or after >= self.horizon:
            return min(after, self.horizon)
        if self._opened >= len(self.fixtures.match):
            return self.horizon
        opens = int(self.fixtures.opens[self._opened]) // self.quiet * self.quiet
        return min(max(after, opens), self.horizon)

    def _tick_end(self, start: Micros) -> Micros:
        # In play until the last price is withdrawn and the last bet in play is decided and marked.
        live, begins = self._slate.pace(start, self.tick, 2 * MARK_AFTER)
        quiet = (start // self.quiet + 1) * self.quiet
        return min(start + self.tick if live else min(quiet, begins), self.horizon)

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
        if self._pricing.serves(int(f.sport[match])):
            self._pricing.open(slot)
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
            self._stage.play(self._till.grading.whistle(match, path.end))
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
