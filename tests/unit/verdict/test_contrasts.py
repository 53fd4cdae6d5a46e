"""Groups held against one another: what is compared, its interval, rulings, months. Toy counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from harness import fairness
from harness.alarms import alarms
from harness.contrasts import Contrast, contrast
from harness.intervals import Replicates, estimate
from harness.tallies import TRUE
from harness.terms import Rung
from harness.verdict import judge
from sim.core import rng
from tests.unit.verdict.counting import SEEDS, clause, counted, spec, steady

SMALL = Contrast("cls", "small")


def groups(small: float, large: float, **keys: Any) -> list[tuple[Any, ...]]:
    """Five seeds: `small` events of 1,000, and `large` of 4,000 in each of two others; seeds differ a little."""
    wobble = (0.95, 1.0, 1.05, 0.98, 1.02)
    rows = steady([(small + 2 * large) * w for w in wobble], 9000.0, **keys)
    rows += steady([small * w for w in wobble], 1000.0, slice_="cls=small", entities=200, **keys)
    for name in ("cls=a", "cls=b"):
        rows += steady([large * w for w in wobble[::-1]], 4000.0, slice_=name, entities=900, **keys)
    return rows


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (SMALL, "cls=small vs others"),
        (Contrast("cls", "small", ("a", "b")), "cls=small vs a+b"),
        (Contrast("cls", "small", (), "difference"), "cls=small minus others"),
    ],
)
def test_a_contrast_stands_where_a_label_does_and_is_read_back(one: Contrast, text: str) -> None:
    assert one.slice == text
    assert contrast(text) == one
    assert contrast("cls=small") is None
    assert contrast("all") is None


def test_the_group_is_left_out_of_the_others() -> None:
    names = ["all", "cls=a", "cls=b", "cls=small", "other=x", "cls=a vs others"]
    assert SMALL.reference(names) == ("cls=a", "cls=b")
    assert Contrast("cls", "small", ("b", "gone")).reference(names) == ("cls=b",)


def test_a_ratio_is_of_rates_and_a_difference_too() -> None:
    counts = counted(groups(40.0, 80.0), "rate")
    assert counts.estimate(("model", "m", SMALL.slice, TRUE), counts.total).value == pytest.approx(2.0)
    gap = Contrast("cls", "small", (), "difference").slice
    # A difference is the mean of the seeds' own, each of which is 0.04 w - 0.02 w' with w, w' of mean one.
    assert counts.estimate(("model", "m", gap, TRUE), counts.total).value == pytest.approx(0.02)
    one = counts.estimate(("model", "m", Contrast("cls", "small", ("a",)).slice, TRUE), counts.total)
    assert one.value == pytest.approx(2.0)
    assert counts.crowd("model", SMALL.slice, "m") == 5 * 200  # the smaller side


@pytest.mark.parametrize(
    ("small", "limit", "ruling"),
    [(20.0, 1.3, "PASS"), (40.0, 1.3, "FAIL"), (26.0, 1.3, "UNDECIDED"), (40.0, 2.5, "PASS")],
)
def test_a_comparison_is_ruled_on_like_any_clause(small: float, limit: float, ruling: str) -> None:
    counts = counted(groups(small, 80.0), "rate")
    terms = clause("lte", limit, slice=SMALL.slice, rungs=(Rung("investigate", 1.5), Rung("escalate", 5.0)))
    found = judge(counts, [terms], ["model"]).candidates[0].clauses[0]
    assert found.ruling == ruling
    assert found.rung == (
        "investigate" if small == 40.0 else "none"
    )  # twice is clear of 1.5, whatever is good enough


def test_too_small_a_group_and_one_that_was_never_counted_are_unmeasured() -> None:
    few = [(*row[:-1], 5) if row[4] == "cls=small" else row for row in groups(40.0, 80.0)]
    found = (
        judge(counted(few, "rate"), [clause("lte", 1.3, slice=SMALL.slice)], ["model"])
        .candidates[0]
        .clauses[0]
    )
    assert found.ruling == "UNMEASURED"
    assert "25 entities" in found.reason
    whole = counted(steady([10.0] * 5), "rate")
    found = judge(whole, [clause("lte", 1.3, slice=SMALL.slice)], ["model"]).candidates[0].clauses[0]
    assert found.ruling == "UNMEASURED"


def test_where_nothing_befell_the_others_there_is_no_ratio_and_no_pass() -> None:
    counts = counted(groups(40.0, 0.0), "rate")
    found = judge(counts, [clause("lte", 1.3, slice=SMALL.slice)], ["model"]).candidates[0].clauses[0]
    assert found.ruling == "UNMEASURED"
    assert "use measure: difference" in found.reason
    # Nobody of the group hit: the exact bound alone speaks, and it does not reach far below without events.
    for large, reach in ((10.0, (0.5, 1.0)), (1.0, (10.0, 60.0))):
        none = counts_of(0.0, large).estimate(("model", "m", SMALL.slice, TRUE), counts.total)
        low, high = none.bounds(0.05)
        assert (none.value, low) == (0.0, 0.0)
        assert reach[0] < high < reach[1]


def counts_of(small: float, large: float) -> Any:
    return counted(groups(small, large), "rate")


def test_rungs_watch_the_comparison_day_by_day() -> None:
    calm, unfair = groups(20.0, 80.0, days=6), groups(60.0, 80.0, days=10)
    rows = calm + [row for row in unfair if row[2] >= 6]
    terms = clause("lte", 1.3, slice=SMALL.slice, rungs=(Rung("investigate", 2.0, lookback_days=2),))
    found = alarms(counted(rows, "rate", days=10), "model", terms, terms.rungs[0])
    # A look-back that ends on day 6 holds a calm and an unfair day, twice in all: the first beyond is day 6 or 7.
    assert all(one and one[0].first in (6, 7) for one in found)
    assert counted(rows, "rate", days=10).trailing(("model", "m", SMALL.slice, TRUE), 2).shape == (5, 10)


def test_the_course_has_the_total_and_every_month() -> None:
    rows = groups(20.0, 80.0, days=30) + [row for row in groups(60.0, 80.0, days=45) if row[2] >= 30]
    counts = counted(rows, "rate", days=45)
    terms = [clause("lte", 1.3), clause("lte", 1.3, slice=SMALL.slice, name="fair")]
    found = fairness.document(counts, terms, ["model"], 0.05)
    assert found is not None
    (one,) = found["candidates"][0]["clauses"]
    assert (one["name"], one["group"], one["measure"]) == ("fair", "small", "ratio")
    assert [(m["first"], m["end"]) for m in one["months"]] == [(0, 30), (30, 45)]
    assert [round(m["value"], 2) for m in one["months"]] == [1.0, 3.0]
    assert one["total"]["group"] == pytest.approx((20 * 30 + 60 * 15) / 45 / 1000)
    assert one["total"]["low"] < one["total"]["value"] < one["total"]["high"]
    assert fairness.document(counts, terms[:1], ["model"], 0.05) is None
    assert len(fairness.lines(found)) == 2


def test_intervals_of_a_ratio_cover_what_they_say() -> None:
    """600 draws of five seeds whose rates wobble by a tenth: 95 % intervals miss at most 8.5 %; with a true miss rate
    of 5 % that is exceeded with probability 0.0002."""
    key, draws, missed = rng.key(7, "ratio"), 600, 0
    for draw in range(draws):
        level = np.exp(0.1 * rng.normal(rng.key(key % 2**31, "level"), np.arange(5), draw))
        n = rng.poisson(rng.key(key % 2**31, "n"), 15.0 * level, np.arange(5), draw)
        n0 = rng.poisson(rng.key(key % 2**31, "n0"), 30.0 * level, np.arange(5), draw)
        seen = Replicates(
            n.astype(float), np.full(5, 1e3), n0.astype(float), np.full(5, 4e3), entities=5e3, grip=0.01
        )
        low, high = estimate("ratio", seen).bounds(0.05)
        missed += not low <= 2.0 <= high
    assert missed / draws <= 0.085
    assert missed > 0, "an interval that never misses says nothing"


def test_a_ratio_of_what_may_be_negative_is_refused() -> None:
    seen = Replicates(np.array([-1.0, 2.0]), np.ones(2), np.ones(2), np.ones(2))
    found = estimate("ratio", seen)
    assert found.value is None
    assert "difference" in found.reason
    assert math.isnan(found.bounds(0.05)[0])
    assert SEEDS
    assert spec("rate").form == "rate"
