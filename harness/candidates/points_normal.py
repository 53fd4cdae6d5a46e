"""Points against a line, from the score, the clock and two pre-match figures: what is still to come is normal.

Knows: columns by name. Does not know: any past game: nothing is learnt. Margins around the spread have a standard
deviation of 13.15 points over a game, totals around theirs 13.26 (4,142 games of 2010 to 2025), and both figures come
in proportion to the time left, their variance with it. Final margins fall on a few key numbers far more often than on
their neighbours (3 points in 14.5 % of those games), so each whole margin is weighted by how often it is seen over how
often the normal law has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.special import ndtr

from harness.candidates._model_card import card, write_json
from harness.candidates._prior import floored
from harness.kinds import Floats, Matrix, TrainingSet
from sim.core.errors import UserError, closest

FAR = 1e6
LEAST_LEFT = 1.0 / 120.0
"""Share of the game that is taken to be left as long as it has not been heard to end: half a minute."""
EDGE = 80
"""Largest margin that is summed over."""
KEY_WEIGHTS = {0: 0.1, 3: 2.68, 4: 0.92, 6: 1.34, 7: 1.77, 10: 1.17, 14: 1.48}
"""Share of games with this final margin, either way, over the normal law's with standard deviation 14.46."""
OTHER_WEIGHT = 0.79
MARGINS = np.arange(-EDGE, EDGE + 1, dtype=np.float64)
WEIGHTS = np.array([KEY_WEIGHTS.get(abs(margin), OTHER_WEIGHT) for margin in range(-EDGE, EDGE + 1)])


@dataclass(frozen=True)
class PointsNormal:
    """about: `margin` for (home covers, away covers), home covering where its final margin is above the line; `total`
    for (over, under). expected: column of the pre-match mean of that figure, `spread` or `total` unless named.

    unheard_s: seconds of play that the minute counts but whose points are not heard yet (see `dixon_coles`).
    possession_points: what having the ball is worth in the margin (an assumption), where a column `possession` (1 home,
    -1 away) is among the features. keys: whether final margins have key numbers.
    """

    forms: ClassVar[tuple[str, ...]] = ("quote",)
    answers: ClassVar[tuple[int, ...]] = (2,)
    about: Literal["margin", "total"] = "margin"
    minute: str = "minute"
    score_home: str = "score_home"
    score_away: str = "score_away"
    line: str = "line"
    expected: str = ""
    possession: str = "possession"
    possession_points: float = 1.0
    keys: bool = True
    length_min: float = 60.0
    margin_sd: float = 13.15
    total_sd: float = 13.26
    unheard_s: float = 0.0

    def __post_init__(self) -> None:
        if self.about not in ("margin", "total"):
            raise UserError(f"points_normal.about: '{self.about}'{closest(self.about, ('margin', 'total'))}")

    def fit(self, past: TrainingSet, seed: int) -> PointsScorer:
        """Find the columns. Raises UserError where one is missing, or for other than 2 outcomes."""
        if past.outcomes != 2:
            raise UserError(
                f"points_normal answers home, away or over, under against a line; this question has {past.outcomes}"
            )
        expected = self.expected or ("spread" if self.about == "margin" else "total")
        wanted = (self.minute, self.score_home, self.score_away, self.line, expected)
        for name in wanted:
            if name not in past.names:
                raise UserError(f"points_normal: no feature '{name}'{closest(name, past.names)}")
        columns = tuple(past.names.index(name) for name in wanted)
        ball = past.names.index(self.possession) if self.possession in past.names else None
        return PointsScorer(self, columns, ball, card(self, past, seed))


@dataclass(frozen=True)
class PointsScorer:
    """Columns (minute, home, away, line, expected) and, where there is one, possession."""

    plan: PointsNormal
    columns: tuple[int, ...]
    ball: int | None
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n, 2). A row with a missing value is answered by halves."""
        plan = self.plan
        raw = [x[:, c].astype(np.float64) for c in self.columns]
        known = np.ones(len(x), dtype=np.bool_)
        for each in raw:
            known &= np.abs(each) < FAR
        minute, home, away, line, expected = (np.where(known, each, 0.0) for each in raw)
        played = np.maximum(minute - plan.unheard_s / 60.0, 0.0) / plan.length_min
        left = np.clip(1.0 - played, LEAST_LEFT, 1.0)
        if plan.about == "margin":
            ball = (
                np.zeros(len(x)) if self.ball is None else np.nan_to_num(x[:, self.ball].astype(np.float64))
            )
            so_far = home - away + plan.possession_points * np.clip(ball, -1.0, 1.0)
            sd = np.full(len(x), plan.margin_sd)
        else:
            so_far, sd = home + away, np.full(len(x), plan.total_sd)
        mean, sd = so_far + expected * left, sd * np.sqrt(left)
        if plan.about == "margin" and plan.keys:
            above = _keyed(mean, sd, line)
        else:
            above = np.asarray(ndtr((mean - line) / sd), dtype=np.float64)
        answer = np.column_stack([above, 1.0 - above])
        return floored(np.where(known[:, None], answer, 0.5))

    def importance(self) -> Mapping[str, float]:
        """Nothing is learnt, so nothing is weighed."""
        return {}

    def save(self, folder: Path) -> Path:
        """Write the parameters and columns."""
        document = {"kind": "points_normal", "columns": self.columns, "possession": self.ball}
        return write_json(folder / "model.json", document | {"parameters": dict(self.plan.__dict__)})

    def card(self) -> Mapping[str, Any]:
        """Training facts."""
        return {**self.facts, "model": "points_normal"}


def _keyed(mean: Floats, sd: Floats, line: Floats) -> Floats:
    """Probability (n,) that a whole margin, normal but for its key numbers, is above the line; one on it pays back."""
    mean = np.clip(mean, -EDGE, EDGE)
    mass = WEIGHTS * np.exp(-0.5 * ((MARGINS - mean[:, None]) / sd[:, None]) ** 2)
    over = np.where(line[:, None] < MARGINS, mass, 0.0).sum(axis=1)
    under = np.where(line[:, None] > MARGINS, mass, 0.0).sum(axis=1)
    return np.asarray(over / np.maximum(over + under, 1e-300), dtype=np.float64)


PLUGIN = PointsNormal
