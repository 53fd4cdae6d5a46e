"""The kernels of a football match: what happens (thinning), how many goals to expect, true probabilities (lattice).

Knows: rates per minute, the law of the whistle, half-minute cells of playing time. Does not know: levers, streams,
true time, markets' names.

Playing time is cut into cells of 30 s. Index 0 is kick-off; cells 0..89 are the first 45 minutes; then come the
cells of added time; index `half` is the start of the second half, whose cells follow in the same way. A first half
that is over stands at index `half`. State: score (0..8 each), one red card or none each, and the *restart*: in the
minute after a goal both sides score at a fraction of their rate. Its phase is the time left: 0, 30 or 60 s.

The recursion treats rates as constant in a cell, and values after a jump as the mean of those at the cell's two
ends (trapezium). Scores only rise, so that the values at the cell's beginning are there when they are needed. The
error is of the second order in the cell: tests/theory/sportsbook/test_football_lattice.py measures it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELL_MIN = 0.5
REGULAR = 90
"""Cells of 45 minutes."""
CAP = 8
"""Highest score of a side: nobody scores more."""
WIDTH = 17
"""Leads from -8 to 8."""
RESTART_MIN = 1.0

SLOPE, RESTART, RED_SLOPE, RED_HOME, RED_AWAY, RED_OWN, RED_OTHER, HOME_BY, AWAY_BY = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    12,
)
"""Places in the vector of rules: HOME_BY and AWAY_BY open five factors each, for leads of the home side of -2 or
less, -1, 0, 1, 2 or more. RED_HOME and RED_AWAY are rates per minute at half-match."""
RULES = 17


@kernel
def _factors(rules: Floats, out: Floats) -> None:
    """Factors of the two sides' rates (2, 4, WIDTH): side, red cards (1 home's, 2 away's, 3 both), lead + 8."""
    for red in range(4):
        own = rules[RED_OWN] if red & 1 else 1.0
        other = rules[RED_OWN] if red & 2 else 1.0
        home = own * (rules[RED_OTHER] if red & 2 else 1.0)
        away = other * (rules[RED_OTHER] if red & 1 else 1.0)
        for d in range(WIDTH):
            k = min(2, max(-2, d - 8)) + 2
            out[0, red, d] = home * rules[HOME_BY + k]
            out[1, red, d] = away * rules[AWAY_BY + k]


@kernel
def happen(a: float, b: float, rules: Floats, length: Floats, u: Floats, at: Floats, what: Ints) -> int:
    """What happens in a match, by thinning: events in order; answers their number, or -1 if `u` ran out.

    `a`, `b` are rates per minute at half-match of level sides; `length` (2,) minutes of the halves; `u` uniforms,
    two for each trial; `at` (e,) minutes of playing time, the second half beginning at length[0]; `what` (e,) 1 home
    scores, 2 away scores, 3 red home, 4 red away.
    """
    factor = np.empty((2, 4, WIDTH))
    _factors(rules, factor)
    most_home, most_away = a * factor[0].max(), b * factor[1].max()
    steep = np.exp(0.5 * abs(rules[SLOPE]))
    steep_red = np.exp(0.5 * abs(rules[RED_SLOPE]))
    bound = (most_home + most_away) * steep * max(1.0, rules[RESTART])
    bound += (rules[RED_HOME] + rules[RED_AWAY]) * steep_red
    home, away, red, n, used = 0, 0, 0, 0, 0
    for half in range(2):
        t = 0.0
        last = -2.0 * RESTART_MIN
        while True:
            if used + 2 > len(u) or n >= len(at):
                return -1
            t += -np.log(1.0 - u[used]) / bound
            pick = u[used + 1] * bound
            used += 2
            if t >= length[half]:
                break
            x = (min(t, 45.0) + 45.0 * half - 45.0) / 90.0
            g = np.exp(rules[SLOPE] * x) * (rules[RESTART] if t - last < RESTART_MIN else 1.0)
            r = np.exp(rules[RED_SLOPE] * x)
            d = home - away + 8
            event = 0
            for kind in range(1, 5):
                if kind == 1:
                    rate = a * factor[0, red, d] * g if home < CAP else 0.0
                elif kind == 2:
                    rate = b * factor[1, red, d] * g if away < CAP else 0.0
                elif kind == 3:
                    rate = 0.0 if red & 1 else rules[RED_HOME] * r
                else:
                    rate = 0.0 if red & 2 else rules[RED_AWAY] * r
                if pick < rate:
                    event = kind
                    break
                pick -= rate
            if event == 0:
                continue
            if event == 1:
                home += 1
                last = t
            elif event == 2:
                away += 1
                last = t
            else:
                red |= 1 if event == 3 else 2
            at[n] = t + length[0] * half
            what[n] = event
            n += 1
    return n


