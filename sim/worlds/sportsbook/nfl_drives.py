"""How an NFL drive goes: its levers, its tables of chances, and one game played from a row of uniforms.

Knows: the game clock in steps, what a drive may end in, how the end of a game changes it. Does not know: wall-clock
time, probabilities of a result (nfl_lattice), bets.

The game clock moves in steps of 20 s. A drive passes two phases; in each step it leaves its phase with a
probability that depends on the game's stage and the margin (the *pace*), and when it leaves the last one it ends in
one of six ways. Then the other team has the ball. Touchdown drives are longer than others; the phase that they take
more is charged to the drive after them, so that no chance has to look ahead. A drive that the end of a half cuts
short ends there, with chances of its own. Everything a chance depends on is public but the phase, and of that the
recursions of nfl_lattice keep the odds: they are exact for this process.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel, kernel_with_scratch
from sim.core.levers import Confidence, Levers, LeverSpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP_S = 20
"""Seconds of game clock in a step."""
QUARTER, HALF, GAME = 45, 90, 180
"""Ends of the first quarter, first half and regulation, in steps."""
OVERTIME = 30
"""Steps of overtime at most."""
PHASES = 3
"""Phases of a drive after a touchdown; any other drive begins in the second. Length: variation about 0.6."""
EDGE = 80
"""Margins are kept in -EDGE .. EDGE; beyond, they count as the edge."""
WIDTH = 2 * EDGE + 1

NOTHING, TOUCHDOWN_6, TOUCHDOWN_7, TOUCHDOWN_8, FIELD_GOAL, SAFETY = range(6)
FOR = np.array([0, 6, 7, 8, 3, 0], dtype=np.int64)
"""Points of the team with the ball, by how a drive ends."""
AGAINST = np.array([0, 0, 0, 0, 0, 2], dtype=np.int64)
"""Points of the other team."""
ENTRY = np.array([1, 0, 0, 0, 1, 1], dtype=np.int64)
"""Phase in which the next drive begins. """
FRESH = 1
"""Phase in which the first drive of a half begins."""
WAYS = len(FOR)

NORMAL, FOURTH, LATE, FINAL, CUT_HALF, CUT_GAME, SUDDEN, STAGES = range(8)
"""Stages: most of the game; the fourth quarter; its last minutes; the very last; the drive under way when a half, and
when regulation ends; overtime."""

DRAWS = 2 * (GAME + OVERTIME) + 2
"""Uniforms that one game reads."""
LOG = 160
"""Most drives that a game is given room for: a drive takes two steps at least, or is cut."""

_CFG = "Calibration 2.6: spreadspoke, 4,142 games 2010-2025; fitted so that spread error and key margins come out"
_RECALL = "drive statistics of the league, from memory"
_OURS = "assumption of this simulator"


def _lever(name: str, default: float, unit: str, low: float, high: float, doc: str, source: str,
           confidence: Confidence) -> LeverSpec:  # fmt: skip
    return LeverSpec("nfl_" + name, default, unit, low, high, doc, source, confidence, moves=False)


# fmt: off
LEVERS: tuple[LeverSpec, ...] = (
    _lever("drive_min", 2.65, "min", 1.5, 6.0,
           "mean game clock of a drive: 11.3 drives per team", _RECALL, "memory"),
    _lever("touchdown", 0.215, "probability", 0.05, 0.5,
           "a drive of an average team ends in a touchdown", _RECALL, "memory"),
    _lever("field_goal", 0.165, "probability", 0.02, 0.4,
           "a drive of an average team ends in a field goal", _RECALL, "memory"),
    _lever("safety", 0.003, "probability", 0.0, 0.02, "a drive ends in a safety", _RECALL, "memory"),
    _lever("field_goal_elasticity", 0.3, "", 0.0, 1.0,
           "field goals rise with this power of the touchdown factor", _OURS, "assumption"),
    _lever("kick_good", 0.955, "probability", 0.8, 1.0,
           "the kick after a touchdown is good", _RECALL, "memory"),
    _lever("two_point_good", 0.48, "probability", 0.2, 0.7, "a two-point try is good", _RECALL, "memory"),
    _lever("two_point_try", 0.06, "probability", 0.0, 1.0,
           "a touchdown is followed by a two-point try, score aside", _RECALL, "memory"),
    _lever("late_min", 8.0, "min", 2.5, 12.0,
           "last minutes in which the score changes how teams play", _OURS, "assumption"),
    _lever("final_min", 4.0, "min", 0.5, 12.0,
           "of these, the last, in which it does so most", _OURS, "assumption"),
    _lever("lead_pace", 0.70, "factor", 0.3, 1.0,
           "pace of a leader's drive in the last minutes", _OURS, "assumption"),
    _lever("trail_pace", 1.35, "factor", 1.0, 3.0,
           "pace of a trailing team's drive in the last minutes", _OURS, "assumption"),
    _lever("lead_scoring", 0.28, "factor", 0.0, 1.0,
           "scoring of a leader's drive in the last minutes", _CFG, "derived"),
    _lever("close_kick", 2.0, "factor", 1.0, 5.0,
           "field goals of a team tied or behind by 3 or less, last minutes", _CFG, "derived"),
    _lever("close_touchdown", 0.4, "factor", 0.1, 2.0,
           "touchdowns of a team tied or behind by 3 or less, last minutes and overtime", _CFG, "derived"),
    _lever("chase_touchdown", 0.86, "factor", 0.5, 3.0,
           "touchdowns of a team behind by 4 to 8, last minutes", _CFG, "derived"),
    _lever("cut_kick", 0.16, "probability", 0.0, 0.6,
           "the half's last drive ends in a field goal", _OURS, "assumption"),
    _lever("cut_close_kick", 0.5, "probability", 0.0, 0.8,
           "a game's last drive, tied or behind by 3 or less, ends in a field goal", _CFG, "derived"),
    _lever("cut_touchdown", 0.05, "probability", 0.0, 0.5,
           "a half's last drive ends in a touchdown", _OURS, "assumption"),
    _lever("overtime_kick", 0.4, "probability", 0.0, 0.8,
           "an overtime drive ends in a field goal", _OURS, "assumption"),
)
# fmt: on


class Drives(NamedTuple):
    """Chances of one game's drives, for the kernels.

    chance (2, STAGES, WAYS, WIDTH): probability of each end, by offence (0 home, 1 away) and the offence's margin;
    pace (STAGES, WIDTH): probability per step to leave a phase; stage (GAME,): stage of each step.
    """

    chance: Floats
    pace: Floats
    stage: Ints


def _split(touchdown: Floats, levers: Levers, m: Ints, late: bool) -> tuple[Floats, Floats, Floats]:
    """A touchdown's probability split by the try after it: 6, 7 or 8 points, each like `touchdown`."""
    good, two = levers.constant("nfl_kick_good"), levers.constant("nfl_two_point_good")
    tries = np.full(touchdown.shape, levers.constant("nfl_two_point_try"))
    if (
        late
    ):  # behind by 5 or 2, ahead by 1 or 5 after the touchdown itself: the second point is worth the risk
        tries = np.where(np.isin(m + 6, (-10, -5, -2, 1, 5)), 1.0, 0.0)
    eight = touchdown * tries * two
    seven = touchdown * (1.0 - tries) * good
    return touchdown - seven - eight, seven, eight


