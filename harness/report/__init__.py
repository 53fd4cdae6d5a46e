"""The report of a run: one page for people, its short form for GitHub, and JUnit for the build server.

Knows: a run's folder (docs/design/001-run-folder.md). Does not know: how a value was made. Nothing is computed here:
every number shown was written by the run or by the judge, and is only given a unit and a place.
"""

from __future__ import annotations

from pathlib import Path

REPORT, SUMMARY, JUNIT = "report.html", "summary.md", "junit.xml"


def render(folder: Path) -> list[Path]:
    """Write `report.html`, `summary.md` and `junit.xml` into a run's folder and answer their paths.

    Identical files in the folder give identical bytes. Nothing outside the folder is read or written, and the page
    asks no network. Raises UserError when the folder holds no judged run.
    """
    from harness.report import junit, page
    from harness.report.reading import read_run

    run = read_run(folder)
    html, summary = page.compose(run)
    written = []
    for name, text in ((REPORT, html), (SUMMARY, summary), (JUNIT, junit.compose(run))):
        written.append(_put(run.folder / name, text))
    return written


def _put(path: Path, text: str) -> Path:
    # Replaced in one step: a reader never sees half a page, and a link left in the folder is not followed out of it.
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.write_text(text, encoding="utf-8", newline="\n")
    return fresh.replace(path)
