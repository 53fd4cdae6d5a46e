"""Goals still to come, and what they make of home, draw, away or of a total.

Knows: columns by name, the match clock, Poisson counts with Dixon and Coles's correction. Does not know: where the
means come from.

The clock. Goals come at a rate that grows over the match by exp(slope) (0.367 per 90 minutes: fitted on 3,327 matches
of the English league, with the means that closing odds imply), and through added time as through any other minute: the
last minute of a half with its added time weighs 3.6 and 5.2 normal minutes there, so a half lasts 2.6 and 4.2 minutes
more. How much of the added time is left at a minute of it is what a gamma law of that mean and spread leads one to
expect. Before kick-off the whole mean is still to come; in the first half the minute 45.0 itself is the interval, at
which a clock is stopped.

The correction. Dixon and Coles (1997) reweight the final scores 0-0, 1-0, 0-1, 1-1 by rho. Once some goals have fallen,
the remaining ones have the Poisson law reweighted by the same factors of the final score they lead to: that is the
conditional law, so quotes before and during a match agree with one another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv

from harness.candidates._prior import FLOOR
from harness.kinds import Floats, Matrix, TrainingSet
from sim.core.compile import kernel, kernel_with_scratch
from sim.core.errors import UserError, closest

GOALS = 24
"""Further goals of one side that are summed over: beyond lies less than 1e-7 for means up to 8."""
MOST_MEAN = 8.0
HALF_MIN = 45.0
ROLES = ("minute", "period", "score_home", "score_away", "lam", "mu", "red_home", "red_away", "line_column")
PERIOD, RED_HOME, RED_AWAY = 1, 6, 7
"""Roles that may be missing in a row."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Names:
    """Columns that the clock reads. `period` may be missing: then minutes up to 45 are of the first half. So may
    `red_home`, `red_away` (no effect), and `line_column` where the line is fixed.
    """

    minute: str
    period: str
    score_home: str
    score_away: str
    lam: str
    mu: str
    red_home: str
    red_away: str
    line_column: str


@dataclass(frozen=True)
class Clock:
    """How the rate of goals runs over a match; added_spread: standard deviation of added time over its mean."""

    slope: float
    added_first_min: float
    added_second_min: float
    added_spread: float
    unheard_s: float

    def left(self, minute: Floats, second: NDArray[np.bool_]) -> Floats:
        """Share of the match's goals still to come (n,) at a minute of the first or second half."""
        figures, tables = self.figures()
        return np.array(
            [_left(m, s, figures, tables) for m, s in zip(minute.tolist(), second.tolist(), strict=True)]
        )

    def figures(self) -> tuple[Floats, Floats]:
        """For the kernel: (6,) slope per minute, the two halves' added minutes, the integrals over the second half
        and over the whole match, minutes unheard; and tables (2, 2, 257) of the time added and still to be expected."""
        return _figures(
            self.slope, self.added_first_min, self.added_second_min, self.added_spread, self.unheard_s
        )


@kernel
def _until(minute: float, rate: float) -> float:
    """Integral of exp(rate * minute) from minute 0."""
    return minute if rate == 0.0 else math.expm1(rate * minute) / rate


@kernel
def _residual(over: float, grid: Floats, left: Floats) -> float:
    """Minutes of added time still expected when `over` minutes of it have been played: linear in a table of even
    steps, flat beyond it."""
    last = len(grid) - 1
    if over >= grid[last]:
        return float(left[last])
    place = min(int(over / grid[last] * last), last - 1)
    if over < grid[place]:
        place -= 1
    elif over >= grid[place + 1]:
        place += 1
    slope = (left[place + 1] - left[place]) / (grid[place + 1] - grid[place])
    return float(slope * (over - grid[place]) + left[place])


@kernel
def _left(minute: float, second: bool, figures: Floats, tables: Floats) -> float:
    """Share of the match's goals still to come at a minute of the first or second half."""
    if not second and minute == HALF_MIN:
        return float(figures[3] / figures[4])
    half = 1 if second else 0
    back = HALF_MIN if second else 0.0
    now = max(minute - figures[5], back)
    over = max(now - back - HALF_MIN, 0.0)
    ends = max(now, back + HALF_MIN) + _residual(over, tables[half, 0], tables[half, 1])
    here = _until(ends, figures[0]) - _until(now, figures[0])
    return float((here + (0.0 if second else figures[3])) / figures[4])


