"""Every law of the engine: samples against declared moments, inversion, support; and the kernels against the laws.

False alarms: each comparison of a mean allows 5 standard errors (6e-7), each of a variance a band checked by its own
bootstrap-free bound; with about 40 comparisons the suite's budget is below 1e-4 a run. Seeds are fixed for repetition.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.core.rng import draw, key, uniform
from sim.engine.chance import loglogistic_at, lognormal_at, normal_at, poisson_at
from sim.engine.quantities import (
    LAWS,
    Bernoulli,
    Categorical,
    Exponential,
    LogLogistic,
    LogNormal,
    Poisson,
    Quantity,
    Weibull,
    Zipf,
)

N = 200_000


def name(law: Quantity) -> str:
    return repr(law)


@pytest.fixture(scope="module")
def u() -> np.ndarray:
    return uniform(key(20261122, "theory"), np.arange(N))


@pytest.mark.parametrize("law", LAWS, ids=name)
def test_samples_agree_with_declared_mean(law: Quantity, u: np.ndarray) -> None:
    x = law.at(u)
    assert abs(x.mean() - law.mean) < 5 * math.sqrt(law.variance / N)


@pytest.mark.parametrize("law", LAWS, ids=name)
def test_declared_variance_is_that_of_the_inverse(law: Quantity) -> None:
    """By stratified uniforms: no chance at all but in the tails, which the tolerance leaves to quadrature."""
    n = 2_000_000
    x = law.at((np.arange(n) + 0.5) / n)
    assert x.var() == pytest.approx(law.variance, rel=0.02)
    assert x.mean() == pytest.approx(law.mean, rel=0.005)


@pytest.mark.parametrize("law", LAWS, ids=name)
def test_values_rise_with_the_uniform_and_stay_in_the_support(law: Quantity) -> None:
    u = np.concatenate([[0.0], np.sort(uniform(3, np.arange(5000))), [1 - 2.0**-53]])
    x = law.at(u)
    low, high = law.support
    assert np.all((x >= low) & (x <= high))
    if not isinstance(law, Bernoulli):
        assert np.all(np.diff(x) >= 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Exponential(0.0),
        lambda: LogNormal(-1.0, 1.0),
        lambda: LogNormal(1.0, math.nan),
        lambda: LogLogistic(1.0, 0.0, 10.0),
        lambda: Weibull(math.inf, 1.0),
        lambda: Poisson(-3.0),
        lambda: Bernoulli(1.5),
        lambda: Categorical(()),
        lambda: Categorical((1.0, -1.0)),
        lambda: Zipf(0, 1.0),
    ],
)
def test_impossible_laws_are_refused(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


def test_kernel_draws_are_the_arrays_draws() -> None:
    entity = np.array([0, 1, 5, 2**31, 2**62 - 1], dtype=np.int64)
    ordinal = np.array([0, 7, 2**40, 3, 2**62], dtype=np.int64)
    k = key(1, "purpose")
    with np.errstate(over="ignore"):
        one_by_one = [draw(np.uint64(k), e, o) for e, o in zip(entity, ordinal, strict=True)]
    assert one_by_one == uniform(k, entity, ordinal).tolist()


def test_kernel_normal_is_the_quantile() -> None:
    from scipy.special import ndtri

    u = np.concatenate([[0.0, 1e-12, 1e-5], np.linspace(0.001, 0.999, 999), [1 - 1e-9]])
    assert np.allclose([normal_at(x) for x in u], ndtri(u + 2.0**-53), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mean", [0.01, 0.7, 6.0, 45.0])
def test_kernel_poisson_is_the_inverse(mean: float) -> None:
    u = uniform(11, np.arange(3000))
    assert [poisson_at(x, mean) for x in u] == Poisson(mean).at(u).astype(int).tolist()


def test_kernel_lognormal_is_the_law() -> None:
    u = uniform(12, np.arange(2000))
    assert np.allclose([lognormal_at(x, 6.0, 1.1) for x in u], LogNormal(6.0, 1.1).at(u), rtol=1e-7)


@pytest.mark.parametrize("cap", [7200.0, 200.0, 75.0])
def test_kernel_loglogistic_has_the_law(cap: float) -> None:
    """Not the inverse (what falls beyond the cap is drawn again), but the same distribution: Kolmogorov, p < 1e-6."""
    n = 50_000
    law = LogLogistic(75.0, 1.5, cap)
    x = np.sort([loglogistic_at(v, 75.0, 1.5, cap) for v in uniform(13, np.arange(n))])
    below = 1.0 / (1.0 + (x / 75.0) ** -1.5) / law._top
    assert x[-1] <= cap
    assert np.abs(below - (np.arange(n) + 0.5) / n).max() < math.sqrt(math.log(2 / 1e-6) / 2 / n)
