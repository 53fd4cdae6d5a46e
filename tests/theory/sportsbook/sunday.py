"""A Sunday at a book whose prices are made by a service: the tables and the picture of docs/sunday.md.

Knows: two price models of the harness and how long each takes (an assumption), one week-end, load. Does not know:
trials, charters.

    .venv/bin/python -m tests.theory.sportsbook.sunday crossing [FILE.png]   margin by load: accurate and slow, or fast
    .venv/bin/python -m tests.theory.sportsbook.sunday policies              what may be done about it, at one load

A second word names seeds (`1,2,3`) in place of the usual ones.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from harness.candidates.dixon_coles import DixonColes
from harness.candidates.poisson_clock import PoissonClock
from harness.kinds import TrainingSet
from harness.policies.priced import Priced
from sim import open_world
from sim.core import scenario_rules
from sim.core.decisions import Decisions, Quotes
from sim.core.service import Service
from sim.core.service_times import ServiceTimes
from sim.core.time import MINUTE
from sim.core.world import Question
from sim.worlds.sportsbook.world import SportsbookWorld

Floats = NDArray[np.float64]

SEEDS = (1, 2, 3)
LOADS = (1.0, 30.0, 44.0, 48.0, 52.0, 60.0)
POLICY_LOAD = 60.0
NAMES = ("minute", "period", "score_home", "score_away", "lam", "mu", "red_home", "red_away")
SIZES: dict[str, object] = {
    "accounts": 2000,
    "leagues": 4,
    "teams": 6,
    "betsPerMatch": 9000.0,
    "parlays": False,
}
POLICY = Priced(overround=0.055, in_play_overround=0.075, suspend_after_event=20.0, close_above=0.995)


@dataclass(frozen=True)
class Model:
    """A price model, and what it takes to price an offer of 40 markets: an assumption, not a measurement."""

    name: str
    candidate: Any
    first_us: float
    row_us: float

    def service(self, **other: Any) -> Service:
        """Two workers, whose times have a tail: three times the median at the 99th percentile of one market's."""
        knots = ((0.5, self.first_us), (0.95, 1.5 * self.first_us), (0.99, 3.0 * self.first_us))
        many = tuple((p, us + 65_535 * self.row_us) for p, us in knots)
        return Service(ServiceTimes(knots, ((65_536, many),)), workers=2, **other)


ACCURATE = Model("accurate", DixonColes(), 2000.0, 200.0)
"""A grid of scores with a correlation, summed market by market: ten milliseconds an offer."""
FAST = Model("fast", PoissonClock(length_min=96.0), 100.0, 10.0)
"""Two Poisson counts at a constant rate of goals: half a millisecond."""


class Weekend(NamedTuple):
    """What a book had of Saturday and Sunday, in play: expected gain and stakes that stand, EUR; divergence of its
    forecasts from the truth in nats, weighed by time; share of time in play that its market was closed; seconds from
    hearing of a score, a card or a phase to the price in force: median and 99th percentile of those that came."""

    gain: float
    stake: float
    divergence: float
    suspended: float
    median_s: float
    slowest_s: float

    @property
    def margin(self) -> float:
        """Theoretical margin."""
        return self.gain / self.stake if self.stake else float("nan")


def _empty() -> TrainingSet:
    none, whole = np.empty(0), np.empty(0, dtype=np.int64)
    x = np.empty((0, len(NAMES)), dtype=np.float32)
    never = np.empty(0, dtype=np.bool_)
    return TrainingSet(
        0, NAMES, x, whole, none, never, none, whole, whole.astype(np.int16), none, 3, quotes=True
    )


