"""Laws: random quantities that declare their mean, variance and support, and are drawn by inversion of uniforms.

Knows: distribution functions and their inverses. Does not know: keys, who draws.
One generic test holds `at` to what is declared, so a new law arrives tested. The kernels of `sim.engine.chance` draw
the same laws one at a time; a test holds them to these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special, stats

Floats = NDArray[np.float64]
_TINY = 2.0**-54


@runtime_checkable
class Quantity(Protocol):
    """A random quantity. `at(u)` inverts: uniforms (n,) in [0, 1) to values (n,) inside [low, high]."""

    @property
    def mean(self) -> float:
        """Declared mean."""
        ...

    @property
    def variance(self) -> float:
        """Declared variance; infinite where the law has none."""
        ...

    @property
    def support(self) -> tuple[float, float]:
        """Lowest and highest value."""
        ...

    def at(self, u: Floats) -> Floats:
        """Values at uniforms."""
        ...


def _positive(law: str, **values: float) -> None:
    for name, value in values.items():
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{law}.{name}: got {value}, expected a finite number above 0")


@dataclass(frozen=True)
class Exponential:
    """Exponential with a mean."""

    average: float

    def __post_init__(self) -> None:
        _positive("Exponential", average=self.average)

    mean = property(lambda self: self.average)
    variance = property(lambda self: self.average**2)
    support = (0.0, math.inf)

    def at(self, u: Floats) -> Floats:
        """Inversion."""
        return np.asarray(-self.average * np.log1p(-u))


@dataclass(frozen=True)
class LogNormal:
    """Log-normal with a median and the standard deviation of its logarithm."""

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _positive("LogNormal", median=self.median, sigma=self.sigma)

    support = (0.0, math.inf)

    @property
    def mean(self) -> float:
        """median exp(sigma^2 / 2)."""
        return self.median * math.exp(self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        """mean^2 (exp(sigma^2) - 1)."""
        return self.mean**2 * math.expm1(self.sigma**2)

    def at(self, u: Floats) -> Floats:
        """Inversion."""
        return np.asarray(self.median * np.exp(self.sigma * special.ndtri(u + _TINY)))


@dataclass(frozen=True)
class LogLogistic:
    """Log-logistic with scale (median, untruncated) and shape, conditional on being at most `cap`: the TLAC of call
    durations (Vaz de Melo et al., ECML-PKDD 2010)."""

    alpha: float
    beta: float
    cap: float

    def __post_init__(self) -> None:
        _positive("LogLogistic", alpha=self.alpha, beta=self.beta, cap=self.cap)

    @property
    def _top(self) -> float:
        return float(1.0 / (1.0 + (self.cap / self.alpha) ** -self.beta))

    def _moment(self, power: int) -> float:
        def tail(x: float) -> float:
            below = 1.0 / (1.0 + (x / self.alpha) ** -self.beta) if x > 0 else 0.0
            return power * x ** (power - 1) * (1.0 - below / self._top)

        knots = [self.alpha * 10**step for step in (-2, -1, 0, 1, 2) if self.alpha * 10**step < self.cap]
        return float(integrate.quad(tail, 0.0, self.cap, points=knots, limit=400)[0])

    @property
    def mean(self) -> float:
        """By quadrature of the tail."""
        return self._moment(1)

    @property
    def variance(self) -> float:
        """By quadrature of the tail."""
        return self._moment(2) - self._moment(1) ** 2

    @property
    def support(self) -> tuple[float, float]:
        """From 0 to the cap."""
        return (0.0, self.cap)

    def at(self, u: Floats) -> Floats:
        """Inversion."""
        v = u * self._top
        with np.errstate(divide="ignore"):
            return np.asarray(np.minimum(self.alpha * (v / (1.0 - v)) ** (1.0 / self.beta), self.cap))


@dataclass(frozen=True)
class Weibull:
    """Weibull with scale and shape."""

    scale: float
    shape: float

    def __post_init__(self) -> None:
        _positive("Weibull", scale=self.scale, shape=self.shape)

    support = (0.0, math.inf)

    @property
    def mean(self) -> float:
        """scale Gamma(1 + 1/shape)."""
        return self.scale * math.gamma(1 + 1 / self.shape)

    @property
    def variance(self) -> float:
        """scale^2 (Gamma(1 + 2/shape) - Gamma(1 + 1/shape)^2)."""
        return self.scale**2 * math.gamma(1 + 2 / self.shape) - self.mean**2

    def at(self, u: Floats) -> Floats:
        """Inversion."""
        return np.asarray(self.scale * (-np.log1p(-u)) ** (1 / self.shape))


@dataclass(frozen=True)
class Poisson:
    """Poisson with a mean."""

    average: float

    def __post_init__(self) -> None:
        _positive("Poisson", average=self.average)

    mean = property(lambda self: self.average)
    variance = property(lambda self: self.average)
    support = (0.0, math.inf)

    def at(self, u: Floats) -> Floats:
        """Inversion."""
        return np.asarray(stats.poisson.ppf(np.maximum(u, _TINY), self.average), dtype=np.float64)


@dataclass(frozen=True)
class NegativeBinomial:
    """Counts with a mean and variance mean + mean^2 / size."""

    average: float
    size: float

    def __post_init__(self) -> None:
        _positive("NegativeBinomial", average=self.average, size=self.size)

    mean = property(lambda self: self.average)
    variance = property(lambda self: self.average + self.average**2 / self.size)
    support = (0.0, math.inf)

    def at(self, u: Floats) -> Floats:
        """Inversion."""
        p = self.size / (self.size + self.average)
        return np.asarray(stats.nbinom.ppf(np.maximum(u, _TINY), self.size, p), dtype=np.float64)


@dataclass(frozen=True)
class Bernoulli:
    """1 with probability p, else 0."""

    p: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.p <= 1.0:
            raise ValueError(f"Bernoulli.p: got {self.p}, expected 0 to 1")

    mean = property(lambda self: self.p)
    variance = property(lambda self: self.p * (1 - self.p))
    support = (0.0, 1.0)

    def at(self, u: Floats) -> Floats:
        """1 where u < p."""
        return (u < self.p).astype(np.float64)


@dataclass(frozen=True)
class Categorical:
    """Index i with probability weights[i] / sum."""

    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights) < 0 or not 0 < sum(self.weights) < math.inf:
            raise ValueError(
                f"Categorical.weights: got {self.weights}, expected none negative and a positive sum"
            )

    @property
    def _p(self) -> Floats:
        weights = np.array(self.weights)
        return np.asarray(weights / weights.sum())

    @property
    def mean(self) -> float:
        """Mean index."""
        return float((self._p * np.arange(len(self.weights))).sum())

    @property
    def variance(self) -> float:
        """Variance of the index."""
        return float((self._p * np.arange(len(self.weights)) ** 2).sum()) - self.mean**2

    @property
    def support(self) -> tuple[float, float]:
        """From 0 to the last index."""
        return (0.0, float(len(self.weights) - 1))

    def at(self, u: Floats) -> Floats:
        """Inversion of the cumulative weights."""
        upper = np.cumsum(self._p)
        index = np.searchsorted(upper, u, side="right")
        return np.minimum(index, len(self.weights) - 1).astype(np.float64)


@dataclass(frozen=True)
class Zipf:
    """Rank 1..n with probability proportional to rank^-exponent."""

    n: int
    exponent: float

    def __post_init__(self) -> None:
        _positive("Zipf", n=self.n, exponent=self.exponent)

    @property
    def _ranks(self) -> Categorical:
        return Categorical(tuple((np.arange(1, self.n + 1) ** -float(self.exponent)).tolist()))

    mean = property(lambda self: self._ranks.mean + 1.0)
    variance = property(lambda self: self._ranks.variance)

    @property
    def support(self) -> tuple[float, float]:
        """From 1 to n."""
        return (1.0, float(self.n))

    def at(self, u: Floats) -> Floats:
        """Inversion of the cumulative weights."""
        return self._ranks.at(u) + 1.0


LAWS: tuple[Quantity, ...] = (
    Exponential(3.0),
    LogNormal(6.0, 1.1),
    LogNormal(41.0, 1.27),
    LogLogistic(75.0, 1.5, 7200.0),
    LogLogistic(18.0, 1.7, 7200.0),
    Weibull(2.0, 0.7),
    Poisson(0.3),
    Poisson(12.0),
    NegativeBinomial(2.8, 1.5),
    Bernoulli(0.004),
    Categorical((0.68, 0.18, 0.14)),
    Zipf(40, 0.8),
)
"""One of each law, with parameters that worlds use: what the generic test runs over."""
