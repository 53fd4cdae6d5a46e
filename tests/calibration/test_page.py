"""The table of docs/calibration.md is pasted, not typed."""

from __future__ import annotations

import pytest

from tests.calibration.page import DOCS, pasted

FOUND = "| # | statistic | figure |\n|--:|---|---|\n| 1 | new | \\1 |\n\n3 of 4 checks hold\n"


def test_the_table_alone_is_replaced() -> None:
    page = (
        "# Head\n\n| # | statistic | old |\n|--:|---|---|\n| 9 | gone | x |\n\n2 of 25 checks hold\n\ntail\n"
    )
    assert pasted(page, FOUND) == "# Head\n\n" + FOUND.strip() + "\n\ntail\n"


@pytest.mark.parametrize("name", ["calibration", "calibration-sportsbook"])
def test_the_page_has_a_table_to_replace(name: str) -> None:
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    told = pasted(page, FOUND)
    assert told.startswith(page[:200])
    assert "| 1 | new | \\1 |" in told
    assert len(told) < len(page)


@pytest.mark.parametrize("found", ["", "4 of 4 checks hold", FOUND + FOUND])
def test_nothing_but_one_table_is_pasted(found: str) -> None:
    with pytest.raises(ValueError, match="what was found"):
        pasted(FOUND, found)
