"""Fitting: levers of a world set from a team's own counts, by laws and by search over short simulations.

Knows: aggregates, studies, the keyhole. Does not know: any particular world, documents, how a fit is shown.

Laws come first. Then every sought lever is turned at once, round by round: each study is simulated once for each seed,
always on the same seeds, so that a count is a nearly smooth function of levers, and all go to where all counts would be
right (Broyden, Mathematics of Computation 19, 1965). What is closest after the last round is kept.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim import load_scenario, open_world
from sim.calibration import play
from sim.core import plugins
from sim.core.aggregates import Aggregate
from sim.core.calibration import Estimate, Study, Watcher
from sim.core.errors import UserError, closest
from sim.core.levers import LeverSpec

Floats = NDArray[np.float64]

ROUNDS = 10
NEAR = 0.01
"""A sought count is right within this share of itself; within twice that it counts as reached."""
LARGEST_STEP = 1.0
"""Of a lever's logarithm in one round, or of a lever that has none."""


@dataclass(frozen=True)
class Fit:
    """Levers as they were set, counts as the world now shows them by name, and the rounds that it took."""

    levers: Mapping[str, float]
    shown: Mapping[str, Estimate]
    rounds: int
    stuck: Mapping[str, str]
    """Sought counts that are not reached, and why."""


def aggregates_of(world: str) -> tuple[Aggregate, ...]:
    """What can be told of a world, in its own order. Raises UserError for a world that is not there, or takes none."""
    plugins.load("world", world)
    package = world.partition(":")[0] if ":" in world else f"{plugins.KINDS['world']}.{world}"
    try:
        module = importlib.import_module(f"{package}.aggregates")
    except ModuleNotFoundError as error:
        if error.name not in (f"{package}.aggregates", package):
            raise
        raise UserError(f"world '{world}' has no aggregates: no levers are set from counts") from None
    found: tuple[Aggregate, ...] = module.AGGREGATES
    return found


def levers_of(world: str) -> Mapping[str, LeverSpec]:
    """The levers of a world. Raises UserError."""
    found: Mapping[str, LeverSpec] = plugins.load("world", world).levers
    return found


class Quest:
    """Levers that are sought together: Broyden's method on the logarithms of counts over what they should be.

    A lever that is positive goes by its logarithm, one that may be zero or less by itself. The first guess at how
    counts move is each aggregate's own `gain`; every look corrects it, so that counts which a neighbour's lever moves
    as well (all calls, by unwanted ones) are not chased twice."""

    def __init__(
        self, sought: Sequence[Aggregate], told: Mapping[str, float], specs: Mapping[str, LeverSpec]
    ) -> None:
        self.names = [one.name for one in sought]
        self.specs = [specs[one.levers[0]] for one in sought]
        self.target = np.array([told[name] for name in self.names])
        self._by_log = np.array([spec.low >= 0.0 for spec in self.specs], dtype=np.bool_)
        self._slope = np.diag([one.gain for one in sought]) if sought else np.zeros((0, 0))
        self._last: tuple[Floats, Floats] | None = None
        self.at = [spec.default or 0.5 * (spec.low + spec.high) for spec in self.specs]

    def levers(self) -> dict[str, float]:
        """Values as they stand, of six digits, as they will be written."""
        return {spec.name: float(f"{value:.6g}") for spec, value in zip(self.specs, self.at, strict=True)}

    def error(self, counts: Sequence[float]) -> Floats:
        """How far counts are off, as logarithms; a count of nothing is a long way off."""
        return np.asarray(np.log(np.maximum(counts, 1e-3 * self.target) / self.target))

    def turn(self, counts: Sequence[float]) -> bool:
        """Go where the counts should be right, having seen them here. False where no lever can move."""
        u, r = self._scaled(self.at), self.error(counts)
        if self._last is not None:
            step, change = u - self._last[0], r - self._last[1]
            if float(step @ step) > 0.0:
                self._slope += np.outer(change - self._slope @ step, step) / float(step @ step)
        self._last = u, r
        try:
            step = -np.linalg.solve(self._slope, r)
        except np.linalg.LinAlgError:
            step = -r / np.where(np.diag(self._slope) == 0.0, 1.0, np.diag(self._slope))
        step = np.clip(step, -LARGEST_STEP, LARGEST_STEP)
        before = list(self.at)
        aim = self._plain(u + step)
        self.at = [
            min(max(float(value), max(spec.low, 1e-6 * spec.high if by_log else spec.low)), spec.high)
            for value, spec, by_log in zip(aim, self.specs, self._by_log, strict=True)
        ]
        return self.at != before

    def ends(self) -> set[str]:
        """Levers that stand at an end of their range."""
        return {
            spec.name
            for spec, value in zip(self.specs, self.at, strict=True)
            if value in (spec.low, spec.high)
        }

    def _scaled(self, x: Sequence[float]) -> Floats:
        return np.where(self._by_log, np.log(np.maximum(x, 1e-12)), x)

    def _plain(self, u: Floats) -> Floats:
        return np.where(self._by_log, np.exp(u), u)


