"""The registry of a replay's models: every version that was trained, what went in, when it decided, what it weighs.

Knows: trainings as a desk tells of them, reigns, files of models. Does not know: candidates by kind, the loop.

Words are those of a model registry (MLflow's): a model has `versions` and `aliases`; a version has `params`, `metrics`,
`tags` and an `artifact`. Every version's file is digested; kept is the file of the one that decides at the end, the
*champion*. The *challenger* is the last version that was checked and refused, where no later one took over.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness import results
from harness.desk import Desk
from harness.kinds import PolicyState
from harness.trainer import Fit
from sim.core.time import DAY, Clock, Micros
from sim.core.world import World

FILE = "models.json"
OF_TRUTH = ("false_positives", "hidden_positives")
"""What only the ledger can say of a training set."""
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
        digest = self.save(fit, card) if fit.in_force else self._digest(fit)
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
            "artifact": digest,
        }

    def save(self, fit: Fit, card: Mapping[str, Any]) -> dict[str, Any] | None:
        """Keep a version's file and card, in the place of the one before; answers its name and digest."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.is_file():
                    path.unlink()
        self.folder.mkdir(parents=True, exist_ok=True)
        results.write_json(self.folder / "card.json", card)
        self.saved = fit.version
        return kept_file(fit.scorer, self.folder)

    def _digest(self, fit: Fit) -> dict[str, Any] | None:
        with tempfile.TemporaryDirectory() as place:
            return kept_file(fit.scorer, Path(place))

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
            for path in self.folder.iterdir():
                path.unlink()
            results.write_json(self.folder / "card.json", told | {"model": card() if callable(card) else {}})
            kept_file(desk.model.scorer, self.folder)
            self.saved = champion


def kept_file(scorer: Any, folder: Path) -> dict[str, Any] | None:
    """Write a scorer's file; its name and digest, None where it has none."""
    save = getattr(scorer, "save", None)
    if not callable(save):
        return None
    path = save(folder)
    return {"file": path.name, "sha256": results.content_digest(path)}


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