@kernel
def _stand(
    x: Matrix, place: Ints, line: float, reds: Floats, figures: Floats, tables: Floats, known: NDArray[np.bool_],
    out: Floats,
) -> None:  # fmt: skip
    """Where each row's match stands: out (7, n) as in `Standing`. place (9,): columns in the order of `Names`, -1 for
    one that is not there."""
    for i in range(len(x)):
        known[i] = True
        for c in range(9):
            # A value that is missing is no number, and not below anything.
            if place[c] >= 0 and c != PERIOD and c != RED_HOME and c != RED_AWAY:
                known[i] = known[i] and abs(x[i, place[c]]) < 1e6
        if known[i]:
            minute, home, away = 1.0 * x[i, place[0]], 1.0 * x[i, place[2]], 1.0 * x[i, place[3]]
            lam, mu = 1.0 * x[i, place[4]], 1.0 * x[i, place[5]]
            out[6, i] = line if place[8] < 0 else 1.0 * x[i, place[8]]
        else:
            minute = home = away = lam = mu = 0.0
            out[6, i] = 0.0
        second = minute > HALF_MIN if place[PERIOD] < 0 else x[i, place[PERIOD]] >= 2.0
        left = _left(minute, second, figures, tables)
        red_home = red_away = 0.0
        if place[RED_HOME] >= 0 and not np.isnan(x[i, place[RED_HOME]]):
            red_home = min(max(1.0 * x[i, place[RED_HOME]], 0.0), 4.0)
        if place[RED_AWAY] >= 0 and not np.isnan(x[i, place[RED_AWAY]]):
            red_away = min(max(1.0 * x[i, place[RED_AWAY]], 0.0), 4.0)
        out[0, i], out[1, i] = np.rint(min(max(home, 0.0), 99.0)), np.rint(min(max(away, 0.0), 99.0))
        out[2, i], out[3, i] = min(max(lam, 1e-6), MOST_MEAN), min(max(mu, 1e-6), MOST_MEAN)
        out[4, i] = left * reds[0] ** red_home * reds[1] ** red_away
        out[5, i] = left * reds[0] ** red_away * reds[1] ** red_home


@lru_cache(maxsize=16)
def _residuals(mean: float, spread: float) -> tuple[Floats, Floats]:
    """A table of the gamma law's mean residual life, up to where one match in ten thousand is still played."""
    shape = spread**-2.0
    scale = mean / shape
    grid = np.linspace(0.0, float(gammainccinv(shape, 1e-4)) * scale, 257)
    alive = gammaincc(shape, grid / scale)
    return grid, mean * gammaincc(shape + 1.0, grid / scale) / alive - grid


@lru_cache(maxsize=16)
def _figures(
    slope: float, first: float, second: float, spread: float, unheard_s: float
) -> tuple[Floats, Floats]:
    rate = slope / (2.0 * HALF_MIN)
    other = _until(2.0 * HALF_MIN + second, rate) - _until(HALF_MIN, rate)
    whole = _until(HALF_MIN + first, rate) - _until(0.0, rate) + other
    tables = np.stack([np.stack(_residuals(added, spread)) for added in (first, second)])
    return np.array([rate, first, second, other, whole, unheard_s / 60.0]), tables


class Standing(NamedTuple):
    """Where each row's match stands: all (n,). known: whether every value is there; the others are then harmless."""

    known: NDArray[np.bool_]
    home: Floats
    away: Floats
    lam: Floats
    mu: Floats
    left_home: Floats
    left_away: Floats
    line: Floats
    expected: Floats
    """(2, n) goals still to come by the clock, home and away."""


@dataclass(frozen=True)
class Reader:
    """Finds the columns once, and reads rows. red_own, red_other: what a red card does to a side's remaining mean."""

    place: Mapping[str, int]
    clock: Clock
    red_own: float
    red_other: float
    line: float

    @staticmethod
    def of(
        who: str, past: TrainingSet, names: Names, clock: Clock, reds: tuple[float, float], line: float
    ) -> Reader:
        """Raises UserError for a missing column, or a number of outcomes that is neither 3 nor 2."""
        if past.outcomes not in (2, 3):
            raise UserError(
                f"{who} answers home, draw, away or over, under; this question has {past.outcomes}"
            )
        given = names.__dict__
        wanted = ["minute", "score_home", "score_away", "lam", "mu"]
        wanted += ["line_column"] if names.line_column and past.outcomes == 2 else []
        for role in wanted:
            if given[role] not in past.names:
                raise UserError(f"{who}: no feature '{given[role]}'{closest(given[role], past.names)}")
        place = {role: past.names.index(name) for role, name in given.items() if name in past.names}
        return Reader(place, clock, *reds, line)

    def read(self, x: Matrix) -> Standing:
        """Rows (n, k) as float32 features."""
        figures, tables = self.clock.figures()
        known, out = np.empty(len(x), dtype=np.bool_), np.empty((7, len(x)))
        _stand(np.ascontiguousarray(x), self._columns, self.line, self._reds, figures, tables, known, out)
        home, away, lam, mu, left_home, left_away, line = out
        return Standing(known, home, away, lam, mu, left_home, left_away, line, out[2:4] * out[4:6])

    @cached_property
    def _columns(self) -> Ints:
        return np.array([self.place.get(role, -1) for role in ROLES], dtype=np.int64)

    @cached_property
    def _reds(self) -> Floats:
        return np.array([self.red_own, self.red_other])


