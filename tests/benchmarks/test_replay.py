"""Whole simulations: the replay of the fixed desk `telco/bench-v1` beside its own booster, and what training costs.

World, news, 15 features, booster, policy, audits, units that are learnt from, ledger with every metric: the whole loop,
200,000 lines, 15-minute ticks, a live day. Pieces of 3 hours are interleaved with the same booster scoring the very
blocks of the piece again, and the same rows as one batch. The fits at goLive (of the scorer, and of the folds by which
the policy is tuned) are timed apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness import trial
from harness.assembly import Setting, build_replay
from harness.kinds import Candidate, Matrix, Scorer, TrainingSet
from harness.replay import tick
from sim.core.events import Block
from sim.core.time import HOUR, MINUTE
from tests.benchmarks.measuring import Stopwatch, tell

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(group="simulations")]

SAME_BLOCKS, ONE_BATCH = 2.5, 3.0
"""At most so many times the booster's own seconds, on the same blocks and on the same rows as one batch."""
PIECE, PIECES = 3 * HOUR, 8


class Remembered:
    """A featurizer that keeps what it answered, so that the booster can score the very same blocks again."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.blocks = inner, list[Matrix]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def values(self, block: Block) -> Matrix:
        x: Matrix = self.inner.values(block)
        self.blocks.append(x)
        return x


class Timed:
    """A candidate whose fits are timed and counted in rows, and which keeps the first for another time."""

    def __init__(self, inner: Candidate) -> None:
        self.inner, self.fits = inner, list[tuple[int, float]]()
        self.first: tuple[TrainingSet, int] | None = None

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        self.first = self.first or (past, seed)
        watch = Stopwatch()
        with watch:
            scorer = self.inner.fit(past, seed)
        self.fits.append((len(past), watch.cpu))
        return scorer


def advance(setting: Setting, until: int) -> None:
    """Replay up to an instant, tick by tick as `harness.replay.replay` does."""
    while setting.world.now < until:
        tick(setting.world, setting.desks, setting.ledgers)


class Live:
    """The desk of bench-v1 just after its fit at goLive; what was timed up to there."""

    def __init__(self) -> None:
        loaded = trial.load("telco/bench-v1", ())
        candidates: list[Timed] = []

        def timed(inner: Candidate) -> Candidate:
            candidates.append(Timed(inner))
            return candidates[-1]

        self.history, self.training = Stopwatch(), Stopwatch()
        self.setting = build_replay(loaded, loaded.candidate("xgboost"), 1, None, [], wrap=timed)
        self.desk, self.ledger = self.setting.desks["call"], self.setting.ledgers["call"]
        self.remembered = Remembered(self.desk.featurizer)
        self.desk.featurizer = self.remembered  # type: ignore[assignment]
        world = self.setting.world
        with self.history:
            advance(self.setting, world.go_live)
        self.history_rows = sum(map(len, self.remembered.blocks))
        with self.training:
            advance(self.setting, world.go_live + 15 * MINUTE)
        self.candidate = candidates[0]


@pytest.fixture(scope="module")
def live() -> Live:
    return Live()


def test_training(benchmark: Any, live: Live) -> None:
    """Reported apart from the replay: no budget. The fit at goLive again, which gives the same scores again."""
    fits, scorer = list(live.candidate.fits), live.desk.scorer
    assert scorer is not None
    assert live.candidate.first is not None
    past, seed = live.candidate.first
    again = benchmark.pedantic(live.candidate.inner.fit, args=(past, seed), rounds=1, iterations=1)
    np.testing.assert_array_equal(again.score(past.x[:1_000]), scorer.score(past.x[:1_000]))
    tell(
        benchmark,
        {
            "fits_rows_and_seconds": [(rows, round(seconds, 2)) for rows, seconds in fits],
            "seconds_of_the_tick_that_trains": round(live.training.cpu, 2),
            "history_rows_per_second": round(live.history_rows / live.history.cpu),
        },
    )


def test_replay_against_its_own_booster(benchmark: Any, live: Live) -> None:
    world, scorer = live.setting.world, live.desk.scorer
    assert scorer is not None
    replaying, blocks_again, batch_again = Stopwatch(), Stopwatch(), Stopwatch()
    sizes: list[int] = []

    def piece() -> None:
        with replaying:
            advance(live.setting, world.now + PIECE)

    def score_again() -> None:
        blocks, live.remembered.blocks = live.remembered.blocks, []
        if not blocks:
            return
        with blocks_again:
            for x in blocks:
                scorer.score(x)
        batch = np.concatenate(blocks)
        with batch_again:
            scorer.score(batch)
        sizes.extend(map(len, blocks))

    live.remembered.blocks = []
    before = live.ledger.rows_seen
    benchmark.pedantic(piece, setup=score_again, rounds=PIECES, iterations=1)
    score_again()
    rows = sum(sizes)
    same_blocks, one_batch = replaying.cpu / blocks_again.cpu, replaying.cpu / batch_again.cpu
    tell(
        benchmark,
        {
            "rows": rows,
            "rows_a_block_median": int(np.median(sizes)),
            "rows_per_second": round(rows / replaying.cpu),
            "rows_per_second_wall": round(rows / replaying.wall),
            "booster_rows_per_second_same_blocks": round(rows / blocks_again.cpu),
            "booster_rows_per_second_one_batch": round(rows / batch_again.cpu),
            "ratio_to_booster_same_blocks": round(same_blocks, 2),
            "ratio_to_booster_one_batch": round(one_batch, 2),
            "state_mib": {name: held >> 20 for name, held in live.desk.state_bytes().items()},
        },
    )
    assert rows > 500_000
    assert live.ledger.rows_seen == before + rows, "every row is in the ledger"
    assert same_blocks <= SAME_BLOCKS
    assert one_batch <= ONE_BATCH
