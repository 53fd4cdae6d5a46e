"""windtunnel fit: a template that can be filled in, an overlay that a scenario takes, one line for what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calling import Answer

Call = Callable[..., Answer]
COUNTS = """apiVersion: windtunnel/v1
kind: Aggregates
metadata: {name: mine, version: 1.0.0}
spec:
  world: telco
  counts:
    complaint_lag_p50_h: 8
    analysts_per_10k_lines: 1.5
"""


@pytest.fixture
def counts(home: Path) -> Path:
    (home / "counts.yaml").write_text(COUNTS, encoding="utf-8")
    return home / "counts.yaml"


@pytest.mark.parametrize("world", ["telco", "sportsbook"])
def test_the_template_can_be_filled_in(world: str, call: Call, home: Path) -> None:
    lines = call("fit", world, "--template").out.splitlines()
    names = [
        line for line in lines if line.startswith("    # ") and line.rstrip().rpartition(": ")[2][0].isdigit()
    ]
    assert len(names) >= 17
    known = [line for line in names if "[" not in line]
    filled = [line.replace("    # ", "    ") if line in known else line for line in lines]
    (home / "filled.yaml").write_text("\n".join(filled) + "\n", encoding="utf-8")
    from harness.fitting import counts

    assert len(counts(world, home / "filled.yaml")) == len(known)


def test_laws_alone_need_no_simulation_and_make_an_overlay(call: Call, counts: Path, home: Path) -> None:
    answer = call("fit", "telco", "--from", "counts.yaml", "--no-checks", "-q", "-o", "levers.yaml")
    assert answer.code == 0, answer.err
    assert "report_lag_mu" in answer.out
    assert "levers stay assumed" in answer.out
    assert not (home / "levers.png").exists(), "nothing was simulated"
    laid = call("check", "tiny.yaml", "--set", "@levers.yaml")
    assert laid.code == 0, laid.err
    plain, fitted = (
        call("run", "tiny.yaml", "--dry-run", *words).code for words in ((), ("--set", "@levers.yaml"))
    )
    assert (plain, fitted) == (0, 0)
    from harness import trial

    levers = trial.load(str(home / "tiny.yaml"), [f"@{home / 'levers.yaml'}"]).scenario.spec.world.levers
    assert dict(levers) == {"analysts_per_10k_lines": 1.5, "report_lag_mu": 2.07944}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "analysts_per_10k_lines",
            "analyst_per_10k_lines",
            "spec.counts.analyst_per_10k_lines: no such count, did you mean 'analysts_per_10k_lines'?",
        ),
        ("1.5", "-1", "spec.counts.analysts_per_10k_lines: got -1, expected 0 to 100 people"),
        ("1.5", "many", "spec.counts.analysts_per_10k_lines"),
        ("world: telco", "world: sportsbook", "spec.world: got 'sportsbook', the counts are asked for 'telco'"),
        ("kind: Aggregates", "kind: Aggregate", "did you mean 'Aggregates'?"),
        ("  counts:", "  count:", "did you mean 'counts'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_counts_is_told_at_its_place(
    old: str, new: str, says: str, call: Call, counts: Path
) -> None:
    counts.write_text(COUNTS.replace(old, new, 1), encoding="utf-8")
    lines = call("fit", "telco", "--from", "counts.yaml").faults()
    assert any(line.startswith("counts.yaml:") and says in line for line in lines), lines


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("telco",), "--from: missing, expected a file of counts"),
        (("telko", "--template"), "unknown world 'telko', did you mean 'telco'?"),
        (("recorded", "--template"), "world 'recorded' has no aggregates"),
        (("telco", "--from", "nosuch.yaml"), "nosuch.yaml:0:0: document: not found"),
        (("telco", "--from", "counts.yaml", "-o", "levers.txt"), "expected a file that ends in .yaml"),
        (("telco", "--from", "counts.yaml", "-o", "no/levers.yaml"), "no: no such folder"),
        (("telco", "--from", "counts.yaml", "--within", "0"), "--within: got 0, expected a share above 0"),
    ],
)
def test_what_is_wrong_with_the_command_is_told(
    words: tuple[str, ...], says: str, call: Call, counts: Path
) -> None:
    (line, *_) = call("fit", *words).faults()
    assert says in line


def test_an_overlay_that_is_none_is_told(call: Call, home: Path) -> None:
    (line, *_) = call("check", "tiny.yaml", "--set", "@nosuch.yaml").faults()
    assert "nosuch.yaml" in line
    assert "not found" in line
    (home / "other.yaml").write_text("world: {levers: {report_lag_nu: 1.0}}\n", encoding="utf-8")
    (line, *_) = call("check", "tiny.yaml", "--set", "@other.yaml").faults()
    assert "did you mean 'report_lag_mu'?" in line
