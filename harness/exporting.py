"""A finished run in the terms of an experiment tracker: nested runs with params, metrics, tags and files, and models.

Knows: run folders and what their files hold. Does not know: any tracker; MLflow is harness.tracking.

One run of Windtunnel becomes a tree: the run itself, below it a node for each candidate (values over seeds, rulings),
below each of those a node for each seed (that seed's values, the settings, the models that were trained). Every model
of the registry becomes a registered model with its versions and aliases, under the registry's own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import keeping, registry, results, seals
from sim.core.documents import Document, parse
from sim.core.errors import UserError, closest
from sim.core.overrides import override
from sim.core.places import Key

TO = ("mlflow",)
"""Trackers that there is an exporter for."""
SHOWN = (
    "report.html",
    "summary.md",
    "junit.xml",
    "manifest.json",
    "verdict.json",
    "metrics.json",
    "models.json",
)
FILES = (*SHOWN, "scenario.yaml", "charter.yaml", "fairness.json", "decay.json", "robustness.json")
"""What a tracker is given of a run; where it stands, the rest is in its folder."""
_NOT_A_NAME = re.compile(r"[^\w\-. /]+")

Metrics = list[tuple[str, float, int]]


@dataclass(frozen=True)
class Node:
    """A run of a tracker. start, end: ms since 1970. metrics: name, value, step. files: a path, and below which folder
    it is put. notes: tags that may be long."""

    name: str
    parent: str | None
    start: int
    end: int
    tags: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=list)
    files: tuple[tuple[Path, str], ...] = ()


@dataclass(frozen=True)
class Version:
    """A model's version. node: the name of the run that trained it. file: where its file stands, None where it has
    none. booster: it is XGBoost's own JSON. document: everything that models.json says of it."""

    model: str
    number: int
    node: str
    file: Path | None
    file_name: str
    booster: bool
    packages: Mapping[str, str]
    document: Mapping[str, Any]
    tags: Mapping[str, str]
    model_tags: Mapping[str, str]
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """A whole run. nodes: parents before their children."""

    run: str
    experiment: str
    nodes: tuple[Node, ...]
    versions: tuple[Version, ...]


def export(folder: Path, to: str, place: Path | None, talk: Callable[[str], None]) -> list[str]:
    """Export a run; lines that say what was written. Raises UserError for a run that is not finished or not as
    written, an unknown tracker, a tracker that is not installed, and a place that cannot be used."""
    if to not in TO:
        raise UserError(f"--to: got '{to}', expected mlflow{closest(to, TO)}")
    if place is None:
        raise UserError("-o: missing, expected the folder of the store, such as -o mlflow-store")
    from harness import tracking

    tracking.ask()
    told = tell(keeping.home(folder))
    talk(f"{told.experiment} {told.run}: every file is what the run wrote; exporting it")
    return tracking.write(told, place)


def tell(folder: Path) -> Told:
    """Everything that a tracker is given of a run. Raises UserError where its folder is not whole or not as written."""
    manifest = results.read_finished(folder)
    results.read_said(folder / "manifest.json", results.SAID)
    for one in seals.broken(folder):
        raise UserError(f"{folder / one.name}: {one.words}; windtunnel verify {folder.name} tells all of it")
    verdict = results.read_said(folder / "verdict.json", results.RULED)
    values = _values(folder)
    document = _document(folder, manifest)
    top = _top(folder, manifest, verdict, document)
    nodes = [top]
    judged = {one["name"]: one for one in verdict["candidates"]}
    for name in (*manifest["candidates"], manifest["incumbent"]):
        settings = _settings(document, name)
        nodes.append(_candidate(top, name, judged.get(name), values, settings))
        nodes += [
            _seed(folder, nodes[0], name, int(seed), judged.get(name), values, settings)
            for seed in manifest["seeds"]
        ]
    return Told(top.name, manifest["scenario"]["id"], tuple(nodes), tuple(_versions(folder, manifest, top)))


# --- the tree --------------------------------------------------------------------------------------------------------


