"""How hard the telco task is: recall of unwanted calls at 0.1 % false blocks, from two questions to the whole truth.

Knows: the shipped quick scenario, its candidates, truth. Does not know: what a charter wants.

    .venv/bin/python -m tests.theory.difficulty            the tables of docs/design/004-difficulty.md, 20 minutes
    .venv/bin/python -m tests.theory.difficulty open 1,2   one of them, on some seeds

Everybody sees the same features of the same calls: 90 days of history, then 28 days of which every call is scored.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness import trial
from harness.kinds import Candidate, Scorer
from harness.plans import CandidatePlan
from harness.trial import Loaded
from sim.core import plugins
from tests.theory.open_loop import Point, Seen, point, recall_at, told, watch
from tests.theory.stumps import best_depth_2

BUDGET = 0.001
LINES = 3000
SEEDS = (1, 2, 3, 4, 5)

CANDIDATES: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "XGBoost": ("xgboost", {"rounds": 120, "depth": 5}),
    "HistGradientBoosting": ("hist_gradient_boosting", {}),
    "logistic regression": ("logistic_regression", {}),
    "rule list": ("rule_list", {}),
}
"""Trained at goLive under the scenario's label rule, as a desk would; XGBoost as midsize-carrier-v1 has it."""
LEAST = (5, 20, 100)
"""Fewest rows in a leaf of the learnt depth-2 trees; the best of them counts, chosen afterwards."""

TREE = "depth-2 tree, learnt under the label rule (best of 3)"
TREE_TRUTH = "depth-2 tree, learnt from the truth of 28 days (best of 3)"
TREE_SEARCHED = "depth-2 tree, searched for with the truth of 28 days"
TREE_HINDSIGHT = "depth-2 tree, searched for with the truth of the scored calls themselves"
TRUTH = "XGBoost, learnt from the truth of 28 days"
ORACLE = "oracle: the truth itself"
TREES = (TREE, TREE_TRUTH, TREE_SEARCHED, TREE_HINDSIGHT)

DENSE = ("world.levers.class_entities=15",)
"""Lawful dialers as loud as at 20,000 lines. At 3,000, the floor of 100 numbers in each lawful class would share out
their calls: a collector with 3 calls a day instead of 24 is no longer taken for anybody who dials for a living."""

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "open": DENSE,
    "quiet dialers": (),
    "fewer audits": (
        *DENSE,
        "trial.audit.share=0.003",
        "trial.audit.busyShare=0.04",
        "trial.audit.flaggedShare=0.05",
    ),
    "no newcomers": (*DENSE, "world.levers.newcomer_calls=0"),
    "no strangers": (
        *DENSE,
        "world.levers.newcomer_calls=0",
        "world.levers.stranger_calls=0",
        "world.levers.small_business_calls=0",
    ),
    "no lawful dialers": (
        *DENSE,
        "world.levers.debt_calls=0",
        "world.levers.school_calls=0",
        "world.levers.clinic_calls=0",
        "world.levers.small_business_calls=0",
    ),
    "people who know each other": (
        *DENSE,
        "world.levers.newcomer_calls=0",
        "world.levers.stranger_calls=0",
        "world.levers.debt_calls=0",
        "world.levers.school_calls=0",
        "world.levers.clinic_calls=0",
        "world.levers.small_business_calls=0",
    ),
}

SEARCHED = "depth-2 tree, searched for with the truth of the open loop"
DESKS: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "depth-2 tree, learnt under the label rule": ("decision_tree", {}),
    SEARCHED: ("constant", {}),
    "XGBoost": CANDIDATES["XGBoost"],
}
"""Who is watched in a closed loop."""


def load(setting: str, lines: int = LINES) -> Loaded:
    """The quick scenario at one of the settings."""
    return trial.load("telco/midsize-carrier-quick-v1", (f"world.with.lines={lines}", *SETTINGS[setting]))


def fitted(use: str, parameters: Mapping[str, float], seen: Seen, truth: bool = False) -> Scorer:
    """A candidate fitted as at goLive, or on the truth of the days before."""
    past = told(seen.before, seen.past.names) if truth else seen.past
    scorer: Scorer = plugins.load("candidate", use)(**parameters).fit(past, seen.seed)
    return scorer


def measure(seen: Seen) -> dict[str, Point]:
    """Recall at the budget of everybody, on the calls after goLive."""

    def of(score: np.ndarray) -> Point:
        return point(np.round(score, 6), seen.after, seen.classes, BUDGET)

    after = seen.after
    found = {name: of(fitted(use, given, seen).score(after.x)) for name, (use, given) in CANDIDATES.items()}
    for name, truth in ((TREE, False), (TREE_TRUTH, True)):
        trees = [fitted("decision_tree", {"min_rows_per_leaf": n}, seen, truth) for n in LEAST]
        found[name] = max((of(tree.score(after.x)) for tree in trees), key=lambda p: p.recall)
    for name, calls in ((TREE_SEARCHED, seen.before), (TREE_HINDSIGHT, after)):
        found[name] = of(best_depth_2(calls.x, calls.unwanted, BUDGET).score(after.x))
    found[TRUTH] = of(fitted("xgboost", {"rounds": 120, "depth": 5}, seen, truth=True).score(after.x))
    found[ORACLE] = of(after.unwanted.astype(np.float64))
    return found


@dataclass(frozen=True)
class Fire:
    """A desk in a closed loop. recall: at the budget, of its scores on the traffic that its own blocking had left;
    stopped: share of unwanted calls that it did stop; wrong: of lawful ones."""

    recall: float
    stopped: float
    wrong: float


