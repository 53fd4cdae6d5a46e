"""True probabilities of an NFL game: backward recursions over the drive process, exact for it.

Knows: nfl_drives' process. Does not know: wall-clock time, who has the ball in a given game's path, bets.

Two lattices. The margin lattice carries (phase of the drive, who has the ball, margin); the total lattice carries
both scores while their sum is below the line (how teams play late depends on the margin). Both also answer, for
each drive of a path, the probability at every later step if that drive should still be going on then: the mix of
phases given how long it has lasted, times the value of each.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from sim.core.compile import kernel, kernel_with_scratch
from sim.core.levers import Levers
from sim.worlds.sportsbook.nfl_drives import (
    AGAINST,
    CUT_GAME,
    CUT_HALF,
    EDGE,
    ENTRY,
    FIELD_GOAL,
    FOR,
    FRESH,
    GAME,
    HALF,
    LEVERS,
    NORMAL,
    OVERTIME,
    PHASES,
    SAFETY,
    SUDDEN,
    WAYS,
    WIDTH,
    Drives,
    drives,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RESULTS = 7
"""How overtime may end: home by 3, home by 6, home by 2, away by 3, by 6, by 2, tie."""
TIE = 6
POINTS = np.array([3, 6, 2], dtype=np.int64)
FACTORS = (0.15, 2.3)
"""Touchdown factors for which strengths are tabled."""
NODES = 10


@kernel
def mixes(pace: Floats, stage: Ints, log: Ints, count: int, out: Floats) -> None:
    """out (count, GAME + 1, PHASES): odds of each phase at every step to the half's end, for drives (count, 7) in
    regulation that have not ended by then; 0 where a drive has not begun or its half is over."""
    out[:] = 0.0
    for i in range(count):
        start, offence, margin = log[i, 0], log[i, 2], log[i, 3] - log[i, 4]
        at = min(max(margin if offence == 0 else -margin, -EDGE), EDGE) + EDGE
        out[i, start, log[i, 6]] = 1.0
        stop = HALF if start < HALF else GAME
        for step in range(start, stop):
            q = pace[stage[step], at]
            total = 0.0
            for j in range(PHASES):
                w = out[i, step, j] * (1.0 - q)
                if j > 0:
                    w += out[i, step, j - 1] * q
                out[i, step + 1, j] = w
                total += w
            for j in range(PHASES):
                out[i, step + 1, j] /= total


@kernel
def overtime(chance: Floats, pace: Floats, out: Floats) -> None:
    """out (OVERTIME + 1, PHASES, 2, RESULTS): probability of each result by step, phase and who has the ball."""
    out[:] = 0.0
    q = pace[SUDDEN, EDGE]
    out[OVERTIME, :, :, TIE] = 1.0
    for step in range(OVERTIME - 1, -1, -1):
        for team in range(2):
            for r in range(RESULTS):
                end = chance[team, SUDDEN, 0, EDGE] * out[step + 1, FRESH, 1 - team, r]
                if r == 3 * team:
                    end += chance[team, SUDDEN, FIELD_GOAL, EDGE]
                elif r == 3 * team + 1:
                    end += chance[team, SUDDEN, 1, EDGE]
                elif r == 3 * (1 - team) + 2:
                    end += chance[team, SUDDEN, SAFETY, EDGE]
                for j in range(PHASES):
                    after = end if j == PHASES - 1 else out[step + 1, j + 1, team, r]
                    out[step, j, team, r] = (1.0 - q) * out[step + 1, j, team, r] + q * after


@kernel_with_scratch
def margins(
    chance: Floats, pace: Floats, stage: Ints, opener: int, last: Floats, earn: Floats,
    log: Ints, mix: Floats, rows: Floats,
) -> float:  # fmt: skip
    """Backward over the margin. last (WIDTH,): value of a final margin; earn (2, WAYS): value earned at once when an
    offence's drive ends so. Fills rows (drives, GAME + 1) for the drives of log and answers the value at kick-off."""
    phase = np.zeros((PHASES, 2, WIDTH))
    end = np.zeros((2, WIDTH))
    begin = np.zeros((2, WIDTH))
    for step in range(GAME, -1, -1):
        if step < GAME:
            now = stage[step]
            whole = step + 1 == GAME or step + 1 == HALF  # `begin` then holds what follows the half
            for team in range(2):
                for x in range(WIDTH):
                    at = x if team == 0 else WIDTH - 1 - x
                    total = 0.0
                    for way in range(WAYS):
                        gain = FOR[way] - AGAINST[way]
                        y = min(max(x + gain if team == 0 else x - gain, 0), WIDTH - 1)
                        after = begin[1 - team, y] if whole else phase[ENTRY[way], 1 - team, y]
                        total += chance[team, now, way, at] * (after + earn[team, way])
                    end[team, x] = total
            for j in range(PHASES):
                for team in range(2):
                    for x in range(WIDTH):
                        q = pace[now, x if team == 0 else WIDTH - 1 - x]
                        after = end[team, x] if j == PHASES - 1 else phase[j + 1, team, x]
                        phase[j, team, x] = (1.0 - q) * phase[j, team, x] + q * after
        for i in range(len(rows)):
            half_over = step >= HALF if log[i, 0] < HALF else step >= GAME
            if log[i, 0] <= step and not half_over:
                x = min(max(log[i, 3] - log[i, 4] + EDGE, 0), WIDTH - 1)
                for j in range(PHASES):
                    rows[i, step] += mix[i, step, j] * phase[j, log[i, 2], x]
        if step == GAME or step == HALF:
            for team in range(2):
                for x in range(WIDTH):
                    begin[team, x] = last[x] if step == GAME else phase[FRESH, 1 - opener, x]
            cut = CUT_GAME if step == GAME else CUT_HALF
            for team in range(2):
                for x in range(WIDTH):
                    at = x if team == 0 else WIDTH - 1 - x
                    total = 0.0
                    for way in range(WAYS):
                        gain = FOR[way] - AGAINST[way]
                        y = min(max(x + gain if team == 0 else x - gain, 0), WIDTH - 1)
                        total += chance[team, cut, way, at] * (begin[1 - team, y] + earn[team, way])
                    for j in range(PHASES):
                        phase[j, team, x] = total
            for i in range(len(rows)):
                if (log[i, 0] < HALF) == (step == HALF):
                    x = min(max(log[i, 3] - log[i, 4] + EDGE, 0), WIDTH - 1)
                    rows[i, step] = phase[0, log[i, 2], x]
    value: float = phase[FRESH, opener, EDGE]
    return value


