"""Lives of features, broken nights, the fewest that do, skew: on a carrier of 200 lines with two pipelines.

Knows: a rule that reads attestation and recorded calls, planted faults. Does not know: timings.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness import brittleness, featuring, lifecycle, trial
from harness.brittleness import Night, Pipeline
from harness.feasibility import FEWEST_POSITIVES
from harness.featuring import Wish, run_lives, run_simplest, run_skew
from harness.scoping import run_feasibility
from harness.shelf import Asked, Shelf
from harness.trial import Loaded
from sim import open_world
from sim.core.errors import BadDocument, UserError
from sim.core.time import HOUR

DOCUMENT = str(Path(__file__).parent / "documents" / "featured.yaml")


def quiet(text: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def featured() -> Loaded:
    return trial.load(DOCUMENT, seeds=(1, 2))


@pytest.fixture(scope="module")
def kept(featured: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(featured, tmp_path_factory.mktemp("runs"), quiet=True)


def test_a_field_that_is_lost_for_a_night_costs_what_hangs_on_it(featured: Loaded, kept: Shelf) -> None:
    world = open_world(featured.scenario, 1)
    kind = world.kinds["call"]
    specs = lifecycle.specs_of(featured, "", featured.trial.candidates[0])  # type: ignore[arg-type]
    found = brittleness.pipelines(specs, kind, world.streams)
    assert [(one.name, one.features) for one in found] == [
        ("call.attestation", ("attestation",)),
        ("call_record", ("calls_1d",)),
    ]
    night = Night(2 * HOUR, 20 * HOUR)
    broken = {one.pipeline.name: one for one in brittleness.measure(kept, "ruled", kind, found, night)}
    (attestation,) = broken["call.attestation"].losses
    (record,) = broken["call_record"].losses
    # Without attestation every call of a busy number is stopped; without records nobody is seen to be busy.
    assert attestation.clause == record.clause == "reached"
    assert attestation.change is not None
    assert record.change is not None
    assert attestation.change < 0 < record.change
    replayed = kept.replayed
    again = {one.pipeline.name: one for one in brittleness.measure(kept, "ruled", kind, found, night)}
    assert again == broken
    assert kept.replayed == replayed, "what is on the shelf is not replayed"
    twins = [Asked("ruled", 1), Asked("ruled", 1, trial="broken call_record")]
    whole, broken = (kept.counts([one]) for one in twins)
    early = [part[part["day"].between(0, 6)].reset_index(drop=True) for part in (whole, broken)]
    assert early[0].equals(early[1]), "nothing changes before the night"
    assert not whole.equals(broken)


def test_the_questions_own_stream_is_said_to_have_no_veil(featured: Loaded) -> None:
    world = open_world(featured.scenario, 1)
    found = brittleness.pipelines(featured.features, world.kinds["call"], world.streams)
    (counted,) = [one for one in found if one.name == "signalling"]
    assert counted.features == ("callees_1d",)
    assert counted.why
    assert isinstance(counted, Pipeline)


def test_a_life_is_told_and_written_without_its_cost(kept: Shelf) -> None:
    lines = run_lives(kept, Wish("boosted"), None, False, quiet)
    text = "\n".join(lines)
    path = next(Path(line) for line in lines if line.endswith("features.json"))
    document = json.loads(path.read_text())
    told = {one["name"]: one for one in document["features"]}
    assert set(told) == {"attestation", "calls_1d", "callees_1d"}
    assert sum(one["contribution"] for one in told.values()) == pytest.approx(1.0)
    assert told["calls_1d"]["feeds"] == ["call_record"]
    assert all(0 <= one["psi"] < 1 for one in told.values())
    assert "microseconds an event" in text
    assert "microseconds" not in path.read_text() + path.with_suffix(".md").read_text()
    assert "Different numbers called in the last day" in text
    first = path.read_bytes()
    run_lives(kept, Wish("boosted"), None, False, quiet)
    assert path.read_bytes() == first, "the same command writes the same bytes"


@pytest.mark.slow
def test_the_fewest_features_that_keep_the_charter(kept: Shelf) -> None:
    lines = run_simplest(kept, DOCUMENT, (), Wish("boosted"), 2, 1, (4,), False, quiet)
    path = next(Path(line) for line in lines if line.endswith("simplest.json"))
    document = json.loads(path.read_text())
    sizes = [len(step["features"]) for step in document["steps"]]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 3
    for larger, smaller in zip(document["steps"], document["steps"][1:], strict=False):
        assert {larger["gives"]} == set(larger["features"]) - set(smaller["features"])
    target = min(0.0, document["steps"][0]["margin"])
    good = [step for step in document["steps"] if step["margin"] >= target]
    assert document["smallest"] == min(good, key=lambda step: len(step["features"]))["features"]
    assert document["confirmed"][0]["features"] == document["smallest"]
    before = kept.replayed
    run_simplest(kept, DOCUMENT, (), Wish("boosted"), 2, 1, (4,), False, quiet)
    assert kept.replayed == before


def test_a_path_that_counts_as_the_replay_does_has_no_skew(featured: Loaded) -> None:
    lines, agreed = run_skew(featured, Wish("boosted"), "", 400, quiet)
    assert agreed, lines
    assert "no skew: 3 features" in lines[1]


def test_planted_skew_is_named_with_its_first_event_and_both_values(featured: Loaded, tmp_path: Path) -> None:
    """The serving team counted six hours where the model was trained on a day."""
    served = tmp_path / "served.yaml"
    text = Path(DOCUMENT).read_text().split("    features:\n")[1].split("    candidates:")[0]
    text = text.replace("of: callee, window: 1d", "of: callee, window: 6h")
    served.write_text(
        "apiVersion: windtunnel/v1\nkind: FeatureSet\nmetadata: {name: served, version: 1.0.0}\n"
        f"spec:\n  features:\n{text}"
    )
    lines, agreed = run_skew(featured, Wish("boosted"), str(served), 400, quiet)
    assert not agreed
    features = [line for line in lines if line.startswith("skew in feature ")]
    (line,) = features
    assert line.startswith("skew in feature callees_1d: ")
    assert "first at event" in line
    assert "training" in line
    assert "serving" in line


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda s, o: run_lives(s, Wish("rulled"), None, False, quiet),
            "no candidate 'rulled', did you mean",
        ),
        (
            lambda s, o: run_lives(s, Wish(desk="call"), None, False, quiet),
            "--desk: this scenario has one desk",
        ),
        (lambda s, o: run_skew(s.loaded, Wish(), "telco/robocall-v1", 9, quiet), "no feature 'calls_1d'"),
        (lambda s, o: run_skew(s.loaded, Wish(), DOCUMENT, 9, quiet), "expected a FeatureSet"),
        (
            lambda s, o: run_simplest(s, DOCUMENT, (), Wish(), 1, 1, (1,), False, quiet),
            "--held-out: expected seeds that are not",
        ),
    ],
)
def test_what_cannot_be_asked_is_told(kept: Shelf, ask: Callable[..., object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ask(kept, None)


def test_a_window_beyond_retention_is_refused_by_name() -> None:
    key = "trial.features.1.window=40d"
    with pytest.raises(BadDocument) as refused:
        trial.load(DOCUMENT, (key,))
    assert "got 40d of call_record, expected at most 28d, for which the charter keeps it" in str(
        refused.value
    )


def test_a_window_over_the_question_itself_is_held_to_retention_too() -> None:
    with pytest.raises(BadDocument) as refused:
        trial.load(DOCUMENT, ("trial.features.2.window=40d",))
    assert "got 40d of signalling" in str(refused.value)


def test_truth_in_a_feature_is_refused_as_truth() -> None:
    with pytest.raises(BadDocument) as refused:
        trial.load(DOCUMENT, ("trial.features.0.of=unwanted",))
    assert "'unwanted' is truth, which no feature may read" in str(refused.value)


def test_rhythms_follow_the_plan() -> None:
    assert [featuring.rhythm_of(every).name for every in (None, HOUR, 24 * HOUR)] == [
        "per event",
        "near real time",
        "daily",
    ]


def test_feasibility_writes_its_outcome_and_answers_json(featured: Loaded, tmp_path: Path) -> None:
    """Twelve days of 200 lines: too little for any skill, which is told, and enough for what arrives."""
    one = replace(featured, seeds=(1,))
    (text,) = run_feasibility(one, tmp_path, 1, True, quiet)
    document = json.loads(text)
    (folder,) = tmp_path.rglob("feasibility-*")
    assert sorted(path.name for path in folder.iterdir()) == [
        "feasibility.json",
        "feasibility.md",
        "feasibility.png",
    ]
    assert json.loads((folder / "feasibility.json").read_text()) == document
    assert set(document["feeds"]) == {"call", "call_record", "report", "regulator", "verification", "redress"}
    assert document["feeds"]["call_record"]["fields"]["answered"]["noValue"] == 0.0
    assert 0 < document["feeds"]["call_record"]["lateSeconds"]["p50"] < 86_400
    desk = document["desks"]["call"]
    assert desk["unwanted"] <= desk["verified"]
    told = (folder / "feasibility.md").read_text()
    if desk["unwanted"] < FEWEST_POSITIVES:
        assert desk["cadences"] == []
        assert "too few to tell any skill" in told
    else:
        assert [one["name"] for one in desk["cadences"]] == ["per event", "near real time", "daily"]
