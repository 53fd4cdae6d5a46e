"""What adversaries did, from ground truth made by hand: shares, changes beside the incumbent, causes, distances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from scipy import stats

from harness.adversaries import record, variation
from harness.measure import canonical
from sim.core.time import DAY

LIVE, HORIZON = 28 * DAY, 84 * DAY
SEEDS = (1, 2, 3, 4, 5)
WEEKS = 12

Rows = list[dict[str, Any]]


def row(kind: str, name: str, week: int, magnitude: float, entities: int) -> dict[str, Any]:
    onset = 7 * week * DAY
    return {
        "kind": kind, "name": name, "onset": onset, "end": onset + 7 * DAY,
        "magnitude": magnitude, "entities": entities,
    }  # fmt: skip


def taken(week: int, counts: Mapping[str, int]) -> Rows:
    whole = sum(counts.values())
    return [row("tactic", name, week, count / whole, count) for name, count in counts.items() if count]


def lost(week: int, tactic: str, causes: Mapping[str, int], stopped: float) -> Rows:
    whole = sum(causes.values())
    told = [row("lost", f"{tactic}: {c}", week, n / whole, n) for c, n in causes.items() if n]
    return [*told, row("stopped", tactic, week, stopped, whole)]


def replay(plain: int, blocked: int) -> Rows:
    """100 numbers a week; from goLive on `plain` of them are plain, and `blocked` of 50 plain ones given up were."""
    rows: Rows = [
        row("campaign", "topic 1.1 (blast)", 0, 3.0, 40),
        row("injection", "prices step", 3, 2.0, 0),
    ]
    for week in range(WEEKS):
        share = plain if week >= 4 else 70
        rows += taken(week, {"plain": share, "attested": 100 - share})
        rows += lost(week, "plain", {"blocked": blocked, "worn out": 50 - blocked}, blocked / 100)
    return rows


def told(moves: Mapping[str, tuple[tuple[int, int], ...]]) -> dict[tuple[str, int], Rows]:
    return {
        (candidate, seed): replay(*figures)
        for candidate, each in moves.items()
        for seed, figures in zip(SEEDS, each, strict=True)
    }


STILL = ((70, 0), (68, 1), (71, 0), (69, 2), (72, 1))
MOVED = ((50, 30), (47, 35), (52, 31), (50, 33), (55, 29))


def test_a_world_that_tells_of_no_adversaries_has_no_record() -> None:
    rows = [row("campaign", "a 1.1", 0, 3.0, 4), row("injection", "step", 2, 1.0, 0)]
    assert record({("incumbent", 1): rows, ("rules", 1): []}, "incumbent", LIVE, HORIZON) is None


def test_the_change_is_paired_with_the_incumbent_on_the_same_seed() -> None:
    found = record(told({"incumbent": STILL, "rules": MOVED}), "incumbent", LIVE, HORIZON)
    assert found is not None
    change = found["changes"]["rules"]["shares"]["plain"]
    differences = [(mine - theirs) / 100 for (mine, _), (theirs, _) in zip(MOVED, STILL, strict=True)]
    assert change["value"] == pytest.approx(sum(differences) / 5)
    low, high = stats.t.interval(change["confidence"], 4, sum(differences) / 5, stats.sem(differences))
    assert (change["low"], change["high"]) == pytest.approx((low, high))
    assert change["clear"]
    assert change["seeds"] == 5
    assert found["changes"]["rules"]["left"] == "plain"
    assert found["changes"]["rules"]["came"] == "attested"


def test_the_decision_behind_it_is_the_cause_that_grew_beside_the_incumbent() -> None:
    found = record(told({"incumbent": STILL, "rules": MOVED}), "incumbent", LIVE, HORIZON)
    assert found is not None
    assert found["changes"]["rules"]["cause"] == "blocked"
    own = found["candidates"]["rules"]["tactics"]["plain"]
    base = found["candidates"]["incumbent"]["tactics"]["plain"]
    assert own["lost"] == pytest.approx({"blocked": 31.6 / 50, "worn out": 18.4 / 50})
    assert base["lost"]["blocked"] == pytest.approx(0.8 / 50)
    assert own["stopped"] == pytest.approx(0.316)
    assert own["before"] == base["before"] == pytest.approx(0.7)
    assert own["taken"] == pytest.approx(8 * 50.8)


def test_chance_alone_names_no_move_and_no_cause() -> None:
    again = ((69, 1), (71, 0), (70, 1), (72, 0), (68, 2))
    found = record(told({"incumbent": STILL, "rules": again}), "incumbent", LIVE, HORIZON)
    assert found is not None
    changes = found["changes"]["rules"]
    assert (changes["left"], changes["came"], changes["cause"]) == (None, None, None)
    assert not any(change["clear"] for change in changes["shares"].values())


def test_equal_replays_change_nothing_and_lie_nowhere_apart() -> None:
    found = record(told({"incumbent": STILL, "rules": STILL}), "incumbent", LIVE, HORIZON)
    assert found is not None
    change = found["changes"]["rules"]["shares"]["plain"]
    assert (change["value"], change["low"], change["high"], change["clear"]) == (0.0, None, None, False)
    (distance,) = found["distances"]
    assert distance["sameSeed"] == 0.0
    assert distance["otherSeed"] == pytest.approx(distance["own"][0])
    assert distance["own"][0] == distance["own"][1] > 0


def test_many_tactics_make_each_harder_to_call() -> None:
    """The same differences among many tactics that do not move: each has a smaller part of the level."""
    few = told({"incumbent": STILL, "rules": MOVED})
    many = {
        who: rows
        + [r for week in range(WEEKS) for n in range(9) for r in [row("tactic", f"t{n}", week, 0, 1)]]
        for who, rows in few.items()
    }
    first, second = (record(each, "incumbent", LIVE, HORIZON) for each in (few, many))
    assert first is not None
    assert second is not None
    levels = [each["changes"]["rules"]["shares"]["plain"]["confidence"] for each in (first, second)]
    assert levels[0] == pytest.approx(1 - 0.05 / 2)
    assert levels[1] == pytest.approx(1 - 0.05 / 11)


def test_windows_end_where_they_say() -> None:
    """goLive on day 28, horizon on day 84: the last quarter is days 70 to 84, weeks 10 and 11; the tail is left out."""
    rows = [r for week in range(14) for r in taken(week, {"plain": 1, "attested": 0 if week < 10 else 3})]
    rows += lost(13, "plain", {"blocked": 9}, 1.0)
    found = record({("incumbent", 1): rows}, "incumbent", LIVE, HORIZON)
    assert found is not None
    plain = found["candidates"]["incumbent"]["tactics"]["plain"]
    assert (plain["before"], plain["last"]) == (1.0, 0.25)
    assert plain["stopped"] is None
    assert plain["lost"] == {"blocked": None}
    assert found["lastFromDay"] == 42.0
    assert [week["day"] for week in found["candidates"]["incumbent"]["weeks"]][:5] == [-28, -21, -14, -7, 0]


def test_a_week_over_go_live_is_not_before_it() -> None:
    rows = taken(3, {"plain": 4}) + taken(4, {"attested": 4})
    found = record({("incumbent", 1): rows}, "incumbent", LIVE + DAY, HORIZON)
    assert found is not None
    assert found["candidates"]["incumbent"]["tactics"]["attested"]["before"] == 0.0


def test_one_seed_tells_values_and_no_intervals() -> None:
    each = {("incumbent", 1): replay(70, 0), ("rules", 1): replay(40, 40)}
    found = record(each, "incumbent", LIVE, HORIZON)
    assert found is not None
    change = found["changes"]["rules"]["shares"]["plain"]
    assert change["value"] == pytest.approx(-0.3)
    assert (change["low"], change["clear"]) == (None, False)


def test_seeds_that_only_one_has_take_no_part() -> None:
    each = told({"incumbent": STILL, "rules": MOVED})
    del each["incumbent", 3]
    found = record(each, "incumbent", LIVE, HORIZON)
    assert found is not None
    assert found["changes"]["rules"]["shares"]["plain"]["seeds"] == 4


def test_distances_beside_those_of_each_with_itself() -> None:
    found = record(told({"incumbent": STILL, "rules": MOVED, "xgb": MOVED}), "incumbent", LIVE, HORIZON)
    assert found is not None
    by_pair = {tuple(d["between"]): d for d in found["distances"]}
    assert set(by_pair) == {("rules", "xgb"), ("rules", "incumbent"), ("xgb", "incumbent")}
    far = by_pair["rules", "incumbent"]
    gaps = [abs(mine - theirs) / 100 for (mine, _), (theirs, _) in zip(MOVED, STILL, strict=True)]
    assert far["sameSeed"] == pytest.approx(sum(gaps) / 5)
    assert far["otherSeed"] > 3 * max(far["own"])
    assert by_pair["rules", "xgb"]["sameSeed"] == 0.0


@pytest.mark.parametrize(
    ("one", "two", "apart"),
    [
        ({"a": 1.0}, {"b": 1.0}, 1.0),
        ({"a": 0.5, "b": 0.5}, {"a": 0.5, "b": 0.5}, 0.0),
        ({"a": 0.7, "b": 0.3}, {"a": 0.4, "b": 0.3, "c": 0.3}, 0.3),
    ],
)
def test_total_variation(one: dict[str, float], two: dict[str, float], apart: float) -> None:
    assert variation(one, two, "abc") == pytest.approx(apart)
    assert variation(one, None, "abc") is None


def test_the_order_of_replays_and_rows_changes_no_byte() -> None:
    each = told({"incumbent": STILL, "rules": MOVED, "xgb": STILL})
    turned = {who: list(reversed(rows)) for who, rows in each.items()}
    found, again = (record(which, "incumbent", LIVE, HORIZON) for which in (each, turned))
    assert canonical(found) == canonical(again)
    assert not any(math.isnan(w["numbers"]) for c in (found or {})["candidates"].values() for w in c["weeks"])
