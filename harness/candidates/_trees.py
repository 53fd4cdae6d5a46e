"""Trees of a booster, walked by a kernel of our own where a block is small.

Knows: XGBoost's JSON of a model, one kernel. Does not know: features, labels, who asks.

XGBoost's own call costs 0.2 to 1 ms before its first row, most of it Python around a handful of rows, and a tick in
play asks for a handful of rows four times over. The walk below costs 20 us. It adds the very same float32 leaves in the
same order, so its margins are XGBoost's to the bit: `forest` compares them on rows of the training set before it
believes so, and answers None where they are not, or where the model is of another kind than it knows.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, Matrix
from sim.core.compile import COMPILED, kernel

Singles = NDArray[np.float32]
Shorts = NDArray[np.int32]

MOST_ROWS = 256
"""Larger blocks are XGBoost's: per row its own walk is the faster one."""
COMPARED_ROWS = 4096
_LOGISTIC, _POISSON = "binary:logistic", "count:poisson"
_EDGE, _UP = np.float32(88.7), np.float32(np.inf)


@kernel
def _walk(
    x: Matrix, roots: Shorts, feature: Shorts, split: Singles, missing_left: Shorts, children: Shorts,
    depth: int, start: Floats, step: int, poisson: bool, margin: Singles, out: Floats,
) -> None:  # fmt: skip
    """What rows are answered (n,): the leaves that each falls into, added to its start[i * step] tree by tree in
    float32, and the objective's own function of that. No branch depends on the features: which child comes next is
    counted, not asked, and a leaf leads to itself. So the walks of many rows through one tree, each a chain of loads
    that wait for one another, go on beside one another. Exponentials are in float32 by the C library's own function, as
    XGBoost takes them."""
    one = np.float32(1.0)
    for i in range(len(x)):
        margin[i] = start[i * step]
    for tree in range(len(roots)):
        root = roots[tree]
        for i in range(len(x)):
            node = root
            for _ in range(depth):
                value = x[i, feature[node]]
                goes_left = int(value < split[node]) | (int(value != value) & missing_left[node])
                node = children[2 * node + 1 - goes_left]
            margin[i] += split[node]
    for i in range(len(x)):
        if poisson:
            out[i] = math.exp(margin[i])
        else:
            out[i] = one / (np.float32(math.exp(min(-margin[i], _EDGE))) + one)


@dataclass(frozen=True)
class Forest:
    """Trees as arrays over nodes. children: left and right of each node in turn; a leaf's are itself, and its value
    stands in `split`. depth: steps to the deepest leaf."""

    objective: str
    base: np.float32
    roots: Shorts
    feature: Shorts
    split: Singles
    missing_left: Shorts
    children: Shorts
    depth: int

    def predict(self, x: Matrix, base_margin: Floats | None = None) -> Floats:
        """What the booster answers for rows (n, k), contiguous float32: probabilities or means (n,)."""
        start = np.array([self.base], dtype=np.float64) if base_margin is None else base_margin
        answer = np.empty(len(x))
        _walk(
            x, self.roots, self.feature, self.split, self.missing_left, self.children, self.depth, start,
            0 if base_margin is None else 1, self.objective == _POISSON, np.empty(len(x), dtype=np.float32), answer,
        )  # fmt: skip
        return answer


def forest(booster: Any, x: Matrix, base_margin: Floats | None = None) -> Forest | None:
    """The trees of a booster, once they have answered some of the rows x (n, k) as the booster does; else None."""
    if not COMPILED or not len(x):
        return None
    try:
        made = _read(json.loads(bytes(booster.save_raw("json"))))
    except (KeyError, TypeError, ValueError):
        return None
    if made is None:
        return None
    step = max(1, len(x) // COMPARED_ROWS)
    some = np.ascontiguousarray(x[::step], dtype=np.float32)
    margin = None if base_margin is None else base_margin[::step]
    told = own_answer(booster, some, margin)
    # The base is a logarithm in float32, whose last bit is the C library's.
    for base in (made.base, np.nextafter(made.base, _UP), np.nextafter(made.base, -_UP)):
        near = replace(made, base=np.float32(base))
        if np.array_equal(told, near.predict(some, margin)):
            return near
    return None


def own_answer(booster: Any, x: Matrix, base_margin: Floats | None = None) -> Floats:
    """XGBoost's own answer for rows (n, k) of contiguous float32."""
    answer = booster.inplace_predict(x, base_margin=base_margin, validate_features=False)
    return np.asarray(answer, dtype=np.float64)


def answered(booster: Any, trees: Forest | None, x: Matrix, base_margin: Floats | None = None) -> Floats:
    """The same by whichever is the faster."""
    if trees is None or len(x) > MOST_ROWS:
        return own_answer(booster, x, base_margin)
    return trees.predict(x, base_margin)


def _read(document: Any) -> Forest | None:
    learner = document["learner"]
    objective = learner["objective"]["name"]
    grown = learner["gradient_booster"]
    if objective not in (_LOGISTIC, _POISSON) or grown["name"] != "gbtree":
        return None
    trees = grown["model"]["trees"]
    if any(any(tree["split_type"]) or set(grown["model"]["tree_info"]) > {0} for tree in trees):
        return None
    sizes = [len(tree["left_children"]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32) if trees else np.zeros(0, np.int32)

    def joined(name: str, dtype: Any) -> NDArray[Any]:
        return np.concatenate([np.array(tree[name]) for tree in trees] or [np.zeros(0)]).astype(dtype)

    at = np.repeat(roots, sizes)
    left, right = joined("left_children", np.int32), joined("right_children", np.int32)
    leaf = left < 0
    base = np.float32(json.loads(learner["learner_model_param"]["base_score"].strip("[]")))
    one = np.float32(1.0)
    start = np.log(base) if objective == _POISSON else -np.log(one / base - one)
    own = np.arange(len(leaf))
    children = np.where(leaf, own, np.stack([left + at, right + at])).T.ravel().astype(np.int32)
    return Forest(
        objective, np.float32(start), roots, np.where(leaf, 0, joined("split_indices", np.int32)).astype(np.int32),
        joined("split_conditions", np.float32), joined("default_left", np.int32), children, _depth(roots, children),
    )  # fmt: skip


def _depth(roots: Shorts, children: Shorts) -> int:
    """Steps from a root to the deepest leaf."""
    depth, here = 0, roots
    while len(here := here[children[2 * here] != here]):
        here = np.concatenate([children[2 * here], children[2 * here + 1]])
        depth += 1
    return depth