def _top(folder: Path, manifest: Mapping[str, Any], verdict: Mapping[str, Any], document: Document) -> Node:
    code, scenario, charter = manifest["code"], manifest["scenario"], manifest["charter"]
    start = round(1000 * float(manifest.get("startedAt", 0.0)))
    tags = {
        "windtunnel.run": manifest["run"],
        "windtunnel.identity": manifest["identity"],
        "windtunnel.scenario": f"{scenario['id']} {scenario['version']}",
        "windtunnel.scenario.digest": scenario["digest"],
        "windtunnel.charter": f"{charter['id']} {charter['version']}",
        "windtunnel.charter.digest": charter["digest"],
        "windtunnel.verdict": verdict["verdict"],
        "windtunnel.level": verdict["level"],
        "windtunnel.version": str(code["version"]),
        "windtunnel.code.digest": str(code["digest"]),
        "windtunnel.code.dirty": str(code["dirty"]),
        "mlflow.source.name": "windtunnel",
        "mlflow.source.git.commit": str(code["commit"]),
    }
    params = {"scenario": scenario["id"], "charter": charter["id"]}
    params |= {"seeds": ",".join(str(seed) for seed in manifest["seeds"])}
    params |= dict(_flat("world", document.at(("spec", "world"))))
    params |= {f"package.{name}": version for name, version in manifest["packages"].items()}
    notes = {"mlflow.note.content": f"{charter['objective']}\n\n{_read(folder / 'summary.md')}"}
    end = start + round(1000 * float(manifest.get("seconds", 0.0)))
    files = tuple((folder / name, "") for name in FILES if (folder / name).is_file())
    kept = ((folder / name, "documents") for name in manifest["documents"].values() if name != "charter.yaml")
    exit_code = [("exit_code", float(verdict["exitCode"]), 0)]
    return Node(manifest["run"], None, start, end, tags, params, notes, exit_code, (*files, *kept))


def _candidate(
    top: Node, name: str, judged: Mapping[str, Any] | None, values: Any, settings: Mapping[str, str]
) -> Node:
    """Values over the seeds with their intervals, month by month, and how each clause was ruled."""
    tags = _own(top, name) | {"windtunnel.champion": str(bool(judged and judged["champion"]))}
    metrics: Metrics = []
    if judged is not None:
        tags |= {"windtunnel.verdict": judged["verdict"], "windtunnel.level": judged["level"]}
        for clause in judged["clauses"]:
            key = _clause(clause)
            tags[f"ruling.{key}"] = clause["ruling"]
            metrics += _measured(
                {
                    f"clause.{key}{end}": clause[field]
                    for end, field in (
                        ("", "value"),
                        (".low", "low"),
                        (".high", "high"),
                        (".seen", "observed"),
                    )
                }
            )
    mine = values[(values["candidate"] == name) & (values["seed"] == -1) & (values["slice"] == "all")]
    for row in mine.itertuples():
        seen = "" if row.view == "true" else ".seen"
        if row.window == "total":
            metrics += _measured({f"{row.metric}{seen}": row.value})
        elif row.window.startswith("m"):
            metrics += _measured({f"monthly.{row.metric}{seen}": row.value}, int(row.window[1:]))
    return Node(f"{top.name}/{name}", top.name, top.start, top.end, tags, settings, metrics=metrics)


def _seed(
    folder: Path, top: Node, name: str, seed: int, judged: Mapping[str, Any] | None, values: Any,
    settings: Mapping[str, str],
) -> Node:  # fmt: skip
    """One replay: its own values, settings, and the cards of its models."""
    metrics: Metrics = []
    for clause in judged["clauses"] if judged is not None else ():
        metrics += _measured({f"clause.{_clause(clause)}": clause["perSeed"].get(str(seed))})
    total = (values["window"] == "total") & (values["slice"] == "all") & (values["view"] == "true")
    for row in values[total & (values["candidate"] == name) & (values["seed"] == seed)].itertuples():
        metrics += _measured({str(row.metric): row.value})
    own = folder / "model" / name / f"seed-{seed}"
    cards = tuple((path, path.parent.relative_to(own).as_posix()) for path in sorted(own.rglob("card.json")))
    cards = tuple((path, "" if below == "." else below) for path, below in cards)
    tags = _own(top, name) | {"windtunnel.seed": str(seed)}
    params = {**settings, "seed": str(seed)}
    node = f"{top.name}/{name}"
    return Node(f"{node}/seed-{seed}", node, top.start, top.end, tags, params, metrics=metrics, files=cards)


