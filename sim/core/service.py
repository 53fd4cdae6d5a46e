"""A service: what answers a world's questions, with how long it takes, how many at once, and what it leans on.

Knows: quantiles of times, workers, batches, limits, time-outs, retries, dependencies; what became of each question.
Does not know: models, features, how a queue is walked, SimPy, where the figures were measured.

All instants and spans are whole microseconds. Chance is keyed by the question's id and the attempt: a question's own
work is the same whatever happens to any other. What it waits is not: a queue is a channel between all that pass it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import Defect
from sim.core.service_times import ServiceTimes
from sim.core.time import NEVER, Micros

Ints = NDArray[np.int64]
Listener = Callable[[Ints, "Ints | None"], None]
"""Is told of calls (n,) as they arrive, other tenants' among them: instants, ascending; rows of each, None for one."""

ANSWERED, TIMED_OUT, REFUSED, FAILED = range(4)
STATES = ("answered", "timed out", "refused", "failed")
NO_LIMIT = -1


@dataclass(frozen=True)
class Outages:
    """When a dependency does not answer: windows that are known, or windows that are drawn.

    windows: (from, to) in Micros, ascending and apart; `to` is outside. between, lasts: mean spans from an end to the
    next beginning, and of an outage, both exponential and keyed by the dependency's name: whoever leans on it meets
    the same ones; 0 for none. Raises Defect.
    """

    windows: tuple[tuple[Micros, Micros], ...] = ()
    between: Micros = 0
    lasts: Micros = 0

    def __post_init__(self) -> None:
        edges = [edge for window in self.windows for edge in window]
        if any(b <= a for a, b in pairwise(edges)):
            raise Defect(f"outages {self.windows}, expected ascending windows that lie apart")
        if min(self.between, self.lasts) < 0 or (self.between == 0) != (self.lasts == 0):
            raise Defect(
                f"outages every {self.between} of {self.lasts} microseconds, expected both or neither"
            )
        if self.windows and self.between:
            raise Defect("outages are given as windows or drawn, not both")


@dataclass(frozen=True)
class Dependency:
    """Another service that a worker asks, and waits for, before it answers: a log-in, geolocation, a feature store.

    It has room for all: its time is drawn for each attempt (for each batch, by its first event). time_out: how long a
    worker waits for it. An answer that takes longer, or none because it is down when asked, is a failure after that
    span. on_failure: `wait` waits an outage out and then for its answer, however long; `skip` answers without it (the
    answer is degraded); `fail` gives the question up, so that its fallback takes effect.
    Raises Defect where a failure could not come to an end.
    """

    name: str
    times: ServiceTimes
    outages: Outages = field(default_factory=Outages)
    time_out: Micros = NEVER
    on_failure: Literal["wait", "skip", "fail"] = "wait"

    def __post_init__(self) -> None:
        if self.time_out < 0 or (self.on_failure != "wait" and self.time_out >= NEVER):
            raise Defect(
                f"dependency {self.name}: {self.on_failure} after {self.time_out}, expected a time-out"
            )


@dataclass(frozen=True)
class Retries:
    """The caller tries again where an attempt was refused, failed, or was not answered within `after` of it.

    most: further attempts, at most. The n-th comes back_off * growth^(n-1) after the attempt before was lost, times 1
    plus up to `jitter` (keyed), and only within the caller's time-out.
    """

    most: int
    back_off: Micros
    growth: float = 2.0
    jitter: float = 0.0
    after: Micros = NEVER

    def __post_init__(self) -> None:
        if self.most < 1 or min(self.back_off, self.after) < 0 or self.growth < 1.0 or self.jitter < 0.0:
            raise Defect(f"retries {self}, expected 1 or more, spans of 0 or more, growth of 1 or more")


@dataclass(frozen=True)
class ColdStart:
    """A worker's call takes `takes` longer where it is his first, the first after he had nothing to do for more than
    `idle`, or the first that begins at or after a release."""

    takes: Micros
    idle: Micros = NEVER
    releases: tuple[Micros, ...] = ()

    def __post_init__(self) -> None:
        if min(self.takes, self.idle) < 0 or list(self.releases) != sorted(self.releases):
            raise Defect(f"cold start {self}, expected spans of 0 or more and releases in order")


