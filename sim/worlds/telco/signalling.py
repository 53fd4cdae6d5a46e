"""Signalling: what the network shows of a call attempt.

Knows: traits of numbers, keyed chance. Does not know: why anybody calls, decisions.
"""

from __future__ import annotations

import numpy as np

from sim.core.compile import kernel
from sim.engine.chance import draw_all
from sim.engine.population import UNIT
from sim.worlds.telco.calls import EVENT, GARBLED, HOLDER_AT, KIND, PARTIES, SIGNED, Bytes, Ints, Keys, T
from sim.worlds.telco.numbers import ALPHA, FREE_AT, LEVEL_AT, MARKS, PERSON, SHOWN, SIGNED_SHARE, TIER_AT
from sim.worlds.telco.people import EXCHANGES, REGIONS


@kernel
def signal(
    rows: Ints,
    order: Ints,
    keys: Keys,
    traits: Ints,
    parties: Ints,
    kind: Ints,
    alpha: Ints,
    person: Ints,
    t: Ints,
    event: Ints,
    caller: Ints,
    callee: Ints,
    attestation: Bytes,
    origin: Bytes,
    same_region: Bytes,
    same_exchange: Bytes,
    toll_free: Bytes,
) -> None:
    """What signalling shows of the proposals, in order. What settling will need beside it, (n,) each: parties and kind
    of the proposals; alpha and person, factors on talk and on answering in 2**-40 (see `numbers`).

    A number has a level; whether the call still carries it depends on the path (TDM strips signatures), and 3 % of
    signed calls arrive with another level (assumption): the field is noisy, and sparse for small carriers.
    """
    # Pass by pass, so that no load waits for another (see propose_consumers).
    n = len(order)
    signed, garbled = np.empty(n), np.empty(n)
    share = np.empty(n, dtype=np.int64)
    for i in range(n):
        row = order[i]
        t[i] = rows[row, T]
        event[i] = rows[row, EVENT]
        parties[i] = rows[row, PARTIES]
        kind[i] = rows[row, KIND]
    for i in range(n):
        line = parties[i] & 0xFFFFFFFF
        callee[i] = traits[line, SHOWN]
        person[i] = traits[line, PERSON]
    for i in range(n):
        own = parties[i] >> HOLDER_AT
        alpha[i] = traits[own, ALPHA]
        caller[i] = traits[own, MARKS]
        share[i] = traits[own, SIGNED_SHARE]
    draw_all(keys[SIGNED], event, n, signed)
    draw_all(keys[GARBLED], event, n, garbled)
    for i in range(n):
        mark = caller[i]
        line = parties[i] & 0xFFFFFFFF
        caller[i] = event[i] >> 32
        u = garbled[i]
        level = 1 + int(u * 100.0) if u < 0.03 else mark >> LEVEL_AT & 0xFF
        attestation[i] = level if signed[i] * UNIT < share[i] else 0
        origin[i] = mark >> TIER_AT & 0xFF
        free = mark >> FREE_AT & 0xFF
        here = mark & 0xFFFF
        same_region[i] = 1 if free == 0 and here % REGIONS == line % REGIONS else 0
        same_exchange[i] = 1 if free == 0 and here == line % EXCHANGES else 0
        toll_free[i] = free
