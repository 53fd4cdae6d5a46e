"""Ten faults that a team makes, each planted in a copy of a small scenario or run, each told by name.

Knows: documents, commands, a run's folder: what a user has, and how digests are written anew. Does not
know: any module of ours that does the telling.
docs/audit.md has the table: what is planted, who tells, in which words.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import seals
from tests.cli.calling import Answer

Call = Callable[..., Answer]

ONE = ("--set", "seeds=[1]")
WHY = "It stands for the size of the caller's carrier."


@pytest.fixture
def team(documents: Path, tmp_path: Path) -> Path:
    """A team's own copy of the scenario, its charter and its features."""
    for name in ("audited.yaml", "charter.yaml", "features.yaml"):
        shutil.copy(documents / name, tmp_path)
    return tmp_path


def add_feature(team: Path, entry: str) -> None:
    """One more line in the list of features: the fifth, on line 10."""
    about = "name: planted, concept: c, reading: r, owner: fraud"
    with (team / "features.yaml").open("a", encoding="utf-8") as features:
        features.write(f"    - {{{about}, {entry}}}\n")


def add_terms(team: Path, terms: str) -> None:
    """More terms in the charter, before its clauses."""
    path = team / "charter.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  clauses:\n", f"  {terms}\n  clauses:\n", 1), encoding="utf-8")


def add_code(team: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """A module of the team's own, beside the scenario."""
    (team / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(team))


# --- 1: a label from the future -----------------------------------------------------------------------------------

LOG = """id,caller,called_at,line,reported_after_h,unwanted
1,4411,2026-01-05T09:00:00,1,,0
2,4412,2026-01-05T09:00:30,2,30.5,1
"""
RECORDED = """apiVersion: windtunnel/v1
kind: Scenario
metadata: {name: logged, version: 1.0.0}
spec:
  description: {purpose: A log of calls.}
  charter: charter.yaml
  seeds: [1]
  world:
    use: recorded
    start: 2026-01-05
    tick: 15m
    history: 2d
    historyBecause: a test needs no season
    horizon: 1d
    with:
      path: log.csv
      time: {column: called_at}
      entity: {name: caller, columns: [caller]}
      question: {name: call, form: act, unit: entity-day}
      fields:
        line: {dtype: int8}
        FIELD
      labels:
        report: {column: unwanted, outcomes: [0, 1], known: {lag: reported_after_h, unit: h}, truth: unwanted}
  trial:
    labels: {positives: [report], maturity: 1d, trainingWindow: 1d, maxRows: 100}
    features:
      - {name: line, use: field, of: line, concept: c, reading: r, owner: business}
    candidates:
      - {name: prior, use: constant, policy: {use: pass_all}}
"""


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (
            "flagged: {column: unwanted, dtype: int8}",
            "'flagged' is from the future: its column 'unwanted' is the label 'report', known later",
        ),
        (
            "late_h: {column: reported_after_h, empty: nan}",
            "'late_h' is from the future: its column 'reported_after_h' says when the label 'report' is known",
        ),
    ],
)
def test_01_a_label_from_the_future_in_a_log(team: Path, call: Call, field: str, told: str) -> None:
    """The log has the outcome beside the event, and the mapping calls it a field of the event."""
    (team / "log.csv").write_text(LOG, encoding="utf-8")
    (team / "logged.yaml").write_text(RECORDED.replace("        FIELD\n", ""), encoding="utf-8")
    assert call("check", "logged.yaml").code == 0
    (team / "logged.yaml").write_text(RECORDED.replace("FIELD", field), encoding="utf-8")
    (line,) = call("check", "logged.yaml").faults()
    assert line.startswith("logged.yaml:")
    assert f"{told}, expected what was known at the event itself" in line


PEEKING = '''
import gc


class Peeking:
    """Looks into the queue of reports that nobody has been told of yet."""

    reads = {"signalling": ("caller",)}

    def __init__(self):
        self.queue = None

    def learn(self, feed, known, item):
        pass

    def value(self, t, own):
        if self.queue is None:
            gc.collect()
            self.queue = next(o for o in gc.get_objects() if hasattr(type(o), "news") and "_pending" in vars(o))
        return float((self.queue._pending["caller"] == own["caller"]).any())
'''


