"""A trial of several desks, spoilt in one place: one fault, at its place, with what was expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import trial
from harness.schemas import json_schema
from sim.core.errors import BadDocument
from tests.unit.desks.conftest import DOCUMENTS, SCENARIO

MARGIN = '"tests.unit.desks.margin:Margin"'
PACE = "          - {name: pace, use: field, of: pace, concept: pace, reading: How open a match is, owner: business}\n"
CASES = [
    ("a desk that nobody asks", "      race:\n", "      rase:\n", "desks.rase",
     "this world asks no question 'rase', did you mean 'race'?"),
    ("a play at no desk", "          race: {use: xgb", "          raze: {use: xgb", "candidates.0.desks.raze",
     "no desk 'raze', did you mean 'race'?"),
    ("no desk for what must be acted on", "      bet:\n        labels", "      idle:\n        labels", "desks.bet",
     "missing, expected a desk for 'bet': this world asks bet, goals, idle, race"),
    ("an incumbent misspelt", "incumbent: {use: constant, ", "incumbents: {use: constant, ",
     "desks.goals.incumbents", "unknown key, did you mean 'incumbent'?"),
    ("no incumbent where prices are asked for",
     f"        incumbent: {{use: constant, policy: {{use: {MARGIN}}}}}\n", "",
     "desks.goals.incumbent", "missing, expected a mapping with use: who quotes before goLive"),
    ("an act's policy that prices", "policy: {use: fixed_threshold, with: {block_at: 0.5, stop: reject}}",
     f"policy: {{use: {MARGIN}}}", "candidates.0.desks.bet.policy.use",
     "answers quote questions, the desk bet is asked act questions"),
    ("a price's policy that acts", f"goals: {{use: logistic_regression, policy: {{use: {MARGIN}}}}}",
     "goals: {use: logistic_regression, policy: {use: pass_all}}", "candidates.1.desks.goals.policy.use",
     "answers act questions, the desk goals is asked quote questions"),
    ("a candidate of acts at a market", "goals: {use: logistic_regression,", "goals: {use: random_score,",
     "candidates.1.desks.goals.use", "answers act questions, the desk goals is asked quote questions"),
    ("a candidate that would sell nothing", f"goals: {{use: logistic_regression, policy: {{use: {MARGIN}}}}}",
     "goals: {use: logistic_regression}", "candidates.1.desks.goals.policy",
     "missing, expected a mapping with use: the incumbent of this desk has prices"),
    ("an act without a policy", "            policy: {use: fixed_threshold, with: {block_at: 0.5, stop: reject}}\n", "",
     "candidates.0.desks.bet.policy", "missing, expected a mapping with use: what to do at which score"),
    ("an action of no desk", "stop: reject", "stop: rejekt", "candidates.0.desks.bet.policy.with.stop",
     "unknown action 'rejekt', did you mean 'reject'?"),
    ("labels that tell nothing here", "labels: {positives: [flag, check]", "labels: {positives: [result]",
     "desks.bet.labels.positives", "none of its positives tells of labels here, expected one of flag, check"),
    ("labels of all that tell nothing here", "labels: {positives: [result]", "labels: {positives: [flag]",
     "desks.race.labels", "expected one of result"),
    ("an unknown stream", "positives: [flag, check]", "positives: [flag, chek]", "desks.bet.labels.positives.1",
     "unknown stream 'chek', did you mean 'check'?"),
    ("audits at a market", "incumbent: {use: constant,", "audit: {share: 0.1}\n        incumbent: {use: constant,",
     "desks.goals.audit", "nobody is acted on or verified"),
    ("a feature that is not there", "features: [pace]", "features: [pase]", "desks.race.incumbent.features.0",
     "no feature 'pase' in the feature set, did you mean 'pace'?"),
    ("a feature of another desk's question", "of: stake,", "of: strength,", "desks.bet.features.0.of",
     "signalling has no field 'strength'"),
    ("no features where something scores", f"        features:\n{PACE}        incumbent: {{use: constant",
     "        incumbent: {use: constant", "desks.goals.features",
     "missing, expected the id of a feature set, or a list of features"),
    ("a key of a single desk", "    ledger: {keep", "    features: telco/robocall-v1\n    ledger: {keep", "features",
     "unknown key"),
    ("a candidate without a desk", "      - name: only-goals\n        desks:\n          goals:",
     "      - name: only-goals\n        desk:\n          goals:", "candidates.1.desk",
     "unknown key, did you mean 'desks'?"),
    ("the incumbent's name", "name: boosted", "name: incumbent", "candidates.0.name",
     "is what candidates are compared"),
    ("two candidates of a name", "name: only-goals", "name: boosted", "candidates.1.name", "twice"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The two documents."""
    for path in DOCUMENTS.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.mark.parametrize(("name", "old", "new", "key", "says"), CASES, ids=[case[0] for case in CASES])