def under_fire(
    loaded: Loaded,
    seed: int,
    desk: str,
    policy: Mapping[str, Any],
    every: str = "",
    instead: Candidate | None = None,
) -> Fire:
    """A candidate that decides. `every`: how often it is fitted again; "" for once, at goLive."""
    use, given = DESKS[desk]
    tree: dict[str, Any] = {"name": "desk", "use": use, "with": dict(given), "policy": dict(policy)}
    plan = CandidatePlan.model_validate(tree | ({"retrain": {"every": every}} if every else {}))
    calls = watch(loaded, seed, 0, plan, instead).after
    recall, _ = recall_at(calls.scored.astype(np.float64), calls.unwanted, BUDGET)
    return Fire(
        recall, float(calls.stopped[calls.unwanted].mean()), float(calls.stopped[~calls.unwanted].mean())
    )


def with_known_threshold(loaded: Loaded, seed: int, desk: str) -> Fire:
    """The threshold is the one that keeps the budget in the open loop of the same seed: nobody can know it. Nor can
    anybody know the tree that is searched for there."""
    use, given = DESKS[desk]
    seen = watch(loaded, seed, 0)
    calls, instead = seen.after, None
    if desk == SEARCHED:
        instead = best_depth_2(calls.x, calls.unwanted, BUDGET)
        least = 1e-3
    else:
        score = np.round(fitted(use, given, seen).score(calls.x), 6)
        least = recall_at(score, calls.unwanted, BUDGET)[1] + 5e-7
    return under_fire(
        loaded, seed, desk, {"use": "fixed_threshold", "with": {"block_at": least}}, instead=instead
    )


def best(found: Sequence[Mapping[str, Point]]) -> str:
    """The candidate with the highest mean recall."""
    return max(CANDIDATES, key=lambda name: np.mean([one[name].recall for one in found]))


def mean(found: Sequence[Mapping[str, Point]], name: str) -> float:
    """Mean recall over seeds."""
    return float(np.mean([one[name].recall for one in found]))


# --- tables


def table(setting: str, seeds: Sequence[int]) -> None:
    """Print one setting as Markdown."""
    loaded = load(setting)
    found: list[dict[str, Point]] = []
    for seed in seeds:
        seen = watch(loaded, seed)
        past, verified = seen.past, seen.past.verified
        print(
            f"<!-- seed {seed}: {len(seen.after)} calls scored, {seen.after.unwanted.mean():.3f} unwanted; training "
            f"set {len(past)} rows, {int((past.y > 0).sum())} positive, {int(verified.sum())} verified, of these "
            f"{int((verified & (past.y > 0)).sum())} positive -->",
            flush=True,
        )
        found.append(measure(seen))
    classes = list(found[0][ORACLE].blocked)
    print(f"\n{setting}, {LINES} lines, seeds {', '.join(map(str, seeds))}\n")
    print("| recall at 0.1 % false blocks | mean | by seed | " + " | ".join(classes) + " |")
    print("|---|--:|---|" + "--:|" * len(classes))
    for name in (*TREES, *CANDIDATES, TRUTH, ORACLE):
        each = [one[name] for one in found]
        blocked = [np.mean([p.blocked.get(c, np.nan) for p in each]) for c in classes]
        by_seed = " ".join(f"{p.recall:.3f}" for p in each)
        print(
            f"| {name} | {mean(found, name):.3f} | {by_seed} | "
            + " | ".join(f"{b:.2%}" for b in blocked)
            + " |",
            flush=True,
        )


def load_closed() -> Loaded:
    """Without a holdout, so that everything that a desk would stop is stopped."""
    sets = (f"world.with.lines={LINES}", "trial.holdout.share=0", *DENSE)
    return trial.load("telco/midsize-carrier-quick-v1", sets)


def closed(seeds: Sequence[int]) -> None:
    """Print the closed loop as Markdown: under the charter's budget, under the quick scenario's, and with a threshold
    that nobody can know."""
    loaded = load_closed()
    print(
        "\n| closed loop | threshold | stopped of unwanted | by seed | of lawful | recall at 0.1 % of what is left |"
    )
    print("|---|---|--:|---|--:|--:|")
    for desk in DESKS:
        for budget in (BUDGET, 0.005) if desk != SEARCHED else ():
            each = [under_fire(loaded, seed, desk, _tuned(budget), "14d") for seed in seeds]
            _print_fire(desk, f"tuned to {budget:.1%}", each)
        _print_fire(desk, "known", [with_known_threshold(loaded, seed, desk) for seed in seeds])


def _print_fire(desk: str, threshold: str, each: Sequence[Fire]) -> None:
    recall, stopped, wrong = (
        np.mean([getattr(one, f) for one in each]) for f in ("recall", "stopped", "wrong")
    )
    by_seed = " ".join(f"{one.stopped:.3f}" for one in each)
    print(f"| {desk} | {threshold} | {stopped:.3f} | {by_seed} | {wrong:.2%} | {recall:.3f} |", flush=True)


def _tuned(budget: float) -> dict[str, Any]:
    return {"use": "false_block_budget", "with": {"budget": budget, "verify_error": 0.02}}


if __name__ == "__main__":
    asked = sys.argv[1:2] or [*SETTINGS, "closed"]
    chosen = tuple(int(word) for word in sys.argv[2].split(",")) if len(sys.argv) > 2 else SEEDS
    for word in asked:
        closed(chosen) if word == "closed" else table(word, chosen)
