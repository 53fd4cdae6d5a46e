"""Home, draw or away from the score, the minute and two pre-match means: goals come at a constant hazard.

Knows: five columns by name. Does not know: any past match: nothing is learnt. The goals still to come are two
independent Poisson counts with means lam and mu times the share of the match that remains.
On means that were themselves implied from closing odds it must be about as good as those odds at kick-off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness.candidates._model_card import card, write_json
from harness.candidates._prior import floored
from harness.kinds import Floats, Matrix, TrainingSet
from sim.core.errors import UserError, closest

GOALS = 20
"""Most further goals of one side that are summed over: beyond 20 lies less than 1e-9 for means up to 5."""


@dataclass(frozen=True)
class PoissonClock:
    """Names of the columns; `length_min` is the minute at which the hazard ends."""

    forms: ClassVar[tuple[str, ...]] = ("quote",)
    minute: str = "minute"
    score_home: str = "score_home"
    score_away: str = "score_away"
    lam: str = "lam"
    mu: str = "mu"
    length_min: float = 90.0

    def fit(self, past: TrainingSet, seed: int) -> PoissonScorer:
        """Find the columns; raises UserError where one is missing or there are not three outcomes."""
        if past.outcomes != 3:
            raise UserError(
                f"poisson_clock answers home, draw, away; this question has {past.outcomes} outcomes"
            )
        wanted = (self.minute, self.score_home, self.score_away, self.lam, self.mu)
        for name in wanted:
            if name not in past.names:
                raise UserError(f"poisson_clock: no feature '{name}'{closest(name, past.names)}")
        columns = tuple(past.names.index(name) for name in wanted)
        return PoissonScorer(columns, self.length_min, card(self, past, seed))


@dataclass(frozen=True)
class PoissonScorer:
    """Sums over the goals still to come, in a fixed order, row by row."""

    columns: tuple[int, ...]
    length_min: float
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n, 3): home, draw, away. A row with a missing value is answered by thirds."""
        minute, home, away, lam, mu = (x[:, c].astype(np.float64) for c in self.columns)
        left = np.clip(1.0 - minute / self.length_min, 0.0, 1.0)
        known = ~np.isnan(home + away + left + lam + mu)
        lead = np.rint(np.clip(np.where(known, home - away, 0.0), -GOALS - 1, GOALS + 1)).astype(np.int64)
        mine, theirs = _poisson(lam * left), _poisson(mu * left)
        exactly = np.stack([np.zeros(len(x)), *theirs, np.zeros(len(x))])
        fewer = np.stack([np.zeros(len(x)), *_running(theirs)])
        row = np.arange(len(x))
        win, draw = np.zeros(len(x)), np.zeros(len(x))
        for goals, p in enumerate(mine):
            win += p * fewer[np.clip(goals + lead, 0, GOALS + 1), row]
            draw += p * exactly[np.clip(goals + lead, -1, GOALS + 1) + 1, row]
        whole = np.column_stack([win, draw, 1.0 - win - draw])
        return floored(np.where(known[:, None], whole, 1.0 / 3.0))

    def importance(self) -> Mapping[str, float]:
        """Nothing is learnt, so nothing is weighed."""
        return {}

    def save(self, folder: Path) -> Path:
        """Write the length of a match and the columns."""
        document = {"kind": "poisson_clock", "columns": self.columns, "length_min": self.length_min}
        return write_json(folder / "model.json", document)

    def card(self) -> Mapping[str, Any]:
        """Training facts."""
        return {**self.facts, "model": "poisson_clock"}


def _poisson(mean: Floats) -> list[Floats]:
    """Probabilities of 0..GOALS events, each (n,)."""
    term = np.exp(-np.ascontiguousarray(mean))
    terms = [term]
    for count in range(1, GOALS + 1):
        term = term * mean / count
        terms.append(term)
    return terms


def _running(terms: list[Floats]) -> list[Floats]:
    """Running sums, term by term."""
    sums = [terms[0]]
    for term in terms[1:]:
        sums.append(sums[-1] + term)
    return sums


PLUGIN = PoissonClock
