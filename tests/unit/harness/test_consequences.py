"""What follows from news: a finding blocks from the next tick on and never before, redress lifts, reviews weigh one."""

from __future__ import annotations

import numpy as np
import pytest

from harness.board import Cadence
from harness.consequences import Consequences, Upshot
from harness.desk_plan import AuditPlan
from harness.orders import Orders
from harness.policies.fixed_threshold import FixedThreshold
from harness.policies.pass_all import PassAll
from harness.policies.review import Review
from sim.core import rng
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import DAY, HOUR
from tests.unit.harness.ringing import BLOCK, LABEL, THROTTLE, calls, news, play

BLOCKING = FixedThreshold(block_at=0.5, lasts=5 * DAY)
FOUND = Upshot(action="block", lasts=2 * DAY)


def hourly(days: int, callers: tuple[int, ...] = (100, 101, 102)) -> Block:
    """Each caller calls once an hour, at half past."""
    return calls([(h * HOUR + HOUR // 2, caller) for h in range(24 * days) for caller in callers])


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def codes(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)


# --- orders -----------------------------------------------------------------------------------------------------------


def test_orders_of_several_actions_stand_beside_one_another() -> None:
    orders = Orders()
    orders.give(0, ints(7, 8), codes(BLOCK, LABEL), ints(10, 10))
    orders.give(0, ints(7, 8), codes(LABEL, BLOCK), ints(20, 5))
    assert orders.on(ints(7, 8, 9), ints(4, 4, 4)).tolist() == [BLOCK, BLOCK, 0]
    assert orders.on(ints(7, 8, 9), ints(9, 9, 9)).tolist() == [BLOCK, LABEL, 0]
    assert orders.on(ints(7, 8), ints(15, 15)).tolist() == [LABEL, 0]
    orders.give(0, ints(7), codes(BLOCK), ints(3))
    assert orders.on(ints(7), ints(9)).tolist() == [BLOCK]  # the later end holds
    orders.lift(ints(7))
    assert orders.on(ints(7, 8), ints(4, 4)).tolist() == [0, BLOCK]
    orders.give(30, ints(1), codes(LABEL), ints(40))
    assert len(orders) == 1


@pytest.mark.parametrize("seed", range(5))
def test_orders_agree_with_a_dictionary(seed: int) -> None:
    draw, orders = rng.stream(seed, "tests", "orders"), Orders()
    book: dict[tuple[int, int], int] = {}
    for now in range(60):
        n = int(draw.integers(0, 6))
        entity, action = draw.integers(0, 12, n), draw.integers(1, 4, n).astype(np.int8)
        until = now + draw.integers(1, 15, n)
        orders.give(now, entity, action, until)
        for e, a, u in zip(entity.tolist(), action.tolist(), until.tolist(), strict=True):
            book[e, a] = max(u, book.get((e, a), 0))
        if now % 7 == 6:
            gone = draw.integers(0, 12, 3)
            orders.lift(gone)
            book = {(e, a): u for (e, a), u in book.items() if e not in gone.tolist()}
        asked = np.arange(13)
        expected = [
            max([a for (e, a), u in book.items() if e == each and u > now], default=0) for each in asked
        ]
        assert orders.on(asked, np.full(13, now)).tolist() == expected


# --- findings ---------------------------------------------------------------------------------------------------------


def test_a_finding_blocks_from_the_next_tick_on_for_as_long_as_it_says() -> None:
    told = {
        "verification": news(
            "verification",
            [
                (3 * DAY + HOUR + 60, 2 * DAY + HOUR // 2, 100, 1),
                (3 * DAY + HOUR + 60, 2 * DAY + HOUR // 2, 101, 0),
            ],
        )
    }
    played = play(PassAll(), hourly(8), told, 8, upshot=FOUND)
    blocked = [t for t, action in played.of(100) if action == BLOCK]
    # Known a minute past one; heard at two; two days from then.
    assert blocked == [t for t, _ in played.of(100) if 3 * DAY + 2 * HOUR <= t < 5 * DAY + 2 * HOUR]
    assert not any(action for caller in (101, 102) for _, action in played.of(caller))
    assert (played.propensity == 1.0).all()


def test_nothing_follows_from_what_was_found_before_go_live() -> None:
    told = {"verification": news("verification", [(DAY + HOUR, HOUR // 2, 100, 1)])}
    assert not play(PassAll(), hourly(4), told, 4, upshot=FOUND).action.any()


def test_who_is_found_lawful_is_left_alone_where_the_plan_says_so() -> None:
    told = {
        "report": news("report", [(DAY, HOUR, 100)]),
        "verification": news("verification", [(3 * DAY, 2 * DAY + HOUR // 2, 100, 0)]),
    }
    for spare, free in ((0, 0), (DAY, DAY)):
        upshot = Upshot(action="block", lasts=DAY, spare=spare)
        played = play(FixedThreshold(block_at=0.5), hourly(6), told, 6, upshot=upshot)
        passed = [t for t, action in played.of(100) if t >= 2 * DAY and not action]
        assert passed == [t for t, _ in played.of(100) if 3 * DAY <= t < 3 * DAY + free]


# --- redress ----------------------------------------------------------------------------------------------------------


def test_redress_lifts_standing_orders_and_leaves_alone_from_the_next_tick_on() -> None:
    told = {
        "report": news("report", [(DAY, HOUR, 100), (DAY, HOUR, 101)]),
        "redress": news("redress", [(3 * DAY + 60, 2 * DAY, 100, 1), (3 * DAY + 60, 2 * DAY, 101, 0)]),
    }
    played = play(BLOCKING, hourly(9), told, 9, upshot=Upshot(redress="redress", allow=2 * DAY))
    passed = [t for t, action in played.of(100) if t >= 2 * DAY and not action]
    assert passed == [t for t, _ in played.of(100) if 3 * DAY + HOUR <= t < 5 * DAY + HOUR]
    assert all(action == BLOCK for t, action in played.of(101) if t >= 2 * DAY)  # asked, and was not cleared
    assert (
        not played.exempt.any()
    )  # left alone is not held out: estimators that compare with the holdout must not see it
    without = play(BLOCKING, hourly(9), told, 9)
    assert all(action == BLOCK for t, action in without.of(100) if t >= 2 * DAY)


@pytest.mark.parametrize(("found", "cleared", "last"), [(1, 2, 0), (2, 1, BLOCK), (2, 2, 0)])
def test_what_was_known_last_rules_however_it_is_delivered(found: int, cleared: int, last: int) -> None:
    for first in ("verified", "redressed"):
        after = Consequences(Upshot("block", DAY, 0, "redress", DAY), BLOCK)
        finding = (ints(7), ints(found), ints(1))
        item = news("redress", [(cleared, 0, 7, 1)])
        if first == "verified":
            after.verified(*finding)
            after.redressed(item, "caller")
        else:
            after.redressed(item, "caller")
            after.verified(*finding)
        assert not after.orders.on(ints(7), ints(3))[0]
        after.settle(3)
        assert after.orders.on(ints(7), ints(3)).tolist() == [last]
        assert after.left_alone(ints(7), ints(3)).tolist() == [last == 0]


def test_a_later_finding_ends_the_allowance_and_a_later_clearing_the_block() -> None:
    upshot = Upshot("throttle", 20 * DAY, 0, "redress", 20 * DAY)
    told = {
        "verification": news("verification", [(3 * DAY, 0, 100, 1), (5 * DAY, 0, 100, 1)]),
        "redress": news("redress", [(4 * DAY, 0, 100, 1)]),
    }
    played = play(PassAll(), hourly(7), told, 7, upshot=upshot)
    states = [action for t, action in played.of(100) if t % DAY == HOUR // 2]
    assert states == [0, 0, 0, THROTTLE, 0, THROTTLE, THROTTLE]


# --- review -----------------------------------------------------------------------------------------------------------

RANDOM = AuditPlan(share=0.2)
SUSPECT = {"report": news("report", [(DAY, HOUR, 100), (DAY, HOUR, 101)])}


def test_review_selects_with_certainty_once_a_day_and_blocks_after_the_finding_alone() -> None:
    found = news(
        "verification", [(4 * DAY + 9 * HOUR, 3 * DAY + HOUR // 2, 100, 1), (4 * DAY, 3 * DAY, 101, 0)]
    )
    told = {**SUSPECT, "verification": found}
    played = play(
        Review(at=0.5), hourly(8), told, 8, upshot=FOUND, audits=RANDOM, cadence=Cadence(DAY, 2 * HOUR)
    )
    for caller in (100, 101):
        for day in range(3, 8):
            rows = np.flatnonzero((played.caller == caller) & (played.t // DAY == day))
            marks = played.audit[rows][played.audit[rows] > 0]
            assert len(marks) == 1
            assert marks[0] in (np.float32(0.2), 1.0)  # the lot may have fallen on it before it was looked at
            unit = played.desk.units.ledger_of(ints(caller), ints(day * DAY))
            assert unit["propensity"].tolist() == [1.0]
    rest = played.desk.units.ledger_of(np.full(3, 102), np.arange(5, 8) * DAY)["propensity"]
    np.testing.assert_allclose(rest, 0.2, rtol=1e-6)
    blocked = [t for t, action in played.of(100) if action]
    assert blocked == [t for t, _ in played.of(100) if 4 * DAY + 9 * HOUR <= t < 6 * DAY + 9 * HOUR]
    assert not any(action for caller in (101, 102) for _, action in played.of(caller))


def test_who_is_left_alone_or_held_out_is_not_sent_to_review_but_may_be_audited_by_lot() -> None:
    told = {**SUSPECT, "redress": news("redress", [(3 * DAY, 2 * DAY, 100, 1)])}
    upshot = Upshot(redress="redress", allow=10 * DAY)
    played = play(Review(at=0.5), hourly(8), told, 8, upshot=upshot, audits=RANDOM)
    shares = played.desk.units.ledger_of(np.full(5, 100), np.arange(3, 8) * DAY)["propensity"]
    np.testing.assert_allclose(shares, 0.2, rtol=1e-6)
    held = play(Review(at=0.5), hourly(8), SUSPECT, 8, audits=RANDOM, holdout=1.0)
    assert held.exempt[held.t >= 2 * DAY].all()
    assert set(np.unique(held.audit).tolist()) <= {0.0, float(np.float32(0.2))}


def test_weighted_audits_stay_true_to_the_whole_beside_reviews() -> None:
    """200 desks: lawful units estimated by inverse propensity, reviewed ones among them, against how many there are.

    The z of the mean of 200 independent estimates; false alarm 6e-5 at 4. Weights that took reviews for lots of 0.2
    would overcount the reviewed five times.
    """
    callers = tuple(range(100, 140))
    rows = calls([(3 * DAY + h * HOUR, caller) for h in (3, 9) for caller in callers])
    told = {"report": news("report", [(DAY, HOUR, caller) for caller in callers[:8]])}
    whole, naive = [], []
    for seed in range(200):
        played = play(Review(at=0.5), rows, told, 4, audits=RANDOM, seed=seed)
        units = np.unique(played.caller[played.audit > 0])
        share = played.desk.units.ledger_of(units, np.full(len(units), 3 * DAY))["propensity"]
        whole.append((1.0 / share).sum())
        naive.append(len(units) / 0.2)
    error = np.std(whole, ddof=1) / np.sqrt(len(whole))
    assert abs(np.mean(whole) - len(callers)) < 4 * error
    assert np.mean(naive) > len(callers) + 10


def test_training_takes_reviewed_units_at_weight_one() -> None:
    found = news(
        "verification", [(4 * DAY, 3 * DAY + HOUR // 2, 100, 1), (4 * DAY, 3 * DAY + HOUR // 2, 102, 0)]
    )
    played = play(
        Review(at=0.5), hourly(8), {**SUSPECT, "verification": found}, 8, audits=RANDOM, retrain=2 * DAY
    )
    fit = played.fits[-1]
    weight = dict(
        zip(
            fit.keys.entity[fit.past.verified].tolist(), fit.past.audit_weight[fit.past.verified], strict=True
        )
    )
    assert weight[100] == 1.0
    assert weight[102] == pytest.approx(5.0)


def test_an_action_that_the_world_lacks_is_the_users_fault() -> None:
    with pytest.raises(UserError, match=r"no action 'blok', did you mean 'block'\?"):
        play(PassAll(), hourly(1), {}, 1, upshot=Upshot(action="blok", lasts=DAY))
