"""Laws of every injection found: pure, exact at event time, confined to its window; then each shape by itself.

Parameters are drawn from the annotations of the plugin's fields, so that a new injection arrives already tested.
"""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim.core import plugins
from sim.core.levers import Injection, Levers, LeverSpec, looked_at
from sim.core.parameters import build
from sim.core.time import DAY, HOUR, Micros
from sim.injections.blip import Blip
from sim.injections.gradual import Gradual
from sim.injections.incremental import Incremental
from sim.injections.pulse import Pulse
from sim.injections.ramp import Ramp
from sim.injections.regimes import Regimes
from sim.injections.season import Season
from sim.injections.step import Step

NAMES = plugins.names("injection")
START = 100 * DAY
LONG = 60 * DAY


class Length(int):
    """Stands for Micros in a plugin's annotations, so that durations can be told from other whole numbers."""


def parameters(plugin: Any, span: Micros) -> st.SearchStrategy[dict[str, Any]]:
    hints = get_type_hints(plugin, localns={"Micros": Length})
    fields = [field for field in dataclasses.fields(plugin) if field.name not in ("start", "end")]
    return st.fixed_dictionaries({field.name: drawn(hints[field.name], span) for field in fields})


def drawn(hint: Any, span: Micros) -> st.SearchStrategy[Any]:
    kinds = {
        Length: st.integers(1, span),
        float: st.floats(0.01, 3.0),
        int: st.integers(0, 5),
        type(None): st.none(),
    }
    if get_origin(hint) is tuple:
        return st.lists(drawn(get_args(hint)[0], span), min_size=2, max_size=3).map(tuple)
    if hint in kinds:
        return kinds[hint]
    return st.one_of([drawn(kind, span) for kind in get_args(hint)])


@st.composite
def injections(draw: st.DrawFn, name: str) -> Injection:
    start = START + draw(st.integers(-HOUR, HOUR))
    span = draw(st.integers(2, LONG))
    plugin = plugins.load("injection", name)
    try:
        found: Injection = plugin(start=start, end=start + span, **draw(parameters(plugin, span)))
    except ValueError:
        assume(False)
        raise
    return found


@st.composite
def instants(draw: st.DrawFn, injection: Injection) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Instants inside, outside and exactly at the edges of the window, in any order."""
    near = [injection.start - 1, injection.start, injection.start + 1, injection.end - 1, injection.end]
    far = draw(st.lists(st.integers(0, START + 2 * LONG), max_size=30))
    return np.array(draw(st.permutations(near + far)), dtype=np.int64)


LAWS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def test_the_shapes_are_found() -> None:
    assert {"step", "ramp", "gradual", "incremental", "pulse", "season", "regimes", "blip"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@LAWS
@given(data=st.data())
def test_laws(name: str, data: st.DataObject) -> None:
    injection = data.draw(injections(name))
    assert isinstance(injection, Injection)
    t = data.draw(instants(injection))
    value = np.array(data.draw(st.lists(st.floats(0.0, 10.0), min_size=len(t), max_size=len(t))))
    before, asked = value.copy(), t.copy()
    moved = injection.apply(value, t)

    assert moved.shape == value.shape
    assert np.isfinite(moved).all()
    np.testing.assert_array_equal(value, before, "the values given are not changed")
    np.testing.assert_array_equal(t, asked)
    outside = (t < injection.start) | (t >= injection.end)
    np.testing.assert_array_equal(moved[outside].view(np.int64), value[outside].view(np.int64), "bit for bit")
    np.testing.assert_array_equal(injection.apply(value, t), moved, "asked again, the same")
    alone = [injection.apply(value[i : i + 1], t[i : i + 1])[0] for i in range(len(t))]
    np.testing.assert_array_equal(
        np.array(alone).view(np.int64), moved.view(np.int64), "one by one, the same bits"
    )
    order = np.argsort(t, kind="stable")
    np.testing.assert_array_equal(injection.apply(value[order], t[order]), moved[order], "in any order")
    read_only = value.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(injection.apply(read_only, t), moved)
    assert len(injection.apply(value[:0], t[:0])) == 0


@pytest.mark.parametrize("name", NAMES)
@LAWS
@given(data=st.data())
def test_magnitude_is_the_height(name: str, data: st.DataObject) -> None:
    """No instant is moved higher than the magnitude: a value in the lever's unit, or a factor."""
    injection = data.draw(injections(name))
    t = looked_at(injection, 500)
    height = injection.magnitude()
    assert np.isfinite(height)
    moved = injection.apply(np.full(len(t), 2.0), t)
    assert moved.max() <= max(2.0, height, 2.0 * height) + 1e-9
    assert moved.min() >= 0.0
    if len(t) > 1 and height > 2.1:
        assert moved.max() > 2.0, "what is said to rise rises"


