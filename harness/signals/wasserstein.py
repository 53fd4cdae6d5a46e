"""Wasserstein's distance of each feature: how far its values have moved on average, in usual spreads.

Knows: counts in bins and their edges. Does not know: features' meaning, labels, truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from harness.kinds import Floats
from harness.signal_kinds import SignalSpec
from harness.signals._compared import Compared, Comparison

OUTER = 0.005
"""The outermost half per cent of the reference on either side does not belong to its usual range."""


@dataclass(frozen=True)
class Wasserstein(Compared):
    """The area between the distribution functions over the usual range (values beyond it count as at its end), divided
    by that range. Over the whole line a campaign's few largest values outweigh everything else: measured in the telco
    world, ten times as many false alarms as of any other signal (docs/design/009-signals.md)."""

    spec: ClassVar[SignalSpec] = SignalSpec(
        "wasserstein", "mean distance that values of each feature have moved, in usual ranges", "features", "ranges",
        "what moves beyond the usual range is not told from what stands at its end",
    )  # fmt: skip

    def distance(self, asked: Comparison) -> Floats:
        """(s, k), from 0 to 1: in usual ranges."""
        _, usual = asked.defined()
        edges = np.nan_to_num(asked.cuts, nan=0.0)
        width = np.diff(edges, axis=-1)
        width = np.where(np.isnan(asked.cuts[:, 1:]), 0.0, width)
        gap = asked.gaps()[..., : width.shape[-1]]
        below = np.cumsum(usual, axis=-1)[..., : width.shape[-1]]
        width = np.where((below > OUTER) & (below < 1.0 - OUTER), width, 0.0)
        spread, area = width.sum(axis=-1), (gap * width).sum(axis=-1)
        # Where nearly all values are one, there is no range: the largest gap stands for it.
        out: Floats = np.where(spread > 0.0, area / np.where(spread > 0.0, spread, 1.0), gap.max(axis=-1))
        return out


PLUGIN = Wasserstein
