"""Consent: from when on a subject may not be learned from any more.

Knows: subjects by number, a share that withdraws each month, withdrawals by name. Does not know: units, models, worlds.

When a subject withdraws is a pure function of seed and subject, so that no list grows with the horizon: the waiting
time is exponential with the monthly share, from the scenario's start on. A withdrawal that is written down
comes before it where it is earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.core import rng
from sim.core.events import Block
from sim.core.time import DAY, NEVER, Micros

Ints = NDArray[np.int64]
MONTH = 30 * DAY
NOBODY = -1
"""Stands where a unit has no subject; nobody cannot withdraw."""


@dataclass(frozen=True)
class Consent:
    """subject: the question's column that says who is learned about. per_month: share of those still there who withdraw
    in 30 days. told: (subject, instant) of withdrawals that are known by name."""

    subject: str
    per_month: float = 0.0
    told: tuple[tuple[int, Micros], ...] = ()

    def withdrawn_at(self, subject: Ints, seed: int) -> Ints:
        """The instant (n,) from which each subject may not be learned from; NEVER where there is none."""
        out = np.full(len(subject), NEVER, dtype=np.int64)
        if self.per_month > 0.0:
            wait = (
                -np.log1p(-rng.uniform(rng.key(seed, "consent"), subject))
                / -np.log1p(-self.per_month)
                * MONTH
            )
            out = np.where(wait < NEVER, np.minimum(wait, float(NEVER)), float(NEVER)).astype(np.int64)
        for who, at in self.told:
            out = np.where(subject == who, np.minimum(out, at), out)
        return np.where(subject == NOBODY, NEVER, out)

    def withdrawn(self, subject: Ints, now: Micros, seed: int) -> NDArray[np.bool_]:
        """Whether each subject (n,) has withdrawn by `now`."""
        return np.asarray(self.withdrawn_at(subject, seed) <= now)


def subject_of(consent: Consent | None, block: Block) -> Ints | None:
    """Whom each row (n,) is about, where they may withdraw their consent; None where nobody may."""
    return None if consent is None or consent.subject not in block.columns else block[consent.subject]


def may_learn(consent: Consent | None, seed: int, news: Block) -> NDArray[np.bool_]:
    """Whether each item (n,) is about somebody who had not withdrawn when it became known."""
    subject = subject_of(consent, news)
    if consent is None or subject is None:
        return np.ones(len(news), dtype=np.bool_)
    return np.asarray(consent.withdrawn_at(subject, seed) > news["known_at"])


def consenting(consent: Consent | None, seed: int, news: Block, *columns: Ints) -> tuple[Ints, ...]:
    """Columns (n,) of the items that may be learned from, and who they are about where that is asked."""
    subject = subject_of(consent, news)
    if subject is None:
        return columns
    kept = may_learn(consent, seed, news)
    return tuple(column[kept] for column in (*columns, subject))