@pytest.mark.parametrize("name", NAMES)
@LAWS
@given(data=st.data())
def test_what_has_not_started_changes_nothing(name: str, data: st.DataObject) -> None:
    """Law 2, on a lever: before its start a run with the injection cannot be told from one without."""
    injection = data.draw(injections(name))
    spec = LeverSpec("x", 0.3, "ratio", 0.0, 1.0, "", "test", "assumption")
    with_it, without = Levers({"x": spec}, {}, {"x": (injection,)}), Levers({"x": spec}, {}, {})
    t = np.arange(0, injection.start, max(1, injection.start // 97), dtype=np.int64)
    np.testing.assert_array_equal(with_it.at("x", t), without.at("x", t))
    assert not with_it.moving("x", 0, injection.start)
    assert with_it.moving("x", 0, injection.start + 1)


def at(injection: Injection, *days: float, value: float = 4.0) -> list[float]:
    t = np.array([round(day * DAY) for day in days], dtype=np.int64)
    return [float(v) for v in injection.apply(np.full(len(t), value), t)]


def test_step() -> None:
    assert at(Step(start=DAY, end=3 * DAY, factor=2.5), 0.999, 1, 2, 2.999, 3) == [4.0, 10.0, 10.0, 10.0, 4.0]
    assert at(Step(start=DAY, end=3 * DAY, to=0.0), 0.5, 1, 3) == [4.0, 0.0, 4.0]
    assert Step(start=0, end=1, factor=0.0).magnitude() == 0.0


def test_step_is_exact_to_the_microsecond() -> None:
    step = Step(start=DAY, end=DAY + 1, factor=2.0)
    t = np.array([DAY - 1, DAY, DAY + 1], dtype=np.int64)
    assert step.apply(np.ones(3), t).tolist() == [1.0, 2.0, 1.0]


def test_ramp() -> None:
    ramp = Ramp(start=10 * DAY, end=30 * DAY, over=10 * DAY, factor=3.0)
    assert at(ramp, 9, 10, 12.5, 15, 20, 29, 30) == [4.0, 4.0, 6.0, 8.0, 12.0, 12.0, 4.0]
    assert at(Ramp(start=0, end=DAY, over=DAY, to=0.0), 0, 0.5, 0.75) == [4.0, 2.0, 1.0]


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e6))
def test_ramp_reaches_its_aim_exactly(value: float, aim: float) -> None:
    ramp = Ramp(start=0, end=10 * DAY, over=3 * DAY, to=aim)
    assert at(ramp, 0, 3, 5, value=value) == [value, aim, aim]


def test_pulse() -> None:
    pulse = Pulse(start=DAY, end=16 * DAY, every=7 * DAY, lasts=2 * DAY, to=9.0)
    assert at(pulse, 0, 1, 2.99, 3, 8, 9.99, 10, 15, 15.99, 16) == [4, 9, 9, 4, 9, 9, 4, 9, 9, 4]


