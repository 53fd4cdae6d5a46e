"""What `windtunnel simulate` leaves of the telco world, through the recording's door: the same calls and news."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.core import plugins
from sim.core.levers import Levers
from sim.core.time import DAY, HOUR, Clock
from sim.simulate import simulate
from sim.worlds.recorded import Recorded
from tests.unit.recorded.logs import column, frozen, play

START = dt.date(2026, 1, 5)
TIMES = (HOUR, 2 * DAY, 6 * DAY, 9 * DAY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    telco = plugins.load("world", "telco")
    tick, go_live, horizon, end = TIMES
    where: Path = tmp_path_factory.mktemp("simulated")
    parameters = telco.Parameters.model_validate({"lines": 400})
    levers = Levers(telco.levers, {"report_rate": 0.05} if "report_rate" in telco.levers else {}, {})
    simulate(telco(1, Clock(START), tick, go_live, horizon, end, levers, parameters, True), where)
    return where


@pytest.fixture(scope="module")
def mapping(folder: Path) -> dict[str, Any]:
    micros = {"format": "micros"}
    plain = ("attestation", "origin", "same_region", "same_exchange", "toll_free")
    return {
        "path": str(folder / "events.parquet"),
        "joins": [str(folder / "truth.parquet")],
        "id": "id",
        "time": {"column": "t", **micros},
        "entity": {"name": "caller", "columns": ["caller"]},
        "question": {
            "name": "call", "form": "act", "unit": "entity-day",
            "subject": {"name": "callee", "columns": ["callee"]},
        },
        "fields": {name: {"dtype": "int8"} for name in plain},
        "truth": {"unwanted": {"dtype": "int8"}, "caller_class": {"dtype": "int8"}},
        "labels": {
            "report": {
                "column": "reported", "outcomes": [0, 1], "truth": "reported",
                "known": {"at": {"column": "report_at", **micros}},
            }
        },
        "streams": {
            "call_record": {
                "path": str(folder / "news-call_record.parquet"),
                "known": {"at": {"column": "known_at", **micros}},
                "fields": {"answered": {"dtype": "int8"}, "duration_s": {"dtype": "int32"}},
            }
        },
    }  # fmt: skip


def opened(mapping: dict[str, Any]) -> Recorded:
    parameters = Recorded.Parameters.model_validate(frozen(mapping))
    return Recorded(1, Clock(START), *TIMES, None, parameters, rounds_up=True)


def test_the_same_calls_are_asked_with_the_same_fields_and_truth(
    folder: Path, mapping: dict[str, Any]
) -> None:
    import pyarrow.parquet as pq

    world = opened(mapping)
    assert all(not counts for counts in world.describe()["bad_rows"].values())
    run = play(world)
    events, truth = pq.read_table(folder / "events.parquet"), pq.read_table(folder / "truth.parquet")
    assert len(events) > 5_000
    for name in ("id", "t", "caller", "callee", "attestation", "origin"):
        assert column(run["asked"], name) == events.column(name).to_pylist()
    for name in ("unwanted", "caller_class"):
        assert column(run["truth"], name) == truth.column(name).to_pylist()


def test_the_same_news_becomes_known_at_the_same_instants(folder: Path, mapping: dict[str, Any]) -> None:
    import pyarrow.parquet as pq

    run = play(opened(mapping))
    told = pq.read_table(folder / "news-call_record.parquet")
    news = run["news"]["call_record"]
    for name in ("known_at", "t", "caller", "answered", "duration_s"):
        mine = np.array(column(news, name))[np.lexsort((column(news, "t"), column(news, "caller")))]
        theirs = np.array(told.column(name))[np.lexsort((told.column("t"), told.column("caller")))]
        assert np.array_equal(mine, theirs), name
    reports = folder / "news-report.parquet"
    expected = sorted(pq.read_table(reports).column("id").to_pylist()) if reports.exists() else []
    assert sorted(run["news"].ids("report")) == expected
    assert expected, "a test of reports needs some"


def test_what_is_stopped_is_not_reported(mapping: dict[str, Any]) -> None:
    world = opened(mapping)
    run = play(world, stop=lambda rows: np.ones(len(rows), bool))
    assert run["news"] == {}
    hidden = world.describe()["hidden_news"]
    assert hidden["call_record"] == len(column(run["asked"], "id"))
    assert hidden["report"] > 0
