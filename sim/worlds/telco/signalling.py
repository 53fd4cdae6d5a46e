"""Signalling: what the network shows of a call attempt.

Knows: traits of numbers, keyed chance. Does not know: why anybody calls, decisions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel_with_scratch
from sim.core.rng import draw
from sim.engine.chance import draw_all
from sim.engine.population import UNIT
from sim.worlds.telco.calls import (
    CLASS_BITS,
    EVENT,
    GARBLED,
    HOLDER_AT,
    KIND,
    LAUNDER,
    PARTIES,
    SIGNED,
    Bytes,
    Floats,
    Ints,
    Keys,
    T,
)  # fmt: skip
from sim.worlds.telco.cast import BAD
from sim.worlds.telco.numbers import (
    ALPHA,
    FOREIGN_AT,
    FREE_AT,
    LEVEL_AT,
    MARKS,
    PERSON,
    SHOWN,
    SIGNED_SHARE,
    TIER_AT,
)
from sim.worlds.telco.people import EXCHANGES, REGIONS


@kernel_with_scratch
def signal(
    rows: Ints,
    order: Ints,
    keys: Keys,
    traits: Ints,
    lines: int,
    of_class: NDArray[np.int8],
    signing: Floats,
    laundering: Floats,
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
    foreign: Bytes,
    premium: Bytes,
) -> None:
    """What signalling shows of the proposals, in order. What settling will need beside it, (n,) each: parties and kind
    of the proposals; alpha and person, factors on talk and on answering in 2**-40 (see `numbers`).

    A number has a level; whether the call still carries it depends on the path (TDM strips signatures), and 3 % of
    signed calls arrive with another level (assumption): the field is noisy, and sparse for small carriers. Some
    unsigned calls of campaigns are signed B or C by an intermediate. signing, laundering: (n,), or (1,) where nothing
    moves them."""
    # Pass by pass, so that no load waits for another (see propose_consumers).
    n = len(order)
    step = 1 if len(signing) > 1 else 0
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
        if signed[i] * UNIT < share[i] * signing[i * step]:
            attestation[i] = level
        elif of_class[kind[i] & CLASS_BITS, BAD] != 0:
            u = draw(keys[LAUNDER], event[i], 0)
            wash = laundering[i * step] * signing[i * step]
            attestation[i] = 0 if u >= wash else 2 if u < 0.5 * wash else 3
        else:
            attestation[i] = 0
        origin[i] = mark >> TIER_AT & 0xFF
        free = mark >> FREE_AT & 0xFF
        here = mark & 0xFFFF
        domestic = free == 0 and line < lines
        same_region[i] = 1 if domestic and here % REGIONS == line % REGIONS else 0
        same_exchange[i] = 1 if domestic and here == line % EXCHANGES else 0
        toll_free[i] = free
        foreign[i] = mark >> FOREIGN_AT & 1
        premium[i] = 1 if line >= lines else 0
