"""A call log as an act question: what is asked, what is told and when, what a stop hides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Decisions
from sim.core.errors import OutOfTurn, UserError
from sim.core.time import DAY, HOUR, MINUTE
from tests.unit.recorded.logs import CALLS, Opened, column, play


def test_every_row_is_asked_once_at_its_instant_with_its_fields(opened: Opened, call_mapping: Any) -> None:
    run = play(opened(CALLS, call_mapping))
    assert column(run["asked"], "id") == [1, 2, 3, 4, 5]
    assert column(run["asked"], "t")[:3] == [9 * HOUR, 9 * HOUR + 30_000_000, 9 * HOUR + 20 * MINUTE]
    assert column(run["asked"], "line") == [1, 2, 1, 2, 2]
    assert column(run["truth"], "unwanted") == [0, 1, 0, 1, 1]
    assert column(run["truth"], "id") == column(run["asked"], "id")


def test_entities_are_numbered_by_first_appearance_and_whole_numbers_stay(
    opened: Opened, call_mapping: Any
) -> None:
    run = play(opened(CALLS, call_mapping))
    assert column(run["asked"], "caller") == [4411, 4412, 4411, 4412, 4413]
    run = play(opened(CALLS.replace("+44", "x"), call_mapping))
    assert column(run["asked"], "caller") == [0, 1, 0, 1, 2]
    assert column(run["asked"], "callee") == [0, 1, 2, 0, 0]


def test_news_is_told_when_it_is_known_and_never_before(opened: Opened, call_mapping: Any) -> None:
    run = play(opened(CALLS, call_mapping))
    (*_, last) = reports = run["news"]["report"]
    assert run["news"].ids("report") == [4, 2, 5]  # known on day 1 at 12:00 and 15:30, on day 2 at 11:30
    assert last["known_at"][0] == 2 * DAY + 11 * HOUR + 30 * MINUTE
    assert [int(b["label"][0]) for b in reports] == [1, 1, 1]
    assert sorted(run["news"].ids("call_record")) == [1, 2, 3, 4, 5]
    records = run["news"]["call_record"]
    assert all((b["known_at"] - b["t"] == HOUR).all() for b in records)


def test_ticks_without_rows_or_news_are_passed_over(opened: Opened, call_mapping: Any) -> None:
    run = play(opened(CALLS, call_mapping, go_live=DAY, horizon=30 * DAY))
    assert len(run["ticks"]) < 20
    assert DAY in run["ticks"], "goLive has a tick of its own"
    assert all(tick % (15 * MINUTE) == 0 for tick in run["ticks"])


def test_what_a_stopped_event_would_have_caused_is_hidden_and_counted(
    opened: Opened, call_mapping: Any
) -> None:
    plain = play(opened(CALLS, call_mapping))
    world = opened(CALLS, call_mapping)
    run = play(world, stop=lambda rows: rows["id"] == 2)
    assert run["news"].ids("report") == [4, 5]
    assert sorted(run["news"].ids("call_record")) == [1, 3, 4, 5]
    assert world.describe()["hidden_news"] == {"report": 1, "call_record": 1}
    assert column(run["asked"], "id") == column(plain["asked"], "id"), "open loop: the same events follow"
    assert column(run["truth"], "unwanted") == column(plain["truth"], "unwanted")


def test_a_stream_that_needs_no_event_survives_a_stop(opened: Opened, call_mapping: Any) -> None:
    call_mapping["streams"]["call_record"]["depends"] = False
    run = play(opened(CALLS, call_mapping), stop=lambda rows: np.ones(len(rows), bool))
    assert run["news"].ids("report") == []
    assert sorted(run["news"].ids("call_record")) == [1, 2, 3, 4, 5]


def test_an_action_that_stops_nothing_hides_nothing(opened: Opened, call_mapping: Any) -> None:
    call_mapping["question"]["actions"] = [{"name": "pass"}, {"name": "label", "hinders": True}]
    world = opened(CALLS, call_mapping)
    rows: list[int] = []
    while True:
        list(world.news(world.now))
        questions = world.advance()
        if questions is None:
            break
        ids = questions[0].block["id"]
        every = np.ones(len(ids), np.int8)
        world.settle(Decisions(**{**vars(Decisions.passing(ids)), "action": every}))
        rows += ids.tolist()
    assert len(rows) == 5
    assert world.describe()["hidden_news"] == {"report": 0, "call_record": 0}


def test_a_tick_longer_than_a_feed_is_refused_unless_it_rounds_up(opened: Opened, call_mapping: Any) -> None:
    with pytest.raises(
        UserError, match=r"tick: 1h is longer than stream 'report' takes: log.csv row 5 .* 30m"
    ):
        opened(CALLS, call_mapping, tick=HOUR)
    run = play(opened(CALLS, call_mapping, tick=HOUR, rounds_up=True))
    late = run["news"]["report"][-1]
    assert late["known_at"][0] == 2 * DAY + 12 * HOUR, "the end of its tick, not 11:30"


def test_negatives_are_told_only_where_the_mapping_says_so(opened: Opened, call_mapping: Any) -> None:
    call_mapping["labels"]["report"] |= {"negatives": True, "known": {"after": "1d"}}
    world = opened(CALLS, call_mapping)
    assert world.kinds["call"].labels[0].negatives
    assert play(world)["news"].ids("report") == [1, 2, 3, 4, 5]


def test_events_outside_the_scenario_are_counted_not_asked(opened: Opened, call_mapping: Any) -> None:
    log = CALLS + "6,+1,+2,2025-12-31T10:00:00,1,1,mobile,1,1\n7,+1,+2,2026-03-01T10:00:00,1,1,mobile,1,1\n"
    world = opened(log, call_mapping, end=30 * DAY)
    assert world.describe()["outside"] == {"before": 1, "after": 1}
    assert world.describe()["bad_rows"] == {"log.csv": {}}
    run = play(world)
    assert column(run["asked"], "id") == [1, 2, 3, 4, 5]
    assert run["news"].ids("report") == [4, 2, 5]


def test_turns_are_kept(opened: Opened, call_mapping: Any) -> None:
    world = opened(CALLS, call_mapping, go_live=9 * HOUR)
    with pytest.raises(OutOfTurn, match="expected news"):
        world.advance()
    with pytest.raises(OutOfTurn, match="no question is open"):
        world.settle(Decisions.passing(np.empty(0, np.int64)))
    list(world.news(world.now))
    with pytest.raises(OutOfTurn, match="news: until"):
        world.news(world.now + 1)
    questions = world.advance()
    assert questions is not None
    with pytest.raises(OutOfTurn, match="a question is open"):
        world.news(world.now)
    with pytest.raises(OutOfTurn, match="a question is open"):
        world.advance()
    with pytest.raises(OutOfTurn, match="ids"):
        world.settle(Decisions.passing(questions[0].block["id"] + 1))
    world.settle(Decisions.passing(questions[0].block["id"]))
    assert world.now > questions[0].start


def test_news_is_given_once_even_when_it_is_not_looked_at(opened: Opened, call_mapping: Any) -> None:
    world = opened(CALLS, call_mapping)
    while True:
        world.news(world.now)
        questions = world.advance()
        if questions is None:
            break
        world.settle(Decisions.passing(questions[0].block["id"]))
    assert list(world.news(world.end)) == []


def test_streams_and_columns_may_stand_in_files_of_their_own(
    opened: Opened, call_mapping: Any, tmp_path: Any
) -> None:
    """The layout that `windtunnel simulate` leaves: events, truth by id, and one file per stream."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    day = {"id": [11, 12, 13], "t": [HOUR, 2 * HOUR, 3 * HOUR], "caller": [7, 8, 7], "callee": [1, 1, 2]}
    pq.write_table(pa.table({**day, "line": ["fixed", "mobile", "fixed"]}), tmp_path / "events.parquet")
    pq.write_table(pa.table({"id": [13, 11, 12], "unwanted": [1, 0, 0]}), tmp_path / "truth.parquet")
    told = pa.table(
        {"event": [13, 12], "known_at": [9 * HOUR, 5 * HOUR], "label": pa.array([1, 0], pa.int8())}
    )
    pq.write_table(told, tmp_path / "news-report.parquet")
    records = pa.table({"event": [11, 11, 12], "known_at": [4 * HOUR] * 3, "duration_s": [3.5, 4.5, 5.5]})
    pq.write_table(records, tmp_path / "news-call_record.parquet")
    mapping = call_mapping | {
        "joins": [str(tmp_path / "truth.parquet")],
        "time": {"column": "t", "format": "micros"},
        "truth": {"unwanted": {"dtype": "int8"}},
        "labels": {
            "report": {
                "path": str(tmp_path / "news-report.parquet"),
                "event": "event",
                "column": "label",
                "outcomes": [0, 1],
                "known": {"at": {"column": "known_at", "format": "micros"}},
            }
        },
        "streams": {
            "call_record": {
                "path": str(tmp_path / "news-call_record.parquet"),
                "event": "event",
                "known": {"at": {"column": "known_at", "format": "micros"}},
                "fields": {"duration_s": {}},
            }
        },
    }
    world = opened(tmp_path / "events.parquet", mapping)
    run = play(world)
    assert column(run["asked"], "id") == [11, 12, 13]
    assert column(run["truth"], "unwanted") == [0, 0, 1]
    (report,) = run["news"]["report"]
    assert (report["caller"].tolist(), report["t"].tolist()) == ([7], [3 * HOUR])
    assert column(run["news"]["call_record"], "duration_s") == [3.5, 4.5, 5.5]
    assert column(run["news"]["call_record"], "caller") == [7, 7, 8]
    assert len(world.describe()["files"]) == 4
    hidden = opened(tmp_path / "events.parquet", mapping)
    assert column(play(hidden, stop=lambda rows: rows["id"] == 11)["news"]["call_record"], "duration_s") == [
        5.5
    ]
    assert hidden.describe()["hidden_news"]["call_record"] == 2
