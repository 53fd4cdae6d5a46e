"""Boosted trees for the goals that each side still scores, and the outcomes that follow.

Knows: features, final scores, what the clock expects (`_remaining`); XGBoost with the Poisson objective. Does not know:
prices, outcomes as such. The trees begin at the logarithm of the clock's mean, so they learn what the clock gets wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from harness.abreast import abreast
from harness.candidates._goal_clock import GoalClock
from harness.candidates._goals import Reader, described, quoted
from harness.candidates._model_card import card, shares, write_json
from harness.candidates._prior import finite
from harness.candidates._remaining import LEAST_MEAN, remaining
from harness.candidates._trees import Forest, answered, forest
from harness.kinds import Floats, Matrix, Scorer, TrainingSet


@dataclass(frozen=True)
class GoalBoosting(GoalClock):
    """As `dixon_coles`, and XGBoost's parameters under plain names. `min_goals`: goals that the clock expects in a
    leaf, each match weighing one (XGBoost's min_child_weight); `ridge` in the same unit. `prior_goals`: with so many
    goals to learn from each tree counts for half of `learning_rate`, with more for more of it: rounds alone would
    follow eight matches as far as eight hundred.
    """

    rounds: int = 80
    depth: int = 3
    learning_rate: float = 0.05
    min_goals: float = 10.0
    ridge: float = 20.0
    prior_goals: float = 100.0
    bins: int = 64

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit one booster per side; the clock alone where no final score is known."""
        reader = self.reader(past)
        rows = remaining(past, reader)
        if rows is None:
            return self.unlearnt(past, seed)
        import xgboost

        parameters = {
            "objective": "count:poisson",
            "tree_method": "hist",
            "device": "cpu",
            "nthread": 1,
            "seed": seed % 2**31,
            "verbosity": 0,
            "max_depth": self.depth,
            "min_child_weight": self.min_goals,
            "lambda": self.ridge,
            "max_bin": self.bins,
            "base_score": 1.0,
        }

        def side(goals: Floats, mean: Floats) -> tuple[Any, Forest | None]:
            matrix = xgboost.DMatrix(
                rows.x, label=goals, weight=rows.weight, base_margin=np.log(mean), nthread=1
            )
            evidence = float(rows.weight @ mean)
            eta = self.learning_rate * evidence / (evidence + self.prior_goals)
            booster = xgboost.train(parameters | {"eta": eta}, matrix, num_boost_round=self.rounds)
            return booster, forest(booster, rows.x, np.log(mean))

        sides = zip(rows.goals, rows.mean, strict=True)
        boosters, forests = zip(*abreast([partial(side, *one) for one in sides]), strict=True)
        facts = card(self, past, seed, goals=[float(rows.weight @ goals) for goals in rows.goals])
        return GoalBoostingScorer(reader, self.rho, past.outcomes, past.names, boosters, facts, forests)


@dataclass(frozen=True)
class GoalBoostingScorer:
    """Two boosters, home and away. Each row walks the trees alone."""

    reader: Reader
    rho: float
    outcomes: int
    names: tuple[str, ...]
    boosters: tuple[Any, ...]
    facts: Mapping[str, Any]
    trees: tuple[Forest | None, ...] = (None, None)
    """The same boosters, for small blocks."""

    def score(self, x: Matrix) -> Floats:
        """(n, 3) home, draw, away or (n, 2) over, under."""
        if not len(x):
            return np.empty((0, self.outcomes))
        x = finite(x)
        at = self.reader.read(x)
        start = np.log(np.maximum(at.expected, LEAST_MEAN))
        means = [
            answered(booster, trees, x, own)
            for booster, trees, own in zip(self.boosters, self.trees, start, strict=True)
        ]
        return quoted(at, means[0], means[1], self.rho, self.outcomes)

    def importance(self) -> Mapping[str, float]:
        """Total gain of the splits on each feature, both sides together."""
        gains = [booster.get_score(importance_type="total_gain") for booster in self.boosters]
        amount = [sum(gain.get(f"f{i}", 0.0) for gain in gains) for i in range(len(self.names))]
        return shares(self.names, amount)

    def save(self, folder: Path) -> Path:
        """Write both boosters in XGBoost's own JSON inside one document, with the clock and the columns."""
        home, away = (json.loads(bytes(booster.save_raw("json"))) for booster in self.boosters)
        document = {"kind": "goal_boosting", "rho": self.rho, "outcomes": self.outcomes}
        return write_json(
            folder / "model.json", document | {"home": home, "away": away} | described(self.reader)
        )

    def card(self) -> Mapping[str, Any]:
        """Training facts."""
        trees = [booster.num_boosted_rounds() for booster in self.boosters]
        return {**self.facts, "model": "goal_boosting", "trees": trees}


PLUGIN = GoalBoosting
