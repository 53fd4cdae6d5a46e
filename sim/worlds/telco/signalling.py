"""Signalling: what the network shows of a call attempt.

Knows: traits of numbers, keyed chance. Does not know: why anybody calls, decisions.
"""

from __future__ import annotations

from sim.core.compile import kernel
from sim.engine.chance import draw
from sim.engine.population import UNIT
from sim.worlds.telco.calls import (
    CALLEE,
    CALLER,
    GARBLED,
    HOLDER,
    ORDINAL,
    OWN_ALPHA,
    OWN_PERSON,
    SIGNED,
    WIDE,
    Bytes,
    Ints,
    Keys,
    T,
)  # fmt: skip
from sim.worlds.telco.numbers import ALPHA, FREE_AT, LEVEL_AT, MARKS, PERSON, SHOWN, SIGNED_SHARE, TIER_AT
from sim.worlds.telco.people import EXCHANGES, REGIONS


@kernel
def signal(
    rows: Ints,
    order: Ints,
    keys: Keys,
    traits: Ints,
    ordered: Ints,
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
    """What signalling shows of the proposals, in order; `ordered` (n, FULL) receives the proposals in the same order.

    A number has a level; whether the call still carries it depends on the path (TDM strips signatures), and 3 % of
    signed calls arrive with another level (assumption): the field is noisy, and sparse for small carriers.
    """
    # Pass by pass, so that no load waits for another (see propose_consumers).
    n = len(order)
    for i in range(n):
        row = order[i]
        for j in range(WIDE):
            ordered[i, j] = rows[row, j]
    for i in range(n):
        line = ordered[i, CALLEE]
        callee[i] = traits[line, SHOWN]
        ordered[i, OWN_PERSON] = traits[line, PERSON]
    for i in range(n):
        own = ordered[i, HOLDER]
        ordered[i, OWN_ALPHA] = traits[own, ALPHA]
        caller[i] = traits[own, MARKS]
        event[i] = traits[own, SIGNED_SHARE]
    for i in range(n):
        mark = caller[i]
        share = event[i]
        line = ordered[i, CALLEE]
        key = (ordered[i, CALLER] << 32) | ordered[i, ORDINAL]
        t[i] = ordered[i, T]
        event[i] = key
        caller[i] = ordered[i, CALLER]
        seen = 0
        if draw(keys[SIGNED], key, 0) * UNIT < share:
            seen = mark >> LEVEL_AT & 0xFF
            u = draw(keys[GARBLED], key, 0)
            if u < 0.03:
                seen = 1 + int(u * 100.0)
        attestation[i] = seen
        origin[i] = mark >> TIER_AT & 0xFF
        free = mark >> FREE_AT & 0xFF
        here = mark & 0xFFFF
        same_region[i] = 1 if free == 0 and here % REGIONS == line % REGIONS else 0
        same_exchange[i] = 1 if free == 0 and here == line % EXCHANGES else 0
        toll_free[i] = free
