"""Lines and whom they call: the closed miniature's consumers.

Knows: contacts, activity, hours, carriers and areas of lines. Does not know: campaigns, dialers, decisions.

A call between contacts chooses a line by its activity (one alias table per kind of consumer day), then one of its
contacts, then who of the two calls: three places in memory, whatever the size. Everything here is drawn once from
streams that no decision can reach.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.compile import kernel
from sim.engine.population import alias, lined, packed
from sim.worlds.telco.carriers import TIER_SHARES, level_of
from sim.worlds.telco.profiles import EARLY, LATE, MIDDLE

REGIONS = 16
EXCHANGES = 160
"""Areas and exchanges of the miniature: 1/16 makes 6 % of sprayed calls same-area (NCSU: 6 %)."""

POPULATIONS = 4
STRANGERS = 3
"""Consumer populations: contacts by kind of day (early, middle, late), and calls to strangers."""
DAY_SHARES = (0.25, 0.50, 0.25)
DAY_PROFILES = (EARLY, MIDDLE, LATE, MIDDLE)

OWN, REACH = 2, 3
"""Columns of `People.callers` after the alias tables: a line << OWNER_AT | where its contacts begin << 12 | how many;
how far its choice of contacts reaches, in 2**-40 (see `rank_of`). A row is 32 bytes, half a line of cache."""
OWNER_AT = 40
FINE = 2.0**40


class People(NamedTuple):
    """Consumers. callers: (2 lines, 4) int64 by population, packed alias tables over lines by activity; contacts: (m,).

    first, size, share: (4,) where each population's rows begin, how many, and its share of the volume. person: (lines,)
    factor on answering unknown callers; alpha: (lines,) factor on the median talk; tier, level: (lines,).
    """

    first: NDArray[np.int64]
    size: NDArray[np.int64]
    share: NDArray[np.float64]
    callers: NDArray[np.int64]
    contacts: NDArray[np.int32]
    person: NDArray[np.float64]
    alpha: NDArray[np.float64]
    tier: NDArray[np.int8]
    level: NDArray[np.int8]


@kernel
def rank_of(u: float, reach: float, degree: int) -> int:
    """Which of `degree` contacts a uniform u chooses, 0 first: density proportional to (rank + 1)**-0.8, by inversion
    (reach = (degree + 1)**0.2 - 1), Zipf-like and without a table of its own."""
    g = 1.0 + u * reach
    return min(int(g * g * g * g * g - 1.0), degree - 1)


def partners(
    own: NDArray[np.int64],
    weight: NDArray[np.float64],
    near: float,
    next_door: float,
    chance: np.random.Generator,
) -> NDArray[np.int64]:
    """A partner per row, in the same exchange, the same region, or anywhere; chosen by weight (lines,), not itself."""
    lines = len(weight)
    line = np.arange(lines)
    # Lines by region, then exchange: both are stretches of one cumulative weight.
    order = np.lexsort((line % EXCHANGES, line % REGIONS))
    upper = np.cumsum(weight[order])
    code = (order % REGIONS) * EXCHANGES + order % EXCHANGES
    edges = np.concatenate([[0.0], upper])
    exchange = (own % REGIONS) * EXCHANGES + own % EXCHANGES
    where, pick = chance.random((2, len(own)))
    low, high = np.zeros(len(own)), np.full(len(own), upper[-1])
    regional = where < near
    low[regional] = edges[np.searchsorted(order % REGIONS, own[regional] % REGIONS, side="left")]
    high[regional] = edges[np.searchsorted(order % REGIONS, own[regional] % REGIONS, side="right")]
    door = where < next_door
    low[door] = edges[np.searchsorted(code, exchange[door], side="left")]
    high[door] = edges[np.searchsorted(code, exchange[door], side="right")]
    chosen = order[np.minimum(np.searchsorted(upper, low + pick * (high - low), side="right"), lines - 1)]
    partner: NDArray[np.int64] = np.where(chosen == own, (chosen + 1) % lines, chosen)
    return partner


def people(seed: int, lines: int, talk_spread: float) -> People:
    """Draw the consumers of a world."""
    chance = rng.stream(seed, "telco", "people")
    # Active lines are called more and know more people than in proportion; fitted to the Sichuan counterparties and
    # calls for each of them.
    ease = chance.standard_normal(lines)
    activity = np.exp(0.9 * ease)
    degree = np.exp(np.log(2.7) + 2.0 * ease + 0.2 * chance.standard_normal(lines))
    degree = np.clip(degree, 2, 3500).astype(np.int64)
    day = np.searchsorted(np.cumsum(DAY_SHARES)[:-1], chance.random(lines), side="right")

    start = np.cumsum(degree) - degree
    line = np.arange(lines, dtype=np.int64)
    owners = np.repeat(line, degree)
    contacts = partners(owners, activity**0.8, 0.75, 0.25, chance).astype(np.int32)
    reach = (((degree + 1.0) ** 0.2 - 1.0) * FINE).astype(np.int64)
    groups = [np.flatnonzero(day == kind).astype(np.int64) for kind in range(3)]
    groups.append(line)
    own = line << OWNER_AT | start << 12 | degree
    tables = [packed(alias(activity[g]), own[g], reach[g]) for g in groups]
    callers = lined(2 * lines, 4)
    np.concatenate(tables, out=callers)
    sizes = np.array([len(g) for g in groups], dtype=np.int64)
    share = np.array([activity[g].sum() for g in groups])
    share[:3] /= share[:3].sum()
    share[STRANGERS] = 1.0
    tier = np.searchsorted(np.cumsum(TIER_SHARES)[:-1], chance.random(lines), side="right").astype(np.int8)
    return People(
        first=np.cumsum(sizes) - sizes,
        size=sizes,
        share=share,
        callers=callers,
        contacts=contacts,
        person=0.6 + 0.8 * chance.random(lines),
        alpha=np.exp(talk_spread * chance.standard_normal(lines)),
        tier=tier,
        level=level_of(tier, chance.random(lines)),
    )
