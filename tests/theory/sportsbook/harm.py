"""What a risk desk does to people at risk of harm, beside a twin blind to harm and a randomised holdout.

Knows: replays of a scenario's desks, the risk band of who bets. Does not know: what a charter wants.

    .venv/bin/python -m tests.theory.sportsbook.harm [1,2,3]

Of each band: stake that stands over stake asked for (exposure), theoretical margin and mean logarithm of odds of what
stands, and parlays' share of it. Differences of a desk's own accounts to its holdout (other accounts, same replay) and
to the twin (same accounts, same seed). Intervals are t-intervals of 95 % over seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import trial
from harness.assembly import build_replay
from harness.kinds import Rows
from harness.replay import replay
from harness.trial import Loaded
from sim.core.decisions import Decisions, Quotes
from sim.core.time import Micros
from sim.core.truth import Settlement
from sim.core.world import Question
from sim.worlds.sportsbook.vocabulary import RISK_BANDS
from tests.theory.distances import told

SCENARIO = "sportsbook/harm-twin-v1"
SEEDS = (1, 2, 3, 4, 5)
FIGURES = ("exposure", "margin", "log odds", "parlays")
PARTS = 5
"""Sums of a band: stake asked for, stake that stands, earnings expected, stake x ln odds, stake of parlays."""
Sums = NDArray[np.float64]


class Bands:
    """A book that sums the scored bets by held out (no, yes) and by band: (2, 3, PARTS)."""

    def __init__(self, go_live: Micros) -> None:
        self._go_live = go_live
        self.sums: Sums = np.zeros((2, len(RISK_BANDS), PARTS))

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        """Take in one settled question about bets."""
        if question.start < self._go_live or not isinstance(answer, Decisions):
            return
        asked, truth, outcomes = question.block, settled.truth.block, settled.outcomes.block
        stands, odds = outcomes["accepted_stake"], asked["odds"].astype(np.float64)
        taken = stands > 0.0
        earned = np.where(taken, stands * (1.0 - odds * np.where(taken, truth["p_true"], 0.0)), 0.0)
        columns = (
            asked["stake"].astype(np.float64), stands, earned, stands * np.log(odds), stands * (asked["legs"] > 1),
        )  # fmt: skip
        place = (answer.exempt.astype(np.int64), truth["at_risk"].astype(np.int64))
        for part, column in enumerate(columns):
            np.add.at(self.sums[:, :, part], place, column)

    def hear(self, stream: str, rows: Rows) -> None:
        """Nothing of the news matters here."""

    def close(self, end: Micros) -> None:
        """Nothing is left open."""


def figures(sums: Sums) -> Sums:
    """FIGURES (..., 4) of sums (..., PARTS)."""
    asked, stands, earned, longs, parlays = np.moveaxis(sums, -1, 0)
    return np.stack([stands / asked, earned / stands, longs / stands, parlays / stands], axis=-1)


def bands(loaded: Loaded, name: str, seed: int) -> Sums:
    """Sums (2, 3, PARTS) of a candidate on a seed."""
    setting = build_replay(loaded, loaded.candidate(name), seed, None, [])
    ledgers: dict[str, Any] = dict(setting.ledgers)
    ledgers["bet"] = Bands(setting.world.go_live)
    replay(setting.world, setting.desks, ledgers)
    return np.asarray(ledgers["bet"].sums)


def main(words: Sequence[str]) -> None:
    """Print the table, and each seed's figures as they come."""
    seeds = tuple(int(part) for part in words[0].split(",")) if words else SEEDS
    loaded = trial.load(SCENARIO, ())
    desk, twin = loaded.candidates[:2]
    found = []
    for seed in seeds:
        found.append(np.stack([bands(loaded, name, seed) for name in (desk, twin)]))
        print(
            f"seed {seed}: exposure by band {figures(found[-1])[0, 0, :, 0].round(3).tolist()}",
            file=sys.stderr,
        )
    each = figures(np.array(found))
    # (seeds, desk or twin, treated or held out, band, figure)
    print(f"| band | figure | {desk} | less its holdout | less {twin} |")
    print("|---|---|--:|--:|--:|")
    for band, label in enumerate(RISK_BANDS):
        for figure, what in enumerate(FIGURES):
            own = each[:, 0, 0, band, figure]
            rest = (each[:, 0, 1, band, figure], each[:, 1, 0, band, figure])
            print(
                f"| {label} | {what} | " + " | ".join(told(v) for v in (own, *(own - r for r in rest))) + " |"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
