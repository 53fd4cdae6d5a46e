"""Laws of every injection found: pure, exact at event time, confined to its window; then each shape by itself.

Parameters are drawn from the annotations of the plugin's fields, so that a new injection arrives already tested.
"""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sim.core import plugins
from sim.core.levers import Injection, Levers, LeverSpec
from sim.core.parameters import build
from sim.core.time import DAY, HOUR, Micros
from sim.injections.pulse import Pulse
from sim.injections.ramp import Ramp
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
    return st.one_of([kinds[kind] for kind in get_args(hint) or (hint,)])


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
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def test_the_four_shapes_are_found() -> None:
    assert {"step", "ramp", "pulse", "season"} <= set(NAMES)


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
    t = np.unique(np.linspace(injection.start, injection.end - 1, 500).astype(np.int64))
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
