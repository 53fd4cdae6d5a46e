"""What screening is worth by load and by design: the table and the picture of docs/latency.md.

Knows: the scenario telco/latency-pay-v1, its lever `service_load`, truth (tests may look). Does not know: how anything
is replayed or queued.

    .venv/bin/python -m tests.theory.paying RUNS [FILE.png]     replays are kept below RUNS, and go on from there

`--seeds 1,2,3`, `--loads 1,600`, `--jobs 2`; `--remedies` plays what may be done about late answers too, at the last
load. Intervals: 95 %, over seeds, as charters have them; the full rules are compared with the quick ones seed by seed,
by Student's t.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from harness import trial
from harness.shelf import Asked, Shelf
from harness.tallies import ALL, TRUE
from sim.core.time import DAY
from sim.core.variation import Variation

SCENARIO = "telco/latency-pay-v1"
FULL, QUICK = "full", "quick"
LOADS = (1.0, 600.0, 1000.0, 1500.0)
REMEDIES: Mapping[str, str] = {
    "full-shed": "full, queue limit 2 (shed)",
    "full-cache": "full, scores refreshed hourly when late (cache)",
    "full-rules": "full, the quick rules when late",
    "full-blocks": "full, block when late",
}
METRICS = ("detection_rate", "hard_false_blocks", "late_share", "overtaken_share")
LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """A value over seeds with its interval, and each seed's."""

    value: float
    low: float
    high: float
    per_seed: tuple[float, ...]


@dataclass(frozen=True)
class Cell:
    """One design at one load. per_second: calls that reach its service, in the mean of the horizon."""

    name: str
    load: float
    per_second: float
    seen: Mapping[str, Spread]


def asked(name: str, load: float, seeds: Sequence[int]) -> list[Asked]:
    """A design at a load, on every seed."""
    return [Asked(name, seed, Variation({"service_load": load})) for seed in seeds]


def cell(shelf: Shelf, name: str, load: float, seeds: Sequence[int]) -> Cell:
    """What replays on the shelf say of a design at a load."""
    counts = shelf.tallies(asked(name, load, seeds))
    seen, calls = {}, 0.0
    for metric in METRICS:
        found = counts.estimate((name, metric, ALL, TRUE), counts.total)
        low, high = found.bounds(1.0 - LEVEL)
        value = math.nan if found.value is None else found.value
        seen[metric] = Spread(value, low, high, found.per_seed)
        if metric == "late_share":
            calls = found.n
    span = counts.days * DAY / 1e6 * len(seeds)
    return Cell(name, load, calls * load / span, seen)


def ahead(one: Cell, other: Cell) -> Spread:
    """By how much one design stops more than another, seed by seed."""
    mine, theirs = (np.array(each.seen["detection_rate"].per_seed) for each in (one, other))
    apart = mine - theirs
    reach = stats.t.ppf(0.5 + LEVEL / 2, len(apart) - 1) * apart.std(ddof=1) / math.sqrt(len(apart))
    return Spread(float(apart.mean()), apart.mean() - reach, apart.mean() + reach, tuple(apart.tolist()))


def crossings(full: Sequence[Cell], quick: Sequence[Cell]) -> list[float]:
    """For each seed, the load at which the full rules stop no more than the quick ones: between two loads by a straight
    line. Infinite where they are ahead at all loads."""
    apart = np.array([ahead(one, other).per_seed for one, other in zip(full, quick, strict=True)])
    loads = [one.load for one in full]
    found = []
    for column in apart.T:
        behind = np.flatnonzero(column <= 0.0)
        if not len(behind):
            found.append(math.inf)
        elif (i := int(behind[0])) == 0:
            found.append(loads[0])
        else:
            share = float(column[i - 1] / (column[i - 1] - column[i]))
            found.append(loads[i - 1] + share * (loads[i] - loads[i - 1]))
    return found


