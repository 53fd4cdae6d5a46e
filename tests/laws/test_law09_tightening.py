"""Law 9: over fixed measurements, tightening a judged threshold never turns FAIL into PASS.

Counts are drawn by hypothesis over all forms and ops, critical or not, with few and many events, zeros, equal seeds and
seeds without exposure. What is shown is stronger: a FAIL stays a FAIL, for the clause, the candidate and the exit code.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, get_args

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from harness.kinds import Form
from harness.tallies import Tallies
from harness.terms import ClauseTerms, Rung
from harness.verdict import CandidateVerdict, judge
from tests.unit.verdict.counting import clause, counted, spec

FORMS = get_args(Form)
METRICS = ("m", "other", "third")


@st.composite
def measurements(draw: st.DrawFn, exposure: tuple[int, ...] = (0, 6000, 6000, 6000, 9000)) -> Tallies:
    """Counts of three metrics of one candidate and the incumbent over 4 to 9 seeds and two days."""
    seeds = draw(st.integers(4, 9))
    rows: list[tuple[Any, ...]] = []
    specs = {name: spec(draw(st.sampled_from(FORMS)), name) for name in METRICS}
    for name in METRICS:
        events = draw(st.sampled_from((0, 1, 4, 60, 5000)))
        spread = draw(st.sampled_from((0, 0.05, 0.5)))
        for candidate in ("model", "incumbent"):
            level = draw(st.integers(0, events))
            counts = draw(
                st.lists(st.integers(level - int(spread * level), level), min_size=seeds, max_size=seeds)
            )
            seen = draw(st.lists(st.sampled_from(exposure), min_size=seeds, max_size=seeds))
            for seed, (n, d) in enumerate(zip(counts, seen, strict=True)):
                rows += [(candidate, seed, day, name, "all", "true", n / 2, d / 2, 400) for day in (0, 1)]
    return counted(rows, specs, seeds=tuple(range(seeds)))


@st.composite
def ladders(draw: st.DrawFn) -> tuple[ClauseTerms, ClauseTerms]:
    """A clause, and the same clause with a tighter threshold."""
    op = draw(st.sampled_from(("gte", "lte", "within")))
    step = draw(st.floats(0, 0.5))
    rungs = (Rung("investigate", draw(st.floats(-1, 1))),)
    critical = draw(st.booleans())
    if op == "within":
        target, wide = draw(st.floats(-1, 1)), draw(st.floats(0.001, 1))
        loose = clause(op, math.nan, target=target, half_width=wide, rungs=rungs, critical=critical)
        return loose, replace(loose, half_width=wide * (1 - step))
    good = draw(st.floats(-1, 1))
    loose = clause(op, good, rungs=rungs, critical=critical)
    return loose, replace(loose, good_enough=good + (step if op == "gte" else -step))


def champion(counts: Tallies, clauses: list[ClauseTerms]) -> CandidateVerdict:
    found = judge(counts, clauses, ["model"]).champion
    assert found is not None
    return found


@settings(max_examples=250, deadline=None, derandomize=True)
@given(measurements(), ladders(), st.floats(-1, 1), st.floats(-1, 1), st.booleans(), st.data())
def test_a_tighter_threshold_never_turns_fail_into_pass(
    counts: Tallies,
    pair: tuple[ClauseTerms, ClauseTerms],
    second: float,
    third: float,
    critical: bool,
    data: st.DataObject,
) -> None:
    loose, tight = pair
    if data.draw(st.booleans()):
        # thresholds near what was measured, where rulings change
        value = counts.estimate(("model", "m", "all", "true"), counts.total).value
        assume(value is not None)
        assert value is not None
        shift = value - (loose.target if loose.op == "within" else loose.good_enough)
        shift += data.draw(st.sampled_from((-0.5, -0.1, -0.02, 0, 0.02, 0.1, 0.5))) * (abs(value) + 1e-3)
        loose, tight = (
            replace(one, target=one.target + shift, good_enough=one.good_enough + shift)
            for one in (loose, tight)
        )
    partners = [
        clause("lte", second, name="other", metric="other", critical=critical),
        clause("gte", third, name="third", metric="third", critical=False),
    ]
    before, after = (champion(counts, [one, *partners]) for one in (loose, tight))
    event(f"{before.clauses[0].ruling} -> {after.clauses[0].ruling}")
    if before.clauses[0].ruling == "FAIL":
        assert after.clauses[0].ruling == "FAIL"
    if after.clauses[0].ruling == "PASS":
        assert before.clauses[0].ruling == "PASS"
    if before.verdict == "FAIL":
        assert after.verdict == "FAIL"
        assert after.exit_code >= 10
    if after.verdict == "PASS":
        assert before.verdict == "PASS"
    for was, now in zip(before.clauses[1:], after.clauses[1:], strict=True):
        assert {was.ruling, now.ruling} != {"FAIL", "PASS"}, (
            "a clause's own ruling never turns by another's threshold"
        )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(measurements(exposure=(0,)), ladders())
def test_what_was_not_measured_passes_at_no_threshold(
    counts: Tallies, pair: tuple[ClauseTerms, ClauseTerms]
) -> None:
    for terms in pair:
        found = champion(counts, [replace(terms, critical=True)])
        assert (found.verdict, found.exit_code) == ("UNMEASURED", 4)
