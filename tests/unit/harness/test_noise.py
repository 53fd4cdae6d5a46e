"""How quiet a machine is: what is concluded from figures, wherever they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import noise
from harness.noise import Switches, Weather, complaints, ticks


@pytest.mark.parametrize(
    ("cpu", "steal", "says"),
    [
        (1.0, 0.0, []),
        (1.0, None, []),
        (0.981, 0.005, []),
        (0.5, 0.0, ["ran for 50.0% of the time"]),
        (1.0, 0.2, ["stole 20.0%"]),
        (0.5, 0.2, ["ran for", "stole"]),
    ],
)
def test_complaints(cpu: float, steal: float | None, says: list[str]) -> None:
    found = complaints(Weather(cpu, steal, Switches(0, 0), 10**9))
    assert len(found) == len(says)
    for line, part in zip(found, says, strict=True):
        assert part in line


def test_ticks_are_the_kernels(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    assert ticks(stat) == (36, 8), "guests' time is in user time already"
    stat.write_text("intr 5\n")
    assert ticks(stat) is None
    assert ticks(tmp_path / "none") is None


def test_a_meter_sees_a_pause() -> None:
    import time

    meter = noise.Meter()
    time.sleep(0.05)
    weather = meter.read()
    assert weather.cpu_share < 0.9
    assert weather.switches.voluntary + weather.switches.involuntary >= 1
    assert weather.wall_ns >= 50_000_000


def test_a_spin_tells_its_gaps() -> None:
    tried = noise.spin(20_000_000)
    assert 0.0 <= tried.lost_share <= 1.0
    assert (tried.gaps == 0) == (tried.longest_ns == 0)
    assert tried.longest_ns == 0 or tried.longest_ns > noise.GAP_NS


def test_the_quietest_core_is_held_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[set[int]] = []
    lost = {0: 0.2, 1: 0.01, 5: 0.3}
    monkeypatch.setattr(noise.os, "sched_getaffinity", lambda pid: set(lost), raising=False)
    monkeypatch.setattr(
        noise.os, "sched_setaffinity", lambda pid, cores: held.append(set(cores)), raising=False
    )

    def spin(wall_ns: int) -> noise.Spin:
        (core,) = held[-1]
        return noise.Spin(1, lost[core], 60_000, Weather(1.0, 0.0, Switches(0, 0), wall_ns))

    monkeypatch.setattr(noise, "spin", spin)
    with noise.one_core() as pinned:
        assert pinned
        assert held[-1] == {1}
    assert held[-1] == set(lost)


def test_the_doctor_says_what_it_means_for_profiling(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = noise.Spin(0, 0.0, 0, Weather(1.0, 0.0, Switches(0, 0), 300_000_000))
    noisy = noise.Spin(40, 0.3, 9_000_000, Weather(0.6, 0.02, Switches(33, 0), 300_000_000))
    for tried, says in ((quiet, "quiet enough for windtunnel profile"), (noisy, "would be UNDECIDED")):
        monkeypatch.setattr(noise, "spin", lambda tried=tried: tried)
        lines = noise.forecast()
        assert all(good for good, _ in lines), "a busy machine is no fault of the installation"
        assert says in lines[-1][1]