def test_01_a_label_from_the_future_by_own_code(
    team: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Own code that reaches into the world for reports to come: coins are no longer told at chance."""
    few = ("--set", "trial.candidates.trees.features=[calls_24h, callees_24h, answered_24h, attestation]")
    add_code(team, monkeypatch, "peeking", PEEKING)
    add_feature(team, "use: 'peeking:Peeking'")
    honest = call("check", "audited.yaml", "--canary", *ONE, *few)
    assert (honest.code, honest.out.rstrip().endswith("alive")) == (0, True), honest
    answer = call("check", "audited.yaml", "--canary", *ONE)
    assert answer.code == 10, answer
    line = answer.out.splitlines()[-1]
    assert line.startswith("  canary trees: AUC 0.")
    assert line.endswith("DEAD: it has seen a label before it was known")


# --- 2: truth -----------------------------------------------------------------------------------------------------


def test_02_truth_in_a_feature(team: Path, call: Call) -> None:
    add_feature(team, "use: field, of: caller_class")
    (line,) = call("check", "audited.yaml").faults()
    assert line == (
        "features.yaml:10:73: spec.features.4.of: 'caller_class' is truth, which no feature may read: "
        "expected what a feed delivers"
    )


# --- 3, 4, 5: an excluded attribute -------------------------------------------------------------------------------


def test_03_an_excluded_attribute_direct(team: Path, call: Call) -> None:
    add_terms(team, f'excludedAttributes: [{{name: origin, because: "{WHY}"}}]')
    assert call("check", "audited.yaml").code == 0
    add_feature(team, "use: field, of: origin")
    (line,) = call("check", "audited.yaml").faults()
    assert line == f"features.yaml:10:73: spec.features.4.of: 'origin' is excluded by the charter: {WHY}"


def test_04_an_excluded_attribute_by_proxy(team: Path, call: Call) -> None:
    """No feature reads the carrier; attestation tells it, since tiers sign differently."""
    limits = "proxies: {feature: 0.65}"
    add_terms(team, f'excludedAttributes: [{{name: origin, because: "{WHY}", {limits}}}]')
    ask = ("proxies", "audited.yaml", "--shuffles", 2, "-o", "runs", "-q")
    without = call(*ask, "--set", "trial.candidates.trees.features=[calls_24h, callees_24h, answered_24h]")
    assert without.code in (0, 3), without
    answer = call(*ask)
    assert answer.code == 10, answer
    (line,) = [line for line in answer.out.splitlines() if line.startswith("| origin    | reseller ")]
    told = [cell.strip() for cell in line.split("|")]
    assert told[-3].startswith("attestation 0.7"), "the proxy is named before the other features"
    assert told[-2] == "feature at most 0.65 FAIL"


JOINING = """
class Joining:
    reads = {"verification": ("caller", "caller_class")}

    def learn(self, feed, known, item):
        pass

    def value(self, t, own):
        return 0.0
"""


@pytest.mark.parametrize(
    ("way", "entry", "place"),
    [
        (
            "declared",
            "use: share, by: caller, feed: verification, of: caller_class, equals: 9, window: 7d",
            ".of",
        ),
        ("in plain Python", "use: 'joining:Joining'", ""),
    ],
)
def test_05_an_excluded_attribute_by_join(
    team: Path, call: Call, monkeypatch: pytest.MonkeyPatch, way: str, entry: str, place: str
) -> None:
    """The call does not have it; what analysts found out about the same number does."""
    add_code(team, monkeypatch, "joining", JOINING)
    add_terms(team, f'excludedAttributes: [{{name: caller_class, because: "{WHY}"}}]')
    add_feature(team, entry)
    (line,) = call("check", "audited.yaml").faults()
    assert line.startswith("features.yaml:10:"), way
    assert line.endswith(f" spec.features.4{place}: 'caller_class' is excluded by the charter: {WHY}")


# --- 6: retention -------------------------------------------------------------------------------------------------


def test_06_a_window_beyond_retention(team: Path, call: Call) -> None:
    add_feature(team, "use: count, by: caller, feed: call_record, window: 40d")
    (line,) = call("check", "audited.yaml").faults()
    assert line.endswith(
        " spec.features.4.window: got 40d of call_record, expected at most 28d, for which the charter keeps it"
    )


# --- 7: training-serving skew -------------------------------------------------------------------------------------


def test_07_training_serving_skew(team: Path, call: Call) -> None:
    """The serving team wrote twelve hours where the model was trained on a day."""
    text = (team / "features.yaml").read_text(encoding="utf-8")
    ask = ("features", "audited.yaml", "--skew", "--events", 600, "-q", *ONE)
    same = call(*ask, "--serving", "features.yaml")
    assert same.code == 0, same
    assert same.out.splitlines()[1] == "no skew: 4 features and every answer are the same, bit for bit"
    served = text.replace(
        "of: callee, feed: signalling, window: 24h", "of: callee, feed: signalling, window: 12h"
    )
    (team / "served.yaml").write_text(served, encoding="utf-8")
    answer = call(*ask, "--serving", "served.yaml")
    assert answer.code == 10
    (line,) = [line for line in answer.out.splitlines() if line.startswith("skew in feature ")]
    assert re.fullmatch(
        r"skew in feature callees_24h: \d+ events; first at event \d+: training \d+\.0, serving \d+\.0", line
    )


# --- 8: a stale feed ----------------------------------------------------------------------------------------------


def test_08_a_stale_feed_used_as_fresh(team: Path, call: Call) -> None:
    """Records that are collected every two hours, in a feature that is read as the phone rings."""
    ask = (
        "feasibility",
        "audited.yaml",
        "-o",
        "runs",
        "-q",
        "--set",
        "world.levers.mediation_minutes=120",
        *ONE,
    )
    live = ("--set", "trial.candidates.trees.features=[calls_24h, callees_24h, attestation]")
    add_terms(
        team,
        "dataConstraints: [{feed: call_record, availableAfter: {p50: 30m, p95: 1h}, because: As was promised.}]",
    )
    honest = call(*ask, *live)
    assert honest.code == 0, honest
    assert "used as fresh" not in honest.out
    answer = call(*ask)
    assert answer.code == 0
    told = answer.out.splitlines()
    assert (
        "* stale feed used as fresh: candidate trees reads call_record in answered_24h at each event, "
        "and 0 % of it is there in 1 min"
    ) in told
    assert (
        "* feed call_record: p50 2.99 h, later than 30 min; p95 5.92 h, later than 1 h of the charter" in told
    )


# --- 9, 10: a run's folder ----------------------------------------------------------------------------------------


def test_09_a_run_folder_edited_by_hand(run: Path, call: Call) -> None:
    path = run / "verdict.json"
    text = path.read_text(encoding="utf-8")
    assert '"UNDECIDED"' in text
    path.write_text(text.replace('"UNDECIDED"', '"PASS"'), encoding="utf-8")
    answer = call("verify", run, "-q")
    assert answer.code == 10
    assert answer.out == (
        f"audited {run.name}: NOT AS WRITTEN\n"
        "  edited by hand: verdict.json: not what the run wrote: edited by hand or swapped\n"
    )


def test_10_a_model_file_swapped(run: Path, call: Call) -> None:
    """Another seed's model, well formed: told by its digest; by the registry, though all digests were written anew."""
    shutil.copy(run / "model/trees/seed-2/model.json", run / "model/trees/seed-1/model.json")
    answer = call("verify", run, "-q")
    assert answer.code == 10
    by_digest, by_registry = answer.out.splitlines()[1:]
    swapped = "  edited by hand: model/trees/seed-1/model.json: not "
    assert by_digest == f"{swapped}what the run wrote: edited by hand or swapped"
    assert by_registry == f"{swapped}the file of version 2 of trees/seed-1/call: swapped"
    seals.seal(run)
    answer = call("verify", run, "-q")
    assert (answer.code, answer.out.splitlines()[1:]) == (10, [by_registry])
