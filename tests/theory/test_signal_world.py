"""False alarms in a telco world in which nothing is injected and nobody is stopped: 50 seeds of 60 days, 200 lines.

Slow: some seven minutes of one core. Budget: each signal at most one alarm per 100,000 questions and one a month, by
the lower end of an exact Poisson interval at 1e-3, so that twelve signals err together in about one run of 80.
"""

from __future__ import annotations

from collections import Counter

import pytest
from scipy.stats import chi2

from harness import trial
from harness.assembly import build_replay
from harness.monitoring import SHIPPED
from sim import open_world

SEEDS, DAYS = 50, 60
QUIET = (
    "world.with.lines=200",
    "world.tick=6h",
    f"world.horizon={DAYS}d",
    "world.lagTail=1d",
    "trial.candidates.0.policy={use: pass_all}",
    "trial.candidates.0.with={rounds: 30, depth: 3}",
    "trial.candidates.0.retrain.every=1000d",
)


@pytest.mark.slow
def test_each_signal_alarms_at_most_once_per_100_000_questions() -> None:
    loaded = trial.load("telco/midsize-carrier-quick-v1", QUIET)
    alarms: Counter[str] = Counter()
    questions = 0
    for seed in range(1, SEEDS + 1):
        world = open_world(loaded.scenario, seed)
        setting = build_replay(loaded, loaded.candidate("xgboost"), seed, None, [], world=world)
        setting.play()
        monitor = setting.desks["call"].monitor
        assert monitor is not None
        assert {r.signal for r in monitor.record} == set(SHIPPED)
        alarms.update(signal for signal, _ in {(r.signal, r.t) for r in monitor.record if r.onset})
        questions += sum(ledger.rows_seen for ledger in setting.ledgers.values())
    print(f"{questions} questions: {dict(alarms)}")
    for signal, count in alarms.items():
        least = float(chi2.ppf(1e-3, 2 * count)) / 2
        assert least / questions * 1e5 <= 1.0, (signal, count, questions)
        assert least / (SEEDS * DAYS / 30) <= 1.0, (signal, count)