@kernel
def _ends(
    chance: Floats, team: int, now: int, flat: bool, cells: int, fresh: Floats, long: Floats, out: Floats
) -> None:
    """out (n, n): value when this team's drive ends now, by both scores below the line; what follows a touchdown is
    `long` (n, n), anything else `fresh` (n, n). One pass: the ways of nfl_drives are written out."""
    c = chance[team, now]
    for home in range(cells):
        for away in range(cells - home):
            at = EDGE if flat else EDGE + (home - away if team == 0 else away - home)
            if team == 0:
                out[home, away] = (
                    c[0, at] * fresh[home, away]
                    + c[1, at] * long[home + 6, away]
                    + c[2, at] * long[home + 7, away]
                    + c[3, at] * long[home + 8, away]
                    + c[4, at] * fresh[home + 3, away]
                    + c[5, at] * fresh[home, away + 2]
                )
            else:
                out[home, away] = (
                    c[0, at] * fresh[home, away]
                    + c[1, at] * long[home, away + 6]
                    + c[2, at] * long[home, away + 7]
                    + c[3, at] * long[home, away + 8]
                    + c[4, at] * fresh[home, away + 3]
                    + c[5, at] * fresh[home + 2, away]
                )


@kernel_with_scratch
def totals(
    chance: Floats, pace: Floats, stage: Ints, opener: int, cells: int, last: Floats,
    log: Ints, mix: Floats, rows: Floats,
) -> float:  # fmt: skip
    """Backward over both scores while their sum is below `cells` (the line rounded up): probability that the sum ends
    above the line. last (n, n), n = cells + 8: probability by final score in regulation. Fills rows (drives,
    GAME + 1) and answers the probability at kick-off."""
    n = cells + 8
    phase = np.ones((PHASES, 2, n, n))
    end = np.ones((2, n, n))
    begin = np.ones((n, n))
    for step in range(GAME, -1, -1):
        if step < GAME:
            now = stage[step]
            flat = now == NORMAL
            whole = step + 1 == GAME or step + 1 == HALF
            for team in range(2):
                fresh = begin if whole else phase[FRESH, 1 - team]
                long = begin if whole else phase[0, 1 - team]
                _ends(chance, team, now, flat, cells, fresh, long, end[team])
            for j in range(PHASES):
                for team in range(2):
                    source = end[team] if j == PHASES - 1 else phase[j + 1, team]
                    sign = 1 if team == 0 else -1
                    for home in range(cells):
                        if flat:
                            q = pace[now, EDGE]
                            for away in range(cells - home):
                                phase[j, team, home, away] += q * (
                                    source[home, away] - phase[j, team, home, away]
                                )
                        else:
                            for away in range(cells - home):
                                q = pace[now, EDGE + sign * (home - away)]
                                phase[j, team, home, away] += q * (
                                    source[home, away] - phase[j, team, home, away]
                                )
        for i in range(len(rows)):
            half_over = step >= HALF if log[i, 0] < HALF else step >= GAME
            if log[i, 0] <= step and not half_over:
                if log[i, 3] + log[i, 4] >= cells:
                    rows[i, step] = 1.0
                else:
                    for j in range(PHASES):
                        rows[i, step] += mix[i, step, j] * phase[j, log[i, 2], log[i, 3], log[i, 4]]
        if step == GAME or step == HALF:
            begin[:] = last if step == GAME else phase[FRESH, 1 - opener]
            cut = CUT_GAME if step == GAME else CUT_HALF
            for team in range(2):
                _ends(chance, team, cut, False, cells, begin, begin, end[team])
            for j in range(PHASES):
                phase[j] = end
            for i in range(len(rows)):
                if (log[i, 0] < HALF) == (step == HALF):
                    over = log[i, 3] + log[i, 4] >= cells
                    rows[i, step] = 1.0 if over else end[log[i, 2], log[i, 3], log[i, 4]]
    value: float = phase[FRESH, opener, 0, 0]
    return value


