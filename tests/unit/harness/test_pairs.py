"""Pairs of key and value outlive their items in the table: counts stay exact and the table does not grow with time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from harness import windows
from harness.accumulation import Accumulation
from harness.features._algebra import Accumulator
from harness.keys import Keys
from sim.core import rng
from sim.core.events import Field, Schema, block
from sim.core.time import HOUR, MINUTE

CALL = Schema("call", tuple(Field(name, "int64", "", "") for name in ("t", "id", "caller", "callee")))
BY = ("caller",)
WINDOWS = (HOUR, 3 * HOUR)


def test_distinct_counts_are_exact_while_pairs_come_go_and_come_back() -> None:
    """Sixty times the longest window; a table that begins with four places is entered anew again and again."""
    keys = Keys(1, room=2)
    needs = [Accumulator("distinct", "call", BY, BY, window, of="callee") for window in WINDOWS]
    accumulation = Accumulation(needs, CALL, keys, room=2)
    draw, rows, seen = rng.stream(3, "tests", "pairs"), 40, list[tuple[int, int, int]]()
    sizes, taken = [], []
    for tick in range(180):
        t = np.sort(draw.integers(tick * HOUR, (tick + 1) * HOUR, rows)) // MINUTE * MINUTE
        # Both change slowly: slots pass from one caller to another; callees return, some within the window.
        caller, callee = (
            draw.integers(tick // 10, tick // 10 + 3, rows),
            draw.integers(tick, tick + 40, rows) * 2**40,
        )
        accumulation.append(block(CALL, {"t": t, "id": np.arange(rows), "caller": caller, "callee": callee}))
        found = np.empty((len(needs), rows), dtype=np.int64)
        assert accumulation.answer(t, keys.find([caller]), found) == len(needs)
        seen = [one for one in seen if one[0] >= t[0] - WINDOWS[-1]] + list(
            zip(t.tolist(), caller.tolist(), callee.tolist(), strict=True)
        )
        for place, (now, who) in enumerate(zip(t.tolist(), caller.tolist(), strict=True)):
            for n, window in enumerate(WINDOWS):
                inside = {what for at, whose, what in seen if whose == who and now - window <= at < now}
                assert found[n, place] == len(inside)
        sizes.append(len(accumulation.store.pairs))
        taken.append(int(accumulation.store.marks[windows.PAIRS]))
    assert max(sizes) == max(sizes[:20])
    assert max(taken) < 0.7 * max(sizes)
    assert sum(after < before for before, after in pairwise(taken)) >= 3
