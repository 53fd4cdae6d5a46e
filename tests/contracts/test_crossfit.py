"""Thresholds are set on scores of units that the scorer was not trained on: memory must not buy a budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.crossfit import out_of_fold
from harness.kinds import Candidate, Floats, Matrix, PolicyState, TrainingSet
from harness.policies.false_block_budget import FalseBlockBudget
from sim.core import plugins, rng


def units(n: int, seed: int, verified: bool) -> TrainingSet:
    g = rng.stream(seed, "crossfit", n)
    y = (g.random(n) < 0.1).astype(np.int64)
    x = g.normal(size=(n, 6)).astype(np.float32)
    x[:, :2] += 1.5 * y[:, None]
    ones = np.ones(n)
    return TrainingSet(
        0,
        tuple("abcdef"),
        x,
        y,
        ones,
        np.full(n, verified),
        ones,
        np.arange(n),
        np.full(n, -1, np.int16),
        ones,
    )


def share_above_threshold(candidate: Candidate, score: Floats, past: TrainingSet, budget: float) -> float:
    state = PolicyState(
        score, past.y, past.audit_weight, past.slice_code, past.calls, score, past.y, past.weight
    )
    threshold = FalseBlockBudget(budget=budget).tune(state).facts()["block_above"]
    fresh = units(40_000, 2, False)
    return float((candidate.fit(past, 5).score(fresh.x)[fresh.y == 0] > threshold).mean())


def test_a_booster_keeps_the_budget_out_of_fold_and_breaks_it_in_sample() -> None:
    booster = plugins.load("candidate", "xgboost")(rounds=60)
    past = units(3_000, 1, True)
    own = share_above_threshold(booster, booster.fit(past, 5).score(past.x), past, 0.01)
    honest = share_above_threshold(booster, out_of_fold(booster, past, np.arange(3_000), 5), past, 0.01)
    assert own > 0.02
    assert 0.001 < honest < 0.0125


@dataclass(frozen=True)
class Rote:
    """Scores 1 what it has seen, 0 what it has not."""

    seen: frozenset[bytes] = frozenset()

    def fit(self, past: TrainingSet, seed: int) -> Rote:
        return Rote(frozenset(row.tobytes() for row in past.x))

    def score(self, x: Matrix) -> Floats:
        return np.array([float(row.tobytes() in self.seen) for row in x])


def test_no_row_of_an_entity_is_seen_by_the_scorer_that_scores_it() -> None:
    past = units(400, 3, True)
    entity = np.arange(400) // 4
    past.x[:] = np.repeat(past.x[::4], 4, axis=0)
    assert (Rote().fit(past, 1).score(past.x) == 1.0).all()
    assert (out_of_fold(Rote(), past, entity, 1) == 0.0).all()
    assert (out_of_fold(Rote(), past, np.arange(400), 1) == 1.0).mean() > 0.9


def test_only_verified_rows_are_scored_and_the_seed_decides_the_folds() -> None:
    past = units(600, 4, True)
    past.verified[::3] = False
    booster = plugins.load("candidate", "xgboost")(rounds=5)
    first, second = (out_of_fold(booster, past, np.arange(600), seed) for seed in (1, 2))
    np.testing.assert_array_equal(np.isnan(first), ~past.verified)
    assert not np.array_equal(first, second, equal_nan=True)
    np.testing.assert_array_equal(first, out_of_fold(booster, past, np.arange(600), 1))
    past.verified[:] = False
    assert np.isnan(out_of_fold(booster, past, np.arange(600), 1)).all()
