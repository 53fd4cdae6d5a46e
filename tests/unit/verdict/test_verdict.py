"""Who decides: critical clauses, candidates, exit codes, verdict.json."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.measure import canonical
from harness.tallies import tallies
from harness.terms import Rung
from harness.verdict import Verdict, document, judge
from tests.unit.verdict.counting import SEEDS, clause, counted, spec, steady, table

SPECS = {name: spec("mean", name) for name in ("good", "bad", "vague", "gone")}
LEVELS = (Rung("investigate", 0.2), Rung("retrain", 0.3), Rung("rollback", 0.4), Rung("escalate", 0.5))


def verdict_of(
    critical: str, others: str = "", bad: float = 110.0, rungs: tuple[Rung, ...] = LEVELS
) -> Verdict:
    """Clauses by their first letters: good PASS, bad FAIL, vague UNDECIDED, gone UNMEASURED; threshold 0.1."""
    rows = steady([10.0] * 5, metric="good") + steady([bad] * 5, metric="bad")
    rows += steady([80.0, 120, 90, 110, 100], metric="vague")
    names = {name[0]: name for name in ("good", "bad", "vague")} | {"u": "gone"}
    clauses = [
        clause("lte", 0.1, name=f"{letter}{i}", metric=names[letter], critical=i < len(critical), rungs=rungs)
        for i, letter in enumerate(critical + others)
    ]
    return judge(counted(rows, SPECS), clauses, ["model"])


@pytest.mark.parametrize(
    ("critical", "others", "verdict", "code"),
    [
        ("g", "", "PASS", 0),
        ("gg", "gg", "PASS", 0),
        ("gv", "", "UNDECIDED", 3),
        ("gu", "", "UNMEASURED", 4),
        ("vu", "", "UNMEASURED", 4),
        ("gb", "", "FAIL", 10),
        ("bu", "", "FAIL", 10),
        ("bv", "", "FAIL", 10),
        ("g", "b", "PASS", 0),
        ("g", "v", "PASS", 0),
        ("g", "u", "PASS", 4),
        ("v", "u", "UNDECIDED", 4),
        ("b", "u", "FAIL", 10),
        ("", "g", "UNMEASURED", 4),
        ("", "b", "UNMEASURED", 4),
        ("", "", "UNMEASURED", 4),
    ],
)
def test_what_decides_and_how_the_command_ends(critical: str, others: str, verdict: str, code: int) -> None:
    found = verdict_of(critical, others)
    assert found.champion is not None
    assert (found.champion.verdict, found.exit_code) == (verdict, code)
    assert bool(found.missing) == ("u" in critical + others or not critical)


@pytest.mark.parametrize(
    ("bad", "level", "code"),
    [
        (110, "none", 10),
        (210, "investigate", 10),
        (310, "retrain", 11),
        (410, "rollback", 12),
        (990, "escalate", 13),
    ],
)
def test_a_broken_charter_ends_by_its_worst_rung(bad: float, level: str, code: int) -> None:
    found = verdict_of("gb", bad=bad)
    assert found.champion is not None
    assert (found.champion.level, found.exit_code) == (level, code)
    assert verdict_of("gb", bad=bad, rungs=()).exit_code == 10


def test_a_clause_that_is_not_critical_moves_no_level_but_is_told() -> None:
    found = verdict_of("g", "b", bad=990)
    assert found.champion is not None
    assert (found.champion.level, found.exit_code) == ("none", 0)
    assert any("not critical, but beyond its rung 'escalate'" in text for text in found.warnings)


def test_nobody_judged_is_no_pass() -> None:
    found = judge(counted(steady([1.0] * 5), "mean"), [clause()], [])
    assert found.exit_code == 4
    assert found.missing


def test_empty_counts_are_unmeasured_everywhere() -> None:
    found = judge(tallies(table([]), {"m": spec("rate")}, SEEDS, 10), [clause(), clause("gte")], ["model"])
    assert found.champion is not None
    assert {c.ruling for c in found.champion.clauses} == {"UNMEASURED"}
    assert found.exit_code == 4


def test_the_reason_why_a_world_cannot_measure_is_passed_on() -> None:
    found = judge(counted([], "rate"), [clause()], ["model"], unmeasured={"m": "m needs odds"})
    assert found.missing == ("model: c: m needs odds",)


def test_the_champion_alone_decides_how_the_command_ends() -> None:
    rows = steady([10.0] * 5) + steady([500.0] * 5, candidate="rival")
    counts = counted(rows, "mean")
    assert judge(counts, [clause()], ["model", "rival"]).exit_code == 0
    swapped = judge(counts, [clause(rungs=LEVELS)], ["rival", "model"])
    assert swapped.exit_code == 12
    assert [one.champion for one in swapped.candidates] == [True, False]


def test_more_seeds_are_asked_for_while_a_critical_clause_is_undecided() -> None:
    assert not verdict_of("gv").settled
    assert not verdict_of("bv").settled
    assert verdict_of("g", "v").settled
    assert verdict_of("gbu").settled


def test_the_order_of_rows_does_not_matter() -> None:
    chance = np.random.default_rng(4)
    rows = []
    for day in [*range(20), *range(20), *range(20)]:  # several rows of one key, as several ledgers write them
        rows += [(*row[:2], day, *row[3:]) for row in steady(chance.uniform(5, 15, 5) / 3, 100 / 7)]
        rows += [
            (*row[:2], day, *row[3:])
            for row in steady(chance.uniform(15, 25, 5) / 3, 100 / 7, candidate="incumbent")
        ]
    specs = {"m": spec("reduction")}
    frame = table(rows)

    def judged(order: np.ndarray) -> str:
        found = judge(tallies(frame.iloc[order], specs), [clause("gte", 0.4)], ["model"])
        return repr(found)

    first = judged(np.arange(len(frame)))
    assert all(judged(chance.permutation(len(frame))) == first for _ in range(5))


def test_the_document_is_plain_canonical_json_with_every_field() -> None:
    found = verdict_of("gbvu")
    plain = document(
        found, run="abc", scenario={"name": "s", "digest": "d"}, charter={"name": "c", "version": "1"}
    )
    text = canonical(plain)
    again = json.loads(text)
    assert canonical(again) == text
    top = "schemaVersion run scenario charter verdict level exitCode actions candidates missing warnings"
    assert set(top.split()) == set(again)
    assert (again["verdict"], again["exitCode"]) == ("FAIL", 10)
    clauses = again["candidates"][0]["clauses"]
    asked = (
        "name metric slice critical ruling value low high n seeds op threshold halfWidth unit rung margin observed "
        "firstBreachAt owner because reason wouldDecide varianceRatio adjusted perSeed"
    )
    assert all(set(asked.split()) <= set(one) for one in clauses)
    assert [one["ruling"] for one in clauses] == ["PASS", "FAIL", "UNDECIDED", "UNMEASURED"]
    assert clauses[3]["value"] is None
    assert clauses[0]["perSeed"] == {str(seed): 0.01 for seed in SEEDS}
    assert clauses[2]["wouldDecide"].startswith("no number of seeds")
