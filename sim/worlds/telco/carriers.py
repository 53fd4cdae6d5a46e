"""Carriers: three tiers with signing of their own, so that attestation tells as much of the carrier as of the call.

Knows: tiers, signing, what a path over old trunks strips. Does not know: who calls, why.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.core.levers import Levers

TIERS = ("tier_1", "regional", "reseller")
TIER_SHARES = (0.68, 0.18, 0.14)
"""Lines by carrier (assumption)."""
A_BY_TIER = (0.93, 0.70, 0.60)
"""Share of signed calls at level A (TNS 2025: 0.93; the others assumed)."""
SIGNED_FRAUD = (0.85, 0.50, 0.22)
"""Share of a campaign's calls that its carrier signs: with laundering on the way, 0.5-0.6 of robocalls are unsigned
(2025)."""


def signed_by_tier(levers: Levers) -> NDArray[np.float64]:
    """(3,) share of a carrier's lawful calls that arrive signed: what it signs, less what old trunks strip on the
    way."""
    return np.array(
        [levers.constant(f"sign_{tier}") * (1.0 - levers.constant(f"tdm_{tier}")) for tier in TIERS]
    )


def level_of(tier: NDArray[np.int8], u: NDArray[np.float64]) -> NDArray[np.int8]:
    """Attestation level (1 A, 2 B, 3 C) that a lawful number's calls get when they are signed."""
    a = np.array(A_BY_TIER)[tier]
    return np.where(u < a, 1, np.where(u < a + (1 - a) * 0.75, 2, 3)).astype(np.int8)
