"""A service on SimPy's stage: callers, workers, batches, dependencies, retries, as processes and resources.

Knows: SimPy, services, what they draw. Does not know: what is asked, worlds.

Reference of the array walk (sim.engine.service_queue), and what answers where that cannot.
What happens at one instant happens in this order: work ends; who waits is begun; who has waited enough leaves; whoever
arrives looks. So whoever begins or leaves at an instant is not met by whoever arrives at it.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Generator
from typing import Any, cast

import numpy as np
import simpy
from numpy.typing import NDArray
from simpy.events import EventPriority

from sim.core.errors import Defect
from sim.core.service import ANSWERED, FAILED, NO_LIMIT, REFUSED, TIMED_OUT, Served, Service
from sim.core.time import NEVER, Micros
from sim.engine.service_chance import Chance

Ints = NDArray[np.int64]
Act = Generator[simpy.Event, Any, None]
Worker = tuple[Micros, Micros]
"""Free since, and when his last call began."""

_ENDS, _BEGINS, _LEAVES, _ARRIVES = range(1, 5)


class _At(simpy.Event):
    """An instant, at a rank among what happens then."""

    def __init__(self, stage: simpy.Environment, instant: Micros, rank: int) -> None:
        super().__init__(stage)
        self._ok, self._value = True, None
        stage.schedule(self, EventPriority(rank), max(0, instant - int(stage.now)))


class _Attempt:
    """One attempt of one caller. done: succeeds with the state and whether the answer is degraded."""

    __slots__ = ("arrived", "begun", "done", "nth", "row")

    def __init__(self, row: int, nth: int, arrived: Micros, done: simpy.Event) -> None:
        self.row, self.nth, self.arrived, self.done = row, nth, arrived, done
        self.begun = NEVER


class Staged:
    """`sim.core.service.Queue` by events. Each call has a stage of its own; workers and who waits are carried over."""

    def __init__(self, service: Service, chance: Chance) -> None:
        self._service, self._chance = service, chance
        self._workers: list[Worker] = [(-NEVER, -NEVER)] * service.workers
        self._leaves: list[Micros] = []
        self._last = -NEVER

    def serve(self, arrived: Ints, ids: Ints, rows: Ints | None = None) -> Served:
        """Answer a call's questions, and let everything that came of them happen."""
        if rows is not None:
            raise Defect("questions of several events each, at a service with batches or retries")
        if len(arrived) and (arrived[0] < self._last or (np.diff(arrived) < 0).any()):
            raise Defect(f"arrivals out of order, the last before them at {self._last}")
        shift = _Shift(self._service, self._chance, arrived, ids, self._workers, self._leaves)
        if len(arrived):
            shift.stage.run()
            self._last = int(arrived[-1])
            self._workers = list(shift.idle.items)
            self._leaves = [instant for instant in shift.leaves if instant > self._last]
        return shift.served()


