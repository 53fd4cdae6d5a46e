"""Call attempts of one tick: who dials whom and when, proposed by kernels.

Knows: keyed chance, edges, dialling rows. Does not know: decisions, answers, campaigns' intentions.

A proposal is one row of WIDE int64. Its ordinal is the number's own: tick, place among the number's calls in the tick,
attempt. Proposals are made for everyone; what does not happen is thinned afterwards and disturbs nobody's chance.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.engine.chance import draw, poisson_at
from sim.engine.population import UNIT, choose
from sim.worlds.telco.numbers import (
    CONTACT,
    LAST,
    MARKS,
    SHOWN,
    TALK_CONTACT,
    TALK_STRANGER,
    TURNED_AT,
    UNKNOWN,
)  # fmt: skip
from sim.worlds.telco.people import A_END, B_END, LEAN, REGIONS, STRANGERS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.int8]
Keys = NDArray[np.uint64]

T, CALLER, CALLEE, ORDINAL, CLASS, RELATION, HOLDER, INTENTION, LAYER, DIAL, TALK = range(11)
WIDE = 11

PURPOSES = (
    "gap", "pick", "side", "partner", "hour", "count", "when", "target", "member", "signed", "garbled",
    "answer", "talk", "listen", "report", "lag", "regulator", "publish", "challenge", "redial", "wait",
    "redress", "redress_wait", "thin",
)  # fmt: skip
(
    GAP, PICK, SIDE, PARTNER, HOUR_, COUNT, WHEN, TARGET, MEMBER, SIGNED, GARBLED,
    ANSWER, TALKED, LISTEN, REPORTED, LAG, REGULATED, PUBLISH, CHALLENGED, REDIAL, WAIT,
    REDRESS, REDRESS_WAIT, THIN,
) = range(24)  # fmt: skip

_HOUR = 3_600_000_000
_DAY = 86_400_000_000


@kernel
def propose_consumers(
    rows: Ints,
    start: int,
    span: int,
    tick: int,
    shift: int,
    monday: int,
    keys: Keys,
    volumes: Floats,
    layers: Ints,
    profiles: Ints,
    shapes: Floats,
    first: Ints,
    size: Ints,
    edges: Ints,
    lines: int,
    traits: Ints,
) -> int:
    """Fill `rows` with the tick's consumer calls and answer how many; volumes (4,) in calls a day.

    Gaps between proposals are exponential, so a population's proposals come in time order and no Poisson count of a
    large mean is needed. Answers more than len(rows) if there was no room: a defect of the caller.
    """
    n = 0
    deepest = 1
    for p in range(len(volumes)):
        deepest = max(deepest, layers[p])
    for layer in range(deepest):
        for p in range(len(volumes)):
            if layer >= layers[p] or volumes[p] <= 0.0:
                continue
            profile = profiles[p]
            low = 1e300
            peak = 0.0
            hour = (start + monday) // _HOUR
            while hour * _HOUR < start + monday + span:
                here = shapes[profile, hour % 168]
                low = min(low, here)
                peak = max(peak, here)
                hour += 1
            if peak <= 0.0:
                continue
            pace = _DAY / (volumes[p] * peak)
            process = (tick * 64 + layer) * 8 + p
            x = 0.0
            i = 0
            while True:
                x += -math.log1p(-draw(keys[GAP], process, i)) * pace
                if x >= span:
                    break
                t = start + int(x)
                edge = choose(draw(keys[PICK], process, i), edges, first[p], size[p])
                u = draw(keys[SIDE], process, i)
                talk = TALK_CONTACT
                relation = CONTACT
                if p == STRANGERS:
                    caller = int(edges[edge, A_END])
                    v = draw(keys[PARTNER], process, i)
                    if u < 0.55:
                        callee = caller % REGIONS + REGIONS * int(v * (lines // REGIONS))
                    else:
                        callee = int(edges[choose(v, edges, first[p], size[p]), A_END])
                    if callee == caller:
                        callee = (callee + 1) % lines
                    talk = TALK_STRANGER
                    relation = UNKNOWN
                elif u * UNIT < edges[edge, LEAN]:
                    caller = int(edges[edge, A_END])
                    callee = int(edges[edge, B_END])
                else:
                    caller = int(edges[edge, B_END])
                    callee = int(edges[edge, A_END])
                i += 1
                if low < peak:
                    here = shapes[profile, ((t + monday) // _HOUR) % 168]
                    if draw(keys[HOUR_], process, i - 1) * peak >= here:
                        continue
                place = 0
                if traits[caller, LAST] >> 20 == tick:
                    place = traits[caller, LAST] & 0xFFFFF
                traits[caller, LAST] = tick << 20 | (place + 1)
                if traits[caller, MARKS] >> TURNED_AT & 1 != 0:
                    continue
                if n < len(rows):
                    ordinal = (tick << shift) | (place << 2)
                    rows[n, T] = t
                    number = traits[caller, SHOWN]
                    rows[n, CALLER] = number
                    rows[n, CALLEE] = callee
                    rows[n, ORDINAL] = ordinal
                    rows[n, CLASS] = 0
                    rows[n, RELATION] = relation
                    rows[n, HOLDER] = caller
                    rows[n, INTENTION] = (number << 32) | ordinal
                    rows[n, LAYER] = layer
                    rows[n, DIAL] = -1
                    rows[n, TALK] = talk
                n += 1
    return n


@kernel
def count_dials(
    counts: NDArray[np.int32],
    used: int,
    start: int,
    span: int,
    tick: int,
    monday: int,
    keys: Keys,
    layers: Ints,
    shapes: Floats,
    active: Bytes,
    number: Ints,
    cls: Bytes,
    rate: Floats,
    profile: Ints,
    opens: Ints,
    closes: Ints,
    weekend: float,
) -> int:
    """Proposals per dialling row and layer into counts (used, deepest); answers their sum.

    Keyed by number, tick and layer. `layers` (8,) by class. A row with a window dials `rate` calls in all of it. Of
    campaigns' numbers, the share `weekend` works on a Saturday or Sunday, and as hard as on other days.
    """
    peaks = np.zeros(len(shapes))
    hour = (start + monday) // _HOUR
    while hour * _HOUR < start + monday + span:
        for q in range(len(shapes)):
            peaks[q] = max(peaks[q], shapes[q, hour % 168])
        hour += 1
    free_day = (start + monday) // _DAY % 7 >= 5
    day = (1 << 40) + start // _DAY
    total = 0
    for d in range(used):
        for layer in range(counts.shape[1]):
            counts[d, layer] = 0
        if active[d] == 0:
            continue
        if free_day and cls[d] >= 6 and draw(keys[COUNT], number[d], day) >= weekend:
            continue
        if opens[d] < start + span and closes[d] > start:
            mean = rate[d] * (min(closes[d], start + span) - max(opens[d], start)) / (closes[d] - opens[d])
        elif profile[d] == len(shapes) - 1:
            continue
        else:
            mean = rate[d] * peaks[profile[d]] * span / _DAY
        if mean <= 0.0:
            continue
        for layer in range(layers[cls[d]]):
            count = poisson_at(draw(keys[COUNT], number[d], tick * 64 + layer), mean)
            counts[d, layer] = count
            total += count
    return total


@kernel
def propose_dials(
    rows: Ints,
    n: int,
    counts: NDArray[np.int32],
    used: int,
    start: int,
    span: int,
    tick: int,
    shift: int,
    monday: int,
    keys: Keys,
    shapes: Floats,
    lines: int,
    number: Ints,
    anchor: Ints,
    holder: Ints,
    cls: Bytes,
    profile: Ints,
    panel: Ints,
    panel_share: Floats,
    local_share: Floats,
    opens: Ints,
    closes: Ints,
    talk: Ints,
    relation: Ints,
    traits: Ints,
) -> int:
    """Append the counted calls to `rows` from row n on; answers the new number of rows."""
    for d in range(used):
        place = 0
        for layer in range(counts.shape[1]):
            for _ in range(counts[d, layer]):
                ordinal = (tick << shift) | (place << 2)
                place += 1
                event = (number[d] << 32) | ordinal
                begin = start
                stretch = span
                u = draw(keys[WHEN], event, 0)
                if profile[d] == len(shapes) - 1:
                    begin = max(opens[d], start)
                    stretch = min(closes[d], start + span) - begin
                    t = begin + int(u * stretch)
                else:
                    t = begin + int(u * stretch)
                    if (start + monday) // _HOUR != (start + monday + span - 1) // _HOUR:
                        peak = 0.0
                        hour = (start + monday) // _HOUR
                        while hour * _HOUR < start + monday + span:
                            peak = max(peak, shapes[profile[d], hour % 168])
                            hour += 1
                        here = shapes[profile[d], ((t + monday) // _HOUR) % 168]
                        if draw(keys[HOUR_], event, 0) * peak >= here:
                            continue
                known = relation[d]
                if draw(keys[TARGET], event, 0) < panel_share[d]:
                    member = anchor[d] * 4096 + int(draw(keys[TARGET], event, 1) * panel[d])
                    where = draw(keys[MEMBER], member, 0)
                    which = draw(keys[MEMBER], member, 1)
                else:
                    where = draw(keys[TARGET], event, 2)
                    which = draw(keys[TARGET], event, 3)
                    if panel[d] > 0:
                        known = UNKNOWN
                if where < local_share[d]:
                    callee = (traits[holder[d], MARKS] & 0xFFFF) % REGIONS + REGIONS * int(
                        which * (lines // REGIONS)
                    )
                else:
                    callee = int(which * lines)
                if callee == holder[d]:
                    callee = (callee + 1) % lines
                rows[n, T] = t
                rows[n, CALLER] = number[d]
                rows[n, CALLEE] = callee
                rows[n, ORDINAL] = ordinal
                rows[n, CLASS] = cls[d]
                rows[n, RELATION] = known
                rows[n, HOLDER] = holder[d]
                rows[n, INTENTION] = event
                rows[n, LAYER] = layer
                rows[n, DIAL] = d
                rows[n, TALK] = talk[d]
                n += 1
    return n
