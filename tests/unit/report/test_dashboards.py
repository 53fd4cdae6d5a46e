"""Where dashboards and truth part: which sentences are told of which rulings, and that the page has them.

Knows: a synthetic run with other rulings. Does not know: how a view was made.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.report import dashboards, reading
from harness.report.record import Clause, Run

BLIND = {
    "days": None,
    "low": 21.0,
    "high": None,
    "never": 4,
    "seeds": 5,
    "observed": True,
    "confidence": 0.94,
}
BROKEN = {"days": 16.0, "low": 14.0, "high": 20.0, "never": 0, "seeds": 5, "confidence": 0.94}


@pytest.fixture
def run(fresh: Path) -> Run:
    return reading.read_run(fresh)


def judged(run: Run, truly: str, seen: str, **more: Any) -> Run:
    """The champion with one critical clause, ruled so in truth and as observed."""
    assert run.champion is not None
    first = next(
        c for c in run.champion.clauses if c.critical and c.slice == "all" and c.op in ("gte", "lte")
    )
    clause: Clause = replace(
        first, ruling=truly, observed=0.4, observed_low=0.3, observed_high=0.5, observed_ruling=seen, **more
    )
    champion = replace(run.champion, clauses=(clause,))
    others = tuple(c for c in run.candidates if c is not run.champion)
    document = {
        "candidates": [
            {"name": champion.name, "clauses": [{"name": clause.name, "broken": BROKEN, "blind": BLIND}]}
        ]
    }
    (run.folder / "decay.json").write_text(json.dumps(document), encoding="utf-8")
    return replace(run, candidates=(champion, *others))


def test_dashboards_that_look_fine_while_the_charter_is_broken(run: Run) -> None:
    (told,) = dashboards.parted(judged(run, "FAIL", "PASS"))
    assert "would pass it; in truth" in told
    assert "and fails. Broken from day 16 (14 to 20)" in told
    assert (
        "on 4 of 5 broken seeds nobody could have known by the horizon, a blind spot of 21 days at least"
        in told
    )


def test_dashboards_that_look_broken_while_nothing_is(run: Run) -> None:
    (told,) = dashboards.parted(judged(run, "PASS", "FAIL"))
    assert "would fail it; in truth" in told
    assert "and passes." in told
    assert "blind" not in told.lower()


def test_what_nobody_observes_is_said_so(run: Run) -> None:
    (told,) = dashboards.parted(judged(run, "FAIL", "UNMEASURED"))
    assert "no dashboard shows it: nobody observes it" in told


@pytest.mark.parametrize(
    ("truly", "seen"),
    [("PASS", "PASS"), ("FAIL", "FAIL"), ("PASS", "UNDECIDED"), ("UNDECIDED", "PASS"), ("PASS", "UNMEASURED"),
     ("UNMEASURED", "FAIL")],
)  # fmt: skip
def test_nothing_is_told_where_they_agree_or_nothing_is_broken(run: Run, truly: str, seen: str) -> None:
    assert dashboards.parted(judged(run, truly, seen)) == ()
