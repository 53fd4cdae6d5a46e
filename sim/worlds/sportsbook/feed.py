"""The match feed: when what happens on the ground is heard by the book, and when a price for it is in force.

Knows: delays, bursts, gaps. Does not know: what was heard, or what anybody makes of it.

Messages keep their order: one that is held up holds up those behind it, which then arrive in a burst. In a gap nothing
arrives until it is over. The service time between hearing and the price in force is a lever here; a service profile
takes its place where a scenario names one (issue: latency in the loop).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.levers import Levers, LeverSpec
from sim.core.time import HOUR, SECOND
from sim.worlds.sportsbook.paths import Path

Ints = NDArray[np.int64]

LEVERS = (
    LeverSpec("feed_delay_s", 1.0, "s", 0.0, 60.0, "least time from the ground to the book",
              "theplayoffs.news: capture 0.1-0.5 s, provider 0.5-1.5 s", "secondary"),
    LeverSpec("feed_spread_s", 0.5, "s", 0.0, 60.0, "mean of the exponential time on top of it",
              "assumption of this simulator", "assumption"),
    LeverSpec("feed_gaps", 0.25, "gaps/hour of a match", 0.0, 12.0, "stretches in which the feed is silent",
              "assumption; six Betfair streams show gaps of 0.3-30 s at the 99th percentile", "assumption"),
    LeverSpec("feed_gap_s", 15.0, "s", 0.0, 1800.0, "mean length of a gap",
              "assumption of this simulator", "assumption"),
    LeverSpec("service_ms", 250.0, "ms", 0.0, 60_000.0, "from hearing to the price in force",
              "assumption: budget of a price update, 99th percentile", "assumption"),
)  # fmt: skip

MOST_GAPS = 64


@dataclass(frozen=True)
class Heard:
    """What became of a match's messages. heard, force: (s,) Micros, ascending; gap_start, gap_end: (m,), ascending."""

    heard: Ints
    force: Ints
    gap_start: Ints
    gap_end: Ints


def listen(seed: int, match: int, path: Path, levers: Levers) -> Heard:
    """When each state of a match is heard, and when a price for it is in force. Drawn from the match's own stream, as
    many draws whatever the levers say; levers are read at the instant of the happening (law 2)."""
    chance = rng.stream(seed, "sportsbook", "feed", match)
    spread = -np.log1p(-chance.random(len(path.t)))
    at, kept, length = chance.random((3, MOST_GAPS))
    arrival = path.t + (
        (levers.at("feed_delay_s", path.t) + levers.at("feed_spread_s", path.t) * spread) * SECOND
    ).astype(np.int64)
    start, end = _gaps(path, at, kept, length, levers)
    for first, last in zip(start.tolist(), end.tolist(), strict=True):
        arrival = np.where((arrival >= first) & (arrival < last), last, arrival)
    heard = np.maximum.accumulate(arrival)
    force = np.maximum.accumulate(heard + (levers.at("service_ms", heard) * 1000).astype(np.int64))
    return Heard(heard, force, start, end)


def _gaps(
    path: Path,
    at: NDArray[np.float64],
    kept: NDArray[np.float64],
    length: NDArray[np.float64],
    levers: Levers,
) -> tuple[Ints, Ints]:
    """Gaps by thinning `MOST_GAPS` candidates over the match; those that run into one another are one."""
    span = path.end - int(path.t[0])
    start = int(path.t[0]) + np.sort(at * span).astype(np.int64)
    most = MOST_GAPS / max(span / HOUR, 1e-9)
    stays = kept < np.minimum(levers.at("feed_gaps", start) / most, 1.0)
    start = start[stays]
    end = start + (-np.log1p(-length[stays]) * levers.at("feed_gap_s", start) * SECOND).astype(np.int64)
    end = np.maximum.accumulate(end) if len(end) else end
    return start, end
