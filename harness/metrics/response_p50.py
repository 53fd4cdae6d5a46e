"""`response_p50`: the time within which half of the questions had their answer.

Knows: its quantile. Does not know: budgets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.kinds import MetricSpec
from harness.metrics._response import ResponseTime, timing


@dataclass(frozen=True)
class ResponseP50(ResponseTime):
    """Milliseconds, from the intended arrival."""

    spec: ClassVar[MetricSpec] = timing("response_p50", 0.5)


PLUGIN = ResponseP50
