"""Prices: which knots the book is asked for in a tick, and what became of what it published.

Knows: knots, quotes, what is true of them. Does not know: bets, who quotes, turns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.decisions import Quotes
from sim.core.errors import BadBlock, Defect, OutOfTurn
from sim.core.time import Micros
from sim.core.truth import Outcomes, Settlement, Truth
from sim.core.world import Question
from sim.engine.outbox import sealed, split
from sim.worlds.sportsbook import vocabulary as words
from sim.worlds.sportsbook.asking import consensus_logs, price_blocks
from sim.worlds.sportsbook.curves import Curves, Knots
from sim.worlds.sportsbook.fixtures import Fixtures
from sim.worlds.sportsbook.pricing import Pricing
from sim.worlds.sportsbook.slate import Slate, Tables, fair_at, phase_at, standing_at

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int8]

CERTAIN = 1.0 - 1e-9


@kernel
def _tell(
    tables: Tables, slot: Ints, t: Ints, ids: Ints, heard: Ints, span_s: Floats, market: int, shut: NDArray[np.bool_],
    three: Floats, longs: Ints, spans: NDArray[np.float32], small: Small, truth: Floats,
) -> None:  # fmt: skip
    for i in range(len(t)):
        row = slot[i]
        # A market whose outcome is certain by what was heard is over, not suspended: it counts no time.
        fair_at(tables, row, heard[i], t[i], market, three)
        spans[i] = span_s[i]
        for c in range(len(truth)):
            if three[c] > CERTAIN:
                spans[i] = 0.0
        state = standing_at(tables.t, row, t[i])
        fair_at(tables, row, state, t[i], market, three)
        for c in range(len(truth)):
            truth[c, i] = three[c]
        longs[0, i], longs[1, i], longs[2, i], longs[3, i] = t[i], t[i], t[i], ids[i]
        small[0, i], small[1, i] = shut[i], tables.outcome[row, market % 2]
        small[2, i] = phase_at(tables, row, state)


class Prices:
    """The prices of one tick, market by market. Markets: codes that this world asks for, ascending."""

    def __init__(
        self, slate: Slate, curves: Curves, fixtures: Fixtures, markets: list[int], pricing: Pricing
    ) -> None:
        self._pricing = pricing
        self._slate, self._curves, self._fixtures = slate, curves, fixtures
        self._sports = sorted({words.SPORT_OF[market] for market in markets})
        self._logs = consensus_logs(fixtures)
        self.knots: Knots | None = None
        self.asked: list[tuple[int, Ints]] = []
        """Markets that wait for an answer, and the ids (n,) of their rows."""
        self.of: dict[int, Knots] = {}
        """Knots by sport."""

    def ask(self, start: Micros, end: Micros) -> list[Question]:
        """The questions of the tick [start, end)."""
        knots = self._curves.lay(start, end)
        self.knots, self.asked, self.of = knots, [], {}
        questions: list[Question] = []
        if not len(knots):
            return questions
        for each in self._sports:
            own = knots
            if len(self._sports) > 1:
                rows = np.flatnonzero(self._slate.sport[knots.slot] == each)
                if not len(rows):
                    continue
                own = knots if len(rows) == len(knots) else knots.take(rows)
            self.of[each] = own
            blocks = price_blocks(each, self._slate, self._fixtures, self._logs, own)
            for market, block in blocks.items():
                questions.append(Question(words.MARKETS[market], "quote", start, end, block))
                self.asked.append((market, block["id"]))
        return questions

    def publish(self, quotes: Quotes) -> Settlement:
        """Take the prices of the first market that waits."""
        if not self.asked:
            raise OutOfTurn("publish() without a price question: advance() comes first")
        market, ids = self.asked[0]
        knots = self.of.get(words.SPORT_OF[market])
        if knots is None:
            raise Defect("knots were asked and lost")
        if quotes.id is not ids and not np.array_equal(quotes.id, ids):
            raise BadBlock("quotes.id does not repeat the question's ids in their order")
        ways = len(words.OUTCOMES_OF[words.MARKETS[market]])
        if quotes.probability.shape[1] != ways:
            raise BadBlock(f"quotes.probability: {quotes.probability.shape[1]} outcomes, expected {ways}")
        self.asked.pop(0)
        instead = None
        if self._pricing.substitutes(words.SPORT_OF[market]):
            begins = self._curves.posted.at[knots.slot, knots.place - knots.place % 2]
            instead = self._pricing.instead(knots.slot, begins)
        return self._told(market, knots, self._curves.post(knots, market % 2, quotes, instead), ways)

    def _told(self, market: int, knots: Knots, shut: NDArray[np.bool_], ways: int) -> Settlement:
        n = len(knots)
        longs, spans = np.empty((4, n), dtype=np.int64), np.empty(n, dtype=np.float32)
        small, q = np.empty((3, n), dtype=np.int8), np.empty((ways, n))
        _tell(
            self._slate.tables, knots.slot, knots.t, knots.id, knots.state, knots.span_s, market, shut, np.empty(3),
            longs, spans, small, q,
        )  # fmt: skip
        at, acted, settled, ids = split(longs)
        closed, outcome, phase = split(small)
        outcomes: tuple[NDArray[Any], ...] = (at, ids, closed, acted, spans, np.zeros(n, dtype=np.bool_))
        schema = words.PRICE_OUTCOMES
        if self._pricing.serves(words.SPORT_OF[market]):
            response = self._pricing.response(knots.slot, knots.state, knots.t)
            response[knots.place % 2 == 1] = -1
            schema, outcomes = (
                words.PRICE_OUTCOMES_SERVED,
                (*outcomes, response, np.zeros(n, dtype=np.int8)),
            )
        truth = (settled, ids, outcome, *split(q), phase)
        return Settlement(
            Outcomes(sealed(schema, outcomes)),
            Truth(sealed(words.TRUTH[words.MARKETS[market]], truth)),
        )
