"""Keyed chance: compiled equals plain, draws depend on their key alone, and look uniform."""

from __future__ import annotations

import numpy as np
import pytest

from sim.core import rng

ENTITIES = np.arange(-7, 20_000, dtype=np.int64) * 7_919


@pytest.mark.parametrize("ordinal", [0, 5, -3, np.arange(20_007, dtype=np.int64)])
def test_one_pass_equals_the_array_form(ordinal: int) -> None:
    plain = (rng.bits(rng.key(1, "a"), ENTITIES, ordinal) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    np.testing.assert_array_equal(rng.uniform(rng.key(1, "a"), ENTITIES, ordinal), plain)


def test_a_draw_depends_on_its_own_key_and_on_nothing_beside_it() -> None:
    whole = rng.uniform(9, ENTITIES)
    np.testing.assert_array_equal(rng.uniform(9, ENTITIES[::-3]), whole[::-3])
    assert not np.isin(rng.uniform(10, ENTITIES), whole).any()


def test_paths_do_not_run_together() -> None:
    assert rng.key(1, "ab", "c") != rng.key(1, "a", "bc")
    assert rng.key(1, "1") != rng.key(1, 1)
    assert rng.key(1, "a") != rng.key(2, "a")


def test_uniform_in_bins_and_between_neighbours() -> None:
    u = rng.uniform(rng.key(3, "uniform"), np.arange(200_000), 1)
    counts = np.bincount((u * 100).astype(np.int64), minlength=100)
    # chi-square with 99 degrees of freedom: 148.2 is exceeded with probability 0.001
    assert float(((counts - 2_000.0) ** 2 / 2_000.0).sum()) < 148.2
    assert abs(float(np.corrcoef(u[1:], u[:-1])[0, 1])) < 3.3 / np.sqrt(200_000)


@pytest.mark.parametrize("width", [10, 42])
def test_scramble_is_a_bijection(width: int) -> None:
    ids = np.arange(1 << 10, dtype=np.int64)
    shown = rng.scramble(ids, 77, width)
    assert len(np.unique(shown)) == len(ids)
    assert shown.min() >= 0
    assert shown.max() < 1 << width


def test_poisson_keeps_its_mean_and_variance() -> None:
    for mean in (0.02, 0.9, 7.5):
        count = rng.poisson(5, np.full(100_000, mean), np.arange(100_000), int(mean * 100))
        assert abs(count.mean() - mean) < 4 * np.sqrt(mean / 100_000)
        assert abs(count.var() / mean - 1) < 0.05 + 0.02 / mean


def test_several_keys_at_once_are_each_key_by_itself() -> None:
    keys = np.array([rng.key(5, "one"), rng.key(5, "other"), 0], dtype=np.uint64)
    entity = np.arange(-3, 60)[::2]
    wanted = np.stack([rng.uniform(int(each), entity) for each in keys])
    assert rng.uniforms(keys, entity).tobytes() == wanted.tobytes()
    assert rng.uniforms(keys, entity[:0]).shape == (3, 0)
