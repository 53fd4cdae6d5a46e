"""How fraud evolves against whoever decides, and what that costs: the tables of docs/design/005-evolution.md.

Knows: rules played against the world alone, desks replayed on the quick scenario, truth. Does not know: what a
charter wants.

    .venv/bin/python -m tests.theory.evolution tactics     two rules drive campaigns to different tactics
    .venv/bin/python -m tests.theory.evolution classes     who is blocked at one overall rate
    .venv/bin/python -m tests.theory.evolution months      a detector over months, with and without learning
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
from tests.theory.distances import apart, interval
from tests.theory.months import Month, course, load
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


def _told(values: Sequence[float] | Floats, form: str = ".3f") -> str:
    mean, half = interval(values)
    return f"{mean:{form}} ± {half:{form}}"


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
                f"{name} {_told(np.subtract(*(_of(rows[r], field, -1) for r in (rule, 'volume'))))}"
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
    print(f"| {name} | " + " | ".join(_told(_of(each, field, place)) for each in rows.values()) + " |")


# --- months: a detector over time, and labels from its own traffic

MONTHS_SEEDS = (1, 2, 3, 4, 5)
LABELS_SEEDS = tuple(range(101, 111))
AUDITED = ("trial.audit.share=0.05",)
UNAUDITED = (
    "trial.audit.share=0",
    "trial.audit.busyShare=0",
    "trial.audit.flaggedShare=0",
    "trial.labels.positives=[report]",
)
_MODEL = "name: desk, use: xgboost, with: {rounds: 40, depth: 4}"
_BUDGET = "policy: {use: false_block_budget, with: {budget: 0.005, verify_error: 0.02}}"
_TOP = "policy: {use: graded, with: {bands: [{action: block, top: 15, lasts: 24h}]}}"
FIXED = f"{{{_MODEL}, {_BUDGET}}}"
RETRAINED = f"{{{_MODEL}, {_BUDGET}, retrain: {{every: 28d}}}}"
DAILY = f"{{{_MODEL}, cadence: {{every: 1d, at: 4h, lookback: 2d}}, {_TOP}, retrain: {{every: 14d}}}}"
"""Fifteen numbers a day, the worst by the model: as many with labels of any kind, so that only the order differs."""

Arms = Mapping[str, tuple[str, int, Sequence[str]]]
"""Name -> desk, months, settings."""
MONTHS_ARMS: Arms = {
    "fixed, learning 1": (FIXED, 4, AUDITED),
    "fixed, learning 0": (FIXED, 4, (*AUDITED, "world.levers.learning=0")),
    "retrained, learning 1": (RETRAINED, 4, AUDITED),
}
_SCARCE = "world.levers.report_rate=0.01"
"""With 0.05, most number-days of campaigns would be reported: labels would be nearly complete without any audit."""
LABELS_ARMS: Arms = {
    "audits": (DAILY, 3, (*AUDITED, _SCARCE)),
    "no audits": (DAILY, 3, (*UNAUDITED, _SCARCE)),
}


def courses(arms: Arms, seeds: Sequence[int]) -> dict[str, list[list[Month]]]:
    """Arm -> seed by seed, month by month. Told while it is found: it takes its time."""
    found: dict[str, list[list[Month]]] = {name: [] for name in arms}
    for seed in seeds:
        for name, (desk, length, sets) in arms.items():
            found[name].append(course(load(desk, length, sets), seed))
            told = " ".join(f"{m.stopped:.3f}/{m.wrong:.4f}/{m.recall:.3f}" for m in found[name][-1])
            print(f"<!-- {name}, seed {seed}: {told} -->", flush=True)
    return found


def change(one: Sequence[Month], figure: str) -> float:
    """Of a figure, from the first month to the mean of the others."""
    each = [getattr(month, figure) for month in one]
    return float(np.mean(each[1:]) - each[0])


def _print_courses(arms: Arms, seeds: Sequence[int], base: str) -> None:
    found = courses(arms, seeds)
    for figure in ("stopped", "recall", "wrong"):
        form = ".4f" if figure == "wrong" else ".3f"
        length = len(found[base][0])
        print(
            f"\n| {figure} | "
            + " | ".join(f"month {n + 1}" for n in range(length))
            + " | later, less the first |"
        )
        print("|---|" + "--:|" * (length + 1))
        for name, each in found.items():
            cells = [_told([getattr(one[n], figure) for one in each], form) for n in range(length)]
            cells.append(_told([change(one, figure) for one in each], form))
            print(f"| {name} | " + " | ".join(cells) + " |")
        for name in [arm for arm in arms if arm != base]:
            pairs = list(zip(found[name], found[base], strict=True))
            cells = [
                _told([getattr(a[n], figure) - getattr(b[n], figure) for a, b in pairs], form)
                for n in range(length)
            ]
            cells.append(_told([change(a, figure) - change(b, figure) for a, b in pairs], form))
            print(f"| {name} less {base} | " + " | ".join(cells) + " |")


def months(seeds: Sequence[int]) -> None:
    """Print how a detector fares with evolution on, off, and when it is fitted again."""
    _print_courses(MONTHS_ARMS, seeds, "fixed, learning 1")


def labels(seeds: Sequence[int]) -> None:
    """Print how a model fares that learns from what its own blocking left."""
    _print_courses(LABELS_ARMS, seeds, "audits")


EXPERIMENTS: Mapping[str, tuple[Callable[[Sequence[int]], None], Sequence[int]]] = {
    "tactics": (tactics, TACTIC_SEEDS),
    "classes": (classes, CLASS_SEEDS),
    "months": (months, MONTHS_SEEDS),
    "labels": (labels, LABELS_SEEDS),
}

if __name__ == "__main__":
    show, usual = EXPERIMENTS[sys.argv[1]]
    show(tuple(int(word) for word in sys.argv[2].split(",")) if len(sys.argv) > 2 else usual)
