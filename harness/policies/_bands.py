"""From rows chosen to verdicts: the strongest action first, everything else passes; and a band as a scenario writes it.

Knows: action names and codes, masks. Does not know: why a row was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from harness.kinds import Verdicts
from sim.core.errors import UserError, closest
from sim.core.records import Count, Duration, Record, Share, Text
from sim.core.time import Micros

PASS = "pass"
"""The action of nobody deployed, by its name here whatever the world calls it."""

Part = Annotated[float, Field(gt=0.0, lt=1.0)]
"""A share that is neither nothing nor everything."""


class Band(Record):
    """One band of scores and what is done there.

    action: the world's name of what is ordered, `pass` for nothing. review: analysts look at the number-day. Which
    scores: `at` the least score (inclusive); or `budget`, the share of lawful calls that may meet this band or a
    stronger one, with `per_class` in each class that verification reveals; or `top`, the so many highest of each
    refresh that meet this band or a stronger one, none below `at` where that stands beside it. lasts: for how long
    the action stays on the entity, 0 for this event alone.
    """

    action: Text = PASS
    at: Share | None = None
    budget: Part | None = None
    per_class: Annotated[Part | None, Field(alias="per_class")] = None
    top: Count | None = None
    lasts: Duration = 0
    review: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Band:
        if self.action == PASS and not self.review:
            raise ValueError("a band that does nothing, expected an action, or `review: true`")
        if self.action == PASS and self.lasts:
            raise ValueError("lasts: nothing is ordered that could last, expected an action beside it")
        if self.budget is None and self.at is None and self.top is None:
            raise ValueError("which scores? expected one of at, budget, top")
        if self.budget is not None and (self.at is not None or self.top is not None):
            other = "at" if self.at is not None else "top"
            raise ValueError(f"{other}: beside a budget, expected one of the two")
        if self.per_class is not None and self.budget is None:
            raise ValueError("per_class: without a budget, expected one beside it")
        return self

    @property
    def name(self) -> str:
        """What the band is called in facts."""
        return "review" if self.action == PASS else self.action


def code(actions: Mapping[str, int], name: str) -> int:
    """The code of an action. Raises UserError with the closest name."""
    if name not in actions:
        raise UserError(f"policy: no action '{name}'{closest(name, actions)}")
    return actions[name]


def certain(
    bands: Sequence[tuple[NDArray[np.bool_], str]], size: int, actions: Mapping[str, int], lasts: Micros = 0
) -> Verdicts:
    """Verdicts with propensity 1: each row (of `size`) takes the first band that holds it, and passes without one."""
    action = np.zeros(size, dtype=np.int8)
    for rows, name in reversed(bands):
        action[rows] = code(actions, name)
    return Verdicts(
        action, np.ones(size, dtype=np.float32), np.where(action > 0, np.int64(lasts), np.int64(0))
    )
