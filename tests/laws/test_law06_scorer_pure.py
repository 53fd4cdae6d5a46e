"""Law 6: a scorer is pure; batch and one by one agree after rounding to 1e-6, which happens before the policy."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.candidates._estimator import adopt
from harness.kinds import Matrix, Scorer, TrainingSet
from sim.core import plugins, rng

NAMES = ("minute", "score_home", "score_away", "lam", "mu", "calls", "age", "answered_share")
ESTIMATORS = {
    "sklearn.ensemble:RandomForestClassifier": {"n_estimators": 25, "n_jobs": 2},
    "sklearn.linear_model:LogisticRegression": {},
    "sklearn.neighbors:KNeighborsClassifier": {},
}
BOTH = ("act", "quote")


def training_set(n: int, outcomes: int, seed: int) -> TrainingSet:
    g = rng.stream(seed, "law06", n, outcomes)
    x = g.lognormal(0.5, 1.0, size=(n, len(NAMES))).astype(np.float32)
    signal = np.log(x[:, 5]) - 0.7 * np.log(x[:, 6]) + g.logistic(size=n)
    x[g.random(x.shape) < 0.1] = np.nan
    y = np.digitize(signal, np.arange(outcomes - 1)).astype(np.int64)
    t, ones, nobody = np.arange(n, dtype=np.int64), np.ones(n), np.zeros(n, dtype=np.bool_)
    code = np.full(n, -1, dtype=np.int16)
    return TrainingSet(0, NAMES, x, y, g.uniform(0.5, 2.0, n), nobody, ones * 0.0, t, code, ones, outcomes)


def cases() -> list[tuple[str, int]]:
    ours = [
        (name, getattr(plugins.load("candidate", name), "forms", ("act",)))
        for name in plugins.names("candidate")
        if not hasattr(plugins.load("candidate", name), "shorthand")  # test_made_elsewhere.py
    ]
    found = [*ours, *((use, BOTH) for use in ESTIMATORS)]
    return [
        (name, outcomes)
        for name, forms in found
        for form, outcomes in zip(BOTH, (2, 3))
        if form in forms and outcomes in getattr(plugins.load("candidate", name), "answers", (2, 3))
    ]


def fitted(name: str, outcomes: int, seed: int = 11) -> Scorer:
    candidate = adopt(plugins.load("candidate", name), ESTIMATORS.get(name, {}))
    return candidate.fit(training_set(600, outcomes, 1), seed)


once = cache(fitted)


def rows(outcomes: int) -> Matrix:
    return training_set(700, outcomes, 2).x


def scored(name: str, outcomes: int, x: Matrix) -> NDArray[np.float64]:
    return np.round(once(name, outcomes).score(x), 6)


@pytest.mark.parametrize(("name", "outcomes"), cases())
def test_blocks_of_any_size_and_single_rows_agree(name: str, outcomes: int) -> None:
    x = rows(outcomes)
    whole = scored(name, outcomes, x)
    for size in (1, 3, 43, 256):
        cut = [scored(name, outcomes, x[i : i + size]) for i in range(0, 90, size)]
        np.testing.assert_array_equal(np.concatenate(cut), whole[: len(np.concatenate(cut))])


@pytest.mark.parametrize(("name", "outcomes"), cases())
def test_the_order_and_layout_of_rows_do_not_matter(name: str, outcomes: int) -> None:
    x = rows(outcomes)
    whole = scored(name, outcomes, x)
    order = rng.stream(3, "order").permutation(len(x))
    np.testing.assert_array_equal(scored(name, outcomes, x[order]), whole[order])
    np.testing.assert_array_equal(scored(name, outcomes, np.asfortranarray(x)), whole)
    np.testing.assert_array_equal(scored(name, outcomes, np.repeat(x, 2, axis=0)[::2]), whole)


@pytest.mark.parametrize(("name", "outcomes"), cases())
def test_scoring_changes_neither_the_scorer_nor_the_rows(name: str, outcomes: int) -> None:
    x = rows(outcomes)
    kept = x.copy()
    x.flags.writeable = False
    first = once(name, outcomes).score(x)
    once(name, outcomes).score(training_set(50, outcomes, 4).x)
    assert once(name, outcomes).score(x).tobytes() == first.tobytes()
    assert x.tobytes() == kept.tobytes()


@pytest.mark.parametrize(("name", "outcomes"), cases())
def test_fitting_changes_nothing_in_the_set_and_repeats_itself(name: str, outcomes: int) -> None:
    past = training_set(600, outcomes, 1)
    kept = {c: getattr(past, c).tobytes() for c in ("x", "y", "weight", "unit_t")}
    candidate = adopt(plugins.load("candidate", name), ESTIMATORS.get(name, {}))
    first, second = candidate.fit(past, 11).score(past.x), candidate.fit(past, 11).score(past.x)
    assert first.tobytes() == second.tobytes()
    assert {c: getattr(past, c).tobytes() for c in kept} == kept


def test_a_random_score_hears_the_seed_and_nothing_else() -> None:
    x = rows(2)
    assert fitted("random_score", 2, 1).score(x).tobytes() != fitted("random_score", 2, 2).score(x).tobytes()
    labels_turned = training_set(600, 2, 1)
    labels_turned.y[:] = 1 - labels_turned.y
    scorer = adopt(plugins.load("candidate", "random_score"), {}).fit(labels_turned, 1)
    assert scorer.score(x).tobytes() == fitted("random_score", 2, 1).score(x).tobytes()


def digest() -> str:
    """SHA-256 of the exact scores of every candidate found."""
    sha = hashlib.sha256()
    for name, outcomes in cases():
        sha.update(f"{name}-{outcomes}".encode())
        sha.update(fitted(name, outcomes).score(rows(outcomes)).tobytes())
    return sha.hexdigest()


def test_equal_bytes_with_one_thread_and_two_and_any_hash_seed() -> None:
    printed = {}
    for threads, hash_seed in (("1", "0"), ("2", "12345")):
        environment: dict[str, Any] = {**os.environ, "PYTHONHASHSEED": hash_seed}
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
            environment[variable] = threads
        done = subprocess.run(
            [sys.executable, str(Path(__file__).resolve())],
            capture_output=True,
            text=True,
            env=environment,
            cwd=Path(__file__).resolve().parents[2],
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        printed[threads] = done.stdout.strip()
    assert len(printed["1"]) == 64
    assert printed["1"] == printed["2"]


if __name__ == "__main__":
    print(digest())
