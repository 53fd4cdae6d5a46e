"""Who was in a service: counted tick by tick, ticks without a call among them.

Knows: arrivals that are made up, one queue. Does not know: worlds.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim import open_queue
from sim.core.service import Service
from sim.core.service_times import ServiceTimes
from sim.core.time import MINUTE
from sim.engine.answering import Attendance


@pytest.mark.parametrize("after", [[], [9 * MINUTE], [3 * MINUTE, 40 * MINUTE]])
def test_a_queue_that_is_worked_off_while_nobody_comes_is_counted(after: list[int]) -> None:
    """1,200 calls of a second each in one minute take a worker twenty: nobody comes for most of the ticks after."""
    service = Service(ServiceTimes.constant(1_000_000.0))
    line, told = open_queue(service, 1, "t"), Attendance(service)
    came = np.arange(1_200, dtype=np.int64) * MINUTE // 1_200
    for begin, at in ((0, came), *((t, np.array([t + 5], dtype=np.int64)) for t in after)):
        served = line.serve(at, at)
        told.count(at, served, np.arange(len(at)), begin, begin + MINUTE)
    found = told.told(0, 60 * MINUTE)
    assert found["present"] == pytest.approx(found["rateTimesResponse"], rel=0.01)
