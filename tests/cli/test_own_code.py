"""A user's own code in a scenario: found from the current folder, never in front of ours, and part of what a run is.

Knows: `use: module:Name`, exit codes. Does not know: what a candidate must keep (tests/contracts).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calling import Answer, Shell, only_run, status_of

Call = Callable[..., Answer]
MODEL = """
import sys
from dataclasses import dataclass
import numpy as np


class Strange(Exception):
    def __init__(self, first, second):
        super().__init__(first)


class Model:
    def __init__(self, trouble=""):
        self.trouble = trouble

    def fit(self, X, y):
        if self.trouble == "fit":
            raise RuntimeError("no fit today")
        if self.trouble == "leave":
            sys.exit(0)
        return self

    def predict_proba(self, X):
        if self.trouble == "score":
            raise Strange("no score", "today")
        self.asked = getattr(self, "asked", 0) + 1
        if self.trouble == "late" and self.asked > 5:
            raise ValueError("enough")
        return np.tile([0.5, 0.5], (len(X), 1))


@dataclass(frozen=True)
class Refusing:
    def tune(self, state):
        return self

    def decide(self, block, score, uniforms, actions):
        return actions["shut"]

    def facts(self):
        return {}
"""
OWN = ("--set", "trial.candidates.0.use=mypackage.models:Model")
# Labels enough for something to be fitted on.
LABELLED = (
    "--set",
    "world.levers.report_rate=0.1",
    "--set",
    "world.history=6d",
    "--set",
    "trial.labels.trainingWindow=6d",
)
SHORT = ("run", "tiny.yaml", "-q", "-o", "runs", "--seeds", "1,2", *OWN, *LABELLED)


def with_trouble(kind: str) -> tuple[str, str]:
    return ("--set", f"trial.candidates.0.with={{trouble: {kind}}}")


@pytest.fixture
def package(home: Path) -> Path:
    """`mypackage.models` in the user's folder."""
    package = home / "mypackage"
    package.mkdir()
    (package / "__init__.py").write_bytes(b"")
    (package / "models.py").write_text(MODEL, encoding="utf-8")
    return package


def test_it_is_found_from_the_current_folder_by_every_process(shell: Shell, package: Path) -> None:
    answer = shell(*SHORT, "-j", 2)
    assert (answer.code, answer.err) == (3, "")
    manifest = json.loads((only_run(shell.folder / "runs") / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "finished"
    assert set(manifest["code"]["own"]) == {"mypackage"}


def test_a_changed_candidate_is_another_run(shell: Shell, package: Path) -> None:
    """The same words with other code behind them must not be answered with the old code's figures."""
    from harness import results

    def digest() -> dict[str, str]:
        import sys

        sys.path.append(str(shell.folder))
        try:
            return results.own_code_digests(
                ["mypackage.models:Model", "sklearn.ensemble:RandomForestClassifier"]
            )
        finally:
            sys.path.remove(str(shell.folder))

    before = digest()
    assert set(before) == {"mypackage", "sklearn"}
    assert before == digest()
    (package / "beside.py").write_text("WEIGHT = 2\n", encoding="utf-8")
    after = digest()
    assert after["mypackage"] != before["mypackage"]
    assert after["sklearn"] == before["sklearn"]
    assert results.own_code_digests(["sim.core.rng:key"]) == {}, "our own code is counted elsewhere"


def test_nothing_in_the_current_folder_comes_before_what_is_installed(shell: Shell) -> None:
    for name in ("random", "numpy", "yaml", "harness", "sim", "sitecustomize"):
        (shell.folder / f"{name}.py").write_text("raise SystemExit('this was imported')\n", encoding="utf-8")
    answer = shell("check", "tiny.yaml")
    assert (answer.code, answer.err) == (0, "")


def test_what_is_not_there_is_told_at_its_place(call: Call, package: Path) -> None:
    for use, says in (
        ("mypackage.models:Modell", "mypackage.models"),
        ("mypackage.nothing:Model", "No module named 'mypackage.nothing'"),
        ("nopackage:Model", "No module named 'nopackage'"),
    ):
        (line, *_) = call("check", "tiny.yaml", "--set", f"trial.candidates.0.use={use}").faults()
        assert line.startswith("--set:0:0: spec.trial.candidates.0.use: ")
        assert says in line
    (package / "models.py").write_text("def broken(:\n", encoding="utf-8")
    (line, *_) = call("check", "tiny.yaml", "--set", "trial.candidates.0.use=mypackage.models:Other").faults()
    assert line.startswith("--set:0:0: spec.trial.candidates.0.use: ")


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("fit", "failed in fit() on day 0 after goLive: RuntimeError: no fit today"),
        ("leave", "failed in fit() on day 0 after goLive: it called sys.exit(0)"),
        ("score", "failed in predict_proba() on day 0 after goLive: Strange: no score"),
        ("late", "failed in predict_proba() on day 0.25 after goLive: ValueError: enough"),
    ],
)
def test_its_exception_is_told_in_a_line(
    jobs: int, trouble: str, says: str, call: Call, shell: Shell, package: Path
) -> None:
    """Wherever it is raised; in a worker too, and though one of them cannot be copied between processes.

    `sys.exit(0)` in somebody's fit is not a verdict that everything is kept."""
    words = (*SHORT, *with_trouble(trouble), "-j", jobs)
    (line,) = (call(*words) if jobs == 1 else shell(*words)).faults()
    run = only_run(shell.folder / "runs")
    told = f"{run.relative_to(shell.folder) / 'failure.txt'}"
    assert line in [
        f"windtunnel: candidate 'lottery', seed {seed}: its code {says} (traceback: {told})"
        for seed in ((1,) if jobs == 1 else (1, 2))
    ]
    assert status_of(run) == "failed"
    assert 'mypackage/models.py", line ' in (shell.folder / told).read_text(encoding="utf-8")
    assert not (run / "verdict.json").exists()