@kernel
def expected(a: float, b: float, rules: Floats, whistle: Floats, half: int, out: Floats) -> None:
    """Expected goals (2,) of both sides, by carrying the law of (lead, red cards, restart) forwards.

    `whistle` (g - 1,) probability that the half ends in this cell, if it was not over at the cell's beginning.
    """
    factor = np.empty((2, 4, WIDTH))
    _factors(rules, factor)
    law = np.zeros((3, 4, WIDTH))
    law[0, 0, 8] = 1.0
    over = np.zeros((4, WIDTH))
    out[0] = 0.0
    out[1] = 0.0
    for j in range(len(whistle)):
        if j == half:
            law[:] = 0.0
            law[0] = over
        second = j >= half
        minute = min(45.0, (j - (half if second else 0) + 0.5) * CELL_MIN) + (45.0 if second else 0.0)
        x = (minute - 45.0) / 90.0
        g = np.exp(rules[SLOPE] * x) * CELL_MIN
        r = np.exp(rules[RED_SLOPE] * x) * CELL_MIN
        live = 1.0 - 0.5 * whistle[j]
        new = np.zeros((3, 4, WIDTH))
        for phase in range(3):
            speed = g * live * (rules[RESTART] if phase else 1.0)
            after = max(0, phase - 1)
            for red in range(4):
                rate_rh = 0.0 if red & 1 else rules[RED_HOME] * r * live
                rate_ra = 0.0 if red & 2 else rules[RED_AWAY] * r * live
                for d in range(WIDTH):
                    mass = law[phase, red, d]
                    if mass < 1e-12:
                        continue
                    rate_h = a * factor[0, red, d] * speed
                    rate_a = b * factor[1, red, d] * speed
                    total = rate_h + rate_a + rate_rh + rate_ra
                    leave = total * (1.0 - 0.5 * total * (1.0 - total / 3.0)) * mass
                    new[after, red, d] += mass - leave
                    if rate_rh > 0.0:
                        new[after, red | 1, d] += leave * rate_rh / total
                    if rate_ra > 0.0:
                        new[after, red | 2, d] += leave * rate_ra / total
                    for side in range(2):
                        goal = leave * (rate_h if side == 0 else rate_a) / total
                        if goal <= 0.0:
                            continue
                        out[side] += goal
                        e = min(WIDTH - 1, d + 1) if side == 0 else max(0, d - 1)
                        # Another goal in what is left of the cell, half of it on average.
                        again_h = 0.5 * a * factor[0, red, e] * g * rules[RESTART] * goal
                        again_a = 0.5 * b * factor[1, red, e] * g * rules[RESTART] * goal
                        out[0] += again_h
                        out[1] += again_a
                        up, down = min(WIDTH - 1, e + 1), max(0, e - 1)
                        stay = goal - again_h - again_a
                        for late in range(1, 3):
                            new[late, red, e] += 0.5 * stay
                            new[late, red, up] += 0.5 * again_h
                            new[late, red, down] += 0.5 * again_a
        w = whistle[j]
        for phase in range(3):
            for red in range(4):
                for d in range(WIDTH):
                    if not second:
                        over[red, d] += new[phase, red, d] * w
                    law[phase, red, d] = new[phase, red, d] * (1.0 - w)


@kernel
def solve(
    lam: Floats, mu: Floats, rules: Floats, whistle: Floats, half: int, rounds: int, out: Floats
) -> None:
    """Rates per minute (n, 2) at half-match of level sides, such that the expected goals are lam and mu (n,)."""
    got = np.empty(2)
    exposure = 0.0
    alive = 1.0
    for j in range(len(whistle)):
        if j == half:
            alive = 1.0
        minute = min(45.0, (j - (half if j >= half else 0) + 0.5) * CELL_MIN) + (45.0 if j >= half else 0.0)
        exposure += (
            np.exp(rules[SLOPE] * (minute - 45.0) / 90.0) * CELL_MIN * alive * (1.0 - 0.5 * whistle[j])
        )
        alive *= 1.0 - whistle[j]
    for i in range(len(lam)):
        a, b = lam[i] / exposure, mu[i] / exposure
        for _ in range(rounds):
            expected(a, b, rules, whistle, half, got)
            a *= lam[i] / got[0]
            b *= mu[i] / got[1]
        out[i, 0] = a
        out[i, 1] = b


