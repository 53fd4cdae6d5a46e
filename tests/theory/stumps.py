"""The best decision tree of depth 2 that there is, by exhaustive search on a grid of thresholds, chosen with truth.

Knows: feature values and truth. Does not know: learning. No greedy learner on labels can beat it by more than the grid
is coarse, so it stands for "what anybody could have written down in two questions" (an upper bound, tests only).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Floats, Matrix, Scorer, TrainingSet

CHUNK = 8192


class Cut(NamedTuple):
    feature: int
    threshold: float
    above: bool

    def holds(self, x: Matrix) -> NDArray[np.bool_]:
        """NaN is on the lower side, as if it were minus infinity; the other side is its complement."""
        with np.errstate(invalid="ignore"):
            high = x[:, self.feature] > self.threshold
        return high if self.above else ~high


class Tree(NamedTuple):
    """Leaves that are blocked, purest first, each a cut at the root and one below it; recall where it was chosen."""

    recall: float
    leaves: tuple[tuple[Cut, Cut], ...]

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """As a candidate it has nothing left to learn."""
        return self

    def score(self, x: Matrix) -> Floats:
        """Its leaves (n,), the purest at 1; 0 elsewhere."""
        score = np.zeros(len(x))
        for rank, (root, below) in enumerate(self.leaves):
            score[root.holds(x) & below.holds(x)] = 1 - rank / len(self.leaves)
        return score

    def words(self, names: tuple[str, ...]) -> str:
        """What it blocks."""
        told = [
            [f"{names[c.feature]} {'>' if c.above else '<='} {c.threshold:.4g}" for c in leaf]
            for leaf in self.leaves
        ]
        return "; or ".join(" and ".join(leaf) for leaf in told)


def best_depth_2(x: Matrix, unwanted: NDArray[np.bool_], budget: float, steps: int = 16) -> Tree:
    """The most unwanted calls that two of a depth-2 tree's leaves catch, `budget` of the lawful ones at most blocked.

    Every pair (root cut, cut below it) on `steps` quantiles of the unwanted and of the lawful calls of each feature
    is tried, on each side of the root; leaves of both sides are blocked together where the budget allows it.
    """
    cuts = _grid(x, unwanted, steps)
    caught, blocked = _joint(x, unwanted, cuts)
    allowed = budget * float((~unwanted).sum())
    best = Tree(0.0, ())
    for root in range(0, len(cuts), 2):
        left, right = (_frontier(caught[side], blocked[side], allowed) for side in (root, root + 1))
        found, picks = _together(left, right, allowed)
        if found > best.recall:
            purest = sorted(
                (blocked[root + s, c] / max(1.0, caught[root + s, c]), root + s, c) for s, c in picks
            )
            best = Tree(found, tuple((cuts[r], cuts[c]) for _, r, c in purest))
    return best._replace(recall=best.recall / float(unwanted.sum()))


def _grid(x: Matrix, unwanted: NDArray[np.bool_], steps: int) -> list[Cut]:
    """Both sides of each cut, next to one another."""
    quantiles = (np.arange(steps) + 0.5) / steps
    cuts = []
    for feature in range(x.shape[1]):
        found = [
            np.nanquantile(x[part, feature], quantiles, method="lower")
            for part in (unwanted, ~unwanted)
            if not np.isnan(x[part, feature]).all()
        ]
        for threshold in np.unique(np.concatenate([*found, [-np.inf]])).tolist():
            cuts += [Cut(feature, threshold, True), Cut(feature, threshold, False)]
    return cuts


def _joint(x: Matrix, unwanted: NDArray[np.bool_], cuts: list[Cut]) -> tuple[Floats, Floats]:
    """Unwanted and lawful calls (c, c) for which both of two cuts hold."""
    counts = np.zeros((2, len(cuts), len(cuts)))
    for part, mine in enumerate((unwanted, ~unwanted)):
        chosen = x[mine]
        for start in range(0, len(chosen), CHUNK):
            piece = chosen[start : start + CHUNK]
            held = np.array([cut.holds(piece) for cut in cuts], dtype=np.float32)
            counts[part] += held @ held.T
    return counts[0], counts[1]


def _frontier(caught: Floats, blocked: Floats, allowed: float) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Leaves of one side that keep the budget and catch more than any that block less: caught, blocked, cut."""
    fits = np.flatnonzero(blocked <= allowed)
    order = fits[np.lexsort((-caught[fits], blocked[fits]))]
    best = np.maximum.accumulate(caught[order]) if len(order) else np.empty(0)
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = best[1:] > best[:-1]
    order = order[fresh]
    return caught[order], blocked[order], order


def _together(
    left: tuple[Floats, Floats, NDArray[np.int64]],
    right: tuple[Floats, Floats, NDArray[np.int64]],
    allowed: float,
) -> tuple[float, list[tuple[int, int]]]:
    """The best leaf of each side, or of one, within the budget: caught, and (side, cut) of each."""
    best, picks = 0.0, list[tuple[int, int]]()
    for side, (caught, _, cut) in enumerate((left, right)):
        if len(caught) and caught[-1] > best:
            best, picks = float(caught[-1]), [(side, int(cut[-1]))]
    if len(left[0]) and len(right[0]):
        place = np.searchsorted(right[1], allowed - left[1], side="right") - 1
        both = np.where(place >= 0, left[0] + right[0][np.maximum(place, 0)], 0.0)
        top = int(np.argmax(both))
        if both[top] > best:
            best, picks = float(both[top]), [(0, int(left[2][top])), (1, int(right[2][place[top]]))]
    return best, picks
