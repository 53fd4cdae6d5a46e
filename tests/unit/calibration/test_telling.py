"""Findings told: rulings, tables, files, the picture. Hand-made findings; no world is played."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from harness import calibrating
from harness.report.calibration import place
from sim.core.calibration import Check, Estimate, Figure, Finding, Measure, Study
from sim.core.errors import UserError

STUDY = Study("here", "a study", "toy/one", {"lines": 40}, {"lines": 4}, days=7)


def finding(value: float | None, low: float, high: float, number: int = 1, figure: str = "x") -> Finding:
    """A finding of a figure whose target is [1, 2]."""
    own = Figure(figure, 1.0, 2.0, "s")
    check = Check(
        number, f"statistic {number}", "emergent", "afar", "a paper", (), weak="old", note="because"
    )
    return Finding(check, STUDY, own, Estimate(value, low, high, 9, "by hand", "" if value else "not there"))


FOUND = [
    finding(1.5, 1.2, 1.8),
    finding(1.1, 0.9, 1.3, figure="y"),
    finding(2.5, 2.2, 2.8, number=2),
    finding(2.1, 1.9, 2.3, number=3),
    finding(None, np.nan, np.nan, number=4),
]


def test_rulings() -> None:
    assert [calibrating.ruling(one) for one in FOUND] == [
        "holds", "holds, near", "does not hold", "does not hold, near", "UNMEASURED",
    ]  # fmt: skip
    assert calibrating.last_line(FOUND) == "1 of 4 checks hold"


def test_a_check_holds_only_when_all_its_figures_do() -> None:
    assert calibrating.holding([FOUND[0], finding(3.0, 2.9, 3.1, figure="y")]) == (0, 1)


def test_the_bounds_belong_to_the_target() -> None:
    assert finding(1.0, 1.0, 1.0).holds
    assert finding(2.0, 2.0, 2.0).holds
    assert not finding(2.0001, 2.0, 2.1).holds


def test_the_table_says_all() -> None:
    lines = calibrating.table(FOUND, (1, 2, 3), False)
    assert lines[-1] == "1 of 4 checks hold"
    text = "\n".join(lines)
    for word in (
        "[emergent]",
        "afar",
        "a paper; weak: old",
        "40 lines x 7 days x 3 seeds",
        "1 .. 2 s",
        "by hand",
    ):
        assert word in text, word
    assert text.count("why: because") == 3, "only where a check does not hold"
    assert "4 lines x 7 days x 1 seed" in "\n".join(calibrating.table(FOUND, (1,), True))


def test_files_repeat_and_read_back(tmp_path: Path) -> None:
    found = calibrating.document("toy", FOUND, (1, 2), False, ())
    one = {path.name: path.read_bytes() for path in calibrating.write(tmp_path / "a", found, FOUND, False)}
    two = {path.name: path.read_bytes() for path in calibrating.write(tmp_path / "b", found, FOUND, False)}
    assert one == two
    assert one[calibrating.PICTURE].startswith(b"\x89PNG")
    read = json.loads(one[calibrating.JSON])
    assert (read["hold"], read["checks"]) == (1, 4)
    assert read["findings"][4]["value"] is None
    rows = list(csv.DictReader(one[calibrating.CSV].decode().splitlines()))
    assert [row["holds"] for row in rows] == ["True", "True", "False", "False", ""]
    table = one[calibrating.MARKDOWN].decode().strip()
    assert table.endswith("1 of 4 checks hold")
    assert table.count(", 40 lines x 7 days x 2 seeds |") == len(FOUND)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    found = calibrating.document("toy", FOUND, (1,), False, ())
    with pytest.raises(UserError, match="cannot be written"):
        calibrating.write(tmp_path / "file" / "inner", found, FOUND, False)


def test_where_dots_stand() -> None:
    assert place(Figure("x", 10, 30), 20) == 0.5
    assert place(Figure("x", 150, np.inf), 150) == 0.0
    assert place(Figure("x", 150, np.inf), 300) == 1.0


CHECKS = tuple(one.check for one in FOUND[1:])


def test_choosing() -> None:
    assert [check.number for check in calibrating.choose(CHECKS, "3,1")] == [1, 3]
    assert calibrating.choose(CHECKS, None) == CHECKS
    for wrong in ("9", "x", "", "1,", "1,1", "1, 1", "1,01"):
        with pytest.raises(UserError, match="--check"):
            calibrating.choose(CHECKS, wrong)


def test_a_study_says_what_it_lays_over_its_scenario() -> None:
    said = STUDY.sets(quick=True)
    assert "world.with.lines=4" in said
    assert "world.horizon=7d" in said
    moved = Study("there", "", "toy/one", levers={"pull": 0.25})
    assert moved.sets(quick=False) == ("world.levers.pull=0.25",)
    assert Measure(STUDY, (), lambda: None).study.described() == "40 lines x 7 days"  # type: ignore[arg-type, return-value]
