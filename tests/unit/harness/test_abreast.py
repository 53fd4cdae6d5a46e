"""Fits abreast are the fits one after the other, whatever the number of cores."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import numpy as np
import pytest

from harness import abreast, crossfit
from harness.candidates.xgboost import XGBoost
from harness.kinds import TrainingSet


def _past(n: int = 600) -> TrainingSet:
    chance = np.random.default_rng(5)
    x = chance.normal(size=(n, 4)).astype(np.float32)
    y = (x[:, 0] + chance.normal(size=n) > 0.5).astype(np.int64)
    return TrainingSet(
        as_of=0, names=("a", "b", "c", "d"), x=x, y=y, weight=np.ones(n), verified=np.arange(n) % 3 == 0,
        audit_weight=np.ones(n), unit_t=np.arange(n), slice_code=np.zeros(n, dtype=np.int16), calls=np.ones(n),
    )  # fmt: skip


def test_answers_come_in_the_order_of_the_calls_and_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abreast, "cores", lambda: 2)
    both = threading.Barrier(2, timeout=10.0)  # broken unless two calls wait at it together

    def call(number: int) -> Callable[[], int]:
        return lambda: both.wait() * 0 + number

    assert abreast.abreast([call(3), call(1)]) == [3, 1]


def test_the_first_error_in_order_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abreast, "cores", lambda: 2)

    def fails(what: str) -> Callable[[], None]:
        def call() -> None:
            raise ValueError(what)

        return call

    with pytest.raises(ValueError, match="one"):
        abreast.abreast([fails("one"), fails("other")])


def test_a_booster_is_the_same_to_the_bit_on_one_core_and_on_several(monkeypatch: pytest.MonkeyPatch) -> None:
    past, entity, made = _past(), np.arange(600), []
    for cores in (1, max(2, os.cpu_count() or 2)):
        monkeypatch.setattr(abreast, "cores", lambda cores=cores: cores)
        scorer, unseen = crossfit.whole_and_out_of_fold(XGBoost(rounds=20), past, entity, 7, 3)
        made.append(
            (scorer.score(past.x), unseen, crossfit.out_of_fold(XGBoost(rounds=20), past, entity, 7, 3))
        )
    for one, several in zip(*made, strict=True):
        np.testing.assert_array_equal(one, several)
    np.testing.assert_array_equal(made[0][1], made[0][2])
    assert (np.isnan(made[0][1]) == ~past.verified).all()
