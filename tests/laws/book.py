"""A simple book for laws: prices from the columns that a desk is shown, a margin, and a suspension now and then.

Knows: columns of price questions. Does not know: what is true.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr

from sim.core.decisions import Quotes
from sim.core.events import Block
from sim.core.rng import key, uniform
from sim.core.world import Question

MARGIN = 0.06
SHUT = 0.03
"""Share of the knots that the book suspends."""
_GOALS = np.arange(12)
_FULL_TIME_MIN = 96.0


def prices(question: Question, ways: int, salt: int = 0) -> Quotes:
    """Quotes with a proportional margin; a kind that is not known gets even chances."""
    block, ids = question.block, question.block["id"]
    by_kind = {
        "match_odds": _match_odds, "total_goals": _total_goals, "point_spread": _point_spread,
        "total_points": _total_points,
    }  # fmt: skip
    if question.kind not in by_kind:
        return Quotes(ids, np.full((len(ids), ways), 1.0 / ways))
    p = np.clip(by_kind[question.kind](block), 1e-3, 1.0)
    p /= p.sum(axis=1, keepdims=True)
    shut = uniform(key(salt, "shut"), ids) < SHUT
    return Quotes(ids, p, 1.0 / (p * (1.0 + MARGIN)), shut)


def _poisson(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (n, 12) of so many more goals."""
    safe = np.maximum(mean, 1e-9)[:, None]
    return np.asarray(np.exp(_GOALS * np.log(safe) - safe - gammaln(_GOALS + 1.0)))


def _left(block: Block, minutes: float) -> NDArray[np.float64]:
    """The share of the match that is still to be played."""
    return np.asarray(np.clip(1.0 - block["minute"].astype(np.float64) / minutes, 0.02, 1.0))


def _goals(block: Block) -> tuple[Any, Any]:
    left = _left(block, _FULL_TIME_MIN)
    return _poisson(block["lam"] * left), _poisson(block["mu"] * left)


def _match_odds(block: Block) -> NDArray[np.float64]:
    home, away = _goals(block)
    lead = block["score_home"].astype(np.int64) - block["score_away"]
    margin = lead[:, None, None] + _GOALS[:, None] - _GOALS
    both = home[:, :, None] * away[:, None, :]
    return np.stack([(both * (np.sign(margin) == side)).sum(axis=(1, 2)) for side in (1, 0, -1)], axis=1)


def _total_goals(block: Block) -> NDArray[np.float64]:
    more = _poisson((block["lam"] + block["mu"]) * _left(block, _FULL_TIME_MIN))
    total = block["score_home"].astype(np.int64) + block["score_away"]
    over = (more * (total[:, None] + _GOALS > 2.5)).sum(axis=1)
    return np.stack([over, 1.0 - over], axis=1)


def _point_spread(block: Block) -> NDArray[np.float64]:
    left = _left(block, 60.0)
    lead = block["score_home"].astype(np.float64) - block["score_away"]
    over = ndtr((lead + block["spread"] * left - block["line"]) / (13.2 * np.sqrt(left)))
    return np.stack([over, 1.0 - over], axis=1)


def _total_points(block: Block) -> NDArray[np.float64]:
    left = _left(block, 60.0)
    total = block["score_home"].astype(np.float64) + block["score_away"]
    over = ndtr((total + block["total"] * left - block["line"]) / (13.3 * np.sqrt(left)))
    return np.stack([over, 1.0 - over], axis=1)
