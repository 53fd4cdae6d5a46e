"""Laws 1 and 5 for designs that score on a schedule, in bands, with reviews, findings and redress."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.core.time import DAY
from tests.laws.processes import assert_same_run, run
from tests.laws.small import SMALL
from tests.laws.test_law05_labels import decisions

BANDS = "{action: block, at: 0.9, lasts: 12h}, {action: challenge, top: 10}, {action: label, at: 0.3, review: true}"
DAILY = (
    "trial.candidates.0.cadence={every: 1d, at: 2h, lookback: 5d}",
    f"trial.candidates.0.policy={{use: graded, with: {{bands: [{BANDS}]}}}}",
    "trial.candidates.0.onVerified={action: block, lasts: 7d, spare: 3d}",
    "trial.candidates.0.redress={allow: 30d}",
    "trial.candidates.0.retrain.every=2d",
    "trial.candidates.1.cadence={every: 1h, lookback: 1d}",
    "trial.candidates.1.policy={use: review, with: {top: 5}}",
    "trial.candidates.1.onVerified={action: block, lasts: 7d}",
)


@pytest.mark.slow  # what is played in tests/laws/test_playbook.py goes the same way
def test_two_processes_any_workers_any_hash_seed(tmp_path: Path) -> None:
    sets = (*SMALL, *DAILY)
    assert_same_run(run(tmp_path / "one", 1, "1", sets), run(tmp_path / "two", 2, "271828", sets))


def test_labels_of_the_future_change_nothing_before_on_a_schedule_either() -> None:
    base, _ = decisions(None, DAILY)
    since = 16 * DAY + 2 * DAY
    other, changed = decisions(since, DAILY)
    assert changed > 10
    assert [row for row in base if row[0] < since] == [row for row in other if row[0] < since]
    assert base != other
