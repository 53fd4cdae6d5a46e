"""Scores on a schedule: equal to scores per call where every call falls on a refresh, as old as they say, never newer
than what was known; trained on what is read."""

from __future__ import annotations

import numpy as np
import pytest

from harness.board import Board, Cadence
from harness.featurizer import Featurizer
from harness.policies._bands import Band
from harness.policies.fixed_threshold import FixedThreshold
from harness.policies.graded import Graded
from harness.policies.random import Random
from sim.core import rng
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import DAY, HOUR
from tests.unit.harness.ringing import BLOCK, FEATURES, KIND, STREAMS, THROTTLE, Reports, calls, news, play

BLOCKING = FixedThreshold(block_at=0.6)
HOURLY = Cadence(every=HOUR)
DAILY = Cadence(every=DAY, at=2 * HOUR, lookback=3 * DAY)


def every_hour(days: int, callers: int = 12) -> Block:
    """Every caller calls at the very start of every hour."""
    return calls([(hour * HOUR, 100 + caller) for hour in range(24 * days) for caller in range(callers)])


def at_random(days: int, seed: int, n: int = 3_000, callers: int = 60) -> Block:
    draw = rng.stream(seed, "tests", "cadence")
    t = np.sort(draw.integers(0, days * DAY, n)).tolist()
    return calls(list(zip(t, (100 + draw.geometric(0.08, n) % callers).tolist(), strict=True)))


