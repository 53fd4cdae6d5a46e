"""export: a run in an experiment tracker's terms, and in a real MLflow store where MLflow is installed.

Knows: run folders, MLflow's client where it is there. Does not know: how anything is written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import exporting, results, tracking
from tests.cli.calling import Answer

Call = Callable[..., Answer]
MODEL = "audited.trees.seed-{}.call"


@pytest.fixture(scope="module")
def told(base: Path) -> exporting.Told:
    return exporting.tell(base)


def test_a_run_becomes_a_tree_of_runs_with_candidates_and_seeds(base: Path, told: exporting.Told) -> None:
    run = base.name
    names = [(node.name.removeprefix(run), node.parent) for node in told.nodes]
    assert names == [
        ("", None),
        ("/trees", run), ("/trees/seed-1", f"{run}/trees"), ("/trees/seed-2", f"{run}/trees"),
        ("/incumbent", run), ("/incumbent/seed-1", f"{run}/incumbent"), ("/incumbent/seed-2", f"{run}/incumbent"),
    ]  # fmt: skip
    manifest = results.read_json(base / "manifest.json")
    top, trees, first, *_ = told.nodes
    assert told.experiment == manifest["scenario"]["id"]
    assert top.tags["windtunnel.charter.digest"] == manifest["charter"]["digest"]
    assert top.tags["windtunnel.code.digest"] == manifest["code"]["digest"]
    assert top.params["world.with.lines"] == "200"
    assert {path.name for path, _ in top.files} >= {
        "report.html",
        "manifest.json",
        "models.json",
        "features.yaml",
    }
    assert trees.params["with.rounds"] == first.params["with.rounds"] == "10"
    assert first.params["seed"] == "1"
    assert [path.name for path, _ in first.files] == ["card.json"]


def test_values_are_those_of_the_verdict(base: Path, told: exporting.Told) -> None:
    clauses = {
        one["name"]: one for one in results.read_json(base / "verdict.json")["candidates"][0]["clauses"]
    }
    _, trees, first, second, *_ = told.nodes
    over = {name: value for name, value, step in trees.metrics if step == 0}
    for name, clause in clauses.items():
        assert over[f"clause.{name}"] == clause["value"]
        assert trees.tags[f"ruling.{name}"] == clause["ruling"]
        for seed, node in (("1", first), ("2", second)):
            assert {n: v for n, v, _ in node.metrics}[f"clause.{name}"] == clause["perSeed"][seed]
    assert over["clause.detection"] == pytest.approx(over["detection_rate"], rel=1e-9)
    assert ("monthly.detection_rate", 1) in {(name, step) for name, _, step in trees.metrics}
    assert all(value == value for node in told.nodes for _, value, _ in node.metrics), "no nan"


def test_every_version_goes_with_its_file_and_the_champion_with_its_alias(told: exporting.Told) -> None:
    assert [(v.model, v.number, v.aliases) for v in told.versions] == [
        (MODEL.format(seed), number, alias)
        for seed in (1, 2)
        for number, alias in ((1, ()), (2, ("champion",)))
    ]
    for version in told.versions:
        assert version.file is not None
        assert results.content_digest(version.file) == version.tags["sha256"]
        assert version.booster


def test_without_mlflow_it_says_what_to_install(
    call: Call, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "NEEDED", ("no_such_package",))
    (line,) = call("export", run, "-o", tmp_path / "store").faults()
    assert line.endswith("--to mlflow: no_such_package not installed: pip install 'windtunnel[mlflow]'")
    assert not (tmp_path / "store").exists()


def test_packages_that_do_not_fit_one_another_are_one_line(
    call: Call, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(place: Path) -> None:
        raise ImportError("cannot import name 'Pool'")

    monkeypatch.setattr(tracking, "NEEDED", ())
    monkeypatch.setattr(tracking, "_Store", broken)
    (line,) = call("export", run, "-o", tmp_path / "store", "-q").faults()
    assert "do not fit one another (cannot import name 'Pool'): pip install --upgrade" in line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("RUN", "--to", "mlfow", "-o", "store"),
            "--to: got 'mlfow', expected mlflow, did you mean 'mlflow'?",
        ),
        (("RUN",), "-o: missing, expected the folder of the store"),
        (("nosuch", "-o", "store"), "no run 'nosuch'"),
        (("", "-o", "store"), "no run ''"),
    ],
)
def test_what_is_not_there_is_one_line(words: tuple[str, ...], says: str, call: Call, run: Path) -> None:
    (line,) = call("export", *(run if word == "RUN" else word for word in words)).faults()
    assert says in line


def _unfinished(run: Path) -> str:
    manifest = results.read_json(run / "manifest.json")
    results.write_json(run / "manifest.json", manifest | {"status": "running"})
    return "this run is running, not finished"


def _edited(run: Path) -> str:
    path = run / "report.html"
    path.write_text(path.read_text(encoding="utf-8").replace("false_blocks", "no_blocks"), encoding="utf-8")
    return "report.html: not what the run wrote: edited by hand or swapped"


def _halved(run: Path) -> str:
    (run / "verdict.json").unlink()
    return "verdict.json: missing"


@pytest.mark.parametrize("spoil", [_unfinished, _edited, _halved])
def test_a_folder_that_is_not_as_written_is_not_exported(
    spoil: Callable[[Path], str], call: Call, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "NEEDED", ())
    says = spoil(run)
    (line,) = call("export", run, "-o", tmp_path / "store").faults()
    assert says in line
    assert not (tmp_path / "store").exists()


# --- with MLflow -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the run in it, after an export that was interrupted half way."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for name in tracking.NEEDED:
        pytest.importorskip(name)
    place = tmp_path_factory.mktemp("mlflow") / "store"
    told = exporting.tell(base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracking._Store, "_register", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            tracking.write(told, place)
    lines = tracking.write(told, place)
    assert lines[0] == "audited: 7 MLflow runs, 2 registered models of 4 versions"
    return place


def _interrupt(*_: Any) -> str:
    raise KeyboardInterrupt


def test_mlflow_reads_what_was_exported(base: Path, store: Path, told: exporting.Told) -> None:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{store / tracking.DATABASE}")
    experiment = client.get_experiment_by_name("audited")
    runs = {one.info.run_name: one for one in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {node.name for node in told.nodes}
    for node in told.nodes:
        one = runs[node.name]
        assert one.info.status == "FINISHED"
        assert one.data.params == dict(node.params)
        assert one.data.metrics == {name: value for name, value, _ in node.metrics}
        assert one.data.tags.get("mlflow.parentRunId") == (
            runs[node.parent].info.run_id if node.parent else None
        )
    kept = Path(client.download_artifacts(runs[base.name].info.run_id, "report.html"))
    assert kept.read_bytes() == (base / "report.html").read_bytes()
    for seed in (1, 2):
        champion = client.get_model_version_by_alias(MODEL.format(seed), "champion")
        assert champion.version in (2, "2")
        assert champion.run_id == runs[f"{base.name}/trees/seed-{seed}"].info.run_id


def test_mlflow_loads_the_champion_as_it_is(base: Path, store: Path) -> None:
    import mlflow
    import numpy as np
    import xgboost

    uri = f"sqlite:///{store / tracking.DATABASE}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    loaded = mlflow.xgboost.load_model(f"models:/{MODEL.format(1)}@champion")
    own = xgboost.Booster(model_file=str(base / "model/trees/seed-1/model.json"))
    rows = np.random.default_rng(7).random((200, 4)).astype(np.float32) * 20
    assert np.array_equal(loaded.inplace_predict(rows), own.inplace_predict(rows))


def test_a_run_that_is_there_already_is_refused(call: Call, base: Path, store: Path) -> None:
    (line,) = call("export", base, "-o", store, "-q").faults()
    assert f"run {base.name} is in {store.resolve() / tracking.DATABASE} already (MLflow run " in line


def test_a_file_that_is_no_store_is_one_line(call: Call, base: Path, store: Path, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database at all, " * 200, encoding="utf-8")
    (line,) = call("export", base, "-o", tmp_path, "-q").faults()
    assert "mlflow.db: MLflow cannot use it" in line
