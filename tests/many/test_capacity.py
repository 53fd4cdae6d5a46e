"""Capacity of services whose answers are known, under demand that is made up; and the command on a small carrier.

Knows: demand, budgets, services. Does not know: how a queue is walked.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from harness import sizing, stress, trial
from harness.capacity import FINE, Budget, Peak, budget_of, capacity, highest, multiple, needed
from harness.demand import Demand, busiest, demand
from harness.shelf import Asked, Shelf
from harness.trial import Loaded
from sim.core import rng
from sim.core.errors import UserError
from sim.core.service import Dependency, Outages, Service
from sim.core.service_times import ServiceTimes
from sim.core.time import DAY, HOUR, MINUTE, NEVER, SECOND

DOCUMENTS = Path(__file__).parent / "documents"
WINDOW = 15 * MINUTE
MILLISECOND = ServiceTimes.constant(1_000.0)


@pytest.fixture(autouse=True)
def looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fortieth of the calls are looked at: tests need no p999."""
    monkeypatch.setattr("harness.capacity.MOST_CALLS", 10_000)


def steady(seed: int = 1, per_second: float = 1.0, load: float = 100.0) -> Demand:
    """Own questions evenly over a quarter of an hour, each with so many calls."""
    own = round(per_second * WINDOW / SECOND)
    arrived = np.arange(own, dtype=np.int64) * WINDOW // own
    keys = {part: rng.key(seed, "steady", part) for part in ("share", "when", "id")}
    return Demand(seed, 0, own, 0, WINDOW, arrived, np.arange(own), np.full(own, load), WINDOW, keys)


def test_multiples_of_a_demand() -> None:
    one = steady(load=3.5)
    own, ids, end = one.at(1.0, 10**9)
    assert (np.diff(own) >= 0).all()
    assert end == WINDOW
    assert len(own) == pytest.approx(3.5 * 900, rel=0.03)
    assert set(one.ids) <= set(ids.tolist())
    assert len(np.unique(ids)) == len(ids), "a copy's work is its own"
    more = one.at(2.0, 10**9)
    assert set(zip(own.tolist(), ids.tolist())) <= set(zip(more[0].tolist(), more[1].tolist()))
    few = one.at(0.1, 10**9)
    assert len(few[0]) == pytest.approx(0.35 * 900, rel=0.15)
    assert set(few[1].tolist()) <= set(one.ids.tolist())


def test_too_many_calls_keep_their_rate() -> None:
    one = steady(load=1_000.0)
    arrived, _, end = one.at(4.0, 40_000)
    assert len(arrived) == pytest.approx(40_000, rel=0.02)
    assert end == pytest.approx(WINDOW / 90, rel=1e-3)
    assert arrived.max() < end
    assert len(arrived) / end == pytest.approx(one.calls(4.0) / WINDOW, rel=0.02)


def test_the_load_that_a_service_bears_is_what_its_workers_can_do() -> None:
    """A call takes a millisecond: a worker does 1,000 a second, and with 100 a second load 1 is a tenth of it."""
    peak = Peak(Service(MILLISECOND, time_out=50_000), steady(), "t")
    low, high = highest(peak, 1, [budget_of("p99=50ms"), budget_of("late=1%")])
    assert 9.3 < low < high < 10.6
    assert high / low == pytest.approx(2 ** (1 / FINE))
    # M/D/1: at a load of r the mean wait is r / 2 (1 - r) ms; for half of them to wait under 1 ms, r is about 0.7.
    tight = highest(peak, 1, [budget_of("p50=2ms")])
    assert 6.5 < tight[0] < low
    assert highest(peak, 1, [budget_of("p50=0.9ms")]) == (-math.inf, multiple(-10 * FINE))
    two = highest(Peak(Service(MILLISECOND), steady(), "t"), 2, [budget_of("p99=50ms")])
    assert two[0] / low == pytest.approx(2.0, rel=0.08)


def test_workers_that_are_needed() -> None:
    peak = Peak(Service(MILLISECOND, time_out=50_000), steady(), "t")
    budgets = [budget_of("p99=20ms"), budget_of("late=0.1%")]
    step = round(FINE * math.log2(25))
    found = needed(peak, step, budgets)
    assert found == 3
    assert not all(peak.look(2, step).keeps(one) for one in budgets)
    assert needed(peak, step, [budget_of("p50=0.5ms")]) is None


def test_who_gets_no_answer_has_waited_forever() -> None:
    """A service that turns a tenth away at once answers the rest within 1.3 ms, and keeps no p99; a p50 it keeps."""
    lean = Peak(Service(MILLISECOND, limit=0), steady(load=110.0), "t")
    look = lean.look(1, 0)
    assert 0.05 < look.late < 0.2
    assert look.quantiles["p50"] == 1_000
    assert look.quantiles["p99"] == NEVER
    assert look.keeps(Budget("p50", 1_500.0))
    assert not look.keeps(Budget("p99", 50_000.0))
    present, through = lean.little()
    assert present == through == pytest.approx(0.1, rel=0.05)


