"""docs/telco-parameters.md is what the command answers, and every lever says where its default is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.listing import CONFIDENCES, levers, levers_page
from sim.core.errors import UserError
from sim.worlds.telco.cast import LEVERS

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


def test_a_world_that_is_not_there() -> None:
    with pytest.raises(UserError, match="did you mean 'telco'"):
        levers("telcoo")
