"""A labelled stream whose labels come late, as a log that any replay can read and as the rows that River reads.

Knows: how the stream is drawn, written and opened as a recording. Does not know: who learns from it, or how fast.

15 numeric fields and a label that depends on them. Lags are log-normal as those of complaints to the FTC in 2021
(hours, mu 1.50, sigma 2.39: median 4.5 h, mean 78 h, 1 % beyond 48 days), cut at 90 days so that every label is known
in the end.
Each 15-minute tick holds `PER_TICK` rows or fewer, at random instants.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness import trial
from harness.assembly import Setting, build_replay
from sim.core import rng
from sim.core.time import DAY, HOUR, MINUTE, Micros

FIELDS = tuple(f"f{i:02d}" for i in range(15))
TICK: Micros = 15 * MINUTE
PER_TICK = 1_000
LAG_MU, LAG_SIGMA = 1.50, 2.39
LONGEST_LAG: Micros = 90 * DAY


class Stream(NamedTuple):
    """Rows in time order: x (n, 15) float32, y (n,) int8, t and known_at (n,) Micros since the scenario's start."""

    x: NDArray[np.float32]
    y: NDArray[np.int8]
    t: NDArray[np.int64]
    known_at: NDArray[np.int64]

    @property
    def horizon(self) -> Micros:
        """The end of the last tick."""
        return (int(self.t[-1]) // TICK + 1) * TICK


def draw(n: int, seed: int = 1, per_tick: int = PER_TICK) -> Stream:
    """A stream of n rows. The fields differ in place and scale, so that a learner without scaling would be lost."""
    chance = rng.stream(seed, "stream", n)
    place, scale = chance.normal(0.0, 3.0, len(FIELDS)), 10.0 ** chance.uniform(-2.0, 2.0, len(FIELDS))
    x = chance.standard_normal((n, len(FIELDS)), dtype=np.float32)
    effect = chance.normal(0.0, 0.6, len(FIELDS)).astype(np.float32)
    y = (chance.random(n) < 1.0 / (1.0 + np.exp(1.5 - x @ effect))).astype(np.int8)
    x = ((x + place) * scale).astype(np.float32)
    t = np.sort((np.arange(n) // per_tick) * TICK + chance.integers(0, TICK, n))
    lag = np.exp(chance.normal(LAG_MU, LAG_SIGMA, n)) * HOUR
    return Stream(x, y, t, t + np.clip(lag, 1.0, float(LONGEST_LAG)).astype(np.int64))


def write(stream: Stream, path: Path) -> Path:
    """The stream as a Parquet log: id, actor, t, the fields, label, known_at. A known_at below 0 is left empty."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    ids = np.arange(len(stream.t))
    columns: dict[str, Any] = {"id": ids, "actor": ids % 5_000, "t": stream.t}
    columns |= {name: stream.x[:, place] for place, name in enumerate(FIELDS)}
    columns |= {"label": stream.y, "known_at": pa.array(stream.known_at, mask=stream.known_at < 0)}
    pq.write_table(pa.table(columns), path)
    return path


_CHARTER = """apiVersion: windtunnel/v1
kind: Charter
metadata: {name: stream, version: 1.0.0}
spec:
  description: {purpose: A stream that is learnt label by label.}
  objective: {statement: Flag what is wanted.}
  retention: 365d
  owners: [{role: model, name: The benches, contact: bench@windtunnel.example}]
  clauses:
    - {name: precision, metric: precision, unit: ratio, op: gte, critical: true, view: true, owner: model,
       because: a charter has a clause, goodEnough: 0.5, rungs: {investigate: 0.4}}
  playbook: [{on: investigate, owner: model, timeBudget: 2d, steps: [look]}]
"""
_SCENARIO = """apiVersion: windtunnel/v1
kind: Scenario
metadata: {{name: stream, version: 1.0.0}}
spec:
  description: {{purpose: A stream that is learnt label by label.}}
  charter: charter.yaml
  seeds: [1]
  world:
    use: recorded
    start: 2026-01-05
    tick: {tick}us
    history: 0d
    historyBecause: the learner begins with nothing
    horizon: {horizon}us
    lagTail: {tail}us
    with:
      path: {path}
      time: {{column: t, format: micros}}
      id: id
      entity: {{name: actor, columns: [actor]}}
      question: {{name: event, form: act, unit: event, actions: [{{name: pass}}, {{name: flag, hinders: true}}]}}
      fields: {{{fields}}}
      labels:
        outcome:
          column: label
          outcomes: [0, 1]
          negatives: true
          known: {{at: {{column: known_at, format: micros}}}}
          truth: unwanted
  trial:
    labels: {{positives: [outcome], maturity: 1d, trainingWindow: 30d}}
    features: [{features}]
    incumbent: {{name: incumbent, use: pass_all}}
    candidates:
      - {{name: learner, use: {candidate}, policy: {{use: fixed_threshold, with: {{block_at: 0.5, stop: flag}}}}}}
"""


def build(
    path: Path, horizon: Micros, tail: Micros = LONGEST_LAG, candidate: str = "sgd_logistic"
) -> Setting:
    """A log's world, desk and ledger, by the way that every scenario takes. The log is read here."""
    fields = ", ".join(f"{name}: {{dtype: float32}}" for name in FIELDS)
    features = ", ".join(
        f"{{name: {name}, use: field, of: {name}, concept: none, reading: none, owner: model}}"
        for name in FIELDS
    )
    (path.parent / "charter.yaml").write_text(_CHARTER)
    scenario = path.parent / "scenario.yaml"
    scenario.write_text(
        _SCENARIO.format(
            path=path,
            tick=TICK,
            horizon=horizon,
            tail=tail,
            fields=fields,
            features=features,
            candidate=candidate,
        )
    )
    loaded = trial.load(str(scenario))
    return build_replay(loaded, loaded.candidate("learner"), 1, None, [])
