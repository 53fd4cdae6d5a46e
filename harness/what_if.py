"""What would have changed a decision: the nearest score, and one feature at a time, played through model and policy.

Knows: a scorer, a policy or a pricing, one row, values that the model was trained on. Does not know: worlds, files,
whether a person could change the feature.

Nothing is guessed: each answer is a value that was put through the same scorer and the same policy, with the event's
own columns and its own lots. A feature is moved alone, to values that its training rows had; of the moves that change
the decision the nearest is told, by rank among those values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, Matrix
from sim.core.events import Block

MILLION = 1_000_000
"""Scores are rounded to millionths before the policy."""
GRID = 4_001
VALUES = 33
"""Values tried of each feature: its quantiles, all where there are fewer."""
MOST_TOLD = 5
MOVED = 0.05
"""A price has changed where some outcome's odds moved by this share."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Values:
    """Values that features had in training rows: of each (m,), ascending, NaN last where some row had none."""

    of: tuple[Floats, ...]

    @staticmethod
    def among(x: Matrix) -> Values:
        """The quantiles of each column of rows (n, k)."""
        return Values(tuple(_some(x[:, place]) for place in range(x.shape[1])))


def _some(column: NDArray[np.float32]) -> Floats:
    told = np.unique(column[~np.isnan(column)])
    if len(told) > VALUES:
        ordered = np.sort(column[~np.isnan(column)])
        told = np.unique(ordered[np.linspace(0, len(ordered) - 1, VALUES).astype(np.int64)])
    lacking = bool(np.isnan(column).any())
    return np.concatenate([told, [np.nan]]) if lacking else told.astype(np.float64)


def repeated(block: Block, size: int) -> Block:
    """One row as a block of so many equal ones."""
    return Block(block.schema, {name: np.repeat(c, size) for name, c in block.columns.items()}, checked=True)


def nearest_scores(decide: Callable[[Floats], Ints], score: float) -> list[dict[str, Any]]:
    """The nearest score below and above at which the policy would have asked for another action. `decide`: (m,) actions
    for scores (m,) on the same event."""
    own = round(score * MILLION)
    grid = np.unique(np.append(np.linspace(0, MILLION, GRID).astype(np.int64), own))
    actions = decide(grid / MILLION)
    place = int(np.searchsorted(grid, own))
    mine = int(actions[place])
    found = []
    for side, places in (("above", range(place + 1, len(grid))), ("below", range(place - 1, -1, -1))):
        other = next((i for i in places if int(actions[i]) != mine), None)
        if other is None:
            continue
        near = int(grid[other - 1 if side == "above" else other + 1])
        edge, action = _edge(decide, near, int(grid[other]), mine)
        found.append(
            {"side": side, "score": edge / MILLION, "action": action, "distance": abs(edge - own) / MILLION}
        )
    return sorted(found, key=lambda one: float(one["distance"]))


def _edge(decide: Callable[[Floats], Ints], near: int, far: int, mine: int) -> tuple[int, int]:
    """The score, in millionths, nearest to `near` that is not answered as `mine`: by halving."""
    while abs(far - near) > 1:
        middle = (near + far) // 2
        if int(decide(np.array([middle / MILLION]))[0]) == mine:
            near = middle
        else:
            far = middle
    return far, int(decide(np.array([far / MILLION]))[0])


def moved_features(
    x: Matrix,
    names: tuple[str, ...],
    values: Values,
    changes: Callable[[Matrix], list[dict[str, Any] | None]],
) -> list[dict[str, Any]]:
    """The nearest move of each single feature that changes the decision, the nearest first; at most MOST_TOLD.

    x: (1, k), the event's features. changes: for rows (m, k), what each would have changed, None for nothing."""
    rows: list[tuple[int, int, float]] = []
    tried: list[Matrix] = []
    for place, known in enumerate(values.of):
        own = float(x[0, place])
        rank = _rank(known, own)
        for at, value in enumerate(known.tolist()):
            if value == own or (value != value and own != own):
                continue
            moved = x.copy()
            moved[0, place] = value
            tried.append(moved)
            rows.append((place, abs(at - rank), value))
    if not tried:
        return []
    told = changes(np.concatenate(tried))
    best: dict[int, tuple[int, float, dict[str, Any]]] = {}
    for (place, steps, value), change in zip(rows, told, strict=True):
        if change is not None and (place not in best or steps < best[place][0]):
            best[place] = (steps, value, change)
    nearest = sorted(best.items(), key=lambda item: (item[1][0], item[0]))[:MOST_TOLD]
    return [
        {
            "feature": names[place],
            "from": _number(float(x[0, place])),
            "to": _number(value),
            "steps": steps,
            "of": len(values.of[place]),
            **change,
        }
        for place, (steps, value, change) in nearest
    ]


def _rank(known: Floats, own: float) -> int:
    if own != own:
        return len(known) - 1
    return int(np.searchsorted(known[~np.isnan(known)], own))


def _number(value: float) -> float | None:
    return None if value != value else value
