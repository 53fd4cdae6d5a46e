"""The registry of a replay's models: every version that was trained, what went in, when it decided, what it weighs.

Knows: trainings as a desk tells of them, reigns, files of models. Does not know: candidates by kind, the loop.

Words are those of a model registry (MLflow's): a model has `versions` and `aliases`; a version has `params`, `metrics`,
`tags` and an `artifact`. Every version's file is digested and kept: that of the one that decides at the end, the
*champion*, under its own name, all others under their digests, each file once. The *challenger* is the last version
that was checked and refused, where no later one took over.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness import results
from harness.desk import Desk
from harness.kinds import PolicyState
from harness.trainer import Fit
from sim.core.errors import UserError
from sim.core.time import DAY, Clock, Micros
from sim.core.world import World

FILE = "models.json"
OF_TRUTH = ("false_positives", "hidden_positives")
"""What only the ledger can say of a training set."""
VERSIONS = "versions"
"""Where the files of versions that no longer decide are kept, under their digests: in a replay's own folder of models,
and for a whole run below its `model/`."""
_LEAST = 1e-6


@dataclass
class Registry:
    """The models of one desk in one replay. folder: where the champion's file and card are kept."""

    folder: Path
    desk: str
    clock: Clock
    go_live: Micros
    versions: dict[int, dict[str, Any]] = field(default_factory=dict)
    saved: int = 0
    """The version whose file stands in the folder."""

    def take(self, fit: Fit, record: Mapping[str, Any], card: Mapping[str, Any]) -> None:
        """Take down a training. record: what the ledger says of it; card: its model card."""
        artifact = self._shelve(fit.scorer)
        if fit.in_force:
            self._keep(fit.version, artifact, card)
        told = dict(card.get("model", {}))
        params = told.pop("parameters", {})
        counted = ("rows", "positives", "verified", "verified_positives", "entities")
        names = list(fit.past.names)
        times = fit.past.unit_t
        self.versions[fit.version] = {
            "version": fit.version,
            "trainedAt": self.instant(fit.as_of),
            "trainedOnDay": (fit.as_of - self.go_live) / DAY,
            "trainingWindow": (
                [self.instant(int(times.min())), self.instant(int(times.max()))] if len(times) else []
            ),
            "features": names,
            "params": params,
            "metrics": {name: record[name] for name in counted if name in record} | _crossfit(fit.state),
            "truth": {name: record[name] for name in OF_TRUTH if name in record},
            "policy": dict(fit.facts),
            "tags": {name: told[name] for name in ("model", "candidate", "seed") if name in told},
            "artifact": artifact,
        }

    def _keep(self, version: int, artifact: Mapping[str, Any] | None, card: Mapping[str, Any]) -> None:
        """Put a version's file, which is on the shelf, and its card in the place of those that stand there."""
        for path in self.folder.iterdir():
            if path.is_file():
                path.unlink()
        results.write_json(self.folder / "card.json", card)
        if artifact is not None:
            shutil.copyfile(self.folder / VERSIONS / _name(artifact), self.folder / artifact["file"])
        self.saved = version

    def _shelve(self, scorer: Any) -> dict[str, Any] | None:
        """Keep a version's file under its digest; answers its name and digest, None where it has none."""
        fresh = self.folder / VERSIONS / "fresh"
        fresh.mkdir(parents=True, exist_ok=True)
        artifact = kept_file(scorer, fresh)
        if artifact is not None:
            (fresh / artifact["file"]).replace(self.folder / VERSIONS / _name(artifact))
        shutil.rmtree(fresh)
        return artifact

    def instant(self, t: Micros) -> str:
        """An instant as a date and time of the scenario's calendar."""
        return (dt.datetime.combine(self.clock.start, dt.time()) + dt.timedelta(microseconds=t)).isoformat()

    def document(self, desk: Desk, world: World) -> dict[str, Any]:
        """Everything of this desk, after the replay."""
        reigns = _reigns(desk.reigns, world.end)
        champion = reigns[-1][0] if reigns else 0
        self._keep_champion(desk, champion)
        for number, version in self.versions.items():
            held = [
                {
                    "from": self.instant(begin),
                    "to": None if end == world.end else self.instant(end),
                    "how": how,
                }
                for who, begin, end, how in reigns
                if who == number
            ]
            spans = [(begin, end) for who, begin, end, _ in reigns if who == number]
            version["reigns"] = held
            version["promotedAt"] = self.instant(spans[0][0]) if spans else None
            version["retiredAt"] = self.instant(spans[-1][1]) if spans and spans[-1][1] < world.end else None
            version["status"] = "champion" if number == champion else "retired" if spans else "refused"
        if champion and self.saved == champion and (kept := self.versions[champion]["artifact"]):
            (self.folder / VERSIONS / _name(kept)).unlink()
        aliases = {"champion": champion} if champion else {}
        last = max(self.versions, default=0)
        if last and self.versions[last]["status"] == "refused":
            aliases["challenger"] = last
        return {
            "desk": self.desk,
            "aliases": aliases,
            "standIn": bool(desk.standing),
            "versions": [self.versions[number] for number in sorted(self.versions)],
        }

    def _keep_champion(self, desk: Desk, champion: int) -> None:
        """After a rollback the file that stands there is another's."""
        if champion and champion != self.saved and desk.model is not None and desk.model.version == champion:
            one = self.versions[champion]
            told = {"trainedAt": desk.model.as_of, "version": champion, "features": one["features"]}
            card = getattr(desk.model.scorer, "card", None)
            self._keep(champion, one["artifact"], told | {"model": card() if callable(card) else {}})


