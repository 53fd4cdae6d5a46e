"""An NFL path: its shape, its clock, its order, the same bytes for the same seed.

Knows: nfl.play. Does not know: feeds, prices.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sim.core.levers import Levers
from sim.core.time import HOUR, MINUTE
from sim.worlds.sportsbook import nfl, nfl_drives, nfl_lattice
from sim.worlds.sportsbook.paths import AWAY_SCORES, END, HOME_SCORES, Path

LEVER_TABLE = Levers({spec.name: spec for spec in nfl.LEVERS}, {}, {})
KICKOFF = 5 * HOUR


def _play(match: int, seed: int = 3) -> Path:
    return nfl.play(seed, match, KICKOFF, 24.0, 21.5, 2.5, 45.5, LEVER_TABLE)


@pytest.fixture(scope="module")
def paths() -> list[Path]:
    return [_play(match) for match in range(60)]


def test_states_are_in_order_and_end_at_the_whistle(paths: list[Path]) -> None:
    for path in paths:
        assert path.t[0] == KICKOFF
        assert (np.diff(path.t) > 0).all()
        assert path.event[-1] == END
        assert (path.event == END).sum() == 1
        assert (np.diff(path.clock_min) >= 0).all()
        assert (np.diff(path.period) >= 0).all()
        assert (np.diff(path.grid_t) >= 0).all()
        assert (np.diff(path.grid) >= 0).all()
        assert path.grid_t[0] == KICKOFF
        assert path.grid_t[-1] <= path.end
        assert path.clock_min[-1] >= 60.0
        assert path.red_home.sum() == path.red_away.sum() == 0


def test_scores_move_only_with_their_events(paths: list[Path]) -> None:
    for path in paths:
        home, away = np.diff(path.score_home), np.diff(path.score_away)
        assert ((home > 0) == (path.event[1:] == HOME_SCORES)).all()
        assert ((away > 0) == (path.event[1:] == AWAY_SCORES)).all()
        assert set(home) <= {0, 2, 3, 6, 7, 8}
        assert set(away) <= {0, 2, 3, 6, 7, 8}


def test_outcome_is_that_of_the_final_score_and_the_last_row_knows_it(paths: list[Path]) -> None:
    for path in paths:
        margin = int(path.score_home[-1]) - int(path.score_away[-1])
        total = int(path.score_home[-1]) + int(path.score_away[-1])
        assert path.outcome.tolist() == [int(margin < 2.5), int(total < 45.5)]
        last = path.fair(np.array([len(path.t) - 1]), np.array([path.end]))[0]
        assert last[path.outcome[0]] == 1.0
        assert last[2 + path.outcome[1]] == 1.0


def test_probabilities_are_a_distribution_over_each_market_everywhere(paths: list[Path]) -> None:
    for path in paths:
        assert path.p.min() >= -1e-12
        assert path.p.max() <= 1.0 + 1e-12
        np.testing.assert_allclose(path.p[:, :, 0] + path.p[:, :, 1], 1.0)
        np.testing.assert_allclose(path.p[:, :, 2] + path.p[:, :, 3], 1.0)
        np.testing.assert_allclose(path.fair(np.array([0]), path.t[:1])[0], path.before, atol=1e-12)


def test_clock_runs_at_one_minute_a_minute_where_it_runs_and_stands_elsewhere(paths: list[Path]) -> None:
    for path in paths:
        wall = np.diff(path.t) / MINUTE
        np.testing.assert_allclose(np.diff(path.clock_min), np.where(path.runs[:-1], wall, 0.0), atol=1e-9)
        np.testing.assert_allclose(
            np.interp(path.t, path.grid_t, path.grid) * nfl_drives.STEP_S / 60.0, path.clock_min, atol=1e-9
        )


def test_games_last_about_three_hours_and_ten_minutes(paths: list[Path]) -> None:
    hours = np.array([(path.end - KICKOFF) / HOUR for path in paths])
    assert 3.0 < hours.mean() < 3.35
    assert hours.min() > 2.3
    assert hours.max() < 4.5


def test_same_seed_same_bytes_and_other_matches_differ() -> None:
    one, again, other = _play(4), _play(4), _play(5)
    for name in (field.name for field in dataclasses.fields(Path)):
        assert getattr(one, name).tobytes() == getattr(again, name).tobytes()
    assert one.t.tobytes() != other.t.tobytes()


def test_overtime_follows_every_tie_and_its_first_score_ends_it() -> None:
    paths = [_play(match, seed=8) for match in range(200)]
    extra = [path for path in paths if path.period[-1] == 5]
    assert len(extra) >= 3  # 7 % of games: fewer than 3 of 200 has a chance below 1e-4
    for path in extra:
        started = int(np.argmax(path.period == 5))
        assert path.score_home[started] == path.score_away[started]
        scored = np.isin(path.event[started:], (HOME_SCORES, AWAY_SCORES)).sum()
        assert scored <= 1
        if scored == 0:
            assert path.clock_min[-1] == 70.0
    for path in paths:
        if path.period[-1] < 5:
            assert path.score_home[-1] != path.score_away[-1]


def test_levers_name_a_source_and_lie_in_their_range() -> None:
    for spec in nfl.LEVERS:
        assert spec.low <= spec.default <= spec.high
        assert spec.source
        assert spec.name.startswith("nfl_")
        assert not spec.moves


def test_whole_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="half points"):
        nfl.play(1, 1, 0, 24.0, 21.0, 3.0, 45.5, LEVER_TABLE)


@pytest.mark.parametrize("points", [(70.0, 21.0), (2.0, 60.0), (60.0, 60.0), (25.6, 15.8)])
def test_teams_that_no_drives_give_play_as_near_as_they_can(points: tuple[float, float]) -> None:
    low, high = nfl_lattice.FACTORS
    for figures in ({}, {"nfl_touchdown": 0.05}):
        table = Levers({spec.name: spec for spec in nfl.LEVERS}, figures, {})
        found = nfl_lattice.factors(table, *points)
        given = nfl_lattice.means(nfl_lattice.drives(table, *found))
        for factor, wanted, reached in zip(found, points, given, strict=True):
            assert low * 0.999 <= factor <= high * 1.001
            most, least = factor > 0.99 * high, factor < 1.01 * low
            near = abs(reached - wanted) < 0.5
            assert near or (most and reached < wanted) or (least and reached > wanted)
