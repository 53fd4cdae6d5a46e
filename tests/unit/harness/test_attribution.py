"""Shapley's rule on games with known answers, and sums that are exact.

Knows: games written by hand, the worlds' causes. Does not know: replays.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations

import numpy as np
import pytest

from harness.attribution import apportion, shapley
from sim.core import plugins


def _subsets(causes: str) -> list[frozenset[str]]:
    return [frozenset(chosen) for size in range(len(causes) + 1) for chosen in combinations(causes, size)]


def test_it_is_the_mean_over_all_orders() -> None:
    random = np.random.Generator(np.random.Philox(key=5))
    loss = {on: Fraction(int(random.integers(-1000, 1000))) for on in _subsets("abcd")}
    for cause in "abcd":
        orders = list(permutations("abcd"))
        marginal = Fraction(0)
        for order in orders:
            before = frozenset(order[: order.index(cause)])
            marginal += loss[before | {cause}] - loss[before]
        assert shapley(cause, "abcd", loss) == marginal / len(orders)
    whole = loss[frozenset("abcd")] - loss[frozenset()]
    assert sum(shapley(cause, "abcd", loss) for cause in "abcd") == whole


def test_what_never_matters_loses_nothing_and_twins_lose_alike() -> None:
    loss = {on: Fraction(6 * bool(on & {"a", "b"})) for on in _subsets("abc")}
    assert [shapley(cause, "abc", loss) for cause in "abc"] == [3, 3, 0]


@pytest.mark.parametrize(
    ("parts", "whole", "wanted"),
    [
        ([Fraction(1, 3)] * 3, 1, [1, 0, 0]),
        ([Fraction(5, 2), Fraction(-5, 2)], 0, [3, -3]),
        ([Fraction(7), Fraction(-2)], 5, [7, -2]),
        ([Fraction(1, 2), Fraction(7, 4)], 3, [1, 2]),
        ([], 0, []),
    ],
)
def test_parts_are_rounded_so_that_they_add_up(parts: list[Fraction], whole: int, wanted: list[int]) -> None:
    found = apportion(parts, whole)
    assert found == wanted
    assert sum(found) == whole


@pytest.mark.parametrize("world", ["telco", "sportsbook"])
def test_the_causes_of_a_world_name_its_levers_within_their_range(world: str) -> None:
    plugin = plugins.load("world", world)
    assert set(plugin.causes) == {"label lag", "adversary learning", "capacity"}
    for levers in plugin.causes.values():
        for name, value in levers.items():
            spec = plugin.levers[name]
            assert spec.low <= value <= spec.high
            assert value != spec.default