@dataclass(frozen=True)
class Service:
    """What answers, first come, first served: the worker that has been free longest takes whoever waits longest.

    times: of one call of a worker. workers: 1 or more. window, most: a worker takes up to `most` that wait, once there
    are `most` or the first of them has waited for `window`; a call's batch is one call (one uniform, one call of each
    dependency, that of its first event). limit: how many may wait (not counting those at work; whoever can be begun at
    once does not wait); NO_LIMIT, or 0. time_out: how long a caller waits, from the intended arrival on. abandon: True
    where a worker looks at that before it begins, and leaves out whom nobody waits for any more (he left the queue when
    he gave up); False where it does the work all the same, as services do that do not check deadlines. Work that has
    begun is finished in any case. halts: of a service that quotes: what is heard and changes the price takes no more
    bets until the price that takes it in is in force; caches: what is heard and changes nothing is answered without a
    call; substitutes: where no answer comes in time, the price that the desk has instead is in force. Raises Defect for
    figures that are none.
    """

    times: ServiceTimes
    workers: int = 1
    window: Micros = 0
    most: int = 1
    limit: int = NO_LIMIT
    time_out: Micros = NEVER
    abandon: bool = False
    retries: Retries | None = None
    cold: ColdStart | None = None
    dependencies: tuple[Dependency, ...] = ()
    halts: bool = False
    caches: bool = False
    substitutes: bool = False
    listener: Listener | None = field(default=None, compare=False, repr=False)
    """Is told of every call that reaches it."""

    def __post_init__(self) -> None:
        if self.workers < 1 or self.most < 1 or self.window < 0 or self.limit < NO_LIMIT or self.time_out < 0:
            raise Defect(f"a service of {self.workers} workers, batches of {self.most}, limit {self.limit}")
        if 0 <= self.limit < self.most and self.most > 1:
            raise Defect(f"a limit of {self.limit} that batches of {self.most} do not fit in")
        names = [one.name for one in self.dependencies]
        if len(set(names)) < len(names):
            raise Defect(f"dependencies {names}, expected different names")

    @property
    def is_seamless(self) -> bool:
        """Whether no answer depends on who arrives later: then it does not matter how arrivals are cut into calls."""
        return self.most == 1 and self.window == 0 and self.retries is None


class Served(NamedTuple):
    """What became of questions (n,), in the order of arrival. Instants and spans in Micros.

    begun: when a worker began with it (for retries: with the attempt that told), NEVER where none did. answered: when
    the answer reached a caller who still waited, NEVER where none did. acted: when the caller knew how it stands, and
    the answer or the fallback took effect: `answered`, or when he stopped waiting, was refused or was told of a
    failure for good. waited: from arrival until begun, or until acted where it was not. state (int8): ANSWERED, ... .
    degraded (bool): answered without a dependency. attempts (int16): 1 and the retries.
    """

    begun: Ints
    answered: Ints
    acted: Ints
    waited: Ints
    state: NDArray[np.int8]
    degraded: NDArray[np.bool_]
    attempts: NDArray[np.int16]


class Queue(Protocol):
    """The questions before a service, call by call.

    Arrivals of one call are not before those of the calls before; who waits or is at work stays so from call to call.
    Where the service is seamless, any cut of the arrivals into calls gives the same answers to the byte. Where it is
    not (batches, retries), the end of a call is a barrier: a batch holds arrivals of one call only, and attempts of a
    call come before any arrival of the next. A world whose calls are its ticks has the same answers at every run.
    """

    def serve(self, arrived: Ints, ids: Ints, rows: Ints | None = None) -> Served:
        """Answer questions that arrive at `arrived` (n,), ascending; ids (n,) key their chance. rows (n,): how many
        events each question holds, one call's batch; None for one each. Raises Defect where arrivals are out of order,
        or where a service that is not seamless is asked questions of several events."""
        ...


def littles_law(served: Served, arrived: Ints) -> tuple[float, float]:
    """L, the mean number of callers who wait or are served, and lambda * W, over these questions' own span.

    L is counted, entry by entry and exit by exit; lambda W is the sum of what each spent, over the same span, from the
    first arrival to the last that acts. Nobody is present at either end, so the two are equal to the microsecond; who
    lost or counted a caller twice would see them differ. Both 0 for nobody.
    """
    if not len(arrived):
        return 0.0, 0.0
    first, last = int(arrived.min()), int(served.acted.max())
    if last == first:
        return 0.0, 0.0
    instants = np.concatenate([arrived, served.acted])
    steps = np.repeat(np.array([1, -1], dtype=np.int64), len(arrived))
    order = np.argsort(instants, kind="stable")
    present = np.cumsum(steps[order])[:-1]
    area = int((present * np.diff(instants[order])).sum())
    spent = int((served.acted - arrived).sum())
    return area / (last - first), spent / (last - first)


def joined(parts: Sequence[Served]) -> Served:
    """The answers of several calls, one after the other; at least one."""
    return Served(*(np.concatenate(column) for column in zip(*parts, strict=True)))
