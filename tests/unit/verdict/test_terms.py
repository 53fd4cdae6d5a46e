"""From a charter to the judge's terms, and what the judge makes of a whole charter."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from harness.charter import Charter
from harness.terms import Rung, terms
from harness.verdict import judge
from tests.unit.verdict.counting import counted, spec, steady

SLICES = {"caller_class": ("clinic", "school", "robocaller")}


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
    (found,) = terms(charter(BLOCKS), SLICES)
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
    whole, clinic, school = terms(charter(BLOCKS | {"slices": parts}), SLICES)
    assert [one.slice for one in (whole, clinic, school)] == [
        "all",
        "caller_class=clinic",
        "caller_class=school",
    ]
    assert (clinic.good_enough, clinic.min_entities, clinic.rungs, clinic.critical) == (0.005, 40, (), True)
    assert clinic.title == "blocks [caller_class=clinic]"
    everyone = terms(charter(BLOCKS | {"slices": [{"by": "caller_class"}]}), SLICES)
    assert [one.slice for one in everyone[1:]] == [
        f"caller_class={label}" for label in SLICES["caller_class"]
    ]
    assert everyone[1].good_enough == whole.good_enough


def test_within_is_read_as_target_and_half_width() -> None:
    margin = {
        "name": "margin",
        "metric": "m",
        "op": "within",
        "goodEnough": {"target": 0.05, "halfWidth": 0.01},
    }
    (found,) = terms(charter(margin | {"rungs": {"escalate": 0.02}}), {})
    assert found.good == pytest.approx((0.04, 0.06))
    assert found.band(found.ladder[0].value) == pytest.approx((0.03, 0.07))


def test_a_slice_that_the_world_does_not_have_is_told_and_not_passed_over() -> None:
    clauses = terms(charter(BLOCKS | {"slices": [{"by": "county", "goodEnough": 0.5}]}), SLICES)
    rows = steady([0.0] * 5)
    found = judge(counted(rows, {"m": spec("rate")}), clauses, ["model"])
    assert found.champion is not None
    assert [one.ruling for one in found.champion.clauses] == ["PASS", "UNMEASURED"]
    assert found.exit_code == 4
