"""A quantile of response times: what the measures of a service's speed share.

Knows: when something took effect on each question. Does not know: scores, budgets, which quantile. A question that had
no answer in time counts as one that took an hour: a refusal is no fast answer.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._answers import NEEDS, asked, binned
from harness.metrics._sums import share


def timing(name: str, quantile: float) -> MetricSpec:
    """The card of a measure of this quantile, in milliseconds."""
    return MetricSpec(
        name=name,
        doc=f"Response time from the intended arrival, quantile {quantile:.2f}; none in time counts as an hour.",
        unit="ms",
        better="lower",
        form="quantile",
        needs=NEEDS,
        quantile=quantile,
        by_desk=True,
    )


class ResponseTime:
    """The quantile over a seed's questions, by the counts of its bins."""

    spec: ClassVar[MetricSpec]

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Questions, above and below: a quantile is no ratio; `sketch` has what it is made of."""
        every = asked(rows)
        return share(every, every, codes, k)

    def sketch(self, rows: Rows) -> dict[int, int]:
        """Questions by bin."""
        return binned(rows)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: the operator's own record of its response times is the true one, and the judge takes it as such."""
        return None
