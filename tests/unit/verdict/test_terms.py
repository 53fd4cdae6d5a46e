"""From a charter to the judge's terms, and what the judge makes of a whole charter."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any, Literal

import pytest

from harness.charter import Charter
from harness.terms import Rung, terms
from harness.verdict import judge
from sim.core import plugins
from sim.core.world import Slice
from tests.unit.verdict.counting import counted, spec, steady

CLASSES = ("clinic", "school", "robocaller")
SLICES = {"caller_class": Slice("caller_class", "caller_class", CLASSES, (True, True, False))}


def charter(*clauses: dict[str, Any]) -> Charter:
    whole = {
        "apiVersion": "windtunnel/v1",
        "kind": "Charter",
        "metadata": {"name": "tiny", "version": "1.0.0"},
        "spec": {
            "description": {"purpose": "a test", "usage": "a test", "limitations": "a test"},
            "objective": {"statement": "keep it"},
            "owners": [{"role": "legal", "name": "L", "contact": "l@example"}],
            "clauses": [
                {"unit": "ratio", "owner": "legal", "because": "a reason", **clause} for clause in clauses
            ],
        },
    }
    return Charter.model_validate_json(json.dumps(whole))


BLOCKS = {
    "name": "blocks",
    "metric": "m",
    "op": "lte",
    "critical": True,
    "goodEnough": 0.001,
    "rungs": {
        "escalate": 0.01,
        "investigate": 0.002,
        "retrain": {"value": 0.004, "lookbackWindow": "36h", "alertAfter": "2d"},
    },
}


def test_a_clause_becomes_terms_with_rungs_in_whole_days() -> None:
    (found,) = terms(charter(BLOCKS), SLICES, {})
    assert (found.name, found.metric, found.slice, found.critical, found.op) == (
        "blocks",
        "m",
        "all",
        True,
        "lte",
    )
    assert (found.good, found.owner, found.because, found.view) == (
        (-math.inf, 0.001),
        "legal",
        "a reason",
        "observed",
    )
    assert found.ladder == (
        Rung("investigate", 0.002, 28, 1),
        Rung("retrain", 0.004, 2, 2),
        Rung("escalate", 0.01, 28, 1),
    )


def test_a_slice_is_one_clause_for_each_label_without_rungs() -> None:
    parts = [{"by": "caller_class", "goodEnough": 0.005, "only": ["clinic", "school"], "minEntities": 40}]
    whole, clinic, school = terms(charter(BLOCKS | {"slices": parts}), SLICES, {})
    assert [one.slice for one in (whole, clinic, school)] == [
        "all",
        "caller_class=clinic",
        "caller_class=school",
    ]
    assert (clinic.good_enough, clinic.min_entities, clinic.rungs, clinic.critical) == (0.005, 40, (), True)
    assert clinic.title == "blocks [caller_class=clinic]"
    everyone = terms(charter(BLOCKS | {"slices": [{"by": "caller_class"}]}), SLICES, {})
    assert [one.slice for one in everyone[1:]] == [f"caller_class={label}" for label in CLASSES]
    assert everyone[1].good_enough == whole.good_enough


@pytest.mark.parametrize(
    ("about", "expected"),
    [("lawful", ["clinic", "school"]), ("unlawful", ["robocaller"]), ("all", list(CLASSES))],
)
def test_a_slice_without_only_is_held_for_those_that_the_metric_is_about(
    about: Literal["all", "lawful", "unlawful"], expected: list[str]
) -> None:
    specs = {"m": replace(spec("rate"), about=about)}
    found = terms(charter(BLOCKS | {"slices": [{"by": "caller_class"}]}), SLICES, specs)
    assert [one.slice for one in found[1:]] == [f"caller_class={label}" for label in expected]
    named = {"by": "caller_class", "only": ["robocaller"]}
    assert len(terms(charter(BLOCKS | {"slices": [named]}), SLICES, specs)) == 2
    untold = {"caller_class": replace(SLICES["caller_class"], lawful=())}
    assert len(terms(charter(BLOCKS | {"slices": [{"by": "caller_class"}]}), untold, specs)) == 4


def test_what_befalls_the_lawful_is_not_asked_of_the_unlawful() -> None:
    """Of the telco world's own classes, every shipped metric that may be cut by them."""
    classes = plugins.load("world", "telco").slices["caller_class"]
    for name in plugins.names("metric"):
        about = plugins.load("metric", name).spec
        if "caller_class" not in about.slices:
            continue
        clause = BLOCKS | {"metric": name, "slices": [{"by": "caller_class"}]}
        labels = [one.slice for one in terms(charter(clause), {"caller_class": classes}, {name: about})[1:]]
        lawful = [f"caller_class={c}" for c, good in zip(classes.labels, classes.lawful) if good]
        if name in ("hard_false_blocks", "lawful_hindered", "lawful_answered"):
            assert labels == lawful
        else:
            assert len(labels) == (
                classes.lawful.count(False) if name == "detection_rate" else len(classes.labels)
            )


def test_within_is_read_as_target_and_half_width() -> None:
    margin = {
        "name": "margin",
        "metric": "m",
        "op": "within",
        "goodEnough": {"target": 0.05, "halfWidth": 0.01},
    }
    (found,) = terms(charter(margin | {"rungs": {"escalate": 0.02}}), {}, {})
    assert found.good == pytest.approx((0.04, 0.06))
    assert found.band(found.ladder[0].value) == pytest.approx((0.03, 0.07))


def test_a_slice_that_the_world_does_not_have_is_told_and_not_passed_over() -> None:
    clauses = terms(charter(BLOCKS | {"slices": [{"by": "county", "goodEnough": 0.5}]}), SLICES, {})
    rows = steady([0.0] * 5)
    found = judge(counted(rows, {"m": spec("rate")}), clauses, ["model"])
    assert found.champion is not None
    assert [one.ruling for one in found.champion.clauses] == ["PASS", "UNMEASURED"]
    assert found.exit_code == 4
