"""The kernels of a football match: what happens (thinning), how many goals to expect, true probabilities (lattice).

Knows: rates per minute, the law of the whistle, half-minute cells of playing time. Does not know: levers, streams,
true time, markets' names.

Playing time is cut into cells of 30 s. Index 0 is kick-off; cells 0..89 are the first 45 minutes; then come the
cells of added time; index `half` is the start of the second half, whose cells follow in the same way. A first half
that is over stands at index `half`. State: score (0..8 each), one red card or none each, and the *restart*: in the
minute after a goal hardly anybody scores, and in the half minute after that play settles. Its phase is the time left:
0, 30, 60 or 90 s.

The recursion treats rates as constant in a cell, and values after a jump as the mean of those at the cell's two
ends (trapezium). Scores only rise, so that the values at the cell's beginning are there when they are needed. The
error is of the second order in the cell: tests/theory/sportsbook/test_football_lattice.py measures it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel, kernel_with_scratch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELL_MIN = 0.5
REGULAR = 90
"""Cells of 45 minutes."""
CAP = 8
"""Highest score of a side: nobody scores more."""
WIDTH, GOALLESS = 17, 17
"""Leads from -8 to 8 have places 0 to 16; 0-0 has the place after them."""
RESTART_MIN, SETTLING_MIN = 1.0, 0.5
PHASES = 4
"""Half minutes of restart left at a cell's beginning: 0 to 3, the last of them settling."""
LEAST = 1e-9
"""States less likely than this are not carried on."""

SLOPE, RESTART, SETTLING, GOALLESS_BY = 0, 1, 2, 3
RED_SLOPE, RED_HOME, RED_AWAY, RED_OWN, RED_OTHER, HOME_BY, AWAY_BY = 4, 5, 6, 7, 8, 9, 14
"""Places in the vector of rules: HOME_BY and AWAY_BY open five factors each, for leads of the home side of -2 or
less, -1, 0, 1, 2 or more. RED_HOME and RED_AWAY are rates per minute at half-match."""
RULES = 19


@kernel
def _factors(rules: Floats, out: Floats) -> None:
    """Factors of the two sides' rates (2, 4, WIDTH + 1): side, red cards (1 home's, 2 away's, 3 both), lead + 8."""
    for red in range(4):
        own = rules[RED_OWN] if red & 1 else 1.0
        other = rules[RED_OWN] if red & 2 else 1.0
        home = own * (rules[RED_OTHER] if red & 2 else 1.0)
        away = other * (rules[RED_OTHER] if red & 1 else 1.0)
        for d in range(WIDTH):
            k = min(2, max(-2, d - 8)) + 2
            out[0, red, d] = home * rules[HOME_BY + k]
            out[1, red, d] = away * rules[AWAY_BY + k]
        out[0, red, GOALLESS] = home * rules[GOALLESS_BY]
        out[1, red, GOALLESS] = away * rules[GOALLESS_BY]


@kernel
def _pace(rules: Floats, phase: int) -> float:
    """Factor of the scoring rate with so many half minutes of restart left."""
    if phase == 0:
        return 1.0
    return float(rules[SETTLING] if phase == 1 else rules[RESTART])


@kernel_with_scratch
def happen(a: float, b: float, rules: Floats, length: Floats, u: Floats, at: Floats, what: Ints) -> int:
    """What happens in a match, by thinning: events in order; answers their number, or -1 if `u` ran out.

    `a`, `b` are rates per minute at half-match of level sides; `length` (2,) minutes of the halves; `u` uniforms,
    two for each trial; `at` (e,) minutes of playing time, the second half beginning at length[0]; `what` (e,) 1 home
    scores, 2 away scores, 3 red home, 4 red away.
    """
    factor = np.empty((2, 4, WIDTH + 1))
    _factors(rules, factor)
    most_home, most_away = a * factor[0].max(), b * factor[1].max()
    steep = math.exp(0.5 * abs(rules[SLOPE]))
    steep_red = math.exp(0.5 * abs(rules[RED_SLOPE]))
    bound = (most_home + most_away) * steep * max(1.0, rules[RESTART], rules[SETTLING])
    bound += (rules[RED_HOME] + rules[RED_AWAY]) * steep_red
    home, away, red, n, used = 0, 0, 0, 0, 0
    for half in range(2):
        t = 0.0
        last = -90.0
        while True:
            if used + 2 > len(u) or n >= len(at):
                return -1
            t += -np.log(1.0 - u[used]) / bound
            pick = u[used + 1] * bound
            used += 2
            if t >= length[half]:
                break
            x = (min(t, 45.0) + 45.0 * half - 45.0) / 90.0
            phase = 2 if t - last < RESTART_MIN else 1 if t - last < RESTART_MIN + SETTLING_MIN else 0
            g = math.exp(rules[SLOPE] * x) * _pace(rules, phase)
            r = math.exp(rules[RED_SLOPE] * x)
            d = GOALLESS if home + away == 0 else home - away + 8
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