def drives(levers: Levers, home: float, away: float) -> Drives:
    """Tables of a game in which touchdowns are `home` and `away` times an average team's (factors above 0)."""
    c = levers.constant
    m = np.arange(-EDGE, EDGE + 1)
    even = np.ones(WIDTH)
    close, chase = (m >= -3) & (m <= 0), (m >= -8) & (m <= -4)
    lead, beaten = (m > 0) & (m <= 16), (m <= -12) & (m >= -16)
    chance = np.zeros((2, STAGES, WAYS, WIDTH))
    for team, factor in enumerate((home, away)):
        kick_factor = factor ** c("nfl_field_goal_elasticity")
        touchdown, kick = c("nfl_touchdown") * factor, c("nfl_field_goal") * kick_factor
        for stage in range(STAGES):
            td, fg, safe = even * touchdown, even * kick, even * c("nfl_safety")
            if stage in (LATE, FINAL):
                weight = 1.0 if stage == FINAL else 0.6
                held = (c("nfl_lead_scoring") - 1.0) * lead
                eager = (c("nfl_chase_touchdown") - 1.0) * chase + (c("nfl_close_touchdown") - 1.0) * close
                td = td * (1.0 + weight * (held + eager))
                fg = fg * (1.0 + weight * (held + (c("nfl_close_kick") - 1.0) * close))
                fg = fg * (1.0 - weight * 0.9 * (chase | beaten))  # three points do not help: they go for it
            elif stage == CUT_HALF:
                td, fg, safe = (
                    even * c("nfl_cut_touchdown") * factor,
                    even * c("nfl_cut_kick") * kick_factor,
                    0.0 * even,
                )
            elif stage == CUT_GAME:
                td = np.where(chase, c("nfl_cut_touchdown") * factor, 0.0)
                fg = np.where(close, c("nfl_cut_close_kick") * kick_factor, 0.0)
                safe = 0.0 * even
            elif stage == SUDDEN:
                td, fg = td * c("nfl_close_touchdown"), even * c("nfl_overtime_kick") * kick_factor
            scale = 0.97 / np.maximum(td + fg + safe, 0.97)
            six, seven, eight = _split(td * scale, levers, m, stage in (FOURTH, LATE, FINAL, CUT_GAME))
            if stage == SUDDEN:  # the game is over: nobody kicks
                six, seven, eight = td * scale, 0.0 * even, 0.0 * even
            chance[team, stage, 1:] = six, seven, eight, fg * scale, safe * scale
            chance[team, stage, NOTHING] = 1.0 - chance[team, stage, 1:].sum(axis=0)
    base = (PHASES - 1 + c("nfl_touchdown")) * STEP_S / 60.0 / c("nfl_drive_min")
    pace = np.full((STAGES, WIDTH), base)
    for stage, weight in ((LATE, 0.6), (FINAL, 1.0)):
        slow, fast = (c("nfl_lead_pace") - 1.0) * lead, (c("nfl_trail_pace") - 1.0) * (m < 0)
        pace[stage] = np.minimum(0.9, base * (1.0 + weight * (slow + fast)))
    left = GAME - np.arange(GAME)
    stage_of = np.full(GAME, NORMAL)
    stage_of[left <= QUARTER] = FOURTH
    stage_of[left * STEP_S <= 60.0 * c("nfl_late_min")] = LATE
    stage_of[left * STEP_S <= 60.0 * c("nfl_final_min")] = FINAL
    return Drives(chance, pace, stage_of.astype(np.int64))


