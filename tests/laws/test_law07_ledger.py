"""Law 7, the ledger's half: every event is in the ledger once, and what is still open is counted as open.

The loop stands between the world and the ledger; a witness beside the loop keeps what the world settled, to compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.plans import CandidatePlan
from sim.core.decisions import Decisions
from sim.core.events import Block
from sim.core.truth import Outcomes, Settlement
from sim.core.world import World
from sim.worlds.telco.vocabulary import BLOCK
from tests.laws.replays import Played, plan, play, table
from tests.laws.small import load_small

FULL = "trial.ledger.keep=full"
BUSY = plan("busy", "random", features=("calls_1h",), shares={"block": 0.2, "label": 0.2})
"""Acts on two calls in five, so that callers dial again and campaigns rotate while the ledger looks on."""


class Witness:
    """A world that remembers what it settled. Every seventh event is said to be open where `leaves_open`."""

    def __init__(self, world: World, leaves_open: bool = False) -> None:
        self._world, self._leaves_open = world, leaves_open
        self.settled: list[Mapping[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def settle(self, decisions: Decisions) -> Settlement:
        found = self._world.settle(decisions)
        outcomes, truth = found.outcomes.block, found.truth.block
        if self._leaves_open:
            columns = dict(outcomes.columns) | {"pending": outcomes["id"] % 7 == 0}
            found = Settlement(Outcomes(Block(outcomes.schema, columns)), found.truth)
        self.settled.append({**truth.columns, **found.outcomes.block.columns, "action": decisions.action})
        return found

    def scored(self) -> pd.DataFrame:
        """Everything settled from goLive on."""
        whole = pd.concat([pd.DataFrame(dict(part)) for part in self.settled], ignore_index=True)
        scored: pd.DataFrame = whole[whole["t"] >= self.go_live]
        return scored


def watched(
    desk: CandidatePlan, folder: Path | None, *sets: str, leaves_open: bool = False
) -> tuple[Played, Witness]:
    """A replay of one desk and its witness."""
    held: list[Witness] = []

    def over(world: World) -> World:
        held.append(Witness(world, leaves_open))
        witness: Any = held[0]
        return witness  # type: ignore[no-any-return]

    return play(load_small(*sets), desk, 1, folder, over), held[0]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Witness, pd.DataFrame]:
    """A replay whose ledger keeps every row."""
    folder = tmp_path_factory.mktemp("ledger")
    played, witness = watched(BUSY, folder, FULL)
    return played, witness, table(folder)


def test_every_settled_event_is_in_the_ledger_once(full: tuple[Played, Witness, pd.DataFrame]) -> None:
    played, witness, kept = full
    settled = witness.scored()
    assert len(settled) > 5_000
    assert settled["id"].is_unique
    assert kept["id"].is_unique
    assert len(kept) == len(settled) == played.ledger.rows_seen
    both = kept.sort_values("id").reset_index(drop=True), settled.sort_values("id").reset_index(drop=True)
    for name in settled.columns:
        assert np.array_equal(both[0][name], both[1][name]), name
    assert (kept["kept_weight"] == 1).all()


def test_a_call_that_is_tried_again_is_another_event_of_the_same_intention(
    full: tuple[Played, Witness, pd.DataFrame],
) -> None:
    _, _, kept = full
    again = kept[kept["first_try"] == 0]
    assert len(again) > 100
    assert not again["id"].isin(kept.loc[kept["first_try"] == 1, "id"]).any()
    assert (again["intention"] != again["id"]).all()


def test_counts_are_those_of_the_rows(full: tuple[Played, Witness, pd.DataFrame]) -> None:
    played, witness, kept = full
    settled = witness.scored()
    bad = settled["unwanted"] == 1
    stops = settled["effect"] == BLOCK
    first = (settled["first_try"] == 1) & ~bad
    assert played.sums("detection_rate") == ((bad & stops).sum(), bad.sum())
    assert played.sums("hard_false_blocks") == ((first & stops).sum(), first.sum())
    by_class = [
        played.sums("hard_false_blocks", f"caller_class={label}")[1]
        for label in played.world.slices["caller_class"].labels
    ]
    assert sum(by_class) == first.sum()
    callers = played.ledger.entities()
    assert callers["all"] == kept["caller"].nunique()
    assert callers["caller_class=consumer"] == kept.loc[kept["caller_class"] == 0, "caller"].nunique()


def test_no_event_of_the_history_is_scored(full: tuple[Played, Witness, pd.DataFrame]) -> None:
    played, witness, kept = full
    assert min(part["t"][0] for part in witness.settled if len(part["t"])) < witness.go_live
    assert kept["t"].min() >= witness.go_live
    assert min(row[0] for row in played.ledger.counts) == 0


def test_a_thinned_ledger_keeps_what_was_acted_on_once_and_weighs_the_rest(tmp_path: Path) -> None:
    """The weighted sample stands for all rows: 5 standard errors of its keyed thinning, 6e-7."""
    share = 0.1
    played, witness = watched(BUSY, tmp_path, f"trial.ledger.sampleShare={share}")
    settled, kept = witness.scored(), table(tmp_path)
    assert kept["id"].is_unique
    acted = settled["action"] > 0
    told = acted | (settled["reported"] == 1) | (settled["regulator"] == 1)
    assert set(settled.loc[told, "id"]) <= set(kept["id"])
    assert (kept.loc[kept["action"] > 0, "kept_weight"] == 1).all()
    assert len(kept) < 0.6 * len(settled)
    rest = float((~told).sum())
    error = (rest * (1 - share) / share) ** 0.5
    assert abs(kept["kept_weight"].sum() - len(settled)) < 5 * error
    assert played.ledger.rows_seen == len(settled)


@pytest.mark.parametrize("leaves_open", [False, True])
def test_what_is_open_at_the_end_is_counted_as_open(leaves_open: bool, tmp_path: Path) -> None:
    played, witness = watched(BUSY, tmp_path, FULL, leaves_open=leaves_open)
    settled, kept = witness.scored(), table(tmp_path)
    assert played.ledger.rows_open == settled["pending"].sum() == kept["pending"].sum()
    assert (played.ledger.rows_open > 0) == leaves_open
    assert played.ledger.rows_seen == len(settled)


def test_reports_after_the_end_are_true_and_not_observed() -> None:
    """A report that is made after the last day that is heard belongs to the truth alone: curves are right-censored."""
    more = (
        "world.levers.report_rate=0.1",
        "world.levers.report_near=20",
        "world.levers.report_lag_mu=3.95",
        "world.lagTail=1d",
    )
    silent = plan("silent", "pass_all", features=("calls_1h",))
    played, witness = watched(silent, None, *more)
    settled = witness.scored()
    reported = settled[settled["reported"] == 1]
    late = (reported["report_at"] > witness.end).sum()
    assert late >= 5
    assert played.sums("complaints")[0] == len(reported)
    heard = [row for row in played.ledger.counts if row[1] == "complaints" and row[3] == "observed"]
    of_history = sum(
        int(
            (
                (p["report_at"] >= witness.go_live) & (p["report_at"] <= witness.end) & (p["reported"] == 1)
            ).sum()
        )
        for p in witness.settled
        if len(p["t"]) and p["t"][0] < witness.go_live
    )
    assert sum(row[4] for row in heard) == len(reported) - late + of_history
