"""Replays for laws: any desk by its plan, its counts as the judge reads them, its whole ledger as a table.

Knows: loaded trials, plans, the loop, the judge. Does not know: run folders, reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from harness import tallies
from harness.assembly import build_replay
from harness.ledger import Ledger
from harness.plans import CandidatePlan
from harness.replay import replay
from harness.tallies import Tallies
from harness.trial import Loaded
from sim.core import plugins
from sim.core.time import DAY
from sim.core.world import World

COLUMNS = ["candidate", "seed", "day", "metric", "slice", "view", "numerator", "denominator", "entities"]


def plan(
    name: str,
    policy: str,
    use: str = "constant",
    features: tuple[str, ...] = (),
    every: str = "",
    scorer: Mapping[str, Any] = MappingProxyType({}),
    **given: Any,
) -> CandidatePlan:
    """A candidate named `name`: `use` scores (with `scorer`), `policy` (with what else is given) decides, `every` so
    long it is fitted again."""
    tree: dict[str, Any] = {
        "name": name,
        "use": use,
        "with": dict(scorer),
        "policy": {"use": policy, "with": given},
    }
    return CandidatePlan.model_validate(
        tree | {"features": features} | ({"retrain": {"every": every}} if every else {})
    )


@dataclass(frozen=True)
class Played:
    """One replay. ledger: closed. world: at its end."""

    ledger: Ledger
    world: World

    def sums(self, metric: str, slice_: str = "all", view: str = "true") -> tuple[float, float]:
        """Numerator and denominator over the whole scored horizon."""
        mine = [row for row in self.ledger.counts if row[1:4] == (metric, slice_, view)]
        return sum(row[4] for row in mine), sum(row[5] for row in mine)

    def rate(self, metric: str, slice_: str = "all") -> float:
        """Numerator over denominator, the true view."""
        top, bottom = self.sums(metric, slice_)
        return top / bottom


def play(
    loaded: Loaded,
    desk: CandidatePlan,
    seed: int,
    folder: Path | None = None,
    over: Callable[[World], World] = lambda world: world,
) -> Played:
    """Replay one desk on one seed. `over` may stand between the loop and the world."""
    setting = build_replay(loaded, desk, seed, folder, [])
    world = over(setting.world)
    replay(world, setting.desks, setting.ledgers)
    (ledger,) = setting.ledgers.values()
    return Played(ledger, world)


def table(folder: Path) -> pd.DataFrame:
    """Every row that a ledger has kept, in the order of its parts."""
    return pd.concat(
        [pd.read_parquet(part) for part in sorted(folder.glob("part-*.parquet"))], ignore_index=True
    )


def tell(played: Mapping[tuple[str, int], Played], seeds: Sequence[int]) -> Tallies:
    """Counts of replays by candidate and seed, as the judge reads those of a run."""
    rows = [
        (*key, *row, one.ledger.entities().get(row[2], 0))
        for key, one in played.items()
        for row in one.ledger.counts
    ]
    specs = {name: plugins.load("metric", name).spec for name in plugins.names("metric")}
    world = next(iter(played.values())).world
    days = (world.horizon - world.go_live) // DAY
    return tallies.tallies(pd.DataFrame(rows, columns=COLUMNS), specs, tuple(seeds), int(days))
