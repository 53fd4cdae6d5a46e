"""One football match: its states, its probabilities, its clock, the walk through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, MINUTE
from sim.engine.stage import Stage
from sim.injections.step import Step
from sim.worlds.sportsbook import football
from sim.worlds.sportsbook.paths import AWAY_SCORES, CLOCK, END, HOME_SCORES, RED_AWAY, RED_HOME, Path

SPECS = {spec.name: spec for spec in football.LEVERS}
PLAIN = Levers(SPECS, {}, {})
KICKOFF = 10 * DAY + 15 * HOUR


def one(match: int = 0, lam: float = 1.55, mu: float = 1.26, levers: Levers = PLAIN) -> Path:
    return football.play(1, match, KICKOFF, lam, mu, levers, KICKOFF - 3 * DAY)


MATCHES = [one(match, lam=2.0, mu=1.7) for match in range(60)]


@pytest.mark.parametrize("path", MATCHES[:20])
def test_states_tell_the_match(path: Path) -> None:
    assert path.t[0] == KICKOFF
    assert (np.diff(path.t) > 0).all()
    assert path.event[0] == CLOCK
    assert path.event[-1] == END
    assert (path.event[1:-1] != END).all()
    assert np.array_equal(np.cumsum(path.event == HOME_SCORES), path.score_home)
    assert np.array_equal(np.cumsum(path.event == AWAY_SCORES), path.score_away)
    assert np.array_equal(np.cumsum(path.event == RED_HOME), path.red_home)
    assert np.array_equal(np.cumsum(path.event == RED_AWAY), path.red_away)
    pause = np.flatnonzero(~path.runs)
    assert len(pause) == 2, "half-time and the end"
    rest = int(pause[0])
    assert path.t[rest + 1] - path.t[rest] == 15 * MINUTE
    assert path.period[rest] == 1
    assert path.period[rest + 1] == 2
    assert path.clock_min[rest] == path.clock_min[rest + 1] == 45.0
    assert 105 * MINUTE < path.end - KICKOFF < 125 * MINUTE
    first, second = path.clock_min[: rest + 1], path.clock_min[rest + 1 :]
    assert (np.diff(first[:-1]) >= 0).all()
    assert (np.diff(second) >= 0).all()


@pytest.mark.parametrize("path", MATCHES[:20])
def test_each_market_sums_to_one_and_ends_in_its_outcome(path: Path) -> None:
    assert path.p.dtype == np.float64
    assert path.p.min() >= 0.0
    assert np.allclose(path.p[..., :3].sum(axis=-1), 1.0, atol=1e-12)
    assert np.allclose(path.p[..., 3:].sum(axis=-1), 1.0, atol=1e-12)
    final = path.fair(np.array([len(path.t) - 1]), np.array([path.end + MINUTE]))[0]
    assert final[:3].argmax() == path.outcome[0]
    assert final[3:].argmax() == path.outcome[1]
    assert set(final.tolist()) == {0.0, 1.0}
    home, away = int(path.score_home[-1]), int(path.score_away[-1])
    assert path.outcome[0] == (0 if home > away else 1 if home == away else 2)
    assert path.outcome[1] == (0 if home + away > 2 else 1)
    assert np.allclose(path.fair(np.array([-1]), np.array([KICKOFF - HOUR]))[0], path.before)
    assert np.allclose(path.fair(np.array([0]), np.array([KICKOFF]))[0], path.before)


def test_nothing_moves_in_half_time_and_time_alone_moves_little() -> None:
    path = MATCHES[0]
    rest = int(np.flatnonzero(~path.runs)[0])
    t = np.linspace(path.t[rest], path.t[rest + 1], 50).astype(np.int64)
    quiet = path.fair(np.full(50, rest), t)
    assert np.ptp(quiet, axis=0).max() < 1e-12
    t = np.arange(KICKOFF, path.end, 5_000_000)
    state = path.state(t)
    p = path.fair(state, t)
    same = (state[1:] == state[:-1]) & (t[1:] < path.t[-1])
    half_time = (t[1:] >= path.t[rest]) & (t[:-1] < path.t[rest])
    assert np.abs(np.diff(p, axis=0))[same & ~half_time].max() < 0.01


def test_a_row_tells_what_would_be_true_if_no_more_had_happened() -> None:
    """0-0 heard on at minute 60 of a match in which somebody scored: its draw is likelier than at kick-off."""
    path = next(
        p for p in MATCHES if (p.event == HOME_SCORES).any() and p.period[p.event == HOME_SCORES][0] == 1
    )
    second = path.t[path.period == 2][0]
    held = path.fair(np.array([0, 0]), np.array([second + 15 * MINUTE, second + 44 * MINUTE]))
    assert path.before[1] < held[0, 1] < held[1, 1]
    assert held[1, 4] > 0.95


def test_probabilities_are_a_martingale() -> None:
    """The truth's mean over 60 matches of equal means, at five instants, equals that before kick-off.

    Deviations at 4 standard errors: 25 comparisons, false alarms below 0.2 %.
    """
    for minutes in (20, 45, 75, 95, 130):
        t = np.array([KICKOFF + minutes * MINUTE])
        p = np.array([path.fair(path.state(t), t)[0] for path in MATCHES])
        error = p.std(axis=0) / len(MATCHES) ** 0.5
        assert np.all(np.abs(p.mean(axis=0) - MATCHES[0].before) < 4 * error + 1e-3)


def test_one_seed_one_match_whatever_else_is_played() -> None:
    a, b, other = one(3), one(3), one(4)
    for name in ("t", "event", "p", "grid", "before"):
        assert getattr(a, name).tobytes() == getattr(b, name).tobytes()
    assert a.end != other.end
    many = football.simulate(1, np.full(6, 1.55), np.full(6, 1.26), PLAIN)
    path = one(3)
    goals = path.event[(path.event != CLOCK) & (path.event != END)]
    assert many.what[3][many.what[3] > 0].tolist() == goals.tolist()


def test_a_match_whose_first_draws_run_out_is_the_same_with_more(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = one(5)
    monkeypatch.setattr(football, "TRIALS", 4)
    assert one(5).t.tolist() == usual.t.tolist()


def test_levers_are_read_when_the_market_opens() -> None:
    opens = KICKOFF - 3 * DAY
    plain = football.play(1, 9, KICKOFF, 1.5, 1.2, PLAIN, opens)
    for start, same in ((opens + 1, True), (opens, False)):
        step: Any = Step(start=start, end=99 * DAY, to=9.6)
        state = Levers(SPECS, {}, {"added_minutes_second": (step,)})
        moved = football.play(1, 9, KICKOFF, 1.5, 1.2, state, opens)
        assert (moved.p.tobytes() == plain.p.tobytes()) is same


@pytest.mark.parametrize("lever", list(SPECS))
def test_every_lever_moves_a_match(lever: str) -> None:
    """And the match can be played at both ends of each lever's range."""
    usual = football.simulate(1, np.full(60, 1.5), np.full(60, 1.2), PLAIN)
    for value in (SPECS[lever].low, SPECS[lever].high):
        state = Levers(SPECS, {lever: value}, {})
        path = football.play(1, 2, KICKOFF, 1.5, 1.2, state)
        assert np.isfinite(path.p).all()
        if value != SPECS[lever].default:
            moved = football.simulate(1, np.full(60, 1.5), np.full(60, 1.2), state)
            assert not np.array_equal(moved.at, usual.at, equal_nan=True)


