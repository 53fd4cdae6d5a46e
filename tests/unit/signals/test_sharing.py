"""One false-alarm budget for all signals of a monitor: who is given what, and that what was stated is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from harness import trial
from harness.assembly import build_replay
from harness.monitoring import SHIPPED, Watched, shared
from harness.signals._compared import EXPECTED_RUN
from harness.signals.adwin import Adwin
from harness.signals.always_fire import AlwaysFire
from harness.signals.ks import Ks
from harness.signals.psi import Psi
from sim.core.time import DAY


def test_a_signal_alone_keeps_its_own_budget() -> None:
    (one,) = shared([(Watched("ks", Ks()), False)])
    assert one.signal.expected_run == EXPECTED_RUN  # type: ignore[attr-defined]


def test_those_that_were_not_stated_share_and_the_others_keep_what_they_say() -> None:
    made = [
        (Watched("ks", Ks()), False),
        (Watched("psi", Psi(expected_run=30 * DAY)), True),
        (Watched("losses", Adwin()), False),
        (Watched("dull", AlwaysFire()), False),
    ]
    ks, psi, losses, dull = (one.signal for one in shared(made))
    assert ks.expected_run == losses.expected_run == 2 * EXPECTED_RUN  # type: ignore[attr-defined]
    assert psi.expected_run == 30 * DAY  # type: ignore[attr-defined]
    assert dull == AlwaysFire()


def test_the_shipped_twelve_are_given_twelve_times_as_long() -> None:
    loaded = trial.load("telco/midsize-carrier-quick-v1", ("world.with.lines=200", "world.tick=6h"))
    desk = build_replay(loaded, loaded.candidate("rules"), 1, None, []).desks["call"]
    assert desk.monitor is not None
    runs = {one.signal.expected_run for one in desk.monitor.plan.signals}  # type: ignore[attr-defined]
    assert runs == {len(SHIPPED) * EXPECTED_RUN}


def test_a_label_that_stands_for_fifty_is_one_label_to_adwin() -> None:
    """Two weeks of a label a day; in the second week each loses .9 instead of .1, and stands for fifty."""
    signal, mean, spread = Adwin(), np.array([0.1]), np.array([0.3])
    loss = np.where(np.arange(14) < 7, 0.1, 0.9)[None]
    heavy = np.where(np.arange(14) < 7, 1.0, 50.0)[None]
    plain = signal.statistic(np.ones((1, 14)), loss, mean, spread)
    weighed = signal.statistic(heavy, heavy * loss, mean, spread, heavy**2)
    believed = signal.statistic(heavy, heavy * loss, mean, spread)
    assert weighed == pytest.approx(plain, rel=0.1)
    assert believed[0] > 1.3 * plain[0]
