"""The till: bets are taken, decided, held until their results, told of, and marked against the book's later price.

Knows: tickets, fates, accounts, outboxes. Does not know: how a ticket came about, prices' makers, turns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.decisions import Decisions
from sim.core.levers import Levers
from sim.core.service import ANSWERED
from sim.core.time import MINUTE, Micros
from sim.core.truth import Outcomes, Settlement, Truth
from sim.core.world import Question
from sim.engine.ordering import order_by
from sim.engine.outbox import Calendar, Outbox, sealed, split
from sim.engine.stage import Stage
from sim.worlds.sportsbook import acceptance, asking
from sim.worlds.sportsbook import settlement as grading
from sim.worlds.sportsbook import tickets as ticket
from sim.worlds.sportsbook import vocabulary as words
from sim.worlds.sportsbook.accounts import Accounts
from sim.worlds.sportsbook.adversaries import Adversaries
from sim.worlds.sportsbook.cast import ADVERSE, CAST
from sim.worlds.sportsbook.curves import Curves, Posted, price_at
from sim.worlds.sportsbook.settlement import Settlement as Grading
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.tickets import NONE, Tickets, joined
from sim.worlds.sportsbook.trading import Trading

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int8]

MARK_AFTER: Micros = MINUTE
"""A bet in play is marked against the book's own price so long after it was accepted."""
(
    MARK_ID, MARK_PLACED, MARK_ACCOUNT, MARK_SLOT, MARK_MATCH, MARK_MARKET, MARK_OUTCOME, MARK_STAKE, MARK_ODDS,
    MARK_LIVE, MARK_WON,
) = range(1, 12)  # fmt: skip
"""Columns of a bet that waits for its mark-out; column 0 is the instant."""
MARK_WIDTH = 12
_BAD = np.array(ADVERSE, dtype=np.int8)
_RINGS = np.array([item.shared or item.accounts[1] > 1 for item in CAST], dtype=np.int8)


@kernel
def _book(
    matches: Ints, sport: Ints, kickoff: Ints, shown: Ints, person: Ints, segment: Small, balance: Floats,
    bets: Ints, staked: Floats, at_risk: Small, bad: Small, rings: Small, ints: Ints, floats: Floats,
    action: Small, at: Ints, money: Floats, marks: Small, end: int, decided: Ints, match: Ints, held: Ints,
    marked: Ints, longs: Ints, small: Small, counts: Ints,
) -> None:  # fmt: skip
    """Book what stands with its accounts; fill what is told (n, 10), the bets that are held, with their matches, and
    those that wait for a mark-out (counts of both, and of those that were acted on), and the truth's columns."""
    counts[:] = 0
    for i in range(len(ints)):
        account, slot, live = ints[i, ticket.ACCOUNT], ints[i, ticket.SLOT], ints[i, ticket.LIVE]
        t, bet, placed = ints[i, ticket.T], ints[i, ticket.ID], ints[i, ticket.PLACED]
        cents = int(np.rint(money[0, i] * 100.0))
        odds = int(floats[i, ticket.ODDS] * 1e6)
        decided[i, 0], decided[i, 1], decided[i, 2] = max(at[i], end), bet, placed
        decided[i, 3], decided[i, 4], decided[i, 5] = shown[account], matches[slot], action[i]
        decided[i, 6], decided[i, 7], decided[i, 8], decided[i, 9] = marks[0, i], cents, odds, live
        kind = segment[account]
        longs[0, i], longs[1, i], longs[2, i], longs[3, i] = t, bet, t, bet
        longs[4, i] = person[account]
        small[0, i], small[1, i], small[2, i] = bad[kind], kind, at_risk[person[account]]
        small[3, i], small[4, i], small[5, i] = sport[slot], rings[kind], balance[account] > 0
        counts[2] += action[i] > 0
        if not money[0, i] > 0.0:
            continue
        bets[account] += 1
        staked[account] += money[0, i]
        j = counts[0]
        counts[0] += 1
        match[j] = ints[i, ticket.LAST]
        held[j, grading.BET], held[j, grading.PLACED], held[j, grading.ACCOUNT] = bet, placed, account
        held[j, grading.STAKE], held[j, grading.PAYOUT] = cents, int(np.rint(money[1, i] * 100.0))
        held[j, grading.LEGS], held[j, grading.LIVE] = ints[i, ticket.LEGS], live
        held[j, grading.GIFT] = int(np.rint(money[5, i] * 100.0))
        if ints[i, ticket.MARKET] < 0:
            continue
        j = counts[1]
        counts[1] += 1
        due = at[i] + MARK_AFTER if live > 0 else kickoff[slot]
        marked[j, 0], marked[j, MARK_ID], marked[j, MARK_PLACED] = max(due, end), bet, placed
        marked[j, MARK_ACCOUNT], marked[j, MARK_SLOT] = account, slot
        marked[j, MARK_MATCH], marked[j, MARK_MARKET] = matches[slot], ints[i, ticket.MARKET]
        marked[j, MARK_OUTCOME], marked[j, MARK_STAKE] = ints[i, ticket.OUTCOME], cents
        marked[j, MARK_ODDS], marked[j, MARK_LIVE], marked[j, MARK_WON] = odds, live, ints[i, ticket.WON]