def opened(seed: int, load: float, service: Service | None, levers: Mapping[str, float]) -> SportsbookWorld:
    """Friday to Sunday of four leagues of six teams: four matches at a time on either afternoon."""
    plan = {
        "use": "sportsbook", "start": "2026-08-07", "tick": "1m", "history": "1d",
        "historyBecause": "a theory needs none", "horizon": "2d", "lagTail": "1d",
        "levers": {"service_load": load, **levers}, "with": {"alwaysOn": True, **SIZES},
    }  # fmt: skip
    tree = {
        "apiVersion": "windtunnel/v1",
        "kind": "Scenario",
        "metadata": {"name": "theory", "version": "1.0.0"},
        "spec": {"description": {"purpose": "a theory"}, "seeds": [seed], "world": plan},
    }
    services = {"match_odds": service} if service is not None else None
    return cast(SportsbookWorld, open_world(scenario_rules.of(tree), seed, services))


def quotes(question: Question, scorer: Any) -> Quotes:
    """What a model sells at a question's rows; a market that is not played here is closed."""
    block, n = question.block, len(question.block)
    if question.kind != "match_odds":
        return Quotes(block["id"], np.full((n, 2), 0.5), None, np.ones(n, dtype=np.bool_))
    p = scorer.score(np.column_stack([block[name].astype(np.float32) for name in NAMES]))
    sold = POLICY.price(block, p)
    return Quotes(block["id"], p, sold.odds, sold.suspended)


def weekend(
    seed: int, load: float, model: Model, instead: Model | None = None, levers: Mapping[str, float] | None = None,
    **service: Any,
) -> Weekend:  # fmt: skip
    """A week-end of a book that prices by a model. instead: what is quoted where its answer is late."""
    if instead is not None:
        service |= {"substitutes": True}
    world = opened(seed, load, model.service(**service), levers or {})
    scorer = model.candidate.fit(_empty(), 1)
    other = instead.candidate.fit(_empty(), 1) if instead is not None else None
    sums = np.zeros(6)
    waits: list[NDArray[np.int64]] = []
    while True:
        for _ in world.news(until=world.now):
            pass
        questions = world.advance()
        if questions is None:
            break
        for question in questions:
            if question.form == "quote":
                told = quotes(question, scorer)
                if other is not None:
                    told = replace(told, instead=quotes(question, other))
                settled = world.publish(told)
                if question.kind == "match_odds":
                    waits.append(_forecast(question, told, settled.outcomes.block, settled.truth.block, sums))
                continue
            settled = world.settle(Decisions.passing(question.block["id"]))
            odds, live = question.block["odds"].astype(np.float64), question.block["live"] == 1
            stake = settled.outcomes.block["accepted_stake"] * live
            sums[0] += float((stake * (1.0 - odds * settled.truth.block["p_true"])).sum())
            sums[1] += float(stake.sum())
    response = np.concatenate(waits) / 1e6
    fast, slow = np.quantile(response, [0.5, 0.99]) if len(response) else (np.nan, np.nan)
    return Weekend(
        sums[0], sums[1], sums[2] / max(sums[3], 1.0), sums[4] / max(sums[3], 1.0), float(fast), float(slow)
    )


def _forecast(question: Question, told: Quotes, outcome: Any, truth: Any, sums: Floats) -> NDArray[np.int64]:
    """Add divergence, seconds in play and seconds closed; answers the responses of prices that came into force."""
    seconds = outcome["span_s"].astype(np.float64) * (question.block["live"] == 1)
    q = np.column_stack([truth[f"q{i}"] for i in range(3)])
    apart = (q * (np.log(np.clip(q, 1e-12, 1.0)) - np.log(np.clip(told.probability, 1e-9, 1.0)))).sum(axis=1)
    sums[2] += float((apart * seconds).sum())
    sums[3] += float(seconds.sum())
    sums[4] += float((seconds * (outcome["effect"] == 1)).sum())
    # Of states alone: what a tick's start tells of other messages lies on whole minutes.
    response = outcome["response_us"]
    return np.asarray(response[(response >= 0) & (question.block["t"] % MINUTE != 0)])


def crossing(seeds: Sequence[int]) -> dict[str, dict[float, list[Weekend]]]:
    """By model and load, a week-end for each seed."""
    return {
        model.name: {load: [weekend(seed, load, model) for seed in seeds] for load in LOADS}
        for model in (ACCURATE, FAST)
    }


