"""Keyed chance inside kernels: runs of `sim.core.rng.draw`, and laws by inversion of one draw.

Knows: `sim.core.rng.draw`, inversion of a few laws. Does not know: what is drawn.
Only `math` functions of the C library are used, and never numpy's vectorised ones: a kernel then gives the same
bytes compiled and plain. Callers run kernels under `np.errstate(over="ignore")`, because plain uint64 wraps.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.core.compile import kernel
from sim.core.rng import draw


@kernel
def draw_all(key: np.uint64, entities: NDArray[np.int64], n: int, out: NDArray[np.float64]) -> None:
    """`draw(key, entity, 0)` for the first n entities. A loop that does nothing else becomes vector instructions: half
    the cost of a draw in the midst of other work."""
    for i in range(n):
        out[i] = draw(key, entities[i], 0)


@kernel
def draw_series(
    key: np.uint64, entity: int, ordinals: NDArray[np.int64], n: int, out: NDArray[np.float64]
) -> None:
    """`draw(key, entity, ordinal)` for the first n ordinals of one entity, as fast as `draw_all`."""
    for i in range(n):
        out[i] = draw(key, entity, ordinals[i])


@kernel
def poisson_at(u: float, mean: float) -> int:
    """Poisson count by sequential inversion of u; mean in [0, 500]. Most draws of small means need no exponential."""
    if u < 1.0 - mean:
        return 0
    term = math.exp(-mean)
    total = term
    count = 0
    while u >= total and count < 2000:
        count += 1
        term = term * mean / count
        total += term
    return count


@kernel
def normal_at(u: float) -> float:
    """Standard normal quantile of u in [0, 1): Wichura, AS 241 (PPND16), relative error about 1e-16."""
    p = u + 1.1102230246251565e-16
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = (
            ((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
            + 45921.953931549871457
        ) * r + 13731.693765509461125
        top = ((top * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608
        low = (
            ((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
            + 21213.794301586595867
        ) * r + 5394.1960214247511077
        low = ((low * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0
        return q * top / low
    r = p if q < 0.0 else 1.0 - p
    r = math.sqrt(-math.log(r))
    if r <= 5.0:
        r -= 1.6
        top = (
            ((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
            + 1.27045825245236838258
        ) * r + 3.64784832476320460504
        top = ((top * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734
        low = (
            ((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
            + 0.14810397642748007459
        ) * r + 0.68976733498510000455
        low = ((low * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0
    else:
        r -= 5.0
        top = (
            ((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784381) * r
            + 0.026532189526576123093
        ) * r + 0.29656057182850489123
        top = ((top * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772
        low = (
            ((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
            + 7.868691311456132591e-4
        ) * r + 0.0148753612908506148525
        low = ((low * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0
    return -top / low if q < 0.0 else top / low


@kernel
def lognormal_at(u: float, median: float, sigma: float) -> float:
    """Log-normal quantile of u."""
    return median * math.exp(sigma * normal_at(u))


@kernel
def loglogistic_at(u: float, alpha: float, beta: float, cap: float) -> float:
    """Log-logistic with scale alpha and shape beta, conditional on being at most `cap`, from one uniform u.

    Inversion of the whole law; the few that fall beyond the cap are uniform there and serve as a second uniform.
    """
    if u <= 0.0:
        return 0.0
    value = alpha * math.exp(math.log(u / (1.0 - u)) / beta)
    if value <= cap:
        return value
    below = 1.0 / (1.0 + math.exp(-beta * math.log(cap / alpha)))
    v = (u - below) / (1.0 - below) * below
    if v <= 0.0:
        return 0.0
    return min(alpha * math.exp(math.log(v / (1.0 - v)) / beta), cap)
