"""Every scheme, tactic and action of the deep world shows its own signature, and its levers bind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.rng import uniform
from sim.core.time import DAY, HOUR
from sim.core.world import Question
from sim.worlds.telco.cast import CODES, CONSUMER, SCHEMES, TACTICS, TRADES
from sim.worlds.telco.diary import WEEK
from sim.worlds.telco.vocabulary import BLOCK, LABEL, PASS, THROTTLE
from tests.unit.telco.conftest import acting, open_telco, played

Rows = dict[str, np.ndarray]
ROBOCALL = [tactic for tactic in TACTICS if "robocall" in tactic.businesses]


def only(name: str, **levers: float) -> dict[str, float]:
    """Levers with which robocall campaigns use one tactic alone."""
    return {tactic.prefer: float(tactic.name == name) for tactic in ROBOCALL} | {"learning": 0.0} | levers


def calls_of(cls: str, world: Any) -> Rows:
    calls = played(world)["call"]
    mine = calls["caller_class"] == CODES[cls]
    return {name: column[mine] for name, column in calls.items()}


def everything(action: int) -> Any:
    """The same action on every call."""
    return lambda question: acting(question, np.full(len(question.block), action))


def test_every_member_of_the_cast_calls() -> None:
    """Each trade and scheme has levers of its own, and a class that is seen."""
    base = {"wangiri_calls": 0.1, "sim_box_calls": 0.1, "revenue_share_calls": 0.05}
    base |= {"prefer_hijacked": 0.2, "prefer_spoofed": 0.2, "prefer_aged": 0.2}
    seen = np.unique(played(open_telco(2000, 7, base=base))["call"]["caller_class"])
    expected = {trade.cls for trade in TRADES} | {tactic.cls for tactic in TACTICS} | {"consumer"}
    assert {CODES[name] for name in expected} == set(seen.tolist())
    assert {scheme.business for scheme in SCHEMES} == {b for tactic in TACTICS for b in tactic.businesses}


def test_a_hijacked_line_goes_on_calling_and_ids_stay_unique() -> None:
    calls = played(open_telco(1000, 10, base=only("hijacked")))["call"]
    assert len(np.unique(calls["id"])) == len(calls["id"])
    hijacked = np.unique(calls["caller"][calls["caller_class"] == CODES["hijacked"]])
    own = np.unique(calls["caller"][calls["caller_class"] == CONSUMER])
    assert len(hijacked) > 5
    assert np.isin(hijacked, own).mean() > 0.9
    assert np.isin(hijacked, np.unique(calls["callee"])).mean() > 0.9


def test_spoofed_innocents_are_called_back_in_storms() -> None:
    calls = played(open_telco(1000, 14, base=only("spoofed", callback_missed=0.2)))["call"]
    shown = calls["caller_class"] == CODES["spoofed"]
    innocents = np.unique(calls["caller"][shown])
    inbound = np.isin(calls["callee"], innocents) & (calls["caller_class"] == CONSUMER)
    pairs = set(zip(calls["callee"][shown].tolist(), calls["caller"][shown].tolist(), strict=True))
    back = np.array(
        [pair in pairs for pair in zip(calls["caller"].tolist(), calls["callee"].tolist(), strict=True)]
    )
    per_innocent = (inbound & back).sum() / len(innocents)
    assert per_innocent > 5, "storms"
    quiet = played(open_telco(1000, 14, base=only("spoofed", callback_missed=0.0)))["call"]
    assert (calls["caller_class"] == CONSUMER).sum() > 1.02 * (quiet["caller_class"] == CONSUMER).sum()


def test_one_ring_is_not_answered_and_rung_back_on_a_premium_range() -> None:
    calls = played(open_telco(1000, 14, base={"wangiri_calls": 0.3}))["call"]
    rings = calls["caller_class"] == CODES["wangiri"]
    assert calls["answered"][rings].mean() < 0.06
    assert np.all(calls["foreign"][rings] == 1)
    assert np.all(calls["foreign"][~rings] == 0)
    back = (calls["caller_class"] == CONSUMER) & (calls["premium"] == 1) & (calls["first_try"] == 1)
    share = back.sum() / (rings & (calls["answered"] == 0)).sum()
    assert share == pytest.approx(0.05, abs=0.015)  # about 4 standard errors
    assert calls["answered"][back].mean() > 0.9


def test_hacked_accounts_dial_premium_ranges_at_night_for_long() -> None:
    rows = calls_of("revenue_share", open_telco(1000, 14, base={"revenue_share_calls": 0.05}))
    assert np.all(rows["premium"] == 1)
    night = (rows["t"] // HOUR % 24 < 6) | (rows["t"] // HOUR % 24 >= 20)
    assert night.mean() > 0.6
    taken = rows["duration_s"][rows["answered"] == 1]
    assert 15 * 60 < taken.mean() < 26 * 60


def test_sims_in_a_box_call_many_round_the_clock_and_nobody_reports_them() -> None:
    world = open_telco(1000, 14, base={"sim_box_calls": 0.2, "report_rate": 0.1})
    rows = calls_of("sim_box", world)
    hours = np.bincount(rows["t"] // HOUR % 24, minlength=24) / len(rows["t"])
    assert hours.max() < 2 * hours.min() + 0.02
    assert (rows["attestation"] == 1).mean() > 0.75
    assert rows["reported"].sum() == 0
    pairs = len(np.unique(np.column_stack([rows["caller"], rows["callee"], rows["t"] // DAY]), axis=0))
    assert len(rows["t"]) / pairs < 1.15


def test_a_throttle_lets_a_few_calls_an_hour_through() -> None:
    world = open_telco(500, 4, base=only("plain", burner_calls=300.0, throttle_calls=3.0))
    calls = played(world, everything(THROTTLE))["call"]
    assert set(np.unique(calls["effect"]).tolist()) == {PASS, THROTTLE}
    passed = calls["effect"] == PASS
    burner = calls["caller_class"] == CODES["burner"]
    key = calls["caller"].astype(np.int64) * 10_000 + calls["t"] // HOUR
    _, per_hour = np.unique(key[passed & burner], return_counts=True)
    assert per_hour.max() == 3
    _, asked = np.unique(key[burner], return_counts=True)
    assert per_hour.sum() == np.minimum(asked, 3).sum()
    assert calls["answered"][~passed].sum() == 0


def lost(world: Any) -> dict[str, int]:
    """Numbers given up by cause."""
    found: dict[str, int] = {}
    for row in world.ground_truth():
        if row.kind == "lost":
            cause = row.name.split(": ")[1]
            found[cause] = found.get(cause, 0) + row.entities
    return found


@pytest.mark.parametrize(
    ("action", "cause"), [(BLOCK, "blocked"), (THROTTLE, "throttled"), (LABEL, "unanswered"), (PASS, "")]
)
def test_campaigns_give_numbers_up_for_what_was_done_to_them(action: int, cause: str) -> None:
    world = open_telco(600, 12, base=only("plain", burner_calls=80.0, throttle_calls=0.0, unwanted_calls=3.0))

    def half(question: Question) -> Any:
        mine = uniform(5, question.block["caller"]) < 0.5
        return acting(question, np.where(mine, action, PASS))

    played(world, half)
    counts = lost(world)
    assert counts.pop("worn out", 0) > 0
    told = counts.pop(cause, 0)
    assert (told > 10) == bool(cause)
    assert sum(counts.values()) <= 0.1 * max(told, 30)


def test_labels_are_noticed_by_the_unanswered_share_alone() -> None:
    world = open_telco(
        600, 12, base=only("plain", burner_calls=80.0, unanswered_share=1.0, unwanted_calls=3.0)
    )
    played(world, lambda q: acting(q, np.where(uniform(5, q.block["caller"]) < 0.5, LABEL, PASS)))
    assert lost(world).get("unanswered", 0) == 0


def test_enforcement_ends_campaigns_on_its_topic_and_they_return_under_another() -> None:
    many = {"recorded_share": 1.0, "campaign_calls": 20.0}
    base = {"enforcement": 0.5, "enforced_topic": 0.0, "comeback_days": 5.0, **many}
    world, free = (open_telco(800, 60, base=each, tail=1) for each in (base, many))
    for each in (world, free):
        played(each)

    def spans(each: Any, topic: str) -> list[float]:
        rows = [row for row in each.ground_truth() if row.kind == "campaign"]
        found = [row for row in rows if row.name.startswith(topic) and row.end < 60 * DAY]
        return [(row.end - row.onset) / DAY for row in found]

    hit = spans(world, "warranty")
    assert len(hit) > 2
    assert max(hit) < 20, "a hazard of a half a day"
    assert max(spans(free, "warranty")) > 30
    slots = {
        row.name.split()[-2].split(".")[0] for row in world.ground_truth() if row.name.startswith("warranty")
    }
    later = [row.name for row in world.ground_truth() if row.kind == "campaign" and row.onset > 0]
    assert any(name.split()[-2].split(".")[0] in slots and not name.startswith("warranty") for name in later)


@pytest.mark.parametrize("tactic", [t.name for t in TACTICS if t.life != "burner_days"])
def test_a_number_lives_as_long_as_its_lever_says(tactic: str) -> None:
    """Its span is what the lever says within a factor that the spread allows, and three times the lever is longer."""
    record = next(each for each in TACTICS if each.name == tactic)
    rates = {"wangiri_calls": 0.3, "revenue_share_calls": 0.1, "sim_box_calls": 0.3}
    short, long = (
        open_telco(800, 2, base=only(tactic, **rates, **{record.life: days}), tail=1) for days in (2.0, 6.0)
    )
    for world in (short, long):
        list(world.news(until=0))
        world.advance()
    life = [
        np.median(
            [
                each._numbers.expires[dial]
                for operator in each._operators.operators
                for dial in operator.held
                if TACTICS[int(each._numbers.tactic[dial])].name == tactic
            ]
        )
        / DAY
        for each in (short, long)
    ]
    assert 1.0 <= life[0] <= 5.0
    assert life[1] > 1.8 * life[0]


def test_the_share_of_recordings_is_that_of_campaigns() -> None:
    for share, kind in ((1.0, "recorded_blast"), (0.0, "live_scam")):
        world = open_telco(300, 2, base={"recorded_share": share}, tail=1)
        names = [
            row.name for row in world.ground_truth() if row.kind == "campaign" and "robo" not in row.name
        ]
        schemes = {name.split("(")[1].rstrip(")") for name in names}
        assert kind in schemes
        assert {"recorded_blast", "live_scam"} - {kind} - schemes


def test_the_diary_adds_up() -> None:
    world = open_telco(600, 21)
    played(world)
    rows = world.ground_truth()
    taken = sum(row.entities for row in rows if row.kind == "tactic")
    assert taken == sum(operator.ordinal for operator in world._operators.operators)
    for week in {row.onset for row in rows if row.kind == "tactic"}:
        shares = [row.magnitude for row in rows if row.kind == "tactic" and row.onset == week]
        assert sum(shares) == pytest.approx(1.0)
        assert week % WEEK == 0


@pytest.mark.parametrize("reach", [0.1, 0.01])
def test_reach_shows_fewer_calls_of_more_numbers(reach: float) -> None:
    base = {"class_entities": 10.0}
    whole, part = (open_telco(1000, 7, base=base, reach=r) for r in (1.0, reach))
    per: list[dict[str, float]] = []
    for world in (whole, part):
        calls = played(world)["call"]
        found = {"all": float((calls["unwanted"] == 0).sum())}
        for name in ("burner", "debt_reminder", "consumer"):
            mine = calls["caller_class"] == CODES[name]
            key = np.unique(np.column_stack([calls["caller"][mine], calls["t"][mine] // DAY]), axis=0)
            found[name] = mine.sum() / max(len(key), 1)
        per.append(found)
    assert per[1]["all"] == pytest.approx(per[0]["all"], rel=0.15)
    assert per[1]["consumer"] == pytest.approx(per[0]["consumer"], rel=0.1)
    for name in ("burner", "debt_reminder"):
        assert per[1][name] < max(1.5, 3.0 * reach * per[0][name]), name