def table(cells: Sequence[Cell]) -> list[str]:
    """Every design at every load, with intervals of what it stops and refuses."""
    rows = [
        "| load (calls/s) | desk | stopped | lawful refused | late | overtaken |",
        "|---|---|---|---|---|---|",
    ]
    for one in cells:
        hit, hurt, late, over = (one.seen[metric] for metric in METRICS)
        rows.append(
            f"| {one.load:g} ({one.per_second:.3g}) | {REMEDIES.get(one.name, one.name)} | "
            f"{hit.value:.3f} [{hit.low:.3f}, {hit.high:.3f}] | "
            f"{hurt.value:.2%} [{hurt.low:.2%}, {hurt.high:.2%}] | {late.value:.1%} | {over.value:.1%} |"
        )
    return rows


def contrast(full: Sequence[Cell], quick: Sequence[Cell]) -> list[str]:
    """The full rules against the quick ones, by load."""
    rows = ["| load | full less quick, share stopped |", "|---|---|"]
    for one, other in zip(full, quick, strict=True):
        gap = ahead(one, other)
        rows.append(f"| {one.load:g} | {gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}] |")
    return rows


def draw(full: Sequence[Cell], quick: Sequence[Cell], remedies: Sequence[Cell], file: str) -> None:
    """What is stopped, and which lawful calls are refused, against load, with intervals; remedies at the last load."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.2), layout="constrained")
    colours = {FULL: "#1f4e79", QUICK: "#c55a11"}
    marks = dict(zip(REMEDIES, (("s", "#548235"), ("D", "#7030a0"), ("^", "#2e8b8b"), ("v", "#7f7f7f"))))
    for axes, metric, title in zip(
        figure.subplots(1, 2), METRICS, ("Unwanted calls stopped", "Lawful calls refused")
    ):
        for name, row in ((FULL, full), (QUICK, quick)):
            loads, found = [one.load for one in row], [one.seen[metric] for one in row]
            middle = [100 * each.value for each in found]
            axes.fill_between(
                loads, [100 * each.low for each in found], [100 * each.high for each in found],
                color=colours[name], alpha=0.15, linewidth=0,
            )  # fmt: skip
            axes.plot(loads, middle, marker="o", color=colours[name], label=name)
        for place, one in enumerate(remedies, start=1):
            mark, colour = marks[one.name]
            each = one.seen[metric]
            axes.errorbar(
                [one.load * (1 + 0.02 * place)], [100 * each.value],
                [[100 * (each.value - each.low)], [100 * (each.high - each.value)]],
                fmt=mark, color=colour, markersize=5, linewidth=1, label=REMEDIES[one.name],
            )  # fmt: skip
        axes.set(title=title, xlabel="calls that reach the service for each played", ylabel="%")
        if metric == METRICS[0]:
            axes.set_ylim(bottom=0)
        else:  # who fails shut refuses a hundred times what the others refuse
            axes.set(yscale="log", yticks=(0.1, 0.3, 1, 3, 10, 30, 100))
            axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(alpha=0.3)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8
    )
    figure.savefig(file, dpi=120)


def main() -> None:
    """Print both tables, and draw the picture."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("runs", type=Path)
    words.add_argument("picture", nargs="?")
    words.add_argument("--seeds", default="1,2,3,4,5")
    words.add_argument("--loads", default=",".join(f"{load:g}" for load in LOADS))
    words.add_argument("--jobs", type=int, default=1)
    words.add_argument("--remedies", action="store_true")
    given = words.parse_args()
    seeds = tuple(int(part) for part in given.seeds.split(","))
    loads = tuple(float(part) for part in given.loads.split(","))
    remedies = tuple((name, loads[-1]) for name in REMEDIES) if given.remedies else ()
    shelf = Shelf(trial.load(SCENARIO, (), seeds=seeds), given.runs, given.jobs)
    wanted = [*((name, load) for load in loads for name in (FULL, QUICK)), *remedies]
    shelf.fetch([one for name, load in wanted for one in asked(name, load, seeds)])
    cells = {(name, load): cell(shelf, name, load, seeds) for name, load in wanted}
    full, quick = ([cells[name, load] for load in loads] for name in (FULL, QUICK))
    lines = [*table(list(cells.values())), "", *contrast(full, quick), ""]
    print("\n".join(lines))
    found = sorted(crossings(full, quick))
    print(f"crossing: load {found[len(found) // 2]:.4g} ({found[0]:.4g} to {found[-1]:.4g} over seeds)")
    if given.picture:
        draw(full, quick, [cells[one] for one in remedies], given.picture)


if __name__ == "__main__":
    main()
