"""Readable rules with points: what most teams run today, and what a model must beat.

Knows: rules over named features (`_rules`). Does not know: thresholds of decisions, which are the policy's.
A rule that fires adds its points; the score is the points over the most that can be reached.

    rules:
      - {when: "distinct_callees_1h >= 20 and answered_share_6h < 0.2", points: 2, because: "a dialer's profile"}
      - {when: "number_age_days < ?", points: "?"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.candidates._model_card import card, shares, write_json
from harness.candidates._prior import finite, learnable, prior, weighty
from harness.candidates._rules import Condition, best_cut, fires, fitted, parse, place
from harness.kinds import Floats, Matrix, Scorer, TrainingSet
from sim.core.errors import UserError, closest

KEYS = ("when", "points", "because")
STEP = 0.5
PROOF = 15.0
"""Least likelihood-ratio statistic of a chosen rule: chance exceeds 15 about once in 10,000 cuts."""


@dataclass(frozen=True)
class Rule:
    """Conditions that must all hold, and points in favour of (or, negative, against) "unwanted"; None to be fitted."""

    conditions: tuple[Condition, ...]
    points: float | None
    because: str = ""

    def __str__(self) -> str:
        points = "?" if self.points is None else f"{self.points:+g}"
        because = f" ({self.because})" if self.because else ""
        return f"{' and '.join(str(c) for c in self.conditions)}: {points} points{because}"

    @property
    def open(self) -> bool:
        """Whether anything of it has to be fitted."""
        return self.points is None or any(c.threshold is None for c in self.conditions)


@dataclass(frozen=True)
class RuleList:
    """`rules` as in the module's example. Without any, up to `size` single conditions are chosen, those that tell
    most of the label.

    An open threshold takes the cut with the greatest information gain; open points are the weight of evidence
    log(share of unwanted that fire / share of lawful that fire), in steps of a half.
    """

    forms: ClassVar[tuple[str, ...]] = ("act",)
    rules: tuple[Mapping[str, Any], ...] = ()
    size: int = 6

    def __post_init__(self) -> None:
        for at, rule in enumerate(self.rules):
            _read(rule, f"rule_list.rules.{at}")

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Close what is open. Rules without anything open need no training; else the prior where there is one
        class.
        """
        if past.outcomes > 2:
            raise UserError("rule_list answers scores, not probabilities of outcomes")
        rules = [_read(rule, f"rule_list.rules.{at}") for at, rule in enumerate(self.rules)]
        for rule in rules:
            for condition in rule.conditions:
                place(condition.feature, past.names)
        if not rules or any(rule.open for rule in rules):
            if not learnable(past):
                return prior(past, seed, self)
            x, y, weight = weighty(past)
            rules = rules or self._chosen(x, y, weight, past.names)
            rules = [_closed(rule, x, y, weight, past.names) for rule in rules]
        firing = [_firing(rule, past) for rule in rules]
        return RuleScorer(tuple(rules), past.names, tuple(firing), card(self, past, seed))

    def _chosen(self, x: Matrix, y: NDArray[np.int64], weight: Floats, names: tuple[str, ...]) -> list[Rule]:
        found = []
        evidence = 2.0 * float(np.log(2.0)) * float(weight.sum() ** 2 / (weight**2).sum())
        for column, name in enumerate(names):
            for above in (True, False):
                condition = Condition(name, above, True, None)
                cut, gain = best_cut(condition, x[:, column], y, weight)
                if gain * evidence > PROOF:
                    found.append((-gain, column, Rule((Condition(name, above, True, cut),), None)))
        found.sort(key=lambda item: item[:2])
        best: dict[int, Rule] = {}
        for _, column, rule in found:
            best.setdefault(column, rule)
        return list(best.values())[: self.size]