def test_a_capacity_over_seeds() -> None:
    demands = [steady(seed, load=90.0 + 2 * seed) for seed in range(1, 7)]
    budgets = [budget_of("p50=2ms"), budget_of("p99=10ms")]
    found = capacity(["a", "b"], Service(MILLISECOND, 2), demands, "t", budgets, 25.0)
    assert list(found.by_budget) == ["p50 <= 2ms", "p99 <= 10ms"]
    assert found.together.value == min(one.value for one in found.by_budget.values())
    assert found.together.low < found.together.value < found.together.high
    assert found.together.confidence > 0.95
    loads = [one.value for one in found.by_workers.values()]
    assert list(found.by_workers) == [1, 2, 3, 4, 5]
    assert loads == sorted(loads)
    assert loads[1] == found.together.value
    assert set(found.needed.values()) <= {3, 4}
    assert [point.multiple for point in found.curve] == sorted(point.multiple for point in found.curve)
    assert found.curve[0].p99[0] < 10_000 < found.curve[-1].p99[0]


def test_a_budget_that_says_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="nothing is ever late"):
        capacity(["a"], Service(MILLISECOND), [steady()], "t", [budget_of("late=1%")], 3.0)
    store = Dependency("store", MILLISECOND, Outages(((0, SECOND),)), 5_000, "fail")
    leaning = Service(MILLISECOND, dependencies=(store,))
    assert Peak(leaning, steady(), "t").look(1, 0).late == 0.0, "the outage ends before anything is judged"


def test_the_busiest_window_of_the_busiest_day(loaded: Loaded) -> None:
    live = loaded.scenario.go_live
    quiet = live + np.arange(50, dtype=np.int64) * 6 * MINUTE
    busy = live + DAY + 9 * HOUR + np.array([0, 1, 2, 16, 17, 18, 19], dtype=np.int64) * MINUTE
    rest = live + DAY + 12 * HOUR + np.arange(60, dtype=np.int64) * 8 * MINUTE
    before = np.arange(900, dtype=np.int64) * MINUTE
    t = [before, quiet, busy, rest]
    ids = [np.arange(len(part), dtype=np.int64) + 1_000 * i for i, part in enumerate(t)]
    found = busiest(loaded, "call", 1, WINDOW, t, ids)
    assert (found.day, found.asked) == (1, 67)
    assert found.start == live + DAY + 9 * HOUR + WINDOW
    assert found.ids.tolist() == [2_003, 2_004, 2_005, 2_006]
    assert found.load.tolist() == [1.0] * 4
    with pytest.raises(UserError, match="asks no question"):
        busiest(loaded, "call", 1, WINDOW, [before], [ids[0]])


def test_the_command_says_the_same_twice(tmp_path: Path) -> None:
    loaded = trial.load(str(DOCUMENTS / "tiny.yaml"), seeds=(2,))
    asked = sizing.asked(
        "", ["p99=5ms", "late=1%"], 2.0, "1h", "telco/reference-xgboost-v1", workers=1, time_out="20ms"
    )
    lines = sizing.run_capacity(loaded, tmp_path / "a", 1, asked, lambda _: None)
    again = sizing.run_capacity(loaded, tmp_path / "b", 1, asked, lambda _: None)
    assert [line for line in lines if not line.startswith(str(tmp_path))] == [
        line for line in again if not line.startswith(str(tmp_path))
    ]
    for one, two in zip(lines[-3:], again[-3:], strict=True):
        assert Path(one).read_bytes() == Path(two).read_bytes()
    told = json.loads(Path(lines[-3]).read_bytes())
    assert told["asked"]["budgets"] == ["p99 <= 5ms", "late <= 1 %"]
    assert [one["seed"] for one in told["demand"]] == [2]
    (one,) = told["services"]
    assert one["candidates"] == ["reference-xgboost-v1"]
    assert one["together"]["load"] > 100, "200 lines do not busy a worker"
    assert all(little["present"] == little["through"] for little in one["littlesLaw"])


def with_latency(folder: Path, latency: str, service: str = "") -> Loaded:
    """The tiny scenario with a service, under a charter with these latency budgets."""
    charter = (DOCUMENTS / "charter.yaml").read_text() + latency
    (folder / "charter.yaml").write_text(charter)
    scenario = (DOCUMENTS / "tiny.yaml").read_text()
    queued = f"service: {{call: {{assumed: {{p50: 1ms, p99: 3ms, because: a test}}{service}}}}}"
    (folder / "tiny.yaml").write_text(scenario.replace("  trial:\n", f"  trial:\n    {queued}\n"))
    return trial.load(str(folder / "tiny.yaml"), seeds=(2,))


