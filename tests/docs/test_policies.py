"""docs/policies.md is true: its example reads well, and its tables name the policies and parameters that there are."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import scenarios
from harness import trial
from sim.core import plugins
from sim.core.time import DAY, HOUR

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
QUICK = Path(scenarios.__file__).parent / "telco" / "midsize-carrier-quick-v1.yaml"


def test_the_example_reads_well(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    text = QUICK.read_text(encoding="utf-8")
    head = text[: text.index("    candidates:\n")]
    (tmp_path / "scenario.yaml").write_text(head + re.sub(r"^", "    ", example, flags=re.MULTILINE))
    (plan,) = trial.load(str(tmp_path / "scenario.yaml")).trial.candidates
    assert plan.cadence is not None
    assert (plan.cadence.every, plan.cadence.at, plan.cadence.lookback) == (DAY, 2 * HOUR, 7 * DAY)
    assert [band.lasts for band in plan.policy.with_["bands"]] == [DAY, DAY, 0]
    assert plan.redress is not None
    assert plan.redress.stream == "redress"


def test_the_table_names_every_policy_and_every_parameter() -> None:
    rows = re.findall(r"^\| (`.*?) \| .* \| (.*?) \|$", PAGE, flags=re.MULTILINE)
    told = {
        name: set(re.findall(r"`(\w+)`", parameters))
        for names, parameters in rows
        for name in re.findall(r"`(\w+)`", names)
        if name in plugins.names("policy")
    }
    for name in plugins.names("policy"):
        fields = {field.name for field in dataclasses.fields(plugins.load("policy", name))}
        assert fields <= told[name], name
        assert told[name] <= fields | {"action", "lasts"}, name
