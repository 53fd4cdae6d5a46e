"""What being late costs a book, from behaviour: the tables and the picture of docs/design/007-staleness.md.

Knows: a book that quotes E[p | delivered] with a constant delay, courtsiders. Does not know: any desk.

    .venv/bin/python -m tests.theory.sportsbook.latency hinge [FILE.png]   margin of courtsiders' bets by delay
    .venv/bin/python -m tests.theory.sportsbook.latency stale              what 0.5 % of in-play handle a goal costs

A second word names seeds (`1,2,3`) in place of the usual ones.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from sim.worlds.sportsbook.services import AT_ONCE
from tests.theory.sportsbook.book import PUNCTUAL, Flow, delivered, opened, play

SEEDS = (1, 2, 3, 4)
DELAYS_S = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0)
BET_DELAYS_S = (0.0, 5.0)
SIZES: dict[str, object] = {"accounts": 20_000, "betsPerMatch": 1500.0, "parlays": False}
OVERROUND = 0.05


def levers(delay_s: float, bet_delay_s: float) -> dict[str, float]:
    """A feed and service that take exactly `delay_s` together, and bets in play that wait exactly `bet_delay_s`: log-in
    and validation take no time."""
    late = {"feed_delay_s": delay_s, "service_ms": 0.0, "bet_delay_s": bet_delay_s}
    return {**PUNCTUAL, **AT_ONCE, **late, "adaptation": 0.0}


def flow(seed: int, delay_s: float, bet_delay_s: float, days: int = 14) -> Flow:
    """Two weeks of a book that hears everything `delay_s` late and makes a bet in play wait `bet_delay_s`."""
    return play(opened(seed, days, levers(delay_s, bet_delay_s), **SIZES), delivered, OVERROUND)


def goals(seed: int, days: int = 14) -> float:
    """Mean goals of a match that are expected in the same world."""
    fixtures = opened(seed, days, **SIZES).fixtures
    return float((fixtures.lam + fixtures.mu).mean())


def stale(found: Flow) -> Flow:
    """Bets that stand and were accepted in a state of the match that the book had not heard of."""
    late = found["p_true"] != found["p_heard"]
    return found.where((found["accepted_stake"] > 0) & (found["live"] == 1) & late)


def goal_cost(found: Flow, goals_a_match: float) -> tuple[float, float, float]:
    """Of a flow: stake let through on the good side of a price that the ground had overtaken, a goal and as a share of
    in-play handle; what that took off the in-play margin; and the second per 0.5 % of the first."""
    live = found.where((found["live"] == 1) & (found["accepted_stake"] > 0))
    late = stale(found)
    picked = late.where(late["p_true"] > late["p_heard"] + 1e-3)
    handle = live["accepted_stake"].sum()
    share = float(picked["accepted_stake"].sum() / handle) / goals_a_match
    worth = picked["odds"].astype(np.float64) * (picked["p_true"] - picked["p_heard"])
    lost = float((picked["accepted_stake"] * worth).sum() / handle)
    return share, lost, lost / share * 0.005 if share else float("nan")


def _seeds(words: Sequence[str]) -> tuple[int, ...]:
    for word in words:
        if word[0].isdigit():
            return tuple(int(part) for part in word.split(","))
    return SEEDS


def hinge(seeds: Sequence[int]) -> dict[float, list[tuple[float, float]]]:
    """By bet delay: mean in-play margin over seeds of everybody's bets, and courtsiders' own, at each of DELAYS_S."""
    found: dict[float, list[tuple[float, float]]] = {}
    for bet_delay in BET_DELAYS_S:
        for delay in DELAYS_S:
            flows = [flow(seed, delay, bet_delay) for seed in seeds]
            live = [f.where(f["live"] == 1) for f in flows]
            whole = float(np.mean([f.margin() for f in live]))
            fast = [f.of("courtsider") for f in live]
            stake = sum(f["accepted_stake"].sum() for f in fast)
            quick = sum(f.gain.sum() for f in fast) / stake if stake else float("nan")
            found.setdefault(bet_delay, []).append((whole, float(quick)))
    return found


def draw(found: dict[float, list[tuple[float, float]]], file: str) -> None:
    """The hinge as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for bet_delay, rows in found.items():
        values = np.array(rows) * 100.0
        for axes, column in ((left, 0), (right, 1)):
            axes.plot(DELAYS_S, values[:, column], marker="o", label=f"bet delay {bet_delay:g} s")
    left.axhline(100 * OVERROUND / (1 + OVERROUND), color="grey", linewidth=0.8)
    left.set(title="All bets in play", ylabel="theoretical margin, %")
    right.set(title="Courtsiders (0.5-2 s after the ground)")
    for axes in (left, right):
        axes.set_xlabel("book's delay: feed and service, s")
        axes.axvline(BET_DELAYS_S[-1] + 0.5, color="grey", linestyle=":", linewidth=0.8)
        axes.legend()
    figure.savefig(file, dpi=120)


def _told(margin: float) -> str:
    return "no bet stands" if margin != margin else f"{100 * margin:.0f} %"


def main(words: Sequence[str]) -> None:
    """Print one table."""
    seeds = _seeds(words[1:])
    if words[:1] == ["hinge"]:
        found = hinge(seeds)
        print("| delay s | " + " | ".join(f"D = {d:g} s: all in play | courtsiders" for d in found) + " |")
        print("|---|" + "---|" * (2 * len(found)))
        for i, delay in enumerate(DELAYS_S):
            cells = " | ".join(f"{100 * rows[i][0]:.2f} % | {_told(rows[i][1])}" for rows in found.values())
            print(f"| {delay:g} | {cells} |")
        for word in words[1:]:
            if word.endswith(".png"):
                draw(found, word)
    elif words[:1] == ["stale"]:
        print(
            "| delay s | bet delay s | stale stake a goal, of in-play handle | lost, points | lost for 0.5 % a goal |"
        )
        print("|---|---|---|---|---|")
        for delay, bet_delay in ((4.0, 0.0), (8.0, 0.0), (8.0, 5.0), (12.0, 5.0)):
            rows = np.array([goal_cost(flow(seed, delay, bet_delay), goals(seed)) for seed in seeds])
            share, lost, each = rows.mean(axis=0)
            print(
                f"| {delay:g} | {bet_delay:g} | {100 * share:.2f} % | {100 * lost:.2f} | {100 * each:.2f} |"
            )
    else:
        print(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