def kept_file(scorer: Any, folder: Path) -> dict[str, Any] | None:
    """Write a scorer's file; its name and digest, None where it has none."""
    save = getattr(scorer, "save", None)
    if not callable(save):
        return None
    path = save(folder)
    return {"file": path.name, "sha256": results.content_digest(path)}


def _name(artifact: Mapping[str, Any]) -> str:
    return f"{artifact['sha256']}{Path(artifact['file']).suffix}"


_OF_MODEL = ("name", "candidate", "seed", "desk", "path", "aliases", "versions")
_OF_VERSION = (
    "version", "artifact", "status", "tags", "policy", "params", "metrics", "features", "trainedAt", "promotedAt",
    "retiredAt",
)  # fmt: skip


def read(run: Path) -> list[dict[str, Any]]:
    """The models that a run's models.json tells of. Raises UserError where it is missing, or not what a run writes."""
    models = results.read_json(run / FILE).get("models")
    if not (
        isinstance(models, list)
        and all(_says(one, _OF_MODEL) and isinstance(one["aliases"], dict) for one in models)
        and all(_says(version, _OF_VERSION) for one in models for version in one["versions"])
    ):
        raise UserError(f"{run / FILE}: not what a run wrote; repeat the run with --force")
    return models


def _says(one: Any, names: Sequence[str]) -> bool:
    return isinstance(one, dict) and all(name in one for name in names)


def place(model: Mapping[str, Any], version: Mapping[str, Any]) -> str | None:
    """Where a version's file stands below its run's folder, by an entry of models.json; None where it has none.

    An earlier Windtunnel kept the champion's alone."""
    artifact = version["artifact"]
    if artifact is None:
        return None
    champion = model["aliases"].get("champion")
    if any(one["artifact"] == artifact for one in model["versions"] if one["version"] == champion):
        return f"{model['path']}/{artifact['file']}"
    return f"model/{VERSIONS}/{_name(artifact)}"


def gather(models: Path, run: Path, own: str) -> None:
    """Put the models of one replay into a run's folder: files and cards below `model/<own>`, versions with those of
    all replays, each file once."""
    shutil.copytree(models, run / "model" / own, dirs_exist_ok=True, ignore=shutil.ignore_patterns(VERSIONS))
    for path in sorted(models.rglob(f"{VERSIONS}/*")):
        kept = run / "model" / VERSIONS / path.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)


def _reigns(told: Sequence[tuple[Micros, int, str]], end: Micros) -> list[tuple[int, Micros, Micros, str]]:
    """Who decided from when to when: version, begin, end, how."""
    ends = [*(t for t, _, _ in told[1:]), end][: len(told)]
    return [(who, begin, until, how) for (begin, who, how), until in zip(told, ends, strict=True)]


def _crossfit(state: PolicyState | None) -> dict[str, float]:
    """How well scorers like it did on verified units that they were not trained on."""
    if state is None or not len(state.y) or not float(state.audit_weight.sum()):
        return {}
    p, bad = np.clip(state.score, _LEAST, 1.0 - _LEAST), state.y > 0
    loss = np.average(-np.where(bad, np.log(p), np.log1p(-p)), weights=state.audit_weight)
    brier = np.average((state.score - bad) ** 2, weights=state.audit_weight)
    return {"crossfit_units": len(state.y), "crossfit_log_loss": float(loss), "crossfit_brier": float(brier)}