TWO_BUDGETS = """\
  latency:
    - {name: usual, p50: 4ms, p99: 40ms, late: 0.01, owner: business, because: a test}
    - {name: strict, desk: call, p99: 20ms, owner: business, because: a test}
"""


def test_the_charters_budgets_hold_where_the_command_names_none(tmp_path: Path) -> None:
    loaded = with_latency(tmp_path, TWO_BUDGETS, ", timeOut: 30ms")
    none = sizing.asked("", (), 2.0, "1h", "", 0, "")
    found = sizing.budgeted(loaded, "call", none)
    assert found.budgets == (Budget("p50", 4_000.0), Budget("p99", 20_000.0), Budget("late", 0.01))
    named = sizing.asked("", ["p99=7ms"], 2.0, "1h", "", 0, "")
    assert sizing.budgeted(loaded, "call", named) == named, (
        "an explicit budget takes the place of all of them"
    )
    lines = sizing.run_capacity(loaded, tmp_path / "runs", 1, none, lambda _: None)
    assert f"Budgets are those of the charter {loaded.charter_id}." in lines
    told = json.loads(Path(lines[-3]).read_bytes())
    assert told["asked"]["budgetsOf"] == loaded.charter_id
    assert set(told["services"][0]["budgets"]) == {"p50 <= 4ms", "p99 <= 20ms", "late <= 1 %"}


def test_a_charters_late_share_is_kept_by_who_is_never_late(tmp_path: Path) -> None:
    loaded = with_latency(tmp_path, TWO_BUDGETS)
    lines = sizing.run_capacity(
        loaded, tmp_path / "runs", 1, sizing.asked("", (), 2.0, "1h", "", 0, ""), lambda _: None
    )
    told = json.loads(Path(lines[-3]).read_bytes())
    assert set(told["services"][0]["budgets"]) == {"p50 <= 4ms", "p99 <= 20ms"}


def test_neither_budgets_nor_a_charters(tmp_path: Path) -> None:
    loaded = trial.load(str(DOCUMENTS / "tiny.yaml"), seeds=(2,))
    with pytest.raises(
        UserError, match=r"--budget: missing, and .* has no latency budget of the desk 'call'"
    ):
        sizing.run_capacity(loaded, tmp_path, 1, sizing.asked("", (), 2.0, "1h", "", 0, ""), lambda _: None)
    assert not any(tmp_path.iterdir())


def test_calls_of_many_rows_take_as_long_as_they_do() -> None:
    """Ten calls a second of ten rows at a millisecond each: a worker bears ten times as many."""
    one = dataclasses.replace(steady(load=10.0), rows=10)
    low, high = highest(Peak(Service(MILLISECOND), one, "t"), 1, [budget_of("p99=500ms")])
    assert 9.0 < low < high < 10.6
    assert Peak(Service(MILLISECOND), one, "t").look(1, 0).busy == pytest.approx(0.1, rel=0.05)


BOOK = (
    "world.with.betsPerMatch=100",
    "world.with.accounts=200",
    "world.levers.accounts_load=40",
)


@pytest.mark.slow
@pytest.mark.parametrize("desk", ["match_odds", "bet"])
def test_a_books_services_are_asked_by_messages_and_by_others_bets(desk: str) -> None:
    """Thirty matches stand beside each of at most four in play, one message a second each, forty markets; bets come
    1,200 for each that is played."""
    loaded = trial.load("sportsbook/latency-pass-v1", BOOK, seeds=(1,))
    found = demand(loaded, desk, 1, WINDOW)
    if desk == "match_odds":
        assert found.rows == 40
        assert found.per_second() == pytest.approx(4 * 30 * 1.0, rel=0.05)
    else:
        assert found.rows == 1
        assert found.calls(1.0) > 1_000
    assert (found.load == 1.0).all()
    assert (np.diff(found.arrived) >= 0).all()


def test_a_budget_that_is_critical_can_be_broken(tmp_path: Path) -> None:
    """Half of the answers within half a millisecond, where none takes less than one: broken before anything moves."""
    strict = "  latency:\n    - {name: usual, p50: 500us, critical: true, owner: business, because: a test}\n"
    plain = with_latency(tmp_path, strict)
    text = (tmp_path / "charter.yaml").read_text().replace("      critical: true\n", "")
    (tmp_path / "charter.yaml").write_text(text)
    loaded = trial.load(str(tmp_path / "tiny.yaml"), seeds=plain.seeds)
    shelf = Shelf(loaded, tmp_path / "runs", quiet=True)
    stress.require_critical(shelf)
    one = Asked("weak", plain.seeds[0])
    shelf.fetch([one])
    assert stress.look(shelf, one).broken == ("usual_p50",)
