"""What a trained risk desk is worth, and how it decays as rings and sharps come back (docs/sportsbook-scenarios.md).

Knows: replays of a scenario's desks, with persons who come back and without. Does not know: what a charter wants.

    .venv/bin/python -m tests.theory.sportsbook.risk [1,2,3]

Gain: expected loss to adverse bettors with every bet accepted less that with the desk, over the stakes accepted without
it, same seeds, in blocks of four weeks after goLive, and their mean over all twelve. Intervals are t-intervals of 95 %
over seeds. What is asked: whether the mean over twelve weeks is less where persons come back.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness import trial
from harness.assembly import build_replay
from harness.lineups import Lineup
from harness.plans import CandidatePlan
from harness.replay import replay
from harness.trial import Loaded
from tests.theory.distances import interval

SEEDS = (1, 2, 3, 4, 5, 6)
BLOCKS, DAYS = 3, 28
SIZE = (
    "world.horizon=84d", "world.with.accounts=3000", "world.with.teams=8", "world.with.betsPerMatch=9000",
    "world.with.parlays=false", "world.history=21d", "trial.labels.maturity=7d",
    "trial.candidates.0.desks.bet.with.rounds=60",
    *(f"trial.desks.{desk}.incumbent.policy.with.close_above=0.985" for desk in ("match_odds", "total_goals")),
)  # fmt: skip
"""As the desks of `sportsbook/inplay-margin-v1` are, not as those of the quick form."""


def load(adaptation: float) -> Loaded:
    """The quick scenario over twelve weeks, with persons who come back (1) or do not (0)."""
    return trial.load("sportsbook/inplay-margin-quick-v1", (*SIZE, f"world.levers.adaptation={adaptation:g}"))


def losses(
    loaded: Loaded, plan: CandidatePlan | Lineup, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected loss to adverse bettors and accepted stakes, EUR, of each block (BLOCKS,)."""
    setting = build_replay(loaded, plan, seed, None, [])
    replay(setting.world, setting.desks, setting.ledgers)
    lost, stakes = np.zeros(BLOCKS), np.zeros(BLOCKS)
    for day, metric, label, view, top, bottom in setting.ledgers["bet"].counts:
        if (metric, label, view) == ("adverse_loss", "all", "true"):
            block = min(day // DAYS, BLOCKS - 1)
            lost[block] += top
            stakes[block] += bottom
    return lost, stakes


def gains(adaptation: float, seeds: Sequence[int]) -> NDArray[np.float64]:
    """Gain (seeds, BLOCKS) of the champion's risk desk as a share of stakes."""
    loaded = load(adaptation)
    rows = []
    for seed in seeds:
        without, stakes = losses(loaded, loaded.trial.incumbent, seed)
        rows.append((without - losses(loaded, loaded.candidate(loaded.candidates[0]), seed)[0]) / stakes)
        told = ", ".join(f"{100.0 * gain:.2f}" for gain in rows[-1])
        print(f"seed {seed}, adaptation {adaptation:g}: gain {told} points", file=sys.stderr, flush=True)
    return np.array(rows)


def main(words: Sequence[str]) -> None:
    """Print the table."""
    seeds = tuple(int(part) for part in words[0].split(",")) if words else SEEDS
    off, on = gains(0.0, seeds), gains(1.0, seeds)
    print(f"| gain, points of stake ({len(seeds)} seeds) | nobody comes back | they come back | difference |")
    print("|---|---|---|---|")
    weeks = {f"{block * 4 + 1}-{block * 4 + 4}": [block] for block in range(BLOCKS)}
    for name, blocks in {**weeks, f"1-{BLOCKS * 4}": list(range(BLOCKS))}.items():
        cells = [100.0 * column[:, blocks].mean(axis=1) for column in (off, on, on - off)]
        told = " | ".join("{:.3f} ± {:.3f}".format(*interval(cell)) for cell in cells)
        print(f"| weeks {name} | {told} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
