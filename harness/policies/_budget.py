"""How low a threshold may go so that the lawful calls above it keep a budget, as far as verified units can tell.

Knows: scores, weights and entities of units verified as lawful. Does not know: classes, actions.

A unit weighs its calls times the inverse of its audit's propensity. Number-days of one number are not independent,
so evidence is counted in entities, and in as many of equal weight as these are worth: n = (sum w)^2 / sum w^2 (Kish
1965). Four rules, the first that the evidence carries:

proven: the upper confidence bound of the weighted share above the threshold keeps the budget. The bound is the
gamma interval for weighted sums of counts (Fay and Feuer 1997) with 1/n in place of the largest weight, as in the
less conservative variants of it (Tiwari, Clegg and Zou 2006).

expected: too few to prove it, but n + 1 >= 1 / budget: nothing verified lies above. A new exchangeable unit beats
the highest of n with chance 1 / (n + 1), so the share keeps the budget on average.

extrapolated: fewer still: the tail of the log-odds above the 10 % highest is taken as exponential, its mean excess
widened by 1 + 1/sqrt(m), and followed down to the budget; never below the highest verified lawful score. It cannot
know of lawful look-alikes that verification has not met yet.

none: fewer than `least` entities, so no threshold.

Verification is sometimes wrong. Of unwanted units a known share is called lawful, and those have the highest scores of
all: 2 % of errors among a sixth of all calls look like 0.3 % of lawful calls above any threshold, three times a budget
of 0.1 %. `Mistaken` says how much weight above a threshold is expected to be such errors; the proven rule leaves that
much out of the share, never out of its variance.

Simulated with 120 samples from three populations of 400,000 units (heavy-tailed weights; weights that go with
scores; 0.4 % look-alikes), budgets 0.1 % and 0.5 %, confidence 0.8: proven or expected thresholds exceeded the budget
in 1 to 23 % of samples and spent 0.2 to 0.85 of it on average; extrapolated ones averaged 0.25 to 0.8 of it without
look-alikes, and with them 3.4 (from 100 units) and 2.2 times the budget (from 300).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, expit, logit

from harness.kinds import Floats

NOTHING = 1.0
"""A threshold above which no score lies."""
TAIL_SHARE, TAIL_LEAST = 0.1, 10

How = Literal["proven", "expected", "extrapolated", "none"]
RANK: dict[How, int] = {"none": 0, "extrapolated": 1, "expected": 2, "proven": 3}


@dataclass(frozen=True)
class Cut:
    """Scores strictly above `threshold` may be acted on. share: weighted share of lawful calls above it, as
    verified; bound: its upper confidence bound; entities and effective (n of the module): the evidence.
    """

    threshold: float
    how: How
    share: float
    bound: float
    entities: int
    effective: float = 0.0


@dataclass(frozen=True)
class Mistaken:
    """Units verified as unwanted (m,), their weights, and `odds`: how many more, for each, were called lawful."""

    score: Floats
    weight: Floats
    odds: float

    def above(self, threshold: Floats) -> Floats:
        """Weight above each threshold (n,) that is expected to stand among the lawful by mistake."""
        order = np.argsort(self.score, kind="stable")
        rest = np.append(np.cumsum(self.weight[order][::-1])[::-1], 0.0)
        return self.odds * rest[np.searchsorted(self.score[order], threshold, side="right")]


NOBODY = Mistaken(np.empty(0), np.empty(0), 0.0)


def cut(
    score: Floats,
    weight: Floats,
    entity: NDArray[np.int64],
    budget: float,
    confidence: float,
    least: int,
    extrapolate: bool,
    mistaken: Mistaken = NOBODY,
) -> Cut:
    """The lowest threshold that keeps `budget`, from lawful verified units (n,)."""
    used = weight > 0.0
    score, weight = score[used], weight[used]
    _, owner = np.unique(entity[used], return_inverse=True)
    n = int(owner.max()) + 1 if len(owner) else 0
    if n < max(least, 1):
        return Cut(NOTHING, "none", 0.0, 1.0, n)
    whole = float(weight.sum())
    weight = weight / whole
    one = float((np.bincount(owner, weights=weight) ** 2).sum())
    bound = _Bound(one, confidence)
    nothing = bound.of(0.0, 0.0)
    highest = float(score.max())
    if max(nothing, bound.expected(0.0)) <= budget:
        threshold, share, upper = _lowered(score, weight, owner, n, bound, budget, mistaken, whole)
        return Cut(threshold, "proven", share, upper, n, 1.0 / one)
    if bound.expected(0.0) <= budget:
        return Cut(highest, "expected", 0.0, nothing, n, 1.0 / one)
    if extrapolate:
        return Cut(max(highest, _tail(score, weight, budget)), "extrapolated", 0.0, nothing, n, 1.0 / one)
    return Cut(NOTHING, "none", 0.0, nothing, n, 1.0 / one)


def _lowered(
    score: Floats,
    weight: Floats,
    owner: NDArray[np.int64],
    n: int,
    bound: _Bound,
    budget: float,
    mistaken: Mistaken,
    whole: float,
) -> tuple[float, float, float]:
    """Threshold, share above it and its bound: units go in from the highest score down while the budget is kept.

    With mistakes to be expected the bound may rise over the budget at first, where only mistakes stand, and fall under
    it again further down; the lowest threshold that keeps it is taken, and the search ends at twice the budget.
    """
    order = np.lexsort((owner, -score))
    held = np.zeros(n)
    share = variance = 0.0
    best = float(score[order[0]]), 0.0, bound.of(0.0, 0.0)
    thresholds = np.append(score[order[1:]], -1.0)
    excused = mistaken.above(thresholds) / whole
    for position, row in enumerate(order.tolist()):
        share += float(weight[row])
        variance += float((held[owner[row]] + weight[row]) ** 2 - held[owner[row]] ** 2)
        held[owner[row]] += weight[row]
        last = position + 1 == len(order)
        if not last and score[order[position + 1]] == score[row]:
            continue
        kept = max(0.0, share - float(excused[position]))
        upper = bound.of(kept, variance)
        if max(upper, bound.expected(kept)) > budget:
            if mistaken.odds == 0.0 or kept > 2.0 * budget:
                break
            continue
        # Acting on what is strictly above the next lower unit's score leaves that unit alone.
        best = float(thresholds[position]), kept, upper
    return best


@dataclass(frozen=True)
class _Bound:
    """`one`: weight of one of the n equal entities that the evidence is worth, 1/n."""

    one: float
    confidence: float

    def of(self, share: float, variance: float) -> float:
        """Upper bound of a weighted share, given the sum of squared weights above."""
        y, v = share + self.one, variance + self.one * self.one
        return float(v / (2.0 * y) * chdtri(2.0 * y * y / v, 1.0 - self.confidence))

    def expected(self, share: float) -> float:
        """Share when one more such entity lies above."""
        return (share + self.one) / (1.0 + self.one)


def _tail(score: Floats, weight: Floats, budget: float) -> float:
    m = max(TAIL_LEAST, int(TAIL_SHARE * len(score)))
    odds = np.asarray(logit(np.clip(score, 1e-6, 1.0 - 1e-6)), dtype=np.float64)
    order = np.argsort(-odds, kind="stable")
    start = float(odds[order[min(m, len(odds) - 1)]])
    above = odds > start
    share = float(weight[above].sum())
    if share <= budget:
        return start if share <= 0.0 else float(expit(odds.max()))
    excess = float((weight[above] * (odds[above] - start)).sum()) / share
    widened = excess * (1.0 + 1.0 / np.sqrt(float(above.sum())))
    return float(expit(start + widened * np.log(share / budget)))
