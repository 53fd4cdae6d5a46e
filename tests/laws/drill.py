"""A drill small enough for laws: the shipped drift under responses, shrunk by --set, under a charter made to fire.

Knows: the shipped drill's documents. Does not know: what is asserted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from harness import trial
from harness.trial import Loaded

ROOT = Path(__file__).parents[2]
DRILL = "telco/drift-response-v1"
HISTORY_DAYS = 16
SMALL_DRILL = (
    "world.with.lines=400",
    f"world.history={HISTORY_DAYS}d",
    "world.horizon=10d",
    "world.lagTail=3d",
    "world.levers.analysts_per_10k_lines=40",
    "world.injections=[{name: low, use: step, lever: burner_calls, factor: 0.2, start: 2d}]",
    "trial.labels.maturity=4d",
    "trial.labels.trainingWindow=14d",
)

Spec = dict[str, Any]


def steps_of(spec: Spec, on: str) -> dict[str, Any]:
    """The playbook's step for a rung, to be changed."""
    found: dict[str, Any] = next(step for step in spec["playbook"] if step["on"] == on)
    return found


def charter(folder: Path, change: Callable[[Spec], object]) -> Path:
    """The drill's charter, changed, as a file."""
    yaml = YAML(typ="safe", pure=True)
    tree = yaml.load((ROOT / "scenarios/charters/telco/drift-response-v1.yaml").read_text())
    change(tree["spec"])
    path = folder / "charter.yaml"
    with path.open("w") as file:
        YAML().dump(tree, file)
    return path


def eager(spec: Spec) -> None:
    """Detection is always too low, and looked at over two days; a challenger needs little."""
    for name in ("investigate", "retrain"):
        spec["clauses"][0]["rungs"][name] = {"value": 0.99, "lookbackWindow": "2d"}
    spec["clauses"][0]["goodEnough"] = 0.99
    del spec["clauses"][0]["rungs"]["investigate"]
    step = steps_of(spec, "retrain")
    step["rest"] = "2d"
    step["shadow"] |= {"least": 10, "margin": -1.0}


def lone(use: str, more: Mapping[str, Any] | None = None) -> str:
    """--set that leaves one candidate, with a response."""
    given = "".join(f", {name}: {value}" for name, value in (more or {}).items())
    policy = "policy: {use: fixed_threshold, with: {block_at: 0.4}}"
    scorer = "use: xgboost, with: {rounds: 20, depth: 3}"
    played = f", playbook: {{use: {use}{given}}}" if use else ""
    return f"trial.candidates=[{{name: drilled, {scorer}, {policy}{played}}}]"


def load_drill(*more: str) -> Loaded:
    """The drill at 400 lines, 16 + 10 days."""
    return trial.load(DRILL, (*SMALL_DRILL, *more))