def test_one_fault(folder: Path, name: str, old: str, new: str, key: str, says: str) -> None:
    good = SCENARIO.read_text(encoding="utf-8")
    assert good.count(old) >= 1, "the good document has changed"
    (folder / "book.yaml").write_text(good.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadDocument) as caught:
        trial.load(str(folder / "book.yaml"))
    told = {fault.key: fault for fault in caught.value.faults}
    assert f"spec.trial.{key}" in told, str(caught.value)
    fault = told[f"spec.trial.{key}"]
    assert says in fault.what
    assert fault.line > 0
    assert "\n" not in str(fault)


def test_several_kinds_need_desks(folder: Path) -> None:
    text = SCENARIO.read_text(encoding="utf-8")
    single = text[: text.index("    desks:")] + text[text.index("    candidates:") :]
    (folder / "book.yaml").write_text(single, encoding="utf-8")
    with pytest.raises(
        BadDocument, match=r"desks: missing, expected a desk for each .*: bet, goals, idle, race"
    ):
        trial.load(str(folder / "book.yaml"))


def test_a_holdout_beside_a_baseline_is_found_at_any_desk(folder: Path) -> None:
    text = SCENARIO.read_text(encoding="utf-8").replace(
        "        audit:", "        holdout: {share: 0.1}\n        audit:"
    )
    text = text.replace("    desks:\n", "    baseline: {span: 7d, labelAge: 1d}\n    desks:\n", 1)
    (folder / "book.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadDocument, match="expected one of them"):
        trial.load(str(folder / "book.yaml"))


def test_a_charter_may_be_cut_by_desk_and_names_desks_that_are_there(folder: Path) -> None:
    charter = (DOCUMENTS / "charter.yaml").read_text(encoding="utf-8")
    (folder / "charter.yaml").write_text(charter.replace("[race, goals]", "[race, gaols]"), encoding="utf-8")
    with pytest.raises(BadDocument, match=r"desk has no label 'gaols', did you mean 'goals'"):
        trial.load(str(folder / "book.yaml"))


def test_check_says_who_plays_which_desk() -> None:
    from harness.checking import examine

    told = list(examine(trial.load(str(SCENARIO)), "book"))
    desks = [line.strip() for line in told if line.strip().startswith("desk ")]
    assert [line.split()[1].rstrip(":") for line in desks] == ["race", "goals", "idle", "bet"]
    assert "incumbent logistic_regression + " in desks[0]
    assert "only-goals as the incumbent" in desks[0]
    assert desks[2] == "desk idle: nobody; its market stays closed"


def test_the_schema_knows_both_forms() -> None:
    schema = json_schema("scenario")
    forms = schema["$defs"]["Spec"]["properties"]["trial"]["anyOf"]
    assert forms == [{"$ref": "#/$defs/Trial"}, {"$ref": "#/$defs/DesksTrial"}]
    assert {"desks", "candidates"} <= set(schema["$defs"]["DesksTrial"]["required"])
    assert {"Play", "DeskTrial", "Lineup", "Labels"} <= set(schema["$defs"])
    assert "$defs" not in schema["$defs"]["DesksTrial"]
    json.dumps(schema)
