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
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammainccinv

from harness.candidates._prior import floored
from harness.kinds import Floats, Matrix, TrainingSet
from sim.core.compile import kernel
from sim.core.errors import UserError, closest

GOALS = 24
"""Further goals of one side that are summed over: beyond lies less than 1e-7 for means up to 8."""
MOST_MEAN = 8.0
HALF_MIN = 45.0


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
        back = np.where(second, HALF_MIN, 0.0)
        now = np.maximum(minute - self.unheard_s / 60.0, back)
        over = np.maximum(now - back - HALF_MIN, 0.0)
        added = np.where(
            second,
            _residual(over, self.added_second_min, self.added_spread),
            _residual(over, self.added_first_min, self.added_spread),
        )
        first_end, end = HALF_MIN + self.added_first_min, 2.0 * HALF_MIN + self.added_second_min
        other = self._until(end) - self._until(HALF_MIN)
        whole = self._until(first_end) - self._until(0.0) + other
        here = self._until(np.maximum(now, back + HALF_MIN) + added) - self._until(now)
        after = np.where(second, 0.0, other)
        at_rest = ~second & (minute == HALF_MIN)
        return np.asarray(np.where(at_rest, other, here + after) / whole, dtype=np.float64)

    def _until(self, minute: Floats | float) -> Floats:
        """Integral of exp(slope * minute / 90) from minute 0."""
        if self.slope == 0.0:
            return np.asarray(minute, dtype=np.float64)
        rate = self.slope / (2.0 * HALF_MIN)
        return np.asarray(np.expm1(rate * np.asarray(minute)) / rate, dtype=np.float64)


def _residual(over: Floats, mean: float, spread: float) -> Floats:
    """Minutes of added time still expected (n,) when `over` minutes of it have been played."""
    grid, left = _residuals(mean, spread)
    return np.asarray(np.interp(over, grid, left), dtype=np.float64)


@lru_cache(maxsize=16)
def _residuals(mean: float, spread: float) -> tuple[Floats, Floats]:
    """A table of the gamma law's mean residual life, up to where one match in ten thousand is still played."""
    shape = spread**-2.0
    scale = mean / shape
    grid = np.linspace(0.0, float(gammainccinv(shape, 1e-4)) * scale, 257)
    alive = gammaincc(shape, grid / scale)
    return grid, mean * gammaincc(shape + 1.0, grid / scale) / alive - grid


@dataclass(frozen=True)
class Standing:
    """Where each row's match stands: all (n,). known: whether every value is there; the others are then harmless."""

    known: NDArray[np.bool_]
    home: Floats
    away: Floats
    lam: Floats
    mu: Floats
    left_home: Floats
    left_away: Floats
    line: Floats


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
        n = len(x)
        column = {role: x[:, at].astype(np.float64) for role, at in self.place.items()}
        minute = column["minute"]
        line = column.get("line_column", np.full(n, self.line))
        core = (minute, column["score_home"], column["score_away"], column["lam"], column["mu"], line)
        known = np.ones(n, dtype=np.bool_)
        for each in core:
            known &= np.abs(each) < 1e6
        minute, home, away, lam, mu, line = (np.where(known, each, 0.0) for each in core)
        period = column.get("period")
        second = minute > HALF_MIN if period is None else period >= 2.0
        left = self.clock.left(minute, second)
        red_home, red_away = (self._reds(column.get(role), n) for role in ("red_home", "red_away"))
        return Standing(
            known,
            np.rint(np.clip(home, 0.0, 99.0)),
            np.rint(np.clip(away, 0.0, 99.0)),
            np.clip(lam, 1e-6, MOST_MEAN),
            np.clip(mu, 1e-6, MOST_MEAN),
            left * self.red_own**red_home * self.red_other**red_away,
            left * self.red_own**red_away * self.red_other**red_home,
            line,
        )

    @staticmethod
    def _reds(column: Floats | None, n: int) -> Floats:
        return np.zeros(n) if column is None else np.clip(np.nan_to_num(column), 0.0, 4.0)


def quoted(at: Standing, home_mean: Floats, away_mean: Floats, rho: float, outcomes: int) -> Floats:
    """Quotes (n, 3) home, draw, away or (n, 2) over, under, from the means (n,) of the goals still to come.

    Rows that are not known are answered by equal shares; no outcome is below the floor of all candidates. A total
    that lands on the line pays back, so it is left out: over and under share what decides.
    """
    answer = np.empty((len(at.home), outcomes))
    a = np.ascontiguousarray(np.clip(home_mean, 0.0, MOST_MEAN))
    b = np.ascontiguousarray(np.clip(away_mean, 0.0, MOST_MEAN))
    if outcomes == 3:
        _match_odds(at.home, at.away, a, b, at.lam, at.mu, rho, answer)
    else:
        _total(at.home, at.away, a, b, at.lam, at.mu, rho, at.line, answer)
    return floored(np.where(at.known[:, None], answer, 1.0 / outcomes))


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


@kernel
def _match_odds(
    home: Floats, away: Floats, a: Floats, b: Floats, lam: Floats, mu: Floats, rho: float, answer: Floats
) -> None:
    theirs, below = np.empty(GOALS + 1), np.empty(GOALS + 1)
    for row in range(len(home)):
        term, total = math.exp(-b[row]), 0.0
        for goals in range(GOALS + 1):
            theirs[goals] = term
            below[goals] = total
            total += term
            term *= b[row] / (goals + 1)
        lead = int(home[row] - away[row])
        win, draw, mine = 0.0, 0.0, math.exp(-a[row])
        for goals in range(GOALS + 1):
            need = goals + lead
            if need > GOALS:
                win += mine * total
            elif need >= 0:
                win += mine * below[need]
                draw += mine * theirs[need]
            mine *= a[row] / (goals + 1)
        lose = max(1.0 - win - draw, 0.0)
        for i in range(2):
            for j in range(2):
                if i >= home[row] and j >= away[row]:
                    p = _exactly(a[row], i - home[row]) * _exactly(b[row], j - away[row])
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
    home: Floats,
    away: Floats,
    a: Floats,
    b: Floats,
    lam: Floats,
    mu: Floats,
    rho: float,
    line: Floats,
    answer: Floats,
) -> None:
    for row in range(len(home)):
        mean, so_far = a[row] + b[row], home[row] + away[row]
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
                    p = _exactly(a[row], i - home[row]) * _exactly(b[row], j - away[row])
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
