"""How levers are drawn, and whether screening finds what it should.

Knows: spans, ranks. Does not know: replays.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness import robustness, trial
from harness.draws import Span, span, within_reach
from harness.robustness import busy_seeds, screen
from harness.shelf import Asked
from harness.weighing import lines
from sim.core.levers import LeverSpec
from sim.core.variation import central
from sim.worlds.telco import TelcoWorld


def spec(low: float, high: float, default: float = 1.0) -> LeverSpec:
    return LeverSpec("x", default, "", low, high, "", "", "assumption")


@pytest.mark.parametrize(
    ("low", "high", "central", "within", "wanted"),
    [
        (1.0, 100.0, 10.0, None, (1.0, 100.0, True)),
        (0.5, 1.5, 0.75, None, (0.5, 1.5, False)),
        (0.0, 1.0, 0.75, None, (0.0, 1.0, False)),
        (0.0, 0.1, 0.003, None, (0.003**2 / 0.1, 0.1, True)),
        (0.0, 1.0, 0.5, 3.0, (0.5 / 3, 1.0, True)),
        (-1.0, 1.0, -0.2, 2.0, (-0.4, -0.1, False)),
    ],
)
def test_a_lever_is_drawn_from_its_range_by_factors_where_that_spans_a_decade(
    low: float, high: float, central: float, within: float | None, wanted: tuple[float, float, bool]
) -> None:
    found = span(spec(low, high), central, within)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(wanted[:2])
    assert found.log is wanted[2]


def test_what_is_switched_off_stays_off() -> None:
    assert span(spec(0.0, 0.01), 0.0, None) is None


def test_what_an_injection_is_to_reach_stays_within_its_reach() -> None:
    """drift/telco-load-blip-v1 lifts political calls to 0.3 whatever their base: a world refuses more than 64 times."""
    scenario = trial.load("drift/telco-load-blip-v1").scenario
    levers = dict(TelcoWorld.levers)
    reached = within_reach(scenario, levers)
    assert reached["political_calls"].low == 0.3 / 64 > levers["political_calls"].low
    assert {n for n in levers if reached[n] is not levers[n]} == {"political_calls"}
    found = span(reached["political_calls"], central("political_calls", scenario, levers), None)
    assert found is not None
    assert max(0.3 / found.drawn(seed) for seed in range(2_000)) <= 64


def test_draws_are_keyed_by_seed_and_lever_and_fill_their_range() -> None:
    one, other = (Span(name, 1.0, 0.01, 100.0, True) for name in "xy")
    first = [one.drawn(seed) for seed in range(400)]
    assert first == [one.drawn(seed) for seed in range(400)]
    assert first != [other.drawn(seed) for seed in range(400)]
    # The median of 400 log-uniform values lies within a factor 10 ** 0.4 of the middle but for 4 in 100,000 studies.
    assert 0.4 < np.median(first) < 2.5
    assert min(first) >= 0.01
    assert max(first) <= 100.0
    assert min(first) < 0.013


def test_screening_names_what_moves_the_value_first_and_then_what_moves_the_rest() -> None:
    random = np.random.Generator(np.random.Philox(key=3))
    levers = random.random((40, 30))
    change = np.exp(4 * levers[:, 7]) - 3 * levers[:, 19] + 0.1 * random.standard_normal(40)
    change[5] = np.nan
    found = screen(levers, change, 2)
    assert [column for column, _ in found] == [7, 19]
    assert found[0][1] > 0.8
    assert found[1][1] < -0.3


class Asking:
    """A shelf whose replays say how often each kind was asked: central, and by seed as drawn."""

    def __init__(self, idle: set[int]) -> None:
        self.idle, self.fetched = idle, list[tuple[int, bool]]()

    def fetch(self, wanted: list[Asked]) -> None:
        self.fetched += [(one.seed, bool(one.variation.levers)) for one in wanted]

    def facts(self, one: Asked) -> dict[str, Any]:
        bets = 0 if one.seed in self.idle and one.variation.levers else 70
        return {"asked": {"bet": bets, "match_odds": 30, "point_spread": 0}}


DRAWN = (Span("x", 1.0, 0.5, 2.0, True),)


def test_the_next_seeds_stand_in_for_draws_under_which_nothing_is_asked() -> None:
    shelf: Any = Asking({2, 6})
    assert busy_seeds(shelf, DRAWN, (1, 2, 3, 4, 5), "c") == ((1, 3, 4, 5, 7), (2, 6))
    assert shelf.fetched == [(1, False)] + [(seed, True) for seed in range(1, 8)]


def test_who_is_put_aside_is_said() -> None:
    assert "Put aside, since nothing is asked as drawn: seed 2, 6." in lines(
        "some/world-v1", DRAWN, [], (2, 6)
    )
    assert not [line for line in lines("some/world-v1", DRAWN, []) if "aside" in line]


def test_no_draw_is_put_aside_where_all_are_busy_or_too_few_remain() -> None:
    busy: Any = Asking(set())
    assert busy_seeds(busy, DRAWN, (1, 2, 3, 4, 5), "c") == ((1, 2, 3, 4, 5), ())
    idle: Any = Asking(set(range(100)))
    assert busy_seeds(idle, DRAWN, (1, 2, 3, 4, 5), "c") == ((1, 2, 3, 4, 5), ())
    assert len(idle.fetched) == 11


def test_what_does_not_change_is_explained_by_nothing() -> None:
    assert screen(np.arange(12.0).reshape(6, 2), np.zeros(6), 2) == []
    assert screen(np.ones((6, 2)), np.arange(6.0), 2) == []
    assert screen(np.ones((2, 2)), np.arange(2.0), 2) == []


def test_levers_that_only_together_take_a_verdict_away_are_named_with_how_far_they_must_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Broken where both `a` and `c` have gone seven tenths of the way from 1 to their draws."""
    levers = [Span(name, 1.0, 0.5, 64.0, True) for name in "abcde"]

    def judged(_: Any, by_seed: dict[int, Any], names: Any) -> Any:
        def far(name: str) -> bool:
            one = next(lever for lever in levers if lever.name == name)
            return all(
                abs(np.log(vary.levers.get(name, 1.0))) >= 0.7 * abs(np.log(one.drawn(seed)))
                for seed, vary in by_seed.items()
            )

        verdict = "FAIL" if far("a") and far("c") else "PASS"
        return None, SimpleNamespace(candidates=[SimpleNamespace(name=names[0], verdict=verdict)])

    monkeypatch.setattr(robustness, "_judged", judged)
    centre: Any = SimpleNamespace(name="x", verdict="PASS")
    unused: Any = None
    case = robustness._Case(unused, (1, 2, 3, 4, 5), unused, centre, 1)
    found = robustness._together(case, levers, 40)
    assert [one.name for one in found.levers] == ["a", "c"]
    assert found.least
    assert (found.low, found.high) == (0.625, 0.75)
    cut = robustness._together(case, levers, 1)
    assert {"a", "c"} < {one.name for one in cut.levers}
    assert not cut.least


def test_a_share_of_the_way_is_by_factors_where_the_lever_is_drawn_by_factors() -> None:
    log, even = Span("x", 2.0, 0.01, 100.0, True), Span("x", 2.0, 0.0, 4.0, False)
    for one in (log, even):
        assert one.drawn(3, 1.0) == one.drawn(3)
        assert one.drawn(3, 0.0) == 2.0
    assert log.drawn(3, 0.5) == pytest.approx((2.0 * log.drawn(3)) ** 0.5)
    assert even.drawn(3, 0.5) == pytest.approx((2.0 + even.drawn(3)) / 2)