def fit(
    world: str,
    told: Mapping[str, float],
    seeds: Sequence[int],
    quick: bool = False,
    talk: Callable[[str], None] = lambda _: None,
) -> Fit:
    """Set levers from counts. Raises UserError for counts that no lever's range allows, naming them."""
    known = {one.name: one for one in aggregates_of(world)}
    for name in told:
        if name not in known:
            raise UserError(f"{name}: no such count{closest(name, known)}")
    specs = levers_of(world)
    levers: dict[str, float] = {}
    given = [known[name] for name in known if name in told]
    for one in given:
        if one.law is not None:
            levers |= _by_law(one, told, levers, specs)
    quest = Quest([one for one in given if one.sought], told, specs)
    levers |= quest.levers()
    probed = [one for one in given if one.probe]
    seen = [one for one in given if one.study is not None]
    if not seen:
        return Fit(levers, {}, 0, {})
    best: tuple[float, dict[str, float], dict[str, Estimate], set[str]] | None = None
    done = 0
    while done < ROUNDS:
        done += 1
        shown = _look(seen, levers, seeds, quick)
        for one in probed:
            shown[one.name] = _settle(one, shown[one.name], told[one.name], levers, specs)
        missing = [name for name in quest.names if shown[name].value is None]
        if missing:
            raise UserError(
                f"{missing[0]}: {shown[missing[0]].reason}: nothing to set {known[missing[0]].levers[0]} by"
            )
        values = [float(shown[name].value or 0.0) for name in quest.names]
        off = float(np.abs(quest.error(values)).max(initial=0.0))
        talk(
            f"round {done}: "
            + (", ".join(f"{n} {v:.4g}" for n, v in zip(quest.names, values, strict=True)) or "looked")
        )
        if best is None or off < best[0]:
            best = off, dict(levers), shown, quest.ends()
        if off <= NEAR or not quest.turn(values):
            break
        levers |= quest.levers()
    assert best is not None
    _, levers, shown, ends = best
    return Fit(
        levers, shown, done, _stuck([one for one in given if one.sought or one.probe], shown, told, ends)
    )


def _by_law(
    one: Aggregate, told: Mapping[str, float], levers: Mapping[str, float], specs: Mapping[str, LeverSpec]
) -> dict[str, float]:
    assert one.law is not None
    try:
        values = dict(one.law(told, lambda name: levers.get(name, specs[name].default)))
    except ValueError as error:
        raise UserError(f"{one.name}: got {told[one.name]:g}, {error}") from None
    for name, value in values.items():
        spec = specs[name]
        if not spec.low <= value <= spec.high:
            what = f"which would take {name} to {value:.4g}, outside {spec.low:g} .. {spec.high:g}"
            raise UserError(f"{one.name}: got {told[one.name]:g}, {what}")
    return values


def _settle(
    one: Aggregate, seen: Estimate, target: float, levers: dict[str, float], specs: Mapping[str, LeverSpec]
) -> Estimate:
    """The lever at which a count seen at its probe, and proportional to it, is right; and the count there."""
    spec = specs[one.levers[0]]
    if not seen.value:
        return replace(seen, value=None, reason=seen.reason or "nothing of the kind happened")
    value = min(max(target * one.probe / seen.value, spec.low), spec.high)
    levers[one.levers[0]] = value
    factor = value / one.probe
    return replace(seen, value=seen.value * factor, low=seen.low * factor, high=seen.high * factor)


def _stuck(
    given: Sequence[Aggregate], shown: Mapping[str, Estimate], told: Mapping[str, float], ends: set[str]
) -> dict[str, str]:
    found = {}
    for one in given:
        value, lever = shown[one.name].value, one.levers[0]
        if value is None:
            found[one.name] = shown[one.name].reason
        elif abs(value - told[one.name]) > 2.0 * NEAR * abs(told[one.name]):
            found[one.name] = f"{lever} ends there" if lever in ends else f"{lever} did not settle"
    return found


def _look(
    seen: Sequence[Aggregate], levers: Mapping[str, float], seeds: Sequence[int], quick: bool
) -> dict[str, Estimate]:
    """Every count, in its study, with these levers."""
    studies: dict[str, tuple[Study, list[tuple[Aggregate, Watcher]]]] = {}
    for one in seen:
        assert one.study is not None
        assert one.watch is not None
        studies.setdefault(one.study.name, (one.study, []))[1].append((one, one.watch()))
    found: dict[str, Estimate] = {}
    for study, watched in studies.values():
        probes = {one.levers[0]: one.probe for one, _ in watched if one.probe}
        laid = tuple(
            f"world.levers.{name}={value!r}"
            for name, value in {**levers, **probes}.items()
            if name not in study.levers
        )
        for seed in seeds:
            world = open_world(load_scenario(study.scenario, (*study.sets(quick), *laid)), seed)
            for day in (study.play or play)(world, study, seed):
                for _, watcher in watched:
                    watcher.see(day)
            for _, watcher in watched:
                watcher.end(world)
        for one, watcher in watched:
            estimate = watcher.estimates().get(
                one.name, Estimate(None, reason="nothing of the kind happened")
            )
            usable = estimate.value is not None and math.isfinite(estimate.value)
            found[one.name] = estimate if usable else replace(estimate, value=None)
    return found
