"""What scenarios/README.md shows is what is read: its example is loaded as it stands, and so is each --set in it."""

from __future__ import annotations

import re
from pathlib import Path

from harness import trial

README = Path(__file__).parents[3] / "scenarios" / "README.md"


def test_the_example_is_good(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "my-carrier-v1.yaml").write_text(example, encoding="utf-8")
    sets = re.findall(r"--set (\S+=[^\s`]+)", text)
    assert len(sets) >= 2
    loaded = trial.load(str(tmp_path / "my-carrier-v1.yaml"), [one for one in sets if one != "KEY=VALUE"])
    assert loaded.scenario_id == "my-carrier-v1"
    assert loaded.scenario.parameters.lines == 5000
    assert loaded.looks == (5, 10, 15)
    assert [planned.name for planned in loaded.scenario.build_injections()] == ["wave"]
