"""Trees walked by our own kernel answer as XGBoost does, to the bit, whatever the block; others are left to XGBoost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost

from harness.candidates import _trees
from sim.core.compile import COMPILED

ROWS, FEATURES = 3000, 12
needs_compiler = pytest.mark.skipif(
    not COMPILED, reason="without the compiler XGBoost answers all blocks itself"
)


def matrix(seed: int) -> Any:
    """Rows with ties, missing values and whole numbers."""
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(ROWS, FEATURES)).astype(np.float32)
    x[:, :4] = np.round(x[:, :4])
    x[chance.random(x.shape) < 0.1] = np.nan
    return x


def grown(objective: str, rounds: int = 40, **more: Any) -> tuple[Any, Any, Any]:
    """A booster, rows, and the base margin that it was trained with."""
    x = matrix(1)
    chance = np.random.default_rng(2)
    margin = np.log(chance.uniform(0.05, 3.0, ROWS)) if objective == "count:poisson" else None
    y = chance.poisson(1.0, ROWS) if margin is not None else (np.nan_to_num(x[:, 0]) + x[:, 5] > 0.5)
    parameters = {
        "objective": objective,
        "tree_method": "hist",
        "nthread": 1,
        "verbosity": 0,
        "max_depth": 4,
        **more,
    }
    data = xgboost.DMatrix(x, label=y, base_margin=margin, nthread=1)
    return xgboost.train(parameters, data, rounds), x, margin


@needs_compiler
@pytest.mark.parametrize("objective", ["binary:logistic", "count:poisson"])
def test_the_kernel_answers_as_xgboost_does(objective: str) -> None:
    booster, x, margin = grown(objective)
    trees = _trees.forest(booster, x, margin)
    assert trees is not None
    new = matrix(3)
    against = None if margin is None else margin[::-1].copy()
    whole = _trees.own_answer(booster, new, against)
    assert len(np.unique(whole)) > 100
    assert np.array_equal(trees.predict(new, against), whole)
    one = [
        trees.predict(new[i : i + 1], None if against is None else against[i : i + 1])[0] for i in range(50)
    ]
    assert np.array_equal(one, whole[:50])


@needs_compiler
def test_blocks_of_any_size_agree() -> None:
    booster, x, _ = grown("binary:logistic")
    trees = _trees.forest(booster, x)
    least = _trees.answered(booster, trees, x[: _trees.MOST_ROWS])
    most = _trees.answered(booster, trees, x)
    assert np.array_equal(most[: _trees.MOST_ROWS], least)


def test_a_model_of_another_kind_is_left_to_xgboost() -> None:
    booster, x, _ = grown("binary:logistic", rounds=3, booster="dart")
    assert _trees.forest(booster, x) is None
    assert np.array_equal(_trees.answered(booster, None, x), _trees.own_answer(booster, x))


@needs_compiler
def test_trees_that_answer_otherwise_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    booster, x, _ = grown("binary:logistic", rounds=3)
    real = _trees._read

    def wrong(document: Any) -> Any:
        made = real(document)
        assert made is not None
        made.split[-1] += np.float32(0.5)
        return made

    monkeypatch.setattr(_trees, "_read", wrong)
    assert _trees.forest(booster, x) is None
