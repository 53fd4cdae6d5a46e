"""Null check of the sportsbook: where nothing drifts and nobody is stopped, nothing decays.

The drill's world (sportsbook/drift-response-v1) at magnitude 0, in open loop: a scorer that is fitted at goLive and
never again scores every later bet and all are taken, nobody learns, comes back or has his account closed. Judged are
what the drill's charter judges: the share of adverse bets above the desk's line, and what adverse bets take of the
stakes. The isotonic test of the drift catalogue, over the weeks instead of magnitudes: weeks change places within a
seed. Two figures, two directions, each at 1 %: with fresh seeds one false alarm in 25; the seeds are fixed. What keeps
it honest: the same test must see a decay that is planted, of half, as the drill has within three weeks.

In closed loop the first figure does fall without any drift: whom the desk finds is limited, and gives up; whom it does
not find stays (docs/known-limits.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from harness import trial
from harness.assembly import build_replay
from harness.kinds import Rows
from harness.ledger import Ledger
from harness.replay import replay
from sim.core.decisions import Decisions, Quotes
from sim.core.time import DAY, Micros
from sim.core.truth import Settlement
from sim.core.world import Question
from tests.theory.drift.isotonic import Floats, rises

SEEDS, WEEKS, LEVEL, LINE = range(4101, 4109), 6, 0.01, 0.4
STILL = (
    "world.injections=[]",
    *(f"world.levers.{name}=0" for name in ("adaptation", "learning", "flag_closes", "report_closes")),
    "trial.candidates.1.desks.bet.policy={use: pass_all}",
)
FIGURES = ("caught", "adverse_loss")


@dataclass
class Watched:
    """A ledger beside which adverse bets, and those that score above the line, are counted by week (weeks, 2)."""

    ledger: Ledger
    go_live: Micros
    weeks: Floats = field(default_factory=lambda: np.zeros((WEEKS, 2)))

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        self.ledger.write(question, answer, settled)
        week = (question.start - self.go_live) // (7 * DAY)
        if isinstance(answer, Decisions) and 0 <= week < WEEKS:
            bad = settled.truth.block.columns["unwanted"] > 0
            self.weeks[week] += (bad & (answer.scored > LINE)).sum(), bad.sum()

    def hear(self, stream: str, rows: Rows) -> None:
        self.ledger.hear(stream, rows)

    def close(self, end: Micros) -> None:
        self.ledger.close(end)


@pytest.fixture(scope="module")
def weekly() -> dict[str, Floats]:
    """Figure -> (seeds, weeks), as they truly were."""
    loaded = trial.load("sportsbook/drift-response-v1", STILL)
    never = loaded.candidate("never")
    cells = {name: np.zeros((len(SEEDS), WEEKS, 2)) for name in FIGURES}
    for place, seed in enumerate(SEEDS):
        setting = build_replay(loaded, never, seed, None, [])
        watched = Watched(setting.ledgers["bet"], loaded.scenario.go_live)
        replay(setting.world, setting.desks, {**setting.ledgers, "bet": watched})
        cells["caught"][place] = watched.weeks
        for day, metric, part, view, top, bottom in watched.ledger.counts:
            if (metric, part, view) == ("adverse_loss", "all", "true") and day < 7 * WEEKS:
                cells[metric][place, day // 7] += top, bottom
    return {name: told[..., 0] / told[..., 1] for name, told in cells.items()}


@pytest.mark.slow
@pytest.mark.parametrize("figure", FIGURES)
def test_nothing_decays_in_the_sportsbook_where_nothing_drifts(
    figure: str, weekly: dict[str, Floats]
) -> None:
    values = weekly[figure]
    up, down = rises(values), rises(-values)
    told = f"{figure}: mean by week {values.mean(axis=0).round(4).tolist()}, rises p {up.p:.3f}, falls p {down.p:.3f}"
    print(told)
    assert up.seeds == len(SEEDS)
    assert min(up.p, down.p) > LEVEL, told


@pytest.mark.slow
def test_a_decay_that_is_planted_in_the_sportsbook_is_found(weekly: dict[str, Floats]) -> None:
    fading = 1.0 - 0.5 * np.arange(WEEKS) / (WEEKS - 1)
    assert rises(-weekly["caught"] * fading).p <= LEVEL
