"""Scenarios, charters and their digests: what is part of which identity, and what is resolved to instants."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from harness import charter_rules, trial
from harness.charter import RUNGS, Charter
from harness.schemas import json_schema
from sim.core import scenario_rules
from sim.core.documents import Document
from sim.core.errors import BadDocument, UserError
from sim.core.levers import LeverSpec
from sim.core.scenario import Scenario
from sim.core.time import DAY, MINUTE

GOOD = Path(__file__).parents[2] / "bad_input" / "good"
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def toyworld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GOOD.parent))


def tree(name: str) -> dict[str, Any]:
    text = (GOOD / f"{name}.yaml").read_text(encoding="utf-8").replace("hub: NO", "hub: 'NO'")
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    if name == "scenario":
        loaded["spec"]["world"]["start"] = "2026-01-05"
    return loaded


def scenario(change: Change = lambda spec: None) -> Scenario:
    document = tree("scenario")
    change(document["spec"])
    return scenario_rules.of(document)


def charter(change: Change = lambda spec: None) -> Charter:
    document = tree("charter")
    change(document["spec"])
    return charter_rules.decode(Document("charter", scenario_rules._frozen(document), {}, Path()))


def test_instants_count_from_the_start_of_history() -> None:
    found = scenario()
    assert (found.tick, found.go_live, found.horizon, found.end) == (
        15 * MINUTE,
        90 * DAY,
        150 * DAY,
        164 * DAY,
    )
    assert found.seeds == (1, 2, 3, 4, 5, 6)
    assert found.looks == (5, 6)
    assert found.clock.start.isoformat() == "2026-01-05"
    windows = {p.name: (p.injection.start // DAY, p.injection.end // DAY) for p in found.build_injections()}
    assert windows == {"late-wave": (100, 110), "creep": (80, 150), "bursts": (90, 150), "summer": (120, 150)}
    (cover,) = found.build_veils()
    assert (cover.name, cover.veil.start // DAY, cover.veil.end // DAY) == ("lost-records", 95, 96)


def test_seeds_may_be_a_range_and_looks_default_to_all() -> None:
    def change(spec: dict[str, Any]) -> None:
        spec["seeds"] = {"first": 7, "count": 5}
        del spec["plan"]

    found = scenario(change)
    assert found.seeds == (7, 8, 9, 10, 11)
    assert found.looks == (5,)


def test_parameters_are_the_worlds_own_record() -> None:
    parameters = scenario().parameters
    assert (parameters.lines, parameters.hub) == (2000, "NO")
    assert pickle.loads(pickle.dumps(scenario())).parameters == parameters


def test_levers_are_set_and_moved() -> None:
    names = ("report_rate", "wrong_reports", "numbers_per_campaign", "region")
    specs = {n: LeverSpec(n, 0.5, "ratio", 0.0, 1000.0, "", "test", "assumption") for n in names}
    levers = scenario().build_levers(specs)
    assert levers.constant("report_rate") == 4e-3
    assert levers.constant("wrong_reports") == 0.5
    t = np.array([99, 100, 109, 110]) * DAY
    np.testing.assert_array_equal(levers.at("report_rate", t), [4e-3, 8e-3, 8e-3, 4e-3])
    with pytest.raises(UserError, match=r"no lever 'report_rate', did you mean 'report_rates'\?"):
        scenario().build_levers({"report_rates": specs["region"]})


def test_a_short_history_needs_a_reason_which_is_a_warning() -> None:
    def change(spec: dict[str, Any]) -> None:
        spec["world"] |= {"history": "14d", "historyBecause": "a first look"}
        spec["world"]["injections"] = []
        spec["trial"]["labels"]["maturity"] = "7d"

    assert scenario(change).warnings() == ("the history is 14d, less than 90d: a first look",)
    assert scenario().warnings() == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec["world"].update(tick="900s"),
        lambda spec: spec["world"].update(lagTail="336h"),
        lambda spec: spec["description"].update(purpose="another"),
        lambda spec: spec.update(charter="other.yaml"),
        lambda spec: spec.update(seeds=[1, 2, 3, 4, 5, 6, 7]),
        lambda spec: spec["trial"].update(features="other.yaml"),
    ],
)
def test_what_is_no_part_of_a_scenarios_digest(change: Change) -> None:
    assert scenario(change).digest() == scenario().digest()


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec["world"].update(tick="30m"),
        lambda spec: spec["world"]["with"].update(lines=2001),
        lambda spec: spec["world"]["levers"].update(region=3),
        lambda spec: spec["world"]["injections"][0].update(factor=2.5),
        lambda spec: spec["world"]["injections"].reverse(),
        lambda spec: spec["world"]["veils"].clear(),
        lambda spec: spec["world"].update(roundsUp=True),
    ],
)
def test_what_is_part_of_a_scenarios_digest(change: Change) -> None:
    assert scenario(change).digest() != scenario().digest()


def test_a_variable_is_known_by_its_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(spec: dict[str, Any]) -> None:
        spec["world"]["with"]["hub"] = "${env:WINDTUNNEL_TEST_HUB}"

    with pytest.raises(BadDocument, match="WINDTUNNEL_TEST_HUB is not set"):
        scenario(change)
    monkeypatch.setenv("WINDTUNNEL_TEST_HUB", "east")
    east = scenario(change)
    monkeypatch.setenv("WINDTUNNEL_TEST_HUB", "west")
    west = scenario(change)
    assert (east.parameters.hub, west.parameters.hub) == ("east", "west")
    assert east.digest() == west.digest() != scenario().digest()


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        scenario().spec.world.tick = 3  # type: ignore[misc]


# --- charters -------------------------------------------------------------------------------------------------------

JUDGED: list[Change] = [
    lambda spec: spec["objective"].update(statement="another"),
    lambda spec: spec["clauses"][0].update(goodEnough=0.42),
    lambda spec: spec["clauses"][0].update(critical=False),
    lambda spec: spec["clauses"][0].update(because="another"),
    lambda spec: spec["clauses"][0].update(owner="operations"),
    lambda spec: spec["clauses"][1].update(slices=[]),
    lambda spec: spec["owners"][0].update(contact="elsewhere"),
    lambda spec: spec.update(confidence=0.9),
]
OPERATING: list[tuple[Change, list[str]]] = [
    (lambda s: s.update(retention="21d"), ["retention"]),
    (
        lambda s: s["clauses"][0]["rungs"].update(rollback=0.2),
        ["clauses.complaint_reduction.rungs.rollback.value"],
    ),
    (lambda s: s["clauses"][0].update(view="true"), ["clauses.complaint_reduction.view"]),
    (
        lambda s: s["clauses"][0]["rungs"]["retrain"].update(alertAfter="8d"),
        ["clauses.complaint_reduction.rungs.retrain.alertAfter"],
    ),
    (lambda s: s["playbook"][0].update(timeBudget="3d"), ["playbook.investigate.timeBudget"]),
    (
        lambda s: s.update(excludedAttributes=[]),
        ["excludedAttributes", "excludedAttributes.nationality.proxies"],
    ),
]


@pytest.mark.parametrize("change", JUDGED)
def test_the_judged_half_may_change_without_a_new_run(change: Change) -> None:
    assert charter(change).operating_digest() == charter().operating_digest()
    assert charter(change).differing_operating_keys(charter()) == []
    assert charter(change).judged_digest() != charter().judged_digest()
    assert charter(change).digest() != charter().digest()


@pytest.mark.parametrize(("change", "keys"), OPERATING)
def test_the_operating_half_may_not(change: Change, keys: list[str]) -> None:
    assert charter(change).operating_digest() != charter().operating_digest()
    assert charter(change).differing_operating_keys(charter()) == keys
    assert charter().differing_operating_keys(charter(change)) == keys


def test_order_and_spelling_are_no_part_of_a_digest() -> None:
    def change(spec: dict[str, Any]) -> None:
        spec["clauses"].reverse()
        spec["playbook"].reverse()
        spec["retention"] = "4w"
        spec["clauses"][2]["rungs"]["rollback"] = {"value": 0.10}

    assert charter(change).operating_digest() == charter().operating_digest()
    assert charter(change).judged_digest() == charter().judged_digest()


def test_limits_and_ladders() -> None:
    reduction, blocks, load = charter().spec.clauses
    assert reduction.limit() == (0.4, None)
    assert [name for name, _ in reduction.rungs.ladder] == list(RUNGS)
    assert [rung.value for _, rung in reduction.rungs.ladder] == [0.35, 0.3, 0.1, 0.0]
    assert (blocks.limit(), blocks.limit(blocks.slices[0])) == ((0.001, None), (0.005, None))
    assert load.limit() == (100.0, 20.0)
    assert load.view == "true"


def test_a_rung_without_a_step_is_a_warning() -> None:
    assert not [w for w in charter().warnings() if "playbook" in w]
    found = charter(lambda spec: spec["playbook"].pop(2)).warnings()
    assert "no playbook step for the rung 'rollback', so nobody acts on it" in found


def test_thresholds_of_a_rung_may_equal_good_enough_but_not_each_other() -> None:
    assert charter(lambda spec: spec["clauses"][0]["rungs"].update(investigate=0.4))
    with pytest.raises(BadDocument, match="below rollback"):
        charter(lambda spec: spec["clauses"][0]["rungs"].update(escalate=0.1))


# --- a trial --------------------------------------------------------------------------------------------------------


def test_what_is_loaded_together() -> None:
    loaded = trial.load(str(GOOD / "scenario.yaml"))
    assert loaded.candidates == ("logistic", "rules")
    assert loaded.candidate("logistic").policy.with_ == {"budget": 0.001, "lasts": DAY}
    assert (loaded.trial.incumbent.use, loaded.trial.incumbent.policy.use) == ("", "pass_all")
    assert loaded.features[2].window == 21 * DAY
    assert loaded.features[2].where == (("answered", 1.0),)
    assert loaded.scenario_card()["id"] == "scenario"
    assert loaded.charter_card()["operatingDigest"] == loaded.charter.operating_digest()
    assert pickle.loads(pickle.dumps(loaded)).run_digest() == loaded.run_digest()


def test_other_seeds_have_no_plan() -> None:
    loaded = trial.load(str(GOOD / "scenario.yaml"), seeds=(9, 8))
    assert (loaded.seeds, loaded.looks) == ((9, 8), (2,))


@pytest.mark.parametrize(
    ("assignment", "same"),
    [
        ("trial.candidates.logistic.policy.with.budget=0.002", False),
        ("trial.candidates.logistic.policy.with.lasts=1d", True),
        ("trial.labels.maturity=13d", False),
        ("trial.audit.share=0.002", False),
        ("description.purpose=another", True),
        ("seeds=[1, 2, 3, 4, 5, 7]", True),
    ],
)
def test_what_a_runs_digest_covers(assignment: str, same: bool) -> None:
    good = trial.load(str(GOOD / "scenario.yaml")).run_digest()
    assert (trial.load(str(GOOD / "scenario.yaml"), [assignment]).run_digest() == good) is same


def test_a_changed_feature_changes_the_run(tmp_path: Path) -> None:
    for path in GOOD.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("window: 7d", "window: 6d"), encoding="utf-8")
    loaded, good = trial.load(str(tmp_path / "scenario.yaml")), trial.load(str(GOOD / "scenario.yaml"))
    assert loaded.run_digest() != good.run_digest()


def test_any_kind_of_document_may_be_checked() -> None:
    assert isinstance(trial.load_any(str(GOOD / "charter.yaml")), Charter)
    features = trial.load_any(str(GOOD / "features.yaml"))
    assert isinstance(features, tuple)
    assert len(features) == 4


@pytest.mark.parametrize("what", ["scenario", "charter", "featureset", "verdict"])
def test_schemas_are_whole(what: str) -> None:
    schema = json_schema(what)
    definitions = schema.get("$defs", {})

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert node["$ref"].removeprefix("#/$defs/") in definitions
            for child in node.values():
                visit(child)
        elif isinstance(node, list):
            for child in node:
                visit(child)

    visit(copy.deepcopy(schema))
    assert schema["type"] == "object"
    assert schema["required"]


def test_no_schema_of_anything_else() -> None:
    with pytest.raises(UserError, match=r"did you mean 'charter'\?"):
        json_schema("charters")
