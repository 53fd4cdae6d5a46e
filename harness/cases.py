"""Cases: one trigger followed up, from the instant somebody was told to its end, as the run's record keeps it.

Knows: calls, instants, steps taken, money. Does not know: who does the work, models, what a step changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harness.sight import Call
from harness.trainer import Trained
from sim.core.time import Micros


class Taken(NamedTuple):
    """One step of a case: when it was taken, what it was, and its figures."""

    t: Micros
    what: str
    detail: Mapping[str, Any]


@dataclass
class Case:
    """One case. desk: whose model it is about, "" for none. cost: money so far. recovered: when the line that was
    crossed was first seen to be clear again."""

    number: int
    call: Call
    desk: str
    owner: str
    told: Micros
    stage: str = "work"
    begun: Micros | None = None
    ended: Micros | None = None
    recovered: Micros | None = None
    outcome: str = "open"
    cost: float = 0.0
    late: bool = False
    version: int | None = None
    trained: Trained | None = None
    shadow: dict[str, Any] = field(default_factory=dict)
    steps: list[Taken] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it still goes on."""
        return self.ended is None

    def took(self, t: Micros, what: str, **detail: Any) -> None:
        """Note a step."""
        self.steps.append(Taken(t, what, {key: _plain(value) for key, value in detail.items()}))

    def end(self, t: Micros, outcome: str, budget: Micros) -> None:
        """Close it. budget: of the time that it may take."""
        self.ended, self.outcome, self.trained = t, outcome, None
        self.late = t - self.told > budget
        self.took(t, "ended", outcome=outcome, late=self.late, cost=self.cost)

    def record(self) -> dict[str, Any]:
        """The case as plain values; instants in Micros."""
        call = self.call
        return {
            "case": self.number,
            "rung": call.rung,
            "source": call.source,
            "name": call.name,
            "value": _plain(call.value),
            "line": _plain(call.line),
            "since": call.since,
            "notified": list(call.notify),
            "desk": self.desk,
            "owner": self.owner,
            "told": self.told,
            "begun": self.begun,
            "ended": self.ended,
            "recovered": self.recovered,
            "outcome": self.outcome,
            "version": self.version,
            "late": self.late,
            "cost": self.cost,
            "shadow": self.shadow,
            "steps": [{"t": step.t, "what": step.what, **step.detail} for step in self.steps],
        }


def rows(cases: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str, str, int, float, dict[str, Any]]]:
    """Rows of cases (kind `case`: from being told to the end, with what it cost) and of their steps (kind `step`)."""
    for case in cases:
        told = {name: value for name, value in case.items() if name != "steps"}
        end = case["told"] if case["ended"] is None else case["ended"]
        yield case["told"], "case", case["rung"], end, case["cost"], told
        for step in case["steps"]:
            detail = {name: value for name, value in step.items() if name not in ("t", "what")}
            own = {"case": case["case"], "rung": case["rung"], "line": case["name"], **detail}
            yield step["t"], "step", step["what"], step["t"], 0.0, own


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
