"""What queueing theory says of a service, in closed form.

Knows: Erlang C, Pollaczek and Khinchine, birth and death. Does not know: any simulation.

Sources: Kleinrock, Queueing Systems, vol. 1 (1975): M/M/c in 3.5, M/M/c/K in 3.6 to 3.8, M/G/1 in 5.6.
"""

from __future__ import annotations

import math

import numpy as np

from sim.core.service_times import ServiceTimes


def waits(workers: int, load: float) -> float:
    """Share that waits in M/M/c (Erlang C), from Erlang B by its stable recursion. load: per worker."""
    offered, blocked = load * workers, 1.0
    for c in range(1, workers + 1):
        blocked = offered * blocked / (c + offered * blocked)
    return blocked / (1.0 - load * (1.0 - blocked))


def wait_quantile(workers: int, load: float, mean: float, beyond: float) -> float:
    """The wait that a share `beyond` exceeds: P(W > w) = C exp(-c (1 - load) w / mean); 0 where fewer wait at all."""
    share = waits(workers, load)
    return 0.0 if beyond >= share else mean * math.log(share / beyond) / (workers * (1.0 - load))


def mean_wait(workers: int, load: float, mean: float) -> float:
    return waits(workers, load) * mean / (workers * (1.0 - load))


def mean_wait_general(times: ServiceTimes, load: float) -> float:
    """Mean wait in M/G/1 (Pollaczek and Khinchine): load E[S^2] / (2 (1 - load) E[S])."""
    depth = np.linspace(0.0, 36.0, 360_001)
    spans = times.draw(-np.expm1(-depth)).astype(np.float64)
    weight = np.exp(-depth)
    second = float(np.trapezoid(spans**2 * weight, depth))
    first = float(np.trapezoid(spans * weight, depth))
    return load * second / (2.0 * (1.0 - load) * first)


def refused(workers: int, room: int, load: float) -> float:
    """Share turned away in M/M/c/K with `room` places to wait, K = workers + room. load: offered, per worker."""
    offered, weight, total = load * workers, 1.0, 1.0
    for n in range(1, workers + room + 1):
        weight *= offered / min(n, workers)
        total += weight
    return weight / total
