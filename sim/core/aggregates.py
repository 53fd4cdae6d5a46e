"""The vocabulary of fitting: what a team counts of its own business, and which levers its counts set.

Knows: counts by name, levers, laws, what looks at a study. Does not know: any world, how a value is sought.

An **aggregate** is one number that an operator has without giving a record away (calls a line and day, an answered
share, a quantile of stakes). It sets its levers by a **law**, a formula of what was told, or it is **sought**: its one
lever is turned until the world, simulated, shows the number. A world's aggregates are `AGGREGATES` in the file
`aggregates.py` of its package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.core.calibration import Study, Watcher

Told = Mapping[str, float]
Law = Callable[[Told, Callable[[str], float]], Mapping[str, float]]
"""Counts as told, and the value of any lever as it stands: values of an aggregate's levers. Raises ValueError where no
values would do."""


@dataclass(frozen=True)
class Aggregate:
    """One number of a team's own. low, high: what it may be. about: the size that it has elsewhere, for a template.

    study, watch: where it is looked at, by a watcher that answers an estimate under its name; without them it is put
    in and not seen. sought: the lever (the only one) is searched. probe: the lever's value while it is looked at, for
    counts that are proportional to it and too rare at its own. check: the published check and figure beside which it
    stands; scale: takes the figure's unit to this one's.
    """

    name: str
    unit: str
    doc: str
    about: float
    low: float
    high: float
    levers: tuple[str, ...]
    law: Law | None = None
    study: Study | None = None
    watch: Callable[[], Watcher] | None = None
    sought: bool = False
    probe: float = 0.0
    check: tuple[int, str] | None = None
    scale: float = 1.0
    gain: float = 1.0
    """Of one that is sought: about how its logarithm moves with the lever's (with the lever, where that may be below
    zero). Only the first step goes by it."""


def put(
    name: str, unit: str, doc: str, about: float, low: float, high: float, lever: str,
    check: tuple[int, str] | None = None, study: Study | None = None, watch: Callable[[], Watcher] | None = None,
) -> Aggregate:  # fmt: skip
    """An aggregate that is a lever's value itself."""
    return Aggregate(
        name,
        unit,
        doc,
        about,
        low,
        high,
        (lever,),
        lambda told, _: {lever: told[name]},
        study,
        watch,
        check=check,
    )
