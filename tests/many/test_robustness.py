"""A verdict that rests on one lever is told so, with the value at which it tips; one that does not is robust.

Knows: a run, its shelf, the verdict's file. Does not know: how a lever is drawn.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from harness import draws, results, robustness, trial
from harness.judging import ROBUSTNESS, headline, judge_run, keep_robustness
from harness.report import render
from harness.run import Order, execute
from harness.shelf import Shelf
from harness.trial import Loaded
from harness.weighing import lines, run_robustness
from sim.core.errors import UserError


@pytest.mark.slow
def test_the_word_and_the_break_even_value_stand_in_the_verdict(loaded: Loaded, shelf: Shelf) -> None:
    five = dataclasses.replace(loaded, seeds=(1, 2, 3, 4, 5))
    order = Order(five, shelf.root, quiet=True)
    own = Shelf(five, shelf.root, quiet=True)
    before = headline(execute(order, judge_run))
    assert any("windtunnel robustness" in line for line in before)
    folder, _ = run_robustness(order, own, ["unwanted_calls"], 8, None, 1, 4, lambda _: None)
    found = {one["name"]: one for one in results.read_json(folder / "verdict.json")["robustness"]}
    assert found["firm"] == {"name": "firm", "word": "robust", "drawn": "PASS", "dependsOn": []}
    weak = found["weak"]
    assert weak["word"] == "assumption-bound"
    (lever,) = weak["dependsOn"]
    assert lever["lever"] == "unwanted_calls"
    assert 0.52 < lever["breakEven"] < 3.0
    assert lever["low"] <= lever["breakEven"]
    told = headline(folder)
    assert any(
        "weak (champion): PASS (assumption-bound), depends on unwanted_calls (break-even" in t for t in told
    )
    assert any("firm (beside it): PASS (robust)" in line for line in told)
    assert "Robust" in (folder / "report.html").read_text(encoding="utf-8")
    # The same run again keeps the word, and the same examination the same bytes.
    first = (folder / ROBUSTNESS).read_bytes()
    assert headline(execute(order, judge_run)) == told
    assert own.reused >= 10, "the run's own replays are taken from it"
    again = Shelf(five, shelf.root, quiet=True)
    run_robustness(order, again, ["unwanted_calls"], 8, None, 1, 4, lambda _: None)
    assert again.replayed == 0
    assert (folder / ROBUSTNESS).read_bytes() == first
    document = json.loads(first)
    assert document["levers"][0]["scale"] == "linear"
    # Where no lever alone is to blame, the set is told in the report's head.
    document["candidates"][0] |= {
        "dependsOn": [],
        "together": {"levers": ["<b>", "reach"], "least": True, "low": 0.5, "high": 0.625},
    }
    keep_robustness(folder, document)
    render(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "depends on &lt;b&gt; with reach, together (kept to 0.5 of the way" in page


@pytest.mark.slow
def test_a_lever_found_by_halving_has_a_break_even_value_toward_the_side_that_hurts(
    loaded: Loaded, shelf: Shelf
) -> None:
    own = Shelf(dataclasses.replace(loaded, seeds=(1, 2, 3, 4, 5)), shelf.root, quiet=True)
    drawn = draws.spans(own, ["unwanted_calls"])
    (found,) = robustness.examine(own, drawn, tuple(range(1, 9)), 0, ("weak",))
    (lever,) = robustness.card(found)["dependsOn"]
    assert abs(lever["rankCorrelation"]) > 0.5
    assert 0.52 < lever["breakEven"] < 3.0


def test_what_fails_at_central_values_has_no_break_even(tmp_path: Path) -> None:
    """It is broken where the axis would begin. Nor is an incumbent replayed where no clause compares with one."""
    tiny = str(Path(__file__).parent / "documents" / "tiny.yaml")
    own = Shelf(
        trial.load(tiny, ("world.injections=[]", "world.levers.unwanted_calls=3")), tmp_path, quiet=True
    )
    drawn = draws.spans(own, ["unwanted_calls"])
    (found,) = robustness.examine(own, drawn, own.loaded.seeds, 1, ("weak",))
    assert (found.candidate, found.central.verdict) == ("weak", "FAIL")
    assert found.word == "assumption-bound"
    assert [(one.lever.name, one.confirmed, one.break_even) for one in found.suspects] == [
        ("unwanted_calls", True, None)
    ]
    assert "breakEven" not in robustness.card(found)["dependsOn"][0]
    assert own.replayed == 10, "five at central values, five drawn: the lever alone is the same draw"


def test_a_lever_that_screening_missed_is_found_by_halving(tmp_path: Path) -> None:
    """With `top` 0 it names none. What is found by halving and is one lever is told like what it names."""
    tiny = str(Path(__file__).parent / "documents" / "tiny.yaml")
    own = Shelf(
        trial.load(tiny, ("world.injections=[]", "world.levers.unwanted_calls=3")), tmp_path, quiet=True
    )
    drawn = draws.spans(own, ["rotation_hours", "unwanted_calls", "burner_days"])
    (found,) = robustness.examine(own, drawn, own.loaded.seeds, 0, ("weak",), probes=8)
    assert found.word == "assumption-bound"
    assert [one.lever.name for one in found.depends_on] == ["unwanted_calls"]
    assert found.together is None
    assert any("depends on unwanted_calls (rank" in line for line in lines("tiny", drawn, [found]))
    (none,) = robustness.examine(own, drawn, own.loaded.seeds, 0, ("weak",), probes=0)
    assert (none.depends_on, none.together) == ((), None)
    assert any("on them together" in line for line in lines("tiny", drawn, [none]))


@pytest.mark.slow
def test_times_of_a_noisy_machine_decide_nothing_here_either(tmp_path: Path) -> None:
    """As in the run's own verdict (harness.response_times.doubts)."""
    sets = ("world.with.lines=200", "world.levers.service_load=500")
    own = Shelf(trial.load("telco/latency-undecided-v1", sets), tmp_path, quiet=True)
    (found,) = robustness.examine(own, draws.spans(own, ["report_rate"]), own.loaded.seeds, 1)
    assert found.word == "not settled at central values"
    assert {one.ruling for one in found.central.clauses if one.terms.metric.startswith("response")} == {
        "UNDECIDED"
    }


@pytest.mark.parametrize(
    ("names", "draws", "within", "said"),
    [
        (["unwanted"], 8, None, "no lever 'unwanted', did you mean"),
        ([], 3, None, "expected at least 5"),
        ([], 8, 0.5, "expected a factor above 1"),
        (["wrong_report_wave"], 8, None, "no lever to draw"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    loaded: Loaded, shelf: Shelf, names: list[str], draws: int, within: float | None, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        run_robustness(
            Order(loaded, shelf.root, quiet=True), shelf, names, draws, within, 1, 4, lambda _: None
        )
