"""Every metric found keeps its contract, and counts what its words say, on ledgers that can be counted by hand."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from harness.kinds import Counts, Form, Metric, Observed, Rows, need
from sim.core import plugins, rng
from sim.core.events import Block, Field, Schema
from sim.core.time import DAY

METRICS = plugins.names("metric")
CLASSES = 3


def metric(name: str) -> Metric:
    return plugins.load("metric", name)()  # type: ignore[no-any-return]


def rows(**columns: Any) -> Rows:
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    return Rows(arrays, len(next(iter(arrays.values()))))


def call(
    t: float = 0.1,
    unwanted: int = 0,
    effect: str = "pass",
    tries: int = 1,
    answered: int = 0,
    reported: int = 0,
    kind: int = 0,
    audit: float = 0.0,
    regulator: int = 0,
) -> dict[str, Any]:
    return {
        "t": round(t * DAY), "unwanted": unwanted, "stops": effect == "block", "hinders": effect != "pass",
        "first_try": tries, "answered": answered, "reported": reported, "caller_class": kind, "audit": audit,
        "regulator": regulator,
    }  # fmt: skip


def ledger(*calls: dict[str, Any]) -> Rows:
    return rows(**{name: np.array([c[name] for c in calls]) for name in call()})


def tally(name: str, table: Rows, by: str = "", k: int = 1) -> Counts:
    codes = table[by].astype(np.int64) if by else np.zeros(len(table), dtype=np.int64)
    return metric(name).tally(table, codes, k)


def fraction(counts: Counts) -> list[tuple[float, float]]:
    return list(zip(counts.numerator.tolist(), counts.denominator.tolist()))


# --- every metric ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METRICS)
def test_its_spec_says_what_it_is(name: str) -> None:
    found = metric(name)
    assert isinstance(found, Metric)
    spec = found.spec
    assert spec is plugins.load("metric", name).spec
    assert spec.name == name
    assert spec.form in get_args(Form)
    assert spec.better in ("higher", "lower")
    assert spec.doc.endswith(".")
    assert spec.unit
    assert spec.needs
    assert need(spec, ()).startswith(f"{name} needs {spec.needs[0]}")
    assert need(spec, spec.needs) == ""


@pytest.mark.parametrize("name", METRICS)
def test_what_production_cannot_see_is_none_and_its_docstring_says_why(name: str) -> None:
    found = metric(name)
    nothing = Observed(0, Rows({}, 0), {})
    if found.estimate(nothing) is None:
        doc = type(found).estimate.__doc__ or ""
        assert "None" in doc or "became known" in doc or "record" in doc
        assert len(doc) > 40


# --- what was true --------------------------------------------------------------------------------------------------

DAY_OF_CALLS = ledger(
    call(answered=1),
    call(effect="block", kind=1),
    call(effect="block", kind=1, tries=0),
    call(effect="label", kind=1, audit=0.1),
    call(answered=1, kind=1, tries=0, reported=1),
    call(unwanted=1, effect="block", kind=2, reported=1, regulator=1),
    call(unwanted=1, reported=1, kind=2, regulator=1),
    call(unwanted=1, effect="label", kind=2, audit=0.5),
    call(unwanted=1, kind=2, answered=1),
)
"""Lawful: three intentions, one blocked and retried in vain, one labelled and its retry answered and wrongly reported.
Unwanted: four attempts, one blocked (whatever it might have led to), one labelled, two untouched, one of them reported.
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("complaint_reduction", (2, 3)),
        ("hard_false_blocks", (1, 3)),
        ("lawful_hindered", (2, 3)),
        ("lawful_answered", (2, 3)),
        ("detection_rate", (1, 4)),
        ("flagged_rate", (2, 4)),
        ("unwanted_reached", (3, 3)),
        ("unwanted_reached_reduction", (3, 3)),
        ("precision", (2, 5)),
        ("false_discovery_rate", (2, 3)),
        ("complaints", (2, 1)),
        ("regulator_complaints", (1, 1)),
        ("review_load", (2, 1)),
    ],
)
def test_it_counts_what_its_words_say(name: str, expected: tuple[float, float]) -> None:
    assert fraction(tally(name, DAY_OF_CALLS)) == [expected]


def test_false_blocks_fall_on_their_class_and_no_other() -> None:
    assert fraction(tally("hard_false_blocks", DAY_OF_CALLS, "caller_class", CLASSES)) == [
        (0, 1),
        (1, 2),
        (0, 0),
    ]
    assert fraction(tally("lawful_hindered", DAY_OF_CALLS, "caller_class", CLASSES)) == [
        (0, 1),
        (2, 2),
        (0, 0),
    ]
    assert fraction(tally("detection_rate", DAY_OF_CALLS, "caller_class", CLASSES)) == [
        (0, 0),
        (0, 0),
        (1, 4),
    ]


