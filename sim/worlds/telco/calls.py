"""Call attempts of one tick: who dials whom and when, proposed by kernels.

Knows: keyed chance, contacts, dialling rows. Does not know: decisions, answers, campaigns' intentions.

A proposal is one row of WIDE int64: instant, event (number << 32 | ordinal), parties, kind. The ordinal is the number's
own: tick, place among the calls in the tick, attempt. Proposals are made for everyone; what does not happen is thinned
afterwards and disturbs nobody's chance. Rows are this narrow because they are written, sorted and read within a tick:
at 13 columns they fell out of the cache in between.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel, kernel_with_scratch
from sim.core.rng import draw
from sim.engine.chance import draw_all, draw_series, poisson_at
from sim.engine.population import choose
from sim.worlds.telco.cast import BAD
from sim.worlds.telco.numbers import (
    CONTACT,
    LAST,
    MACHINE,
    MARKS,
    RANGE,
    SHOWN,
    TALK_CONTACT,
    TALK_STRANGER,
    TURNED_AT,
    UNKNOWN,
)  # fmt: skip
from sim.worlds.telco.people import FINE, OWN, OWNER_AT, REACH, REGIONS, STRANGERS, rank_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.int8]
Keys = NDArray[np.uint64]

T, EVENT, PARTIES, KIND = range(4)
WIDE = 4
HOLDER_AT = 32
"""Parties: the callee's line in bits 0-31, the row of the caller's traits above."""
CLASS_BITS, RELATION_AT, TALK_AT, LAYER_AT, DIAL_AT = 63, 6, 9, 13, 20
"""Kind: class in bits 0-5, relation, talk, layer, dialling row + 1 (0: a consumer)."""

PURPOSES = (
    "gap", "pick", "side", "partner", "hour", "count", "when", "target", "member", "signed", "garbled",
    "answer", "talk", "listen", "report", "lag", "regulator", "publish", "challenge", "redial", "wait",
    "redress", "redress_wait", "thin", "lean", "launder", "callback", "return",
    "stranger", "nearby",
)  # fmt: skip
(
    GAP, PICK, SIDE, PARTNER, HOUR_, COUNT, WHEN, TARGET, MEMBER, SIGNED, GARBLED,
    ANSWER, TALKED, LISTEN, REPORTED, LAG, REGULATED, PUBLISH, CHALLENGED, REDIAL, WAIT,
    REDRESS, REDRESS_WAIT, THIN, LEAN, LAUNDER, CALLBACK, RETURN, STRANGER, NEARBY,
) = range(30)  # fmt: skip

_HOUR = 3_600_000_000
_DAY = 86_400_000_000
_MONTH = 30 * _DAY
UNSAVED = 1
"""Fewest people whom somebody calls in a month without having saved them, and calls again; a quarter of the number of
his contacts more (assumption)."""
_MOST = 400.0
"""Largest mean of one Poisson draw (see `poisson_at`)."""


@kernel_with_scratch
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
    large mean is needed. `rows` must have room for twelve standard deviations more than the mean; where it has not, the
    answer is above its length.
    """
    n = 0
    room = len(rows)
    gaps = np.empty(256)
    u, v, side = np.empty(room), np.empty(room), np.empty(room)
    when, place = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    chosen = np.empty(room, dtype=np.int64)
    holder, callee = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
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
            # Pass by pass: inside a pass no load waits for another and no branch for a load, so that the processor
            # fetches several lines of memory at once, and passes that only draw become vector instructions.
            x = 0.0
            i = 0
            m = 0
            while x < span:
                ahead = min(len(gaps), int((span - x) / pace) + 8)
                for j in range(ahead):
                    gaps[j] = draw(keys[GAP], process, i + j)
                for j in range(ahead):
                    gaps[j] = -math.log1p(-gaps[j]) * pace
                for j in range(ahead):
                    x += gaps[j]
                    if x >= span:
                        break
                    t = start + int(x)
                    i += 1
                    if low < peak:
                        here = shapes[profile, ((t + monday) // _HOUR) % 168]
                        if draw(keys[HOUR_], process, i - 1) * peak >= here:
                            continue
                    if m == room:
                        return room + 1
                    when[m] = t
                    place[m] = i - 1
                    m += 1
            if n + m > room:
                return room + 1
            draw_series(keys[PICK], process, place, m, u)
            draw_series(keys[PARTNER], process, place, m, v)
            draw_series(keys[SIDE], process, place, m, side)
            for j in range(m):
                chosen[j] = choose(u[j], callers, first[p], size[p])
            if p == STRANGERS:
                for j in range(m):
                    own = callers[chosen[j], OWN]
                    holder[j] = own >> OWNER_AT
                    few = UNSAVED + (own & 0xFFF) // 4
                    chosen[j] = own >> OWNER_AT << 24 | (start // _MONTH) << 12 | int(v[j] * few)
                draw_all(keys[STRANGER], chosen, m, u)
                draw_all(keys[NEARBY], chosen, m, side)
                for j in range(m):
                    caller = holder[j]
                    if side[j] < 0.55:
                        other = caller % REGIONS + REGIONS * int(u[j] * (lines // REGIONS))
                    else:
                        other = callers[choose(u[j], callers, first[p], size[p]), OWN] >> OWNER_AT
                    callee[j] = (other + 1) % lines if other == caller else other
            else:
                for j in range(m):
                    own = callers[chosen[j], OWN]
                    rank = rank_of(v[j], callers[chosen[j], REACH] / FINE, own & 0xFFF)
                    holder[j] = own >> OWNER_AT
                    callee[j] = (own >> 12 & (1 << OWNER_AT - 12) - 1) + rank
                    chosen[j] = (own >> OWNER_AT) << 12 | rank
                draw_all(keys[LEAN], chosen, m, u)
                for j in range(m):
                    # Some pairs are called mostly by one side, some by the other: 15 to 85 %.
                    turned = side[j] >= 0.15 + 0.7 * u[j]
                    one = holder[j]
                    other = np.int64(contacts[callee[j]])
                    holder[j] = other if turned else one
                    callee[j] = one if turned else other
            kind = layer << LAYER_AT
            if p == STRANGERS:
                kind |= UNKNOWN << RELATION_AT | TALK_STRANGER << TALK_AT
            else:
                kind |= CONTACT << RELATION_AT | TALK_CONTACT << TALK_AT
            for j in range(m):
                caller = holder[j]
                last = traits[caller, LAST]
                turn = last & 0xFFFFF if last >> 20 == tick else 0
                traits[caller, LAST] = tick << 20 | (turn + 1)
                if traits[caller, MARKS] >> TURNED_AT & 1 != 0:
                    continue
                rows[n, T] = when[j]
                rows[n, EVENT] = traits[caller, SHOWN] << 32 | tick << shift | turn << 2
                rows[n, PARTIES] = caller << HOLDER_AT | callee[j]
                rows[n, KIND] = kind
                n += 1
    return n


@kernel_with_scratch
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
    of_class: NDArray[np.int8],
    every_day: Bytes,
    weekend: float,
) -> int:
    """Proposals per dialling row and layer into counts (used, deepest); answers their sum.

    Keyed by number, tick and layer. `layers` (classes,) by class. A row with a window dials `rate` calls in all of it.
    Of campaigns' numbers, the share `weekend` works on a Saturday or Sunday, and as hard as on other days, but for
    those that work every day."""
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
        if (
            free_day
            and of_class[cls[d], BAD] != 0
            and every_day[d] == 0
            and draw(keys[COUNT], number[d], day) >= weekend
        ):
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
            count = 0
            parts = 1 + int(mean / _MOST)
            for part in range(parts):
                count += poisson_at(
                    draw(keys[COUNT], number[d], part << 40 | tick * 64 + layer), mean / parts
                )
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
    branch: Ints,
    target: Ints,
    traits: Ints,
    callers: Ints,
) -> int:
    """Append the counted calls to `rows` from row n on; answers the new number of rows.

    Calls that others make from a line's number (branch 1) are numbered apart from its own. A target above 0 is a
    premium range. Outside the number's own region callees are chosen by how active they are: who calls much is known to
    many businesses and stands on many lists.
    """
    for d in range(used):
        place = 0
        for layer in range(counts.shape[1]):
            for _ in range(counts[d, layer]):
                ordinal = (tick << shift) | (branch[d] << (shift - 1)) | (place << 2)
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
                    callee = callers[choose(which, callers, lines, lines), OWN] >> OWNER_AT
                if callee == holder[d]:
                    callee = (callee + 1) % lines
                if target[d] > 0:
                    callee = lines + (target[d] - 1) * RANGE + int(which * RANGE)
                    known = MACHINE
                rows[n, T] = t
                rows[n, EVENT] = event
                rows[n, PARTIES] = holder[d] << HOLDER_AT | callee
                rows[n, KIND] = (
                    np.int64(cls[d])
                    | known << RELATION_AT
                    | talk[d] << TALK_AT
                    | layer << LAYER_AT
                    | (d + 1) << DIAL_AT
                )
                n += 1
    return n


@kernel
def number_returns(rows: Ints, tick: int, shift: int, traits: Ints) -> int:
    """Give the rows (n, WIDE) of subscribers who call back their places among their own calls of the tick; those whose
    line serves a campaign by now are left out. Answers how many remain, at the top."""
    n = 0
    for i in range(len(rows)):
        caller = rows[i, PARTIES] >> HOLDER_AT
        if traits[caller, MARKS] >> TURNED_AT & 1 != 0:
            continue
        last = traits[caller, LAST]
        turn = last & 0xFFFFF if last >> 20 == tick else 0
        traits[caller, LAST] = tick << 20 | (turn + 1)
        for j in range(rows.shape[1]):
            rows[n, j] = rows[i, j]
        rows[n, EVENT] = traits[caller, SHOWN] << 32 | tick << shift | turn << 2
        n += 1
    return n
