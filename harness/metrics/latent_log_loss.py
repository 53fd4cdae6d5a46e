"""Log loss that a perfect quote would not have had: divergence from the latent truth.

Knows: quotes, and the true probabilities given all that has happened, heard or not. Does not know: results, so it has
none of their noise: resolving 0.001 takes ten thousand results, and a few matches here. Every knot weighs one, as in
the scores of results beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Counts, MetricSpec, Observed, Rows
from harness.metrics._quotes import divergence, latent_losses


@dataclass(frozen=True)
class LatentLogLoss:
    """Mean divergence of the quotes from the true probabilities, in nats."""

    spec: ClassVar[MetricSpec] = MetricSpec(
        name="latent_log_loss",
        doc="Mean divergence of the quotes from the true probabilities, in nats.",
        unit="nats",
        better="lower",
        form="mean",
        needs=("p0", "p1", "q0", "q1"),
        slices=("*",),
    )

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Summed distance over quotes."""
        return latent_losses(rows, codes, k, divergence)

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """None: only a simulator knows the probability of what then happened once."""
        return None


PLUGIN = LatentLogLoss
