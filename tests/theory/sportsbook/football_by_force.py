"""A second, independent simulation of a football match, vectorised over matches: what the lattice must agree with.

Knows: the process as docs/design/006 states it. Does not know: cells, recursions, the kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincinv

from sim.core import rng
from sim.core.levers import Levers
from sim.worlds.sportsbook import fixtures, football

LEVERS = Levers({spec.name: spec for spec in (*football.LEVERS, *fixtures.LEVERS)}, {}, {})


@dataclass(frozen=True)
class Standing:
    """Where a match stands: half 0 or 1, minutes since the half began, score, red cards, minutes since the goal."""

    half: int = 0
    minute: float = 0.0
    home: int = 0
    away: int = 0
    red_home: int = 0
    red_away: int = 0
    since_goal: float = 1e6


def finish(
    seed: int, n: int, a: float, b: float, stand: Standing, levers: Levers = LEVERS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Final scores (n,), (n,) of n matches played on from `stand`; a, b per minute at half-match, level sides."""
    draw = rng.stream(seed, "by force")
    c = levers.constant
    shape = c("added_time_spread") ** -2.0
    minutes = football.minutes(
        c("added_minutes_first"), c("added_minutes_second"), c("added_time_spread"), c("red_slope")
    )
    share = c("red_home_share")
    card = np.array([share, 1 - share]) * c("red_cards")
    card = -np.log(1 - card) / minutes
    behind_home = np.array(
        [c("trailing_far_home"), c("trailing_rate"), c("level_rate"), c("leading_rate"), c("leading_far")]
    )
    behind_away = np.array([c("trailing_far_away"), *behind_home[1:]])
    goals = np.tile(np.array([stand.home, stand.away]), (n, 1))
    red = np.tile(np.array([stand.red_home, stand.red_away], dtype=bool), (n, 1))
    bound = 3.5 * (a + b) + 2.6 * card.sum()
    for half in range(stand.half, 2):
        begun = stand.minute if half == stand.half else 0.0
        mean = c("added_minutes_first" if half == 0 else "added_minutes_second")
        past = gammainc(shape, max(0.0, begun - 45.0) / mean * shape)
        whole = 1.0 - 1e-5
        length = 45.0 + gammaincinv(shape, past + draw.random(n) * (whole - past)) * mean / shape
        t = np.full(n, begun)
        last = np.full(n, begun - stand.since_goal if half == stand.half else -1e6)
        playing = np.arange(n)
        while len(playing):
            t[playing] += draw.exponential(1.0 / bound, len(playing))
            playing = playing[t[playing] < length[playing]]
            now = t[playing]
            x = (np.minimum(now, 45.0) + 45.0 * half - 45.0) / 90.0
            since = now - last[playing]
            calm = np.where(since < 1.0, c("restart_rate"), np.where(since < 1.5, c("settling_rate"), 1.0))
            goalless = goals[playing].sum(axis=1) == 0
            pace = np.exp(c("goal_slope") * x) * calm
            pace *= np.where(goalless, c("goalless_rate") / c("level_rate"), 1.0)
            lead = np.clip(goals[playing, 0] - goals[playing, 1], -2, 2)
            sent = red[playing]
            own = np.where(sent, c("red_own"), 1.0) * np.where(sent[:, ::-1], c("red_other"), 1.0)
            rates = np.column_stack(
                [
                    a * pace * own[:, 0] * behind_home[lead + 2],
                    b * pace * own[:, 1] * behind_away[-lead + 2],
                    np.where(sent[:, 0], 0.0, card[0]) * np.exp(c("red_slope") * x),
                    np.where(sent[:, 1], 0.0, card[1]) * np.exp(c("red_slope") * x),
                ]
            )
            edges = np.cumsum(rates, axis=1)
            assert edges[:, -1].max(initial=0.0) <= bound
            kind = (draw.random(len(playing))[:, None] * bound >= edges).sum(axis=1)
            for side in range(2):
                scored = playing[kind == side]
                goals[scored, side] += 1
                last[scored] = t[scored]
                red[playing[kind == 2 + side], side] = True
    return goals[:, 0], goals[:, 1]
