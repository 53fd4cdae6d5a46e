"""Serving paths of one booster: the same decisions by each, and plainly said which are not there."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

from harness.candidates.logistic_regression import LogisticRegression
from harness.candidates.xgboost import XGBoost
from harness.kinds import TrainingSet
from harness.serving import BARE, DESK, NAMES, paths
from sim.core import rng


@pytest.fixture(scope="module")
def past() -> TrainingSet:
    chance, n = rng.stream(5, "serving"), 1500
    x = chance.standard_normal((n, 6), dtype=np.float32)
    x[chance.random(x.shape) < 0.1] = np.nan
    y = (np.nan_to_num(x[:, 0]) + chance.standard_normal(n) > 1.0).astype(np.int64)
    zero, one = np.zeros(n), np.ones(n)
    names = tuple(f"feature_{i}" for i in range(6))
    return TrainingSet(
        0, names, x, y, one, one.astype(np.bool_), one, zero.astype(np.int64), np.full(n, -1, np.int16), one
    )


def test_every_path_scores_alike(past: TrainingSet) -> None:
    scorer = XGBoost(rounds=40, depth=4).fit(past, 1)
    serving = paths(scorer, past.names, past.x[:20])
    assert set(serving.calls) | set(serving.skipped) == set(NAMES)
    assert {DESK, BARE, "sklearn_numpy", "sklearn_pandas", "pipeline_pandas"} <= set(serving.calls)
    rows = past.x[:60]
    wanted = scorer.score(rows)
    for name, call in serving.calls.items():
        score = np.array([call(rows[i : i + 1]) for i in range(len(rows))])
        np.testing.assert_allclose(score, wanted, atol=1e-6 if name == "onnx" else 0, err_msg=name)
        assert np.array_equal(score >= 0.3, wanted >= 0.3), name


def test_without_onnx_the_line_says_what_to_install(
    past: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("onnx"):
            raise ImportError(f"No module named '{name}'", name=name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    serving = paths(XGBoost(rounds=5, depth=2).fit(past, 1), past.names, past.x[:20])
    assert serving.skipped["onnx"] == "onnxruntime is not installed: pip install 'windtunnel[onnx]'"


def test_another_scorer_has_its_own_path_alone(past: TrainingSet) -> None:
    scorer = LogisticRegression().fit(past, 1)
    serving = paths(scorer, past.names, past.x[:20])
    assert set(serving.calls) == {DESK}
    assert serving.calls[DESK](past.x[:1]) == scorer.score(past.x[:1])[0]
    assert "is no booster of one score" in serving.skipped["onnx"]
