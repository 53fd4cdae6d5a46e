"""Law 2: an injection that has not started changes nothing before it starts, not even inside its first tick.

Each lever costs a replay. Those of the telco are all tried by `make test`; of the sportsbook's, which has more and
costs more, a fixed third by the hash of their names, and all of them by `make test-all`."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
import pytest

from sim.core import plugins
from sim.core.events import Block
from sim.core.time import DAY, HOUR, MINUTE
from tests.laws.conftest import SMALL, WORLDS, Trace, acted, joined, open_small, play

START = {"telco": -6.37}
"""Hours after goLive. Telco: before goLive, off every grid, 1 d 17 h 37 min 48 s after the scenario's start."""
IN_PLAY = 14.37
"""And elsewhere: 14 h 22 min 12 s after goLive, a Sunday, with matches in play and others still to open."""


def world_of(name: str) -> Any:
    """The world of a small scenario."""
    return plugins.load("world", SMALL[name]["use"])


def covered(name: str, lever: str) -> bool:
    """Whether a lever is held to the law in this small scenario: those of the NFL where it is played, the rest
    elsewhere."""
    return SMALL[name]["use"] != "sportsbook" or lever.startswith("nfl_") == (name == "sportsbook-nfl")


MOVING = [
    (name, lever.name)
    for name in WORLDS
    for lever in world_of(name).levers.values()
    if lever.moves and covered(name, lever.name)
]


def always(name: str, lever: str) -> bool:
    """Whether `make test` tries a lever; a name's hash does not depend on the order or number of the others."""
    return name != "sportsbook" or crc32(lever.encode()) % 3 == 0


SWEEP = [
    pytest.param(name, lever, marks=() if always(name, lever) else pytest.mark.slow) for name, lever in MOVING
]
RARE = {
    "regulator_rate", "verify_error", "unanswered_share", "equaliser_stake",
    "max_payout_2",  # hardly a VIP among 600 accounts; tests/unit/sportsbook/test_betting.py shows it at work
}  # fmt: skip
"""Levers whose effect may be too rare to show in a few days of a small world."""

BOUND = {
    "recorded_share",  # drawn at the next campaign
    "enforced_topic", "comeback_days",  # bind while `enforcement` is above zero
    "prefer_local_sim", "prefer_premium_range", "prefer_hacked_account",  # a business of one tactic has no choice
    "enforcement",  # when a campaign on the enforced topic is under way
    "snowshoe_calls", "aged_days", "hijacked_days", "wangiri_days", "sim_box_days",  # the next number
    "revenue_share_days", "spoofed_days",
    "parlay_stake",  # parlays are sold before a day's first match: that of the injection has begun
    "review_rest_days",  # when an account that was cleared is looked at again
    "night_stays", "harmed_night", "exclusion_night",  # markets of the small weekend open by day
    "service_load", "accounts_load", "messages_per_s", "markets_in_offer", "changing_messages", "login_calls",
    "grading_calls",  # with a service before a desk (trial.service): tests/laws/test_latency.py, test_pricing.py
    "split_accounts",  # a split's third account opens a day or more after its second: the weekend is over
}  # fmt: skip
"""Levers that bind later than a few days, or together with another; tests/unit shows each of them at work."""

DOWN = {"attempt_cap", "login_per_s", "max_payout_0", "max_payout_1", "max_payout_2"}
"""Levers that bind only when lowered."""


def pushed(name: str, lever: str) -> float:
    """A value far from where the lever stands, inside its range."""
    spec = world_of(name).levers[lever]
    base = SMALL[name]["levers"].get(lever, spec.default)
    if lever in DOWN:
        return float(spec.low)
    return float(spec.high if spec.high - base > base - spec.low else spec.low)


def start(name: str) -> tuple[float, int]:
    """When an injection starts: hours after goLive, and the instant."""
    hours = START.get(name, IN_PLAY)
    return hours, open_small(name).go_live + round(hours * HOUR)


