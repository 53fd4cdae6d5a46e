"""Veils: confined to their window, keyed by event, and blind to truth. Held over a small world of two streams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from sim.core import plugins, rng
from sim.core.decisions import Action, Decisions
from sim.core.errors import Defect, UserError
from sim.core.events import Block, Field, Schema, concat
from sim.core.time import DAY, HOUR
from sim.core.truth import Outcomes, Settlement, Truth
from sim.core.veils import Cover, Veil, veiled
from sim.core.world import News, Question, QuestionKind
from sim.veils.late import Late
from sim.veils.nulls import Nulls
from sim.veils.outage import Outage

ID, T = Field("id", "int64", "", ""), Field("t", "int64", "us", "")
ASKED = Schema(
    "call",
    (ID, T, Field("x", "float32", "", ""), Field("code", "int8", "", "")),
)  # fmt: skip
TOLD = Schema(
    "report",
    (ID, Field("known_at", "int64", "us", ""), T, Field("label", "int8", "", "")),
    order="known_at",
)  # fmt: skip
N, END = 2_000, 20 * DAY
START, STOP = 5 * DAY + 7, 9 * DAY


class Small:
    """2,000 events over 20 days, each reported six hours later; ticks of an hour."""

    def __init__(self) -> None:
        t = np.sort(rng.stream(1, "small").integers(0, END - DAY, N))
        ids = np.arange(N, dtype=np.int64)
        self.asked = Block(
            ASKED, {"id": ids, "t": t, "x": ids.astype(np.float32), "code": np.full(N, 3, np.int8)}
        )
        self.told = Block(TOLD, {"id": ids, "known_at": t + 6 * HOUR, "t": t, "label": np.ones(N, np.int8)})
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
}


@pytest.mark.parametrize("veil", VEILS.values(), ids=VEILS.keys())
def test_nothing_changes_outside_the_window_and_truth_nowhere(veil: Veil) -> None:
    asked, told, truth, _ = seen(veil)
    outside = (PLAIN.asked["t"] < START) | (PLAIN.asked["t"] >= STOP)
    assert asked.take(outside).digest() == PLAIN.asked.take(outside).digest()
    by_id = np.argsort(told["id"])
    known = PLAIN.told["known_at"]
    away = (known < START) | (known >= STOP)
    for name in TOLD.names:
        assert np.array_equal(told[name][by_id][away], PLAIN.told[name][away])
    assert truth.digest() == PLAIN.asked.digest()


@pytest.mark.parametrize("veil", VEILS.values(), ids=VEILS.keys())
def test_a_veil_covers_something_and_loses_nothing(veil: Veil) -> None:
    asked, told, _, world = seen(veil)
    assert np.array_equal(asked["id"], PLAIN.asked["id"])
    assert np.array_equal(np.sort(told["id"]), PLAIN.told["id"])
    (row,) = world.ground_truth()
    assert (row.kind, row.name, row.onset, row.end) == ("veil", "v0", START, STOP)
    assert row.entities > 50
    assert row.magnitude == veil.magnitude() > 0


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
