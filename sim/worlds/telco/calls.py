"""Call attempts of one tick: who dials whom and when, proposed by kernels.

Knows: keyed chance, contacts, dialling rows. Does not know: decisions, answers, campaigns' intentions.

A proposal is one row of WIDE int64, to which signalling adds two traits of the numbers (FULL). Its ordinal is the
number's own: tick, place among the calls in the tick, attempt. Proposals are made for everyone; what does not happen is
thinned afterwards and disturbs nobody's chance.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.engine.chance import draw, poisson_at
from sim.engine.population import choose
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
from sim.worlds.telco.people import CONTACTS_OF, FINE, OWNER, REACH, REGIONS, STRANGERS, rank_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.int8]
Keys = NDArray[np.uint64]

T, CALLER, CALLEE, ORDINAL, CLASS, RELATION, HOLDER, INTENTION, LAYER, DIAL, TALK, OWN_ALPHA, OWN_PERSON = (
    range(13)
)
WIDE = 11
FULL = 13

PURPOSES = (
    "gap", "pick", "side", "partner", "hour", "count", "when", "target", "member", "signed", "garbled",
    "answer", "talk", "listen", "report", "lag", "regulator", "publish", "challenge", "redial", "wait",
    "redress", "redress_wait", "thin", "lean",
)  # fmt: skip
(
    GAP, PICK, SIDE, PARTNER, HOUR_, COUNT, WHEN, TARGET, MEMBER, SIGNED, GARBLED,
    ANSWER, TALKED, LISTEN, REPORTED, LAG, REGULATED, PUBLISH, CHALLENGED, REDIAL, WAIT,
    REDRESS, REDRESS_WAIT, THIN, LEAN,
) = range(25)  # fmt: skip

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
    callers: Ints,
    contacts: NDArray[np.int32],
    lines: int,
    traits: Ints,
) -> int:
    """Fill `rows` with the tick's consumer calls and answer how many; volumes (4,) in calls a day.

    Gaps between proposals are exponential, so a population's proposals come in time order and no Poisson count of a
    large mean is needed. `rows` must have room for twelve standard deviations more than the mean.
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
            # Four passes instead of one: inside a pass no load waits for another, so that the processor fetches several
            # lines of memory at once. One pass over all took twice as long at 200,000 lines.
            x = 0.0
            i = 0
            begin = n
            while True:
                x += -math.log1p(-draw(keys[GAP], process, i)) * pace
                if x >= span:
                    break
                t = start + int(x)
                i += 1
                if low < peak:
                    here = shapes[profile, ((t + monday) // _HOUR) % 168]
                    if draw(keys[HOUR_], process, i - 1) * peak >= here:
                        continue
                if n < len(rows):
                    rows[n, T] = t
                    rows[n, ORDINAL] = i - 1
                n += 1
            stop = min(n, len(rows))
            for r in range(begin, stop):
                u = draw(keys[PICK], process, rows[r, ORDINAL])
                rows[r, HOLDER] = choose(u, callers, first[p], size[p])
            for r in range(begin, stop):
                row = rows[r, HOLDER]
                i = rows[r, ORDINAL]
                caller = int(callers[row, OWNER])
                v = draw(keys[PARTNER], process, i)
                rows[r, HOLDER] = caller
                if p == STRANGERS:
                    if draw(keys[SIDE], process, i) < 0.55:
                        callee = caller % REGIONS + REGIONS * int(v * (lines // REGIONS))
                    else:
                        callee = int(callers[choose(v, callers, first[p], size[p]), OWNER])
                    rows[r, CALLEE] = (callee + 1) % lines if callee == caller else callee
                else:
                    own = callers[row, CONTACTS_OF]
                    rank = rank_of(v, callers[row, REACH] / FINE, own & 0xFFF)
                    # Some pairs are called mostly by one side, some by the other: 15 to 85 %.
                    lean = 0.15 + 0.7 * draw(keys[LEAN], caller << 12 | rank, 0)
                    rows[r, CALLEE] = (own >> 12) + rank
                    rows[r, DIAL] = 1 if draw(keys[SIDE], process, i) >= lean else 0
            if p != STRANGERS:
                for r in range(begin, stop):
                    other = int(contacts[rows[r, CALLEE]])
                    rows[r, CALLEE] = other
                    if rows[r, DIAL] == 1:
                        rows[r, CALLEE] = rows[r, HOLDER]
                        rows[r, HOLDER] = other
            n = begin
            for r in range(begin, stop):
                caller = rows[r, HOLDER]
                last = traits[caller, LAST]
                place = last & 0xFFFFF if last >> 20 == tick else 0
                traits[caller, LAST] = tick << 20 | (place + 1)
                if traits[caller, MARKS] >> TURNED_AT & 1 != 0:
                    continue
                number = traits[caller, SHOWN]
                ordinal = (tick << shift) | (place << 2)
                rows[n, T] = rows[r, T]
                rows[n, CALLER] = number
                rows[n, CALLEE] = rows[r, CALLEE]
                rows[n, ORDINAL] = ordinal
                rows[n, CLASS] = 0
                rows[n, RELATION] = UNKNOWN if p == STRANGERS else CONTACT
                rows[n, HOLDER] = caller
                rows[n, INTENTION] = (number << 32) | ordinal
                rows[n, LAYER] = layer
                rows[n, DIAL] = -1
                rows[n, TALK] = TALK_STRANGER if p == STRANGERS else TALK_CONTACT
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
