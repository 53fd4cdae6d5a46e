"""False alarms in a telco world in which nothing is injected and nobody is stopped: 50 seeds of 60 days, 200 lines.

Slow: some seven minutes of one core. The seeds were looked at by nobody when the budget was set (it was chosen on seeds
2001 to 2020). Asked: all shipped signals together at most one alarm per 100,000 questions, and one a month. With the
rate that other held-out seeds had (0.59 per 100,000) a fresh set of seeds would miss it once in 80 times; these are
fixed, so that what passes once passes again.
"""

from __future__ import annotations

from collections import Counter

import pytest
from scipy.stats import chi2

from harness import trial
from harness.assembly import build_replay
from harness.monitoring import SHIPPED
from sim import open_world

FIRST, SEEDS, DAYS = 4001, 50, 60
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
def test_the_shipped_signals_together_alarm_at_most_once_per_100_000_questions() -> None:
    loaded = trial.load("telco/midsize-carrier-quick-v1", QUIET)
    alarms: Counter[str] = Counter()
    questions = 0
    for seed in range(FIRST, FIRST + SEEDS):
        world = open_world(loaded.scenario, seed)
        setting = build_replay(loaded, loaded.candidate("xgboost"), seed, None, [], world=world)
        setting.play()
        monitor = setting.desks["call"].monitor
        assert monitor is not None
        assert {r.signal for r in monitor.record} == set(SHIPPED)
        alarms.update(signal for signal, _ in {(r.signal, r.t) for r in monitor.record if r.onset})
        questions += sum(ledger.rows_seen for ledger in setting.ledgers.values())
    every = alarms.total()
    high = float(chi2.ppf(0.975, 2 * every + 2)) / 2 / questions * 1e5
    per = every / questions * 1e5
    print(f"{questions} questions, {every} alarms: {per:.2f} per 100,000 (up to {high:.2f}): {dict(alarms)}")
    assert per <= 1.0, (alarms, questions)
    assert every / (SEEDS * DAYS / 30) <= 1.0, alarms
