"""Whether a figure moves one way with a magnitude: isotonic regression, and its chance by permutation.

Knows: matrices of seeds by magnitudes. Does not know: what was measured.

The statistic is E-bar squared of order-restricted inference (Robertson, Wright and Dykstra, 1988): of what scatters
between the magnitudes once each seed's own mean is taken away, the part that a curve explains which never falls. Under
no effect a seed's values may change places, so the chance is counted over such permutations, seed by seed: exactly
where there are few, else over a keyed sample of them.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core import rng

Floats = NDArray[np.float64]
MOST = 20_000


class Isotonic(NamedTuple):
    """fit: (magnitudes,) the never-falling curve about the grand mean; explained: E-bar squared, 0 to 1; p: chance of
    as much without any effect; seeds: how many were whole."""

    fit: Floats
    explained: float
    p: float
    seeds: int


def never_falling(means: Floats) -> Floats:
    """The least-squares curves (..., k) that never fall, of equally weighted means (..., k): max over j <= i of min
    over l >= i of the mean of j..l."""
    k = means.shape[-1]
    total = np.concatenate([np.zeros((*means.shape[:-1], 1)), np.cumsum(means, axis=-1)], axis=-1)
    fit = np.full(means.shape, -np.inf)
    for i in range(k):
        for j in range(i + 1):
            least = np.full(means.shape[:-1], np.inf)
            for last in range(i, k):
                least = np.minimum(least, (total[..., last + 1] - total[..., j]) / (last + 1 - j))
            fit[..., i] = np.maximum(fit[..., i], least)
    return fit


def rises(values: Floats) -> Isotonic:
    """Of values (seeds, magnitudes), ascending in magnitude: whether they rise. Seeds that are not whole are left
    out; nothing left, or nothing that scatters, is a chance of 1."""
    whole = values[np.isfinite(values).all(axis=1)]
    seeds, k = whole.shape
    centred = whole - whole.mean(axis=1, keepdims=True)
    scatter = float((centred**2).sum())
    if not seeds or scatter <= 1e-24 * max(1.0, float((whole**2).sum())):
        return Isotonic(np.zeros(k), 0.0, 1.0, seeds)

    def explained(means: Floats) -> Floats:
        return np.asarray(seeds * (never_falling(means) ** 2).sum(axis=-1) / scatter)

    orders = np.array(list(permutations(range(k))))
    found = float(explained(centred.mean(axis=0)))
    if len(orders) ** seeds <= MOST:
        means, given = np.zeros((1, k)), 0
        for row in centred:
            means = (means[:, None, :] + row[orders][None, :, :]).reshape(-1, k)
    else:
        draw = rng.uniform(rng.key(1, "isotonic"), np.arange(MOST * seeds)).reshape(MOST, seeds)
        chosen = orders[(draw * len(orders)).astype(np.int64)]
        means, given = (
            np.take_along_axis(np.broadcast_to(centred, (MOST, seeds, k)), chosen, axis=2).sum(axis=1),
            1,
        )
    as_much = int((explained(means / seeds) >= found * (1 - 1e-12)).sum())
    return Isotonic(
        never_falling(centred.mean(axis=0)), found, (as_much + given) / (len(means) + given), seeds
    )
