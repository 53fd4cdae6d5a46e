"""Settlement: after the whistle the bets of a match are graded in a burst, and accounts learn what they won.

Knows: bets that stand, the queue of graders. Does not know: prices, who decided. A match's bets queue in batches for a
grading service with a rate of its own; on a Sunday several whistles go at once, and the last in line waits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.core.levers import Levers, LeverSpec
from sim.core.time import MINUTE, SECOND, Micros
from sim.engine.service import Desk
from sim.engine.stage import Act, Stage

Ints = NDArray[np.int64]

LEVERS = (
    LeverSpec("result_minutes", 5.0, "min", 0.0, 240.0, "from the whistle to the official result",
              "a vendor's log: 6-8 min until graded is typical", "secondary"),
    LeverSpec("graded_per_s", 250.0, "bets/s", 0.1, 1e9, "bets that the grading service settles in a second",
              "a vendor's log: about 3,500 bets in bursts, 2,250 calls a minute", "assumption"),
    LeverSpec("graders", 1.0, "services", 1.0, 64.0, "grading services that share the queue",
              "assumption of this simulator", "assumption", False),
)  # fmt: skip

BET, PLACED, ACCOUNT, STAKE, PAYOUT, LEGS, LIVE, GIFT = range(8)
WIDTH = 8
"""Columns of a bet that waits for its result: id, instant, account, cents, cents, legs, in play; and, untold, how many
cents of the stake are the book's own."""
BATCH = 250
"""Bets that are graded together, and become known together."""


class Settlement:
    """Bets that stand, by match. `graded(match, rows, last, now)` is told of each batch, rows (n, WIDTH); `last`: none
    of this match follow."""

    def __init__(
        self, stage: Stage, levers: Levers, graded: Callable[[int, Ints, bool, Micros], None]
    ) -> None:
        self._stage, self._levers, self._graded = stage, levers, graded
        self._service = Desk(stage, int(levers.constant("graders")), self._done)
        self._standing: dict[int, list[Ints]] = {}
        self._held: list[tuple[Ints, Ints]] = []
        """What is not parted by match yet: matches (n,), rows (n, WIDTH)."""
        self._jobs: dict[int, tuple[int, Ints, bool]] = {}
        self._next = 0
        self._bursts: list[tuple[Micros, Ints, float]] = []

    def bursts(self) -> list[tuple[Micros, Ints, float]]:
        """What has begun to be graded since this was last asked: when, ids of bets, and at how many a second."""
        found, self._bursts = self._bursts, []
        return found

    def hold(self, match: Ints, rows: Ints) -> None:
        """Keep bets (n, WIDTH) that stand on matches (n,)."""
        if len(match):
            self._held.append((match.copy(), rows.copy()))

    def _part(self) -> None:
        """Part what is held by match: once for many ticks."""
        if not self._held:
            return
        match = np.concatenate([each for each, _ in self._held])
        rows = np.concatenate([each for _, each in self._held])
        self._held = []
        order = np.argsort(match, kind="stable")
        match, rows = match[order], rows[order]
        begins = np.flatnonzero(np.append(True, match[1:] != match[:-1]))
        for each, part in zip(match[begins].tolist(), np.split(rows, begins[1:]), strict=True):
            self._standing.setdefault(each, []).append(part.copy())

    def whistle(self, match: int, at: Micros) -> Act:
        """A process: wait for the official result, then queue the match's bets, batch by batch."""
        yield self._stage.until(at + int(self._levers.now("result_minutes", at) * MINUTE))
        self._part()
        parts = self._standing.pop(match, [])
        rows = np.concatenate(parts) if parts else np.empty((0, WIDTH), dtype=np.int64)
        rate = self._levers.now("graded_per_s", self._stage.now)
        self._bursts.append((self._stage.now, rows[:, BET].copy(), rate))
        for first in range(0, max(1, len(rows)), BATCH):
            batch = rows[first : first + BATCH]
            self._jobs[self._next] = (match, batch, first + BATCH >= len(rows))
            self._service.submit(self._next, int(len(batch) / rate * SECOND))
            self._next += 1

    def _done(self, job: int, now: Micros) -> None:
        self._graded(*self._jobs.pop(job), now)
