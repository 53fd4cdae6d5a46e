"""Lawful calls that were stopped, as a share of lawful intentions.

Knows: which action took effect, first tries. Does not know: scores. A retry of a stopped call is the same
intention: an intention counts by its first try, so a caller who dials four times in vain is one false block.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._sums import audited, intentions, lawful_calls, share


@dataclass(frozen=True)
class HardFalseBlocks:
    """Lawful first tries that were stopped over lawful first tries."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="hard_false_blocks",
        doc="Share of lawful intentions whose call was stopped; retries count once.",
        unit="ratio",
        better="lower",
        form="rate",
        needs=("unwanted", "first_try", "stops"),
        slices=("caller_class",),
        about="lawful",
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Stopped lawful first tries over lawful first tries."""
        tries = intentions(rows)
        return share(tries & rows["stops"].astype(np.bool_), tries, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From verified number-days: stopped over all calls of units found lawful, each by the inverse of its
        propensity.

        Blind to wrong verifications, and counts attempts where the truth counts intentions.
        """
        return audited(seen, "stopped_calls", "calls", of=0, below=0, by=by, k=k)

    def expects(self, planning: Mapping[str, Any], slice_: str) -> tuple[float, float, float] | None:
        """Lawful calls, in all or of a class."""
        found = lawful_calls(planning, slice_)
        return None if found is None else (found[0], math.nan, found[1])


PLUGIN = HardFalseBlocks
