"""3,327 real matches through the door. Skips without the file: WINDTUNNEL_EPL, or ../shared/data beside the checkout.

Matches of the English Premier League, 2011/12 to March 2020: result, minutes of goals, closing odds, and the two
pre-match means implied by them. The file may not be shipped, so nothing here is a copy of it but totals.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.candidates.poisson_clock import PLUGIN as POISSON_CLOCK
from harness.kinds import Rows, TrainingSet
from harness.metrics.rps import PLUGIN as RPS
from sim.core.decisions import Quotes
from sim.core.documents import read
from sim.core.scenario import Scenario
from sim.core.scenario_rules import examine
from sim.core.time import DAY, HOUR, MINUTE
from sim.worlds.recorded import Recorded
from tests.unit.recorded.logs import column, play

ROOT = Path(__file__).parents[3]
NAME = "epl_2011_2020_goal_minutes_with_closing_odds.csv"
FILE = Path(os.environ.get("WINDTUNNEL_EPL") or ROOT.parent / "shared/data/sportsbook" / NAME)
FEATURES = ("minute", "score_home", "score_away", "lam", "mu")

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="no WINDTUNNEL_EPL and no ../shared/data")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    document = read(ROOT / "scenarios/recorded/epl-in-play-v1.yaml")
    found, faults = examine(document, {"WINDTUNNEL_EPL": str(FILE)})
    assert not faults
    assert found is not None
    return found


def opened(scenario: Scenario, seed: int = 1) -> Recorded:
    s = scenario
    return Recorded(seed, s.clock, s.tick, s.go_live, s.horizon, s.end, None, s.parameters)


@pytest.fixture(scope="module")
def run(scenario: Scenario) -> dict[str, Any]:
    return play(opened(scenario))


@pytest.fixture(scope="module")
def columns(run: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """All question rows as columns (62,757), with every match's result beside them."""
    names = ("id", "t", "match", *FEATURES)
    found = {name: np.array(column(run["asked"], name)) for name in names}
    result = dict(
        zip(column(run["news"]["result"], "match"), column(run["news"]["result"], "label"), strict=True)
    )
    return {**found, "result": np.array([result[m] for m in found["match"].tolist()])}


