"""What candidates of goals share: the parameters of the clock, and the answer without anything learnt.

Knows: columns by name. Does not know: any past match. See `_goals` for the clock and the law.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.candidates._goals import Clock, Names, Reader, described, quoted
from harness.candidates._model_card import card, write_json
from harness.kinds import Floats, Matrix, Scorer, TrainingSet
from sim.core.errors import UserError


@dataclass(frozen=True)
class GoalClock:
    """The first nine parameters name columns; `line` is the total that over and under are about, unless `line_column`
    names a column of it. With three outcomes it answers home, draw, away, with two over, under.

    unheard_s: seconds of play that the minute already counts but whose goals are not heard yet. The quote is then the
    expectation over what may have happened in them, which is the quote of that many seconds ago. 0 where the minute
    itself is as old as the feed.
    red_own, red_other: factors of a red card on the own and on the other side's remaining mean (published estimates:
    0.67 to 1 and 1.25 to 1.9), used where the columns are among the features.
    """

    forms: ClassVar[tuple[str, ...]] = ("quote",)
    answers: ClassVar[tuple[int, ...]] = (2, 3)
    minute: str = "minute"
    period: str = "period"
    score_home: str = "score_home"
    score_away: str = "score_away"
    lam: str = "lam"
    mu: str = "mu"
    red_home: str = "red_home"
    red_away: str = "red_away"
    line_column: str = ""
    line: float = 2.5
    rho: float = -0.05
    slope: float = 0.367
    added_first_min: float = 2.6
    added_second_min: float = 4.2
    added_spread: float = 0.4
    unheard_s: float = 0.0
    red_own: float = 0.8
    red_other: float = 1.4

    def __post_init__(self) -> None:
        if not -0.12 <= self.rho <= 0.12:
            raise UserError(
                f"{_named(self)}.rho: {self.rho}, expected from -0.12 to 0.12: scores keep a probability"
            )
        if self.unheard_s < 0.0 or min(self.added_first_min, self.added_second_min, self.added_spread) <= 0.0:
            raise UserError(
                f"{_named(self)}: expected unheard_s of at least 0, and added times and spread above 0"
            )

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Find the columns. Raises UserError where one is missing, or for other than 2 or 3 outcomes."""
        return self.unlearnt(past, seed)

    def unlearnt(self, past: TrainingSet, seed: int) -> ClockScorer:
        """The clock alone."""
        return ClockScorer(self.reader(past), self.rho, past.outcomes, card(self, past, seed))

    def reader(self, past: TrainingSet) -> Reader:
        """The columns of a training set, for this clock."""
        names = Names(
            self.minute, self.period, self.score_home, self.score_away, self.lam, self.mu, self.red_home,
            self.red_away, self.line_column,
        )  # fmt: skip
        clock = Clock(
            self.slope, self.added_first_min, self.added_second_min, self.added_spread, self.unheard_s
        )
        return Reader.of(_named(self), past, names, clock, (self.red_own, self.red_other), self.line)


def _named(candidate: object) -> str:
    return type(candidate).__module__.rpartition(".")[2]


@dataclass(frozen=True)
class ClockScorer:
    """The columns and rho; each row is answered by itself."""

    reader: Reader
    rho: float
    outcomes: int
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n, 3) home, draw, away or (n, 2) over, under. A row with a missing value is answered by equal shares."""
        at = self.reader.read(x)
        home, away = at.expected
        return quoted(at, home, away, self.rho, self.outcomes)

    def importance(self) -> Mapping[str, float]:
        """Nothing is learnt, so nothing is weighed."""
        return {}

    def save(self, folder: Path) -> Path:
        """Write rho, the clock and the columns."""
        document = {"kind": "dixon_coles", "rho": self.rho, "outcomes": self.outcomes}
        return write_json(folder / "model.json", document | described(self.reader))

    def card(self) -> Mapping[str, Any]:
        """Training facts."""
        return {**self.facts, "model": "dixon_coles"}
