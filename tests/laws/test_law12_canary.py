"""Law 12: coin-flip labels score at chance under every candidate, policy and retraining; a planted leaker fails.

False-alarm budget: each test allows 3 standard errors, 0.27 % under chance; with six candidates about 1.6 % a fresh
seed. The seed is fixed, so a failure here is a leak or a changed draw, never a flake.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.assembly import build_replay
from harness.canary import Canary, CoinFlips, CoinLedger, auc_with_error
from harness.checking import sing
from harness.replay import replay
from sim import open_world
from sim.core import rng
from tests.laws.small import load_small, load_small_book

CANDIDATES = ("xgboost", "logistic_regression", "hist_gradient_boosting", "rule_list", "decision_tree")

QUICK = (("xgboost", "1d"), ("logistic_regression", "1d"), ("rule_list", "90d"))
"""What `make test` runs; `make test-all` runs every candidate with frequent and with rare fits."""


@pytest.mark.parametrize(
    ("use", "every"),
    [
        pytest.param(use, every, marks=() if (use, every) in QUICK else pytest.mark.slow)
        for use in CANDIDATES
        for every in ("1d", "90d")
    ],
)
def test_coins_are_scored_at_chance(use: str, every: str) -> None:
    loaded = load_small(
        f"trial.candidates.0.use={use}",
        "trial.candidates.0.with={}",
        f"trial.candidates.0.retrain.every={every}",
    )
    song = sing(loaded, loaded.candidates[0], seed=11)
    assert song.units > 1_000
    assert song.alive, song


def test_coins_are_scored_at_chance_in_the_sportsbook() -> None:
    """Three desks play, one of them acts: its labels are the coins."""
    loaded = load_small_book()
    song = sing(loaded, loaded.candidates[0], seed=11)
    assert song.units > 500
    assert song.auc != 0.5, "a score that says nothing of anybody: was nothing fitted?"
    assert song.alive, song


class Leaking:
    """A featurizer with one more column: the coin itself."""

    def __init__(self, inner: Any, flips: CoinFlips) -> None:
        self.inner, self.flips = inner, flips
        self.names = (*inner.names, "leak")

    def reads(self, stream: str) -> bool:
        return bool(self.inner.reads(stream))

    def learn(self, news: Any) -> None:
        self.inner.learn(news)

    def values(self, block: Any) -> Any:
        coin = self.flips.coin(block[self.flips.kind.entity], block["t"]).astype(np.float32)
        return np.column_stack([self.inner.values(block), coin]).astype(np.float32)


@pytest.mark.parametrize(("load", "kind"), [(load_small, "call"), (load_small_book, "bet")])
def test_a_planted_leaker_is_caught(load: Any, kind: str) -> None:
    loaded = load()
    flips = CoinFlips(open_world(loaded.scenario, 11), 11)
    name = loaded.candidates[0]
    setting = build_replay(loaded, loaded.candidate(name), 11, None, [], world=flips)
    desk = setting.desks[kind]
    leaking = Leaking(desk.featurizer, flips)
    desk.featurizer = leaking  # type: ignore[assignment]
    desk.monitor = None  # it knows of one column fewer
    desk.__post_init__()
    ledger = CoinLedger(flips, flips.go_live)
    replay(flips, setting.desks, {**setting.ledgers, kind: ledger})
    song: Canary = ledger.verdict("leaker")
    assert not song.alive
    assert song.auc > 0.9


def test_auc_of_known_cases() -> None:
    label = np.array([0, 0, 1, 1], dtype=np.int8)
    assert auc_with_error(np.array([0.1, 0.2, 0.3, 0.4]), label)[0] == 1.0
    assert auc_with_error(np.array([0.5, 0.5, 0.5, 0.5]), label)[0] == 0.5
    draws = rng.stream(5, "auc")
    z = []
    for _ in range(300):
        auc, error = auc_with_error(draws.random(200), (draws.random(200) < 0.3).astype(np.int8))
        z.append((auc - 0.5) / error)
    assert abs(float(np.std(z)) - 1.0) < 0.15


def test_a_label_not_known_by_the_end_is_never_delivered() -> None:
    loaded = load_small()
    flips = CoinFlips(open_world(loaded.scenario, 3), 3)
    setting = build_replay(loaded, loaded.candidate("xgboost"), 3, None, [], world=flips)
    last = []
    ledger = CoinLedger(flips, flips.go_live)
    ledger.hear = lambda stream, rows: last.append(int(rows["known_at"].max())) if len(rows) else None  # type: ignore[method-assign]
    replay(flips, setting.desks, {"call": ledger})
    assert max(last) <= flips.end
    assert len(flips._pending) > 0, (
        "no lag in this test outlives the run: it would pass whatever the harness does"
    )
