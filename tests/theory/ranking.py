"""Does the tunnel rank designs rightly? The matches of the Premier League, half by half, beside a world fitted to them.

    python -m tests.theory.ranking [FILE]

Levers of the sportsbook are fitted to five counts of the log's first half. Designs that forecast home, draw and away in
play are then trained and scored twice: on the log (trained on its first half, scored on its second), and in the fitted
world (as many simulated matches to train on, others to score on). Both rank the designs by their mean ranked
probability score. Kendall's tau-b between the rankings says how far the world puts designs in the order that the log
does; its interval draws matches anew, on both sides at once. FILE: WINDTUNNEL_EPL, or ../shared/data, without it.

Knows: the file's columns, candidates by name, the world's matches. Does not know: verdicts, bettors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.kinds import TrainingSet
from sim import load_scenario, open_world
from sim.core import plugins, rng
from sim.fitting import Fit, fit
from sim.worlds.sportsbook import football
from sim.worlds.sportsbook.aggregates import MATCHES
from sim.worlds.sportsbook.checks.odds import rps
from sim.worlds.sportsbook.paths import AWAY_SCORES, HOME_SCORES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NAME = "epl_2011_2020_goal_minutes_with_closing_odds.csv"
NAMES = ("minute", "score_home", "score_away", "lam", "mu")
MINUTES = np.arange(15, 76, 5)
WORLD_SEEDS = (1, 2, 3)
DRAWS = 2_000
DESIGNS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "poisson clock": ("poisson_clock", {}),
    "xgboost, 40 of depth 2": ("xgboost", {"rounds": 40, "depth": 2}),
    "xgboost, 80 of depth 3": ("xgboost", {"rounds": 80, "depth": 3}),
    "xgboost, 200 of depth 6": ("xgboost", {"rounds": 200, "depth": 6}),
    "histogram boosting": ("hist_gradient_boosting", {"rounds": 60}),
    "logistic regression": ("logistic_regression", {}),
    "decision tree": ("decision_tree", {}),
    "shares of the past": ("constant", {}),
}


class Matches(NamedTuple):
    """Matches in order of time: means before kick-off (n,), goals by MINUTES (n, m), at the end, and when they fell."""

    lam: Floats
    mu: Floats
    home: Ints
    away: Ints
    result: Ints
    first_half: int
    late: int
    goals: int

    def part(self, start: int, end: int) -> Matches:
        """Some of them, for training and scoring."""
        return Matches(*(column[start:end] for column in self[:5]), *self[5:])

    def rows(self) -> NDArray[np.float32]:
        """Features (n * m, 5), in the order of NAMES."""
        n, m = self.home.shape
        minute = np.broadcast_to(MINUTES, (n, m))
        means = [np.repeat(one[:, None], m, axis=1) for one in (self.lam, self.mu)]
        columns = [minute, self.home, self.away, *means]
        return np.stack([c.reshape(-1) for c in columns], axis=1).astype(np.float32)


def file() -> Path:
    """Where the log is, by the environment or beside the checkout."""
    root = Path(__file__).parents[2]
    return Path(os.environ.get("WINDTUNNEL_EPL") or root.parent / "shared/data/sportsbook" / NAME)


def read(path: Path, start: float = 0.0, end: float = 1.0) -> Matches:
    """The log's matches with a date, in order, from a share of them to another."""
    import pandas as pd

    table = pd.read_csv(path).dropna(subset="date").sort_values("date", kind="stable")
    table = table.iloc[int(start * len(table)) : int(end * len(table))]
    fell = [[minutes(text) for text in table[name].fillna("")] for name in ("home_goal_min", "away_goal_min")]
    home, away = (np.array([[(m <= at).sum() for at in MINUTES] for m in side]) for side in fell)
    every = np.concatenate([m for side in fell for m in side])
    result = 1 - np.sign(table["home_score"] - table["away_score"]).to_numpy().astype(np.int64)
    lam, mu = (table[name].to_numpy(dtype=np.float64) for name in ("lam", "mu"))
    return Matches(
        lam, mu, home, away, result, int((every <= 45).sum()), int((every >= 90).sum()), len(every)
    )


def minutes(text: str) -> Floats:
    """Minutes of a side's goals as the log tells them, half a minute later in added time."""
    return np.array([float(one.rstrip("+")) + 0.5 * one.endswith("+") for one in text.split(";") if one])


def counts(matches: Matches) -> dict[str, float]:
    """What a bookmaker would tell of these matches: the counts that levers are fitted to."""
    n = len(matches.result)
    kick_off = np.zeros((n, 5), dtype=np.float32)
    kick_off[:, 3], kick_off[:, 4] = matches.lam, matches.mu
    scorer = _made("poisson clock").fit(training_set(matches.part(0, 0)), 1)
    return {
        "goals_per_match": matches.goals / n,
        "home_wins": float((matches.result == 0).mean()),
        "first_half_goals": matches.first_half / matches.goals,
        "late_goals": matches.late / matches.goals,
        "closing_rps": float(rps(scorer.score(kick_off), matches.result).mean()),
    }


