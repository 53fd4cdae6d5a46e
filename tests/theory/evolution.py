"""How fraud evolves against whoever decides, and what that costs: the tables of docs/design/005-evolution.md.

Knows: rules played against the world alone, desks replayed on the quick scenario, truth. Does not know: what a
charter wants.

    .venv/bin/python -m tests.theory.evolution tactics     two rules drive campaigns to different tactics
    .venv/bin/python -m tests.theory.evolution classes     who is blocked at one overall rate
    .venv/bin/python -m tests.theory.evolution few         a detector of five features over months: learning on and
    off, fitted once and every month
    .venv/bin/python -m tests.theory.evolution all         the same of a detector of all features, learning three times
    as strong
    .venv/bin/python -m tests.theory.evolution labels      retrained on what its own blocking left, with and without
    audits

A second word names seeds (`1,2,3`) in place of the usual ones. Intervals are t-intervals of 95 % over seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sim.core.time import DAY
from sim.worlds.telco.carriers import TIERS
from sim.worlds.telco.cast import CODES, LAWFUL_CLASSES
from tests.theory.distances import apart, told
from tests.theory.over_time import LABELS_SEEDS, MONTHS_SEEDS, every_feature, few, labels
from tests.theory.scripted import (
    ROBOCALL,
    RULES,
    SIGNED_A,
    Flags,
    Floats,
    Played,
    Record,
    play,
    record,
    tactic_shares,
)

# --- tactics: what two rules drive campaigns to

TACTIC_SEEDS = tuple(range(1, 21))
LINES, HISTORY, DAYS = 2000, 28, 140


@dataclass(frozen=True)
class Mixtures:
    """Of each seed under one rule: shares of tactics (seeds, k) in the second half, numbers taken, what was stopped."""

    shares: Floats
    numbers: tuple[int, ...]
    played: tuple[Played, ...]


def mixtures(
    rule: str,
    seeds: Sequence[int],
    lines: int = LINES,
    days: int = DAYS,
    levers: Mapping[str, float] | None = None,
) -> Mixtures:
    """Play a rule on every seed."""
    played = tuple(play(RULES[rule], seed, lines, HISTORY, days, levers) for seed in seeds)
    found = [tactic_shares(one.story, (HISTORY + days // 2) * DAY) for one in played]
    return Mixtures(np.array([shares for shares, _ in found]), tuple(count for _, count in found), played)


def tactics(seeds: Sequence[int]) -> None:
    """Print mixtures of tactics under three rules, and how far two of them are apart; and the same without learning."""
    for learning, rules in ((1.0, tuple(RULES)), (0.0, ("volume", "attestation"))):
        found = {rule: mixtures(rule, seeds, levers={"learning": learning}) for rule in rules}
        print(
            f"\nlearning {learning:g}, {len(seeds)} seeds, {LINES} lines, last {DAYS // 2} of {DAYS} days\n"
        )
        print("| rule | unwanted stopped | lawful blocked | numbers | " + " | ".join(ROBOCALL) + " |")
        print("|---|--:|--:|--:|" + "--:|" * len(ROBOCALL))
        for rule, one in found.items():
            stopped, wrong = (np.mean([getattr(p, f) for p in one.played]) for f in ("stopped", "wrong"))
            shares = " | ".join(f"{share:.3f}" for share in one.shares.mean(axis=0))
            print(f"| {rule} | {stopped:.1%} | {wrong:.2%} | {np.mean(one.numbers):.0f} | {shares} |")
        print("\n| rules | between | own A/A | excess | p |")
        print("|---|--:|---|--:|--:|")
        for one_rule, other in combinations(rules, 2):
            far = apart(found[one_rule].shares, found[other].shares)
            own = ", ".join(f"{d:.3f}" for d in far.own)
            excess = f"{far.excess:.3f} ± {far.half:.3f}"
            print(
                f"| {one_rule} / {other} | {far.between:.3f} | {own} | {excess} | {far.p:.4f} |", flush=True
            )


# --- classes: who is blocked at one overall rate

CLASS_SEEDS = tuple(range(1, 9))
BUDGETS = (0.001, 0.01)


def _weighed(without_a: float, with_a: float) -> Callable[[Record], Floats]:
    def score(seen: Record) -> Floats:
        return np.asarray(seen.calls * np.where(seen.attestation == SIGNED_A, with_a, without_a), np.float64)

    return score


SCORES: Mapping[str, Callable[[Record], Floats]] = {
    "volume": _weighed(1.0, 1.0),
    "volume, three times without an A": _weighed(3.0, 1.0),
    "volume, where there is no A": _weighed(1.0, 0.0),
}
"""Calls of the number in 24 hours, as each rule counts them."""


def blocked_at(score: Floats, unwanted: Flags, budget: float, seed: int) -> Flags:
    """(n,) the calls above the score at which `budget` of the lawful calls lie above; ties by lot."""
    drawn = score + np.random.default_rng(seed).uniform(size=len(score)) * 0.999
    return np.asarray(drawn > np.quantile(drawn[~unwanted], 1.0 - budget))


@dataclass(frozen=True)
class Harm:
    """One seed, one rule, one budget. recall: of unwanted calls; by_class, by_carrier, small_by_carrier: share blocked
    of the lawful calls of each class, of all lawful dialers' by carrier, of small businesses' by carrier."""

    recall: float
    by_class: Floats
    by_carrier: Floats
    small_by_carrier: Floats


def harm(seen: Record, hit: Flags) -> Harm:
    """Who is blocked."""
    lawful = ~seen.unwanted
    firm = lawful & (seen.caller_class > 0)
    small = lawful & (seen.caller_class == CODES["small_business"])

    def share(mine: Flags) -> float:
        return float(hit[mine].mean()) if mine.any() else float("nan")

    return Harm(
        share(seen.unwanted),
        np.array([share(lawful & (seen.caller_class == CODES[name])) for name in LAWFUL_CLASSES]),
        np.array([share(firm & (seen.origin == tier)) for tier in range(len(TIERS))]),
        np.array([share(small & (seen.origin == tier)) for tier in range(len(TIERS))]),
    )


def harms(seeds: Sequence[int], lines: int = 20_000, days: int = 14) -> dict[tuple[float, str], list[Harm]]:
    """(budget, rule) -> one Harm for each seed."""
    found: dict[tuple[float, str], list[Harm]] = {(b, name): [] for b in BUDGETS for name in SCORES}
    for seed in seeds:
        seen = record(seed, lines, 2, days)
        for (budget, name), each in found.items():
            each.append(harm(seen, blocked_at(SCORES[name](seen), seen.unwanted, budget, seed)))
    return found


def classes(seeds: Sequence[int]) -> None:
    """Print who is blocked by each rule."""
    found = harms(seeds)
    for budget in BUDGETS:
        print(
            f"\n{budget:.1%} of lawful calls, 20,000 lines, 14 days, {len(seeds)} seeds; per cent of their calls\n"
        )
        print("| | " + " | ".join(SCORES) + " |")
        print("|---|" + "--:|" * len(SCORES))
        rows = {rule: found[budget, rule] for rule in SCORES}
        _print_harm("unwanted calls (recall)", rows, "recall", 0)
        for field, names in _FIELDS:
            for place, name in enumerate(names):
                _print_harm(name, rows, field, place)
        for rule in list(SCORES)[1:]:
            more = [
                f"{name} {told(np.subtract(*(_of(rows[r], field, -1) for r in (rule, 'volume'))))}"
                for field, name in (
                    ("by_carrier", "lawful dialers"),
                    ("small_by_carrier", "small businesses"),
                )
            ]
            print(f"\nAt resellers, {rule} less volume, points, paired: {'; '.join(more)}")


_FIELDS = (
    ("by_class", LAWFUL_CLASSES),
    ("by_carrier", tuple(f"lawful dialers at {tier}" for tier in TIERS)),
    ("small_by_carrier", tuple(f"small businesses at {tier}" for tier in TIERS)),
)


def _of(each: Sequence[Harm], field: str, place: int) -> Floats:
    """(seeds,) a share, in per cent."""
    return 100.0 * np.array([np.atleast_1d(getattr(one, field))[place] for one in each])


def _print_harm(name: str, rows: Mapping[str, Sequence[Harm]], field: str, place: int) -> None:
    print(f"| {name} | " + " | ".join(told(_of(each, field, place)) for each in rows.values()) + " |")


EXPERIMENTS: Mapping[str, tuple[Callable[[Sequence[int]], None], Sequence[int]]] = {
    "tactics": (tactics, TACTIC_SEEDS),
    "classes": (classes, CLASS_SEEDS),
    "few": (few, MONTHS_SEEDS),
    "all": (every_feature, MONTHS_SEEDS),
    "labels": (labels, LABELS_SEEDS),
}

if __name__ == "__main__":
    show, usual = EXPERIMENTS[sys.argv[1]]
    show(tuple(int(word) for word in sys.argv[2].split(",")) if len(sys.argv) > 2 else usual)
