"""What there is: documents, plugins, runs.

Knows: the catalogue, plugin folders, run folders. Does not know: their insides.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
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
    "responses": "response",
    "metrics": "metric",
}
DOCUMENTS = {
    "scenarios": "Scenario",
    "charters": "Charter",
    "featuresets": "FeatureSet",
    "profiles": "ServiceProfile",
}


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
    known = [*DOCUMENTS, *PLUGIN_KINDS, "levers", "runs"]
    raise UserError(f"cannot list '{what}'{closest(what, known)}; expected one of: {', '.join(known)}")


def told(what: str, of: str | None, root: Path, as_json: bool, as_markdown: bool) -> list[str]:
    """The lines that a list is told in: names with a line each, JSON, or a page. Raises UserError."""
    if what != "levers":
        for word, given in ((f"'{of}'", of), ("--markdown", as_markdown)):
            if given:
                raise UserError(f"list {what}: takes no {word}; that is for levers")
        rows = entries(what, root)
        if as_json:
            return [json.dumps([{"name": name, "says": says} for name, says in rows], indent=2)]
    else:
        if of is None:
            raise UserError("list levers: of which world? expected a name such as telco")
        if as_markdown:
            return levers_page(of)
        if as_json:
            return [json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in levers(of)], indent=2)]
        rows = [(name, f"{default} {unit}  {doc}") for name, doc, default, unit, *_ in levers(of)]
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{name:<{width}}  {says}".rstrip() for name, says in rows]


COLUMNS = ("name", "what it is", "default", "unit", "range", "moves", "source", "confidence")


def levers(world: str) -> list[tuple[str, ...]]:
    """Every parameter of a world, a row of `COLUMNS` each: its sizes (`world.with`), then its levers, in their order.
    Raises UserError for a world that is not there."""
    plugin = plugins.load("world", world)
    sizes = getattr(plugin, "Parameters", None)
    fields = sizes.model_fields.items() if sizes is not None else ()
    rows: list[tuple[str, ...]] = [
        (
            f"with.{name}",
            field.description or "",
            _written(field.default),
            "",
            "",
            "no",
            "the scenario's choice",
            "",
        )
        for name, field in fields
    ]
    for spec in plugin.levers.values():
        bounds = f"{_written(spec.low)} .. {_written(spec.high)}"
        moves = "yes" if spec.moves else "no"
        head = (spec.name, spec.doc, _written(spec.default), spec.unit, bounds, moves)
        rows.append((*head, spec.source, spec.confidence))
    return rows


def levers_page(world: str) -> list[str]:
    """The same as a page in Markdown: what `docs/<world>-parameters.md` must hold."""
    rows = levers(world)
    counts = {word: sum(row[-1] == word for row in rows) for word in CONFIDENCES}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return [
        f"# Parameters of the world `{world}`",
        "",
        f"Written by `windtunnel list levers {world} --markdown`; a test holds the page to the world.",
        f"{len(rows)} parameters, by what is known of the default: {told}. A lever is set with `world.levers.NAME`",
        "in a scenario or by `--set`, and moved over time by an injection where it says so.",
        "",
        *(f"* **{word}**: {meaning}" for word, meaning in CONFIDENCES.items() if counts[word]),
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|---|---|--:|---|---|---|---|---|",
        *("| " + " | ".join((f"`{row[0]}`", *row[1:])).replace("  ", " ") + " |" for row in rows),
        *_playbill(world),
    ]


def _playbill(world: str) -> list[str]:
    """What a world's file `playbill.py` adds to the page: the figures of its cast. Nothing where there is none."""
    module = f"{plugins.KINDS['world']}.{world}.playbill"
    if importlib.util.find_spec(module) is None:
        return []
    told: list[str] = ["", *importlib.import_module(module).lines()]
    return told[:-1]


CONFIDENCES = {
    "read": "the figure was read in the source itself",
    "secondary": "it was read in a text that quotes the source",
    "computed": "it was computed from a public data file",
    "derived": "it follows from such figures by arithmetic",
    "memory": "it was not verified",
    "assumption": "nobody published it",
}


def _written(value: object) -> str:
    """A number as people write it."""
    if isinstance(value, bool | int | float | str):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    return "" if isinstance(value, tuple | dict) else "needed"


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
