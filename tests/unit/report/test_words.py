"""Units, limits and sentences."""

from __future__ import annotations

import pytest

from harness.report import words
from harness.report.reading import _clause
from harness.report.record import Candidate, Clause

NB = "\u00a0"


def clause(**fields: object) -> Clause:
    plain = {
        "name": "blocks",
        "metric": "m",
        "ruling": "PASS",
        "critical": True,
        "value": 0.0008,
        "low": 0.0007,
        "high": 0.0009,
    }
    return _clause(plain | {"op": "lte", "threshold": 0.001, "unit": "ratio"} | fields, {})


@pytest.mark.parametrize(
    ("value", "unit", "difference", "told"),
    [
        (0.001, "ratio", False, "0.1 %"),
        (0.4, "ratio", False, "40 %"),
        (0.00005, "ratio", False, "0.005 %"),
        (1.0, "share", False, "100 %"),
        (0.0, "ratio", False, "0 %"),
        (-0.0031, "share", True, "−0.31 p. p."),
        (0.01, "pp", False, "1 p. p."),
        (38.2, "percent", False, "38.2 %"),
        (61.0, "per day", False, "61 per day"),
        (1234567.0, "calls per day", False, "1\u202f234\u202f567 calls per day"),
        (0.19134, "nats", False, "0.191 nats"),
        (12.0, "count", False, "12"),
        (1e-12, "ratio", False, "0.0000000001 %"),
        (None, "ratio", False, "–"),
        (float("inf"), "ratio", False, "– %"),
    ],
)
def test_a_value_in_its_unit(value: float | None, unit: str, difference: bool, told: str) -> None:
    assert words.Scale.of(unit, difference=difference).text(value).replace(NB, " ") == told


def test_a_value_beside_its_threshold_is_told_apart_from_it() -> None:
    assert words.value_text(clause(value=0.0010004)).replace(NB, " ") == "0.10004 %"
    assert words.value_text(clause(value=0.001)).replace(NB, " ") == "0.1 %"
    assert words.value_text(clause(value=0.00123456)).replace(NB, " ") == "0.123 %"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"op": "gte", "threshold": 0.4}, "at least 40 %"),
        ({"op": "lte", "threshold": 0.001}, "at most 0.1 %"),
        ({"op": "within", "threshold": 0.0, "halfWidth": 0.01}, "within 1 p. p. of 0"),
        ({"op": "within", "threshold": 0.05, "halfWidth": 0.01}, "within 1 p. p. of 5 %"),
        ({"op": "within", "threshold": 5, "halfWidth": 1, "unit": "percent"}, "within 1 p. p. of 5 %"),
        ({"threshold": None}, "–"),
    ],
)
def test_a_limit_in_words(fields: dict[str, object], told: str) -> None:
    assert words.limit_text(clause(**fields)).replace(NB, " ") == told


@pytest.mark.parametrize(
    ("name", "slice_", "told"),
    [
        ("hard_false_blocks", "all", "Hard false blocks"),
        ("hard_false_blocks", "caller_class=clinic", "Hard false blocks: clinic"),
        ("blocks [caller_class=clinic]", "caller_class=clinic", "Blocks: clinic"),
        ("blocks_clinic", "caller_class=clinic", "Blocks clinic"),
        ("", "all", "(no name)"),
    ],
)
def test_a_title(name: str, slice_: str, told: str) -> None:
    assert words.title(clause(name=name, slice=slice_)) == told


def judged(verdict: str, *clauses: Clause, reason: str = "") -> Candidate:
    return Candidate("booster", True, verdict, "none", clauses, reason)


def test_why_speaks_of_the_gravest_critical_clause() -> None:
    mild = clause(name="mild", ruling="FAIL", rung="investigate")
    grave = clause(name="grave", ruling="FAIL", rung="escalate")
    loud = clause(name="loud", ruling="FAIL", rung="escalate", critical=False)
    told = words.why(judged("FAIL", mild, loud, grave, clause(ruling="UNDECIDED")))
    assert told.startswith("booster breaks the charter. “Grave” is ")
    assert "2 more fail, 1 is undecided." in told


def test_why_of_every_verdict() -> None:
    assert words.why(judged("PASS", clause(), clause())).startswith("booster keeps all 2 clauses")
    kept = words.why(judged("PASS", clause(), clause(name="spare", critical=False, ruling="UNMEASURED")))
    assert "Spare (UNMEASURED)" in kept
    open_ = words.why(judged("UNDECIDED", clause(ruling="UNDECIDED", wouldDecide="about 12 more seeds")))
    assert "cannot tell" in open_
    assert "about 12 more seeds." in open_
    assert "No label came." in words.why(
        judged("UNMEASURED", clause(ruling="UNMEASURED", value=None, reason="no label came"))
    )
    assert "Nothing was judged" in words.why(judged("UNMEASURED"))
    told = words.why(
        judged("UNMEASURED", clause(critical=False), reason="the charter has no critical clause to decide by")
    )
    assert told.endswith("The charter has no critical clause to decide by.")


def test_a_breached_ladder_is_read_mildest_first() -> None:
    held = clause(
        rungs={"escalate": 0.005, "investigate": {"value": 0.0012}, "rollback": 0.003, "retrain": None}
    )
    assert held.rungs == (("investigate", 0.0012), ("rollback", 0.003), ("escalate", 0.005))
    assert [words.severity(rung) for rung, _ in held.rungs] == [1, 3, 4]
    assert words.severity("none") == 0
