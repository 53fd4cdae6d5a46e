"""Rows that a quoting desk keeps: thinned by match, the same whatever the cut, forgotten with the window."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.kinds import TrainingSet
from harness.quoting import Quoted, fitting, probabilities
from sim.core import rng
from sim.core.errors import UserError
from sim.core.events import Field, Schema, block
from sim.core.time import DAY

TOLD = Schema(
    "told", tuple(Field(n, "int64", "", "") for n in ("known_at", "id", "match", "who", "goals")), "known_at"
)
WINDOW = 30 * DAY


def quoted(rows: int, matches: int, max_rows: int, cut: int, told: int | None = None) -> Quoted:
    """`rows` of each match, one match a day, in questions of `cut` rows; results of the first `told` matches."""
    held = Quoted(1, rng.key(7, "lots"), max_rows, ("goals",))
    ids = np.arange(rows * matches, dtype=np.int64)
    entity, t = ids // rows, ids // rows * DAY + ids % rows
    for start in range(0, len(ids), cut):
        part = slice(start, start + cut)
        held.keep(ids[part], entity[part], t[part], ids[part, None].astype(np.float32))
    known = np.arange(matches if told is None else told)
    columns = {"known_at": known, "id": known, "match": known, "who": known % 3, "goals": 2 * known}
    held.hear(block(TOLD, columns), "match", "who")
    return held


def past(held: Quoted, now: int = 20 * DAY) -> TrainingSet:
    return held.past(now, WINDOW, ("x",), 3)[0]


def test_all_rows_where_there_is_room() -> None:
    found = past(quoted(10, 20, 200, cut=7))
    assert found.x[:, 0].tolist() == list(range(200))
    assert np.allclose(found.weight, 0.1)
    assert found.targets is not None
    assert np.array_equal(found.targets[:, 0], 2 * (found.x[:, 0] // 10))
    assert np.array_equal(found.y, (found.x[:, 0] // 10) % 3)


@pytest.mark.parametrize("cut", [1, 13, 400])
def test_thinning_does_not_depend_on_the_cut(cut: int) -> None:
    whole = past(quoted(20, 20, 100, cut=400))
    found = past(quoted(20, 20, 100, cut=cut))
    assert np.array_equal(found.x, whole.x)
    assert len(found) == 100
    assert np.bincount(found.x[:, 0].astype(np.int64) // 20).tolist() == [5] * 20
    assert np.allclose(found.weight, 1 / 5)


def test_memory_follows_what_a_fit_may_take() -> None:
    assert quoted(200, 50, 100, cut=50).state_bytes() <= 2 * 100 * (8 + 8 + 8 + 4)


def test_only_matches_that_are_over_and_inside_the_window() -> None:
    held = quoted(10, 20, 1000, cut=10, told=15)
    found, keys = held.past(40 * DAY, WINDOW, ("x",), 3)
    assert sorted(set(keys.entity.tolist())) == list(range(10, 15))
    assert len(found) == 50
    held.hear(block(TOLD, {n: np.array([16]) for n in TOLD.names}), "match", "who")
    assert 16 in set(held.past(40 * DAY, WINDOW, ("x",), 3)[1].entity.tolist())


def test_an_empty_desk_has_an_empty_set() -> None:
    found = past(Quoted(3, 1, 100))
    assert found.x.shape == (0, 3)
    assert (len(found), found.quotes, found.targets) == (0, True, None)


def test_more_matches_than_room_keep_one_row_each() -> None:
    entity: NDArray[np.int64] = np.repeat(np.arange(50), 3)
    rows = fitting(entity, rng.uniform(rng.key(1, "x"), np.arange(150)), 20)
    assert entity[rows].tolist() == list(range(50))


def test_a_short_match_leaves_its_room_to_others() -> None:
    entity = np.array([0] * 2 + [1] * 100 + [2] * 100)
    rows = fitting(entity, rng.uniform(rng.key(1, "x"), np.arange(202)), 42)
    assert np.bincount(entity[rows]).tolist() == [2, 20, 20]
    assert (np.diff(rows) > 0).all()


def test_one_score_for_two_outcomes_is_the_second() -> None:
    assert np.allclose(probabilities(np.array([0.25, 1.0]), 2, "m"), [[0.75, 0.25], [1e-6, 1 - 1e-6]])
    two = np.array([[0.4, 0.6]])
    assert probabilities(two, 2, "m") is two
    for wrong in (np.zeros(3), np.zeros((3, 2))):
        with pytest.raises(UserError, match="candidate 'm' answered"):
            probabilities(wrong, 3, "m")