@pytest.mark.parametrize(("lam", "mu"), [(0.05, 0.05), (6.0, 0.1), (4.5, 4.5)])
def test_lopsided_matches(lam: float, mu: float) -> None:
    path = one(lam=lam, mu=mu)
    assert np.isfinite(path.p).all()
    assert path.before[:3].sum() == pytest.approx(1.0)


def test_the_spline_of_many_matches_agrees_with_each_alone() -> None:
    rules = football.rules(PLAIN, 0)
    draw = np.random.default_rng(1)
    lam, mu = np.exp(draw.normal(0.38, 0.35, 500)), np.exp(draw.normal(0.1, 0.35, 500))
    many = football.base_rates(lam, mu, rules)
    alone = football.base_rates(lam[:50], mu[:50], rules)
    assert np.allclose(many[:50], alone, rtol=5e-4)


def test_the_walk_tells_every_state_at_its_instant() -> None:
    stage, path, told = Stage(), MATCHES[1], list[tuple[int, int]]()
    stage.play(football.walk(stage, path, lambda state: told.append((stage.now, state))))
    stage.run(int(path.t[2]))
    assert len(told) == 2, "what is due at the barrier belongs to the next stretch"
    stage.run(path.end + 1)
    assert told == [(int(t), i) for i, t in enumerate(path.t)]
    assert all(type(t) is int for t, _ in told)
