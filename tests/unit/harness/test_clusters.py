"""Intervals inside a seed: clustered by match, right for bets that stand or fall together, and never ruling.

False alarms: the coverage test fails for one study in 2,000 (400 replicates at 95 %, five standard errors).
"""

from __future__ import annotations

import numpy as np
import pytest

from harness.clusters import Clusters, interval
from harness.kinds import Rows
from harness.metrics.realised_hold import RealisedHold
from harness.metrics.rejected_stake import RejectedStake


def bets(match: np.ndarray, stake: np.ndarray, payout: np.ndarray) -> Rows:
    """Bets as the ledger has them."""
    n = len(match)
    return Rows({"match": match, "accepted_stake": stake, "payout": payout, "id": np.arange(n)}, n)


def test_days_add_up_and_matches_without_stakes_are_no_clusters() -> None:
    found, whole = Clusters(), Clusters()
    match, stake = np.array([3, 3, 9, 4, 9]), np.array([10.0, 30.0, 20.0, 0.0, 40.0])
    payout = np.array([0.0, 45.0, 0.0, 0.0, 40.0])
    rows = bets(match, stake, payout)
    whole.add(RealisedHold(), rows)
    for part in (slice(0, 2), slice(2, 5)):
        found.add(RealisedHold(), bets(match[part], stake[part], payout[part]))
    assert found.told() == whole.told()
    (told,) = found.told().values()
    assert (told["by"], told["clusters"]) == ("match", 2)
    assert told["value"] == pytest.approx(0.15)
    # Two clusters, residuals -5 - 0.15 * 40 and 20 - 0.15 * 60: 11 each, on one degree of freedom.
    assert told["high"] - told["value"] == pytest.approx(12.706204736 * np.sqrt(2 * 2 * 11.0**2) / 100)


def test_who_names_no_cluster_or_has_no_such_column_tells_nothing() -> None:
    found = Clusters()
    found.add(RejectedStake(), bets(np.array([1]), np.ones(1), np.ones(1)))
    found.add(RealisedHold(), Rows({"accepted_stake": np.ones(1), "payout": np.zeros(1)}, 1))
    assert found.told() == {}


def test_one_match_has_a_value_and_no_interval() -> None:
    found = Clusters()
    found.add(RealisedHold(), bets(np.array([5, 5]), np.ones(2), np.array([0.0, 1.0])))
    assert found.told()["realised_hold"] == {
        "by": "match",
        "clusters": 1,
        "value": 0.5,
        "low": None,
        "high": None,
    }


def test_the_interval_covers_where_counting_bets_one_by_one_would_not() -> None:
    """Thirty matches with 200 bets each, all on one side: won or lost together at fair odds less a margin of 6 %."""
    random = np.random.Generator(np.random.Philox(key=11))
    covered = alone = 0
    for _ in range(400):
        stake = random.lognormal(1.0, 0.5, (30, 200)).sum(axis=1)
        payout = stake * 2.0 * 0.94 * (random.random(30) < 0.5)
        value, low, high = interval(stake - payout, stake)
        assert low is not None
        assert high is not None
        covered += low <= 0.06 <= high
        narrow = 1.96 * 0.94 / np.sqrt(30 * 200)
        alone += abs(value - 0.06) <= narrow
    assert covered > 0.95 * 400 - 5 * np.sqrt(400 * 0.95 * 0.05)
    assert alone < 0.4 * 400