@kernel_with_scratch
def expected(a: float, b: float, rules: Floats, whistle: Floats, half: int, out: Floats) -> None:
    """Expected goals (2,) of both sides, by carrying the law of (lead, red cards, restart) forwards.

    `whistle` (g - 1,) probability that the half ends in this cell, if it was not over at the cell's beginning.
    """
    factor = np.empty((2, 4, WIDTH + 1))
    _factors(rules, factor)
    law = np.zeros((PHASES, 4, WIDTH + 1))
    law[0, 0, GOALLESS] = 1.0
    new = np.zeros((PHASES, 4, WIDTH + 1))
    scored = np.zeros((2, 4, WIDTH))
    over = np.zeros((4, WIDTH + 1))
    out[0] = 0.0
    out[1] = 0.0
    for j in range(len(whistle)):
        if j == half:
            law[:] = 0.0
            law[0] = over
        second = j >= half
        minute = min(45.0, (j - (half if second else 0) + 0.5) * CELL_MIN) + (45.0 if second else 0.0)
        x = (minute - 45.0) / 90.0
        g = math.exp(rules[SLOPE] * x) * CELL_MIN
        r = math.exp(rules[RED_SLOPE] * x) * CELL_MIN
        live = 1.0 - 0.5 * whistle[j]
        new[:] = 0.0
        scored[:] = 0.0
        for phase in range(PHASES):
            speed = g * live * _pace(rules, phase)
            after = max(0, phase - 1)
            for red in range(4):
                rate_rh = 0.0 if red & 1 else rules[RED_HOME] * r * live
                rate_ra = 0.0 if red & 2 else rules[RED_AWAY] * r * live
                for d in range(WIDTH + 1):
                    mass = law[phase, red, d]
                    if mass < LEAST:
                        continue
                    rate_h = a * factor[0, red, d] * speed
                    rate_a = b * factor[1, red, d] * speed
                    total = rate_h + rate_a + rate_rh + rate_ra
                    leave = (1.0 - 0.5 * total * (1.0 - total / 3.0)) * mass
                    new[after, red, d] += mass - leave * total
                    if rate_rh > 0.0:
                        new[after, red | 1, d] += leave * rate_rh
                    if rate_ra > 0.0:
                        new[after, red | 2, d] += leave * rate_ra
                    scored[0, red, 9 if d == GOALLESS else min(WIDTH - 1, d + 1)] += leave * rate_h
                    scored[1, red, 7 if d == GOALLESS else max(0, d - 1)] += leave * rate_a
        for red in range(4):
            for d in range(WIDTH):
                goal = scored[0, red, d] + scored[1, red, d]
                if goal < LEAST:
                    continue
                # Another goal in what is left of the cell, half of it on average.
                again_h = 0.5 * a * factor[0, red, d] * g * rules[RESTART] * goal
                again_a = 0.5 * b * factor[1, red, d] * g * rules[RESTART] * goal
                out[0] += scored[0, red, d] + again_h
                out[1] += scored[1, red, d] + again_a
                up, down = min(WIDTH - 1, d + 1), max(0, d - 1)
                for late in range(2, 4):
                    new[late, red, d] += 0.5 * (goal - again_h - again_a)
                    new[late, red, up] += 0.5 * again_h
                    new[late, red, down] += 0.5 * again_a
        w = whistle[j]
        for phase in range(PHASES):
            for red in range(4):
                for d in range(WIDTH + 1):
                    if not second:
                        over[red, d] += new[phase, red, d] * w
                    law[phase, red, d] = new[phase, red, d] * (1.0 - w)