def test_season() -> None:
    season = Season(start=0, end=400 * DAY, period=100 * DAY, amplitude=0.5)
    assert at(season, 0, 25, 50, 75, 100) == pytest.approx([4.0, 6.0, 4.0, 2.0, 4.0], abs=1e-12)
    assert at(season, 0)[0] == pytest.approx(4.0), "it begins where the lever stands"
    shifted = Season(start=0, end=400 * DAY, period=100 * DAY, amplitude=0.5, peak=0)
    assert at(shifted, 0, 50, 300) == pytest.approx([6.0, 2.0, 6.0])
    assert season.magnitude() == 1.5


def test_season_does_not_drift_over_years() -> None:
    season = Season(start=0, end=40_000 * DAY, period=7 * DAY, amplitude=0.5)
    assert at(season, 1.3)[0] == at(season, 1.3 + 7 * 5_000)[0]


def test_blip_is_over_when_it_has_lasted() -> None:
    blip = Blip(start=DAY, end=30 * DAY, lasts=2 * HOUR, factor=5.0)
    assert at(blip, 0.99, 1, 1 + 1.99 / 24, 1 + 2 / 24, 20) == [4.0, 20.0, 20.0, 4.0, 4.0]
    assert (blip.start, blip.end) == (DAY, DAY + 2 * HOUR), "what the ground truth tells"


def test_incremental_climbs_by_equal_steps() -> None:
    stairs = Incremental(start=DAY, end=30 * DAY, over=10 * DAY, steps=5, to=14.0)
    assert at(stairs, 0.99, 1, 2.99, 3, 5, 8.99, 9, 20, 30) == [4, 6, 6, 8, 10, 12, 14, 14, 4]
    odd = Incremental(start=0, end=10, over=10, steps=3, to=1.0)
    rises = np.flatnonzero(np.diff(odd.apply(np.zeros(10), np.arange(10)), prepend=0.0))
    assert rises.tolist() == odd.corners().tolist() == [0, 4, 7]


def test_gradual_is_a_mixture_that_tips_over() -> None:
    """Of 4,000 stretches, in quarters: shares of the new state 1/8, 3/8, 5/8, 7/8; 4 sigma, false alarm below 3e-4."""
    mixture = Gradual(start=0, end=5_000 * HOUR, over=4_000 * HOUR, to=1.0)
    hours = np.arange(5_000, dtype=np.int64) * HOUR
    state = mixture.apply(np.zeros(5_000), hours)
    assert set(state) == {0.0, 1.0}
    for quarter, share in enumerate((1 / 8, 3 / 8, 5 / 8, 7 / 8)):
        part = state[quarter * 1_000 : quarter * 1_000 + 1_000]
        assert abs(part.mean() - share) < 4 * np.sqrt(share * (1 - share) / 1_000)
    assert (state[3_999:] == 1.0).all()
    within = mixture.apply(np.zeros(5_000), hours + HOUR - 1)
    np.testing.assert_array_equal(within, state, "a stretch is wholly one or the other")
    other = dataclasses.replace(mixture, lot=2).apply(np.zeros(5_000), hours)
    assert 0.2 < (other[:4_000] != state[:4_000]).mean() < 0.45, "another lot is another course: 1/3 differ"


