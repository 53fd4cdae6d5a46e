"""Consent on toy units: who has withdrawn is in no training set from that instant on, and nobody else goes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.consent import MONTH, NOBODY, Consent
from harness.training import LabelRule, assemble, passed
from harness.units import Units
from sim.core.time import DAY, HOUR, NEVER

SUBJECTS = np.arange(20_000, dtype=np.int64)
NAMES = ("a",)


def rule(consent: Consent | None) -> LabelRule:
    return LabelRule(("report", "verification"), 3 * DAY, 20 * DAY, 100_000, consent=consent)


def units_of(subject: np.ndarray, scored: np.ndarray | None = None) -> Units:
    """A unit for each subject on day 0, its caller 100,000 above it."""
    units, n = Units(1, 1, 3 * DAY, 20 * DAY, silent_share=1.0), len(subject)
    x = subject.astype(np.float32)[:, None]
    units.observe(subject + 100_000, subject, np.zeros(n, dtype=np.int64), x, scored, subject)
    return units


def test_the_monthly_share_withdraws_each_month_and_the_seed_decides_who() -> None:
    consent = Consent("callee", 0.1)
    at = consent.withdrawn_at(SUBJECTS, 5)
    for month in (1, 2, 6):
        # Standard error of a share of 20,000: at most 0.0036; five of them are exceeded once in two million.
        assert (at <= month * MONTH).mean() == pytest.approx(1 - 0.9**month, abs=0.018)
    assert not np.array_equal(at, consent.withdrawn_at(SUBJECTS, 6))
    np.testing.assert_array_equal(at[::-1], consent.withdrawn_at(SUBJECTS[::-1].copy(), 5))
    assert (Consent("callee").withdrawn_at(SUBJECTS, 5) == NEVER).all()


def test_a_withdrawal_by_name_comes_first_and_nobody_cannot_withdraw() -> None:
    consent = Consent("callee", 0.5, ((3, 0), (4, 5 * DAY)))
    subject = np.array([3, 4, NOBODY])
    assert consent.withdrawn_at(subject, 1)[0] == 0
    assert consent.withdrawn_at(subject, 1)[1] <= 5 * DAY
    assert consent.withdrawn_at(subject, 1)[2] == NEVER


def test_from_the_instant_on_and_not_before() -> None:
    units, consent = units_of(SUBJECTS[:50]), Consent("callee", told=((7, 6 * DAY),))
    before, _ = assemble(units, rule(consent), 6 * DAY - 1, NAMES, 1)
    after, _ = assemble(units, rule(consent), 6 * DAY, NAMES, 1)
    assert sorted(before.x[:, 0].tolist()) == list(range(50))
    assert sorted(set(range(50)) - set(after.x[:, 0].tolist())) == [7]


def leaky(units: Units, asked: LabelRule, as_of: int) -> bytes:
    """A planted leaker: it forgets to ask for consent."""
    past, _ = assemble(units, rule(None), as_of, NAMES, 1)
    return past.x.tobytes() + past.y.tobytes()


def lawful(units: Units, asked: LabelRule, as_of: int) -> bytes:
    past, _ = assemble(units, asked, as_of, NAMES, 1)
    return past.x.tobytes() + past.y.tobytes() + past.weight.tobytes()


def blind_to_the_withdrawn(training: Callable[[Units, LabelRule, int], bytes]) -> bool:
    """Whether nothing that is changed about a withdrawn subject changes the training set."""
    asked, sets = rule(Consent("callee", 0.3)), []
    gone = asked.consent is not None and asked.consent.withdrawn(SUBJECTS[:400], 10 * DAY, 1)
    assert 10 < np.sum(gone) < 390
    for change in (0.0, 99.0):
        units = units_of(SUBJECTS[:400])
        day = units.days[0]
        withdrawn = np.isin(day.subject[: day.size], SUBJECTS[:400][gone])
        day.x[: day.size][withdrawn] += change
        if change:
            units.report(day.entity[: day.size][withdrawn], np.zeros(int(withdrawn.sum()), dtype=np.int64),
                         np.full(int(withdrawn.sum()), HOUR))  # fmt: skip
        sets.append(training(units, asked, 10 * DAY))
    return sets[0] == sets[1]


def test_nothing_of_the_withdrawn_reaches_training_and_a_leaker_is_seen() -> None:
    assert blind_to_the_withdrawn(lawful)
    assert not blind_to_the_withdrawn(leaky)


def test_a_label_goes_with_whoever_reported_first() -> None:
    consent = Consent("callee", told=((900, 6 * DAY),))
    units = units_of(SUBJECTS[:10])
    entity, zero = np.array([100_002, 100_003]), np.zeros(2, dtype=np.int64)
    units.report(entity, zero, np.array([HOUR, HOUR]), np.array([900, 901]))
    units.report(entity, zero, np.array([2 * HOUR, 2 * HOUR]), np.array([901, 900]))
    past, keys = assemble(units, rule(consent), 7 * DAY, NAMES, 1)
    assert 100_002 not in keys.entity
    assert past.y[keys.entity == 100_003].tolist() == [1]


def test_the_withdrawn_set_no_threshold_either() -> None:
    scored = np.zeros(10, dtype=np.bool_)
    units = units_of(SUBJECTS[:10], scored)
    units.verify(SUBJECTS[:10] + 100_000, np.zeros(10, dtype=np.int64), np.full(10, HOUR), np.zeros(10, dtype=np.int64),
                 np.zeros(10, dtype=np.int64))  # fmt: skip
    found = passed(units, rule(Consent("callee", told=((4, DAY),))), 2 * DAY, 1)
    assert sorted((found.entity - 100_000).tolist()) == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_thinning_and_growing_keep_whose_a_unit_is() -> None:
    n = 6000
    units = units_of(SUBJECTS[:n])
    units.report(np.array([100_005]), np.array([0]), np.array([HOUR]), np.array([77]))
    units.observe(SUBJECTS[:1], SUBJECTS[:1] + n, np.array([10 * DAY]), np.zeros((1, 1), dtype=np.float32))
    day = units.days[0]
    assert day.thinned
    np.testing.assert_array_equal(day.subject[: day.size], day.entity[: day.size] - 100_000)
    assert day.reporter[day.find(np.array([100_005]))].tolist() == [77]