@kernel
def _mark(
    matches: Ints, posted: Posted, shown: Ints, rows: Ints, end: int, pair: Floats, told: Ints, edge: Floats
) -> None:
    for i in range(len(rows)):
        slot = rows[i, MARK_SLOT]
        price_at(posted, slot, rows[i, MARK_MARKET], rows[i, 0], pair[0], pair[1])
        p = pair[1, rows[i, MARK_OUTCOME]]
        if matches[slot] != rows[i, MARK_MATCH] or np.isnan(p):
            p = float(rows[i, MARK_WON])
        edge[i] = rows[i, MARK_ODDS] / 1e6 * p - 1.0
        told[i, 0], told[i, 1], told[i, 2] = end, rows[i, MARK_ID], rows[i, MARK_PLACED]
        told[i, 3], told[i, 4] = shown[rows[i, MARK_ACCOUNT]], rows[i, MARK_MATCH]
        told[i, 5] = int(np.rint(edge[i] * 1e6))
        told[i, 6], told[i, 7] = rows[i, MARK_STAKE], rows[i, MARK_LIVE]


class Till:
    """Bets from the instant they are struck until they are graded. over(match): the last of its bets has been."""

    def __init__(
        self, stage: Stage, slate: Slate, curves: Curves, accounts: Accounts, trading: Trading,
        adversaries: Adversaries, outboxes: Mapping[str, Outbox], levers: Levers, tick: Micros, end: Micros,
        over: Callable[[int], None], served: bool = False,
    ) -> None:  # fmt: skip
        """served: a service stands before the risk desk."""
        self._served = served
        self._slate, self._curves, self._accounts = slate, curves, accounts
        self._trading, self._adversaries = trading, adversaries
        self._outboxes, self._levers, self._end, self._over = outboxes, levers, end, over
        self.grading = Grading(stage, levers, self._graded)
        self._marks = Calendar(tick, 0, early=1)
        self._pair = np.empty((2, 3))
        self._waiting: list[Tickets] = []
        self.tickets = NONE
        """What was asked for and is not settled."""
        self._fair, self._closed = np.empty(0), np.empty(0, dtype=np.bool_)
        self._counts = np.zeros(3, dtype=np.int64)

    @property
    def waits(self) -> bool:
        """Whether a bet waits for its decision."""
        return bool(self._waiting)

    def ask(self, start: Micros, end: Micros, struck: Tickets) -> Question:
        """The question of the bets whose decision is due in [start, end), of these and of those that wait."""
        due = joined([*self._waiting, struck])
        self._waiting = []
        if due:
            t = due.ints[:, ticket.T]
            order, now = order_by(t, due.ints[:, ticket.ID]), int(np.count_nonzero(t < end))
            if now < len(order):
                self._waiting = [due.take(order[now:])]
            due = due.take(order[:now])
        self.tickets = due
        block, self._fair, self._closed = asking.bet_block(
            self._slate, self._curves, self._accounts, due, end
        )
        return Question("bet", "act", start, end, block)

    def settle(self, question: Question, decisions: Decisions) -> Settlement:
        """Settle the bets that were asked for."""
        tickets, accounts, slate, levers = self.tickets, self._accounts, self._slate, self._levers
        ints, floats, n = tickets.ints, tickets.floats, len(question.block)
        action = decisions.action
        if self._served and (late := ints[:, ticket.STATE] != ANSWERED).any():
            action = np.where(late, decisions.fallback_action, action)
        at, money, marks = np.empty(n, dtype=np.int64), np.empty((6, n)), np.empty((3, n), dtype=np.int8)
        figures, step = levers.figures(acceptance.MOVABLE, ints[:, ticket.T])
        acceptance.decide(
            slate.tables, ints, floats, self._fair, self._closed, action, figures, step, question.end, np.empty(3),
            at, money, marks,
        )  # fmt: skip
        decided, held = np.empty((n, 10), dtype=np.int64), np.empty((n, grading.WIDTH), dtype=np.int64)
        match, marked = np.empty(n, dtype=np.int64), np.empty((n, MARK_WIDTH), dtype=np.int64)
        longs, small, counts = np.empty((5, n), dtype=np.int64), np.empty((6, n), dtype=np.int8), self._counts
        _book(
            slate.match, slate.sport, slate.kickoff, accounts.id, accounts.person, accounts.segment,
            accounts.balance, accounts.bets, accounts.staked, accounts.persons.at_risk, _BAD, _RINGS, ints, floats,
            action, at, money, marks, question.end, decided, match, held, marked, longs, small, counts,
        )  # fmt: skip
        stand, singles, acted = counts.tolist()
        self.grading.hold(match[:stand], held[:stand])
        self._marks.put(marked[:singles], self._end)
        self._outboxes["bet_decided"].put(decided)
        if acted:
            self._consequences(question, action)
        if decisions.audit.any():
            self._audit(decisions, small)
        t, ids, truth_t, truth_ids, person = split(longs)
        stands, payout, true, heard, fair, gift = split(money)
        voided, pending, phase = split(marks)
        bad, segment, at_risk, *rest = split(small)
        outcomes: tuple[NDArray[Any], ...] = (
            t, ids, action.copy(), at, voided, stands, fair, pending.astype(np.bool_),
        )  # fmt: skip
        truth = (
            truth_t, truth_ids, bad, segment, at_risk, person, true,
            np.ascontiguousarray(floats[:, ticket.P_PLACED]), heard, payout, gift, phase, *rest,
        )  # fmt: skip
        schema = words.BET_OUTCOMES
        if self._served:
            schema = words.BET_OUTCOMES_SERVED
            outcomes += tickets.column(ticket.RESPONSE), ints[:, ticket.STATE].astype(np.int8)
        self.tickets = NONE
        return Settlement(Outcomes(sealed(schema, outcomes)), Truth(sealed(words.BET_TRUTH, truth)))

    def _consequences(self, question: Question, action: Small) -> None:
        """What follows from actions (n,) in force that were not simply to accept: notices, suspensions."""
        ints = self.tickets.ints
        rows = np.flatnonzero(action > 0)
        account, t = ints[rows, ticket.ACCOUNT], ints[rows, ticket.T]
        self._adversaries.notice(account, action[rows], t)
        rows = rows[action[rows] == words.SUSPEND]
        if len(rows):
            shut = self._levers.at("suspended_s", ints[rows, ticket.T])
            until = question.end + (shut * 1e6).astype(np.int64)
            self._curves.suspend(ints[rows, ticket.SLOT], np.maximum(ints[rows, ticket.MARKET], 0), until)

    def _audit(self, decisions: Decisions, small: Small) -> None:
        """What audits were asked for."""
        rows = np.flatnonzero(decisions.audit > 0)
        own = self.tickets.ints[rows]
        self._trading.collect(
            np.column_stack(
                [
                    own[:, ticket.T],
                    own[:, ticket.ID],
                    own[:, ticket.ACCOUNT],
                    small[0, rows],
                    small[1, rows],
                ]
            )
        )

    def mark(self, end: Micros) -> None:
        """Mark bets against the book's own price of now; where no price is left, against what came true."""
        rows = self._marks.take(end - 1)
        if rows is None:
            return
        # In the order of the bets: sums by account are of floats.
        rows = rows[rows[:, MARK_ID].argsort(kind="stable")]
        told, edge = np.empty((len(rows), 8), dtype=np.int64), np.empty(len(rows))
        _mark(
            self._slate.match, self._curves.posted, self._accounts.id, rows, end, self._pair, told, edge
        )  # fmt: skip
        self._outboxes["mark_out"].put(told)
        self._trading.watch(rows[:, MARK_ACCOUNT], edge, rows[:, MARK_STAKE] / 100.0, rows[:, MARK_PLACED])

    def _graded(self, match: int, rows: Ints, last: bool, now: Micros) -> None:
        """A batch of a match's bets has been settled."""
        if len(rows):
            account = rows[:, grading.ACCOUNT]
            told = rows[:, : grading.GIFT].copy()
            told[:, grading.ACCOUNT] = self._accounts.id[account]
            self._outboxes["bet_settled"].put(np.column_stack([np.full(len(rows), now + 1), told]))
            # Who bets the book's money can lose nothing but his own.
            stake = (rows[:, grading.STAKE] - rows[:, grading.GIFT]) / 100.0
            payout = rows[:, grading.PAYOUT] / 100.0
            at = np.full(len(rows), now, dtype=np.int64)
            self._accounts.settle(account, stake, payout, at)
            self._trading.settled(account, stake, payout, rows[:, grading.PLACED])
        if last:
            self._over(match)
