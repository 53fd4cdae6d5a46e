"""A run tells of its decay, its report shows it, and the shelf takes the run's replays instead of doing them again.

Knows: a run of three seeds. Does not know: how any of it is found.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import results
from harness.judging import judge_again, judge_run
from harness.report import render
from harness.run import Order, execute
from harness.shelf import Asked, Shelf
from harness.trial import Loaded


@pytest.fixture(scope="module")
def run(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = execute(Order(loaded, tmp_path_factory.mktemp("decay"), quiet=True), judge_run)
    render(folder)
    return folder


def test_the_weaker_screen_is_broken_earlier_and_on_more_days(run: Path) -> None:
    weak, firm = results.read_json(run / "decay.json")["candidates"]
    (reached, blocks), (better, _) = weak["clauses"], firm["clauses"]
    assert reached["name"] == "reached"
    assert reached["bands"]["true"]["good"] <= better["bands"]["true"]["good"] == 1.0
    assert better["broken"]["never"] == 3
    assert blocks["broken"]["days"] == 0.0
    assert blocks["bands"]["true"]["good"] == 0.0
    assert sum(reached["bands"]["true"].values()) == pytest.approx(1.0)
    assert firm["stability"]["kept"] == 3


def test_the_report_shows_it(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    assert 'id="decay"' in page
    assert "By its own values weak keeps every critical clause on" in page
    assert "Share of seeds on which each clause of weak was broken, by day" in page


def test_a_run_judged_again_tells_its_own_decay(run: Path) -> None:
    place = judge_again(run, str(run / "charter.yaml"))
    assert (place / "decay.json").read_bytes() == (run / "decay.json").read_bytes()


def test_the_shelf_takes_what_a_finished_run_holds(loaded: Loaded, run: Path) -> None:
    shelf = Shelf(loaded, run.parents[1], quiet=True)
    asked = [Asked(name, seed) for name in ("weak", "firm") for seed in loaded.seeds]
    shelf.fetch(asked)
    assert (shelf.replayed, shelf.reused) == (0, 6)
    fresh = Shelf(loaded, run.parents[1], quiet=True, fresh=True)
    fresh.fetch(asked[:1])
    assert fresh.replayed == 1
    key = ["day", "metric", "slice", "view"]
    borrowed, own = (one.counts(asked[:1]).sort_values(key, ignore_index=True) for one in (shelf, fresh))
    assert borrowed.equals(own)
    assert shelf.facts(asked[1])["ground_truth"][0]["name"] == "wave"
