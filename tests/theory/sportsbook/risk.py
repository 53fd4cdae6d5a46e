"""What a trained risk desk is worth, and how it decays as rings and sharps come back (docs/sportsbook-scenarios.md).

Knows: replays of a scenario's desks, with persons who come back and without. Does not know: what a charter wants.

    .venv/bin/python -m tests.theory.sportsbook.risk [1,2,3] [shipped | once | weekly] [FILE.png]

Gain: what adverse bettors are expected to take with every bet accepted less that with the desk, over the stakes
accepted without it, same seeds, in blocks of four weeks after goLive, their mean over all twelve, and the part of it
that is the rings' (bonus abusers, many accounts each, a third of whose bets are free: the book's own money); and the
share of stakes asked for that the desk turned away. Intervals are t-intervals of 95 % over seeds, seed by seed.

Three worlds: nobody whose account was lost comes back; they come back as they were, on the same device; they come back
and adapt, as the world has it (split, later, dull at first, on new devices, by what paid). What is asked: whether the
mean gain over twelve weeks is less where they come back and adapt than where nobody does.

shipped: the desk as it ships, which refuses little. once, weekly: one that limits from a score of 0.2 on and refuses
from 0.5 on, with 5 % of bets audited, fitted at goLive and never again, or every week.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import trial
from harness.assembly import build_replay
from harness.lineups import Lineup
from harness.plans import CandidatePlan
from harness.replay import replay
from harness.trial import Loaded
from tests.theory.distances import interval, told

SEEDS = (1, 2, 3, 4, 5, 6)
BLOCKS, DAYS = 3, 28
SIZE = (
    "world.horizon=84d", "world.levers.free_bets=1",
    "world.with.accounts=3000", "world.with.teams=8", "world.with.betsPerMatch=9000", "world.with.parlays=false",
    "world.history=21d", "trial.labels.maturity=7d",
    "trial.candidates.0.desks.bet.with.rounds=60",
    *(f"trial.desks.{desk}.incumbent.policy.with.close_above=0.985" for desk in ("match_odds", "total_goals")),
)  # fmt: skip
"""As the desks of `sportsbook/inplay-margin-v1` are, not as those of the quick form."""


STRICT = (
    "trial.desks.bet.audit.share=0.05",
    "trial.candidates.0.desks.bet.policy.with.bands=[{at: 0.5, action: reject}, {at: 0.2, action: limit}]",
)
DESKS = {"shipped": (), "once": (*STRICT, "trial.candidates.0.desks.bet.retrain=null"), "weekly": STRICT}


UNCHANGED = ("new_device", "split", "later", "primed", "looks_harmed")
WORLDS = {
    "nobody comes back": ("world.levers.adaptation=0",),
    "they come back as they were": (
        "world.levers.adaptation=1",
        "world.levers.learning=0",
        *(f"world.levers.prefer_{guise}=0" for guise in UNCHANGED),
    ),
    "they come back and adapt": ("world.levers.adaptation=1",),
}


def load(world: str, desk: str = "shipped") -> Loaded:
    """The quick scenario over twelve weeks, in one of the three worlds."""
    return trial.load("sportsbook/inplay-margin-quick-v1", (*SIZE, *DESKS[desk], *WORLDS[world]))


class Taken(NamedTuple):
    """Of one replay. all, rings: expected take of adverse bettors and of rings, EUR, by block (BLOCKS,); stakes:
    accepted (BLOCKS,); turned: share of the stakes asked for that was turned away."""

    all: NDArray[np.float64]
    rings: NDArray[np.float64]
    stakes: NDArray[np.float64]
    turned: float


def taken(loaded: Loaded, plan: CandidatePlan | Lineup, seed: int) -> Taken:
    """What is taken in one replay."""
    setting = build_replay(loaded, plan, seed, None, [])
    replay(setting.world, setting.desks, setting.ledgers)
    own, rings, stakes, turned = np.zeros(BLOCKS), np.zeros(BLOCKS), np.zeros(BLOCKS), np.zeros(2)
    for day, metric, label, view, top, bottom in setting.ledgers["bet"].counts:
        block = min(day // DAYS, BLOCKS - 1)
        if (metric, label, view) == ("adverse_loss", "all", "true"):
            own[block] += top
            stakes[block] += bottom
        elif (metric, label, view) == ("adverse_loss", "segment=bonus", "true"):
            rings[block] += top
        elif (metric, label, view) == ("rejected_stake", "all", "true"):
            turned += top, bottom
    return Taken(own, rings, stakes, float(turned[0] / turned[1]))


def gains(world: str, seeds: Sequence[int], desk: str) -> NDArray[np.float64]:
    """Of the champion's risk desk, (seeds, BLOCKS + 3): its gain by block as a share of stakes, the mean of these, the
    rings' part of that, and what it turned away."""
    loaded = load(world, desk)
    rows = []
    for seed in seeds:
        without = taken(loaded, loaded.trial.incumbent, seed)
        beside = taken(loaded, loaded.candidate(loaded.candidates[0]), seed)
        gain = (without.all - beside.all) / without.stakes
        rings = (without.rings - beside.rings) / without.stakes
        rows.append([*gain, gain.mean(), rings.mean(), beside.turned])
        figures = ", ".join(f"{100.0 * one:.2f}" for one in rows[-1])
        print(f"seed {seed}, {world}: {figures}", file=sys.stderr, flush=True)
    return 100.0 * np.array(rows)


def draw(found: Mapping[str, NDArray[np.float64]], file: str) -> None:
    """Gain by block in each world, with intervals over seeds, as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    for place, (world, rows) in enumerate(found.items()):
        mean, half = np.array([interval(rows[:, block]) for block in range(BLOCKS)]).T
        at = np.arange(BLOCKS) + 0.06 * (place - 1)
        axes.errorbar(at, mean, half, marker="o", capsize=3, label=world)
    axes.set_xticks(range(BLOCKS), [f"weeks {block * 4 + 1}-{block * 4 + 4}" for block in range(BLOCKS)])
    axes.set_ylim(bottom=0.0)
    axes.set(ylabel="gain of the risk desk, % of stakes", title="What adverse bettors no longer take")
    axes.legend()
    figure.savefig(file, dpi=120)


def main(words: Sequence[str]) -> None:
    """Print the table, and draw it."""
    seeds = tuple(int(part) for part in words[0].split(",")) if words else SEEDS
    desk = words[1] if len(words) > 1 else "shipped"
    found = {world: gains(world, seeds, desk) for world in WORLDS}
    still, same, adapting = found.values()
    print(f"| {desk}, points of stake ({len(seeds)} seeds) | {' | '.join(WORLDS)} | adapt less nobody |")
    print("|---|---|---|---|---|")
    names = [f"gain, weeks {block * 4 + 1}-{block * 4 + 4}" for block in range(BLOCKS)]
    names += [f"gain, weeks 1-{BLOCKS * 4}", "of which from rings", "turned away, % of stakes asked for"]
    for place, name in enumerate(names):
        cells = [each[:, place] for each in (still, same, adapting, adapting - still)]
        print(f"| {name} | {' | '.join(told(cell) for cell in cells)} |")
    for word in words[2:]:
        draw(found, word)


if __name__ == "__main__":
    main(sys.argv[1:])
