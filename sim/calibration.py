"""Calibration: a world's checks, its studies played, what was found.

Knows: studies, watchers, the keyhole. Does not know: any particular world or check, how findings are shown.

A study is simulated once for each seed and serves every check that looks at it. Rows live for a day.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import load_scenario, open_world
from sim.core import plugins
from sim.core.calibration import Check, Day, Estimate, Finding, Measure, Study, Watcher, pass_all
from sim.core.decisions import Quotes
from sim.core.errors import Defect, UserError
from sim.core.time import DAY
from sim.core.world import Question, World


class Progress(NamedTuple):
    """How far a calibration is: the study's place and how many there are, its seed, the share played."""

    study: Study
    place: int
    studies: int
    seed: int
    share: float


def checks_of(world: str) -> tuple[Check, ...]:
    """The checks of a world by number: `CHECKS` of every file in the folder `checks` of its package.

    Raises UserError for a world that is not there, or that has none.
    """
    plugins.load("world", world)
    package = world.partition(":")[0] if ":" in world else f"{plugins.KINDS['world']}.{world}"
    try:
        folder = importlib.import_module(f"{package}.checks")
    except ModuleNotFoundError as error:
        if error.name not in (f"{package}.checks", package):
            raise
        raise UserError(
            f"world '{world}' has no calibration checks: nothing is claimed of its figures"
        ) from None
    found: list[Check] = []
    for module in sorted(item.name for item in pkgutil.iter_modules(folder.__path__)):
        if not module.startswith("_"):
            found += importlib.import_module(f"{package}.checks.{module}").CHECKS
    numbers = [check.number for check in found]
    if len(set(numbers)) != len(numbers):
        raise Defect(f"checks of world '{world}': a number twice")
    return tuple(sorted(found, key=lambda check: check.number))


def measure(
    checks: Sequence[Check],
    seeds: Sequence[int],
    quick: bool = False,
    sets: Sequence[str] = (),
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Finding]:
    """Play every study that the checks look at, once for each seed, and answer a finding per figure, by check.

    sets: `KEY=VALUE` laid over each study's scenario, after its own. A study that the world cannot serve (a scenario or
    lever that is not there) leaves its figures unmeasured, with the reason. Raises UserError for faults in `sets`.
    """
    studies: dict[str, list[tuple[Check, Measure]]] = {}
    for check in checks:
        for item in check.measures:
            studies.setdefault(item.study.name, []).append((check, item))
    found: dict[tuple[int, str], Finding] = {}
    for place, served in enumerate(studies.values()):
        study = served[0][1].study
        if any(item.study != study for _, item in served):
            raise Defect(f"two studies go by the name '{study.name}'")
        watchers = [item.watch() for _, item in served]
        reason = _missing(study, quick)
        for seed in seeds[: study.seeds or len(seeds)] if not reason else ():
            world = open_world(load_scenario(study.scenario, (*study.sets(quick), *sets)), seed)
            told = -1
            for day in (study.play or play)(world, study, seed):
                for watcher in watchers:
                    watcher.see(day)
                share = (day.start + DAY) / world.horizon
                if int(share * 10) > told:
                    told = int(share * 10)
                    progress(Progress(study, place, len(studies), seed, share))
            for watcher in watchers:
                watcher.end(world)
        for (check, item), watcher in zip(served, watchers, strict=True):
            for finding in _findings(check, item, watcher, reason):
                found[check.number, finding.figure.name] = finding
    return [
        found[check.number, figure.name]
        for check in checks
        for item in check.measures
        for figure in item.figures
    ]


def _missing(study: Study, quick: bool) -> str:
    """Why the world cannot serve a study; empty where it can."""
    try:
        scenario = load_scenario(study.scenario, study.sets(quick))
        scenario.build_levers(plugins.load("world", scenario.spec.world.use).levers)
    except UserError as error:
        return str(error).splitlines()[0].partition(", did you mean")[0].partition(", one of:")[0]
    return ""


def _findings(check: Check, item: Measure, watcher: Watcher, reason: str) -> Iterator[Finding]:
    estimates = {} if reason else watcher.estimates()
    for figure in item.figures:
        estimate = estimates.get(figure.name)
        if estimate is None:
            estimate = Estimate(None, reason=reason or "nothing of the kind happened")
        yield Finding(check, item.study, figure, estimate)


def play(world: World, study: Study, seed: int) -> Iterator[Day]:
    """The days of a study after its warm-up, one by one, under its policy; rows of a day together."""
    first = world.go_live if study.days else 0
    held: dict[str, list[dict[str, NDArray[Any]]]] = {}
    while True:
        for _ in world.news(until=world.now):
            pass
        start = world.now
        questions = world.advance()
        for question in questions or ():
            columns = _answer(world, question, study, seed)
            if start >= first:
                held.setdefault(question.kind, []).append(columns)
        if start >= first and (questions is None or world.now // DAY > start // DAY) and held:
            day = start // DAY if questions is not None else (start - 1) // DAY
            rows = {
                kind: {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
                for kind, parts in held.items()
            }
            yield Day(seed, day - first // DAY, day * DAY, world.clock.date(day * DAY), rows)
            held = {}
        if questions is None:
            return


def _answer(world: World, question: Question, study: Study, seed: int) -> dict[str, NDArray[Any]]:
    if question.form == "quote":
        k = len(world.kinds[question.kind].outcomes)
        n = len(question.block)
        settled = world.publish(Quotes(question.block["id"], np.full((n, k), 1.0 / k)))
    else:
        settled = world.settle((study.policy or pass_all)(world, question, seed))
    return {**question.block.columns, **settled.outcomes.block.columns, **settled.truth.block.columns}
