"""Rules as people write them: `distinct_callees_1h >= 20 and answered_share_6h < ?`, and how an open `?` is closed.

Knows: conditions over named features, labels with weights. Does not know: points, scores.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, Matrix
from sim.core.errors import UserError, closest

_CONDITION = re.compile(
    r"^\s*([A-Za-z_][\w.]*)\s*(>=|<=|>|<)\s*(\?|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*$"
)
CUTS = 64
MIN_ROWS = 20
"""Fewest training rows on which a fitted rule fires: a cut that few rows support is an anecdote."""


@dataclass(frozen=True)
class Condition:
    """One comparison; `threshold` None is to be fitted. A missing value meets no condition."""

    feature: str
    above: bool
    equal: bool
    threshold: float | None

    def __str__(self) -> str:
        sign = (">" if self.above else "<") + ("=" if self.equal else "")
        return f"{self.feature} {sign} {'?' if self.threshold is None else f'{self.threshold:.6g}'}"

    def met(self, column: Matrix) -> NDArray[np.bool_]:
        """Where the condition holds, (n,)."""
        assert self.threshold is not None
        value, cut = column.astype(np.float64), self.threshold
        if self.above:
            return np.asarray(value >= cut if self.equal else value > cut)
        return np.asarray(value <= cut if self.equal else value < cut)


def parse(text: str) -> tuple[Condition, ...]:
    """Read conditions joined by `and`. Raises UserError with the form expected."""
    conditions = []
    for part in re.split(r"\s+and\s+", text):
        match = _CONDITION.match(part)
        if match is None:
            raise UserError(
                f"rule '{text}': '{part}' is not a condition, expected `feature >= number`, joined by `and`"
            )
        cut = None if match[3] == "?" else float(match[3])
        conditions.append(Condition(match[1], match[2][0] == ">", match[2].endswith("="), cut))
    return tuple(conditions)


def place(name: str, names: tuple[str, ...]) -> int:
    """The column of a feature. Raises UserError with the closest name."""
    if name not in names:
        raise UserError(f"rule_list: unknown feature '{name}'{closest(name, names)}")
    return names.index(name)


def fires(conditions: tuple[Condition, ...], x: Matrix, names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Where all conditions hold, (n,)."""
    fired = np.ones(len(x), dtype=np.bool_)
    for condition in conditions:
        fired &= condition.met(x[:, place(condition.feature, names)])
    return fired


def fitted(
    conditions: tuple[Condition, ...], x: Matrix, y: NDArray[np.int64], weight: Floats, names: tuple[str, ...]
) -> tuple[Condition, ...]:
    """Close every `?`, one after the other, by the cut that tells most of the label among rows that the closed
    meet.
    """
    closed = tuple(c for c in conditions if c.threshold is not None)
    done = {c: c for c in closed}
    for condition in conditions:
        if condition.threshold is None and condition not in done:
            rows = fires(tuple(done.values()), x, names)
            column = x[rows, place(condition.feature, names)]
            cut, _ = best_cut(condition, column, y[rows], weight[rows])
            done[condition] = replace(condition, threshold=cut)
    return tuple(done[c] for c in conditions)


def best_cut(
    condition: Condition, column: Matrix, y: NDArray[np.int64], weight: Floats
) -> tuple[float, float]:
    """The threshold with the greatest information gain (bits a row) that makes the rule speak against the caller.

    Cuts are tried at up to CUTS quantiles, dense in both tails. Without any the cut is infinite: a rule that cannot
    be fitted never fires.
    """
    never = np.inf if condition.above else -np.inf
    seen = column[~np.isnan(column)]
    if not len(seen) or not weight.sum() > 0.0:
        return never, 0.0
    share = np.concatenate([np.linspace(0.0, 1.0, CUTS // 4), 1.0 - np.geomspace(0.5, 1e-4, CUTS * 3 // 8)])
    share = np.concatenate([share, np.geomspace(0.5, 1e-4, CUTS * 3 // 8)])
    best, gain = never, 0.0
    whole = _entropy(y, weight)
    base = float((weight * (y > 0)).sum() / weight.sum())
    for cut in np.unique(np.quantile(seen, share, method="higher")).tolist():
        fired = replace(condition, threshold=cut).met(column)
        w = float(weight[fired].sum())
        if int(fired.sum()) < MIN_ROWS or w <= 0.0 or float((weight * (y > 0))[fired].sum()) / w <= base:
            continue
        rest = float(weight.sum()) - w
        told = whole - (
            w * _entropy(y[fired], weight[fired]) + rest * _entropy(y[~fired], weight[~fired])
        ) / (w + rest)
        if told > gain + 1e-12:
            best, gain = cut, told
    return best, gain


def _entropy(y: NDArray[np.int64], weight: Floats) -> float:
    total = float(weight.sum())
    if total <= 0.0:
        return 0.0
    p = min(max(float((weight * (y > 0)).sum()) / total, 0.0), 1.0)
    return -sum(q * float(np.log2(q)) for q in (p, 1.0 - p) if q > 0.0)
