"""What made a run, kept in its folder: documents, the user's own code, every model; and a run read back from them.

Knows: how documents refer to one another, run folders. Does not know: how a run is done, judged or shown.

`scenario.yaml` and `charter.yaml` are as they were read; what else the scenario names stands in `documents/`, the
user's own packages (no installed ones) in `code/`. `asked` in manifest.json has every `--set` and the seeds. With the
data files that a recording names, whose digests are in the manifest, nothing else is needed to repeat the run.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import own_code, registry, results, service_rules, trial
from harness.jobs import INCUMBENT, Job
from harness.lineups import DesksTrial
from harness.trial import Loaded
from sim.core import catalogue
from sim.core.documents import Document, parse
from sim.core.errors import UserError
from sim.core.overrides import override

DOCUMENTS = ("scenario.yaml", "charter.yaml", "documents/", "code/", "outside/")
"""What `keep` writes."""
CODE = "code"
OUTSIDE = "outside"
"""What candidates made elsewhere read: models and programs of the scenario's folder, in their places below it."""


def keep(folder: Path, loaded: Loaded) -> None:
    """Copies of all documents as they were read, and of the user's own code, beside the run."""
    for name, text in (("scenario.yaml", loaded.scenario_text), ("charter.yaml", loaded.charter_text)):
        results.write_text(folder / name, text)
    for place, kind, reference in _named(loaded):
        found = catalogue.find(kind, reference, Path(loaded.scenario_file).parent)
        results.write_text(folder / place, found.document.text)
    _keep_code(folder / CODE, loaded)
    _keep_outside(folder / OUTSIDE, loaded)


def references(loaded: Loaded) -> dict[str, str]:
    """Where each document that the scenario names is kept, by the key that names it."""
    named = {key: place for (place, _, _), key in zip(_named(loaded), _keys(loaded), strict=True)}
    return {"charter": "charter.yaml", **named}


def _keys(loaded: Loaded) -> list[str]:
    return [key for key, _, _ in _references(loaded)]


def _named(loaded: Loaded) -> list[tuple[str, str, str]]:
    """Place below the run's folder, kind and reference of each."""
    found = []
    for key, kind, reference in _references(loaded):
        words = key.removeprefix("trial.").replace("desks.", "").split(".")
        found.append((f"documents/{'-'.join(words)}.yaml", kind, reference))
    return found


def _references(loaded: Loaded) -> list[tuple[str, str, str]]:
    """Key, kind and reference of what a scenario names beside its charter."""
    one = loaded.trial
    asked: list[tuple[str, str, Any]] = []
    if isinstance(one, DesksTrial):
        asked += [
            (f"trial.desks.{name}.features", "FeatureSet", desk.features) for name, desk in one.desks.items()
        ]
    else:
        asked.append(("trial.features", "FeatureSet", one.features))
    asked.append(("trial.service", "ServiceProfile", one.service))
    document = _document(loaded)
    for key in service_rules.references(document):
        asked.append((".".join(str(part) for part in key[1:]), "ServiceProfile", document.at(key)))
    return [(key, kind, reference) for key, kind, reference in asked if isinstance(reference, str)]


def _document(loaded: Loaded) -> Document:
    """The scenario with what was laid over it."""
    file = loaded.scenario_file
    document = parse(loaded.scenario_text.encode("utf-8"), file, Path(file).parent)
    for assignment in loaded.sets:
        document = override(document, assignment)
    return document


def _keep_code(place: Path, loaded: Loaded) -> None:
    shutil.rmtree(place, ignore_errors=True)
    uses = own_code.uses(loaded)
    digests = results.own_code_digests(uses)
    for name, home in results.homes_of(uses).items():
        if digests.get(name, "version ").startswith("version "):
            continue
        for path in sorted(home.rglob("*.py")) if home.is_dir() else [home]:
            copy = place / path.relative_to(home.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def _keep_outside(place: Path, loaded: Loaded) -> None:
    """Copies of a scenario's models and programs. Raises UserError where one has changed since it was read."""
    if place.resolve() == loaded.folder:
        return  # a run that is repeated where it stands
    shutil.rmtree(place, ignore_errors=True)
    for path, known in loaded.outside.items():
        contents = (loaded.folder / path).read_bytes()
        if hashlib.sha256(contents).hexdigest() != known:
            raise UserError(f"'{path}' has changed since the scenario was read")
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(contents)


def home(folder: Path) -> Path:
    """The folder of the run itself, where another judgement of it is named. Raises UserError where it is not whole."""
    manifest = results.read_json(folder / "manifest.json")
    return folder.resolve().parents[1] if "judgedFrom" in manifest else folder


def load(folder: Path) -> Loaded:
    """A finished run's scenario, charter and features, from the copies in its folder, with the run's own settings.

    Raises UserError where a copy is missing or the run is of an earlier version, BadDocument where one does not read.
    """
    manifest = results.read_json(folder / "manifest.json")
    asked, kept = manifest.get("asked"), manifest.get("documents")
    if not isinstance(asked, dict) or not isinstance(kept, dict):
        raise UserError(
            f"{folder / 'manifest.json'}: does not say with which settings the run was made: an earlier version wrote "
            "it; repeat the run with --force"
        )
    for name in ("scenario.yaml", *kept.values()):
        if not (folder / name).is_file():
            raise UserError(f"{folder / name}: missing: the run is not whole, repeat it with --force")
    try:
        sets = [str(one) for one in asked["sets"]]
        seeds = tuple(int(seed) for seed in asked["seeds"])
        scenario, charter = manifest["scenario"], manifest["charter"]
        names = {"scenario_id": scenario["id"], "scenario_file": scenario["file"]}
        names |= {"charter_id": charter["id"], "charter_file": charter["file"]}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{folder / 'manifest.json'}: not what a run wrote ({error}); repeat the run"
        ) from None
    places = [f"{key}={json.dumps(str((folder / name).resolve()))}" for key, name in kept.items()]
    code = str((folder / CODE).resolve()) if (folder / CODE).is_dir() else ""
    with own_code.placed(code):
        loaded = trial.load(
            str(folder / "scenario.yaml"), (*sets, *places), seeds=seeds, folder=(folder / OUTSIDE).resolve()
        )
    return replace(loaded, **names, sets=tuple(sets), code=code)


def models(parts: Path, jobs: Sequence[Job]) -> dict[str, Any]:
    """models.json: every model of every replay, by candidate, seed and desk."""
    found = []
    for job in jobs:
        for one in results.read_json(parts / job.name / registry.FILE)["desks"]:
            alone = (parts / job.name / "model" / one["desk"]).is_dir()
            where = f"model/{job.candidate}/seed-{job.seed}" + (f"/{one['desk']}" if alone else "")
            found.append({
                "name": f"{job.candidate}/seed-{job.seed}/{one['desk']}",
                "candidate": job.candidate, "seed": job.seed, "path": where, **one,
            })  # fmt: skip
    return {"schemaVersion": results.SCHEMA_VERSION, "incumbent": INCUMBENT, "models": found}
