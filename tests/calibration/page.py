"""Pastes what `windtunnel calibrate WORLD -o DIR` found into a page of docs, and its picture beside it.

Knows: the page's table (from its head to the line that ends with "checks hold"). Does not know: how it is measured.

    .venv/bin/python -m tests.calibration.page DIR [PAGE]      PAGE: calibration (telco), calibration-sportsbook
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
TABLE = re.compile(r"^\| # \| statistic .*?^\d+ of \d+ checks hold$", re.MULTILINE | re.DOTALL)


def pasted(page: str, found: str) -> str:
    """The page with its table replaced. Raises ValueError where either has no such table, or more than one."""
    for name, text in (("the page", page), ("what was found", found)):
        if len(TABLE.findall(text)) != 1:
            raise ValueError(f"{name}: expected one table that ends with '... checks hold'")
    return TABLE.sub(lambda _: found.strip(), page)


if __name__ == "__main__":
    source, name = Path(sys.argv[1]), (*sys.argv[2:], "calibration")[0]
    told = pasted(
        (DOCS / f"{name}.md").read_text(encoding="utf-8"),
        (source / "calibration.md").read_text(encoding="utf-8"),
    )
    (DOCS / f"{name}.md").write_text(told, encoding="utf-8", newline="\n")
    shutil.copyfile(source / "calibration.png", DOCS / f"{name}.png")
