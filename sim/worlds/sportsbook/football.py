"""A football match: goals and cards in continuous time, its true probabilities, and the SimPy walk through it.

Knows: rates of play, the law of the whistle, means of the match. Does not know: calendar, teams, feed, prices.

Rates per minute are a base times a slope over the match, factors of the lead, of red cards, and of the minute after
a goal; base rates are solved so that the means before kick-off are exactly those that were asked for. Levers are
read at one instant, when the market opens: a match that can be seen is already decided (law 2), so that an
injection reaches the matches whose markets open after it began.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline
from scipy.special import gammainc, gammaincinv

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import DAY, MINUTE, Micros
from sim.engine.stage import Act, Stage
from sim.worlds.sportsbook import football_lattice as lattice
from sim.worlds.sportsbook.paths import AWAY_SCORES, CLOCK, END, HOME_SCORES, Path

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_EPL = "3,327 Premier League matches 2011-2020 with goal minutes and closing odds: Poisson regression of the rate"

# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    LeverSpec("goal_slope", 0.367, "ln per 90 min", -1.0, 1.5, "rise of the scoring rate over a match",
              f"{_EPL}; se 0.042", "computed"),
    LeverSpec("restart_rate", 0.02, "factor", 0.0, 1.0, "scoring rate in the 60 s after a goal",
              f"{_EPL}: no minute has two goals (119 if independent)", "computed"),
    LeverSpec("settling_rate", 0.60, "factor", 0.0, 1.0, "scoring rate in the 30 s after that",
              f"{_EPL}: 0.37 (se 0.04) in the next recorded minute, then 0.96 (0.06)", "computed"),
    LeverSpec("trailing_rate", 1.09, "factor", 0.5, 2.0, "scoring rate of a side that trails by one",
              f"{_EPL}: 1.07-1.09 of level sides, se 0.03", "derived"),
    LeverSpec("trailing_far_home", 1.20, "factor", 0.5, 2.0, "scoring rate of a home side that trails by two or more",
              f"{_EPL}; se 0.06", "computed"),
    LeverSpec("trailing_far_away", 1.06, "factor", 0.5, 2.0, "scoring rate of an away side that trails by two or more",
              f"{_EPL}: 1.10 of both sides (se 0.04), less the home side's", "derived"),
    LeverSpec("leading_rate", 0.98, "factor", 0.5, 2.0, "scoring rate of a side that leads by one",
              f"{_EPL}; se 0.03", "computed"),
    LeverSpec("leading_far", 0.97, "factor", 0.5, 2.0, "scoring rate of a side that leads by two or more",
              f"{_EPL}; se 0.04", "computed"),
    LeverSpec("goalless_rate", 0.92, "factor", 0.5, 2.0, "scoring rate at 0-0",
              f"{_EPL}: set so that 0-0 is 7.5 % and Dixon-Coles rho near -0.045 (se 0.023)", "derived"),
    LeverSpec("level_rate", 1.04, "factor", 0.5, 2.0, "scoring rate at 1-1, 2-2, ...",
              f"{_EPL}: 1.10 (se 0.04) of the mean at 1-1", "computed"),
    LeverSpec("red_cards", 0.19, "per match", 0.0, 1.0, "mean red cards of a match, at most one a side",
              "top-5 leagues 2021-: 0.194, 48.6 % of them the home side's", "computed"),
    LeverSpec("red_home_share", 0.486, "share", 0.0, 1.0, "red cards that are the home side's",
              "top-5 leagues", "computed"),
    LeverSpec("red_slope", 1.7, "ln per 90 min", -3.0, 5.0, "rise of the rate of red cards over a match",
              "seven in ten are shown after half-time", "memory"),
    LeverSpec("red_own", 0.75, "factor", 0.2, 1.0, "scoring rate of a side with a man sent off",
              "Ridder et al. 1994: 1.0; Vecer et al. 2009: about 2/3", "secondary"),
    LeverSpec("red_other", 1.40, "factor", 1.0, 3.0, "scoring rate of a side whose opponent has a man sent off",
              "Ridder et al. 1994: 1.88; Vecer et al. 2009: about 5/4", "secondary"),
    LeverSpec("added_minutes_first", 2.6, "min", 0.2, 10.0, "mean added time of the first half",
              f"{_EPL}: minute 45 counts as 3.6 minutes", "computed"),
    LeverSpec("added_minutes_second", 4.2, "min", 0.2, 14.0,
              "mean added time of the second half; 9.6 is the rule of 2023 (goals after 90 from .22 to .39 a game)",
              f"{_EPL}: minute 90 counts as 5.2 minutes; Premier League 2023/24", "computed"),
    LeverSpec("added_time_spread", 0.4, "sd over mean", 0.1, 1.0, "spread of added time, a gamma law",
              "assumption of this simulator", "assumption"),
)
# fmt: on

INTERVAL: Micros = 15 * MINUTE
"""Half-time."""
TRIALS = 384
"""Uniforms drawn at first: enough for 191 trials, of which a match needs 15 to 30."""
EVENTS = 2 * lattice.CAP + 3


class Whistle(NamedTuple):
    """The law of added time: hazards by cell, and the longest added time of each half."""

    hazard: Floats
    """(g - 1,) probability that a half ends in this cell, not being over at its beginning."""
    half: int
    """Index at which the second half starts."""
    mean: tuple[float, float]
    spread: float

    def length(self, u: Floats) -> Floats:
        """Minutes of the halves (n, 2) for uniforms (n, 2)."""
        shape = self.spread**-2.0
        cells = np.array([self.half, len(self.hazard) - self.half]) - lattice.REGULAR
        scale = np.array(self.mean) / shape
        whole = gammainc(shape, cells * lattice.CELL_MIN / scale)
        return np.asarray(45.0 + gammaincinv(shape, u * whole) * scale, dtype=np.float64)


@lru_cache(maxsize=64)
def whistle(first: float, second: float, spread: float) -> Whistle:
    """The law of added time with these means and this spread; its longest hundred-thousandth is cut off."""
    shape = spread**-2.0
    parts = []
    for mean in (first, second):
        scale = mean / shape
        cells = int(np.ceil(gammaincinv(shape, 1.0 - 1e-5) * scale / lattice.CELL_MIN))
        law = gammainc(shape, np.arange(cells + 1) * lattice.CELL_MIN / scale)
        alive = 1.0 - law / law[-1]
        parts.append(np.concatenate([np.zeros(lattice.REGULAR), 1.0 - alive[1:] / alive[:-1]]))
    return Whistle(np.concatenate(parts), len(parts[0]), (first, second), spread)


@dataclass(frozen=True)
class Rules:
    """How a match is played: the vector of rates and factors of `football_lattice`, and the law of the whistle."""

    vector: Floats
    whistle: Whistle


def minutes(first: float, second: float, spread: float, slope: float) -> float:
    """Expected minutes of a match, each counted at its rate over that of minute 45: added time and its slope."""
    return _exposure(whistle(first, second, spread), slope)


def _exposure(law: Whistle, slope: float) -> float:
    total = 0.0
    for half, hazard in enumerate((law.hazard[: law.half], law.hazard[law.half :])):
        alive = np.concatenate([[1.0], np.cumprod(1.0 - hazard)])
        minute = np.minimum(45.0, (np.arange(len(hazard)) + 0.5) * lattice.CELL_MIN) + 45.0 * half
        total += float(np.sum(np.exp(slope * (minute - 45.0) / 90.0) * 0.5 * (alive[1:] + alive[:-1])))
    return total * lattice.CELL_MIN


def rules(levers: Levers, t: Micros) -> Rules:
    """The rules in force for a match whose market opens at t."""

    def now(name: str) -> float:
        return levers.now(name, t)

    law = whistle(now("added_minutes_first"), now("added_minutes_second"), now("added_time_spread"))
    v = np.empty(lattice.RULES)
    v[lattice.SLOPE], v[lattice.GOALLESS_BY] = now("goal_slope"), now("goalless_rate")
    v[lattice.RESTART], v[lattice.SETTLING] = now("restart_rate"), now("settling_rate")
    v[lattice.RED_SLOPE] = now("red_slope")
    cards, share, minutes = now("red_cards"), now("red_home_share"), _exposure(law, now("red_slope"))
    v[lattice.RED_HOME] = -np.log(max(1e-3, 1.0 - cards * share)) / minutes
    v[lattice.RED_AWAY] = -np.log(max(1e-3, 1.0 - cards * (1.0 - share))) / minutes
    v[lattice.RED_OWN], v[lattice.RED_OTHER] = now("red_own"), now("red_other")
    trailing, leading, level, far = (
        now("trailing_rate"), now("leading_rate"), now("level_rate"), now("leading_far"),
    )  # fmt: skip
    v[lattice.HOME_BY : lattice.HOME_BY + 5] = now("trailing_far_home"), trailing, level, leading, far
    v[lattice.AWAY_BY : lattice.AWAY_BY + 5] = far, leading, level, trailing, now("trailing_far_away")
    return Rules(v, law)


def base_rates(lam: Floats, mu: Floats, played: Rules) -> Floats:
    """Rates per minute (n, 2) of level sides at half-match whose expected goals are lam and mu (n,), to one in 1,000.

    Each pair is solved; from 400 pairs on they are read off a spline over 12 x 12 pairs instead, to the same error.
    """
    lam, mu = np.asarray(lam, dtype=np.float64), np.asarray(mu, dtype=np.float64)
    if len(lam) < 400:
        return _solved(lam, mu, played)
    x, y = np.log(lam), np.log(mu)
    nodes = [np.linspace(z.min() - 1e-3, z.max() + 1e-3, 12) for z in (x, y)]
    across, down = (grid.ravel() for grid in np.meshgrid(*nodes, indexing="ij"))
    rates = np.log(_solved(np.exp(across), np.exp(down), played)) - np.column_stack([across, down])
    found = [RectBivariateSpline(*nodes, rates[:, side].reshape(12, 12)).ev(x, y) for side in range(2)]
    return np.asarray(np.exp(np.column_stack(found)) * np.column_stack([lam, mu]), dtype=np.float64)


def _solved(lam: Floats, mu: Floats, played: Rules) -> Floats:
    out = np.empty((len(lam), 2))
    lattice.solve(lam, mu, played.vector, played.whistle.hazard, played.whistle.half, 2, out)
    return out


def _happenings(seed: int, match: int, a: float, b: float, played: Rules) -> tuple[Floats, Floats, Ints]:
    """Lengths of the halves (2,) in minutes, and instants (e,) in minutes of play and kinds (e,) of events."""
    trials = TRIALS
    at, what = np.empty(EVENTS), np.empty(EVENTS, dtype=np.int64)
    while True:
        u = rng.stream(seed, "sportsbook", "football", match).random(trials)
        length = played.whistle.length(u[None, :2])[0]
        n = lattice.happen(a, b, played.vector, length, u[2:], at, what)
        if n >= 0:
            return length, at[:n], what[:n]
        trials *= 2  # the same stream from its beginning: the same match, with more trials at hand


def play(
    seed: int, match: int, kickoff: Micros, lam: float, mu: float, levers: Levers, opens: Micros | None = None,
    told: tuple[float, float] | None = None,
) -> Path:  # fmt: skip
    """One match, whole: what happens and the true probabilities (s, g, 5) of home, draw, away, over and under 2.5.

    `lam`, `mu` are the expected goals before kick-off; levers are read at `opens`, when the match's market opens
    (three days before kick-off if None, and not before the scenario's start). Nothing that a decision can reach
    enters: all chance comes from the match's own stream. Errors of the probabilities: below 0.001 (see theory tests).
    told: the expected goals that someone else goes by: the same happenings, with the probabilities that he believes.
    """
    played = rules(levers, max(0, kickoff - 3 * DAY) if opens is None else opens)
    a, b = (float(rate) for rate in base_rates(np.array([lam]), np.array([mu]), played)[0])
    length, at, what = _happenings(seed, match, a, b, played)
    if told is not None:
        a, b = (float(rate) for rate in base_rates(np.array([told[0]]), np.array([told[1]]), played)[0])
    return _path(kickoff, a, b, played, length, at, what)


def _path(kickoff: Micros, a: float, b: float, played: Rules, length: Floats, at: Floats, what: Ints) -> Path:
    law = played.whistle
    cell = lattice.CELL_MIN
    first = at < length[0]
    k, n = int(first.sum()), len(at)
    s = n + 4  # kick-off, half-time, second half, end
    event = np.concatenate([[CLOCK], what[:k], [CLOCK, CLOCK], what[k:], [END]]).astype(np.int8)
    minute = np.concatenate([[0.0], at[:k], [length[0], length[0]], at[k:], [length.sum()]])
    second = np.arange(s) >= k + 2
    pause = np.where(second, INTERVAL, 0)
    t = kickoff + pause + np.rint(minute * MINUTE).astype(np.int64)
    t = np.maximum.accumulate(t - np.arange(s)) + np.arange(s)  # one at a time, even in the same microsecond
    in_half = minute - np.where(second, length[0], 0.0)
    start = np.where(second, law.half, 0) + in_half / cell
    interval = np.arange(s) == k + 1
    start[interval] = law.half
    home, away = np.cumsum(event == HOME_SCORES), np.cumsum(event == AWAY_SCORES)
    red_home, red_away = np.cumsum(event == 3), np.cumsum(event == 4)
    goal = (event == HOME_SCORES) | (event == AWAY_SCORES)
    restart = np.maximum.accumulate(np.where(goal, start, -1e6))
    three = np.empty((s, len(law.hazard) + 1, 3))
    lattice.probabilities(
        a, b, played.vector, law.hazard, law.half, np.column_stack([home, away]), red_home + 2 * red_away, start,
        restart, three,
    )  # fmt: skip
    result = 0 if home[-1] > away[-1] else 1 if home[-1] == away[-1] else 2
    over = 0 if home[-1] + away[-1] >= 3 else 1
    three[-1] = (result == 0, result == 1, over == 0)
    p = np.empty((*three.shape[:2], 5))
    p[..., :2] = three[..., :2]
    p[..., 2] = np.maximum(0.0, 1.0 - three[..., 0] - three[..., 1])
    p[..., 3] = three[..., 2]
    p[..., 4] = 1.0 - three[..., 2]
    rest, end = int(t[k + 1]), int(t[-1])
    beyond = round((len(law.hazard) - start[-1]) * cell * MINUTE)
    return Path(
        t=t,
        period=np.where(second, 2, 1).astype(np.int8),
        clock_min=np.where(interval, 45.0, in_half + np.where(second, 45.0, 0.0)),
        runs=~interval & (event != END),
        score_home=home.astype(np.int16),
        score_away=away.astype(np.int16),
        red_home=red_home.astype(np.int8),
        red_away=red_away.astype(np.int8),
        possession=np.zeros(s, dtype=np.int8),
        event=event,
        grid_t=np.array(
            [kickoff, rest - 1, rest, rest + INTERVAL, end, end + max(1, beyond)], dtype=np.int64
        ),
        grid=np.array([0.0, length[0] / cell, law.half, law.half, start[-1], len(law.hazard)]),
        p=p,
        before=p[0, 0].copy(),
        outcome=np.array([result, over], dtype=np.int8),
    )


def walk(stage: Stage, path: Path, tell: Callable[[int], None]) -> Act:
    """A SimPy process that waits for each state of the match and tells its index, the whistle's last."""
    for index, instant in enumerate(path.t.tolist()):
        yield stage.until(instant)
        tell(index)


class Matches(NamedTuple):
    """Many matches without probabilities, for calibration: n matches, EVENTS columns, -1 and nan where none."""

    what: Ints
    """(n, e): 1 home scores, 2 away scores, 3 red home, 4 red away, -1 none."""
    minute: Floats
    """(n, e): match clock, capped at 45 and 90 in added time as newspapers write it, rounded up to whole minutes."""
    at: Floats
    """(n, e): minutes of play, the second half from length[:, 0]."""
    length: Floats
    """(n, 2): minutes of the halves."""
    home: Ints
    away: Ints


def simulate(seed: int, lam: Floats, mu: Floats, levers: Levers, t: Micros = 0) -> Matches:
    """Matches 0 .. n-1 with means lam, mu (n,), under the levers at t; the same happenings as `play`'s."""
    played = rules(levers, t)
    rates = base_rates(lam, mu, played)
    n = len(lam)
    what = np.full((n, EVENTS), -1, dtype=np.int64)
    at = np.full((n, EVENTS), np.nan)
    length = np.empty((n, 2))
    for i, (a, b) in enumerate(rates.tolist()):
        length[i], when, kind = _happenings(seed, i, a, b, played)
        at[i, : len(when)], what[i, : len(kind)] = when, kind
    second = at >= length[:, :1]
    clock = np.where(second, at - length[:, :1], at)
    minute = np.minimum(45.0, np.floor(clock) + 1.0) + np.where(second, 45.0, 0.0)
    return Matches(what, minute, at, length, (what == 1).sum(axis=1), (what == 2).sum(axis=1))