def test_retries_of_one_intention_count_once() -> None:
    once = ledger(call(effect="block"), call())
    stubborn = ledger(call(effect="block"), *[call(effect="block", tries=0)] * 9, call())
    for name in ("hard_false_blocks", "lawful_hindered", "lawful_answered"):
        assert fraction(tally(name, once)) == fraction(tally(name, stubborn))


def test_counts_are_per_day_and_every_slice_lives_through_all_days() -> None:
    table = ledger(call(0.1, reported=1), call(0.9, reported=1), call(2.5, reported=1, kind=1))
    assert fraction(tally("complaints", table)) == [(3, 2)]
    assert fraction(tally("complaints", table, "caller_class", 2)) == [(2, 2), (1, 2)]


def test_a_policy_that_acts_at_random_has_the_base_rate_as_its_precision() -> None:
    """Law 10. 100,000 calls, 7 % unwanted, one in ten blocked by lot: within 4 standard errors, false alarm 6e-5."""
    n = 100_000
    policy = plugins.load("policy", "random")(shares={"block": 0.1})
    unwanted = (rng.uniform(rng.key(1, "truth"), np.arange(n)) < 0.07).astype(np.int8)
    schema = Schema("attempt", (Field("t", "int64", "", ""), Field("id", "int64", "", "")))
    ids = np.arange(n, dtype=np.int64)
    u = rng.uniform(rng.key(2, "policy"), ids)
    verdicts = policy.decide(Block(schema, {"t": ids, "id": ids}), np.zeros(n), u, {"pass": 0, "block": 1})
    acted = verdicts.action > 0
    counts = tally("precision", rows(unwanted=unwanted, hinders=acted))
    value = counts.numerator[0] / counts.denominator[0]
    assert abs(value - unwanted.mean()) < 4 * np.sqrt(0.07 * 0.93 / acted.sum())


# --- quotes ---------------------------------------------------------------------------------------------------------

QUOTES = rows(
    p0=np.array([0.5, 1.0, 0.2, 0.3]),
    p1=np.array([0.3, 0.0, 0.3, 0.3]),
    p2=np.array([0.2, 0.0, 0.5, 0.4]),
    outcome=np.array([0, 0, 2, -1]),
    season=np.array([0, 1, 1, 1]),
)
"""The last row's outcome is not known: it is left out."""


def test_losses_of_quotes_are_the_textbooks() -> None:
    rps = [((0.5 - 1) ** 2 + (0.8 - 1) ** 2) / 2, 0.0, (0.2**2 + 0.5**2) / 2]
    log = [-np.log(0.5), 0.0, -np.log(0.5)]
    brier = [0.25 + 0.09 + 0.04, 0.0, 0.04 + 0.09 + 0.25]
    for name, loss in (("rps", rps), ("log_loss", log), ("brier", brier)):
        counts = tally(name, QUOTES, "season", 2)
        np.testing.assert_allclose(counts.numerator, [loss[0], loss[1] + loss[2]], atol=1e-8)
        np.testing.assert_array_equal(counts.denominator, [1, 2])
    for name in ("rps", "log_loss"):
        plain, skill = tally(name, QUOTES), tally(f"{name}_skill", QUOTES)
        np.testing.assert_array_equal(skill.numerator, -plain.numerator)
        np.testing.assert_array_equal(skill.denominator, plain.denominator)


def test_truth_is_the_best_quote_in_expectation() -> None:
    """Each loss is proper: over outcomes drawn by a law, no other quote does better."""
    law, others = np.array([0.5, 0.3, 0.2]), [np.array([0.6, 0.2, 0.2]), np.array([0.4, 0.35, 0.25])]
    for name in ("rps", "log_loss", "brier"):
        expected = []
        for quote in (law, *others):
            table = rows(
                p0=np.full(3, quote[0]),
                p1=np.full(3, quote[1]),
                p2=np.full(3, quote[2]),
                outcome=np.arange(3),
            )
            loss = [metric(name).tally(table, np.arange(3), 3).numerator[i] for i in range(3)]
            expected.append(float(law @ np.array(loss)))
        assert expected[0] < min(expected[1:])


def test_a_quote_of_zero_on_what_came_true_costs_much_and_is_finite() -> None:
    sure = rows(p0=np.array([0.0]), p1=np.array([1.0]), outcome=np.array([0]))
    assert 30.0 < tally("log_loss", sure).numerator[0] < 40.0


# --- what production saw --------------------------------------------------------------------------------------------


def verification(**columns: Any) -> Observed:
    return Observed(3, Rows({}, 0), {"verification": rows(**columns)})


