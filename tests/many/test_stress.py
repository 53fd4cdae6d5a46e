"""Breaking points on real replays: ordered, monotone, the same twice, and shared between commands.

Knows: the shelf, a lever that a firmer screen must survive longer. Does not know: files, pictures.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from harness import stress, stressing
from harness.axes import axis
from harness.measure import rounded
from harness.shelf import Asked, Shelf
from harness.trial import Loaded
from sim.core.errors import UserError


@pytest.fixture(scope="module")
def found(loaded: Loaded, shelf: Shelf) -> list[stress.Breaking]:
    along = axis("unwanted_calls", loaded.scenario, shelf.levers)
    return stress.break_along(shelf, along, loaded.seeds, steps=1)


def test_a_weaker_screen_breaks_earlier_on_every_seed(found: list[stress.Breaking]) -> None:
    firm, weak = found
    assert (firm.candidate, weak.candidate) == ("firm", "weak")
    assert 0.0 < weak.place.value < 1.0
    assert firm.place.value > weak.place.value
    for strong, frail in zip(firm.walks, weak.walks, strict=True):
        assert strong.bracket[0] >= frail.bracket[0]
    assert weak.causes() == {"reached": sum(bool(walk.broken_by) for walk in weak.walks)}


def test_more_unwanted_calls_never_mend_what_they_broke(found: list[stress.Breaking]) -> None:
    assert [one.recovers for one in found] == [0, 0]


def test_the_same_twice_from_the_shelf_and_afresh(
    loaded: Loaded, shelf: Shelf, found: list[stress.Breaking], tmp_path: Path
) -> None:
    along = axis("unwanted_calls", loaded.scenario, shelf.levers)
    before = shelf.replayed
    again = stress.break_along(shelf, along, loaded.seeds, steps=1)
    assert shelf.replayed == before
    assert stress.document(along, again, loaded.seeds) == stress.document(along, found, loaded.seeds)
    one = Asked("weak", 2)
    shelf.fetch([one])
    elsewhere = Shelf(loaded, tmp_path, quiet=True)
    elsewhere.fetch([one])
    assert elsewhere.replayed == 1
    assert elsewhere.place(one).name == shelf.place(one).name
    assert shelf.counts([one]).equals(elsewhere.counts([one]))


def test_what_happens_elsewhere_is_another_replay_and_what_is_judged_is_not(
    loaded: Loaded, shelf: Shelf
) -> None:
    one = Asked("weak", 1)
    clauses = tuple(c.model_copy(update={"good_enough": 0.2}) for c in loaded.charter.spec.clauses)
    spec = loaded.charter.spec.model_copy(update={"clauses": clauses})
    stricter = dataclasses.replace(loaded, charter=loaded.charter.model_copy(update={"spec": spec}))
    assert Shelf(stricter, shelf.root).place(one) == shelf.place(one)
    shorter = loaded.scenario.spec.world.model_copy(
        update={"horizon": loaded.scenario.spec.world.horizon // 2}
    )
    short = loaded.scenario.model_copy(
        update={"spec": loaded.scenario.spec.model_copy(update={"world": shorter})}
    )
    assert Shelf(dataclasses.replace(loaded, scenario=short), shelf.root).place(one) != shelf.place(one)


def test_the_outcome_is_three_files_and_the_same_bytes(loaded: Loaded, shelf: Shelf, found: object) -> None:
    lines = stressing.run_stress(loaded, shelf, ["unwanted_calls"], [], False, 1, 5, lambda _: None)
    paths = [Path(line) for line in lines[-3:]]
    assert [path.suffix for path in paths] == [".json", ".md", ".png"]
    first = [path.read_bytes() for path in paths]
    document = json.loads(first[0])
    assert [one["name"] for one in document["candidates"]] == ["firm", "weak"]
    assert document["candidates"][0]["breaksAt"] is None
    stressing.run_stress(loaded, shelf, ["unwanted_calls"], [], False, 1, 5, lambda _: None)
    assert [path.read_bytes() for path in paths] == first


def test_only_the_candidates_named_are_stressed(loaded: Loaded, shelf: Shelf, found: object) -> None:
    whole = stressing.run_stress(loaded, shelf, ["unwanted_calls"], [], False, 1, 5, lambda _: None)
    before = shelf.replayed
    part = stressing.run_stress(loaded, shelf, ["unwanted_calls"], [], False, 1, 5, lambda _: None, ("weak",))
    assert shelf.replayed == before
    assert whole[-3] != part[-3]
    one, other = (json.loads(Path(lines[-3]).read_text())["candidates"] for lines in (whole, part))
    assert other == [card for card in one if card["name"] == "weak"]
    with pytest.raises(UserError, match="no candidate 'week', did you mean 'weak'"):
        stressing.run_stress(loaded, shelf, ["unwanted_calls"], [], False, 1, 5, lambda _: None, ("week",))


@pytest.mark.slow
def test_two_levers_make_a_map_whose_frontier_lies_where_the_axis_alone_breaks(
    loaded: Loaded, shelf: Shelf
) -> None:
    names, one_seed = ["unwanted_calls", "report_rate"], dataclasses.replace(loaded, seeds=(1,))
    lines = stressing.run_stress(one_seed, shelf, names, [], False, 1, 2, lambda _: None)
    document = json.loads(Path(lines[-3]).read_text())
    assert [row["at"] for row in document["rows"]] == [0.003, 0.1]
    along = axis("unwanted_calls", loaded.scenario, shelf.levers)
    alone = stress.document(along, stress.break_along(shelf, along, (1,), steps=1), (1,))
    assert document["rows"][0]["candidates"] == rounded(alone["candidates"])


@pytest.mark.parametrize(
    ("names", "to", "said"),
    [
        (["unwanted"], [], "no lever 'unwanted', did you mean 'unwanted_calls'?"),
        (["unwanted_calls"], [9.0], "expected 0 to 3"),
        (["unwanted_calls"], [0.52], "stands at 0.52 already"),
        (["unwanted_calls", "unwanted_calls"], [], "each once"),
        (["unwanted_calls"], [1.0, 2.0], "at most one value for each"),
        (["class_entities"], [], "add --throughout"),
        ([], [200.0], "at most 100"),
    ],
)
def test_an_axis_that_there_is_not_is_told_in_one_line(
    loaded: Loaded, shelf: Shelf, names: list[str], to: list[float], said: str
) -> None:
    with pytest.raises(UserError, match=said.replace("?", r"\?")):
        stressing.run_stress(loaded, shelf, names, to, False, 1, 2, lambda _: None)
