"""What a trained risk desk is worth, and how it decays as rings and sharps come back (docs/sportsbook-scenarios.md).

Knows: replays of a scenario's desks, with persons who come back and without. Does not know: what a charter wants.

    .venv/bin/python -m tests.theory.sportsbook.risk [1,2,3] [shipped | once | weekly]

Gain: expected loss to adverse bettors with every bet accepted less that with the desk, over the stakes accepted without
it, same seeds, in blocks of four weeks after goLive, and their mean over all twelve; and the share of stakes asked for
that the desk turned away. Intervals are t-intervals of 95 % over seeds. What is asked: whether the mean gain over
twelve weeks is less where persons come back.

shipped: the desk as it ships, which refuses little. once, weekly: one that limits from a score of 0.2 on and refuses
from 0.5 on, with 5 % of bets audited, fitted at goLive and never again, or every week.
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


STRICT = (
    "trial.desks.bet.audit.share=0.05",
    "trial.candidates.0.desks.bet.policy.with.bands=[{at: 0.5, action: reject}, {at: 0.2, action: limit}]",
)
DESKS = {"shipped": (), "once": (*STRICT, "trial.candidates.0.desks.bet.retrain=null"), "weekly": STRICT}


def load(adaptation: float, desk: str = "shipped") -> Loaded:
    """The quick scenario over twelve weeks, with persons who come back (1) or do not (0)."""
    own = (*SIZE, *DESKS[desk], f"world.levers.adaptation={adaptation:g}")
    return trial.load("sportsbook/inplay-margin-quick-v1", own)


def losses(
    loaded: Loaded, plan: CandidatePlan | Lineup, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Expected loss to adverse bettors and accepted stakes, EUR, of each block (BLOCKS,); the share turned away."""
    setting = build_replay(loaded, plan, seed, None, [])
    replay(setting.world, setting.desks, setting.ledgers)
    lost, stakes, turned = np.zeros(BLOCKS), np.zeros(BLOCKS), np.zeros(2)
    for day, metric, label, view, top, bottom in setting.ledgers["bet"].counts:
        if (label, view) != ("all", "true"):
            continue
        if metric == "adverse_loss":
            block = min(day // DAYS, BLOCKS - 1)
            lost[block] += top
            stakes[block] += bottom
        elif metric == "rejected_stake":
            turned += top, bottom
    return lost, stakes, float(turned[0] / turned[1])


def gains(
    adaptation: float, seeds: Sequence[int], desk: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gain (seeds, BLOCKS) of the champion's risk desk as a share of stakes, and what it turned away (seeds,)."""
    loaded = load(adaptation, desk)
    rows, turned = [], []
    for seed in seeds:
        without, stakes, _ = losses(loaded, loaded.trial.incumbent, seed)
        lost, _, away = losses(loaded, loaded.candidate(loaded.candidates[0]), seed)
        rows.append((without - lost) / stakes)
        turned.append(away)
        told = ", ".join(f"{100.0 * gain:.2f}" for gain in rows[-1])
        print(
            f"seed {seed}, adaptation {adaptation:g}: gain {told} points, {100 * away:.1f} % turned away",
            file=sys.stderr,
            flush=True,
        )
    return np.array(rows), np.array(turned)


def main(words: Sequence[str]) -> None:
    """Print the table."""
    seeds = tuple(int(part) for part in words[0].split(",")) if words else SEEDS
    desk = words[1] if len(words) > 1 else "shipped"
    (off, few), (on, many) = (gains(adaptation, seeds, desk) for adaptation in (0.0, 1.0))
    print(
        f"| {desk}, points of stake ({len(seeds)} seeds) | nobody comes back | they come back | difference |"
    )
    print("|---|---|---|---|")
    weeks = {f"{block * 4 + 1}-{block * 4 + 4}": [block] for block in range(BLOCKS)}
    for name, blocks in {**weeks, f"1-{BLOCKS * 4}": list(range(BLOCKS))}.items():
        _row(f"gain, weeks {name}", off[:, blocks].mean(axis=1), on[:, blocks].mean(axis=1))
    _row("turned away", few, many)


def _row(name: str, off: NDArray[np.float64], on: NDArray[np.float64]) -> None:
    told = " | ".join("{:.3f} ± {:.3f}".format(*interval(100.0 * cell)) for cell in (off, on, on - off))
    print(f"| {name} | {told} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
