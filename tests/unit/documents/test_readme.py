"""What scenarios/README.md shows is what is read: its example is loaded as it stands, and so is each --set in it."""

from __future__ import annotations

import re
from pathlib import Path

from harness import trial
from harness.lineups import Lineup
from harness.plans import Retrain

TESTS = Path(__file__).parents[2]
README = TESTS.parent / "scenarios" / "README.md"
TEXT = README.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)
SETS = [one for one in re.findall(r"--set (\S+=[^\s`]+)", TEXT) if one != "KEY=VALUE"]


def test_the_example_is_good(tmp_path: Path) -> None:
    example, _ = EXAMPLES
    (tmp_path / "my-carrier-v1.yaml").write_text(example, encoding="utf-8")
    sets = [one for one in SETS if "desks" not in one]
    assert len(sets) >= 2
    loaded = trial.load(str(tmp_path / "my-carrier-v1.yaml"), sets)
    assert loaded.scenario_id == "my-carrier-v1"
    assert loaded.scenario.parameters.lines == 5000
    assert loaded.looks == (5, 10, 15)
    assert [planned.name for planned in loaded.scenario.build_injections()] == ["wave"]


def test_the_example_of_several_desks_is_good(tmp_path: Path) -> None:
    """Its `trial:` stands in the scenario of the first example, in the world that it is for."""
    example, desks = EXAMPLES
    head = example[: example.index("  trial:")].replace("telco/midsize-carrier-v1", "charter.yaml")
    world = head.replace("use: telco", "use: sportsbook").replace(
        "with: {lines: 20000}", "with: {accounts: 500}"
    )
    kept = [line for line in world.split("\n") if "wave" not in line and "lost" not in line]
    text = (
        "\n".join(kept)
        .replace("    injections: ", "    injections: [] ")
        .replace("    veils: ", "    veils: [] ")
    )
    (tmp_path / "my-book-v1.yaml").write_text(text + desks, encoding="utf-8")
    charter = TESTS / "cli" / "documents" / "charter.yaml"
    (tmp_path / "charter.yaml").write_bytes(charter.read_bytes())
    sets = [one for one in SETS if "desks" in one]
    assert len(sets) == 2
    loaded = trial.load(str(tmp_path / "my-book-v1.yaml"), sets)
    lineup, terms = loaded.candidate("boosted"), loaded.terms("bet")
    assert isinstance(lineup, Lineup)
    assert terms is not None
    assert terms.audit is not None
    assert terms.audit.share == 0.05
    assert lineup.desks["bet"].retrain == Retrain(every="7d")  # type: ignore[arg-type]
    assert loaded.terms("point_spread") is None
