"""The queue before a service, in cases small enough to be worked out by hand; all spans in microseconds.

Knows: services, both queues. Does not know: theory.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.core.errors import Defect
from sim.core.rng import exponential, key
from sim.core.service import (
    ANSWERED,
    FAILED,
    REFUSED,
    TIMED_OUT,
    ColdStart,
    Dependency,
    Outages,
    Queue,
    Retries,
    Served,
    Service,
    littles_law,
)
from sim.core.service_times import ServiceTimes
from sim.core.time import NEVER
from sim.engine.service_chance import Chance, Down
from sim.engine.service_queue import Walked, queue
from sim.engine.service_stage import Staged

HUNDRED = ServiceTimes(((0.5, 100.0),), ((2, ((0.5, 120.0),)), (4, ((0.5, 160.0),))))


def ask(one: Queue, *arrived: int) -> Served:
    return one.serve(np.array(arrived, dtype=np.int64), np.arange(len(arrived), dtype=np.int64))


def begun(served: Served) -> list[int]:
    return [-1 if t == NEVER else t for t in served.begun.tolist()]


@pytest.fixture(params=[Walked, Staged])
def made(request: pytest.FixtureRequest) -> type:
    """Either queue, where both can answer."""
    return request.param  # type: ignore[no-any-return]


def test_the_factory_walks_what_it_can() -> None:
    assert isinstance(queue(Service(HUNDRED), 1, "a"), Walked)
    assert isinstance(queue(Service(HUNDRED, most=4), 1, "a"), Staged)
    with pytest.raises(Defect, match="batches or retries"):
        Walked(Service(HUNDRED, most=4), Chance(Service(HUNDRED), 1, "a"))


def of(made: type, service: Service) -> Queue:
    return made(service, Chance(service, 1, "by hand"))  # type: ignore[no-any-return]


def test_first_come_first_served(made: type) -> None:
    served = ask(of(made, Service(HUNDRED, workers=2)), 0, 10, 20, 30, 500)
    assert begun(served) == [0, 10, 100, 110, 500]
    assert served.answered.tolist() == served.acted.tolist() == [100, 110, 200, 210, 600]
    assert served.waited.tolist() == [0, 0, 80, 80, 0]
    assert (served.state == ANSWERED).all()
    assert (served.attempts == 1).all()


def test_who_arrives_too_early_is_a_defect(made: type) -> None:
    line = of(made, Service(HUNDRED))
    ask(line, 5, 9)
    with pytest.raises(Defect, match="out of order"):
        ask(line, 8)
    with pytest.raises(Defect, match="out of order"):
        ask(line, 12, 11)
    assert len(ask(line).state) == 0
    assert begun(ask(line, 9)) == [205]


def test_workers_work_for_nobody_or_do_not(made: type) -> None:
    """The second caller has gone before a worker has time for him."""
    careless = ask(of(made, Service(HUNDRED, time_out=60)), 0, 10, 90)
    assert begun(careless) == [0, 100, 200]
    assert careless.state.tolist() == [TIMED_OUT] * 3
    assert careless.acted.tolist() == [60, 70, 150]
    assert (careless.answered == NEVER).all()
    careful = ask(of(made, Service(HUNDRED, time_out=60, abandon=True)), 0, 10, 90)
    assert begun(careful) == [0, -1, 100], "work that has begun is finished; who has left costs nothing"
    assert careful.acted.tolist() == [60, 70, 150]


def test_an_answer_at_the_last_instant_counts(made: type) -> None:
    assert ask(of(made, Service(HUNDRED, time_out=100)), 0).state.tolist() == [ANSWERED]
    assert ask(of(made, Service(HUNDRED, time_out=99)), 0).state.tolist() == [TIMED_OUT]


def test_a_full_queue_refuses(made: type) -> None:
    line = of(made, Service(HUNDRED, limit=1))
    served = ask(line, 0, 10, 20)
    assert served.state.tolist() == [ANSWERED, ANSWERED, REFUSED]
    assert (served.acted[2], served.waited[2], begun(served)[2]) == (20, 0, -1)
    assert ask(line, 99, 100).state.tolist() == [REFUSED, ANSWERED], "the place is empty when its work begins"


def test_cold_workers(made: type) -> None:
    service = Service(HUNDRED, cold=ColdStart(1_000, idle=500, releases=(5_000,)))
    served = ask(of(made, service), 0, 1_200, 1_800, 2_401, 4_900, 4_950, 6_300)
    takes = (served.acted - served.begun).tolist()
    # First; warm; idle for exactly 500; for 501; idle again; his call begins after the release; warm.
    assert takes == [1_100, 100, 100, 1_100, 1_100, 1_100, 100]


def test_dependencies(made: type) -> None:
    """An outage from 1,000 to 2,000: who waits, who does without, who gives up. And one that is merely slow."""
    quick, down = ServiceTimes.constant(10.0), Outages(((1_000, 2_000),))
    expected = {
        "wait": ([110, 2_110], ANSWERED, False),
        "skip": ([110, 1_130], ANSWERED, True),
        "fail": ([110, 1_030], FAILED, False),
    }
    for failure, (acted, state, degraded) in expected.items():
        one = Dependency("store", quick, down, NEVER if failure == "wait" else 30, failure)  # type: ignore[arg-type]
        served = ask(of(made, Service(HUNDRED, dependencies=(one,))), 0, 1_000)
        assert served.acted.tolist() == acted, failure
        assert served.state.tolist() == [ANSWERED, state]
        assert served.degraded.tolist() == [False, degraded]
    slow = Dependency("store", ServiceTimes.constant(31.0), time_out=30, on_failure="skip")
    assert ask(of(made, Service(HUNDRED, dependencies=(slow, slow_too()))), 0).acted.tolist() == [140]


def slow_too() -> Dependency:
    return Dependency("geolocation", ServiceTimes.constant(10.0), time_out=30, on_failure="fail")


def test_outages_that_are_drawn_are_the_same_for_whoever_asks() -> None:
    outages = Outages(between=50_000, lasts=5_000)
    near, far = Down(outages, 7), Down(outages, 7)
    far.cover(10**9)
    first = [near.until(t) for t in range(0, 3_000_000, 1_000)]
    assert first == [far.until(t) for t in range(0, 3_000_000, 1_000)]
    share = sum(end is not None for end in first) / len(first)
    assert 0.04 < share < 0.15, "a tenth of the time but for the noise of 50 outages"
    assert (near.ends > near.begins).all()
    assert (near.begins[1:] > near.ends[:-1]).all()


# --- batches and retries: on the stage alone ------------------------------------------------------------------------


def test_a_batch_begins_when_it_is_full_or_its_first_has_waited() -> None:
    service = Service(HUNDRED, window=50, most=2)
    served = ask(queue(service, 1, "batch"), 0, 10, 20, 400)
    assert begun(served) == [10, 10, 130, 450]
    assert served.acted.tolist() == [130, 130, 230, 550]


def test_a_batch_takes_who_has_gathered() -> None:
    """No window: whoever finds the worker free goes alone, and those that come meanwhile go together."""
    served = ask(queue(Service(HUNDRED, most=4), 1, "batch"), 0, 10, 20, 30, 40, 50)
    assert begun(served) == [0, 100, 100, 100, 100, 260]
    assert served.acted.tolist() == [100, 260, 260, 260, 260, 360]


def test_the_end_of_a_call_parts_batches() -> None:
    service = Service(HUNDRED, window=50, most=2)
    assert begun(ask(queue(service, 1, "batch"), 0, 10)) == [10, 10]
    line = queue(service, 1, "batch")
    assert begun(ask(line, 0)) == [50]
    assert begun(ask(line, 10)) == [150]


def test_callers_try_again() -> None:
    service = Service(HUNDRED, limit=0, retries=Retries(most=2, back_off=50, growth=2.0))
    served = ask(queue(service, 1, "again"), 0, 10)
    # Refused at 10 and at 60, begun at 160.
    assert (begun(served)[1], served.acted[1], served.attempts[1]) == (160, 260, 3)
    assert served.state.tolist() == [ANSWERED, ANSWERED]
    hurried = Service(HUNDRED, limit=0, time_out=120, retries=Retries(most=2, back_off=50))
    served = ask(queue(hurried, 1, "again"), 0, 10)
    assert (served.state[1], served.acted[1], served.attempts[1]) == (REFUSED, 60, 2), "160 is beyond 130"


def test_retries_make_a_busy_service_busier() -> None:
    """An attempt that nobody waits for any more is work all the same: the storm. A short line, which refuses at once,
    answers nearly as many as one worker can."""
    retries = Retries(most=3, back_off=10, growth=1.0, jitter=0.5, after=300)
    arrived = np.arange(0, 40_000, 80, dtype=np.int64)
    answered = {}
    for name, service in {
        "patient": Service(HUNDRED, time_out=1_000),
        "storm": Service(HUNDRED, time_out=1_000, retries=retries),
        "short line": Service(HUNDRED, limit=1, time_out=1_000, retries=retries),
    }.items():
        served = queue(service, 1, "storm").serve(arrived, np.arange(len(arrived)))
        answered[name] = int((served.state == ANSWERED).sum())
        present, through = littles_law(served, arrived)
        assert present == through
    assert answered["storm"] < 0.5 * answered["patient"] < answered["patient"] < answered["short line"]
    assert 360 <= answered["short line"] <= 420, "40,000 hold 400 calls of a worker"


def test_beyond_capacity_a_short_line_answers_most() -> None:
    """At 1.2 of what two workers can do, 0.83 could be answered. Without a limit callers wait until their time is up;
    who looks at deadlines begins with those whose time is nearly up."""
    times = ServiceTimes(((0.5, 325.0), (0.95, 400.0), (0.99, 570.0), (0.999, 2_000.0)))
    ids = np.arange(100_000, dtype=np.int64)
    arrived = np.cumsum(exponential(key(1, "beyond"), ids) * 350.0 / 2.4).astype(np.int64)
    answered = {}
    for name, service in {
        "nothing": Service(times, 2, time_out=50_000),
        "looks": Service(times, 2, time_out=50_000, abandon=True),
        "short line": Service(times, 2, time_out=50_000, limit=100),
    }.items():
        served = queue(service, 1, "beyond").serve(arrived, ids)
        answered[name] = float((served.state == ANSWERED).mean())
    assert answered["nothing"] < 0.05
    assert 0.3 < answered["looks"] < 0.6
    assert 0.8 < answered["short line"] < 0.86


def test_the_stage_says_the_same_again() -> None:
    store = Dependency("store", ServiceTimes.exponential(20.0), Outages(between=3_000, lasts=300), 60, "skip")
    service = Service(
        ServiceTimes.exponential(90.0),
        workers=2,
        window=30,
        most=4,
        limit=20,
        time_out=900,
        retries=Retries(2, 40, 2.0, 0.5, 300),
        cold=ColdStart(50, 200),
        dependencies=(store,),
    )
    arrived = np.sort(np.random.default_rng(3).integers(0, 30_000, 500))
    one, two = (queue(service, 5, "again").serve(arrived, np.arange(500)) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a, b)
    assert one.degraded.any()
    assert (one.attempts > 1).any()
    other = queue(service, 6, "again").serve(arrived, np.arange(500))
    assert not np.array_equal(one.acted, other.acted)