@kernel
def probabilities(
    a: float,
    b: float,
    rules: Floats,
    whistle: Floats,
    half: int,
    score: Ints,
    red: Ints,
    start: Floats,
    restart: Floats,
    out: Floats,
) -> None:
    """True probabilities (s, g, 3) of home win, draw and over 2.5 in the states that were visited, by recursion.

    `score` (s, 2); `red` (s,) 0..3; `start` (s,) index at which the state began; `restart` (s,) index of the last
    goal's restart as of the same half, far below zero without one. Rows before a state's own cell carry no restart.
    """
    factor = np.empty((2, 4, WIDTH))
    _factors(rules, factor)
    g = len(whistle) + 1
    side = CAP + 1
    later = np.zeros((3, 4, side, side, 3))
    now = np.zeros((3, 4, side, side, 3))
    final = np.zeros((side, side, 3))
    for h in range(side):
        for v in range(side):
            final[h, v, 0] = 1.0 if h > v else 0.0
            final[h, v, 1] = 1.0 if h == v else 0.0
            final[h, v, 2] = 1.0 if h + v >= 3 else 0.0
    for phase in range(3):
        for r in range(4):
            later[phase, r] = final
    interval = np.zeros((4, side, side, 3))
    for j in range(g - 1, -1, -1):
        if j < g - 1:
            second = j >= half
            minute = min(45.0, (j - (half if second else 0) + 0.5) * CELL_MIN) + (45.0 if second else 0.0)
            x = (minute - 45.0) / 90.0
            pace = np.exp(rules[SLOPE] * x) * CELL_MIN
            reds = np.exp(rules[RED_SLOPE] * x) * CELL_MIN
            blow = -np.log(max(1e-12, 1.0 - whistle[j]))
            for r in range(3, -1, -1):
                rate_rh = 0.0 if r & 1 else rules[RED_HOME] * reds
                rate_ra = 0.0 if r & 2 else rules[RED_AWAY] * reds
                for h in range(CAP, -1, -1):
                    for v in range(CAP, -1, -1):
                        d = h - v + 8
                        full_h = a * factor[0, r, d] * pace if h < CAP else 0.0
                        full_a = b * factor[1, r, d] * pace if v < CAP else 0.0
                        # The fresh restart first: it is what a goal leads to from every phase.
                        slow = 0.0
                        slow_each = 0.0
                        for phase in range(2, -1, -1):
                            speed = rules[RESTART] if phase else 1.0
                            rate_h, rate_a = full_h * speed, full_a * speed
                            total = rate_h + rate_a + rate_rh + rate_ra + blow
                            if phase == 2:
                                slow = np.exp(-total)
                                stay = slow
                                slow_each = (1.0 - slow) / total if total > 0.0 else 0.0
                                each = slow_each
                            elif phase == 1:
                                stay, each = slow, slow_each
                            else:
                                stay = np.exp(-total)
                                each = (1.0 - stay) / total if total > 0.0 else 0.0
                            after = max(0, phase - 1)
                            for c in range(3):
                                value = stay * later[after, r, h, v, c]
                                if rate_h > 0.0:
                                    value += (
                                        each
                                        * rate_h
                                        * 0.5
                                        * (now[2, r, h + 1, v, c] + later[2, r, h + 1, v, c])
                                    )
                                if rate_a > 0.0:
                                    value += (
                                        each
                                        * rate_a
                                        * 0.5
                                        * (now[2, r, h, v + 1, c] + later[2, r, h, v + 1, c])
                                    )
                                if rate_rh > 0.0:
                                    value += (
                                        each
                                        * rate_rh
                                        * 0.5
                                        * (now[phase, r | 1, h, v, c] + later[after, r | 1, h, v, c])
                                    )
                                if rate_ra > 0.0:
                                    value += (
                                        each
                                        * rate_ra
                                        * 0.5
                                        * (now[phase, r | 2, h, v, c] + later[after, r | 2, h, v, c])
                                    )
                                if blow > 0.0:
                                    value += (
                                        each * blow * (final[h, v, c] if second else interval[r, h, v, c])
                                    )
                                now[phase, r, h, v, c] = value
            later, now = now, later
        for i in range(len(red)):
            left = (
                2.0 + restart[i] - j
            )  # cells of restart left, 0 to 2; up to 3 in the cell in which it began
            if j < np.floor(start[i]) or left < 0.0 or (restart[i] < half and j >= half):
                left = 0.0
            h, v = score[i, 0], score[i, 1]
            for c in range(3):
                zero, one, two = (
                    later[0, red[i], h, v, c],
                    later[1, red[i], h, v, c],
                    later[2, red[i], h, v, c],
                )
                value = zero + left * (one - zero) if left < 1.0 else one + (left - 1.0) * (two - one)
                out[i, j, c] = min(1.0, max(0.0, value))
        if j == half:
            for r in range(4):
                interval[r] = later[0, r]
            for r in range(4):
                later[1, r] = interval[r]
                later[2, r] = interval[r]
