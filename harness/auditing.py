"""Audits: which units are selected to be verified whatever is decided about them, and with which probability.

Knows: an audit plan, what was decided on a day's units. Does not know: scores, models, who verifies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.desk_plan import AuditPlan
from harness.units import Day
from sim.core import rng
from sim.core.compile import kernel
from sim.core.decisions import Action
from sim.core.time import DAY, Micros

Seen = tuple[Day, NDArray[np.int32], NDArray[np.int32]]
"""The day's units, and each row's slot and ordinal in its unit (`Units.observe`)."""


_NONE = np.zeros(3)


@kernel
def _ask(
    action: NDArray[np.int8], review: NDArray[np.bool_], slot: NDArray[np.int32], ordinal: NDArray[np.int32],
    stops: NDArray[np.bool_], hinders: NDArray[np.bool_], busy: int, shares: NDArray[np.float64],
    stopped: NDArray[np.int32], hindered: NDArray[np.int32], share: NDArray[np.float32],
) -> None:  # fmt: skip
    """Count in its unit what each row's action does, and with which share the row asks for its unit. shares: the usual
    one, that of a busy unit's later rows, the least of rows that were acted on."""
    for i in range(len(slot)):
        stopped[slot[i]] += stops[action[i]]
        hindered[slot[i]] += hinders[action[i]]
        asked = shares[1] if ordinal[i] >= busy else shares[0]
        if action[i] > 0:
            asked = max(asked, shares[2])
        share[i] = 1.0 if review[i] else asked


class Audits:
    """One desk's audits in one replay. key: of the units' lots, one a day for each entity."""

    def __init__(self, plan: AuditPlan, actions: Sequence[Action], key: int) -> None:
        self._plan, self._key = plan, key
        self._stops = np.array([action.stops for action in actions], dtype=np.bool_)
        self._hinders = np.array([action.hinders for action in actions], dtype=np.bool_)
        self._shares = np.array([plan.share, max(plan.share, plan.busy_share), plan.flagged_share])

    def select(
        self,
        entity: NDArray[np.int64],
        start: Micros,
        seen: Seen,
        action: NDArray[np.int8],
        review: NDArray[np.bool_],
    ) -> NDArray[np.float32]:
        """The probability (n,) with which each row's unit is selected here, at a question that starts at `start`.

        A unit that goes to review is so with certainty, whatever its lot: one probability for each unit, the largest
        that any of its rows asked for.
        """
        day, slot, ordinal = seen
        plan = self._plan
        share = np.empty(len(slot), dtype=np.float32)
        shares = self._shares if start >= plan.starts else _NONE
        _ask(
            action, review, slot, ordinal, self._stops, self._hinders, plan.busy_calls, shares, day.stopped,
            day.hindered, share,
        )  # fmt: skip
        return day.select(slot, share, rng.uniform(self._key, entity, start // DAY))
