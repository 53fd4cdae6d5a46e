"""`python -m tests.theory.drift [NAMES] [--seeds N] [--first K] [--out PICTURE]`: does decay move as foretold?

Replays each scenario of the catalogue (those whose ids hold one of NAMES) at magnitudes 0, 1/2, 1 and 2, and prints a
row for each as it is found; at the end the picture. The table and picture of docs/drift.md are this command's.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from tests.theory.drift.catalogue import MAGNITUDES, entry, names
from tests.theory.drift.isotonic import rises
from tests.theory.drift.picture import Panel, chance, draw
from tests.theory.drift.replays import Replays

SHOWN = 0.05


def verdict(p: float, p_other: float) -> str:
    """In words."""
    return "yes" if p <= SHOWN else "the other way" if p_other <= SHOWN else "not shown"


def main() -> None:
    """Entry point."""
    read = argparse.ArgumentParser(prog="python -m tests.theory.drift", description=__doc__)
    read.add_argument("names", nargs="*", help="parts of ids; all of them where none is given")
    read.add_argument("--seeds", type=int, default=3, help="how many")
    read.add_argument(
        "--first", type=int, default=1, help="the first of them: another asks seeds nobody has looked at"
    )
    read.add_argument("--out", type=Path, default=Path("drift.png"), help="where the picture goes")
    read.add_argument(
        "--keep", type=Path, help="a file of JSON lines to remember replays in, from call to call"
    )
    given = read.parse_args()
    wanted = [name for name in names() if not given.names or any(part in name for part in given.names)]
    if not wanted:
        sys.exit(f"no scenario of the catalogue holds {' or '.join(given.names)}")
    if given.seeds < 2:
        sys.exit("--seeds: expected 2 or more")
    if given.first < 1:
        sys.exit("--first: expected 1 or more")
    seeds = range(given.first, given.first + given.seeds)
    replays, panels = Replays(given.keep), []
    print("| scenario | kind | of | expected | 0 | ½ | 1 | 2 | p | as expected | seeds | events |")
    print("|---|---|---|---|--:|--:|--:|--:|--:|---|--:|--:|", flush=True)
    began = time.monotonic()
    for name in wanted:
        one = entry(name)
        values, rows = replays.values(one, seeds)
        way, other = rises(values * one.sign), rises(values * -one.sign)
        means = np.nanmean(values, axis=0)
        told = verdict(way.p, other.p)
        figures = " | ".join(f"{mean:.4g}" for mean in means)
        print(
            f"| `{name}` | {one.kind} | {one.target} | {one.says} | {figures} | {chance(way.p)} | {told} | {way.seeds} "
            f"| {rows:,} |",
            flush=True,
        )
        panels.append(Panel(name.removeprefix("drift/"), one.says, values, way.p, told))
    draw(panels, MAGNITUDES, given.out)
    print(f"<!-- {len(wanted)} scenarios, {time.monotonic() - began:.0f} s; picture: {given.out} -->")


if __name__ == "__main__":
    main()
