"""Lawful intentions that were answered, against the incumbent: what blocks and labels cost those who did nothing
wrong.

Knows: answers, first tries. Does not know: durations. An intention is answered at most once (nobody retries a call
that was answered), so answered attempts are answered intentions. A label costs answers too: shown as spam, few
calls are picked up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import intentions, lawful, lawful_calls, share


@dataclass(frozen=True)
class LawfulAnswered:
    """Answered share of lawful intentions minus the incumbent's."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="lawful_answered",
        doc="Answered share of lawful intentions, as a difference to the incumbent on the same world and seeds.",
        unit="share",
        better="higher",
        form="difference",
        needs=("unwanted", "first_try", "answered"),
        slices=("caller_class",),
        about="lawful",
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Answered lawful attempts over lawful first tries."""
        return share(lawful(rows) & (rows["answered"] != 0), intentions(rows), codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: call records tell answers, but not who is lawful; an audit tells who is lawful, but not what its
        calls to untreated lines would have come to.
        """
        return None

    def expects(self, planning: Mapping[str, Any], slice_: str) -> tuple[float, float, float] | None:
        """Lawful calls and how many are answered, in all or of a class."""
        found = lawful_calls(planning, slice_)
        return None if found is None else (found[0], math.nan, found[1])


PLUGIN = LawfulAnswered