POLICIES: Mapping[str, Mapping[str, Any]] = {
    "the price before stands, all wait": {},
    "shed: at most 40 wait": {"limit": 40},
    "suspend from the message on": {"halts": True},
    "shed and suspend": {"limit": 40, "halts": True},
    "cache: price what changes a price": {"caches": True},
    "rules after 1 s: the fast model's price": {"instead": FAST, "time_out": 1_000_000, "abandon": True},
}


def policies(seeds: Sequence[int]) -> dict[str, list[Weekend]]:
    """By policy of the accurate model at one load, a week-end for each seed; the fast model beside them."""
    found = {
        name: [weekend(seed, POLICY_LOAD, ACCURATE, **how) for seed in seeds]
        for name, how in POLICIES.items()
    }
    found["the fast model instead"] = [weekend(seed, POLICY_LOAD, FAST) for seed in seeds]
    return found


def pooled(found: Sequence[Weekend]) -> Weekend:
    """Sums of money over seeds, means of the rest."""
    rows = np.array(found)
    return Weekend(*rows[:, :2].sum(axis=0), *rows[:, 2:].mean(axis=0))


def draw(found: Mapping[str, Mapping[float, Sequence[Weekend]]], file: str) -> None:
    """Margin against load, every seed a dot; and how long a price takes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for (name, rows), colour in zip(found.items(), ("#1f4e79", "#c55a11"), strict=True):
        loads = list(rows)
        whole = [pooled(rows[load]) for load in loads]
        left.plot(loads, [100 * each.margin for each in whole], marker="o", color=colour, label=name)
        for load in loads:
            left.plot(
                [load] * len(rows[load]),
                [100 * one.margin for one in rows[load]],
                ".",
                color=colour,
                alpha=0.4,
            )
        right.plot(loads, [each.slowest_s for each in whole], marker="o", color=colour, label=f"{name}, p99")
        right.plot(
            loads,
            [each.median_s for each in whole],
            marker=".",
            linestyle=":",
            color=colour,
            label=f"{name}, p50",
        )
    left.set(title="Theoretical margin in play", xlabel="matches of the book for each played", ylabel="%")
    right.set(
        title="From hearing to the price in force", xlabel="matches of the book for each played", ylabel="s"
    )
    right.set_yscale("log")
    right.axhline(0.25, color="grey", linewidth=0.8)
    for axes in (left, right):
        axes.legend()
        axes.grid(alpha=0.3)
    figure.savefig(file, dpi=120)


def _row(name: str, one: Weekend) -> str:
    return (
        f"| {name} | {100 * one.margin:.1f} % | {one.stake:,.0f} | {one.gain:,.0f} | {100 * one.suspended:.1f} % | "
        f"{one.median_s:.3f} | {one.slowest_s:.2f} | {one.divergence:.4f} |"
    )


HEAD = (
    "margin in play | stakes that stand, EUR | expected gain, EUR | closed | price in force after, p50 s | p99 s | "
    "divergence, nats |"
)


def main(words: Sequence[str]) -> None:
    """Print one table."""
    seeds = next((tuple(int(p) for p in w.split(",")) for w in words[1:] if w[0].isdigit()), SEEDS)
    if words[:1] == ["crossing"]:
        found = crossing(seeds)
        print(f"| model | load | {HEAD}\n|---|---|---|---|---|---|---|---|---|")
        for name, rows in found.items():
            for load, each in rows.items():
                print(_row(f"{name} | {load:g}", pooled(each)), flush=True)
        for word in words[1:]:
            if word.endswith(".png"):
                draw(found, word)
    elif words[:1] == ["policies"]:
        print(f"| at load {POLICY_LOAD:g} | {HEAD}\n|---|---|---|---|---|---|---|---|")
        for name, each in policies(seeds).items():
            print(_row(name, pooled(each)), flush=True)
    else:
        print(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
