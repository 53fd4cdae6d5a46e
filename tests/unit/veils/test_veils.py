"""Veils: confined to their window, keyed by event, and blind to truth. Held over a small world of two streams."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from sim.core import plugins, rng
from sim.core.decisions import Action, Decisions
from sim.core.errors import Defect, UserError
from sim.core.events import Block, Field, Schema, concat
from sim.core.parameters import build
from sim.core.time import DAY, HOUR
from sim.core.truth import Outcomes, Settlement, Truth
from sim.core.veils import Cover, Veil, spans, veiled
from sim.core.world import News, Question, QuestionKind
from sim.veils.category_rename import CategoryRename
from sim.veils.clock_skew import ClockSkew
from sim.veils.duplicated import Duplicated
from sim.veils.late import Late
from sim.veils.nulls import Nulls
from sim.veils.outage import Outage
from sim.veils.stale import Stale
from sim.veils.unit_change import UnitChange

ID, T = Field("id", "int64", "", ""), Field("t", "int64", "us", "")
ASKED = Schema(
    "call",
    (ID, T, Field("x", "float32", "s", ""), Field("code", "int8", "code", ""), Field("who", "int64", "", "")),
)  # fmt: skip
TOLD = Schema(
    "report",
    (
        ID,
        Field("known_at", "int64", "us", ""),
        T,
        Field("label", "int8", "code", ""),
        Field("lasted_s", "int16", "s", ""),
        Field("who", "int64", "", ""),
    ),
    order="known_at",
)  # fmt: skip
N, END = 2_000, 20 * DAY
START, STOP = 5 * DAY + 7, 9 * DAY


class Small:
    """2,000 events over 20 days, each reported six hours later; ticks of an hour."""

    def __init__(self) -> None:
        t = np.sort(rng.stream(1, "small").integers(0, END - DAY, N))
        ids = np.arange(N, dtype=np.int64)
        who = ids * 7 % 40
        self.asked = Block(
            ASKED,
            {"id": ids, "t": t, "x": ids.astype(np.float32), "code": np.full(N, 3, np.int8), "who": who},
        )
        lasted = (ids % 90).astype(np.int16)
        self.told = Block(
            TOLD,
            {
                "id": ids, "known_at": t + 6 * HOUR, "t": t, "label": np.ones(N, np.int8), "lasted_s": lasted,
                "who": who,
            },
        )  # fmt: skip
        kind = QuestionKind("call", "act", ASKED, "id", "entity", "", (Action("pass", ""),), ())
        self.kinds, self.streams = {"call": kind}, {"report": TOLD}
        self.feeds: Sequence[Any] = ()
        self.truth, self.slices, self.levers = {"call": ASKED}, {}, {}
        self.clock: Any = None
        self.closed, self.go_live, self.horizon, self.end = False, 0, END, END
        self.now, self._told = 0, 0

    def _cut(self, rows: Block, until: int, side: Any) -> int:
        return int(np.searchsorted(rows[rows.schema.order], until, side=side))

    def news(self, until: int) -> Iterable[News]:
        start, self._told = self._told, self._cut(self.told, until, "right")
        return [News("report", self.told.take(slice(start, self._told)))] if self._told > start else []

    def advance(self) -> Sequence[Question] | None:
        if self.now >= END:
            return None
        rows = slice(self._cut(self.asked, self.now, "left"), self._cut(self.asked, self.now + HOUR, "left"))
        return [Question("call", "act", self.now, self.now + HOUR, self.asked.take(rows))]

    def settle(self, decisions: Decisions) -> Settlement:
        self.now += HOUR
        rows = self.asked.take(np.searchsorted(self.asked["id"], decisions.id))
        return Settlement(Outcomes(rows), Truth(rows))

    publish = touched = None  # not asked for here

    def ground_truth(self) -> Sequence[Any]:
        return ()

    def describe(self) -> dict[str, Any]:
        return {}


def seen(*veils: Veil, seed: int = 1, hours: int = 1) -> tuple[Block, Block, Block, Any]:
    """Questions, news and truth as they came, and the world."""
    world: Any = veiled(Small(), [Cover(f"v{i}", v) for i, v in enumerate(veils)], seed)  # type: ignore[arg-type]
    asked, told, truth = [], [], []
    while True:
        if world.now // HOUR % hours == 0:
            before = len(told)
            told += [item.block for item in world.news(world.now)]
            assert all((b["known_at"] <= world.now).all() for b in told[before:])
        questions = world.advance()
        if questions is None:
            break
        asked.append(questions[0].block)
        truth.append(world.settle(Decisions.passing(questions[0].block["id"])).truth.block)
    told += [item.block for item in world.news(END)]
    return concat(ASKED, asked), concat(TOLD, told), concat(ASKED, truth), world


PLAIN = Small()
VEILS: dict[str, Veil] = {
    "nulls in a question": Nulls(START, STOP, "call", "x", 0.3),
    "nulls in news": Nulls(START, STOP, "report", "label", 0.3, code=-1),
    "late": Late(START, STOP, "report", 2 * DAY + 5),
    "outage": Outage(START, STOP, "report"),
    "outage at night": Outage(START, STOP, "report", at=2 * HOUR, lasts=5 * HOUR),
    "stale question": Stale(START, STOP, "call", "x", by="who"),
    "stale for hours": Stale(START, STOP, "call", "x", by="who", every=30 * HOUR + 11),
    "stale news": Stale(START, STOP, "report", "lasted_s", by="who"),
    "duplicated": Duplicated(START, STOP, "report", 0.3, after=DAY + 9),
    "unit of a question": UnitChange(START, STOP, "call", "x", times=1000.0),
    "unit of news": UnitChange(START, STOP, "report", "lasted_s", times=60.0, plus=1.0),
    "clock fast": ClockSkew(START, STOP, "report", "t", fast=3 * DAY),
    "clock slow and drifting": ClockSkew(START, STOP, "report", "t", slow=HOUR, drifts=12 * HOUR),
    "renamed in a question": CategoryRename(START, STOP, "call", "code", was=(3,), now=(7,)),
    "renamed in news": CategoryRename(START, STOP, "report", "label", was=(1, 2), now=(2, 1)),
}


def first(told: Block) -> Block:
    """The first delivery of each item, by id."""
    return Block(
        TOLD,
        {n: c[np.unique(told["id"], return_index=True)[1]] for n, c in told.columns.items()},
        checked=True,
    )


@pytest.mark.parametrize("veil", VEILS.values(), ids=VEILS.keys())
def test_nothing_changes_outside_the_window_and_truth_nowhere(veil: Veil) -> None:
    asked, told, truth, _ = seen(veil)
    outside = (PLAIN.asked["t"] < START) | (PLAIN.asked["t"] >= STOP)
    assert asked.take(outside).digest() == PLAIN.asked.take(outside).digest()
    known = PLAIN.told["known_at"]
    away = (known < START) | (known >= STOP)
    for name in TOLD.names:
        assert np.array_equal(first(told)[name][away], PLAIN.told[name][away])
    again = np.bincount(told["id"], minlength=N)
    assert (again[away] == 1).all()
    assert truth.digest() == PLAIN.asked.digest()


@pytest.mark.parametrize("veil", VEILS.values(), ids=VEILS.keys())
def test_a_veil_covers_something_and_loses_nothing(veil: Veil) -> None:
    asked, told, _, world = seen(veil)
    assert np.array_equal(asked["id"], PLAIN.asked["id"])
    assert np.array_equal(np.unique(told["id"]), PLAIN.told["id"])
    (row,) = world.ground_truth()
    assert (row.kind, row.name, row.onset, row.end) == ("veil", "v0", START, STOP)
    assert row.entities > 50
    assert row.magnitude == veil.magnitude() != 0


@pytest.mark.parametrize("veil", VEILS.values(), ids=VEILS.keys())
@pytest.mark.parametrize("hours", [3, 24])
def test_how_the_stream_is_cut_does_not_matter(veil: Veil, hours: int) -> None:
    one, other = seen(veil), seen(veil, hours=hours)
    assert one[0].digest() == other[0].digest()
    assert one[1].digest() == other[1].digest()


@pytest.mark.parametrize("veil", VEILS.values(), ids=VEILS.keys())
def test_before_it_starts_a_veil_changes_nothing_at_all(veil: Veil) -> None:
    """Law 2 for veils: everything delivered by then is the same, byte for byte."""
    plain: Any = Small()
    covered: Any = veiled(Small(), [Cover("v", veil)], 1)  # type: ignore[arg-type]
    while plain.now < START - HOUR:
        for world in (plain, covered):
            world.heard = [item.block.digest() for item in world.news(world.now)]
        assert plain.heard == covered.heard
        (a,), (b,) = plain.advance(), covered.advance()
        assert a.block.digest() == b.block.digest()
        for world in (plain, covered):
            world.settle(Decisions.passing(a.block["id"]))


def test_nulls_take_their_share_keyed_by_event() -> None:
    asked, *_ = seen(VEILS["nulls in a question"])
    inside = (asked["t"] >= START) & (asked["t"] < STOP)
    lost = np.isnan(asked["x"])
    n = int(inside.sum())
    assert not lost[~inside].any()
    assert abs(lost[inside].mean() - 0.3) < 4 * np.sqrt(0.21 / n)  # false alarm below 1e-4
    more, *_ = seen(Nulls(START, STOP, "call", "x", 0.6))
    assert (np.isnan(more["x"]) >= lost).all(), "a larger share takes the same rows and more"
    other, *_ = seen(VEILS["nulls in a question"], seed=2)
    assert not np.array_equal(np.isnan(other["x"]), lost)
    every, *_ = seen(Nulls(START, STOP, "call", "code", 1.0, code=-1))
    assert (every["code"][inside] == -1).all()
    assert (every["code"][~inside] == 3).all()


def test_late_news_is_late_by_the_delay_and_may_be_overtaken() -> None:
    _, told, _, _ = seen(VEILS["late"])
    by_id = np.argsort(told["id"])
    shift = told["known_at"][by_id] - PLAIN.told["known_at"]
    inside = (PLAIN.told["known_at"] >= START) & (PLAIN.told["known_at"] < STOP)
    assert np.array_equal(shift, np.where(inside, 2 * DAY + 5, 0))
    assert (np.diff(told["t"]) < 0).any()


def test_an_outage_delivers_at_its_end_and_not_before() -> None:
    _, told, _, _ = seen(VEILS["outage"])
    assert not ((told["known_at"] >= START) & (told["known_at"] < STOP)).any()
    assert (told["known_at"] == STOP).sum() > 300


def test_an_outage_at_two_in_the_morning_ends_in_the_morning() -> None:
    """START lies at 00:00 and a little of day 5, STOP at midnight before day 9: four nights."""
    veil = VEILS["outage at night"]
    assert [begin % DAY for begin, _ in spans(veil)] == [2 * HOUR] * 4
    _, told, _, _ = seen(veil)
    known = first(told)["known_at"]
    was = PLAIN.told["known_at"]
    night = (was >= START) & (was < STOP) & (was % DAY >= 2 * HOUR) & (was % DAY < 7 * HOUR)
    assert night.sum() > 50
    assert np.array_equal(known, np.where(night, was // DAY * DAY + 7 * HOUR, was))
    evening = Outage(START, STOP, "report", at=22 * HOUR, lasts=4 * HOUR)
    assert spans(evening)[0] == (START, 5 * DAY + 2 * HOUR), "the night that had begun is cut at the window"
    assert spans(evening)[-1] == (8 * DAY + 22 * HOUR, STOP)
    _, told, _, _ = seen(evening)
    for begin, end in spans(evening):
        here = (was >= begin) & (was < end)
        assert here.any()
        assert (first(told)["known_at"][here] == end).all()


def test_stale_shows_what_was_shown_first() -> None:
    asked, *_ = seen(VEILS["stale question"])
    inside = (asked["t"] >= START) & (asked["t"] < STOP)
    for who in range(40):
        mine = inside & (asked["who"] == who)
        assert set(asked["x"][mine]) == {PLAIN.asked["x"][mine][0]}
    asked, *_ = seen(VEILS["stale for hours"])
    filling = (asked["t"] - START) // (30 * HOUR + 11)
    assert len(np.unique(filling[inside])) == 4
    for number in np.unique(filling[inside]):
        mine = inside & (asked["who"] == 7) & (filling == number)
        assert set(asked["x"][mine]) == set(PLAIN.asked["x"][mine][:1])


def test_duplicates_come_again_later_and_the_same() -> None:
    _, told, _, _ = seen(VEILS["duplicated"])
    known = PLAIN.told["known_at"]
    inside = (known >= START) & (known < STOP)
    count = np.bincount(told["id"], minlength=N)
    assert set(count) == {1, 2}
    n = int(inside.sum())
    assert abs((count[inside] == 2).mean() - 0.3) < 4 * np.sqrt(0.21 / n)  # false alarm below 1e-4
    for number in np.flatnonzero(count == 2)[:50].tolist():
        one, two = np.flatnonzero(told["id"] == number)
        assert told["known_at"][two] - told["known_at"][one] == DAY + 9
        for name in {*TOLD.names} - {"known_at"}:
            assert told[name][one] == told[name][two]
    _, more, _, _ = seen(Duplicated(START, STOP, "report", 0.6, after=DAY + 9))
    assert (np.bincount(more["id"], minlength=N) >= count).all()


def test_two_deliveries_at_one_instant_are_one() -> None:
    twice = Duplicated(0, END, "report", 1.0, after=DAY)
    _, told, _, _ = seen(twice, Late(0, END, "report", DAY))
    assert len(told) == int(
        (PLAIN.told["known_at"] + DAY <= END).sum() + (PLAIN.told["known_at"] + 2 * DAY <= END).sum()
    )
    _, told, _, _ = seen(twice, Outage(2 * DAY, 12 * DAY, "report"))
    at_once = told["id"][told["known_at"] == 12 * DAY]
    assert len(at_once) == len(set(at_once.tolist())) > 500
    _, told, _, _ = seen(twice, dataclasses.replace(twice))
    assert np.bincount(told["id"], minlength=N)[: N // 2].tolist() == [3] * (N // 2), (
        "1, 2 and 3 days: 2 comes twice"
    )


def test_units_round_and_stop_at_what_a_field_holds() -> None:
    asked, *_ = seen(VEILS["unit of a question"])
    inside = (asked["t"] >= START) & (asked["t"] < STOP)
    assert np.array_equal(asked["x"][inside], PLAIN.asked["x"][inside] * 1000)
    _, told, _, _ = seen(UnitChange(0, END, "report", "lasted_s", times=1000.0))
    assert (
        first(told)["lasted_s"].tolist()
        == np.minimum(PLAIN.told["lasted_s"].astype(int) * 1000, 32767).tolist()
    )
    halves = UnitChange(0, 1, "x", "lasted_s", times=0.5)
    whole = np.array([1, 2, 3, -7], dtype=np.int64)
    assert halves.seen(PLAIN.told, whole, 1).tolist() == [0, 1, 2, -4], "to even"
    far = UnitChange(0, 1, "x", "lasted_s", times=1e12)
    assert far.seen(PLAIN.told, np.array([10**9, -(10**9)]), 1).tolist() == [2**63 - 1, -(2**63)]


def test_a_clock_is_wrong_by_its_error_and_drifts() -> None:
    known = PLAIN.told["known_at"]
    inside = (known >= START) & (known < STOP)
    _, told, _, _ = seen(VEILS["clock fast"])
    assert np.array_equal(first(told)["known_at"], known), "what is known when stays"
    assert np.array_equal(first(told)["t"] - PLAIN.told["t"], np.where(inside, 3 * DAY, 0))
    assert (first(told)["t"][inside] > known[inside]).all(), "stamped in the future"
    _, told, _, _ = seen(VEILS["clock slow and drifting"])
    error = (PLAIN.told["t"] - first(told)["t"])[inside]
    hours = (known[inside] - START) // HOUR
    assert np.array_equal(error, HOUR + HOUR // 12 * hours)
    _, told, _, _ = seen(ClockSkew(0, END, "report", "t", slow=10 * DAY))
    assert first(told)["t"].min() == 0


def test_codes_change_places_at_once() -> None:
    swapped = CategoryRename(0, 1, "x", "label", was=(1, 2), now=(2, 1))
    codes = np.array([0, 1, 2, 1], dtype=np.int8)
    assert swapped.seen(PLAIN.told, codes, 1).tolist() == [0, 2, 1, 2]
    assert swapped.magnitude() == 2.0


@pytest.mark.parametrize("hours", [3, 24])
def test_veils_over_veils_do_not_depend_on_how_the_stream_is_cut(hours: int) -> None:
    """What remembers lies over what holds back and repeats: each gets what the one before has let go, in its order."""
    pile = [
        Duplicated(START, STOP, "report", 0.5, after=7 * HOUR),
        Late(START + DAY, STOP, "report", 2 * DAY + 5),
        Stale(START, STOP + 2 * DAY, "report", "lasted_s", by="who", every=DAY),
        UnitChange(START, STOP, "report", "lasted_s", times=60.0),
        Nulls(START, STOP, "report", "label", 0.3, code=-1),
        Outage(START, STOP, "report", at=2 * HOUR, lasts=5 * HOUR),
    ]
    one, other = seen(*pile), seen(*pile, hours=hours)
    assert one[1].digest() == other[1].digest()
    assert [row.entities for row in one[3].ground_truth()] == [
        row.entities for row in other[3].ground_truth()
    ]


def test_the_order_of_veils_is_the_scenario_s() -> None:
    unit = UnitChange(START, STOP, "report", "lasted_s", times=60.0)
    code = Nulls(START, STOP, "report", "lasted_s", 0.3, code=-1)
    _, one, _, _ = seen(unit, code)
    _, other, _, _ = seen(code, unit)
    assert set(np.unique(one["lasted_s"])) >= {-1}
    assert -1 not in one["lasted_s"][one["lasted_s"] < -1]
    assert set(np.unique(other["lasted_s"])) >= {-60}, "nulls in seconds are -60"


def test_two_worlds_do_not_share_a_cache() -> None:
    stale = Stale(START, STOP, "call", "x", by="who")
    one, *_ = seen(stale)
    two, *_ = seen(stale)
    assert one.digest() == two.digest()


def test_news_later_than_the_end_is_held_back_and_told_of() -> None:
    _, told, _, world = seen(Late(0, END, "report", 30 * DAY))
    assert len(told) == 0
    assert world.describe()["veils"] == {"held_back": {"report": N}}


def test_veils_lie_over_one_another_in_order() -> None:
    _, told, _, _ = seen(Late(START, STOP, "report", 3 * DAY), Outage(8 * DAY, 10 * DAY, "report"))
    assert not ((told["known_at"] >= 8 * DAY) & (told["known_at"] < 10 * DAY)).any()
    late = PLAIN.told["known_at"] + np.where(
        (PLAIN.told["known_at"] >= START) & (PLAIN.told["known_at"] < STOP), 3 * DAY, 0
    )
    assert int((told["known_at"] == 10 * DAY).sum()) == int(((late >= 8 * DAY) & (late < 10 * DAY)).sum())


def test_without_veils_the_world_is_the_world_itself() -> None:
    world: Any = Small()
    assert veiled(world, [], 1) is world


@pytest.mark.parametrize(
    ("veil", "message"),
    [
        (Nulls(0, 1, "cal", "x", 0.5), "veil 'v': of: this world has no 'cal', did you mean 'call'"),
        (Nulls(0, 1, "call", "y", 0.5), "field: 'call' has no field 'y'"),
        (Nulls(0, 1, "call", "t", 0.5), "field: 't' names the row or its instant"),
        (Nulls(0, 1, "call", "code", 0.5), "code: 'code' is int8, which has no NaN"),
        (Nulls(0, 1, "call", "code", 0.5, code=200), "code: 200 does not fit 'code'"),
        (Duplicated(0, 1, "call", 0.5, after=5), "of: 'call' is a question, which is asked once"),
        (Stale(0, 1, "call", "y", by="who"), "field: 'call' has no field 'y'"),
        (Stale(0, 1, "call", "x", by="whom"), "by: 'call' has no field 'whom', did you mean 'who'"),
        (Stale(0, 1, "call", "x", by="code"), "by: 'code' is no key"),
        (
            UnitChange(0, 1, "call", "code", times=2.0),
            "field: 'code' is a code, which has no unit, expected one of: x",
        ),
        (UnitChange(0, 1, "report", "t", times=2.0), "field: 't' is an instant; `clock_skew` is for those"),
        (ClockSkew(0, 1, "call", "x", fast=5), "field: 'x' is no instant, and 'call' has none that is read"),
        (
            ClockSkew(0, 1, "report", "label", fast=5),
            "field: 'label' is no instant, expected one, such as 't'",
        ),
        (ClockSkew(0, 1, "report", "known_at", fast=5), "field: 'known_at' names the row or its instant"),
        (CategoryRename(0, 1, "call", "x", was=(1,), now=(2,)), "field: 'x' is float32, which has no codes"),
        (
            CategoryRename(0, 1, "call", "code", was=(1,), now=(200,)),
            "now: 200 does not fit 'code', which is int8",
        ),
        (Late(0, 1, "call", 5), "of: 'call' is a question, expected a news stream"),
        (Outage(0, 1, "call"), "of: 'call' is a question, expected a news stream"),
    ],
)
def test_a_veil_that_covers_nothing_is_refused(veil: Veil, message: str) -> None:
    with pytest.raises(UserError, match=message):
        veiled(Small(), [Cover("v", veil)], 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_a_share_that_is_none(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        Nulls(0, 1, "call", "x", share)


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("outage", {"at": "2h"}, "both 'at' and 'lasts'"),
        ("outage", {"at": "24h", "lasts": "1h"}, "below 24h"),
        ("outage", {"at": "2h", "lasts": "24h"}, "shorter than a day"),
        ("outage", {"at": "2", "lasts": "1h"}, "expected a duration"),
        ("stale", {"field": "x"}, "by: missing"),
        ("stale", {"field": "x", "by": "who", "every": "0h"}, "every: expected a duration above 0"),
        ("duplicated", {"share": 1.5, "after": "1h"}, "share: 1.5"),
        ("duplicated", {"share": 0.5, "after": "0h"}, "after: expected a duration above 0"),
        ("duplicated", {"share": 0.5, "aftr": "1h"}, "did you mean 'after'?"),
        ("unit_change", {"field": "x", "times": 0.0}, "times: got 0"),
        ("unit_change", {"field": "x", "times": 1.0}, "expected another unit"),
        ("clock_skew", {"field": "t"}, "exactly one of 'fast' and 'slow'"),
        ("clock_skew", {"field": "t", "fast": "1h", "slow": "1h"}, "exactly one of 'fast' and 'slow'"),
        ("clock_skew", {"field": "t", "fast": "1h", "drifts": "1m"}, "an hour or more"),
        ("category_rename", {"field": "code", "was": (1, 1), "now": (2, 3)}, "each once"),
        ("category_rename", {"field": "code", "was": (1, 2), "now": (2,)}, "one code for each of was, 2"),
        ("category_rename", {"field": "code", "was": (1,), "now": (1,)}, "another code"),
        ("category_rename", {"field": "code", "was": (), "now": ()}, "one or more codes"),
    ],
)
def test_what_is_refused(name: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError) as caught:
        build("veil", name, {"of": "report", **given}, {"start": 0, "end": DAY})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


class Foretelling(Late):
    """A veil that breaks its promise: news becomes known before it should."""

    def apply_news(self, items: Block, seed: int) -> Block:
        return Block(items.schema, {**items.columns, "known_at": items["known_at"] - 1})


class Losing(Late):
    """A veil that breaks its promise: news is lost."""

    def apply_news(self, items: Block, seed: int) -> Block:
        return items.take(slice(1, None))


@pytest.mark.parametrize("kind", [Foretelling, Losing])
def test_a_veil_that_makes_loses_or_foretells_is_our_fault(kind: type[Late]) -> None:
    with pytest.raises(Defect, match="a veil"):
        seen(kind(START, STOP, "report", 1))


def test_every_shipped_veil_is_held_here() -> None:
    assert {type(v) for v in VEILS.values()} == {plugins.load("veil", name) for name in plugins.names("veil")}
    assert all(isinstance(v, Veil) for v in VEILS.values())
