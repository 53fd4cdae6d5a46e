"""Lawful calls hindered in any way (blocked, labelled, challenged, timed out), as a share of lawful intentions.

Knows: which action took effect and that it hinders, first tries. Does not know: scores. Retries count once, as in
`hard_false_blocks`.
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
class LawfulHindered:
    """Lawful first tries that were hindered over lawful first tries."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="lawful_hindered",
        doc="Share of lawful intentions hindered in any way; retries count once.",
        unit="ratio",
        better="lower",
        form="rate",
        needs=("unwanted", "first_try", "hinders"),
        slices=("caller_class",),
        about="lawful",
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Hindered lawful first tries over lawful first tries."""
        tries = intentions(rows)
        return share(tries & rows["hinders"].astype(np.bool_), tries, codes, k)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """From verified number-days, where the operator kept how many of the unit's calls it hindered; None where
        not.
        """
        return audited(seen, "hindered_calls", "calls", of=0, below=0, by=by, k=k)

    def expects(self, planning: Mapping[str, Any], slice_: str) -> tuple[float, float, float] | None:
        """Lawful calls, in all or of a class."""
        found = lawful_calls(planning, slice_)
        return None if found is None else (found[0], math.nan, found[1])


PLUGIN = LawfulHindered
