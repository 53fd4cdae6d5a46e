"""Every shipped scenario, made small, run and verified: `make verify`, or `python -m tests.audit.shipped NAME...`.

Knows: which settings make a scenario small. Does not know: what any scenario is for.
A recorded scenario needs its file: it is left out where the environment does not name it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness import trial, verifying
from harness.judging import judge_run, show
from harness.run import Order, execute
from sim import load_scenario
from sim.core.catalogue import ids
from sim.core.errors import UserError

SMALL = {
    "telco": (
        "world.with.lines=200",
        "world.history=6d",
        "world.historyBecause=made small to be verified",
        "world.horizon=4d",
        "world.lagTail=2d",
        "trial.labels.maturity=2d",
    ),
    "sportsbook": (
        "world.history=7d",
        "world.historyBecause=made small to be verified",
        "world.horizon=4d",
        "world.lagTail=1d",
        "world.with.teams=4",
        "world.with.alwaysOn=true",
        "world.with.betsPerMatch=2000",
        "trial.labels.maturity=2d",
    ),
    "recorded": (),
}
STILL, LATER = ("world.injections=[]", "world.veils=[]"), ("trial.baseline=null",)
"""What is left out, in turn, where it does not fit into so few days even when it is shortened."""
LOG = "WINDTUNNEL_EPL"


def small(name: str) -> trial.Loaded:
    """A scenario on one seed, as small as it can be read. Raises UserError where it cannot."""
    plan = load_scenario(name).spec.world if not name.startswith("recorded/") else None
    sets = SMALL["recorded" if plan is None else plan.use]
    moved = [] if plan is None else [("injections", i.name) for i in plan.injections]
    moved += [] if plan is None else [("veils", i.name) for i in plan.veils]
    short = [f"world.{kind}.{one}.{key}" for kind, one in moved for key in ("start=1d", "end=3d")]
    tries: list[tuple[str, ...]] = [sets, (*sets, *short), (*sets, *STILL), (*sets, *STILL, *LATER)]
    for attempt in tries:
        try:
            return trial.load(name, attempt, seeds=(1,))
        except UserError as error:
            last = error
    raise last


def main(names: Sequence[str]) -> int:
    """Run and verify; a line for each. Answers how many were not the same, or could not be run so small."""
    failed = 0
    for name in names or ids("Scenario"):
        if name.startswith("recorded/") and LOG not in os.environ:
            print(f"{name}: left out, {LOG} names no file", flush=True)
            continue
        try:
            with tempfile.TemporaryDirectory() as place:
                order = Order(small(name), Path(place), os.cpu_count() or 1, quiet=True)
                folder = execute(order, judge_run)
                show(folder)
                lines, code = verifying.verify(folder, order.jobs, True, lambda line: None)
        except UserError as error:
            lines, code = [f"{name}: {error}"], 2
        failed += code != 0
        print("\n".join(lines), flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
