"""When a price is in force, where prices pass a queue: real matches, services whose times are constant."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.core.errors import UserError
from sim.core.levers import Injection, Levers
from sim.core.service import Retries, Service
from sim.core.service_times import ServiceTimes
from sim.core.time import DAY, HOUR, MINUTE, NEVER, SECOND
from sim.injections.step import Step
from sim.worlds.sportsbook import football
from sim.worlds.sportsbook.curves import Curves
from sim.worlds.sportsbook.feed import listen
from sim.worlds.sportsbook.parameters import LEVERS
from sim.worlds.sportsbook.pricing import Pricing
from sim.worlds.sportsbook.slate import Slate
from sim.worlds.sportsbook.vocabulary import FOOTBALL

Ints = NDArray[np.int64]
KICKOFF = DAY
CALM = {"feed_gaps": 0.0, "messages_per_s": 0.0, "markets_in_offer": 1.0}
"""A feed without gaps that tells of nothing but changes of state; one row an offer."""


def each(ms: float, per_row_ms: float = 0.0, **other: Any) -> Service:
    """A service that always takes so long for a row, and so much longer for each further one."""
    many = ((0.5, (ms + 999 * per_row_ms) * 1000.0),)
    times = ServiceTimes(((0.5, ms * 1000.0),), ((1000, many),)) if per_row_ms else None
    return Service(times or ServiceTimes.constant(ms * 1000.0), **other)


class Afternoon:
    """Matches that kick off together, and their prices. moves: what moves a lever."""

    def __init__(
        self,
        matches: int,
        service: Service,
        levers: dict[str, float],
        moves: dict[str, list[Injection]] | None = None,
    ) -> None:
        self.levers = Levers(LEVERS, {**CALM, **levers}, moves or {})
        self.slate = Slate()
        self.pricing = Pricing(1, self.slate, self.levers, {FOOTBALL: {"match_odds": service}}, 0)
        self.slots = []
        for match in range(matches):
            path = football.play(1, match, KICKOFF, 1.6, 1.3, self.levers, 0)
            heard = listen(1, match, path, self.levers)
            slot = self.slate.open(match, FOOTBALL, KICKOFF, path, heard)
            self.pricing.open(slot)
            self.slots.append(slot)

    def run(self, tick: int = MINUTE, hours: int = 3) -> Afternoon:
        """Tick by tick from kick-off."""
        for start in range(KICKOFF, KICKOFF + hours * HOUR, tick):
            self.pricing.serve(start, start + tick)
        return self

    def rows(self, name: str) -> list[Ints]:
        """A column of the slate's states, match by match."""
        return [getattr(self.slate, name)[slot, : self.slate.states[slot]].copy() for slot in self.slots]


def test_an_idle_service_takes_its_own_time() -> None:
    found = Afternoon(1, each(40.0), {}).run()
    (heard,), (force,) = found.rows("heard"), found.rows("force")
    # Who is heard within a service time of the one before waits for it.
    alone = np.flatnonzero(np.diff(heard, prepend=-NEVER) > 40_000)
    assert len(alone) >= 4
    assert (force[alone] - heard[alone] == 40_000).all()


def test_matches_that_are_played_at_the_same_time_keep_one_another_waiting() -> None:
    busy = {"messages_per_s": 2.0}
    one, six = (Afternoon(n, each(75.0), busy).run() for n in (1, 6))
    waits = [np.concatenate(a.rows("force")) - np.concatenate(a.rows("heard")) for a in (one, six)]
    assert np.mean(waits[0]) < 150_000
    assert np.mean(waits[1]) > 250_000
    # Nobody is behind for longer than the same six matches need with as many workers as they are matches.
    relieved = Afternoon(6, each(75.0, workers=6), busy).run()
    eased = np.concatenate(relieved.rows("force")) - np.concatenate(relieved.rows("heard"))
    assert np.median(eased) < 100_000


@pytest.mark.parametrize("limit", [-1, 5])
def test_any_cut_into_ticks_gives_the_same_prices(limit: int) -> None:
    service = each(90.0, limit=limit)
    levers = {"messages_per_s": 3.0, "service_load": 2.0, "feed_gaps": 4.0, "feed_gap_s": 90.0}
    coarse, fine = (Afternoon(3, service, levers).run(tick) for tick in (MINUTE, 10 * SECOND))
    for a, b in zip(coarse.rows("force"), fine.rows("force"), strict=True):
        assert np.array_equal(a, b)


def test_what_is_refused_is_made_good_by_the_next_message() -> None:
    levers = {"messages_per_s": 1.0, "service_load": 40.0}
    shed = Afternoon(2, each(50.0, limit=3), levers).run()
    waits = np.concatenate(shed.rows("force")) - np.concatenate(shed.rows("heard"))
    told = shed.pricing.describe(KICKOFF + DAY)["match_odds"]
    assert told["asked"] - told["states"]["answered"] > 0.5 * told["asked"]
    # Three wait and one is served: 200 ms for whoever gets in; about one message in four does.
    assert np.median(waits) < 10 * SECOND
    assert (waits[waits > 200_000]).size > 0


