"""docs/telco-parameters.md is what the command answers, and every lever says where its default is from."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from harness.listing import CONFIDENCES, levers, levers_page
from sim.core.errors import UserError
from sim.worlds.telco.cast import LEVERS, SCHEMES, TACTICS, TRADES

PAGE = Path(__file__).parents[3] / "docs" / "telco-parameters.md"


def test_the_page_is_current() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == "\n".join(levers_page("telco")) + "\n", (
        "windtunnel list levers telco --markdown > docs/telco-parameters.md"
    )


def test_every_lever_is_there_with_source_and_confidence() -> None:
    rows = {row[0]: row for row in levers("telco")}
    assert set(LEVERS) < set(rows)
    for name in LEVERS:
        assert all(rows[name]), name
        assert rows[name][-1] in CONFIDENCES, name


def test_every_figure_of_the_cast_is_there() -> None:
    """A row per field and a column per member; codes by name, levers as they are set."""
    told = {heading: table(heading) for heading in ("Trades", "Schemes", "Tactics")}
    for heading, cast in (("Trades", TRADES), ("Schemes", SCHEMES), ("Tactics", TACTICS)):
        rows = told[heading]
        assert rows["field"] == [f"`{one.name}`" for one in cast]
        assert set(rows) == {"field", *(f.name for f in fields(cast[0]))} - {"name", "levers"}
    school = told["Trades"]["field"].index("`school`")
    assert told["Trades"]["talk"][school] == "script"
    assert told["Trades"]["profile"][school] == "window"
    assert told["Trades"]["batch"][school].startswith("every `school_gap_days`; starts (0.3333, 5.2, 6.8)")
    assert [float(x) for x in told["Trades"]["panel"]] == [trade.panel for trade in TRADES]
    assert told["Tactics"]["calls"] == [f"`{tactic.calls}`" for tactic in TACTICS]


def table(heading: str) -> dict[str, list[str]]:
    page = "\n".join(levers_page("telco"))
    own = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = (re.split(r" ?\| ?", line)[1:-1] for line in own.splitlines() if line.startswith("| "))
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in cells}


def test_a_world_that_is_not_there() -> None:
    with pytest.raises(UserError, match="did you mean 'telco'"):
        levers("telcoo")
