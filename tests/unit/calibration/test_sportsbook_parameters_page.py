"""docs/sportsbook-parameters.md is what the command answers, and every lever says where its default is from."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from harness.listing import CONFIDENCES, levers, levers_page
from sim.worlds.sportsbook.bettors import Segment
from sim.worlds.sportsbook.cast import CAST
from sim.worlds.sportsbook.parameters import LEVERS

PAGE = Path(__file__).parents[3] / "docs" / "sportsbook-parameters.md"


def test_the_page_is_current() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == "\n".join(levers_page("sportsbook")) + "\n", (
        "windtunnel list levers sportsbook --markdown > docs/sportsbook-parameters.md"
    )


def test_every_lever_is_there_with_source_and_confidence() -> None:
    rows = {row[0]: row for row in levers("sportsbook")}
    assert set(LEVERS) < set(rows)
    for name in LEVERS:
        assert rows[name][-2], name
        assert rows[name][-1] in CONFIDENCES, name


def test_every_figure_of_the_cast_is_there() -> None:
    own = "\n".join(levers_page("sportsbook")).partition("## Segments\n")[2]
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in own.splitlines() if line.startswith("| ")]
    assert [cell.strip() for cell in rows[0]] == ["field", *(f"`{one.name}`" for one in CAST)]
    told = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows[1:]}
    assert set(told) == {field.name for field in fields(Segment)} - {"name", "levers"}
    assert [float(x) for x in told["share"]] == [one.share for one in CAST]
