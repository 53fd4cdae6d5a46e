"""The shadow check: a challenger that learnt from poisoned labels is refused, one that learnt a new regime is not.

Planted: two features, of which the first separates before a drift and the second after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness import shadow as checks
from harness.candidates.logistic_regression import LogisticRegression
from harness.kinds import TrainingSet
from harness.policies.fixed_threshold import FixedThreshold
from harness.shadow import Aside, Model, ShadowResult
from harness.steps import Shadow
from harness.training import Keys
from sim.core import plugins
from sim.core.time import DAY

KIND = plugins.load("world", "telco").kinds["call"]
UNITS = 3_000
DRIFT = 30 * DAY
NOW = 60 * DAY


def shadow(**given: Any) -> Shadow:
    return Shadow.model_validate({"span": "14d", "share": 0.4, "least": 20, **given})


def history(
    poison: float = 0.0, since: int = DRIFT, verified: float = 0.3, seed: int = 1
) -> tuple[TrainingSet, Keys]:
    """Units of sixty days, a fifth of them unwanted. From the drift on the second feature tells them apart, before it
    the first. poison: the share of lawful units after `since` that were reported; nobody verified those wrongly."""
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, NOW, UNITS))
    bad = rng.random(UNITS) < 0.2
    x = rng.normal(size=(UNITS, 2)) + 2.5 * np.stack([bad & (t < DRIFT), bad & (t >= DRIFT)], axis=1)
    checked = rng.random(UNITS) < verified
    wrong = ~bad & ~checked & (t >= since) & (rng.random(UNITS) < poison)
    past = TrainingSet(
        NOW, ("a", "b"), x.astype(np.float32), (bad | wrong).astype(np.int64), np.ones(UNITS), checked,
        np.where(checked, 1.0 / verified, 0.0), t, np.full(UNITS, -1, np.int16), np.ones(UNITS),
    )  # fmt: skip
    return past, Keys(np.arange(UNITS, dtype=np.int64), t // DAY)


def trained(past: TrainingSet, version: int, as_of: int) -> Model:
    return Model(version, as_of, LogisticRegression().fit(past, 1), FixedThreshold(block_at=0.5), {})


def held(terms: Shadow, poison: float, champion_days: tuple[int, int], as_of: int) -> ShadowResult:
    """The check of a challenger trained on everything but what is set aside."""
    past, keys = history(poison)
    rest, _, aside, _ = Aside(terms, 7).split(past, keys)
    clean, clean_keys = history()
    first, last = champion_days
    learnt, _ = checks.taken(clean, clean_keys, (clean.unit_t >= first * DAY) & (clean.unit_t < last * DAY))
    champion = trained(learnt, 1, as_of)
    return checks.check(terms, KIND, champion, trained(rest, 2, NOW), aside, "planted")


@pytest.mark.parametrize("metric", ["average_precision", "roc_auc", "log_loss", "brier", "stopped_unwanted"])
def test_a_challenger_that_learnt_the_new_regime_passes(metric: str) -> None:
    found = held(shadow(metric=metric), 0.0, (0, 30), DRIFT)
    assert found.passed, found
    assert found.units >= 20
    assert 0 < found.positives < found.units


@pytest.mark.parametrize("metric", ["average_precision", "log_loss", "brier", "stopped_lawful"])
def test_a_challenger_that_learnt_from_poisoned_labels_is_refused(metric: str) -> None:
    # The champion knows the new regime from its first days; the window that poisons the challenger came after.
    found = held(shadow(metric=metric), 0.6, (30, 46), 46 * DAY)
    assert not found.passed, found
    assert found.why == "not better by the margin"


def test_a_check_on_all_labels_believes_the_poison() -> None:
    terms = {"metric": "log_loss"}
    on_verified = held(shadow(**terms), 0.6, (30, 46), 46 * DAY)
    on_reports = held(shadow(**terms, labels="known"), 0.6, (30, 46), 46 * DAY)
    assert not on_verified.passed
    assert on_reports.passed, "this is why verified units are the default"


class Quoting:
    """Answers the same three probabilities for every row."""

    def __init__(self, *p: float) -> None:
        self.p = p

    def score(self, x: np.ndarray) -> np.ndarray:
        return np.tile(self.p, (len(x), 1))


@pytest.mark.parametrize("metric", ["log_loss", "brier"])
def test_what_is_quoted_is_checked_on_results(metric: str) -> None:
    kind = plugins.load("world", "sportsbook").kinds["match_odds"]
    y = np.array([0, 0, 0, 1, 2] * 20, dtype=np.int64)
    n = len(y)
    past = TrainingSet(
        NOW, ("a",), np.zeros((n, 1), np.float32), y, np.ones(n), np.zeros(n, np.bool_), np.zeros(n),
        np.full(n, NOW - DAY), np.full(n, -1, np.int16), np.ones(n), outcomes=3, quotes=True,
    )  # fmt: skip
    right, flat = (
        Model(v, 0, Quoting(*p), None, {}) for v, p in ((1, (0.6, 0.2, 0.2)), (2, (0.4, 0.3, 0.3)))
    )  # type: ignore[arg-type]
    terms = shadow(metric=metric)
    good, bad = (checks.check(terms, kind, *pair, past, "planted") for pair in ((flat, right), (right, flat)))
    assert good.passed
    assert not bad.passed
    expected = {
        "log_loss": -(0.6 * np.log(0.6) + 0.4 * np.log(0.2)),
        "brier": 0.6 * 0.24 + 0.4 * (0.36 + 0.64 + 0.04),
    }
    assert good.challenger == pytest.approx(expected[metric])


def test_the_margin_must_be_reached() -> None:
    found = held(shadow(metric="roc_auc"), 0.0, (0, 30), DRIFT)
    gain = found.challenger - found.champion
    assert held(shadow(metric="roc_auc", margin=gain - 1e-9), 0.0, (0, 30), DRIFT).passed
    assert not held(shadow(metric="roc_auc", margin=gain + 1e-9), 0.0, (0, 30), DRIFT).passed


def test_too_few_units_are_no_pass() -> None:
    found = held(shadow(least=10_000), 0.0, (0, 30), DRIFT)
    assert not found.passed
    assert "fewer than 10000" in found.why
    assert found.plain()["champion"] is None


def test_what_the_champion_was_trained_on_is_not_asked() -> None:
    assert held(shadow(least=1), 0.0, (0, 30), NOW).units == 0


def test_what_is_set_aside_is_recent_and_of_whole_entities() -> None:
    past, _ = history()
    keys = Keys(np.arange(UNITS, dtype=np.int64) // 4, past.unit_t // DAY)
    rest, rest_keys, aside, aside_keys = Aside(shadow(), 7).split(past, keys)
    assert len(rest) + len(aside) == UNITS
    assert aside.unit_t.min() >= NOW - 14 * DAY
    recent = rest.unit_t >= NOW - 14 * DAY
    assert not set(rest_keys.entity[recent]) & set(aside_keys.entity)
    share = len(aside) / (len(aside) + int(recent.sum()))
    assert 0.25 < share < 0.55  # 0.4 of some 180 entities, beyond 4 standard errors of it; the lot is keyed
    again = Aside(shadow(), 8).split(past, keys)[2]
    assert set(again.unit_t.tolist()) != set(aside.unit_t.tolist())
