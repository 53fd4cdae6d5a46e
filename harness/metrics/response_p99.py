"""`response_p99`: the time within which 99 of 100 questions had their answer.

Knows: its quantile. Does not know: budgets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.kinds import MetricSpec
from harness.metrics._response import ResponseTime, timing


@dataclass(frozen=True)
class ResponseP99(ResponseTime):
    """Milliseconds, from the intended arrival."""

    spec: ClassVar[MetricSpec] = timing("response_p99", 0.99)


PLUGIN = ResponseP99
