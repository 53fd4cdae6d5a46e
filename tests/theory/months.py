"""A desk over the months: what it stops, whom it hurts, how well its scores still separate.

Knows: the shipped quick scenario made small, truth (tests may look). Does not know: what is compared with what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import trial
from harness.assembly import build_replay
from harness.kinds import Rows
from harness.replay import replay
from harness.trial import Loaded
from sim.core.decisions import Decisions, Quotes
from sim.core.time import DAY, Micros
from sim.core.truth import Settlement
from sim.core.world import Question, QuestionKind
from tests.theory.open_loop import recall_at
from tests.theory.scripted import tactic_shares

MONTH = 28
SMALL = (
    "world.with.lines=1000",
    "world.tick=4h",
    "world.history=42d",
    "world.historyBecause=windows of 28 days are full",
    "world.lagTail=1d",
    "world.levers.class_entities=15",
    "world.levers.report_rate=0.05",
    "world.levers.analysts_per_10k_lines=4",
    "trial.holdout.share=0",
    "trial.labels.trainingWindow=42d",
    "trial.labels.maxRows=8000",
    "trial.labels.maturity=7d",
)
"""1,000 lines with dialers as loud as at 20,000. Subscribers report 17 times as often and analysts are 8 times as many
as by default, so that a thousand lines tell a desk as much as many thousands do."""


@dataclass(frozen=True)
class Month:
    """stopped, wrong: shares of unwanted and of lawful calls stopped. recall: of unwanted calls by the desk's own
    scores, where 1 % of lawful calls lie above; a call without a score lies below all others. taken: shares of the
    ROBOCALL tactics (scripted.py) among the numbers that operators took."""

    stopped: float
    wrong: float
    recall: float
    taken: tuple[float, ...]


class _Book:
    """Stands where the ledger stands; keeps of each scored day what a Month needs."""

    def __init__(self, kind: QuestionKind, go_live: Micros) -> None:
        self._go_live = go_live
        self._stops = np.array([action.stops for action in kind.actions])
        self.parts: list[tuple[NDArray[np.float64], ...]] = []

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        if question.start < self._go_live or not isinstance(answer, Decisions):
            return
        month = (question.block["t"] - self._go_live) // (MONTH * DAY)
        unwanted = settled.truth.block["unwanted"] > 0
        stopped = self._stops[settled.outcomes.block["effect"]]
        score = np.nan_to_num(answer.scored.astype(np.float64), nan=-1.0)
        columns = (month, unwanted, stopped, score)
        self.parts.append(tuple(np.asarray(column, dtype=np.float64) for column in columns))

    def hear(self, stream: str, rows: Rows) -> None:
        """The desk has heard it."""

    def close(self, end: Micros) -> None:
        """Nothing to close."""


def load(desk: str, months: int, sets: Sequence[str] = ()) -> Loaded:
    """The quick scenario, small, with one candidate as YAML in a line, over some months."""
    more = (f"world.horizon={MONTH * months}d", f"trial.candidates=[{desk}]")
    return trial.load("telco/midsize-carrier-quick-v1", (*SMALL, *more, *sets))


def course(loaded: Loaded, seed: int) -> list[Month]:
    """Replay the only desk of a scenario on one seed, and say how each month went."""
    setting = build_replay(loaded, loaded.trial.candidates[0], seed, None, [])
    ((name, own),) = setting.desks.items()
    own.on_fit = lambda fit: None
    book = _Book(own.kind, setting.world.go_live)
    replay(setting.world, setting.desks, {name: book})
    month, unwanted, stopped, score = (np.concatenate(column) for column in zip(*book.parts, strict=True))
    story = tuple(setting.world.ground_truth())
    found = []
    for place in range(int(month.max()) + 1):
        mine, bad = month == place, unwanted[month == place] > 0
        hit = stopped[mine]
        recall, _ = recall_at(score[mine], bad, 0.01)
        since = setting.world.go_live + place * MONTH * DAY
        taken, _ = tactic_shares(story, since, since + MONTH * DAY)
        found.append(Month(float(hit[bad].mean()), float(hit[~bad].mean()), recall, tuple(taken.tolist())))
    return found