def _own(top: Node, name: str) -> dict[str, str]:
    kept = (
        "windtunnel.run",
        "windtunnel.scenario.digest",
        "windtunnel.charter.digest",
        "windtunnel.code.digest",
    )
    return {key: top.tags[key] for key in kept} | {"windtunnel.candidate": name}


def _clause(clause: Mapping[str, Any]) -> str:
    """A clause's name as a tracker takes it, with its slice where it has one."""
    name = clause["name"] if clause["slice"] == "all" else f"{clause['name']}.{clause['slice']}"
    return _NOT_A_NAME.sub("-", name).strip("-")


def _measured(values: Mapping[str, Any], step: int = 0) -> Metrics:
    """What has a value: a tracker's curve has no gaps, and a nan in it would be read as a figure."""
    return [(name, float(v), step) for name, v in values.items() if v is not None and v == v]


def _values(folder: Path) -> Any:
    import pandas as pd
    import pyarrow as pa

    path = folder / "metrics.parquet"
    try:
        return pd.read_parquet(path)
    except (OSError, pa.ArrowException) as error:
        raise UserError(
            f"{path}: not readable as Parquet; windtunnel judge {folder.name} makes it again"
        ) from error


# --- settings ---------------------------------------------------------------------------------------------------------


def _document(folder: Path, manifest: Mapping[str, Any]) -> Document:
    """The scenario as it was run, whatever was laid over it."""
    document = parse(_read(folder / "scenario.yaml").encode("utf-8"), manifest["scenario"]["file"], folder)
    for assignment in manifest["asked"]["sets"]:
        document = override(document, assignment)
    return document


def _settings(document: Document, name: str) -> dict[str, str]:
    """What the scenario says of a candidate; of the incumbent where it is none of them."""
    trial: Key = ("spec", "trial")
    for one in document.at((*trial, "candidates")) or ():
        if one.get("name") == name:
            return dict(_flat("", one))
    return dict(_flat("", document.at((*trial, "incumbent")) or {}))


def _flat(start: str, value: Any) -> Iterator[tuple[str, str]]:
    """A nested mapping as dotted names and text."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(f"{start}.{key}" if start else str(key), one)
    elif isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
        for index, one in enumerate(value):
            yield from _flat(f"{start}.{index}", one)
    elif isinstance(value, list | tuple):
        yield _NOT_A_NAME.sub("-", start), ", ".join(str(one) for one in value)
    else:
        yield _NOT_A_NAME.sub("-", start), str(value)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


# --- models -----------------------------------------------------------------------------------------------------------


def _versions(folder: Path, manifest: Mapping[str, Any], top: Node) -> Iterator[Version]:
    """Every version of every model, in the order in which a tracker numbers them."""
    for model in registry.read(folder):
        name = _NOT_A_NAME.sub("-", f"{manifest['scenario']['id']}/{model['name']}").replace("/", ".")
        names = {number: alias for alias, number in model["aliases"].items()}
        told = {"windtunnel.candidate": model["candidate"], "windtunnel.seed": str(model["seed"])}
        told["windtunnel.desk"] = model["desk"]
        for version in model["versions"]:
            artifact, place = version["artifact"], registry.place(model, version)
            number = int(version["version"])
            path = folder / place if place is not None and (folder / place).is_file() else None
            tags = {
                "windtunnel.run": top.name,
                "windtunnel.version": str(number),
                "windtunnel.status": version["status"],
                "trained_at": version["trainedAt"],
                "promoted_at": str(version["promotedAt"] or "never"),
                "retired_at": str(version["retiredAt"] or "never"),
                "sha256": artifact["sha256"] if artifact else "no file",
            }
            yield Version(
                model=name,
                number=number,
                node=f"{top.name}/{model['candidate']}/seed-{model['seed']}",
                file=path,
                file_name=artifact["file"] if artifact else "",
                booster=version["tags"].get("model") == "xgboost" and str(place).endswith(".json"),
                packages=manifest["packages"],
                document=version,
                tags=tags,
                model_tags=told,
                aliases=(names[number],) if number in names else (),
            )
