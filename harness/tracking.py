"""A finished run as an MLflow store: experiment, nested runs, registered models with their aliases.

Knows: MLflow's client, what `harness.exporting` made of a run. Does not know: run folders, manifests, verdicts.

The store is a folder of its own: `mlflow.db` (SQLite, which `mlflow server` opens) and `artifacts/`. MLflow's own file
store is no longer served by it. Nothing is sent anywhere: MLflow's usage statistics are switched off. The library is
heavy, and is asked for only where somebody exports.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness import results
from harness.exporting import Node, Told, Version
from sim.core.errors import UserError

DATABASE, ARTIFACTS = "mlflow.db", "artifacts"
NEEDED = ("mlflow", "sqlalchemy", "alembic")
RUN_TAG = "windtunnel.run"
_MOST = 100
"""Params and tags that a store takes at a time; metrics are 1,000, and sent in the same portions."""
_LONGEST = 5000
"""Characters of a param or a tag that every store takes."""


def ask() -> None:
    """Raises UserError where MLflow, or what its store needs, is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"--to mlflow: {', '.join(missing)} not installed: pip install 'windtunnel[mlflow]'")


def write(told: Told, place: Path) -> list[str]:
    """Put a run into the store of a folder; lines that say what stands there.

    A run of which an earlier export was interrupted is taken out and put in anew. Raises UserError for a run that is
    there already, and for a folder that cannot be written or holds no store that MLflow opens."""
    ask()
    with results.claimed(place):
        try:
            return _Store(place).put(told)
        except UserError:
            raise
        except ImportError as error:  # an old MLflow beside a new SQLAlchemy
            raise UserError(
                f"--to mlflow: the packages that are installed do not fit one another ({error}): "
                "pip install --upgrade 'windtunnel[mlflow]'"
            ) from error
        except OSError as error:
            raise UserError(f"{place}: {results.unwritable(error)}; name another place with -o") from error
        except _faults() as error:
            why = str(error).strip().splitlines()[0]
            raise UserError(
                f"{place / DATABASE}: MLflow cannot use it ({why}); name another place"
            ) from error


def _faults() -> tuple[type[Exception], ...]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError


class _Store:
    """MLflow's client on a folder."""

    def __init__(self, place: Path) -> None:
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        from mlflow.tracking import MlflowClient

        for name in ("alembic", "mlflow", "mlflow.store.db.utils"):  # mlflow sets its own on being imported
            logging.getLogger(name).setLevel(logging.ERROR)
        self.place = place.resolve()
        self.client = MlflowClient(tracking_uri=f"sqlite:///{self.place / DATABASE}")

    def put(self, told: Told) -> list[str]:
        """Everything of a run; finished last of all, so that one that was interrupted can be told."""
        experiment = self._experiment(told.experiment)
        self._refuse_twice(experiment, told)
        ids: dict[str, str] = {}
        for node in told.nodes:
            ids[node.name] = self._begin(experiment, node, ids.get(node.parent or ""))
        versions = [self._register(version, ids[version.node]) for version in told.versions]
        for node in reversed(told.nodes):
            self.client.set_terminated(ids[node.name], "FINISHED", node.end)
        models = len({version.model for version in told.versions})
        counted = f"{len(told.nodes)} MLflow runs, {models} registered models of {len(versions)} versions"
        return [
            f"{told.experiment}: {counted}",
            f"store: sqlite:///{self.place / DATABASE}",
        ]

    def _experiment(self, name: str) -> str:
        known = self.client.get_experiment_by_name(name)
        if known is not None:
            return str(known.experiment_id)
        return str(self.client.create_experiment(name, (self.place / ARTIFACTS).as_uri()))

    def _refuse_twice(self, experiment: str, told: Told) -> None:
        """Take out what an interrupted export of this run left. Raises UserError for a run that is there whole."""
        asked = f"tags.`{RUN_TAG}` = '{told.run}'"
        there = self.client.search_runs([experiment], asked)
        top = [one for one in there if "mlflow.parentRunId" not in one.data.tags]
        if any(one.info.status == "FINISHED" for one in top):
            raise UserError(
                f"run {told.run} is in {self.place / DATABASE} already (MLflow run {top[0].info.run_id}); "
                "name another place with -o"
            )
        for one in there:
            self.client.delete_run(one.info.run_id)
            for version in self.client.search_model_versions(f"run_id = '{one.info.run_id}'"):
                self.client.delete_model_version(version.name, version.version)

    def _begin(self, experiment: str, node: Node, parent: str | None) -> str:
        from mlflow.entities import Metric, Param, RunTag

        tags = dict(node.tags) | ({"mlflow.parentRunId": parent} if parent else {})
        made = self.client.create_run(experiment, node.start, tags=tags, run_name=node.name)
        run = str(made.info.run_id)
        metrics = [Metric(name, value, node.end, step) for name, value, step in node.metrics]
        for part in _portions(metrics):
            self.client.log_batch(run, metrics=part)
        params = [Param(name, value[:_LONGEST]) for name, value in node.params.items()]
        for part in _portions(params):
            self.client.log_batch(run, params=part)
        more = [RunTag(name, value[:_LONGEST]) for name, value in node.notes.items()]
        for part in _portions(more):
            self.client.log_batch(run, tags=part)
        for path, below in node.files:
            self.client.log_artifact(run, str(path), below or None)
        return run

    def _register(self, version: Version, run: str) -> str:
        """A version with its file, and its aliases."""
        from mlflow.exceptions import MlflowException

        below = f"models/{version.model}/version-{version.number}"
        with tempfile.TemporaryDirectory() as place:
            for path in _model_files(version, Path(place)):
                self.client.log_artifact(run, str(path), below)
        try:
            self.client.create_registered_model(version.model, tags=dict(version.model_tags))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        source = f"{self.client.get_run(run).info.artifact_uri}/{below}"
        made = self.client.create_model_version(version.model, source, run, tags=dict(version.tags))
        for alias in version.aliases:
            self.client.set_registered_model_alias(version.model, alias, made.version)
        return str(made.version)


def _portions(items: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(items), _MOST):
        yield items[first : first + _MOST]


def _model_files(version: Version, place: Path) -> Iterator[Path]:
    """A version's file, its card, and `MLmodel`; with the flavour of XGBoost where MLflow can load it as such."""
    from mlflow.models import Model

    described = Model(model_uuid=None)
    if version.booster and version.file is not None:
        described.add_flavor(
            "xgboost", data=version.file_name, model_class="xgboost.core.Booster", model_format="json",
            xgb_version=version.packages.get("xgboost-cpu") or version.packages.get("xgboost", ""),
        )  # fmt: skip
    described.save(str(place / "MLmodel"))
    yield place / "MLmodel"
    results.write_json(place / "version.json", version.document)
    yield place / "version.json"
    if version.file is not None:
        copy = place / version.file_name
        copy.write_bytes(version.file.read_bytes())
        yield copy