def reports(days: int, seed: int, n: int = 80, callers: int = 12) -> Block:
    """Reports of the first third of the callers, known after hours or days."""
    draw = rng.stream(seed, "tests", "reports")
    t = draw.integers(0, days * DAY - 4 * DAY, n)
    late = draw.integers(HOUR, 4 * DAY, n)
    caller = 100 + draw.integers(0, callers // 3, n)
    return news("report", list(zip((t + late).tolist(), t.tolist(), caller.tolist(), strict=True)))


def test_where_every_call_falls_on_a_refresh_both_designs_see_decide_and_learn_alike() -> None:
    rows, told = every_hour(8), {"report": reports(8, 1)}
    per_call = play(BLOCKING, rows, told, 8, retrain=2 * DAY)
    refreshed = play(BLOCKING, rows, told, 8, cadence=HOURLY, retrain=2 * DAY)
    late = rows["t"] >= 2 * DAY
    assert (per_call.action > 0).sum() > 50
    for name in ("action", "scored", "propensity", "audit"):
        np.testing.assert_array_equal(getattr(per_call, name)[late], getattr(refreshed, name)[late])
    assert len(per_call.fits) == len(refreshed.fits) == 3
    for one, other in zip(per_call.fits, refreshed.fits, strict=True):
        # Who calls for the first time is on no board, so a unit that keeps that call has no row to learn from.
        mine = dict(
            zip(zip(one.keys.entity.tolist(), one.keys.day.tolist(), strict=True), one.past.x, strict=True)
        )
        theirs = dict(
            zip(
                zip(other.keys.entity.tolist(), other.keys.day.tolist(), strict=True),
                other.past.x,
                strict=True,
            )
        )
        assert set(theirs) <= set(mine)
        assert {day for _, day in set(mine) - set(theirs)} <= {0}
        assert len(theirs) >= 0.8 * len(mine) > 0 or one.as_of == 2 * DAY
        for unit, x in theirs.items():
            np.testing.assert_array_equal(x, mine[unit])


def test_a_score_is_read_until_the_next_refresh_and_its_age_is_known() -> None:
    rows = every_hour(5, callers=1)
    told = {"report": news("report", [(3 * DAY + HOUR, 2 * DAY, 100), (3 * DAY + 3 * HOUR, 2 * DAY, 100)])}
    played = play(BLOCKING, rows, told, 5, cadence=DAILY, retrain=DAY)
    scores = dict(zip((played.t // HOUR).tolist(), played.scored.tolist(), strict=True))
    assert {scores[hour] for hour in range(48, 74)} == {0.0}
    assert {scores[hour] for hour in range(74, 98)} == {
        0.5
    }  # the report known at 01:00 is on the board from 02:00 on
    assert {scores[hour] for hour in range(98, 120)} == {0.75}
    day = played.fits[-1].facts
    assert day["scored_share"] == 1.0
    # Calls at 0:00 and 1:00 read scores of 22 and 23 hours, those from 2:00 to 23:00 of 0 to 21.
    assert day["score_age_hours"] == pytest.approx(np.mean([22, 23, *range(22)]))
    assert day["board_entities"] == 1.0


def test_training_rows_are_what_was_read_when_the_kept_call_was_decided() -> None:
    rows, told = at_random(9, 3), {"report": reports(9, 3)}
    candidate = Reports()
    played = play(BLOCKING, rows, told, 9, cadence=DAILY, retrain=DAY, candidate=candidate)
    past, keys = played.fits[-1].past, played.fits[-1].keys
    assert len(past) > 100
    assert past.y.sum() > 0
    before = (rows["t"], rows["caller"])
    known = told["report"]["known_at"]
    for x, t, entity in zip(past.x, past.unit_t.tolist(), keys.entity.tolist(), strict=True):
        as_of = (t - 2 * HOUR) // DAY * DAY + 2 * HOUR
        assert x[0] == ((before[0] < as_of) & (before[1] == entity)).sum()
        rounded = -(-known // HOUR) * HOUR  # heard at the next tick's start
        assert x[1] == ((rounded < as_of) & (told["report"]["caller"] == entity)).sum()


def test_who_is_not_on_the_board_passes_whatever_the_policy() -> None:
    rows = calls([(3 * DAY + HOUR * n, 200) for n in (0, 1, 3)] + [(4 * DAY, 200), (8 * DAY, 200)])
    everybody = Random(shares={"block": 0.999999})
    played = play(everybody, rows, {}, 9, cadence=DAILY)
    assert [action for _, action in played.of(200)] == [
        0,
        0,
        BLOCK,
        BLOCK,
        0,
    ]  # nobody after three days of silence
    assert np.isnan(played.scored[[0, 1, 4]]).all()
    assert played.propensity[[0, 1, 4]].tolist() == [1.0] * 3


def test_later_news_changes_no_earlier_board() -> None:
    rows, told = at_random(9, 5), {"report": reports(9, 5)}
    since = 5 * DAY + 7 * HOUR
    columns = {name: column.copy() for name, column in told["report"].columns.items()}
    late = columns["known_at"] > since
    assert late.any()
    columns["caller"][late] = 100 + (columns["caller"][late] - 99) % 12
    other = {"report": Block(told["report"].schema, columns)}
    base, changed = (play(BLOCKING, rows, each, 9, cadence=DAILY, retrain=DAY) for each in (told, other))
    before = rows["t"] < since
    for name in ("scored", "action", "audit", "propensity"):
        assert getattr(base, name)[before].tobytes() == getattr(changed, name)[before].tobytes()
    assert base.scored.tobytes() != changed.scored.tobytes()


def test_ticks_do_not_move_a_refresh() -> None:
    """Cut into ticks of an hour, half an hour or five minutes, the board is the same at the same instants.

    News is heard by the tick, so that a finer tick may hear more of it before a refresh: here it comes on the hour.
    """
    rows = at_random(7, 6)
    told = {"report": news("report", [(day * DAY + 5 * HOUR, day * DAY, 101 + day) for day in range(6)])}
    whole = play(BLOCKING, rows, told, 7, cadence=DAILY)
    for tick in (HOUR // 2, HOUR // 12):
        other = play(BLOCKING, rows, told, 7, cadence=DAILY, tick=tick)
        assert whole.scored.tobytes() == other.scored.tobytes()
        assert whole.action.tobytes() == other.action.tobytes()


def test_the_board_holds_just_who_called_within_the_look_back() -> None:
    rows = at_random(12, 7, n=20_000, callers=900)
    featurizer = Featurizer(FEATURES, KIND, STREAMS)
    board = Board(DAILY, KIND, featurizer)
    sizes = []
    for start in range(0, 12 * DAY, HOUR):
        if board.due(start):
            board.refresh(start, lambda x: x[:, 0].astype(np.float64))
            mine = (rows["t"] >= start - 3 * DAY) & (rows["t"] < start)
            np.testing.assert_array_equal(board.entity, np.unique(rows["caller"][mine]))
            ever = np.array([(rows["caller"][rows["t"] < start] == e).sum() for e in board.entity[:5]])
            np.testing.assert_array_equal(board.score[:5], ever)
            assert not board.due(start)
            sizes.append(board.state_bytes())
        low, high = np.searchsorted(rows["t"], (start, start + HOUR)).tolist()
        board.take(rows.take(slice(low, high)))
    assert len(sizes) == 12
    assert max(sizes[6:]) <= 1.2 * max(sizes[3:6])


def test_top_takes_so_many_of_each_refresh() -> None:
    rows = every_hour(6, callers=12)
    told = {
        "report": news(
            "report", [(DAY + n * HOUR, DAY, 100 + caller) for caller in range(8) for n in range(caller + 1)]
        )
    }
    policy = Graded(bands=(Band(action="block", top=2), Band(action="throttle", top=5, at=0.5)))
    played = play(policy, rows, told, 6, cadence=DAILY)
    after = played.t >= 2 * DAY + 2 * HOUR
    assert set(played.caller[after & (played.action == BLOCK)].tolist()) == {106, 107}
    assert set(played.caller[after & (played.action == THROTTLE)].tolist()) == {103, 104, 105}
    few = play(Graded(bands=(Band(action="block", top=50, at=0.5),)), rows, told, 6, cadence=DAILY)
    assert set(few.caller[few.action == BLOCK].tolist()) == set(range(100, 108))


def test_a_cadence_needs_something_that_scores_days_of_entities() -> None:
    from harness.desk import Desk
    from harness.desk_plan import DeskPlan
    from tests.unit.harness.ringing import RULE

    plan = DeskPlan("nothing", None, BLOCKING, RULE, cadence=DAILY)
    with pytest.raises(UserError, match="a cadence is for what scores entities"):
        Desk(KIND, plan, Featurizer(FEATURES, KIND, STREAMS), 1, 2 * DAY)
