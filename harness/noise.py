"""How quiet a machine is: switches, steal, the share of the clock that a process gets, and gaps in a spin.

Knows: what the operating system tells, a clock. Does not know: models, profiles' documents.
Where a figure is not told (no /proc, no getrusage) it is None, and nothing is concluded from it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

GAP_NS = 50_000
"""A reading of the clock costs less than a microsecond: a longer pause means that something else ran on the core."""
LEAST_CPU_SHARE = 0.98
MOST_STEAL = 0.005
MOST_TRIED, TRIED_NS = 16, 60_000_000
"""Cores that are tried for the quietest, and for how long each."""
MOST_LOST = 0.01
"""Of a spin's time, in gaps."""


class Switches(NamedTuple):
    """Context switches of this process so far: taken from it, and given up by it."""

    involuntary: int
    voluntary: int


class Weather(NamedTuple):
    """What a stretch of time was like. cpu_share: of the wall clock in which this process ran; steal_share: of all
    cores' time that the host gave to others, None where the system does not tell."""

    cpu_share: float
    steal_share: float | None
    switches: Switches
    wall_ns: int


class Meter:
    """Measures the weather from its making on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter_ns(), time.process_time_ns()
        self._switches, self._ticks = switches(), ticks()

    def read(self) -> Weather:
        """The weather since."""
        wall = max(1, time.perf_counter_ns() - self._wall)
        cpu = time.process_time_ns() - self._cpu
        now, then = switches(), self._switches
        since = Switches(now.involuntary - then.involuntary, now.voluntary - then.voluntary)
        return Weather(min(1.0, cpu / wall), _share(self._ticks, ticks()), since, wall)


def _share(then: tuple[int, int] | None, now: tuple[int, int] | None) -> float | None:
    if then is None or now is None or now[0] <= then[0]:
        return None
    return min(1.0, max(0.0, (now[1] - then[1]) / (now[0] - then[0])))


def switches() -> Switches:
    """This process's context switches so far; zeros where the system does not tell."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        return Switches(0, 0)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Switches(used.ru_nivcsw, used.ru_nvcsw)


def ticks(stat: Path = Path("/proc/stat")) -> tuple[int, int] | None:
    """All ticks of all cores so far, and those that were stolen; None where the system does not tell."""
    try:
        first = stat.read_text(encoding="ascii").splitlines()[0].split()
        counted = [int(word) for word in first[1:9]]
    except (OSError, ValueError, IndexError):
        return None
    return (sum(counted), counted[7]) if first[0] == "cpu" and len(counted) == 8 else None


def governor() -> str:
    """How the first core's frequency is governed; "unknown" where the system does not tell."""
    try:
        place = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        return place.read_text(encoding="ascii").strip() or "unknown"
    except OSError:
        return "unknown"


def processor() -> str:
    """What the processor calls itself; "unknown" where the system does not tell."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip() or "unknown"
    except OSError:
        pass
    return "unknown"


@contextmanager
def one_core() -> Iterator[bool]:
    """Hold this process on the quietest of its cores until the block ends; False where the system cannot."""
    try:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {_quietest(before)})
    except (AttributeError, OSError):
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setaffinity(0, before)


def _quietest(cores: set[int]) -> int:
    """The core on which a short spin was disturbed least; the first of several alike."""
    found: list[tuple[float, int]] = []
    for core in sorted(cores)[:MOST_TRIED]:
        os.sched_setaffinity(0, {core})
        found.append((spin(TRIED_NS).lost_share, core))
    return min(found)[1]


class Spin(NamedTuple):
    """A loop that only reads the clock. lost_share: of its time in gaps longer than GAP_NS; longest_ns: of the gaps."""

    gaps: int
    lost_share: float
    longest_ns: int
    weather: Weather


def spin(wall_ns: int = 300_000_000) -> Spin:
    """Read the clock for so long, and note where it jumped."""
    meter, clock = Meter(), time.perf_counter_ns
    gaps, lost, longest = 0, 0, 0
    begin = last = clock()
    while last - begin < wall_ns:
        now = clock()
        if now - last > GAP_NS:
            gaps += 1
            lost += now - last
            longest = max(longest, now - last)
        last = now
    return Spin(gaps, lost / (last - begin), longest, meter.read())


def complaints(weather: Weather) -> list[str]:
    """Why a stretch of time was too noisy to time anything in; empty where it was not."""
    found = []
    if weather.cpu_share < LEAST_CPU_SHARE:
        found.append(
            f"the process ran for {weather.cpu_share:.1%} of the time, expected at least {LEAST_CPU_SHARE:.0%}"
        )
    if weather.steal_share is not None and weather.steal_share > MOST_STEAL:
        found.append(
            f"the host stole {weather.steal_share:.1%} of the cores' time, expected at most {MOST_STEAL:.1%}"
        )
    return found


REMEDIES = (
    "end other work on this machine, or measure when it is idle",
    "keep one core free for the measurement (taskset, or a machine of its own)",
    "set the frequency governor to performance",
    "look at windtunnel doctor, then measure anew",
)


def forecast() -> list[tuple[bool, str]]:
    """What a short spin says of this machine for `windtunnel profile`, for windtunnel doctor: never a failure."""
    tried = spin()
    weather = tried.weather
    steal = "not told" if weather.steal_share is None else f"{weather.steal_share:.1%}"
    told = (
        f"spin of {weather.wall_ns / 1e9:.1f} s: {tried.gaps} gaps, {tried.lost_share:.1%} of the time, the longest "
        f"{tried.longest_ns / 1e6:.2f} ms; ran {weather.cpu_share:.1%} of it; steal {steal}; "
        f"{weather.switches.involuntary} involuntary context switches; governor {governor()}"
    )
    because = complaints(weather)
    if tried.lost_share > MOST_LOST:
        because.append(f"gaps took {tried.lost_share:.1%} of a spin, expected at most {MOST_LOST:.0%}")
    if because:
        what = f"profiling here would be UNDECIDED: {'; '.join(because)}; {REMEDIES[0]}"
    else:
        what = "quiet enough for windtunnel profile, as far as a short spin can tell"
    return [(True, told), (True, what)]
