"""What a desk answers: decisions on events, or quotes.

Knows: actions by name and code, arrays aligned with a question's rows. Does not know: scores, thresholds, models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import BadBlock


@dataclass(frozen=True)
class Action:
    """One thing that a desk may do with an event; its code is its place in the world's tuple of actions.

    `stops`: the event does not happen (a blocked call). `hinders`: the actor is kept from what he wanted, at least
    in part (blocked, labelled, challenged). Code 0 is always the action of nobody deployed.
    """

    name: str
    doc: str
    stops: bool = False
    hinders: bool = False


@dataclass(frozen=True)
class Decisions:
    """Answers to an Act question, row by row. All arrays have shape (n,), in the question's row order.

    action, fallback_action: codes of the world's actions; the fallback takes effect when the answer comes too late.
    scored: float32, the score that was decided on, NaN where none was asked for.
    propensity: float32, the probability with which this action was chosen given all that was known.
    audit: probability with which the unit of this row was selected for verification; 0 where it was not selected.
    exempt: True where the row belongs to the randomised holdout, which is never acted on.
    """

    id: NDArray[np.int64]
    action: NDArray[np.int8]
    fallback_action: NDArray[np.int8]
    scored: NDArray[np.float32]
    propensity: NDArray[np.float32]
    audit: NDArray[np.float32]
    exempt: NDArray[np.bool_]

    def __post_init__(self) -> None:
        size = len(self.id)
        for name in ("action", "fallback_action", "scored", "propensity", "audit", "exempt"):
            if getattr(self, name).shape != (size,):
                raise BadBlock(f"decisions.{name}: shape {getattr(self, name).shape}, expected ({size},)")

    def __len__(self) -> int:
        return len(self.id)

    def columns(self) -> dict[str, NDArray[Any]]:
        """What was decided, by name, (n,) each; of the fallback nothing is told."""
        return {
            "action": self.action,
            "scored": self.scored,
            "propensity": self.propensity,
            "audit": self.audit,
            "exempt": self.exempt.astype(np.int8),
        }

    @staticmethod
    def passing(ids: NDArray[np.int64]) -> Decisions:
        """Nothing is done with any row: the incumbent where nothing is deployed."""
        n = len(ids)
        none = np.zeros(n, dtype=np.int8)
        return Decisions(
            ids,
            none,
            none,
            np.full(n, np.nan, dtype=np.float32),
            np.ones(n, dtype=np.float32),
            np.zeros(n, dtype=np.float32),
            np.zeros(n, dtype=np.bool_),
        )


@dataclass(frozen=True)
class Quotes:
    """Answers to a Quote question, row by row.

    probability: (n, k), rows summing to one: what the desk believes.
    odds: (n, k) decimal odds offered, margin included; None where nothing is sold at them (a recording).
    suspended: (n,) bool, True where no bet is taken; None for nowhere.
    instead: what is quoted where the desk's own answer comes too late, of the same ids; None where the price before
    stands.
    """

    id: NDArray[np.int64]
    probability: NDArray[np.float64]
    odds: NDArray[np.float64] | None = None
    suspended: NDArray[np.bool_] | None = None
    instead: Quotes | None = None

    def __post_init__(self) -> None:
        if self.probability.ndim != 2 or len(self.probability) != len(self.id):
            raise BadBlock(
                f"quotes.probability: shape {self.probability.shape}, expected ({len(self.id)}, k)"
            )
        if self.odds is not None and self.odds.shape != self.probability.shape:
            raise BadBlock(f"quotes.odds: shape {self.odds.shape}, expected {self.probability.shape}")
        if self.instead is not None and not np.array_equal(self.instead.id, self.id):
            raise BadBlock("quotes.instead: of other ids than the quotes")
        if self.suspended is not None and self.suspended.shape != (len(self.id),):
            raise BadBlock(f"quotes.suspended: shape {self.suspended.shape}, expected ({len(self.id)},)")

    def columns(self) -> dict[str, NDArray[Any]]:
        """What was quoted, (n,) each: p0, p1, … believed; o0, o1, … and `suspended` (int8) where they are told."""
        told: dict[str, NDArray[Any]] = {f"p{i}": column for i, column in enumerate(self.probability.T)}
        if self.odds is not None:
            told |= {f"o{i}": column for i, column in enumerate(self.odds.T)}
        if self.suspended is not None:
            told["suspended"] = self.suspended.astype(np.int8)
        return told


def joined(answers: Sequence[Decisions | Quotes]) -> Decisions | Quotes:
    """Answers to questions of one kind as one, in their order; of quotes what the first of them tells."""
    first = answers[0]
    names = [item.name for item in fields(first) if isinstance(getattr(first, item.name), np.ndarray)]
    columns: dict[str, Any] = {n: np.concatenate([getattr(answer, n) for answer in answers]) for n in names}
    return type(first)(**columns)
