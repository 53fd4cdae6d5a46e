"""Learning from every label as it arrives: the same learner as River's, and never a label before it is known.

The learner is compared alone, then through the real door: a recording with late labels, a desk, the replay.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.assembly import Setting
from harness.candidates.sgd_logistic import OnlineLogistic, SgdLogistic
from harness.replay import replay
from sim.core.errors import UserError
from sim.core.time import DAY, HOUR
from tests.benchmarks.rivers import learner, progress, rows_of
from tests.benchmarks.streams import FIELDS, TICK, Stream, build, draw, write

ROWS = 4_000


@pytest.fixture(scope="module")
def stream() -> Stream:
    """A stream of 40 ticks."""
    return draw(ROWS, seed=3, per_tick=100)


def opened(stream: Stream, folder: Path, tail: int = 90 * DAY) -> Setting:
    """The stream as a recording with a desk that learns online."""
    return build(write(stream, folder / "log.parquet"), stream.horizon, tail)


class Watched:
    """A learner that notes when it was taught what, and which instant scored how."""

    def __init__(self, setting: Setting) -> None:
        self.inner: Any = setting.desks["event"].scorer
        self.world = setting.world
        self.taught: list[tuple[int, NDArray[np.float32], NDArray[np.int64]]] = []
        self.scored: list[NDArray[np.float64]] = []
        setting.desks["event"].scorer = self

    def learn(self, x: NDArray[np.float32], y: NDArray[np.int64]) -> None:
        self.taught.append((self.world.now, x.copy(), y.copy()))
        self.inner.learn(x, y)

    def score(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        answer: NDArray[np.float64] = self.inner.score(x)
        self.scored.append(answer)
        return answer


def weights_of(scorer: OnlineLogistic) -> NDArray[np.float64]:
    """(k + 1,) weights, the intercept last."""
    return scorer.weight


def assert_same_as_river(ours: OnlineLogistic, river: Any) -> None:
    """Weights, intercept, running means and variances agree within 1e-9 of their size."""
    scaler, model = river["StandardScaler"], river["LogisticRegression"]
    np.testing.assert_allclose(ours.weight[:-1], [model.weights[f] for f in FIELDS], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.weight[-1], model.intercept, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.mean, [scaler.means[f] for f in FIELDS], rtol=1e-9)
    np.testing.assert_allclose(ours.spread / ours.count, [scaler.vars[f] for f in FIELDS], rtol=1e-9)


def test_in_one_order_the_learner_is_rivers(stream: Stream) -> None:
    ours, river = SgdLogistic(0.01).begin(len(FIELDS)), learner()
    for x, y in zip(rows_of(stream), stream.y.astype(bool).tolist(), strict=True):
        river.learn_one(x, y)
    ours.learn(stream.x, stream.y.astype(np.int64))
    assert_same_as_river(ours, river)
    assert np.abs(ours.weight).max() > 0.1, "it has learnt something"


def test_scores_before_during_and_after_are_rivers(stream: Stream) -> None:
    ours, river = SgdLogistic(0.01).begin(len(FIELDS)), learner()
    for row, (x, y) in enumerate(zip(rows_of(stream)[:500], stream.y[:500].tolist(), strict=True)):
        one = stream.x[row : row + 1]
        assert ours.score(one)[0] == pytest.approx(river.predict_proba_one(x)[True], abs=1e-9)
        river.learn_one(x, bool(y))
        ours.learn(one, np.array([y], dtype=np.int64))


def test_a_replay_with_late_labels_learns_what_river_learns_in_the_same_order(
    stream: Stream, tmp_path: Path
) -> None:
    setting = opened(stream, tmp_path)
    replay(setting.world, setting.desks, setting.ledgers)
    river = learner()
    progress(stream, river)
    desk = setting.desks["event"]
    assert isinstance(desk.scorer, OnlineLogistic)
    assert desk.scorer.count[0] == ROWS
    assert_same_as_river(desk.scorer, river)
    shuffled = SgdLogistic(0.01).begin(len(FIELDS))
    shuffled.learn(stream.x, stream.y.astype(np.int64))
    assert np.abs(shuffled.weight - desk.scorer.weight).max() > 1e-6, "the order of arrival matters"


def test_a_label_is_learnt_at_the_first_tick_by_which_it_is_known(stream: Stream, tmp_path: Path) -> None:
    setting = opened(stream, tmp_path)
    watched = Watched(setting)
    replay(setting.world, setting.desks, setting.ledgers)
    row_of = {x.tobytes(): row for row, x in enumerate(stream.x)}
    learnt: dict[int, int] = {}
    for now, x, y in watched.taught:
        for one, label in zip(x, y.tolist(), strict=True):
            row = row_of[one.tobytes()]
            assert row not in learnt, "a label is learnt once"
            assert label == stream.y[row]
            learnt[row] = now
    assert len(learnt) == ROWS
    in_time = stream.known_at <= stream.horizon - TICK
    assert 1_000 < in_time.sum() < ROWS
    for row, now in learnt.items():
        if in_time[row]:
            assert now == -(-int(stream.known_at[row]) // TICK) * TICK
        else:
            assert now == stream.horizon, "what comes after the last question is heard at the end"


def test_labels_known_later_change_no_score_before(stream: Stream, tmp_path: Path) -> None:
    cut = 20 * TICK
    later = np.flatnonzero(stream.known_at > cut)
    flipped = stream._replace(y=stream.y.copy())
    flipped.y[later] = 1 - flipped.y[later]
    scores = []
    for number, one in enumerate((stream, flipped)):
        (folder := tmp_path / str(number)).mkdir()
        watched = Watched(setting := opened(one, folder))
        replay(setting.world, setting.desks, setting.ledgers)
        scores.append(np.concatenate(watched.scored))
    before = int(np.searchsorted(stream.t, cut + TICK))
    assert before < ROWS
    np.testing.assert_array_equal(scores[0][:before], scores[1][:before])
    assert (scores[0][before:] != scores[1][before:]).any(), "labels known later do matter later"


def test_a_label_that_is_not_known_by_the_end_is_never_learnt(stream: Stream, tmp_path: Path) -> None:
    tail = 2 * HOUR
    known = stream.known_at.copy()
    known[::7] = -1  # never: an empty cell
    told = (known >= 0) & (known <= stream.horizon + tail)
    assert 500 < (~told).sum() < ROWS - 500
    weights = []
    for number, y in enumerate((stream.y, np.where(told, stream.y, 1 - stream.y).astype(np.int8))):
        (folder := tmp_path / str(number)).mkdir()
        setting = opened(stream._replace(y=y, known_at=known), folder, tail)
        replay(setting.world, setting.desks, setting.ledgers)
        desk = setting.desks["event"]
        assert isinstance(desk.scorer, OnlineLogistic)
        assert desk.scorer.count[0] == told.sum()
        assert desk.state_bytes()["pending"] > 0
        weights.append(desk.scorer.weight)
    np.testing.assert_array_equal(weights[0], weights[1])


def test_what_was_never_asked_is_never_learnt(stream: Stream, tmp_path: Path) -> None:
    """Labels of events that the recording leaves out (they fall beyond its horizon) reach no learner."""
    setting = build(write(stream, tmp_path / "log.parquet"), 20 * TICK)
    replay(setting.world, setting.desks, setting.ledgers)
    desk = setting.desks["event"]
    assert isinstance(desk.scorer, OnlineLogistic)
    assert desk.scorer.count[0] == (stream.t < 20 * TICK).sum()


def test_a_candidate_that_cannot_learn_online_is_refused_where_the_unit_is_the_event(
    stream: Stream, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="learns online"):
        build(write(stream, tmp_path / "log.parquet"), stream.horizon, candidate="xgboost")
