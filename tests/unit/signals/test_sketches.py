"""What a monitor keeps of a day is what numpy says of its rows, however the day was cut."""

from __future__ import annotations

import numpy as np
from scipy.stats import ks_2samp

from harness.kinds import DayTables
from harness.signals._compared import Comparison
from harness.signals.ks import Ks
from harness.signals.psi import Psi
from harness.signals.wasserstein import Wasserstein
from harness.sketches import BINS, CELLS, Ring, Sample, count, cuts_of
from sim.core import rng


def rows(seed: int, n: int, shift: float = 0.0) -> np.ndarray:
    chance = rng.stream(seed, "rows")
    x = chance.standard_normal((n, 3)) + shift
    x[:, 1] = np.exp(x[:, 1])
    x[:, 2] = x[:, 2] > 1.0
    x[chance.random((n, 3)) < 0.05] = np.nan
    return x.astype(np.float32)


def counted(x: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    counts = np.zeros((x.shape[1], CELLS), dtype=np.int64)
    count(x, cuts, counts)
    return counts


def test_counts_are_those_of_a_search_in_the_edges() -> None:
    x = rows(1, 5000)
    cuts = cuts_of(x)
    counts = counted(rows(2, 4000, 0.3), cuts)
    for j, column in enumerate(rows(2, 4000, 0.3).T):
        known = column[~np.isnan(column)]
        edges = cuts[j][~np.isnan(cuts[j])].astype(np.float32)
        expected = np.bincount(np.searchsorted(edges, known, side="left"), minlength=BINS)
        assert counts[j, :BINS].tolist() == expected.tolist()
        assert counts[j, BINS] == np.isnan(column).sum()


def test_a_change_of_unit_lies_beyond_all_usual_bins() -> None:
    cuts = cuts_of(rows(1, 5000))
    high = counted(rows(2, 1000) * np.float32(1000.0), cuts)
    usual = int(np.searchsorted(cuts[0], np.nanmax(rows(1, 5000)[:, 0])))
    assert high[0, usual + 1 : BINS].sum() > 450  # all positive ones


def test_distances_agree_with_their_definitions() -> None:
    one, other = rows(1, 20_000), rows(2, 10_000, 0.2)
    cuts = cuts_of(one)
    usual, window = counted(one, cuts)[None], counted(other, cuts)[None]
    asked = Comparison(window, usual, np.array([[0.5]]), cuts)
    gap = Ks().distance(asked)[0]
    for j in range(2):
        exact = ks_2samp(one[~np.isnan(one[:, j]), j], other[~np.isnan(other[:, j]), j]).statistic
        assert exact - 0.02 <= gap[j] <= exact + 1e-6
    deciles = np.nanquantile(one[:, 0], np.linspace(0.1, 0.9, 9))
    p, q = (
        np.bincount(np.searchsorted(deciles, x[~np.isnan(x[:, 0]), 0]), minlength=10) for x in (other, one)
    )
    p, q = p / p.sum(), q / q.sum()
    index = float(np.sum((p - q) * np.log(p / q)))
    assert np.isclose(Psi().distance(asked)[0, 0], index, rtol=0.1)
    low, high = np.nanquantile(one[:, 0], [0.005, 0.995])
    assert np.isclose(Wasserstein().distance(asked)[0, 0], 0.2 / (high - low), rtol=0.15)


def test_nothing_moved_is_nothing() -> None:
    x = rows(1, 5000)
    same = counted(x, cuts_of(x))[None]
    asked = Comparison(same, same, np.ones((1, 1)), cuts_of(x))
    for signal in (Psi(), Ks(), Wasserstein()):
        assert np.allclose(signal.distance(asked), 0.0, atol=1e-12)


def test_a_sample_is_the_same_however_the_day_is_cut_and_small() -> None:
    x, lot = rows(3, 9000), rng.stream(3, "lots").random(9000)
    whole, cut = Sample(3, 5, 1000), Sample(3, 5, 1000)
    whole.take(4, x, lot)
    for start in range(0, 9000, 700):
        cut.take(4, x[start : start + 700], lot[start : start + 700])
    (a, _), (b, day) = whole.rows(0, 9), cut.rows(0, 9)
    assert np.array_equal(a, b, equal_nan=True)
    assert 500 <= len(b) <= 1000
    assert set(day.tolist()) == {4}


def test_memory_does_not_grow_with_days() -> None:
    ring, sample = Ring(("a", "b", "c"), CELLS, 20), Sample(3, 20, 100)
    sizes = []
    for day in range(200):
        ring.of(day)[0, 0] += 1
        x = rows(day, 150)
        sample.take(day, x, rng.stream(day, "lots").random(150))
        sizes.append(ring.state_bytes() + sample.state_bytes())
    assert max(sizes[100:]) <= 1.3 * max(sizes[20:100])
    table = ring.table(190, 199)
    assert isinstance(table, DayTables)
    assert table.counts[:, 0, 0].tolist() == [1] * 10
