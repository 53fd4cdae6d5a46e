"""Capacity: how much load a service bears before it breaks a budget, with how many workers, and what one more buys.

Knows: services, demand, budgets, bisection. Does not know: how demand is found, how a result is drawn or written.

A budget is kept at a multiple of the load where it is kept over the busiest window of a seed. Who gets no answer
(timed out, refused, failed) has waited forever: a service cannot keep its p99 by turning a fiftieth away. The first
tenth of the window is served and not judged: queues and workers begin empty and cold.
Multiples are powers of 2^(1/32), so that budgets and workers meet on the same ones. Where a load has more calls than
are looked at, its window is run through in less time, at the same rates.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.demand import Demand
from harness.survival import Bracket, Middle, middle
from sim import open_queue
from sim.core.errors import UserError, closest
from sim.core.service import ANSWERED, NO_LIMIT, Served, Service, littles_law
from sim.core.time import NEVER, Micros, format_duration, parse_duration

QUANTILES: Mapping[str, float] = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}
LATE = "late"
MOST_CALLS = 400_000
"""Looked at in one window, so that 4,000 lie beyond a p99."""
MOST_STAGED = 20_000
"""The same where batches or retries leave no other way than events: 200 lie beyond a p99."""
MOST_WORKERS = 4_096
FINE = 32
"""Multiples between a load and its double."""
LOWEST, HIGHEST = -10 * FINE, 24 * FINE
UNJUDGED = 0.1
POINTS = 12


@dataclass(frozen=True)
class Budget:
    """A quantile of response times, in microseconds, or the share that gets no answer in time, that is not exceeded."""

    name: str
    most: float

    def __str__(self) -> str:
        if self.name == LATE:
            return f"late <= {100 * self.most:.4g} %"
        return f"{self.name} <= {format_duration(round(self.most))}"


class Look(NamedTuple):
    """One multiple with one number of workers on one seed. quantiles: microseconds, NEVER where too many got no answer;
    late: the share without an answer in time; busy: the workers' share of time at work, by the mean of their times."""

    calls: int
    quantiles: Mapping[str, int]
    late: float
    busy: float

    def keeps(self, budget: Budget) -> bool:
        """Whether a budget is kept."""
        return (self.late if budget.name == LATE else self.quantiles[budget.name]) <= budget.most


def multiple(step: int) -> float:
    """The multiple of the load at a step; 1 at 0."""
    return float(2.0 ** (step / FINE))


@dataclass
class Peak:
    """A service under one seed's demand. Every look is remembered."""

    service: Service
    demand: Demand
    name: str
    looks: dict[tuple[int, int], Look] = field(default_factory=dict)

    def look(self, workers: int, step: int) -> Look:
        """What is seen with so many workers at a step of the load."""
        found = self.looks.get((workers, step))
        if found is None:
            found = self.looks[workers, step] = self._look(workers, step)
        return found

    def little(self) -> tuple[float, float]:
        """L and lambda W of all calls at the scenario's own load."""
        arrived, served, _ = self._served(self.service.workers, 0)
        return littles_law(served, arrived)

    def _served(self, workers: int, step: int) -> tuple[NDArray[np.int64], Served, Micros]:
        most = MOST_CALLS if self.service.is_seamless else MOST_STAGED
        arrived, ids, end = self.demand.at(multiple(step), most)
        service = dataclasses.replace(self.service, workers=workers)
        rows = np.full(len(ids), self.demand.rows, dtype=np.int64) if self.demand.rows > 1 else None
        return arrived, open_queue(service, self.demand.seed, self.name).serve(arrived, ids, rows), end

    def _look(self, workers: int, step: int) -> Look:
        arrived, served, end = self._served(workers, step)
        span = end - self.demand.start
        judged = arrived >= self.demand.start + int(span * UNJUDGED)
        answered = served.state[judged] == ANSWERED
        response = np.where(answered, (served.acted - arrived)[judged], NEVER)
        n, busy = len(response), len(arrived) * self.service.times.mean(self.demand.rows) / (span * workers)
        if not n:
            return Look(len(arrived), dict.fromkeys(QUANTILES, 0), 0.0, busy)
        ranks = {name: math.ceil(q * n) - 1 for name, q in QUANTILES.items()}
        ordered = np.partition(response, sorted(set(ranks.values())))
        quantiles = {name: int(ordered[rank]) for name, rank in ranks.items()}
        return Look(len(arrived), quantiles, 1.0 - float(answered.mean()), busy)


def highest(peak: Peak, workers: int, budgets: Sequence[Budget]) -> Bracket:
    """Multiples between which the first of these budgets breaks: (kept, broken]; (kept, inf) where nothing more is
    looked at, (-inf, broken] where it was broken at the lowest."""

    def keeps(step: int) -> bool:
        return all(peak.look(workers, step).keeps(budget) for budget in budgets)

    low = 0
    if keeps(0):
        while True:
            if low == HIGHEST:
                return multiple(low), math.inf
            if not keeps(low + FINE):
                break
            low += FINE
    else:
        while True:
            low -= FINE
            if low < LOWEST:
                return -math.inf, multiple(low + FINE)
            if keeps(low):
                break
    high = low + FINE
    while high - low > 1:
        middle_step = (low + high) // 2
        if keeps(middle_step):
            low = middle_step
        else:
            high = middle_step
    return multiple(low), multiple(high)