@kernel_with_scratch
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
            math.exp(rules[SLOPE] * (minute - 45.0) / 90.0) * CELL_MIN * alive * (1.0 - 0.5 * whistle[j])
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


@kernel_with_scratch
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
    factor = np.empty((2, 4, WIDTH + 1))
    _factors(rules, factor)
    g = len(whistle) + 1
    side = CAP + 1
    later = np.zeros((PHASES, 4, side, side, 3))
    now = np.ones((PHASES, 4, side, side, 3))
    final = np.zeros((side, side, 3))
    for h in range(side):
        for v in range(side):
            final[h, v, 0] = 1.0 if h > v else 0.0
            final[h, v, 1] = 1.0 if h == v else 0.0
            final[h, v, 2] = 1.0 if h + v >= 3 else 0.0
    for phase in range(PHASES):
        for r in range(4):
            later[phase, r] = final
    interval = np.zeros((4, side, side, 3))
    stay, each = np.empty(PHASES), np.empty(PHASES)
    fresh = np.ones((4, side, side, 3))  # the mean of a new score's values at the two ends of the cell
    for j in range(g - 1, -1, -1):
        if j < g - 1:
            second = j >= half
            minute = min(45.0, (j - (half if second else 0) + 0.5) * CELL_MIN) + (45.0 if second else 0.0)
            x = (minute - 45.0) / 90.0
            pace = math.exp(rules[SLOPE] * x) * CELL_MIN
            reds = math.exp(rules[RED_SLOPE] * x) * CELL_MIN
            blow = -np.log(max(1e-12, 1.0 - whistle[j]))
            for r in range(3, -1, -1):
                rate_rh = 0.0 if r & 1 else rules[RED_HOME] * reds
                rate_ra = 0.0 if r & 2 else rules[RED_AWAY] * reds
                always = rate_rh + rate_ra + blow + 1e-12  # never zero
                over = final if second else interval[r]
                for h in range(CAP, -1, -1):
                    for v in range(CAP, -1, -1):
                        d = GOALLESS if h + v == 0 else h - v + 8
                        rate_h = a * factor[0, r, d] * pace if h < CAP else 0.0
                        rate_a = b * factor[1, r, d] * pace if v < CAP else 0.0
                        for phase in range(PHASES):
                            total = always + _pace(rules, phase) * (rate_h + rate_a)
                            stay[phase] = math.exp(-total)
                            each[phase] = (1.0 - stay[phase]) / total
                        for c in range(3 if h + v < 3 else 2):  # over 2.5 is certain from three goals on
                            ends = blow * over[h, v, c]
                            goals = 0.0
                            if h < CAP:
                                goals += rate_h * fresh[r, h + 1, v, c]
                            if v < CAP:
                                goals += rate_a * fresh[r, h, v + 1, c]
                            for phase in range(PHASES - 1, -1, -1):
                                after = max(0, phase - 1)
                                jump = ends + _pace(rules, phase) * goals
                                if not r & 1:
                                    sent = now[phase, r | 1, h, v, c] + later[after, r | 1, h, v, c]
                                    jump += 0.5 * rate_rh * sent
                                if not r & 2:
                                    sent = now[phase, r | 2, h, v, c] + later[after, r | 2, h, v, c]
                                    jump += 0.5 * rate_ra * sent
                                value = stay[phase] * later[after, r, h, v, c] + each[phase] * jump
                                now[phase, r, h, v, c] = value
                            new = now[PHASES - 1, r, h, v, c] + later[PHASES - 1, r, h, v, c]
                            fresh[r, h, v, c] = 0.5 * new
            later, now = now, later
        for i in range(len(red)):
            # Half minutes of restart left: up to 4 in the cell in which it began, so that reading between the two
            # ends of that cell is right at its instant.
            left = 3.0 + restart[i] - j
            if j < np.floor(start[i]) or left < 0.0 or (restart[i] < half and j >= half):
                left = 0.0
            low = min(PHASES - 2, int(left))
            h, v = score[i, 0], score[i, 1]
            for c in range(3):
                value = later[low, red[i], h, v, c]
                value += (left - low) * (later[low + 1, red[i], h, v, c] - value)
                out[i, j, c] = min(1.0, max(0.0, value))
        if j == half:
            for r in range(4):
                interval[r] = later[0, r]
            for phase in range(1, PHASES):
                later[phase] = interval
