"""The examples of CONTRIBUTING.md are code that keeps the contracts, so that the guide cannot lie.

Knows: the guide, the contracts of the plugins it shows. Does not know: which plugins are shipped.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from harness.kinds import Candidate, Metric, Rows, Scorer, TrainingSet
from sim.core.levers import Injection
from sim.core.time import DAY, WEEK

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = {
    match[1]: match[2] for match in re.finditer(r"```python\n# (\S+\.py)\n(.*?)```", GUIDE, flags=re.DOTALL)
}


def example(path: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plugin of the example that the guide puts at `path`."""
    module = ModuleType(path.removesuffix(".py").replace("/", "."))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(EXAMPLES[path], path, "exec"), module.__dict__)
    return module.PLUGIN


def test_each_example_is_a_new_file_with_a_head() -> None:
    assert len(EXAMPLES) == 3
    for path, code in EXAMPLES.items():
        assert (ROOT / path).parent.is_dir(), path
        assert not (ROOT / path).exists(), f"{path} exists: choose another example"
        assert "Knows: " in code
        assert "Does not know: " in code


def test_the_injection(monkeypatch: pytest.MonkeyPatch) -> None:
    make = example("sim/injections/sawtooth.py", monkeypatch)
    injection = make(start=WEEK, end=3 * WEEK, factor=2.0, every=WEEK)
    assert isinstance(injection, Injection)
    t = np.array([0, WEEK - 1, WEEK, WEEK + WEEK // 2, 2 * WEEK, 3 * WEEK], dtype=np.int64)
    values = injection.apply(np.full(len(t), 0.3), t)
    assert values.tolist() == [0.3, 0.3, 0.3, pytest.approx(0.45), 0.3, 0.3]
    assert injection.magnitude() == 2.0
    with pytest.raises(ValueError, match="every"):
        make(start=0, end=DAY, factor=2.0, every=0)


def training_set(n: int) -> TrainingSet:
    return TrainingSet(
        as_of=DAY,
        names=("calls", "age"),
        x=np.column_stack([np.arange(n), np.full(n, np.nan)]).astype(np.float32),
        y=(np.arange(n) > n // 2).astype(np.int64),
        weight=np.ones(n),
        verified=np.zeros(n, dtype=np.bool_),
        audit_weight=np.zeros(n),
        unit_t=np.arange(n, dtype=np.int64),
        slice_code=np.full(n, -1, dtype=np.int16),
        calls=np.ones(n),
    )


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_the_candidate(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    make = example("harness/candidates/one_feature.py", monkeypatch)
    assert isinstance(make(), Candidate)
    for feature in ("", "calls", "age"):
        scorer = make(feature=feature).fit(training_set(rows), 1)
        assert isinstance(scorer, Scorer)
        x = training_set(70).x
        score = scorer.score(x)
        assert score.shape == (70,)
        assert ((score >= 0.0) & (score <= 1.0)).all()
        assert np.concatenate([scorer.score(x[i : i + 1]) for i in range(70)]).tolist() == score.tolist()
    with pytest.raises(Exception, match="did you mean 'calls'"):
        make(feature="call").fit(training_set(rows), 1)


def test_the_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    metric = example("harness/metrics/unwanted_rate.py", monkeypatch)()
    assert isinstance(metric, Metric)
    rows = Rows({"unwanted": np.array([1, 0, 0, 1], dtype=np.int8)}, 4)
    counts = metric.tally(rows, np.array([0, 0, 0, 1], dtype=np.int64), 2)
    assert counts.numerator.tolist() == [1.0, 1.0]
    assert counts.denominator.tolist() == [3.0, 1.0]
    empty = metric.tally(Rows({"unwanted": np.empty(0, dtype=np.int8)}, 0), np.empty(0, dtype=np.int64), 1)
    assert empty.denominator.tolist() == [0.0]
