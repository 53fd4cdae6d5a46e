"""Logs that cannot be replayed are refused in one line with row and column; mappings that contradict themselves too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from sim.core.errors import BadLog, UserError
from sim.core.time import DAY, HOUR
from sim.worlds._recorded_sheet import open_sheet
from sim.worlds.recorded import Recorded
from tests.unit.recorded.logs import CALLS, MATCHES, Opened, column, frozen, play

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", r"log.csv: row 0, column 0: empty"),
    "a header alone": (MATCHES.split("\n")[0] + "\n", r"log.csv: row 1, column 1: empty, expected at least one row"),
    "a column missing": (MATCHES.replace("lam", "lamb"), r"\(header\), column 'lam': missing, did you mean 'lamb'"),
    "a column twice": (MATCHES.replace("mu\n", "lam\n"), r"row 0 \(header\), column 'lam': stands there 2 times"),
    "binary": (bytes(range(256)) * 40, r"row 0 \(header\), column '.*': "),
    "only bad rows": (MATCHES.replace("2026", "year"), r"row 1, column 'date': 'year-01-05': not an instant .* 4 of 4"),
    "one bad row in five": (
        MATCHES + "a,,E,F,0,0,,,1,1\n",
        r"row 5, column 'date': '': empty.* 1 of 5 rows are bad \(20.00%\), allowed 1.00%",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_log_too_broken_is_refused_in_one_line(
    opened: Opened, match_mapping: Any, content: str | bytes, message: str
) -> None:
    with pytest.raises(BadLog, match=message) as refused:
        opened(content, match_mapping)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there(opened: Opened, match_mapping: Any, tmp_path: Path) -> None:
    with pytest.raises(BadLog, match=r"nowhere.csv: row 0, column 0: no such file"):
        opened(tmp_path / "nowhere.csv", match_mapping)
    with pytest.raises(BadLog, match="no such file"):
        opened(tmp_path, match_mapping)


def test_a_parquet_file_that_is_none(opened: Opened, match_mapping: Any, tmp_path: Path) -> None:
    (tmp_path / "log.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(BadLog, match=r"log.parquet: row 0, column 0: cannot be read") as refused:
        opened(tmp_path / "log.parquet", match_mapping)
    assert "\n" not in str(refused.value)


def test_the_bound_on_bad_rows_is_the_mappings(opened: Opened, match_mapping: Any) -> None:
    log = MATCHES + "a,,E,F,0,0,,,1,1\n"
    opened(log, match_mapping | {"maxBadShare": 0.2})
    with pytest.raises(BadLog):
        opened(log, match_mapping | {"maxBadShare": 0.19})


def test_a_cell_that_is_not_utf8_is_one_bad_row(opened: Opened, match_mapping: Any) -> None:
    log = MATCHES.encode().replace(b"Cedar,Dogwood", b"C\xe9dar,Dogwood")
    world = opened(log, match_mapping | {"maxBadShare": 0.5})
    assert world.describe()["bad_rows"]["log.csv"] == {"home: not UTF-8 text (encoding names another)": 1}
    assert opened(log, match_mapping | {"encoding": "latin-1"}).describe()["bad_rows"]["log.csv"] == {}


def test_an_unknown_encoding_is_refused(opened: Opened, match_mapping: Any) -> None:
    with pytest.raises(BadLog, match=r"row 0, column 0: .*klingon"):
        opened(MATCHES, match_mapping | {"encoding": "klingon"})


def test_a_value_that_is_none_of_the_mapped_ones(opened: Opened, call_mapping: Any) -> None:
    world = opened(CALLS.replace("61.5,mobile", "61.5,satellite"), call_mapping | {"maxBadShare": 0.5})
    assert world.describe()["bad_rows"]["log.csv"] == {"line: not one of fixed, mobile": 1}


CALL_FAULTS = {
    "a label that is no outcome": ({"unwanted": "maybe"}, "unwanted: not one of 0, 1"),
    "known before it happened": ({"reported_after_h": "-1"}, "reported_after_h: known before it happened"),
    "a lag that is none": ({"reported_after_h": "soon"}, "reported_after_h: not a lag"),
    "an id again": ({"id": "2"}, "id: the same id again"),
    "an id that is no number": ({"id": "one"}, "id: not a whole number of 63 bits"),
    "a duration below zero": ({"duration_s": "-5"}, "duration_s: below 0"),
    "an answer that does not fit": ({"answered": "900"}, "answered: does not fit int8"),
    "an instant with an offset": (
        {"called_at": "2026-01-05T09:00:00Z"},
        "called_at: carries an offset, expected `zone:` in the mapping",
    ),
}


@pytest.mark.parametrize(("cells", "reason"), CALL_FAULTS.values(), ids=CALL_FAULTS.keys())
def test_a_bad_call_is_counted_by_reason(
    opened: Opened, call_mapping: Any, cells: dict[str, str], reason: str
) -> None:
    head, first, *rest = CALLS.strip().split("\n")
    row = ",".join((dict(zip(head.split(","), first.split(","), strict=True)) | cells).values())
    world = opened("\n".join([head, *rest, row]) + "\n", call_mapping | {"maxBadShare": 0.5})
    assert world.describe()["bad_rows"]["log.csv"] == {reason: 1}
    assert world.describe()["bad_examples"][0]["row"] == 5


def test_news_of_events_that_are_not_in_the_log_is_bad(
    opened: Opened, call_mapping: Any, tmp_path: Path
) -> None:
    (tmp_path / "told.csv").write_text("event,lag,unwanted\n2,5,1\n999,5,1\n,5,1\n")
    call_mapping["labels"]["report"] |= {
        "path": str(tmp_path / "told.csv"), "event": "event", "known": {"lag": "lag"},
    }  # fmt: skip
    world = opened(CALLS, call_mapping | {"maxBadShare": 0.7})
    assert world.describe()["bad_rows"]["told.csv"] == {"event: no such event in the log": 2}
    assert play(world)["news"].ids("report") == [1], "an item's id is its row in its own file"


# --- instants -------------------------------------------------------------------------------------------------------

INSTANTS = {
    "iso": ({}, "2026-01-06T10:30:00", DAY + 10 * HOUR + DAY // 48),
    "iso with a space and a fraction": ({}, "2026-01-06 10:30:00.000001", DAY + 10 * HOUR + DAY // 48 + 1),
    "a date": ({}, "2026-01-06", DAY),
    "a date and hours": ({"plus": "3h"}, "2026-01-06", DAY + 3 * HOUR),
    "a pattern": ({"format": "%d/%m/%Y %H:%M"}, "06/01/2026 10:30", DAY + 10 * HOUR + DAY // 48),
    "seconds since 1970": ({"format": "epoch_s"}, "1767657600", DAY),
    "milliseconds since 1970": ({"format": "epoch_ms"}, "1767657600001", DAY + 1000),
    "since 1970 in a zone": ({"format": "epoch_s", "zone": "Europe/Athens"}, "1767657600", DAY + 2 * HOUR),
    "since the start": ({"format": "micros"}, "86400000001", DAY + 1),
    "an offset in a zone": ({"zone": "Europe/London"}, "2026-01-06T10:00:00+02:00", DAY + 8 * HOUR),
    "summer time": ({"zone": "Europe/London"}, "2026-07-06T10:00:00Z", 182 * DAY + 11 * HOUR),
}


@pytest.mark.parametrize(("spec", "cell", "t"), INSTANTS.values(), ids=INSTANTS.keys())
def test_instants_are_read_as_they_are_written(
    opened: Opened, call_mapping: Any, spec: dict[str, str], cell: str, t: int
) -> None:
    head, row, *_ = CALLS.split("\n")
    call_mapping["time"] |= spec
    world = opened(
        f"{head}\n{row.replace('2026-01-05T09:00:00', cell)}\n",
        call_mapping,
        horizon=300 * DAY,
        end=300 * DAY,
    )
    assert column(play(world)["asked"], "t") == [t]


def test_a_zone_that_is_none(opened: Opened, call_mapping: Any) -> None:
    call_mapping["time"] |= {"format": "epoch_s", "zone": "Europe/Atlantis"}
    log = CALLS.split("\n")[0] + "\n1,1,1,1767657600,1,1,mobile,,0\n"
    with pytest.raises(BadLog, match="'Europe/Atlantis' is no IANA zone"):
        opened(log, call_mapping)


def test_parquet_columns_keep_their_types(opened: Opened, call_mapping: Any, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    when = pa.array(np.array([DAY, 2 * DAY, 3 * DAY]) + 1767571200_000_000, pa.timestamp("us", "UTC"))
    table = pa.table(
        {
            "id": pa.array([2**60, 5, 6], pa.int64()),
            "caller": ["a", "b", "a"], "callee": pa.array([1, 2, 3], pa.uint8()),
            "called_at": when, "answered": [True, False, True], "duration_s": [1.5, None, 2.5],
            "line": pa.array(["fixed", "mobile", "fixed"]).dictionary_encode(),
            "reported_after_h": pa.array([1.0, None, None]), "unwanted": pa.array([1, 0, 0], pa.int8()),
        }
    )  # fmt: skip
    pq.write_table(table, tmp_path / "log.parquet")
    call_mapping["time"] |= {"zone": "UTC"}
    world = opened(tmp_path / "log.parquet", call_mapping | {"maxBadShare": 0.5})
    assert world.describe()["bad_rows"]["log.parquet"] == {"duration_s: empty": 1}
    run = play(world)
    assert column(run["asked"], "t") == [DAY, 3 * DAY]
    assert (column(run["asked"], "id"), column(run["asked"], "line")) == ([2**60, 6], [2, 2])
    assert run["news"].ids("report") == [2**60]
    call_mapping["time"] |= {"zone": ""}
    with pytest.raises(BadLog, match="carries the zone UTC"):
        opened(tmp_path / "log.parquet", call_mapping)


def test_row_numbers_hold_over_blocks_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    lines = [f"{i},{'x' * 90}" if i % 100_000 else f"{i}" for i in range(1, 300_001)]
    path.write_text("a,b\n" + "\n".join(lines) + "\n")
    sheet = open_sheet(path, ["a", "b"])
    assert path.stat().st_size > 1 << 24, "the file is longer than a block"
    assert [e.row for e in sheet.examples()] == [100_000, 200_000, 300_000]
    assert np.array_equal(sheet.number, np.array([i for i in range(1, 300_001) if i % 100_000]))
    assert sheet.column("a").to_pylist()[-1] == "299999"


# --- mappings -------------------------------------------------------------------------------------------------------

MAPPINGS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"colums": {}}, "colums"),
    "a format that is none": ({"time": {"column": "called_at", "format": "yyyy"}}, "format: 'yyyy'"),
    "two ways to say when": (
        {"labels": {"report": {"column": "u", "outcomes": [0, 1], "known": {"lag": "x", "at": {"column": "y"}}}}},
        "lag: `at` says it already",
    ),
    "three outcomes of an act": (
        {"labels": {"report": {"column": "u", "outcomes": [0, 1, 2], "known": {"after": "1h"}}}},
        "labels: an act has two outcomes",
    ),
    "neither column nor compare": ({"labels": {"r": {"outcomes": [0, 1], "known": {}}}}, "exactly one of column"),
    "no label at all": ({"labels": {}}, "at least 1"),
    "a name that is taken": ({"fields": {"caller": {}}}, "fields: 'caller' is taken"),
    "a field of a stream that tells later": (
        {"fields": {"rang": {"column": "duration_s"}}},
        "'rang' is from the future: its column 'duration_s' is told later, by stream 'call_record'",
    ),
    "a text with a range": ({"fields": {"line": {"dtype": "text", "low": 0}}}, "dtype: text is numbered"),
    "a range upside down": ({"fields": {"line": {"low": 2, "high": 1}}}, "low: got 2"),
    "nan in whole numbers": ({"fields": {"line": {"dtype": "int8", "empty": "nan"}}}, "empty: int8 has no nan"),
    "a scored field that is none": ({"scored": {"minute": [1, 2]}}, "'minute' is no field"),
    "a first action that stops": (
        {"question": {"name": "call", "form": "act", "actions": [{"name": "block", "stops": True}]}},
        "actions: expected distinct names",
    ),
    "a stream of the question's name": ({"streams": {"call": {"known": {}}}}, "streams: expected names of their own"),
    "joins without ids": ({"id": None, "joins": ["x.csv"]}, "id: expected the column"),
    "an expansion of no length": ({"expand": {"field": "m", "every": "0m", "to": "90m"}}, "greater than 0"),
    "an expansion that ends before it starts": (
        {"expand": {"field": "m", "every": "5m", "from": "90m", "to": "0m"}}, "to: expected an instant",
    ),
    "bands upside down": ({"slices": {"s": {"field": "line", "edges": [2, 1]}}}, "edges: a band"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), MAPPINGS.values(), ids=MAPPINGS.keys())
def test_a_mapping_that_contradicts_itself_is_refused(call_mapping: Any, change: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Recorded.Parameters.model_validate(frozen({"path": "x.csv", **call_mapping, **change}))


def test_what_a_stream_tells_at_the_event_may_be_a_field_of_it(call_mapping: Any) -> None:
    call_mapping["streams"]["call_record"]["known"] = {}
    call_mapping["fields"]["rang"] = {"column": "duration_s"}
    assert Recorded.Parameters.model_validate(frozen({"path": "x.csv", **call_mapping}))


def test_a_seed_that_names_no_fold_is_refused(opened: Opened, match_mapping: Any) -> None:
    with pytest.raises(UserError, match="seeds: 2: this recording is dealt into 1 folds"):
        opened(MATCHES, match_mapping, seed=2)
    match_mapping["replicates"] = {"folds": 3, "firstSeed": 101}
    with pytest.raises(UserError, match="expected 101 to 103"):
        opened(MATCHES, match_mapping, seed=1)
    assert opened(MATCHES, match_mapping, seed=103).describe()["fold"]["number"] == 3
