"""Levers: the named knobs of a world; injections: pure functions of time that move them.

Knows: values over time. Does not know: which world a lever belongs to.
A lever's value at an instant is base, then each injection in the scenario's order: value = injection.apply(value, t).
There is no process that moves a lever: it is computed for the instants that ask (trap 23), exact at event time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.core.time import Micros

Confidence = Literal["read", "secondary", "computed", "derived", "memory", "assumption"]


MOST_RISE = 64
"""Times its base to which a rate of arrivals may be moved, at most: layers that a world tells apart."""


@dataclass(frozen=True)
class LeverSpec:
    """One calibrated parameter: unit, default, allowed range, source and confidence. `moves`: injections may move it
    during a run; otherwise only a scenario's `levers:` may set it, once."""

    name: str
    default: float
    unit: str
    low: float
    high: float
    doc: str
    source: str
    confidence: Confidence
    moves: bool = True


@runtime_checkable
class Injection(Protocol):
    """A pure function of time on a lever. A class in `sim/injections/<use>.py`, a frozen dataclass whose fields are
    its parameters; `start` and `end` are instants of scenario time (goLive-relative ones are resolved on loading)."""

    start: Micros
    end: Micros

    def apply(self, value: NDArray[np.float64], t: NDArray[np.int64]) -> NDArray[np.float64]:
        """The lever's values (n,) at instants t (n,), given its values before this injection.

        Must answer `value` unchanged wherever t lies outside [start, end).
        """
        ...

    def magnitude(self) -> float:
        """How far it moves the lever at its height, in the lever's own unit or as a factor (ground truth)."""
        ...


MOST_CORNERS = 5_000
"""Jumps of a course that are looked at, at most, the first ones: a decade of pulses of a second is not told in full."""


def looked_at(injection: Injection, evenly: int = 257) -> NDArray[np.int64]:
    """Instants (k,), ascending, at which an injection's course is seen in full: evenly over its window, and wherever it
    may jump, which a shape that jumps says by a method `corners() -> NDArray[np.int64]` of its own."""
    grid = np.linspace(injection.start, injection.end - 1, evenly).astype(np.int64)
    shape = injection.inner if isinstance(injection, Scaled) else injection
    corners = getattr(shape, "corners", None)
    if corners is None:
        return np.unique(grid)
    at = corners()
    at = np.concatenate([grid, at, at - 1])
    return np.unique(at[(at >= injection.start) & (at < injection.end)])


@dataclass(frozen=True)
class Scaled:
    """An injection whose every move of its lever is `scale` times as far: 0 moves nothing, 1 is the injection itself.

    Along a straight line: a factor of 3 becomes 5 at twice the scale and 2 at half of it. Where that leads out of the
    lever's range, the lever stops at the range's end, as `Levers.at` clips it.
    """

    inner: Injection
    scale: float

    @property
    def start(self) -> Micros:
        """The injection's own."""
        return self.inner.start

    @property
    def end(self) -> Micros:
        """The injection's own."""
        return self.inner.end

    def apply(self, value: NDArray[np.float64], t: NDArray[np.int64]) -> NDArray[np.float64]:
        """The lever's values (n,) at instants t (n,); untouched, bit for bit, where the injection does not move it."""
        return value + self.scale * (self.inner.apply(value, t) - value)

    def magnitude(self) -> float:
        """`scale` times what the injection says of itself, in its own unit."""
        return self.scale * self.inner.magnitude()


@dataclass(frozen=True)
class Levers:
    """The levers of one world in one scenario: base values, the injections on each, and what these are called."""

    specs: Mapping[str, LeverSpec]
    base: Mapping[str, float]
    injections: Mapping[str, Sequence[Injection]]
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _still: dict[tuple[str, ...], tuple[NDArray[np.float64], tuple[int, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def injected(self) -> Iterator[tuple[str, Injection]]:
        """Every injection with its name in the scenario, by lever; the lever's where it has none."""
        for lever, items in sorted(self.injections.items()):
            names = self.names.get(lever, [lever] * len(items))
            yield from zip(names, items, strict=True)

    def at(self, name: str, t: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values (n,) of a lever at instants t (n,)."""
        spec = self.specs[name]
        moving = self.injections.get(name, ())
        if not moving:
            # Most levers in most ticks: a base value that lies within its range since it was read.
            return np.full(len(t), self.constant(name), dtype=np.float64)
        value = np.full(len(t), self.constant(name), dtype=np.float64)
        for injection in moving:
            value = injection.apply(value, t)
        return np.minimum(np.maximum(value, spec.low), spec.high)

    def now(self, name: str, t: Micros) -> float:
        """Value of a lever at one instant."""
        if not self.injections.get(name):
            return self.constant(name)
        return float(self.at(name, np.array([t], dtype=np.int64))[0])

    def figures(self, names: tuple[str, ...], t: NDArray[np.int64]) -> tuple[NDArray[np.float64], int]:
        """Values of several levers at instants t (n,), for a kernel that reads row `i * step` of them: (n, k) and 1, or
        (1, k) and 0 where nothing moves any of them, which costs nothing but the call. Not to be written to."""
        known = self._still.get(names)
        if known is None:
            base = np.array([[self.constant(name) for name in names]])
            places = tuple(place for place, name in enumerate(names) if self.injections.get(name))
            known = self._still[names] = base, places
        still, moving = known
        if not moving:
            return still, 0
        values = np.repeat(still, len(t), axis=0)
        for place in moving:
            values[:, place] = self.at(names[place], t)
        return values, 1

    def constant(self, name: str) -> float:
        """Base value of a lever, whatever moves it."""
        return float(self.base.get(name, self.specs[name].default))

    def moving(self, name: str, start: Micros, end: Micros) -> bool:
        """Whether any injection on the lever touches [start, end)."""
        return any(i.start < end and start < i.end for i in self.injections.get(name, ()))