def cut(blocks: list[Block], before: int) -> dict[str, Any]:
    columns = joined(blocks)
    order = blocks[0].schema.order
    early = columns[order] < before
    return {name: column[early] for name, column in columns.items()}


def assert_same(a: dict[str, Any], b: dict[str, Any], what: str) -> None:
    for name in a:
        assert np.array_equal(a[name], b[name]), f"{what}.{name}"


def assert_same_before(plain: Trace, moved: Trace, instant: int) -> None:
    for part in ("questions", "outcomes", "truth", "news"):
        one, two = getattr(plain, part), getattr(moved, part)
        for name in sorted({*one, *two}):
            # A stream of which nothing was told at all is missing: then the other must say nothing before either.
            a, b = one.get(name) or two[name][:0], two.get(name) or one[name][:0]
            if a and b:
                assert_same(cut(a, instant), cut(b, instant), f"{part}.{name}")
            else:
                assert not len(cut(a or b, instant)["id"]), f"{part}.{name}"


@pytest.mark.parametrize(("name", "lever"), SWEEP)
def test_nothing_changes_before_it_starts(name: str, lever: str, traces: dict[str, Trace]) -> None:
    if name not in traces:
        traces[name] = play(open_small(name))
    plain = traces[name]
    hours, at = start(name)
    injection = {"name": "it", "use": "step", "lever": lever, "start": f"{hours}h", "to": pushed(name, lever)}
    moved = play(open_small(name, injections=(injection,)))
    assert_same_before(plain, moved, at)
    if lever not in RARE | BOUND:
        assert moved.digest() != plain.digest(), f"{lever} moves nothing"


def test_the_start_lies_inside_a_tick(plain: Trace, world_name: str) -> None:
    _, at = start(world_name)
    assert at % MINUTE
    kind = acted(world_name)
    (tick,) = (q for q in plain.asked if q.kind == kind and q.start < at < q.end)
    assert len(tick.block)
    t = joined(plain.questions[kind])["t"]
    assert min((t < at).sum(), (t > at).sum()) > 200


def test_one_instant_after_the_end_of_the_horizon_changes_nothing(plain: Trace, world_name: str) -> None:
    lever = next(lever for name, lever in MOVING if SMALL[name]["use"] == SMALL[world_name]["use"])
    world = open_small(world_name)
    hours = (world.horizon - world.go_live) / HOUR - 0.001
    late = {
        "name": "it",
        "use": "step",
        "lever": lever,
        "start": f"{hours}h",
        "to": pushed(world_name, lever),
    }
    moved = play(open_small(world_name, injections=(late,)))
    assert_same_before(plain, moved, world.horizon - 4_000_000)


def test_a_rate_rises_by_its_factor_and_falls_back() -> None:
    """Twice the strangers' calls in the window, nothing more after it: 5-sigma bounds, false alarms below 1e-6."""
    base = play(open_small("telco", levers={"stranger_calls": 2.0}))
    pulse = {
        "name": "it",
        "use": "step",
        "lever": "stranger_calls",
        "start": "0h",
        "end": "48h",
        "factor": 2.0,
    }
    more = play(open_small("telco", levers={"stranger_calls": 2.0}, injections=(pulse,)))

    def calls(trace: Trace, low: int, high: int) -> int:
        t = joined(trace.questions["call"])["t"]
        first = joined(trace.truth["call"])["first_try"] == 1
        return int((first & (t >= low) & (t < high)).sum())

    added = calls(more, 2 * DAY, 4 * DAY) - calls(base, 2 * DAY, 4 * DAY)
    expected = 2.0 * 300 * 2 * (7 / 6.5)  # Wednesday and Thursday, at weekend share 0.75
    assert abs(added - expected) < 5 * expected**0.5
    after = calls(more, 4 * DAY + HOUR, 5 * DAY) - calls(base, 4 * DAY + HOUR, 5 * DAY)
    assert abs(after) <= 5