def quoted(at: Standing, home_mean: Floats, away_mean: Floats, rho: float, outcomes: int) -> Floats:
    """Quotes (n, 3) home, draw, away or (n, 2) over, under, from the means (n,) of the goals still to come.

    Rows that are not known are answered by equal shares; no outcome is below the floor of all candidates. A total
    that lands on the line pays back, so it is left out: over and under share what decides.
    """
    answer = np.empty((len(at.home), outcomes))
    a, b = np.ascontiguousarray(home_mean), np.ascontiguousarray(away_mean)
    if outcomes == 3:
        _match_odds(at.home, at.away, a, b, at.lam, at.mu, rho, answer)
    else:
        _total(at.home, at.away, a, b, at.lam, at.mu, rho, at.line, answer)
    _raise(at.known, answer)
    return answer


@kernel
def _raise(known: NDArray[np.bool_], answer: Floats) -> None:
    """As `floored`, in place; rows that are not known get equal shares first."""
    k = answer.shape[1]
    for i in range(len(known)):
        total = 0.0
        for c in range(k):
            p = answer[i, c] if known[i] else 1.0 / k
            answer[i, c] = FLOOR if np.isnan(p) else max(p, FLOOR)
            total += answer[i, c]
        for c in range(k):
            answer[i, c] = answer[i, c] / total


@kernel
def _within(mean: float) -> float:
    return min(max(mean, 0.0), MOST_MEAN)


@kernel
def _extra(x: float, y: float, lam: float, mu: float, rho: float) -> float:
    """Dixon and Coles's factor of a final score, minus one; a factor is never negative."""
    if x == 0.0 and y == 0.0:
        return max(-lam * mu * rho, -1.0)
    if x == 0.0 and y == 1.0:
        return max(lam * rho, -1.0)
    if x == 1.0 and y == 0.0:
        return max(mu * rho, -1.0)
    return max(-rho, -1.0)


@kernel
def _exactly(mean: float, count: float) -> float:
    """Poisson probability of 0 or 1."""
    return math.exp(-mean) if count == 0.0 else mean * math.exp(-mean)


@kernel_with_scratch
def _match_odds(
    home: Floats, away: Floats, home_mean: Floats, away_mean: Floats, lam: Floats, mu: Floats, rho: float,
    answer: Floats,
) -> None:  # fmt: skip
    theirs, below = np.empty(GOALS + 1), np.empty(GOALS + 1)
    for row in range(len(home)):
        a, b = _within(home_mean[row]), _within(away_mean[row])
        term, total = math.exp(-b), 0.0
        for goals in range(GOALS + 1):
            theirs[goals] = term
            below[goals] = total
            total += term
            term *= b / (goals + 1)
        lead = int(home[row] - away[row])
        win, draw, mine = 0.0, 0.0, math.exp(-a)
        for goals in range(GOALS + 1):
            need = goals + lead
            if need > GOALS:
                win += mine * total
            elif need >= 0:
                win += mine * below[need]
                draw += mine * theirs[need]
            mine *= a / (goals + 1)
        lose = max(1.0 - win - draw, 0.0)
        for i in range(2):
            for j in range(2):
                if i >= home[row] and j >= away[row]:
                    p = _exactly(a, i - home[row]) * _exactly(b, j - away[row])
                    more = p * _extra(float(i), float(j), lam[row], mu[row], rho)
                    if i > j:
                        win += more
                    elif i == j:
                        draw += more
                    else:
                        lose += more
        answer[row, 0], answer[row, 1], answer[row, 2] = win, draw, lose


@kernel
def _total(
    home: Floats, away: Floats, home_mean: Floats, away_mean: Floats, lam: Floats, mu: Floats, rho: float,
    line: Floats, answer: Floats,
) -> None:  # fmt: skip
    for row in range(len(home)):
        a, b = _within(home_mean[row]), _within(away_mean[row])
        mean, so_far = a + b, home[row] + away[row]
        term, under, over = math.exp(-mean), 0.0, 0.0
        for goals in range(2 * GOALS + 1):
            final = so_far + goals
            if final < line[row]:
                under += term
            elif final > line[row]:
                over += term
            term *= mean / (goals + 1)
        for i in range(2):
            for j in range(2):
                if i >= home[row] and j >= away[row]:
                    p = _exactly(a, i - home[row]) * _exactly(b, j - away[row])
                    more = p * _extra(float(i), float(j), lam[row], mu[row], rho)
                    if i + j < line[row]:
                        under += more
                    elif i + j > line[row]:
                        over += more
        decides = max(over + under, 1e-300)
        answer[row, 0], answer[row, 1] = over / decides, under / decides


def described(reader: Reader) -> dict[str, Any]:
    """The clock and the columns, for a model's file."""
    return {
        "columns": dict(reader.place), "clock": dict(reader.clock.__dict__), "line": reader.line,
        "red_own": reader.red_own, "red_other": reader.red_other,
    }  # fmt: skip