AUDITED = {
    "unwanted": [0, 0, 1, 1, 0],
    "caller_class": [0, 1, 2, 2, 1],
    "propensity": [0.1, 0.5, 0.2, 0.5, np.nan],
    "calls": [4.0, 10.0, 20.0, 50.0, np.nan],
    "stopped_calls": [0.0, 5.0, 20.0, 0.0, np.nan],
    "hindered_calls": [2.0, 5.0, 20.0, 10.0, np.nan],
}
"""The last unit is no longer held by the operator."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hard_false_blocks", (10, 60)),
        ("lawful_hindered", (30, 60)),
        ("detection_rate", (100, 200)),
        ("flagged_rate", (120, 200)),
        ("unwanted_reached", (100, 60)),
        ("false_discovery_rate", (10, 110)),
        ("precision", (120, 150)),
    ],
)
def test_verified_audits_stand_for_the_calls_that_they_were_drawn_from(
    name: str, expected: tuple[float, float]
) -> None:
    counts = metric(name).estimate(verification(**AUDITED))
    assert counts is not None
    assert fraction(counts) == [expected]


def test_a_class_that_verification_reveals_has_its_own_estimate() -> None:
    counts = metric("hard_false_blocks").estimate(verification(**AUDITED), "caller_class", CLASSES)
    assert counts is not None
    assert fraction(counts) == [(0, 40), (10, 20), (0, 0)]
    assert metric("hard_false_blocks").estimate(verification(**AUDITED), "country", 2) is None


def test_records_that_lack_a_column_give_no_estimate_and_days_without_audits_give_zero() -> None:
    fewer = {name: column for name, column in AUDITED.items() if name != "hindered_calls"}
    assert metric("lawful_hindered").estimate(verification(**fewer)) is None
    counts = metric("lawful_hindered").estimate(Observed(3, Rows({}, 0), {}))
    assert counts is not None
    assert fraction(counts) == [(0, 0)]


def test_estimates_from_audits_are_unbiased() -> None:
    """Every subset of four units, weighted by its probability: the mean of numerator and denominator is the whole's."""
    calls, stopped = np.array([3.0, 40.0, 8.0, 5.0]), np.array([0.0, 8.0, 8.0, 0.0])
    share, found = np.array([0.125, 0.5, 0.25, 0.125]), np.zeros(2)
    for pattern in range(16):
        drawn = np.array([pattern >> i & 1 for i in range(4)], dtype=np.bool_)
        chance = float(np.where(drawn, share, 1 - share).prod())
        seen = verification(
            unwanted=np.zeros(int(drawn.sum()), dtype=np.int8),
            propensity=share[drawn],
            calls=calls[drawn],
            stopped_calls=stopped[drawn],
        )
        counts = metric("hard_false_blocks").estimate(seen)
        assert counts is not None
        found += chance * np.array([counts.numerator[0], counts.denominator[0]])
    np.testing.assert_allclose(found, [stopped.sum(), calls.sum()])


def test_complaints_are_compared_with_the_holdout_by_line_day() -> None:
    decided = rows(callee=np.array([1, 1, 1, 2, 3, 4, 4]), exempt=np.array([0, 0, 0, 0, 0, 1, 1]))
    reports = rows(callee=np.array([2, 4, 4]), exempt=np.array([0, 1, 1]))
    counts = metric("complaint_reduction").estimate(Observed(3, decided, {"report": reports}))
    assert counts is not None
    assert fraction(counts) == [(1, 3), (2, 1)]
    quiet = metric("complaint_reduction").estimate(Observed(3, decided, {}))
    assert quiet is not None
    assert fraction(quiet) == [(0, 3), (0, 1)]
    assert metric("complaint_reduction").estimate(Observed(3, rows(callee=np.array([1])), {})) is None
    unmarked = rows(callee=np.array([2]))
    assert metric("complaint_reduction").estimate(Observed(3, decided, {"report": unmarked})) is None


def test_the_days_own_counts_are_seen_as_they_arrive() -> None:
    seen = Observed(3, rows(audit=np.array([0.0, 0.1, 0.5])), {"report": rows(callee=np.array([1, 2]))})
    for name, expected in (("complaints", (2, 1)), ("regulator_complaints", (0, 1)), ("review_load", (2, 1))):
        counts = metric(name).estimate(seen)
        assert counts is not None
        assert fraction(counts) == [expected]


def test_losses_are_seen_when_results_come_with_the_quotes() -> None:
    seen = Observed(3, Rows({}, 0), {"result": QUOTES})
    for name in ("rps", "log_loss", "brier"):
        counts = metric(name).estimate(seen, "season", 2)
        assert counts is not None
        assert fraction(counts) == fraction(tally(name, QUOTES, "season", 2))
    assert metric("rps").estimate(Observed(3, Rows({}, 0), {"result": rows(outcome=np.array([1]))})) is None