def needed(peak: Peak, step: int, budgets: Sequence[Budget]) -> int | None:
    """Fewest workers that keep all these budgets at a step; None where MOST_WORKERS do not."""

    def keeps(workers: int) -> bool:
        return all(peak.look(workers, step).keeps(budget) for budget in budgets)

    low, high = 0, 1
    while not keeps(high):
        low, high = high, high * 2
        if high > MOST_WORKERS:
            return None
    while high - low > 1:
        between = (low + high) // 2
        if keeps(between):
            high = between
        else:
            low = between
    return high


@dataclass(frozen=True)
class Point:
    """A place on the curve: medians over seeds with least and most. p50 and p99 in microseconds (NEVER: no answer)."""

    multiple: float
    per_second: float
    busy: float
    p50: tuple[int, int, int]
    p99: tuple[int, int, int]
    late: tuple[float, float, float]


@dataclass(frozen=True)
class Capacity:
    """What was found of one service. by_budget: highest multiple of each; together: of all at once; needed: workers at
    the tentpole, on each seed; by_workers: the highest multiple of all budgets with so many; little: L and lambda W of
    each seed at the scenario's own load."""

    names: tuple[str, ...]
    service: Service
    by_budget: Mapping[str, Middle]
    together: Middle
    needed: Mapping[int, int | None]
    by_workers: Mapping[int, Middle]
    curve: tuple[Point, ...]
    little: tuple[tuple[float, float], ...]


def capacity(
    names: Sequence[str],
    service: Service,
    demands: Sequence[Demand],
    name: str,
    budgets: Sequence[Budget],
    tentpole: float,
) -> Capacity:
    """Size a service. `name` keys its chance; `tentpole`: the multiple at which workers are counted.

    Raises UserError where a budget says nothing of this service."""
    step = round(FINE * math.log2(tentpole))
    if any(budget.name == LATE for budget in budgets) and not may_be_late(service):
        raise UserError(
            "budget late: nothing is ever late without a time-out, a queue limit or a dependency that fails"
        )
    peaks = [Peak(service, one, name) for one in demands]
    by_budget = {
        str(budget): middle([highest(p, service.workers, [budget]) for p in peaks]) for budget in budgets
    }
    around = [c for c in range(service.workers - 1, service.workers + 4) if 0 < c <= MOST_WORKERS]
    by_workers = {c: middle([highest(p, c, budgets) for p in peaks]) for c in around}
    together = by_workers[service.workers]
    return Capacity(
        tuple(names),
        service,
        by_budget,
        together,
        {peak.demand.seed: needed(peak, step, budgets) for peak in peaks},
        by_workers,
        curve(peaks, _reach(together)),
        tuple(peak.little() for peak in peaks),
    )


def may_be_late(service: Service) -> bool:
    """Whether a call can be left without an answer."""
    fails = any(one.on_failure == "fail" for one in service.dependencies)
    return service.time_out < NEVER or service.limit != NO_LIMIT or fails


def _reach(found: Middle) -> int:
    """The step that the curve is drawn around: where budgets break."""
    if math.isfinite(found.value):
        return round(FINE * math.log2(found.value))
    return HIGHEST if found.value > 0 else LOWEST


def curve(peaks: Sequence[Peak], around: int) -> tuple[Point, ...]:
    """Response times and lost answers from an eighth of a load up to twice it."""
    steps = sorted({around + (4 * FINE * i) // (POINTS - 1) - 3 * FINE for i in range(POINTS)} | {around})
    points = []
    for step in steps:
        looks = [peak.look(peak.service.workers, step) for peak in peaks]
        rate = float(np.median([peak.demand.per_second(multiple(step)) for peak in peaks]))
        busy = float(np.median([look.busy for look in looks]))
        p50, p99 = (_spread([look.quantiles[name] for look in looks]) for name in ("p50", "p99"))
        late = sorted(look.late for look in looks)
        middle_late = late[(len(late) - 1) // 2]
        points.append(Point(multiple(step), rate, busy, p50, p99, (middle_late, late[0], late[-1])))
    return tuple(points)


def _spread(values: Sequence[int]) -> tuple[int, int, int]:
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2], ordered[0], ordered[-1]


def budget_of(text: str) -> Budget:
    """A budget as written: p99=50ms, late=0.1%. Raises UserError."""
    name, _, value = (part.strip() for part in text.partition("="))
    known = (*QUANTILES, LATE)
    if name not in known:
        raise UserError(f"--budget: '{text}', expected {', '.join(known)} and a value{closest(name, known)}")
    try:
        if name != LATE:
            most = float(parse_duration(value))
        else:
            most = float(value[:-1]) / 100.0 if value.endswith("%") else float(value)
    except ValueError:
        wanted = "a duration such as 50ms" if name != LATE else "a share such as 0.001 or 0.1%"
        raise UserError(f"--budget {name}: got '{value}', expected {wanted}") from None
    if name == LATE and not 0.0 <= most < 1.0:
        raise UserError(f"--budget late: got '{value}', expected a share from 0 to 1")
    return Budget(name, most)