class _Shift:
    """One call's stage."""

    def __init__(
        self,
        service: Service,
        chance: Chance,
        arrived: Ints,
        ids: Ints,
        workers: list[Worker],
        before: list[Micros],
    ) -> None:
        n = len(arrived)
        self._service, self._chance, self._ids = service, chance, ids
        self._arrived: list[Micros] = arrived.tolist()
        self.stage = simpy.Environment(initial_time=self._arrived[0] if n else 0)
        self.idle = simpy.PriorityStore(self.stage)
        self._line: deque[_Attempt] = deque()
        self._ghosts = sorted(before)
        """When those leave who waited at the end of the call before."""
        self.leaves = list(before)
        self._works: list[Micros] = chance.work(ids).tolist()
        self._asks: list[list[Micros]] = chance.asked(ids).T.tolist()
        self._attempts: list[_Attempt | None] = [None] * n
        self._acted = np.zeros(n, dtype=np.int64)
        self._state, self._degraded = np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.bool_)
        for worker in workers:
            self.stage.process(self._comes_back(worker))
        self.stage.process(self._feed())

    def served(self) -> Served:
        """What became of everybody, once nothing is left to happen."""
        attempts = [one for one in self._attempts if one is not None]
        begun = np.array([one.begun for one in attempts], dtype=np.int64)
        arrived = np.array(self._arrived, dtype=np.int64)
        answered = np.where(self._state == ANSWERED, self._acted, NEVER)
        waited = np.where(begun < NEVER, begun, self._acted) - arrived
        tries = np.array([one.nth + 1 for one in attempts], dtype=np.int16)
        degraded = self._degraded & (self._state == ANSWERED)
        return Served(begun, answered, self._acted, waited, self._state, degraded, tries)

    # --- callers ----------------------------------------------------------------------------------------------------

    def _feed(self) -> Act:
        for row, instant in enumerate(self._arrived):
            yield _At(self.stage, instant, _ARRIVES)
            self.stage.process(self._call(row, instant))

    def _call(self, row: int, arrived: Micros) -> Act:
        service, stage = self._service, self.stage
        retries, deadline = service.retries, arrived + service.time_out
        nth = 0
        while True:
            now = int(stage.now)
            attempt = _Attempt(row, nth, now, stage.event())
            self._attempts[row] = attempt
            until = min(deadline, now + retries.after) if retries else deadline
            state, degraded = REFUSED, False
            if self._offer(attempt):
                yield attempt.done if until >= NEVER else attempt.done | _At(stage, until, _LEAVES)
                if attempt.done.triggered:
                    state, degraded = cast(tuple[int, bool], attempt.done.value)
                else:
                    state = TIMED_OUT
                    self._gives_up(attempt)
            now = int(stage.now)
            again = now + self._chance.back_off(int(self._ids[row]), nth)
            if state == ANSWERED or retries is None or nth == retries.most or again >= deadline:
                self._acted[row], self._state[row], self._degraded[row] = now, state, degraded
                return
            yield _At(stage, again, _ARRIVES)
            nth += 1

    def _gives_up(self, attempt: _Attempt) -> None:
        if self._service.abandon and attempt.begun == NEVER:
            self._line.remove(attempt)
            self._left(attempt)

    # --- the line ---------------------------------------------------------------------------------------------------

    def _offer(self, attempt: _Attempt) -> bool:
        """Let an attempt in; False where it is refused."""
        limit, now = self._service.limit, int(self.stage.now)
        self._line.append(attempt)
        if not self._is_ripe() and limit != NO_LIMIT:
            while self._ghosts and self._ghosts[0] <= now:
                heapq.heappop(self._ghosts)
            if len(self._line) - 1 + len(self._ghosts) >= limit:
                self._line.pop()
                return False
        self._begin()
        if self._service.window and attempt.begun == NEVER:
            self.stage.process(self._begins_at(now + self._service.window))
        return True

    def _is_ripe(self) -> bool:
        if not self.idle.items or not self._line:
            return False
        service = self._service
        return len(self._line) >= service.most or self.stage.now >= self._line[0].arrived + service.window

    def _begin(self) -> None:
        while self._is_ripe():
            batch = [self._line.popleft() for _ in range(min(self._service.most, len(self._line)))]
            for attempt in batch:
                attempt.begun = int(self.stage.now)
                self._left(attempt)
            worker = cast(Worker, self.idle.get().value)
            self.stage.process(self._work(batch, worker))

    def _left(self, attempt: _Attempt) -> None:
        if self._service.limit != NO_LIMIT and self.stage.now > attempt.arrived:
            self.leaves.append(int(self.stage.now))

    def _begins_at(self, instant: Micros) -> Act:
        yield _At(self.stage, instant, _BEGINS)
        self._begin()

    # --- workers ----------------------------------------------------------------------------------------------------

    def _comes_back(self, worker: Worker) -> Act:
        if worker[0] > self.stage.now:
            yield _At(self.stage, worker[0], _ENDS)
        # Others may end at this instant: whoever is free longest takes the next.
        self.idle.put(worker)
        yield _At(self.stage, int(self.stage.now), _BEGINS)
        self._begin()

    def _work(self, batch: list[_Attempt], worker: Worker) -> Act:
        begun, first = int(self.stage.now), batch[0]
        ids = self._ids[first.row : first.row + 1]
        again, size = first.nth, len(batch)
        asks = self._chance.asked(ids, again)[:, 0].tolist() if again else self._asks[first.row]
        now, state, degraded = begun + self._warms_up(worker, begun), ANSWERED, False
        for one, down, takes in zip(self._service.dependencies, self._chance.down, asks, strict=True):
            if now > self.stage.now:
                yield _At(self.stage, now, _ENDS)
            ends = down.until(now)
            if one.on_failure == "wait":
                now = (now if ends is None else ends) + takes
            elif ends is None and takes <= one.time_out:
                now += takes
            else:
                now += one.time_out
                degraded = True
                if one.on_failure == "fail":
                    state = FAILED
                    break
        if state != FAILED:
            now += self._works[first.row] if not again and size == 1 else self._spent(ids, again, size)
        yield _At(self.stage, now, _ENDS)
        for attempt in batch:
            attempt.done.succeed((state, degraded))
        yield from self._comes_back((now, begun))

    def _spent(self, ids: Ints, nth: int, size: int) -> Micros:
        return int(self._chance.work(ids, nth, size)[0])

    def _warms_up(self, worker: Worker, begun: Micros) -> Micros:
        cold, (free, since) = self._service.cold, worker
        if cold is None:
            return 0
        released = any(since < instant <= begun for instant in cold.releases)
        return cold.takes if since == -NEVER or begun - free > cold.idle or released else 0
