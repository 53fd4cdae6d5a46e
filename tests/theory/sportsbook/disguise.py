"""How far sharps and rings who pretend to be at risk of harm spoil two labels: who is harmed, and who is adverse.

Knows: replays of a scenario's desks, the segment and the band of who bets. Does not know: what a charter wants.

    .venv/bin/python -m tests.theory.sportsbook.disguise [1,2,3]

Persons whose account was lost come back as they were, on the same device, or all of them looking harmed: their looks
wait for the night, their stakes grow (guises.py). The desk is the strict one of `risk.py`, fitted every week, so that
it can learn the disguise. Told: of what persons who came back asked for, and of what people at risk did, the share of
stakes that stands; and a safer-gambling screen that goes by nights: how many accounts it takes (at least ten bets in
twelve weeks, a tenth of them from 0 to 5 h) and how many of these are of people at risk. Intervals are t-intervals of
95 % over seeds, of differences seed by seed.
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
from sim.core.decisions import Decisions, Quotes
from sim.core.time import DAY, Micros
from sim.core.truth import Settlement
from sim.core.world import Question
from sim.worlds.sportsbook.guises import PREFER
from tests.theory.distances import told
from tests.theory.sportsbook import risk

SEEDS = (1, 2, 3, 4, 5, 6)
FEWEST, NIGHTS = 10, 0.1
GUISES = {
    "they come back as they were": "prefer_same_device",
    "they come back looking harmed": "prefer_looks_harmed",
}
FIGURES = (
    "of what those who came back ask for stands, %",
    "of what people who chase losses ask for stands, %",
    "accounts that the screen takes",
    "of which people at risk, %",
)


class Seen:
    """A book that keeps, of every scored bet, its account, and what is summed below."""

    def __init__(self, go_live: Micros) -> None:
        self._go_live = go_live
        self._parts: list[NDArray[np.float64]] = []

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        """Take in one settled question about bets."""
        if question.start < self._go_live or not len(question.block):
            return
        asked, truth, outcomes = question.block, settled.truth.block, settled.outcomes.block
        opened = asked["t"] - asked["account_age_d"].astype(np.float64) * DAY
        self._parts.append(
            np.column_stack(
                [
                    asked["account"],
                    asked["stake"].astype(np.float64),
                    outcomes["accepted_stake"],
                    asked["night"],
                    truth["at_risk"] > 0,
                    truth["at_risk"] == 2,
                    (opened > self._go_live) & (truth["unwanted"] > 0),
                ]
            )
        )

    def hear(self, stream: str, rows: Rows) -> None:
        """Nothing of the news matters here."""

    def close(self, end: Micros) -> None:
        """Nothing is left open."""

    def figures(self) -> list[float]:
        """FIGURES of one replay."""
        account, stake, stands, night, at_risk, high, back = np.concatenate(self._parts).T
        _, row = np.unique(account, return_inverse=True)
        bets = np.bincount(row)
        taken = (bets >= FEWEST) & (np.bincount(row, night) >= NIGHTS * bets)
        theirs = taken & (np.bincount(row, at_risk) > 0)
        came, chase = back > 0, high > 0
        return [
            100.0 * stands[came].sum() / stake[came].sum(),
            100.0 * stands[chase].sum() / stake[chase].sum(),
            float(taken.sum()),
            100.0 * theirs.sum() / max(taken.sum(), 1),
        ]


def figures(guise: str, seeds: Sequence[int]) -> NDArray[np.float64]:
    """FIGURES (seeds, 4) where every return is by one guise."""
    own = (f"world.levers.{name}={float(name == guise):g}" for name in PREFER)
    back = ("world.levers.adaptation=1", "world.levers.learning=0", *own)
    loaded = trial.load("sportsbook/inplay-margin-quick-v1", (*risk.SIZE, *risk.DESKS["weekly"], *back))
    found = []
    for seed in seeds:
        setting = build_replay(loaded, loaded.candidate(loaded.candidates[0]), seed, None, [])
        ledgers: dict[str, Any] = dict(setting.ledgers)
        ledgers["bet"] = seen = Seen(setting.world.go_live)
        replay(setting.world, setting.desks, ledgers)
        found.append(seen.figures())
        print(f"seed {seed}, {guise}: {np.round(found[-1], 1).tolist()}", file=sys.stderr, flush=True)
    return np.array(found)


def main(words: Sequence[str]) -> None:
    """Print the table."""
    seeds = tuple(int(part) for part in words[0].split(",")) if words else SEEDS
    plain, harmed = (figures(guise, seeds) for guise in GUISES.values())
    print(f"| strict desk, fitted weekly ({len(seeds)} seeds) | {' | '.join(GUISES)} | difference |")
    print("|---|---|---|---|")
    for place, name in enumerate(FIGURES):
        cells = (plain[:, place], harmed[:, place], harmed[:, place] - plain[:, place])
        print(f"| {name} | {' | '.join(told(cell, '.1f') for cell in cells)} |")


if __name__ == "__main__":
    main(sys.argv[1:])