def means(chances: Drives) -> tuple[float, float]:
    """Expected home and away points of a game that home opens."""
    result = overtime_table(chances)[0, FRESH].mean(axis=0)
    no_log, no_mix, no_rows = (
        np.zeros((0, 7), np.int64),
        np.zeros((0, GAME + 1, PHASES)),
        np.zeros((0, GAME + 1)),
    )
    value = []
    for team in range(2):
        earn = np.array([FOR, AGAINST] if team == 0 else [AGAINST, FOR], dtype=np.float64)
        last = np.zeros(WIDTH)
        last[EDGE] = float(result[3 * team : 3 * team + 3] @ POINTS)
        value.append(
            margins(chances.chance, chances.pace, chances.stage, 0, last, earn, no_log, no_mix, no_rows)
        )
    return value[0], value[1]


def overtime_table(chances: Drives) -> Floats:
    """`overtime` of these chances: (OVERTIME + 1, PHASES, 2, RESULTS)."""
    table = np.zeros((OVERTIME + 1, PHASES, 2, RESULTS))
    overtime(chances.chance, chances.pace, table)
    return table


@lru_cache(maxsize=8)
def _surface(figures: tuple[tuple[str, float], ...]) -> tuple[Floats, Floats]:
    """Chebyshev coefficients of the logarithms of expected points (the opener's, the other's) over both logarithms of
    the factors, scaled to -1 .. 1."""
    levers = Levers({spec.name: spec for spec in LEVERS}, dict(figures), {})
    x = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    factor = np.exp(_unscaled(x))
    points = np.empty((2, NODES, NODES))
    for i, opener in enumerate(factor):
        for j, other in enumerate(factor):
            points[:, i, j] = means(drives(levers, float(opener), float(other)))
    basis = np.linalg.inv(chebyshev.chebvander(x, NODES - 1))
    logs = np.log(points)
    return basis @ logs[0] @ basis.T, basis @ logs[1] @ basis.T


def _unscaled(x: Floats) -> Floats:
    low, high = np.log(FACTORS)
    return np.asarray(low + (high - low) * (x + 1.0) / 2.0)


def factors(levers: Levers, opener_points: float, other_points: float) -> tuple[float, float]:
    """Touchdown factors (the opener's, the other's) with which these are the expected points of a game.

    Where none in FACTORS gives them (a team of less than 6 or more than 40 points, about; or drives whose levers leave
    room for less), those at the end of FACTORS that come near: a world of odd drives plays on.
    """
    figures = tuple((spec.name, levers.constant(spec.name)) for spec in LEVERS)
    surface = _surface(figures)
    aim = np.log([opener_points, other_points])

    def step(x: Floats) -> tuple[Floats, Floats]:
        v = chebyshev.chebvander(x, NODES - 1)
        slope = [chebyshev.chebval(x[k], _DIFFERENCE) for k in range(2)]
        miss = np.array([v[0] @ s @ v[1] for s in surface]) - aim
        return miss, np.array([[slope[0] @ s @ v[1], v[0] @ s @ slope[1]] for s in surface])

    x = np.zeros(2)
    for _ in range(40):
        miss, jacobian = step(x)
        x = np.clip(x - np.linalg.solve(jacobian, miss), -1.0, 1.0)
        if np.abs(miss).max() < 1e-9:
            break
    else:
        # One of them is at an end: each as near as it comes, given the other.
        for k in (0, 1) * 20:
            miss, jacobian = step(x)
            x[k] = np.clip(x[k] - miss[k] / jacobian[k, k], -1.0, 1.0)
    found = np.exp(_unscaled(x))
    return float(found[0]), float(found[1])


_DIFFERENCE = chebyshev.chebder(np.eye(NODES))
"""Columns: derivatives of the Chebyshev polynomials."""
