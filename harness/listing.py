"""What there is: documents, plugins, runs.

Knows: the catalogue, plugin folders, run folders. Does not know: their insides.
"""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

from harness import results
from sim.core import catalogue, plugins
from sim.core.errors import UserError, closest

PLUGIN_KINDS = {
    "worlds": "world",
    "injections": "injection",
    "veils": "veil",
    "features": "feature",
    "candidates": "candidate",
    "policies": "policy",
    "signals": "signal",
    "metrics": "metric",
}
DOCUMENTS = {"scenarios": "Scenario", "charters": "Charter", "featuresets": "FeatureSet"}


def entries(what: str, root: Path) -> list[tuple[str, str]]:
    """Names and one line about each, sorted. Imports no plugin: the line is the module's own first line."""
    if what in PLUGIN_KINDS:
        kind = PLUGIN_KINDS[what]
        return [(name, _first_line(f"{plugins.KINDS[kind]}.{name}")) for name in plugins.names(kind)]
    if what in DOCUMENTS:
        return [
            (card.id, card.purpose or f"{card.name} {card.version}")
            for card in catalogue.cards(DOCUMENTS[what])
        ]
    if what == "runs":
        return [_run(folder, root) for folder in results.run_folders(root)]
    known = [*DOCUMENTS, *PLUGIN_KINDS, "runs"]
    raise UserError(f"cannot list '{what}'{closest(what, known)}; expected one of: {', '.join(known)}")


def _first_line(module: str) -> str:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    doc = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return doc.strip().split("\n")[0]


def _run(folder: Path, root: Path) -> tuple[str, str]:
    name = folder.relative_to(root).as_posix()
    try:
        status = str(results.read_json(folder / "manifest.json").get("status"))
        if status == "finished":
            found = results.read_json(folder / "verdict.json")
            status = f"{found.get('verdict')} ({found.get('level')})"
    except UserError as error:
        status = str(error)
    return name, status
