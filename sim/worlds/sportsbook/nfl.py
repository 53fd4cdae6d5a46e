"""One NFL game, whole: what happens when, and the true probabilities of spread and total along it.

Knows: the drive process and its recursions, how a game's clock lies in the wall clock. Does not know: who has heard
of it, prices, bets.

The spread is settled on the line for home minus away: home covers when home - away > line_spread (a line of 3.5:
home gives 3.5 points). The coin toss for the opening kick-off counts as known before kick-off: it moves a
probability by a few tenths of a percentage point at most.
"""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import MINUTE, SECOND, Micros
from sim.worlds.sportsbook import nfl_drives as game
from sim.worlds.sportsbook import nfl_lattice as lattice
from sim.worlds.sportsbook.nfl_drives import (
    AGAINST,
    FOR,
    GAME,
    HALF,
    OVERTIME,
    QUARTER,
    STEP_S,
    Drives,
)
from sim.worlds.sportsbook.paths import AWAY_SCORES, CLOCK, END, HOME_SCORES, Path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_WALL = "a broadcast lasts about 3 h 10 min, from memory; its split is assumed"
LEVERS: tuple[LeverSpec, ...] = (
    *game.LEVERS,
    LeverSpec("nfl_change_min", 2.9, "min", 0.2, 10.0, "wall clock from a drive's end to the next, mean",
              _WALL, "assumption", moves=False),
    LeverSpec("nfl_stop_min", 2.4, "min", 0.1, 10.0, "wall clock of a stop within a drive, mean",
              _WALL, "assumption", moves=False),
    LeverSpec("nfl_quarter_min", 2.0, "min", 0.2, 10.0, "wall clock between quarters",
              _WALL, "assumption", moves=False),
    LeverSpec("nfl_half_time_min", 12.0, "min", 5.0, 40.0, "wall clock of half-time",
              "league rules, from memory", "memory", moves=False),
)  # fmt: skip

_REVIEW = 30 * SECOND
"""From a score on the last play to the whistle."""
_SHAPE = 4.0
"""Stoppages are gamma with this shape."""


def _drives(levers: Levers, home_opens: bool, home_points: float, away_points: float) -> Drives:
    if home_opens:
        home, away = lattice.factors(levers, home_points, away_points)
    else:
        away, home = lattice.factors(levers, away_points, home_points)
    return game.drives(levers, home, away)


def simulate(seed: int, n: int, home_points: float, away_points: float, levers: Levers) -> Ints:
    """Final scores (n, 2) of n games between the same two teams, home first."""
    draw = rng.stream(seed, "sportsbook", "nfl_scores")
    u = draw.random((n, game.DRAWS))
    out = np.zeros((n, 2), dtype=np.int64)
    home_opens = u[:, -2] < 0.5
    for opens in (True, False):
        chosen = home_opens == opens
        result = np.zeros((int(chosen.sum()), 2), dtype=np.int64)
        game.scores(*_drives(levers, opens, home_points, away_points), u[chosen], result)
        out[chosen] = result
    return out


class _Wall:
    """Lays the game clock into the wall clock, state by state."""

    def __init__(self, kickoff: Micros) -> None:
        self.now = kickoff
        self.step = 0
        self.knots: list[tuple[int, int]] = [(kickoff, 0)]
        self.states: list[tuple[int, ...]] = []

    def run(self, step: int) -> None:
        """Let the clock run to a step."""
        self.now += (step - self.step) * STEP_S * SECOND
        self.step = step
        self.knots.append((self.now, step))

    def rest(self, span: Micros) -> None:
        """Let wall clock pass while the game clock stands."""
        self.now += span
        self.knots.append((self.now, self.step))

    def tell(self, period: int, runs: bool, home: int, away: int, ball: int, event: int, row: int) -> None:
        """A new state from now on; `row` of the probability table holds in it."""
        self.states.append((self.now, period, self.step, int(runs), home, away, ball, event, row))


