"""What followed a drift, on courses written by hand: before and after, how soon anybody moved, regret, recovery.

Knows: tallies, timelines and readings written by hand. Does not know: replays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness import aftermath, decay
from harness.tallies import Cell, Tallies
from harness.terms import Rung
from tests.unit.harness.alarming import SPEC, terms

GOOD, BAD, DAYS, ONSET = 0.1, 0.9, 28, 10
RUNGS = (Rung("investigate", 0.5, 1, 1),)


def course(broke: int, mended: int) -> list[float]:
    return [GOOD] * broke + [BAD] * (mended - broke) + [GOOD] * (DAYS - mended)


def counts(by_name: Mapping[str, Sequence[Sequence[float]]]) -> Tallies:
    cells = {
        (name, "m", "all", "true"): Cell(np.array(rows) * 100.0, np.full((len(rows), DAYS), 100.0))
        for name, rows in by_name.items()
    }
    return Tallies((1, 2, 3), DAYS, cells, {}, {"m": SPEC})


COLUMNS = ("candidate", "seed", "day", "kind", "name", "end_day", "detail")


def timeline(*rows: tuple[Any, ...]) -> pd.DataFrame:
    drift = ("", -1, float(ONSET), "injection", "low-and-slow", 99.0, "{}")
    return pd.DataFrame([drift, *rows], columns=list(COLUMNS))


def case(seed: int, number: int, told: float, ended: float, outcome: str) -> tuple[Any, ...]:
    return ("ours", seed, told, "case", "retrain", ended, json.dumps({"case": number, "outcome": outcome}))


def recovered(seed: int, number: int, day: float) -> tuple[Any, ...]:
    return ("ours", seed, day, "step", "recovered", day, json.dumps({"case": number}))


def readings(*rows: tuple[str, int, float, bool]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["candidate", "seed", "day", "onset"])


def told(
    rows: pd.DataFrame, said: pd.DataFrame, responses: Mapping[str, str], found: Tallies | None = None
) -> dict[str, Any]:
    tallied = found or counts({"ours": [course(12, 20)] * 3, "best": [[GOOD] * DAYS] * 3})
    names = [name for name in ("ours", "best") if (name, "m", "all", "true") in tallied.cells]
    clauses = [terms(*RUNGS)]
    document = decay.document(tallied, clauses, names)
    aftermath.put(document, tallied, clauses, rows, said, responses)
    return document


PLAYED = {"ours": "observed", "best": "oracle"}


def test_the_chain_from_onset_to_signal_to_response_to_recovery() -> None:
    rows = timeline(
        case(1, 1, 13.0, 15.5, "promoted"), recovered(1, 1, 21.0),
        case(2, 1, 14.0, 16.0, "refused: no units"), case(2, 2, 18.0, 19.0, "rolled back"), recovered(2, 2, 24.0),
        case(3, 1, 2.0, 4.0, "promoted"), recovered(3, 1, 6.0),
    )  # fmt: skip
    said = readings(
        ("ours", 1, 5.0, True), ("ours", 1, 12.0, True), ("ours", 2, 11.0, True), ("ours", 3, 11.0, False)
    )
    document = told(rows, said, PLAYED)
    assert document["firstDrift"] == {"name": "low-and-slow", "onset": 10.0, "end": 28.0}
    found = document["candidates"][0]["delays"]
    # Seed 3's signal never began to alarm after the onset, and its case had ended before: censored at 18 days.
    assert (found["signal"]["days"], found["signal"]["low"], found["signal"]["never"]) == (2.0, 1.0, 1)
    assert (found["told"]["days"], found["told"]["low"], found["told"]["never"]) == (4.0, 3.0, 1)
    assert (found["changed"]["days"], found["changed"]["low"]) == (9.0, 5.5)
    assert (found["clear"]["days"], found["clear"]["low"], found["clear"]["never"]) == (14.0, 11.0, 1)


def test_a_case_that_was_open_at_the_onset_was_told_at_once() -> None:
    document = told(
        timeline(*(case(seed, 1, 8.0, 12.0, "promoted") for seed in (1, 2, 3))), readings(), PLAYED
    )
    found = document["candidates"][0]["delays"]
    assert (found["told"]["days"], found["changed"]["days"]) == (0.0, 2.0)
    assert found["signal"] is None


def test_who_plays_nothing_has_no_response_and_the_oracle_no_delay() -> None:
    document = told(timeline(), readings(("ours", 1, 12.0, True)), {"best": "oracle"})
    ours, best = (one["delays"] for one in document["candidates"])
    assert (ours["told"], ours["changed"], ours["clear"]) == (None, None, None)
    assert ours["signal"]["never"] == 2
    assert best["told"] is None


def test_regret_is_what_the_oracle_keeps_from_the_onset_on() -> None:
    ours, best = told(timeline(), readings(), PLAYED)["candidates"]
    # 8 of the 18 days since the onset are worse by 0.8.
    assert ours["clauses"][0]["regret"]["value"] == pytest.approx(0.8 * 8 / 18)
    assert ours["clauses"][0]["regret"]["seeds"] == 3
    assert best["clauses"][0]["regret"] is None
    nobody = told(timeline(), readings(), {"ours": "observed"})["candidates"][0]
    assert nobody["clauses"][0]["regret"] is None


def test_regret_without_a_drift_is_of_the_whole_horizon_and_paired_by_seed() -> None:
    found = counts(
        {"ours": [course(0, 7), course(0, 14), course(0, 21)], "best": [course(0, d) for d in (0, 7, 14)]}
    )
    nothing = timeline().iloc[:0]
    document = told(nothing, readings(), PLAYED, found)
    assert document["firstDrift"] is None
    regret = document["candidates"][0]["clauses"][0]["regret"]
    # Each seed loses a quarter of the days: pairing leaves no spread at all.
    assert (regret["value"], regret["low"], regret["high"]) == pytest.approx((0.2, 0.2, 0.2))
    assert document["candidates"][0]["delays"] is None
    assert document["candidates"][0]["clauses"][0]["afterDrift"] is None


def test_recovery_is_the_length_of_the_first_break_and_open_where_it_lasts() -> None:
    rows = [course(12, 20), course(12, 15), course(12, DAYS)]
    (ours,) = told(timeline(), readings(), {}, counts({"ours": rows}))["candidates"]
    found = ours["clauses"][0]["recovery"]
    assert (found["days"], found["low"], found["high"], found["never"]) == (8.0, 3.0, math.inf, 1)
    (well,) = told(timeline(), readings(), {}, counts({"ours": [[GOOD] * DAYS] * 3}))["candidates"]
    assert well["clauses"][0]["recovery"] is None


def test_before_and_after_the_first_drift() -> None:
    ours = told(timeline(), readings(), PLAYED)["candidates"][0]["clauses"][0]["afterDrift"]
    assert ours["before"] == pytest.approx(GOOD)
    assert ours["after"] == pytest.approx((8 * BAD + 10 * GOOD) / 18)
    assert ours["lost"]["value"] == pytest.approx(ours["after"] - ours["before"])
    best = told(timeline(), readings(), PLAYED)["candidates"][1]["clauses"][0]["afterDrift"]
    assert best["lost"]["value"] == 0.0


def test_what_began_before_go_live_or_after_the_horizon_is_no_drift_of_the_run() -> None:
    rows = timeline()
    for day in (-3.0, 30.0):
        assert aftermath.first_drift(rows.assign(day=day), DAYS) is None