@dataclass(frozen=True)
class RuleScorer:
    """Closed rules. `firing`: share of the unwanted and of the lawful training weight on which each fires."""

    rules: tuple[Rule, ...]
    names: tuple[str, ...]
    firing: tuple[tuple[float, float], ...]
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n,) points over the most that can be reached, between 0 and 1."""
        fired = self.fired(x)
        most = sum(max(rule.points or 0.0, 0.0) for rule in self.rules)
        total = np.zeros(len(x))
        for index, rule in enumerate(self.rules):
            total += fired[:, index] * (rule.points or 0.0)
        return np.clip(total / most, 0.0, 1.0) if most > 0.0 else np.zeros(len(x))

    def fired(self, x: Matrix) -> NDArray[np.bool_]:
        """(n, rules) which rules fire on each row: the explanation of a score."""
        x = finite(x)
        columns = [fires(rule.conditions, x, self.names) for rule in self.rules]
        return np.column_stack(columns) if columns else np.zeros((len(x), 0), dtype=np.bool_)

    def readings(self) -> tuple[str, ...]:
        """Each rule in words, with how often it fires on unwanted and on lawful training units."""
        return tuple(
            f"{rule}; fires on {bad:.2%} of unwanted and {good:.2%} of lawful training weight"
            for rule, (bad, good) in zip(self.rules, self.firing, strict=True)
        )

    def importance(self) -> Mapping[str, float]:
        """Points times how often the rule fires on the unwanted, shared by the rule's features."""
        amount = dict.fromkeys(self.names, 0.0)
        for rule, (bad, _) in zip(self.rules, self.firing, strict=True):
            for condition in rule.conditions:
                amount[condition.feature] += abs(rule.points or 0.0) * bad / len(rule.conditions)
        return shares(self.names, list(amount.values()))

    def save(self, folder: Path) -> Path:
        """Write the rules in the form in which they are given."""
        rules = [
            {"when": " and ".join(map(str, r.conditions)), "points": r.points, "because": r.because}
            for r in self.rules
        ]
        return write_json(folder / "model.json", {"kind": "rule_list", "rules": rules})

    def card(self) -> Mapping[str, Any]:
        """Training facts and the rules in words."""
        return {**self.facts, "model": "rule_list", "rules": list(self.readings())}


def _read(rule: Mapping[str, Any], place: str) -> Rule:
    """A rule as it is written. Raises UserError with the place of what is wrong."""
    for key in rule:
        if key not in KEYS:
            raise UserError(f"{place}.{key}: unknown key{closest(key, KEYS)}")
    when, points, because = rule.get("when"), rule.get("points", 1), rule.get("because", "")
    if not isinstance(when, str):
        what = "missing" if when is None else f"got {when!r}"
        raise UserError(f"{place}.when: {what}, expected conditions such as `distinct_callees_1h >= 20`")
    if points != "?" and (isinstance(points, bool) or not isinstance(points, (int, float))):
        raise UserError(f"{place}.points: got {points!r}, expected a number, or '?' to fit them")
    if not isinstance(because, str):
        raise UserError(f"{place}.because: got {because!r}, expected text")
    try:
        conditions = parse(when)
    except UserError as error:
        raise UserError(f"{place}.when: {error}") from None
    return Rule(conditions, None if points == "?" else float(points), because)


def _closed(rule: Rule, x: Matrix, y: NDArray[np.int64], weight: Floats, names: tuple[str, ...]) -> Rule:
    conditions = fitted(rule.conditions, x, y, weight, names)
    points = rule.points
    if points is None:
        bad, good = _shares(fires(conditions, x, names), y, weight)
        # Half a row of either class: a rule that never fired on the lawful is not proof.
        few_bad, few_good = (0.5 / max(int((y > 0).sum()), 1), 0.5 / max(int((y == 0).sum()), 1))
        evidence = float(np.log((bad + few_bad) / (good + few_good)))
        points = round(evidence / STEP) * STEP
    return Rule(conditions, points, rule.because)


def _firing(rule: Rule, past: TrainingSet) -> tuple[float, float]:
    x = finite(past.x)
    return _shares(fires(rule.conditions, x, past.names), past.y, past.weight)


def _shares(fired: NDArray[np.bool_], y: NDArray[np.int64], weight: Floats) -> tuple[float, float]:
    bad, good = weight * (y > 0), weight * (y == 0)
    return (
        float(bad[fired].sum() / bad.sum()) if bad.sum() > 0.0 else 0.0,
        float(good[fired].sum() / good.sum()) if good.sum() > 0.0 else 0.0,
    )


PLUGIN = RuleList
