"""A desk over months against campaigns that learn, and labels from its own blocking: arms, what is compared, tables.

Knows: months of a desk (months.py). Does not know: how a world is replayed, rules played against the world alone.

What is asked was fixed before the seeds of an experiment were run: `Fall`'s fields for the months, `pooled` for the
labels. Pilots were on seeds 101 to 104; docs/design/005-evolution.md tells of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.theory.distances import Floats, told
from tests.theory.months import Month, course, load
from tests.theory.scripted import ROBOCALL

MONTHS_SEEDS = tuple(range(1, 17))
LABELS_SEEDS = tuple(range(201, 217))
FEW = ("attestation", "toll_free", "same_region_share_7d", "calls_24h", "age_28d")
"""What can be had without call records and reports, and tells most: one feature of each concept."""
BLOCK_AT = 0.3

AUDITED = ("trial.audit.share=0.05",)
UNAUDITED = (
    "trial.audit.share=0",
    "trial.audit.busyShare=0",
    "trial.audit.flaggedShare=0",
    "trial.labels.positives=[report]",
)
_MODEL = "name: desk, use: xgboost, with: {rounds: 40, depth: 4}"
_AT = f"policy: {{use: fixed_threshold, with: {{block_at: {BLOCK_AT}}}}}"
_TOP = "policy: {use: graded, with: {bands: [{action: block, top: 15, lasts: 24h}]}}"
DAILY = f"{{{_MODEL}, cadence: {{every: 1d, at: 4h, lookback: 2d}}, {_TOP}, retrain: {{every: 14d}}}}"
"""Fifteen numbers a day, the worst by the model: as many with labels of any kind, so that only the order differs."""
_SCARCE = "world.levers.report_rate=0.01"
"""With 0.05, most number-days of campaigns would be reported: labels would be nearly complete without any audit."""

Arms = Mapping[str, tuple[str, int, Sequence[str]]]
"""Name -> desk, months, settings."""
Courses = Mapping[str, Sequence[Sequence[Month]]]
"""Arm -> seed by seed, month by month."""

FIXED_ON, FIXED_OFF = "fixed, learning", "fixed, no learning"
AGAIN_ON, AGAIN_OFF = "fitted monthly, learning", "fitted monthly, no learning"


def months_arms(features: Sequence[str], learning: float, length: int = 4) -> Arms:
    """Four arms of one detector. The history is the same in all: nobody learns in it, so that a seed's arms begin with
    one and the same model and campaigns; from goLive on, campaigns learn or they do not."""
    chosen = f", features: [{', '.join(features)}]" if features else ""
    once = f"{{{_MODEL}, {_AT}{chosen}}}"
    again = f"{{{_MODEL}, {_AT}{chosen}, retrain: {{every: 28d}}}}"
    off = (*AUDITED, "world.levers.learning=0")
    step = f"{{name: campaigns-learn, use: step, lever: learning, start: 0d, to: {learning:g}}}"
    on = (*off, f"world.injections=[{step}]")
    return {
        FIXED_ON: (once, length, on),
        FIXED_OFF: (once, length, off),
        AGAIN_ON: (again, length, on),
        AGAIN_OFF: (again, length, off),
    }


AUDITS, NO_AUDITS = "audits", "no audits"
LABELS_ARMS: Arms = {
    AUDITS: (DAILY, 3, (*AUDITED, _SCARCE)),
    NO_AUDITS: (DAILY, 3, (*UNAUDITED, _SCARCE)),
}


def courses(arms: Arms, seeds: Sequence[int]) -> dict[str, list[list[Month]]]:
    """Every arm on every seed. Told while it is found: it takes its time."""
    found: dict[str, list[list[Month]]] = {name: [] for name in arms}
    for seed in seeds:
        for name, (desk, length, sets) in arms.items():
            found[name].append(course(load(desk, length, sets), seed))
            said = " ".join(f"{m.stopped:.3f}/{m.wrong:.4f}/{m.recall:.3f}" for m in found[name][-1])
            print(f"<!-- {name}, seed {seed}: {said} -->", flush=True)
    return found


def change(one: Sequence[Month], figure: str) -> float:
    """Of a figure, from the first month to the mean of the others."""
    return later(one, figure) - float(getattr(one[0], figure))


def later(one: Sequence[Month], figure: str) -> float:
    """The mean of a figure over all months but the first."""
    return float(np.mean([getattr(month, figure) for month in one[1:]]))


def pooled(found: Courses, figure: str) -> Floats:
    """(seeds,) the mean over all months without audits, less that with."""
    each = {arm: [np.mean([getattr(month, figure) for month in one]) for one in found[arm]] for arm in found}
    return np.asarray(np.subtract(each[NO_AUDITS], each[AUDITS]))


@dataclass(frozen=True)
class Fall:
    """What months have to show, of one figure; each (seeds,).

    falls, stays: change of the fixed detector with and without learning; gap: the former less the latter; cost: what
    learning takes from the fixed detector in the later months; cost_again: what it takes from the one fitted monthly;
    recovered: cost less cost_again; regained: the one fitted monthly less the fixed one, with learning, later months.
    """

    falls: Floats
    stays: Floats
    gap: Floats
    cost: Floats
    cost_again: Floats
    recovered: Floats
    regained: Floats


def fall(found: Courses, figure: str) -> Fall:
    """Of every seed."""
    changes = {arm: np.array([change(one, figure) for one in found[arm]]) for arm in found}
    means = {arm: np.array([later(one, figure) for one in found[arm]]) for arm in found}
    cost, again = means[FIXED_OFF] - means[FIXED_ON], means[AGAIN_OFF] - means[AGAIN_ON]
    return Fall(
        changes[FIXED_ON], changes[FIXED_OFF], changes[FIXED_ON] - changes[FIXED_OFF], cost, again, cost - again,
        means[AGAIN_ON] - means[FIXED_ON],
    )  # fmt: skip


_ASKED = {
    "falls": "fixed, learning: later, less the first",
    "stays": "fixed, no learning: later, less the first",
    "gap": "the former less the latter",
    "cost": "later months: fixed, no learning less learning",
    "cost_again": "later months: fitted monthly, no learning less learning",
    "recovered": "the former less the latter",
    "regained": "later months, learning: fitted monthly less fixed",
}
FIGURES = {"stopped": ".3f", "recall": ".3f", "wrong": ".4f"}


def _table(found: Courses, figure: str, pairs: Sequence[tuple[str, str]]) -> None:
    form, length = FIGURES[figure], len(next(iter(found.values()))[0])
    heads = " | ".join(f"month {n + 1}" for n in range(length))
    print(f"\n| {figure} | {heads} | later, less the first |")
    print("|---|" + "--:|" * (length + 1))
    for name, each in found.items():
        cells = [told([getattr(one[n], figure) for one in each], form) for n in range(length)]
        cells.append(told([change(one, figure) for one in each], form))
        print(f"| {name} | " + " | ".join(cells) + " |")
    for name, base in pairs:
        both = list(zip(found[name], found[base], strict=True))
        cells = [
            told([getattr(a[n], figure) - getattr(b[n], figure) for a, b in both], form)
            for n in range(length)
        ]
        cells.append(told([change(a, figure) - change(b, figure) for a, b in both], form))
        print(f"| {name} less {base} | " + " | ".join(cells) + " |")


def _months(features: Sequence[str], learning: float, seeds: Sequence[int]) -> None:
    found = courses(months_arms(features, learning), seeds)
    print(f"\nSeeds {seeds[0]} to {seeds[-1]}, learning {learning:g} against 0.\n")
    print("| asked | stopped | recall | wrong |\n|---|--:|--:|--:|")
    falls = {figure: fall(found, figure) for figure in FIGURES}
    for field, words in _ASKED.items():
        cells = [told(getattr(falls[figure], field), form) for figure, form in FIGURES.items()]
        print(f"| {words} | " + " | ".join(cells) + " |")
    for figure in FIGURES:
        _table(found, figure, ())
    last = len(next(iter(found.values()))[0])
    print(f"\n| taken in month {last} | " + " | ".join(ROBOCALL) + " |")
    print("|---|" + "--:|" * len(ROBOCALL))
    for name, each in found.items():
        shares = np.mean([one[-1].taken for one in each], axis=0)
        print(f"| {name} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")


def few(seeds: Sequence[int]) -> None:
    """Print how a detector of five features fares, learning as by default."""
    _months(FEW, 1.0, seeds)


def every_feature(seeds: Sequence[int]) -> None:
    """Print how a detector of all features fares, learning three times as strong as by default."""
    _months((), 3.0, seeds)


def labels(seeds: Sequence[int]) -> None:
    """Print how a model fares that learns from what its own blocking left."""
    found = courses(LABELS_ARMS, seeds)
    print(f"\nSeeds {seeds[0]} to {seeds[-1]}, no audits less audits, mean over all months, paired:\n")
    print(
        "; ".join(f"{figure} {told(pooled(found, figure), form)}" for figure, form in FIGURES.items()) + "."
    )
    for figure in FIGURES:
        _table(found, figure, ((NO_AUDITS, AUDITS),))
