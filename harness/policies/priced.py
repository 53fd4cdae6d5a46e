"""Odds from probabilities, and when a market is closed: the policy of a desk that quotes.

Knows: a question's columns of its rows, the desk's probabilities. Does not know: who bets, stakes, what is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, Prices
from harness.policies._margin import METHODS, Method, odds
from sim.core.compile import kernel
from sim.core.errors import UserError, closest
from sim.core.events import Block

MOST_OVERROUND = 0.5
PRECISION = 1e6
"""Odds are whole millionths: so news carries them."""


@kernel
def _sell(
    probability: Floats, live: Floats, since: Floats, silent: Floats, limits: Floats, odds: Floats,
    closed: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Where a market is closed (n,), and its odds (n, k) as they are sold, in place. limits: seconds after an event and
    of silence, the probability above which it closes, least and most odds."""
    for i in range(len(odds)):
        likely, short = probability[i, 0], odds[i, 0]
        for c in range(odds.shape[1]):
            likely, short = max(likely, probability[i, c]), min(short, odds[i, c])
            sold = min(max(odds[i, c], limits[3]), limits[4])
            odds[i, c] = np.rint(sold * PRECISION) / PRECISION
        closed[i] = likely > limits[2] or short < limits[3]
        if live[i] != 0.0 and (since[i] < limits[0] or silent[i] >= limits[1]):
            closed[i] = True


@dataclass(frozen=True)
class Priced:
    """method: how the margin is put on (multiplicative, power, shin). overround: what the implied probabilities sum to
    beyond one; `in_play_overround` once the match is live, None for the same.

    While the match is live its market is closed: for `suspend_after_event` seconds after a score or red card was heard
    (column `since_event_s`), and while nothing was heard for `suspend_on_silence` seconds (`feed_age_s`); 0 and None
    leave that out. At any time it is closed where a probability is above `close_above`, and where odds would be
    shorter than `least_odds`. `most_odds` caps longshots, None caps none: a cap earns more than the overround.
    """

    forms: ClassVar[tuple[str, ...]] = ("quote",)
    method: Method = "power"
    overround: float = 0.055
    in_play_overround: float | None = None
    suspend_after_event: float = 0.0
    suspend_on_silence: float | None = None
    close_above: float = 0.985
    least_odds: float = 1.001
    most_odds: float | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UserError(f"priced.method: '{self.method}'{closest(self.method, METHODS)}")
        for name in ("overround", "in_play_overround"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= MOST_OVERROUND:
                raise UserError(f"priced.{name}: {value}, expected from 0 to {MOST_OVERROUND}")
        if self.suspend_after_event < 0.0 or (self.suspend_on_silence or 0.0) < 0.0:
            raise UserError("priced: seconds of suspension cannot be negative")
        if not 0.5 <= self.close_above <= 1.0:
            raise UserError(f"priced.close_above: {self.close_above}, expected from 0.5 to 1")
        if self.least_odds < 1.0 or (self.most_odds is not None and self.most_odds <= self.least_odds):
            raise UserError("priced: expected 1 <= least_odds < most_odds")

    def price(self, block: Block, probability: Floats) -> Prices:
        """Odds (n, k), rounded to millionths, and where the market is closed (n,)."""
        live = self._column(block, "live")
        since = self._column(block, "since_event_s") if self.suspend_after_event > 0.0 else live
        silent = self._column(block, "feed_age_s") if self.suspend_on_silence is not None else live
        before = self.overround
        in_play = before if self.in_play_overround is None else self.in_play_overround
        exact = odds(probability, np.where(live != 0.0, in_play, before), self.method)
        closed = np.empty(len(exact), dtype=np.bool_)
        _sell(np.ascontiguousarray(probability), live, since, silent, self._limits, exact, closed)
        return Prices(exact, closed)

    @cached_property
    def _limits(self) -> Floats:
        return np.array(
            [
                self.suspend_after_event,
                np.inf if self.suspend_on_silence is None else self.suspend_on_silence,
                self.close_above,
                self.least_odds,
                np.inf if self.most_odds is None else self.most_odds,
            ]
        )

    def _column(self, block: Block, name: str) -> NDArray[np.float64]:
        if name not in block.columns:
            raise UserError(f"priced: the question has no column '{name}'")
        return block[name].astype(np.float64)

    def facts(self) -> Mapping[str, float]:
        """The overrounds in force."""
        live = self.overround if self.in_play_overround is None else self.in_play_overround
        return {"overround": self.overround, "in_play_overround": live}


PLUGIN = Priced