def test_a_policy_of_its_own_is_told_alike(call: Call, package: Path) -> None:
    words = ("--set", "trial.candidates.0.policy={use: mypackage.models:Refusing}")
    (line,) = call("run", "tiny.yaml", "-q", "-o", "runs", "--seeds", "1,2", "-j", 1, *words).faults()
    says = "its code failed in decide() on day 0 after goLive: KeyError: 'shut'"
    assert line.startswith(f"windtunnel: candidate 'lottery', seed 1: {says}")


def test_an_exception_of_ours_keeps_its_traceback(
    shell: Shell, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though a candidate of their own is replayed: no frame of it stands in the traceback."""
    from harness import assembly, jobs, trial
    from sim.core.errors import Defect

    def broken(*words: object) -> None:
        raise Defect("a promise")

    monkeypatch.setattr(assembly, "replay", broken)
    monkeypatch.syspath_prepend(str(shell.folder))
    loaded = trial.load(str(shell.folder / "tiny.yaml"), OWN[1::2])
    with pytest.raises(Defect, match="a promise"):
        jobs.replay_job(loaded, jobs.Job("lottery", 1), shell.folder / "there")


def test_the_canary_tells_its_exception_alike(call: Call, package: Path) -> None:
    answer = call("check", "tiny.yaml", "--canary", *OWN, *LABELLED, *with_trouble("score"))
    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert answer.err.startswith(
        "windtunnel: candidate 'lottery', seed 1: its code failed in predict_proba()"
    )


def test_the_canary_sings_for_it(call: Call, package: Path) -> None:
    answer = call("check", "tiny.yaml", "--canary", *OWN, *LABELLED)
    assert answer.code == 0, answer.err
    assert "canary lottery: AUC 0.5000 on coin flips" in answer.out.splitlines()[-1]
    assert answer.out.rstrip().endswith("alive")


def test_the_canary_sings_for_an_estimator_of_scikit_learn(call: Call) -> None:
    forest = (
        "--set", "trial.candidates.0.use=sklearn.ensemble:RandomForestClassifier",
        "--set", "trial.candidates.0.with={n_estimators: 5, max_depth: 3}",
    )  # fmt: skip
    answer = call("check", "tiny.yaml", "--canary", *forest, *LABELLED)
    assert answer.code == 0, answer.err
    auc = float(answer.out.splitlines()[-1].split("AUC ")[1].split()[0])
    assert auc != 0.5, "the forest has learnt something of the coins it saw"
    assert answer.out.rstrip().endswith("alive")


def test_a_canary_that_measured_nothing_is_not_alive(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness import canary

    monkeypatch.setattr(canary.CoinLedger, "write", lambda *words: None)
    answer = call("check", "tiny.yaml", "--canary")
    assert answer.code == 4
    assert "canary lottery: UNMEASURED: 0 units" in answer.out.splitlines()[-1]


def test_a_leaker_is_found(call: Call, package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's exit code says it, not only its words."""
    from harness import canary

    honest = canary.CoinLedger.verdict

    def leak(self: canary.CoinLedger, candidate: str) -> canary.Canary:
        self._score = [coin.astype(float) for coin in self._coin]
        return honest(self, candidate)

    monkeypatch.setattr(canary.CoinLedger, "verdict", leak)
    answer = call("check", "tiny.yaml", "--canary")
    assert answer.code == 10
    assert "DEAD" in answer.out.splitlines()[-1]


def test_a_world_without_reports_has_no_canary(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.core import plugins

    telco = plugins.load("world", "telco")
    monkeypatch.setattr(telco, "streams", {k: v for k, v in telco.streams.items() if k != "report"})
    (line, *_) = call(
        "check", "tiny.yaml", "--canary", "--set", "trial.labels.positives=[verification]"
    ).err.splitlines()
    assert "--canary: needs a world" in line
