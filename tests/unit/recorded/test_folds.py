"""What a seed means on a recording: everybody is asked and learnt from in all of them, and counted in one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.core import rng
from sim.core.time import DAY
from tests.unit.recorded.logs import Opened, column, play

FOLDS = 5


def many_calls(n: int = 1_003) -> str:
    """A log of n calls of n // 4 callers over 25 days."""
    rows = np.arange(n)
    minute = rows * (25 * 24 * 60 - 60) // n
    lines = ["id,caller,callee,called_at,answered,duration_s,line,reported_after_h,unwanted"]
    for i, m in zip(rows.tolist(), minute.tolist(), strict=True):
        when = f"2026-01-{5 + m // 1440:02d}T{m // 60 % 24:02d}:{m % 60:02d}:00"
        lines.append(f"{i},{i % (n // 4)},{i % 7},{when},1,5,fixed,30,{i % 2}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def dealt(call_mapping: Any) -> Any:
    return call_mapping | {"replicates": {"folds": FOLDS}, "scored": {"line": [2, 2]}}


def test_each_event_is_counted_in_exactly_one_fold_and_asked_in_all(opened: Opened, dealt: Any) -> None:
    runs = [play(opened(many_calls(), dealt, seed=seed)) for seed in range(1, FOLDS + 1)]
    counted = np.array([column(run["truth"], "counted") for run in runs])
    assert (counted.sum(axis=0) == 1).all()
    asked = [column(run["asked"], "id") for run in runs]
    assert all(ids == asked[0] for ids in asked)
    assert all(run["news"].ids("report") == runs[0]["news"].ids("report") for run in runs)


def test_a_cluster_is_never_torn_apart_and_folds_are_even(opened: Opened, dealt: Any) -> None:
    sizes = []
    for seed in range(1, FOLDS + 1):
        run = play(opened(many_calls(), dealt, seed=seed))
        caller, counted = np.array(column(run["asked"], "caller")), np.array(column(run["truth"], "counted"))
        mine = set(caller[counted].tolist())
        assert not mine & set(caller[~counted].tolist())
        sizes.append(len(mine))
    assert max(sizes) - min(sizes) <= 1


def test_clusters_are_dealt_time_by_time(opened: Opened, dealt: Any) -> None:
    """Every stretch of callers that first called one after the other has one in each fold."""
    first: dict[int, int] = {}
    for seed in range(1, FOLDS + 1):
        run = play(opened(many_calls(), dealt, seed=seed))
        for caller, counted in zip(
            column(run["asked"], "caller"), column(run["truth"], "counted"), strict=True
        ):
            if counted:
                first.setdefault(caller, seed)
    order = [first[c] for c in range(250)]  # callers are numbered by their first call
    for group in range(0, 250, FOLDS):
        assert sorted(order[group : group + FOLDS]) == list(range(1, FOLDS + 1))
    assert len({tuple(order[g : g + FOLDS]) for g in range(0, 250, FOLDS)}) > 10, (
        "and not always in one order"
    )


def test_columns_may_name_the_cluster(opened: Opened, dealt: Any) -> None:
    dealt["replicates"] = {"folds": FOLDS, "by": ["callee"]}
    run = play(opened(many_calls(), dealt))
    callee, counted = np.array(column(run["asked"], "callee")), np.array(column(run["truth"], "counted"))
    assert not set(callee[counted].tolist()) & set(callee[~counted].tolist())
    assert 1 <= len(set(callee[counted].tolist())) <= 2


def test_rows_outside_scored_are_asked_and_not_counted(opened: Opened, match_mapping: Any) -> None:
    from tests.unit.recorded.logs import MATCHES

    run = play(opened(MATCHES, match_mapping | {"scored": {"minute": [45, 89]}}))
    assert column(run["asked"], "minute").count(90) == 4
    assert column(run["truth"], "counted") == [m == 45 for m in column(run["asked"], "minute")]


def test_a_match_without_a_result_is_asked_and_never_counted(opened: Opened, match_mapping: Any) -> None:
    from tests.unit.recorded.logs import MATCHES

    match_mapping["expand"]["counters"] = {}
    world = opened(MATCHES.replace("Dogwood,Cedar,1,0,88", "Dogwood,Cedar,,,"), match_mapping)
    assert world.describe()["bad_rows"]["log.csv"] == {}
    assert world.describe()["unlabelled"] == {"result": 1}
    run = play(world)
    open_rows = [
        c
        for c, o in zip(column(run["truth"], "counted"), column(run["truth"], "outcome"), strict=True)
        if o < 0
    ]
    assert open_rows == [False] * 3


def test_the_interval_over_folds_covers_as_often_as_it_says() -> None:
    """The random-groups t-interval on dealt clusters, against a known mean: 400 recordings of 300 clusters each.

    False-alarm budget: coverage of a 95 % interval within 4 binomial standard errors (0.044) of 0.95. The same data in
    an interval over resamplings (a bootstrap draw for each seed) must cover far less: why folds and not draws.
    """
    stream = rng.stream(20260105, "folds", "coverage")
    covered = {"folds": 0, "draws": 0}
    k, n, trials = 10, 300, 400
    quantile = stats.t.ppf(0.975, k - 1)
    for _ in range(trials):
        value = stream.gamma(0.7, size=n)  # skewed, mean 0.7
        lot = stream.random(n)
        fold = np.empty(n, dtype=np.int64)
        fold[np.lexsort((lot, np.arange(n) // k))] = np.arange(n) % k
        means = np.bincount(fold, weights=value) / np.bincount(fold)
        draws = stream.choice(value, size=(k, n)).mean(axis=1)
        for name, parts in (("folds", means), ("draws", draws)):
            half = quantile * parts.std(ddof=1) / np.sqrt(k)
            covered[name] += abs(parts.mean() - 0.7) <= half
    assert abs(covered["folds"] / trials - 0.95) < 0.044, covered
    assert covered["draws"] / trials < 0.7, covered


def test_days_are_what_the_fixture_says() -> None:
    assert many_calls().count("\n") == 1_004
    assert DAY == 86_400_000_000