def poisson(rows: dict[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Quotes (n, 3) of the constant-hazard clock, as the incumbent gives them."""
    x = np.column_stack([rows[name] for name in FEATURES]).astype(np.float32)
    none = np.zeros(0)
    past = TrainingSet(
        0, FEATURES, np.zeros((0, 5), np.float32), none.astype(int), none, none.astype(bool), none,
        none.astype(int), none.astype(np.int16), none, outcomes=3,
    )  # fmt: skip
    return np.asarray(POISSON_CLOCK().fit(past, 1).score(x))


def score(quotes: np.ndarray[Any, Any], outcome: np.ndarray[Any, Any]) -> float:
    """Mean ranked probability score by the shipped metric."""
    rows = Rows({**{f"p{i}": quotes[:, i] for i in range(3)}, "outcome": outcome}, len(outcome))
    counts = RPS().tally(rows, np.zeros(len(outcome), dtype=np.int64), 1)
    return float(counts.numerator[0] / counts.denominator[0])


def test_every_match_is_accounted_for(scenario: Scenario) -> None:
    told = opened(scenario).describe()
    assert told["rows"] == 3_327
    assert told["bad_rows"] == {FILE.name: {"date: empty, expected an instant": 24}}
    assert told["entities"] == 3_303
    assert told["events"] == 3_303 * 19
    assert (told["news"], told["outside"]) == ({"result": 3_303}, {"before": 0, "after": 0})
    assert [e["row"] for e in told["bad_examples"]][:2] == [198, 1_179]
    assert len(told["bad_examples"]) == 10


def test_goals_are_known_when_they_fall_and_results_after_the_match(
    run: dict[str, Any], columns: dict[str, np.ndarray[Any, Any]]
) -> None:
    import pandas as pd

    file = pd.read_csv(FILE).dropna(subset="date")
    assert (columns["t"] % DAY == 15 * HOUR + columns["minute"] * MINUTE).all()
    last = columns["minute"] == 90
    lead = columns["score_home"] - columns["score_away"]
    late = sum(file[c].fillna("").str.count(r"90\+").sum() for c in ("home_goal_min", "away_goal_min"))
    goals = int(columns["score_home"][last].sum() + columns["score_away"][last].sum())
    assert goals + late == int(file["home_score"].sum() + file["away_score"].sum())
    assert goals < goals + late, "added time comes after minute 90"
    settled = 1 - np.sign(lead[last])
    assert 0.90 < (settled == columns["result"][last]).mean() < 0.99
    for block in run["news"]["result"]:
        assert (block["known_at"] - block["t"] == 2 * HOUR).all()


def test_at_kick_off_plain_poisson_is_as_good_as_the_closing_odds() -> None:
    """RPS .1914 against .1913 on the 2,947 matches with odds: lam and mu are implied from odds, so by construction."""
    import pandas as pd

    file = pd.read_csv(FILE)
    file = file[file["PSCH"].notna()]
    assert len(file) == 2_947
    rows = {name: np.zeros(len(file)) for name in ("minute", "score_home", "score_away")}
    rows |= {name: file[name].to_numpy() for name in ("lam", "mu")}
    outcome = 1 - np.sign(file["home_score"] - file["away_score"]).to_numpy().astype(int)
    odds = 1 / file[["PSCH", "PSCD", "PSCA"]].to_numpy()
    assert round(score(poisson(rows), outcome), 4) == 0.1914
    assert round(score(odds / odds.sum(axis=1, keepdims=True), outcome), 4) == 0.1913


def test_the_clock_gets_better_with_every_minute(columns: dict[str, np.ndarray[Any, Any]]) -> None:
    """The state of a match that the mapping builds is the real one: each quarter of an hour tells more of the end."""
    quotes = poisson(columns)
    by_minute = [
        score(quotes[columns["minute"] == m], columns["result"][columns["minute"] == m])
        for m in range(0, 91, 15)
    ]
    assert all(later < earlier for earlier, later in pairwise(by_minute)), by_minute
    assert 0.190 < by_minute[0] < 0.199
    assert by_minute[-1] < 0.03
    shuffled = np.random.default_rng(1).permutation(columns["result"])
    assert score(quotes, shuffled) > 0.25, "and of no other match"


def test_the_seeds_share_no_match_and_together_have_them_all(scenario: Scenario) -> None:
    per_match: dict[int, list[int]] = {}
    for seed in scenario.seeds:
        world = opened(scenario, seed)
        run = play(world)
        truth = {n: np.array(column(run["truth"], n)) for n in ("counted", "outcome", "season", "t")}
        minute, match = np.array(column(run["asked"], "minute")), np.array(column(run["asked"], "match"))
        counted = truth["counted"]
        assert (truth["outcome"][counted] >= 0).all()
        assert (truth["outcome"][~counted] == -1).all(), "metrics of quotes count no other row"
        assert (minute[counted] >= 15).all()
        assert (minute[counted] <= 75).all()
        for m in np.unique(match[counted]).tolist():
            per_match.setdefault(m, []).append(seed)
        live = counted & (truth["t"] >= scenario.go_live)
        sizes = np.bincount(truth["season"][live] * 1, minlength=9) / 13
        assert (np.abs(sizes[3:8] - 38) <= 2).all(), "each season is dealt evenly"
    assert len(per_match) == 3_303
    assert all(len(seeds) == 1 for seeds in per_match.values())


def test_what_a_desk_answers_changes_nothing(scenario: Scenario, run: dict[str, Any]) -> None:
    world = opened(scenario)
    asked, news = [], []
    while True:
        news += [item.block.digest() for item in world.news(world.now)]
        questions = world.advance()
        if questions is None:
            break
        block = questions[0].block
        asked.append(block.digest())
        sure = np.zeros((len(block), 3))
        sure[:, 2] = 1.0
        world.publish(Quotes(block["id"], sure))
    news += [item.block.digest() for item in world.news(world.end)]
    assert asked == [block.digest() for block in run["asked"]]
    assert news == [block.digest() for block in run["news"]["result"]]


def test_nine_years_cost_few_ticks(run: dict[str, Any]) -> None:
    assert (
        len(run["ticks"]) < 3 * 893 + 10
    )  # two hours with questions and one with results on each of 893 dates
