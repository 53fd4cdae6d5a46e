"""A Python function as a candidate: `use: function:mypackage.module:score`. It is called with rows, never fitted.

Knows: how a function of one's own is found and called, what it may answer. Does not know: what it computes.

`score(x)` gets x (n, k), float32, a row per event and a column per feature in the order of `names` (without it: in the
order of the feature set), and answers n numbers from 0 to 1; for k > 2 outcomes an array (n, k). A missing value is
NaN. It must be pure: no row may depend on those beside it, nor on what was asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness.candidates._cost import Cost, Meter
from harness.candidates._model_card import write_json
from harness.candidates._outside import Standing, checked, fact_card, held_pure, places, rearranged
from harness.kinds import Floats, Matrix, Scorer, TrainingSet
from sim.core import plugins
from sim.core.errors import UserError


@dataclass
class Function(Standing):
    """`call`: `mypackage.module:score`, found on Python's path or from the current folder. `names`: features in the
    order of its columns; all of the feature set without it."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    shorthand: ClassVar[str] = "call"
    call: str
    names: tuple[str, ...] = ()
    meter: Meter = field(default_factory=Meter, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if ":" not in self.call:
            raise UserError(f"call: got '{self.call}', expected mypackage.module:score")

    @property
    def who(self) -> str:
        """The function, as a message names it."""
        return f"the function '{self.call}'"

    def inputs(self) -> tuple[str, ...]:
        """No file: its package's digest is told as that of all code of one's own is."""
        return ()

    def check(self, given: tuple[str, ...] | None, outcomes: int | None) -> None:
        """Raise UserError where there is no such function, or it wants features that there are not."""
        found = plugins.load("candidate", self.call)
        if not callable(found) or isinstance(found, type):
            raise UserError(f"{self.who} is a {type(found).__name__}, expected a function of rows")
        if given is not None:
            places(self.names, given, self.who)

    def watch(self, clock: Callable[[], float]) -> None:
        """Count what it costs from now on, by a clock in seconds."""
        self.meter.clock = clock

    def cost(self) -> Cost:
        """What its calls cost so far."""
        return self.meter.cost()

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """The function as it is; nothing is learnt."""
        self.check(past.names, None)
        wanted = self.names or past.names
        scorer = FunctionScorer(
            plugins.load("candidate", self.call), self.who, past.outcomes, self.meter,
            fact_card("function", past, wanted, function=self.call),
        )  # fmt: skip
        whole = rearranged(scorer, wanted, past.names, self.who)
        held_pure(whole.score, past.x, self.who)
        return whole


@dataclass(frozen=True)
class FunctionScorer:
    """A function that scores rows."""

    function: Callable[[Matrix], Any]
    who: str
    outcomes: int
    meter: Meter
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n,) scores, or (n, outcomes)."""
        if not len(x):
            return np.empty((0, self.outcomes) if self.outcomes > 2 else 0)
        return self.meter.timed(
            lambda rows: checked(self.function(rows), len(rows), self.outcomes, self.who), x
        )

    def save(self, folder: Path) -> Path:
        """Write which one it is: what it computes stands elsewhere."""
        return write_json(folder / "model.json", self.card())

    def card(self) -> Mapping[str, Any]:
        """Which function it is."""
        return {**self.facts, "model": "function"}


PLUGIN = Function
