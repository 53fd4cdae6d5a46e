"""docs/drift.md is true: its tables name the shapes, veils, parameters and levers that there are."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from sim.core import plugins

PAGE = (Path(__file__).parents[2] / "docs" / "drift.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    part = PAGE[PAGE.index(f"## {heading}") :]
    lines = part[part.index("\n|") + 1 :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def named(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def own(kind: str, name: str) -> set[str]:
    fields = dataclasses.fields(plugins.load(kind, name))
    return {field.name for field in fields if field.init} - {"start", "end", "of"}


def test_every_shape_and_veil_is_told_with_its_parameters() -> None:
    shapes = {cells[1].strip("`"): named(cells[3]) for cells in table("Kinds of drift")}
    assert shapes == {name: own("injection", name) for name in plugins.names("injection")}
    veils = {cells[0].strip("`"): named(cells[3]) for cells in table("Veils and their files")}
    assert veils == {name: own("veil", name) for name in plugins.names("veil")}


def test_every_target_has_levers_that_move_in_both_worlds() -> None:
    rows = table("What drifts")
    assert len(rows) == 8
    for _, *cells in rows:
        for world, cell in zip(("telco", "sportsbook"), cells, strict=True):
            levers = plugins.load("world", world).levers
            assert named(cell), "a target has a lever"
            for name in named(cell):
                assert levers[name].moves, name
