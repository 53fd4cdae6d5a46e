"""The escape hatch: features coded in plain Python, told of items in the order in which they become known.

Knows: the contract of a coded feature, what is known when. Does not know: what it computes. One Python call per item
and per row: about a hundred times slower than a declared feature.
"""

from __future__ import annotations

import heapq

import numpy as np

from harness.features._algebra import Coded, Column
from sim.core.events import Block, Schema
from sim.core.time import Micros


class CodedFeature:
    """Feeds one coded feature: each item once, before the first question row later than the instant it is known."""

    def __init__(self, coded: Coded, own: str) -> None:
        """`own`: the stream of the questions themselves."""
        self.coded, self.own = coded, own
        self._rank = {feed: n for n, feed in enumerate(sorted(coded.reads))}
        self._waiting: list[tuple[Micros, int, int, str, dict[str, int]]] = []
        self._arrivals = 0

    def append(self, feed: str, block: Block, order: str) -> None:
        """Take in items of a stream that it reads, sorted by the instant known."""
        names = self.coded.reads[feed]
        columns = [block[name].tolist() for name in names]
        for known, *values in zip(block[order].tolist(), *columns, strict=True):
            # Equal instants go by the stream's name, then by arrival: an order that no cutting into blocks changes.
            entry = (known, self._rank[feed], self._arrivals, feed, dict(zip(names, values, strict=True)))
            heapq.heappush(self._waiting, entry)
            self._arrivals += 1

    def answer(self, block: Block, schema: Schema) -> Column:
        """The values (n,) for question rows; the rows must have been appended, when the feature reads them."""
        names = self.coded.reads.get(self.own, ())
        columns = [block[name].tolist() for name in names]
        out = np.empty(len(block), dtype=np.float32)
        for row, (t, *values) in enumerate(zip(block[schema.order].tolist(), *columns, strict=True)):
            while self._waiting and self._waiting[0][0] < t:
                known, _, _, feed, item = heapq.heappop(self._waiting)
                self.coded.learn(feed, known, item)
            out[row] = self.coded.value(t, dict(zip(names, values, strict=True)))
        return out