@kernel
def _end(chance: Floats, offence: int, stage: int, margin: int, u: float) -> int:
    at = min(max(margin if offence == 0 else -margin, -EDGE), EDGE) + EDGE
    total = 0.0
    for way in range(WAYS):
        total += chance[offence, stage, way, at]
        if u < total:
            return way
    return NOTHING


@kernel
def game(chance: Floats, pace: Floats, stage: Ints, u: Floats, log: Ints) -> int:
    """Play one game from uniforms u (DRAWS,). Writes one row per drive into log (LOG, 7): first step, end in steps,
    offence, home and away score at its start, way it ended, first phase. Answers the number of drives."""
    home, away, count = 0, 0, 0
    opener = 0 if u[DRAWS - 2] < 0.5 else 1
    offence, start, phase = opener, 0, FRESH
    entry = FRESH
    for step in range(GAME + OVERTIME):
        if step == HALF:
            offence, start, phase = 1 - opener, step, FRESH
        elif step == GAME:
            if home != away:
                break
            offence, start, phase = (0 if u[DRAWS - 1] < 0.5 else 1), step, FRESH
        now = stage[step] if step < GAME else SUDDEN
        margin = home - away
        at = min(max(margin if offence == 0 else -margin, -EDGE), EDGE) + EDGE
        if u[2 * step] < pace[now, at]:
            phase += 1
        over = step + 1
        cut = phase < PHASES and (over == HALF or over == GAME)
        if cut:
            now = CUT_HALF if over == HALF else CUT_GAME
        if phase < PHASES and not cut and over < GAME + OVERTIME:
            continue
        way = NOTHING
        if cut or phase == PHASES:
            way = _end(chance, offence, now, margin, u[2 * step + 1])
        log[count, 0], log[count, 1], log[count, 2] = start, over, offence
        log[count, 3], log[count, 4], log[count, 5], log[count, 6] = home, away, way, entry
        count += 1
        mine, other = FOR[way], AGAINST[way]
        home += mine if offence == 0 else other
        away += other if offence == 0 else mine
        if now == SUDDEN and way != NOTHING:
            break
        offence, start, phase = 1 - offence, over, ENTRY[way]
        entry = FRESH if over == HALF or over == GAME else phase
    return count


@kernel_with_scratch
def scores(chance: Floats, pace: Floats, stage: Ints, u: Floats, out: Ints) -> None:
    """Final scores out (n, 2) of n games with the same chances, from uniforms u (n, DRAWS)."""
    log = np.zeros((LOG, 7), dtype=np.int64)
    for i in range(len(u)):
        last = game(chance, pace, stage, u[i], log) - 1
        way, offence = log[last, 5], log[last, 2]
        out[i, 0] = log[last, 3] + (FOR[way] if offence == 0 else AGAINST[way])
        out[i, 1] = log[last, 4] + (AGAINST[way] if offence == 0 else FOR[way])