def test_regimes_persist_and_mix_by_weight() -> None:
    """20,000 stretches: 2,000 draws on average, shares within 4 sigma of runs; false alarm below 2e-4."""
    hours = np.arange(20_000, dtype=np.int64) * HOUR
    mixture = Regimes(
        start=0, end=20_000 * HOUR, lasts=10 * HOUR, factor=(0.5, 1.0, 3.0), weights=(1.0, 2.0, 1.0)
    )
    level = mixture.apply(np.full(20_000, 2.0), hours)
    for value, share in ((1.0, 0.25), (2.0, 0.5), (6.0, 0.25)):
        # A share over draws that each last a geometric number of stretches: variance 2 - 1/10 times that of the draws.
        assert abs((level == value).mean() - share) < 4 * np.sqrt(1.9 * share * (1 - share) / 2_000)
    changes = int((np.diff(level) != 0).sum())
    expected = 20_000 / 10 * (1 - 0.25**2 - 0.5**2 - 0.25**2)
    assert abs(changes - expected) < 4 * np.sqrt(expected)
    assert (np.flatnonzero(np.diff(level)) + 1).tolist() == (mixture.corners() // HOUR).tolist()
    assert mixture.magnitude() == 3.0
    never = dataclasses.replace(mixture, weights=(1.0, 1.0, 0.0))
    assert never.magnitude() == 0.5, "what falls is told by how far"
    assert never.apply(np.full(20_000, 2.0), hours).max() == 2.0


def test_pulses_recur_with_period_and_duty() -> None:
    pulse = Pulse(start=DAY, end=50 * DAY, every=7 * DAY, lasts=DAY, factor=2.0)
    assert (pulse.corners()[:4] / DAY).tolist() == [1, 2, 8, 9]
    t = np.arange(DAY, 50 * DAY, HOUR)
    assert (pulse.apply(np.ones(len(t)), t) == 2.0).mean() == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("step", {}, "exactly one of"),
        ("step", {"to": 1.0, "factor": 2.0}, "exactly one of"),
        ("step", {"factor": -1.0}, "factor: got -1.0, expected a finite number of at least 0"),
        ("step", {"fctor": 1.0}, "did you mean 'factor'?"),
        ("ramp", {"to": 1.0}, "over: missing"),
        ("ramp", {"to": 1.0, "over": "2d"}, "no longer than the window"),
        ("ramp", {"to": 1.0, "over": "0d"}, "above 0"),
        ("pulse", {"to": 1.0, "every": "2h", "lasts": "2h"}, "shorter than every"),
        ("gradual", {"to": 1.0, "over": "2d"}, "no longer than the window"),
        ("gradual", {"to": 1.0, "over": "2h", "every": "3h"}, "no longer than over"),
        ("gradual", {"to": 1.0, "over": "2h", "evry": "1h"}, "did you mean 'every'?"),
        ("incremental", {"to": 1.0, "over": "2h", "steps": 1}, "2 to 1000"),
        ("incremental", {"to": 1.0, "over": "2d", "steps": 3}, "no longer than the window"),
        ("incremental", {"to": 1.0, "over": "2h"}, "steps: missing"),
        ("blip", {"to": 1.0, "lasts": "2d"}, "no longer than the window"),
        ("blip", {"to": 1.0}, "lasts: missing"),
        ("regimes", {"lasts": "2h"}, "exactly one of"),
        ("regimes", {"lasts": "2h", "to": (1.0,)}, "two or more"),
        ("regimes", {"lasts": "2h", "to": 1.0}, "to"),
        ("regimes", {"lasts": "2h", "factor": (1.0, -1.0)}, "at least 0"),
        ("regimes", {"lasts": "2h", "to": (1.0, 2.0), "weights": (1.0,)}, "for each level of to"),
        ("regimes", {"lasts": "2m", "to": (1.0, 2.0)}, "no shorter than every"),
        ("regimes", {"lasts": "2m", "to": (1.0, 2.0), "every": "1us"}, "at most 200000"),
        ("season", {"period": "1h", "amplitude": 1.5}, "at most 1"),
        ("season", {"period": "1h", "amplitude": 0.5, "peak": "1h"}, "shorter than the period"),
    ],
)
def test_what_is_refused(name: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(Exception, match=r"expected|missing|unknown") as caught:
        build("injection", name, given, {"start": 0, "end": DAY})
    assert says in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@settings(LAWS, max_examples=5)
@given(data=st.data())
def test_a_window_of_no_time_is_refused(name: str, data: st.DataObject) -> None:
    injection: Any = data.draw(injections(name))
    with pytest.raises(ValueError, match="end: expected an instant after start"):
        dataclasses.replace(injection, end=injection.start)
