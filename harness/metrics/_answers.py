"""What is counted of answers that take time: which came too late, and how long they took, in bins of known width.

Knows: the outcome columns of a service. Does not know: any one metric, thresholds, machines.

Times are counted by bins, so that counts of days, desks and seeds add up to the byte. A bin is called by its upper end,
in microseconds: a time rounded up to two and a half figures (1.00, 1.02, ... 1.98; 2.00, 2.05, ... 4.95; 5.0, 5.1, ...
9.9 of its power of ten). A quantile is told as the end of its bin: never too short, at most 2.5 % too long. A budget
such as 5 ms or 50 ms is itself the end of a bin, so that to hold it against a quantile is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Rows

NEEDS = ("response_us", "service")
ANSWERED = 0
"""The state of a question that was answered in time (sim.core.service)."""


def asked(rows: Rows) -> NDArray[np.float64]:
    """1 for each row (n,) that a service was asked about, else 0: a price that the clock alone moves asks nothing."""
    return np.asarray(rows["response_us"] >= 0, dtype=np.float64)


def late(rows: Rows) -> NDArray[np.bool_]:
    """Questions (n,) whose answer did not take effect: timed out, refused or failed."""
    return np.asarray(rows["service"] != ANSWERED)


def ends(spans: NDArray[np.int64]) -> NDArray[np.int64]:
    """The upper ends of the bins of times (n,), microseconds; whole numbers, exactly."""
    spans = np.maximum(np.asarray(spans, dtype=np.int64), 0)
    step = np.ones(len(spans), dtype=np.int64)
    for power in range(3, 18):
        head = 10 ** (power - 1)
        for most, width in ((2 * head, head // 50), (5 * head, head // 20), (10 * head, head // 10)):
            inside = (spans > head) & (spans <= most) & (spans > _below(most, head))
            step[inside] = max(1, width)
    return -(-spans // step) * step


def _below(most: int, head: int) -> int:
    """Where the stretch that ends at `most` begins."""
    return {2: head, 5: 2 * head, 10: 5 * head}[most // head]


NOT_IN_TIME = 3_600_000_000
"""As how long a question counts that had no answer in time: an hour, which is in no budget. To count it as long as its
caller waited would let a short time-out, or a refusal at once, pass for speed."""


def binned(rows: Rows) -> dict[int, int]:
    """Questions by the bin of the time until their answer, by its upper end in microseconds."""
    spans = np.minimum(rows["response_us"], NOT_IN_TIME)
    spans = np.where(late(rows), NOT_IN_TIME, spans)[rows["response_us"] >= 0]
    found, counts = np.unique(ends(spans), return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))