def _lay(log: Ints, kickoff: Micros, levers: Levers, draw: np.random.Generator) -> _Wall:
    """States and clock of a game's drives (d, 7). Rows: one per drive, then `before overtime`, then `over`."""
    wall, count = _Wall(kickoff), len(log)
    extra, over = count, count + 1
    breaks = {QUARTER: "nfl_quarter_min", HALF: "nfl_half_time_min", GAME - QUARTER: "nfl_quarter_min",
              GAME: "nfl_quarter_min"}  # fmt: skip

    def gap(name: str) -> int:
        return max(int(draw.gamma(_SHAPE, levers.constant(name) / _SHAPE) * MINUTE), SECOND)

    def pause(step: int) -> int:
        return round(levers.constant(breaks[step]) * MINUTE)

    for i in range(count):
        start, end, offence, home, away, way = (int(v) for v in log[i, :6])
        ball = 1 if offence == 0 else -1

        def period(step: int) -> int:
            return min(step // QUARTER, 4) + 1

        wall.tell(period(start), True, home, away, ball, CLOCK, i)
        stops = {q: pause(q) for q in (QUARTER, GAME - QUARTER) if start < q < end}
        if end - start >= 2:
            step = start + 1 + int(draw.random() * (end - start - 1))
            stops[step] = stops.get(step, 0) + gap("nfl_stop_min")
        for step in sorted(stops):
            wall.run(step)
            wall.tell(period(step - 1), False, home, away, ball, CLOCK, i)
            wall.rest(stops[step])
            wall.tell(period(step), True, home, away, ball, CLOCK, i)
        wall.run(end)
        mine, other = int(FOR[way]), int(AGAINST[way])
        home, away = (home + mine, away + other) if offence == 0 else (home + other, away + mine)
        scored = mine + other > 0
        event = CLOCK if not scored else HOME_SCORES if (mine > 0) == (offence == 0) else AWAY_SCORES
        last = i == count - 1
        if last and scored:
            wall.tell(period(end - 1), False, home, away, 0, event, over)
            wall.rest(_REVIEW)
        if last:
            wall.tell(period(end - 1), False, home, away, 0, END, over)
            break
        next_ball = 0 if end == GAME else 1 if log[i + 1, 2] == 0 else -1
        wall.tell(period(end - 1), False, home, away, next_ball, event, extra if end == GAME else i + 1)
        wall.rest(pause(end) if end in breaks else gap("nfl_change_min"))
    return wall


def _payoffs(line_spread: float, line_total: float) -> tuple[Floats, Floats, int]:
    """Spread: value (WIDTH,) by margin. Total: value (n, n) by both scores. And the total line rounded up."""
    spread = (np.arange(-game.EDGE, game.EDGE + 1) > line_spread).astype(np.float64)
    cells = floor(line_total) + 1
    points = np.arange(cells + 8)
    return spread, (points[:, None] + points >= cells).astype(np.float64), cells


def _rows(log: Ints, chances: Drives, line_spread: float, line_total: float) -> tuple[Floats, Floats]:
    """Rows (d + 2, g, 2) of P(home covers) and P(over) as `_lay` counts them, and both at kick-off (2,)."""
    table = lattice.overtime_table(chances)
    points = np.concatenate([lattice.POINTS, -lattice.POINTS, [0]]).astype(np.float64)
    wins = (points > line_spread).astype(np.float64)
    toss = table[0, game.FRESH].mean(axis=0)
    spread, total, cells = _payoffs(line_spread, line_total)
    spread[game.EDGE] = toss @ wins
    for tied in range(len(total)):
        total[tied, tied] = toss @ (2 * tied + np.abs(points) >= cells)
    regular = log[log[:, 0] < GAME]
    count, extra = len(regular), len(log) - len(regular)
    mix = np.zeros((count, GAME + 1, game.PHASES))
    lattice.mixes(chances.pace, chances.stage, regular, count, mix)
    width = GAME + 1 + (OVERTIME if extra else 0)
    rows = np.zeros((len(log) + 2, width, 2))
    cover, over = np.zeros((count, GAME + 1)), np.zeros((count, GAME + 1))
    opener = int(log[0, 2])
    before = np.array([
        lattice.margins(*chances, opener, spread, np.zeros((2, game.WAYS)), regular, mix, cover),
        lattice.totals(*chances, opener, cells, total, regular, mix, over),
    ])  # fmt: skip
    for i, start in enumerate(regular[:, 0]):
        stop = HALF if start < HALF else GAME
        for k, part in enumerate((cover, over)):
            rows[i, :, k] = np.interp(np.arange(width), np.arange(start, stop + 1), part[i, start : stop + 1])
    if extra:
        tied = int(log[count, 3])
        value = np.stack([wins, (2 * tied + np.abs(points) >= cells).astype(np.float64)], axis=1)
        rows[-2] = toss @ value
        phase_odds = np.zeros((OVERTIME + 1, game.PHASES))
        q = chances.pace[game.SUDDEN, game.EDGE]
        for i in range(count, len(log)):
            start = int(log[i, 0]) - GAME
            phase_odds[:] = 0.0
            phase_odds[start, game.FRESH] = 1.0
            for step in range(start, OVERTIME):
                odds = (1.0 - q) * phase_odds[step]
                odds[1:] += q * phase_odds[step, :-1]
                phase_odds[step + 1] = odds / odds.sum()
            odds = np.einsum("ej,ejr->er", phase_odds[start:], table[start:, :, log[i, 2]])
            rows[i, : GAME + start] = odds[0] @ value
            rows[i, GAME + start :] = odds @ value
    return rows, before


def play(
    seed: int, match: int, kickoff: Micros, home_points: float, away_points: float, line_spread: float,
    line_total: float, levers: Levers,
) -> Path:  # fmt: skip
    """One game. Its points have exactly these means; both lines are half points.

    c = (home covers, away covers, over, under); outcome[0] is 0 where home - away > line_spread, outcome[1] is 0 where
    home + away > line_total. Raises ValueError for a whole line, or points that no team scores on average.
    """
    if line_spread == floor(line_spread) or line_total == floor(line_total):
        raise ValueError(f"lines are half points, not {line_spread} and {line_total}")
    draw = rng.stream(seed, "sportsbook", "nfl", match)
    u = draw.random(game.DRAWS)
    chances = _drives(levers, bool(u[-2] < 0.5), home_points, away_points)
    whole = np.zeros((game.LOG, 7), dtype=np.int64)
    log = whole[: game.game(*chances, u, whole)]
    wall = _lay(log, kickoff, levers, draw)
    rows, before = _rows(log, chances, line_spread, line_total)
    last = wall.states[-1]
    outcome = np.array([last[4] - last[5] <= line_spread, last[4] + last[5] <= line_total], dtype=np.int8)
    rows[-1] = 1.0 - outcome
    t, period, step, runs, home, away, ball, event, row = np.array(wall.states, dtype=np.int64).T
    two = rows[row]
    knots = np.array(wall.knots, dtype=np.int64)
    none = np.zeros(len(t), dtype=np.int8)
    return Path(
        t=t, period=period.astype(np.int8), clock_min=step * (STEP_S / 60.0), runs=runs.astype(np.bool_),
        score_home=home.astype(np.int16), score_away=away.astype(np.int16), red_home=none, red_away=none.copy(),
        possession=ball.astype(np.int8), event=event.astype(np.int8), grid_t=knots[:, 0].copy(),
        grid=knots[:, 1].astype(np.float64), p=_both(two), before=_both(before), outcome=outcome,
    )  # fmt: skip


def _both(first: Floats) -> Floats:
    """(..., 2) probabilities of the first outcomes to (..., 4) of all."""
    return np.stack([first[..., 0], 1.0 - first[..., 0], first[..., 1], 1.0 - first[..., 1]], axis=-1)
