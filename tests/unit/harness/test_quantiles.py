"""Quantiles of timings: their bounds hold as often as they say, and too few samples give none.

False-alarm budget: each bound is held against a binomial at 1e-6, over fixed seeds.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from harness.quantiles import ASKED, CONFIDENCE, fewest, quantile, quantiles, ranks
from sim.core import rng


def test_fewest_samples_are_the_published_ones() -> None:
    """MLPerf Inference's figures for runs without a miss, at 99 %."""
    assert (fewest(0.99), fewest(0.999)) == (459, 4603)
    for q in ASKED.values():
        n = fewest(q)
        assert q**n <= 1.0 - CONFIDENCE < q ** (n - 1)


@pytest.mark.parametrize(("q", "n"), [(0.5, 51), (0.95, 400), (0.99, 459), (0.99, 2000), (0.999, 4603)])
def test_each_bound_misses_at_most_one_time_in_a_hundred(q: float, n: int) -> None:
    found = ranks(n, q)
    if found is None:
        pytest.fail("no ranks")
    low, high = found
    assert binom.cdf(low, n, q) <= 0.01
    assert binom.sf(high, n, q) <= 0.01
    assert high == n - 1 or binom.sf(high - 1, n, q) > 0.01, "no narrower rank would do"
    tries = 2000
    below = above = 0
    for part in range(tries):
        chance = rng.stream(3, "quantiles", part)
        # Two order statistics of uniforms are beta-distributed: no sample of n need be drawn.
        below += chance.beta(low + 1, n - low) > q
        above += chance.beta(high + 1, n - high) < q
    most = int(binom.ppf(1 - 1e-6, tries, 0.01))
    assert below <= most
    assert above <= most


def test_too_few_samples_give_no_quantile() -> None:
    samples = np.arange(458, dtype=np.int64)
    told = quantiles(samples)
    assert told["p95"] is not None
    assert told["p99"] is None
    assert told["p999"] is None
    more = quantiles(np.arange(459, dtype=np.int64))["p99"]
    assert more is not None
    assert more.low <= more.value <= more.high == 458


def test_the_value_is_the_order_statistic() -> None:
    ordered = np.arange(1, 1001, dtype=np.int64)
    for q in (0.5, 0.95, 0.99):
        found = quantile(ordered, q)
        assert found is not None
        assert found.value == math.ceil(1000 * q)
