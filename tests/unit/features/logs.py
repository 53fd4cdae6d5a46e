"""Small logs of calls and news, and what each feature must be on them, computed the slow and obvious way.

Knows: the meaning of each operation, as documented. Does not know: accumulators, windows that slide, kernels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from harness.featurizer import SIGNALLING, Featurizer
from harness.kinds import FeatureSpec, Matrix
from sim.core.events import Block, Field, Schema, block
from sim.core.time import HOUR, SECOND
from sim.core.world import News, QuestionKind

Row = Mapping[str, int]


def _schema(name: str, order: str, **fields: str) -> Schema:
    return Schema(name, tuple(Field(field, dtype, "", "") for field, dtype in fields.items()), order)


CALL = Schema(
    "call",
    (
        *(Field(name, "int64", "", "") for name in ("t", "id", "caller", "callee")),
        Field("attestation", "int8", "", ""),
        Field("load", "float64", "", ""),
        Field("nationality", "int8", "", "", sensitive=True),
    ),
)
RECORD = _schema(
    "call_record", "known_at", known_at="int64", id="int64", t="int64", caller="int64", callee="int64",
    answered="int8", duration_s="int32",
)  # fmt: skip
REPORT = _schema(
    "report", "known_at", known_at="int64", id="int64", t="int64", caller="int64", callee="int64"
)
STREAMS = {"call_record": RECORD, "report": REPORT}
SCHEMAS = {**STREAMS, SIGNALLING: CALL}
KIND = QuestionKind("call", "act", CALL, "caller", "entity-day", "callee", (), ())


def spec(use: str, name: str = "x", **given: Any) -> FeatureSpec:
    """A FeatureSpec with what is given; `where` may be a mapping."""
    shared = {key: given.pop(key) for key in ("by", "window", "feed", "of") if key in given}
    where = tuple(given.pop("where", {}).items())
    return FeatureSpec(
        name=name, use=use, concept="c", reading="r", owner="o", where=where, parameters=given, **shared
    )


CALLER, CALLEE, PAIR = ("caller",), ("callee",), ("caller", "callee")

EXAMPLES: tuple[FeatureSpec, ...] = tuple(
    spec(use, f"{use}_{n}", **given)
    for n, (use, given) in enumerate(
        [
            ("count", {"feed": SIGNALLING, "by": CALLER, "window": HOUR}),
            ("count", {"feed": SIGNALLING, "by": CALLER, "window": 24 * HOUR, "where": {"attestation": 1}}),
            ("count", {"feed": SIGNALLING, "by": CALLEE, "at": CALLER, "window": 5 * HOUR}),
            ("count", {"feed": SIGNALLING, "by": PAIR, "window": 9 * HOUR}),
            ("count", {"feed": SIGNALLING, "by": PAIR, "at": ("callee", "caller"), "window": 9 * HOUR}),
            ("count", {"feed": "report", "by": CALLER, "window": 14 * HOUR}),
            ("distinct", {"feed": SIGNALLING, "by": CALLER, "window": HOUR, "of": "callee"}),
            ("distinct", {"feed": SIGNALLING, "by": CALLER, "window": 7 * HOUR, "of": "callee"}),
            ("distinct", {"feed": SIGNALLING, "by": CALLER, "window": 7 * HOUR, "of": "attestation"}),
            ("distinct", {"feed": "call_record", "by": CALLER, "window": 6 * HOUR, "of": "callee",
                          "where": {"answered": 1}}),
            ("distinct", {"feed": SIGNALLING, "by": PAIR, "window": 30 * HOUR, "of": "attestation"}),
            ("sum", {"feed": "call_record", "by": CALLER, "window": 8 * HOUR, "of": "duration_s"}),
            ("mean", {"feed": "call_record", "by": CALLER, "window": 12 * HOUR, "of": "duration_s",
                      "where": {"answered": 1}}),
            ("share", {"feed": "call_record", "by": CALLER, "window": 12 * HOUR, "of": "duration_s", "at_most": 6,
                       "where": {"answered": 1}}),
            ("share", {"feed": "call_record", "by": CALLEE, "window": 3 * HOUR, "of": "duration_s", "at_least": 2.5}),
            ("share", {"feed": SIGNALLING, "by": CALLER, "window": 3 * HOUR, "of": "attestation", "equals": 1}),
            ("ratio", {"feed": "call_record", "by": CALLER, "window": 10 * HOUR,
                       "numerator": {"where": {"answered": 1}}, "denominator": {"where": {"answered": 0}}}),
            ("ratio", {"feed": "call_record", "by": CALLER, "window": 10 * HOUR, "plus": 1,
                       "numerator": {"where": {"answered": 1}}, "denominator": {"where": {"answered": 0}}}),
            ("ratio", {"feed": SIGNALLING, "by": CALLER, "window": 20 * HOUR,
                       "numerator": {"op": "count"}, "denominator": {"op": "distinct", "of": "callee"}}),
            ("ratio", {"feed": "call_record", "by": CALLER, "window": 20 * HOUR,
                       "numerator": {"feed": "report"}, "denominator": {"op": "sum", "of": "duration_s"}}),
            ("since", {"feed": SIGNALLING, "by": CALLER, "window": 4 * HOUR}),
            ("since", {"feed": "call_record", "by": CALLER, "window": 40 * HOUR, "where": {"answered": 1}}),
            ("age", {"feed": SIGNALLING, "by": CALLER, "window": 6 * HOUR}),
            ("age", {"feed": SIGNALLING, "by": CALLER, "window": 2 * HOUR, "where": {"attestation": 1}}),
            ("usual_hours", {"feed": SIGNALLING, "by": CALLER, "window": 48 * HOUR}),
            ("usual_hours", {"feed": "call_record", "by": CALLER, "window": 30 * HOUR, "of": "t", "reach": 0}),
            ("usual_hours", {"feed": SIGNALLING, "by": CALLER, "window": 20 * HOUR, "reach": 3}),
            ("field", {"of": "attestation"}),
            ("field", {"of": "load"}),
        ]
    )
)  # fmt: skip
"""At least one declaration of every operation, with filters, pairs, and keys that are looked up under another name."""


class TalkedTo:
    """A coded feature: different numbers that the pair's two ends called within two hours, by plain dictionaries."""

    reads: Mapping[str, tuple[str, ...]] = {SIGNALLING: ("caller", "callee"), "report": ("caller",)}

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, int]] = []

    def learn(self, feed: str, known: int, item: Mapping[str, int]) -> None:
        if feed == SIGNALLING:
            self.calls.append((known, item["caller"], item["callee"]))
        else:
            self.calls = [call for call in self.calls if call[1] != item["caller"]]

    def value(self, t: int, row: Mapping[str, int]) -> float:
        self.calls = [call for call in self.calls if call[0] >= t - 2 * HOUR]
        return float(
            len({called for _, caller, called in self.calls if caller in (row["caller"], row["callee"])})
        )