def test_an_older_price_never_takes_the_place_of_a_newer_one() -> None:
    slow = ServiceTimes.exponential(20_000_000.0)
    found = Afternoon(4, Service(slow, workers=64), {}).run()
    for force in found.rows("force"):
        assert (np.diff(force) >= 0).all()
    assert (np.concatenate(found.rows("force")) >= np.concatenate(found.rows("heard"))).all()


def test_cardinality_costs_time() -> None:
    for markets, outcomes, rows in ((1.0, 3.0, 1), (40.0, 3.0, 40), (40.0, 120.0, 1600)):
        levers = {"markets_in_offer": markets, "outcomes_in_offer": outcomes}
        found = Afternoon(1, each(1.0, 2.0), levers).run()
        (heard,), (force,) = found.rows("heard"), found.rows("force")
        # Beyond a thousand rows, the largest batch that is told, time is in proportion.
        expected = 1.0 + 2.0 * (rows - 1) if rows <= 1000 else (1.0 + 2.0 * 999) * rows / 1000
        assert force[0] - heard[0] == round(expected * 1000)


def test_a_cache_answers_what_changes_nothing() -> None:
    levers = {"messages_per_s": 5.0, "changing_messages": 0.1}
    plain, cached = (Afternoon(2, each(5.0, caches=c), levers).run() for c in (False, True))
    before, after = (a.pricing.describe(KICKOFF + DAY)["match_odds"]["asked"] for a in (plain, cached))
    assert 0.08 * before < after < 0.12 * before


def test_until_a_lever_moves_no_price_differs() -> None:
    """Law 2, for the load of a service: it moves half an hour into the match."""
    begins = KICKOFF + 30 * MINUTE
    levers = {"messages_per_s": 1.0, "service_load": 5.0}
    step = cast(Injection, Step(start=begins, end=begins + HOUR, to=50.0))
    plain = Afternoon(2, each(60.0), levers).run()
    moved = Afternoon(2, each(60.0), levers, {"service_load": [step]}).run()
    differs = False
    for a, b, heard in zip(plain.rows("force"), moved.rows("force"), plain.rows("heard"), strict=True):
        assert np.array_equal(a[heard < begins], b[heard < begins])
        differs = differs or not np.array_equal(a, b)
    assert differs


def test_a_market_is_closed_from_the_message_to_its_price() -> None:
    found = Afternoon(3, each(20_000.0, halts=True, workers=9), {})
    curves = Curves(found.slate, found.pricing.halts)
    for slot in found.slots:
        curves.begin(slot)
    pieces: list[tuple[int, int, int, bool]] = []
    for start in range(KICKOFF, KICKOFF + 2 * HOUR, MINUTE):
        found.pricing.serve(start, start + MINUTE)
        knots = curves.lay(start, start + MINUTE)
        for i in np.flatnonzero(knots.place % 2 == 0):
            begins, span = int(knots.t[i]), round(float(knots.span_s[i]) * SECOND)
            pieces.append((int(knots.slot[i]), begins, begins + span, bool(knots.halted[i])))
    seen = 0
    for slot, heard, force in zip(found.slots, found.rows("heard"), found.rows("force"), strict=True):
        event = found.slate.shown["event"][slot]
        for k in range(1, len(heard)):
            if event[k] == 0 or heard[k] > KICKOFF + 100 * MINUTE:
                continue
            seen += 1
            middle, before = (int(heard[k]) + int(force[k])) // 2, int(heard[k]) - 1
            assert [halted for s, a, z, halted in pieces if s == slot and a <= middle <= z] == [True]
            if heard[k] - heard[k - 1] > 21 * SECOND:
                assert [halted for s, a, z, halted in pieces if s == slot and a <= before <= z] == [False]
    assert seen >= 3


def test_prices_know_no_batches_and_no_retries() -> None:
    with pytest.raises(UserError, match=r"match_odds.*without batching and retries"):
        Afternoon(0, each(1.0, retries=Retries(1, 1000)), {})


def test_a_tick_tells_how_long_the_last_price_took() -> None:
    found = Afternoon(2, each(30.0, workers=4), {"messages_per_s": 1.0})
    start = KICKOFF + 10 * MINUTE
    for begin in range(KICKOFF, start + MINUTE, MINUTE):
        found.pricing.serve(begin, begin + MINUTE)
    slots = np.array(found.slots)
    state = found.slate.standing(slots, np.full(2, start), found.slate.force)
    assert (found.pricing.response(slots, state, np.full(2, start)) == 30_000).all()
    assert (found.pricing.response(slots, state, np.full(2, start + SECOND)) == -1).all()