def simulated(levers: Mapping[str, float], seed: int) -> Matches:
    """Matches of the world with these levers, with the means that other books close at."""
    laid = tuple(f"world.levers.{name}={value!r}" for name, value in levers.items())
    world: Any = open_world(load_scenario(MATCHES.scenario, (*MATCHES.sets(quick=True), *laid)), seed)
    f = world.fixtures
    made = football.simulate(seed, f.lam, f.mu, world.state)
    minute = np.where(made.at < made.length[:, :1], made.minute, np.maximum(made.minute, 46.0))
    home, away = (
        ((made.what == kind)[:, :, None] & (minute[:, :, None] <= MINUTES)).sum(axis=1)
        for kind in (HOME_SCORES, AWAY_SCORES)
    )
    order = np.argsort(f.kickoff, kind="stable")
    result = 1 - np.sign(made.home - made.away)
    return Matches(f.shown_lam[order], f.shown_mu[order], home[order], away[order], result[order], 0, 0, 0)


def training_set(matches: Matches) -> TrainingSet:
    """What a candidate is fitted on: a row per match and minute, weighted alike."""
    x, m = matches.rows(), len(MINUTES)
    n = len(x)
    none = np.zeros(n)
    return TrainingSet(
        0, NAMES, x, np.repeat(matches.result, m), np.ones(n), none.astype(bool), none,
        np.repeat(np.arange(len(matches.result)), m), np.full(n, -1, dtype=np.int16), np.ones(n), outcomes=3,
        quotes=True,
    )  # fmt: skip


def _made(name: str) -> Any:
    use, parameters = DESIGNS[name]
    return plugins.load("candidate", use)(**parameters)


def scores(past: Matches, future: Matches) -> Floats:
    """Mean score of every design on each of the later matches (n, designs), fitted once on the earlier ones."""
    x, m = future.rows(), len(MINUTES)
    known, result = training_set(past), np.repeat(future.result, m)
    found = [rps(_made(name).fit(known, 1).score(x), result).reshape(-1, m).mean(axis=1) for name in DESIGNS]
    return np.stack(found, axis=1)


def kendall(one: Floats, other: Floats) -> float:
    """Kendall's tau-b of two rankings (k,): 1 in the same order, -1 in the opposite one, ties aside."""
    a, b = (np.sign(x[:, None] - x[None, :])[np.triu_indices(len(x), 1)] for x in (one, other))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


class Ranked(NamedTuple):
    """Mean scores by design on the log and in the world, tau, its draws, and how often each pair is in doubt."""

    log: Floats
    world: Floats
    tau: float
    draws: Floats

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of the draws."""
        low, high = np.quantile(self.draws, (0.025, 0.975))
        return float(low), float(high)


def ranked(log: Floats, worlds: Sequence[Floats], draws: int = DRAWS, seed: int = 1) -> Ranked:
    """Rankings of the log's matches (n, k) and of each world's, and tau with matches drawn anew on both sides."""

    def redrawn(which: int, table: Floats) -> Floats:
        lot = rng.stream(seed, "ranking", which)
        n = len(table)
        return np.stack([np.bincount(lot.integers(0, n, n), minlength=n) @ table / n for _ in range(draws)])

    again = redrawn(0, log)
    own = np.mean([redrawn(1 + i, table) for i, table in enumerate(worlds)], axis=0)
    taus = np.array([kendall(a, b) for a, b in zip(again, own, strict=True)])
    mean = np.mean([table.mean(axis=0) for table in worlds], axis=0)
    return Ranked(log.mean(axis=0), mean, kendall(log.mean(axis=0), mean), taus)


def fitted(first: Matches) -> tuple[dict[str, float], Fit]:
    """Counts of the first half, and the world fitted to them."""
    told = counts(first)
    return told, fit("sportsbook", told, WORLD_SEEDS[:1], quick=True)


def main() -> None:
    """Print the table."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else file()
    first, second = read(path, 0.0, 0.5), read(path, 0.5, 1.0)
    told, found = fitted(first)
    print("| count of the first half | told | in the fitted world |\n|---|--:|--:|")
    for name, value in told.items():
        print(f"| `{name}` | {value:.4f} | {found.shown[name].value:.4f} |")
    levers = ", ".join(f"`{name}` {value:g}" for name, value in found.levers.items())
    print(f"\nLevers: {levers}; {found.rounds} rounds.\n")
    log = scores(first, second)
    worlds = []
    for seed in WORLD_SEEDS:
        made, size = simulated(found.levers, seed), len(first.result)
        worlds.append(scores(made.part(0, size), made.part(size, len(made.result))))
    result = ranked(log, worlds)
    print("| design | RPS on the log | place | RPS in the world | place |\n|---|--:|--:|--:|--:|")
    places = [np.argsort(np.argsort(column)) + 1 for column in (result.log, result.world)]
    for i, name in enumerate(DESIGNS):
        print(f"| {name} | {result.log[i]:.4f} | {places[0][i]} | {result.world[i]:.4f} | {places[1][i]} |")
    low, high = result.interval
    scored = f"{len(log):,} matches of the log, {sum(map(len, worlds)):,} of {len(worlds)} worlds"
    print(f"\nKendall's tau {result.tau:.2f}, 95 % {low:.2f} to {high:.2f} over draws of matches ({scored}).")
    best = [result.log.argmin(), result.world.argmin()]
    same = "the same" if best[0] == best[1] else "not the same"
    print(
        f"The best design is {same}: {list(DESIGNS)[best[0]]} on the log, {list(DESIGNS)[best[1]]} in the world."
    )


if __name__ == "__main__":
    main()
