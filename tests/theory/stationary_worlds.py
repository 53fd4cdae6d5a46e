"""False alarms where nothing drifts: `python -m tests.theory.stationary_worlds WORLD [--first K] [--seeds N]`.

Replays a small world with nothing injected and nobody stopped, 60 days after nine weeks of history, with each shipped
signal twice in one replay: with a budget of its own, and with its share of one, which is what ships. Prints a line for
each seed, and alarms for each 100,000 questions and each 30 days with exact Poisson intervals of 95 %. Poisson takes
alarms for independent; `dispersion` (variance over mean of the seeds' counts) is 1 where they are, and where it is
more, intervals are wider by its root.

Knows: scenarios, monitors. Does not know: what is allowed; tests do.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness import trial
from harness.assembly import build_replay
from harness.monitoring import SHIPPED
from harness.signals._compared import EXPECTED_RUN
from harness.survival import rate_bounds
from harness.trial import Loaded
from sim.core.time import DAY

DAYS = 60
LONG = (
    "world.history=63d",
    "world.historyBecause=signals look back 56 days",
    f"world.horizon={DAYS}d",
    "world.lagTail=1d",
)


@dataclass(frozen=True)
class Quiet:
    """A world in which nothing drifts. desk: whose monitor is read; candidate: who scores and stops nobody."""

    scenario: str
    desk: str
    candidate: str
    settings: tuple[str, ...]


QUIET: Mapping[str, Quiet] = {
    "telco": Quiet(
        "telco/midsize-carrier-quick-v1",
        "call",
        "xgboost",
        (
            "world.with.lines=200",
            "world.tick=6h",
            *LONG,
            "trial.candidates.0.policy={use: pass_all}",
            "trial.candidates.0.with={rounds: 30, depth: 3}",
            "trial.candidates.0.retrain.every=1000d",
        ),
    ),
    # As many questions a day as the telco's. Matches are played at weekends, five a week.
    "sportsbook": Quiet(
        "sportsbook/inplay-margin-quick-v1",
        "bet",
        "clock-and-risk",
        (
            "world.with={accounts: 2000, teams: 10, betsPerMatch: 18000, opensBefore: 1d, alwaysOn: true}",
            "world.with.parlays=false",
            "world.with.quietTick=6h",
            "world.tick=15m",
            "world.roundsUp=true",
            *LONG,
            "trial.candidates.0.desks.bet.policy={use: pass_all}",
            "trial.candidates.0.desks.bet.with={rounds: 30, depth: 3}",
            "trial.candidates.0.desks.bet.retrain.every=1000d",
        ),
    ),
}

OWN, SHARED = EXPECTED_RUN // DAY, EXPECTED_RUN * len(SHIPPED) // DAY
TWICE = ", ".join(
    f"{{use: {name}, name: {name}-{run}, expected_run: {run}d}}" for run in (OWN, SHARED) for name in SHIPPED
)
"""Each shipped signal with a budget of its own, and with its share of one (what ships: tests/unit/signals)."""


@dataclass(frozen=True)
class Counted:
    """One seed: alarms by (signal, expected run in days), the questions of the desk that is watched, and the signals
    that said anything."""

    seed: int
    alarms: Counter[tuple[str, int]]
    questions: int
    said: frozenset[str]

    def of(self, run: int) -> int:
        """Alarms with a budget of `run` days each."""
        return sum(n for (_, budget), n in self.alarms.items() if budget == run)


@dataclass(frozen=True)
class Rate:
    """Alarms, for each 100,000 questions with exact Poisson bounds of 95 %, for each 30 days, and the variance of the
    seeds' counts over their mean."""

    alarms: int
    per_100k: float
    low: float
    high: float
    per_month: float
    dispersion: float


def load(world: str) -> Loaded:
    """The quiet world with its charter watching each signal twice."""
    one = QUIET[world]
    return trial.load(one.scenario, one.settings, charter_sets=(f"signals=[{TWICE}]",))


def count(world: str, loaded: Loaded, seed: int) -> Counted:
    """Replay one seed."""
    one = QUIET[world]
    setting = build_replay(loaded, loaded.candidate(one.candidate), seed, None, [])
    setting.play()
    monitor = setting.desks[one.desk].monitor
    assert monitor is not None
    begun = {(r.signal, r.t) for r in monitor.record if r.onset}
    alarms: Counter[tuple[str, int]] = Counter()
    for signal, _ in begun:
        name, _, run = signal.rpartition("-")
        alarms[name, int(run)] += 1
    said = frozenset(r.signal.rpartition("-")[0] for r in monitor.record)
    return Counted(seed, alarms, setting.ledgers[one.desk].rows_seen, said)


def rate(found: Sequence[Counted], run: int) -> Rate:
    """All seeds together, with a budget of `run` days for each signal."""
    each = np.array([one.of(run) for one in found], dtype=np.float64)
    alarms, exposure = int(each.sum()), sum(one.questions for one in found) / 1e5
    low, high = rate_bounds(alarms, exposure, 0.05)
    mean = float(each.mean())
    scatter = float(each.var(ddof=1)) / mean if len(each) > 1 and mean else 1.0
    return Rate(alarms, alarms / exposure, low or 0.0, high, mean / (DAYS / 30), scatter)


def told(found: Sequence[Counted], run: int) -> str:
    """A line of `rate`, with the signals that alarmed."""
    one = rate(found, run)
    by = sum((Counter({k: n for k, n in c.alarms.items() if k[1] == run}) for c in found), Counter())
    which = ", ".join(f"{name} {n}" for (name, _), n in by.most_common()) or "none"
    questions = sum(c.questions for c in found)
    return (
        f"{run} d each: {one.alarms} alarms in {questions:,} questions of {len(found)} seeds: {one.per_100k:.2f} "
        f"per 100,000 [{one.low:.2f}, {one.high:.2f}], {one.per_month:.2f} a month, "
        f"dispersion {one.dispersion:.2f}; {which}"
    )


def main() -> None:
    """Command line."""
    asked = argparse.ArgumentParser(prog="python -m tests.theory.stationary_worlds")
    asked.add_argument("world", choices=sorted(QUIET))
    asked.add_argument("--first", type=int, default=4001)
    asked.add_argument("--seeds", type=int, default=50)
    args = asked.parse_args()
    loaded, found = load(args.world), []
    for seed in range(args.first, args.first + args.seeds):
        found.append(count(args.world, loaded, seed))
        one = found[-1]
        which = " ".join(f"{name}-{run}:{n}" for (name, run), n in sorted(one.alarms.items()))
        print(f"seed {seed}: {one.questions} questions; {which}", flush=True)
    silent = sorted(set(SHIPPED) - frozenset.union(*(one.said for one in found)))
    print(f"silent throughout: {', '.join(silent) or 'none'}")
    for run in (OWN, SHARED):
        print(told(found, run))


if __name__ == "__main__":
    main()