CODED = spec("tests.unit.features.logs:TalkedTo", "talked_to")

Log = Mapping[str, Block]


def log_of(
    calls: Sequence[tuple[int, ...]], records: Sequence[tuple[int, ...]], reports: Sequence[tuple[int, ...]]
) -> Log:
    """Blocks from rows without id: calls (t, caller, callee, attestation), records (known_at, t, caller, callee,
    answered, duration_s), reports (known_at, caller)."""

    def columns(rows: Sequence[tuple[int, ...]], names: str) -> dict[str, Any]:
        table = np.array(rows, dtype=np.int64).reshape(len(rows), len(names.split()))
        return {"id": np.arange(len(rows)), **dict(zip(names.split(), table.T, strict=True))}

    call = columns(calls, "t caller callee attestation")
    call |= {"load": call["t"] / 7.0, "nationality": call["caller"] % 3}
    report = columns(reports, "known_at caller")
    report |= {"t": report["known_at"], "callee": report["caller"]}
    record = columns(records, "known_at t caller callee answered duration_s")
    return {
        SIGNALLING: block(CALL, call),
        "call_record": block(RECORD, record),
        "report": block(REPORT, report),
    }


# Instants on a coarse grid, so that equal instants and window boundaries are met all the time.
INSTANT = st.integers(0, 120).map(lambda n: n * HOUR // 2)
NUMBER = st.integers(-2, 5).map(lambda n: n * 2**40 + n)

LOGS = st.builds(
    log_of,
    st.lists(st.tuples(INSTANT, NUMBER, NUMBER, st.integers(0, 3)), max_size=40),
    st.lists(st.tuples(INSTANT, INSTANT, NUMBER, NUMBER, st.integers(0, 1), st.integers(0, 9)), max_size=40),
    st.lists(st.tuples(INSTANT, NUMBER), max_size=8),
)


def play(specs: Sequence[FeatureSpec], log: Log) -> Matrix:
    """All news at once, then all questions in one block."""
    featurizer = Featurizer(specs, KIND, STREAMS)
    for stream in STREAMS:
        featurizer.learn(News(stream, log[stream]))
    return featurizer.values(log[SIGNALLING])


def rows_of(table: Block) -> list[dict[str, Any]]:
    """A block as a list of rows."""
    columns = {name: table[name].tolist() for name in table.schema.names}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def expected(declared: FeatureSpec, log: Log) -> list[float]:
    """What the feature must be for each question row, before it is rounded to float32."""
    tables = {stream: rows_of(table) for stream, table in log.items()}
    return [_value(declared, question, tables) for question in tables[SIGNALLING]]


def _value(declared: FeatureSpec, question: Row, tables: Mapping[str, list[dict[str, Any]]]) -> float:
    now, window, more = question["t"], declared.window, declared.parameters

    def items(feed: str, where: Mapping[str, float], recent: bool = True) -> list[Row]:
        at = more.get("at", declared.by)
        order = SCHEMAS[feed].order
        return [
            row
            for row in tables[feed]
            if row[order] < now
            and (row[order] >= now - window or not recent)
            and all(row[b] == question[a] for a, b in zip(at, declared.by, strict=True))
            and all(row[name] == value for name, value in where.items())
        ]

    def side(given: Mapping[str, Any]) -> int:
        found = items(given.get("feed", declared.feed), {**dict(declared.where), **given.get("where", {})})
        if given.get("op") == "sum":
            return sum(row[given["of"]] for row in found)
        return len({row[given["of"]] for row in found} if given.get("op") == "distinct" else found)

    if declared.use == "field":
        return question[declared.of]
    where, of = dict(declared.where), declared.of
    found = items(declared.feed, where)
    instants = [row[SCHEMAS[declared.feed].order] for row in found]
    match declared.use:
        case "count":
            return len(found)
        case "distinct":
            return len({row[of] for row in found})
        case "sum":
            return sum(row[of] for row in found)
        case "mean":
            return sum(row[of] for row in found) / len(found) if found else math.nan
        case "share":
            met = {
                "equals": lambda value: value == more["equals"],
                "at_most": lambda value: value <= more["at_most"],
                "at_least": lambda value: value >= more["at_least"],
            }[next(name for name in ("equals", "at_most", "at_least") if name in more)]
            return sum(met(row[of]) for row in found) / len(found) if found else math.nan
        case "ratio":
            top, bottom, plus = side(more["numerator"]), side(more["denominator"]), more.get("plus", 0)
            return (top + plus) / (bottom + plus) if bottom + plus and (top or bottom) else math.nan
        case "since":
            return (now - max(instants)) / SECOND if instants else math.nan
        case "age":
            if not instants:
                return 0.0
            every = sorted(
                row[SCHEMAS[declared.feed].order] for row in items(declared.feed, where, recent=False)
            )
            began = every[-1]
            for before, after in zip(every[-2::-1], every[:0:-1], strict=True):
                if after - before > window:
                    break
                began = before
            return min(now - began, window) / SECOND
        case "usual_hours":
            hours = [row[of or SCHEMAS[declared.feed].order] // HOUR % 24 for row in found]
            apart = [min((hour - now // HOUR) % 24, (now // HOUR - hour) % 24) for hour in hours]
            return sum(gap > more.get("reach", 1) for gap in apart) / len(hours) if hours else math.nan
    raise AssertionError(f"no reference for {declared.use}")
