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
from sim.core.decisions import Action
from sim.core.time import DAY, Micros

Seen = tuple[Day, NDArray[np.int32], NDArray[np.int32]]
"""The day's units, and each row's slot and ordinal in its unit (`Units.observe`)."""


class Audits:
    """One desk's audits in one replay. key: of the units' lots, one a day for each entity."""

    def __init__(self, plan: AuditPlan, actions: Sequence[Action], key: int) -> None:
        self._plan, self._key = plan, key
        self._stops = np.array([action.stops for action in actions], dtype=np.bool_)
        self._hinders = np.array([action.hinders for action in actions], dtype=np.bool_)

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
        acted = action > 0
        for count, marks in ((day.stopped, self._stops), (day.hindered, self._hinders)):
            rows = np.flatnonzero(marks[action])
            if len(rows):
                np.add.at(count, slot[rows], 1)
        share = np.where(ordinal >= plan.busy_calls, max(plan.share, plan.busy_share), plan.share)
        share = np.where(acted, np.maximum(share, plan.flagged_share), share)
        if start < plan.starts:
            share = np.zeros(len(entity))
        share = np.where(review, 1.0, share).astype(np.float32)
        return day.select(slot, share, rng.uniform(self._key, entity, start // DAY))
