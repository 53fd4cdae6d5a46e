"""Outcomes: what a command over many runs found, in a folder of its own beside the scenario's runs.

Knows: run folders, digests, the three forms of an outcome: JSON, Markdown, PNG. Does not know: what was found.
The folder's name is the command's and a digest of all that the outcome follows from, so that the same command finds
the same folder and writes the same bytes. It holds no manifest, and is therefore no run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import measure, results
from harness.trial import Loaded
from sim.core.records import digest


def place(root: Path, loaded: Loaded, command: str, settings: Mapping[str, Any]) -> Path:
    """`<root>/<scenario id>/<command>-<12 digits>`."""
    of = {
        "scenario": loaded.run_digest(),
        "charter": loaded.charter.digest(),
        "code": results.code_digest(),
        "packages": results.packages(),
        "settings": settings,
    }
    return root / loaded.scenario_id / f"{command}-{digest(of)[:12]}"


def reserve(folder: Path) -> None:
    """See that a place can be written before any work is done for it. Raises UserError where it cannot."""
    with results.claimed(folder):
        pass


def write(
    folder: Path, name: str, document: Mapping[str, Any], lines: Sequence[str], picture: bytes
) -> list[Path]:
    """Write `name`.json, .md and .png; answers their paths. Raises UserError where the folder cannot be written."""
    with results.claimed(folder):
        paths = [folder / f"{name}.{end}" for end in ("json", "md", "png")]
        results.write_text(paths[0], measure.canonical(document))
        results.write_text(paths[1], "\n".join(lines) + "\n")
        aside = paths[2].with_suffix(".part")
        aside.write_bytes(picture)
        aside.replace(paths[2])
    return paths


def heading(loaded: Loaded, command: str) -> dict[str, Any]:
    """What every outcome says first: of which scenario, under which charter."""
    return {
        "schemaVersion": results.SCHEMA_VERSION,
        "command": command,
        "scenario": loaded.scenario_card() | {"file": None},
        "charter": {"id": loaded.charter_id, "digest": loaded.charter.digest()},
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table that is plain on a terminal and Markdown in a file: padded cells between bars."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [lines[0], rule, *lines[1:]]
