"""Searching: what may vary, even coverage, what a sampler is told, which settings are the best.

Knows: knobs, a cost written by hand. Does not know: replays.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from harness import searching
from harness.searching import BROKEN, Knob, Score, Setting, Tried, best, inverse, knob, sampler_of, search
from sim.core.errors import UserError


def cost_of(settings: Sequence[Setting]) -> list[Score]:
    """Cheap is small x; x below 0.3 breaks the charter."""
    found = []
    for setting in settings:
        x = float(setting["x"])
        found.append(Score(x, max(0.0, 0.3 - x), x - 0.3))
    return found


@pytest.mark.parametrize(
    ("text", "u", "value"),
    [
        ("a.b=0.2..0.9", 0.5, "0.55"),
        ("a.b=0.01..1", 0.5, "0.1"),
        ("a.b=10..20", 0.26, "13"),
        ("retrain.every=7d,14d,28d", 0.99, "28d"),
        ("retrain.every=7d,14d,28d", 0.0, "7d"),
        ("a=0..1", 1.0, "1"),
    ],
)
def test_a_knob_is_read_and_turned(text: str, u: float, value: str) -> None:
    assert knob(text).at(u) == value


@pytest.mark.parametrize("text", ["a", "=1..2", "a=", "a=2..1", "a=x..y", "a=1", "a=1,1", "a=1,", "a=nan..1"])
def test_what_is_no_knob_is_told(text: str) -> None:
    with pytest.raises(UserError, match="--vary: "):
        knob(text)


def test_mirrored_digits() -> None:
    assert [inverse(n, 2) for n in (1, 2, 3, 4)] == [0.5, 0.25, 0.75, 0.125]
    assert inverse(5, 3) == pytest.approx(2 / 3 + 1 / 9)


def test_even_coverage_finds_the_cheapest_that_keeps_and_is_the_same_twice() -> None:
    knobs = (Knob("x", 0.0, 1.0), Knob("y", choices=("a", "b")))
    found = search(knobs, 30, 1, "halton", cost_of)
    assert len(found) == 30
    assert found == search(knobs, 30, 1, "halton", cost_of)
    assert found != search(knobs, 30, 2, "halton", cost_of)
    xs = sorted(float(one.setting["x"]) for one in found)
    assert max(after - before for before, after in pairwise(xs)) < 0.1
    assert {one.setting["y"] for one in found} == {"a", "b"}
    cheapest = best(found, 3)
    assert 0.3 <= cheapest[0].score.cost < 0.4
    assert [one.score.cost for one in cheapest] == sorted(one.score.cost for one in cheapest)
    assert all(one.score.keeps for one in cheapest)


def test_what_breaks_the_charter_is_worse_than_any_cost_and_worse_the_farther() -> None:
    kept, near, far = (Score(1e9, 0.0, 0.1), Score(0.0, 0.1, -0.1), Score(0.0, 2.0, -2.0))
    assert kept.told < BROKEN <= near.told < far.told


def test_the_same_setting_counts_once() -> None:
    one = Tried({"x": "0.5"}, Score(1.0, 0.0, 0.2))
    assert best([one, one, Tried({"x": "0.6"}, Score(2.0, 0.0, 0.3))], 3) == [
        one,
        Tried({"x": "0.6"}, Score(2.0, 0.0, 0.3)),
    ]


def test_an_unknown_sampler_is_told() -> None:
    with pytest.raises(UserError, match="--sampler: got 'grid', expected one of: tpe, halton"):
        sampler_of("grid")


@pytest.mark.parametrize(("there", "usual"), [(True, "tpe"), (False, "halton")])
def test_without_a_name_it_is_what_is_installed(
    there: bool, usual: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "find_spec", lambda name: object() if there else None)
    assert sampler_of("") == usual
    assert sampler_of("halton") == "halton"
    if there:
        assert sampler_of("tpe") == "tpe"
    else:
        with pytest.raises(UserError, match="--sampler tpe needs Optuna: pip install"):
            sampler_of("tpe")


def test_the_estimator_spends_most_of_its_trials_where_the_charter_is_kept_cheaply() -> None:
    pytest.importorskip("optuna")
    knobs = (Knob("x", 0.0, 1.0),)
    found = search(knobs, 40, 1, "tpe", cost_of)
    assert found == search(knobs, 40, 1, "tpe", cost_of)
    late = [float(one.setting["x"]) for one in found[20:]]
    # Even coverage has two in twenty there.
    assert sum(0.3 <= x <= 0.4 for x in late) >= 4
    assert best(found, 1)[0].score.cost < 0.32
