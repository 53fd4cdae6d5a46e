"""From where levers are drawn: the range of each that nobody published, by factors or evenly.

Knows: levers, their confidence and ranges, what an injection needs. Does not know: replays, rulings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.axes import DECADE, check_lever, spans_decades
from harness.shelf import Shelf
from sim.core import rng
from sim.core.errors import UserError
from sim.core.levers import MOST_RISE, LeverSpec
from sim.core.scenario import Scenario
from sim.core.variation import central

WEAK = ("assumption", "memory")
"""What a lever's figure is worth less than: nobody published it, or nobody looked."""


@dataclass(frozen=True)
class Span:
    """From where a lever is drawn. log: by factors, as likely in one decade as in another."""

    name: str
    central: float
    low: float
    high: float
    log: bool

    def drawn(self, seed: int, share: float = 1.0) -> float:
        """The lever's value on a seed: keyed by both, whatever else is drawn. share: of the way from the central value
        there, by factors as it is drawn."""
        far = self._drawn(seed)
        if share == 1.0:
            return far
        if self.log and self.central > 0:
            return float(self.central * (far / self.central) ** share)
        return self.central + (far - self.central) * share

    def _drawn(self, seed: int) -> float:
        u = float(rng.uniform(rng.key(seed, "robustness", self.name), np.zeros(1, dtype=np.int64))[0])
        if self.log:
            return min(max(float(self.low * (self.high / self.low) ** u), self.low), self.high)
        return self.low + (self.high - self.low) * u


def span(spec: LeverSpec, value: float, within: float | None) -> Span | None:
    """The range from which a lever is drawn; None where there is none to draw from.

    The lever's own range, by factors where it spans a decade. A range from 0 has no decades: where it reaches a decade
    above the central value, it is drawn by factors as far below that value as it reaches above. `within`: at most that
    factor to either side of the central value. A lever that stands at 0, switched off, is left so.
    """
    if value == 0.0 and spec.low == 0.0:
        return None
    low, high = spec.low, spec.high
    if within is not None:
        near, far = sorted((value / within, value * within))
        low, high = max(low, near), min(high, far)
        return Span(spec.name, value, low, high, low > 0) if low < high else None
    if low == 0.0 and value > 0 and high / value >= DECADE:
        return Span(spec.name, value, value * value / high, high, True)
    return Span(spec.name, value, low, high, spans_decades(low, high))


def spans(shelf: Shelf, names: Sequence[str] = (), within: float | None = None) -> tuple[Span, ...]:
    """Ranges of the levers named, or of all that are weak. Raises UserError."""
    if within is not None and not within > 1.0:
        raise UserError(f"--within: got {within:g}, expected a factor above 1")
    for name in names:
        check_lever(name, shelf.loaded.scenario, shelf.levers)
    wanted = names or [name for name, spec in shelf.levers.items() if spec.confidence in WEAK]
    scenario = shelf.loaded.scenario
    specs = within_reach(scenario, shelf.levers)
    found = [span(specs[n], central(n, scenario, specs), within) for n in wanted]
    kept = tuple(one for one in found if one is not None)
    if not kept:
        raise UserError("no lever to draw: this world marks none as an assumption, or all stand at 0")
    return kept


def within_reach(scenario: Scenario, specs: Mapping[str, LeverSpec]) -> Mapping[str, LeverSpec]:
    """The levers, each with a range from which the scenario's injections to a fixed height can be reached: what they
    do is the scenario's own figure, and a world refuses a rate that rises further above its base."""
    reached = dict(specs)
    for plan in scenario.spec.world.injections:
        to, spec = plan.parameters.get("to"), reached.get(plan.lever)
        if spec is None or isinstance(to, bool) or not isinstance(to, int | float):
            continue
        least = min(float(to) / MOST_RISE, central(plan.lever, scenario, specs))
        reached[plan.lever] = replace(spec, low=max(spec.low, least))
    return reached
