"""Cells into arrays: numbers, categories, entities, instants, lists; whatever is odd is marked on the sheet.

Knows: how cells are written. Does not know: which column means what, worlds.

Every reader answers arrays of the sheet's full length (n,); where a row has been marked bad the value is a filler.
Nothing here loops over rows in Python.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import BadLog
from sim.core.time import NEVER, UNITS, Clock
from sim.worlds._recorded_mapping import Column, Counter, Instant, Known
from sim.worlds._recorded_sheet import Sheet

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_WHOLE = r"^[+-]?[0-9]{1,18}(\.0*)?$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_OFFSET = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
_SINCE_1970 = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_TRUE, _FALSE = ("true", "1", "yes", "y", "t"), ("false", "0", "no", "n", "f")


def texts(sheet: Sheet, column: str) -> Any:
    """A column's cells as trimmed text, a null as empty text; a pyarrow string array (n,)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = sheet.column(column)
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        cells = pc.cast(cells, pa.string())
    return pc.utf8_trim_whitespace(pc.fill_null(cells, ""))


def _matches(cells: Any, pattern: str) -> Bools:
    import pyarrow.compute as pc

    return _array(pc.match_substring_regex(cells, pattern)).astype(np.bool_)


def _array(cells: Any) -> NDArray[Any]:
    return np.asarray(cells.to_numpy(zero_copy_only=False))


def _is_empty(cells: Any) -> Bools:
    import pyarrow.compute as pc

    return _array(pc.equal(cells, "")).astype(np.bool_)


def read_numbers(sheet: Sheet, column: str, whole: bool) -> tuple[NDArray[Any], Bools, Bools]:
    """Values (n,) int64 or float64, and where a cell is empty, and where it is broken (not a number, not whole)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = sheet.column(column)
    kind = cells.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        empty = _array(pc.is_null(cells)).astype(np.bool_)
        if pa.types.is_floating(kind):
            values = _array(pc.fill_null(cells, float("nan"))).astype(np.float64)
            empty = empty | np.isnan(values)
            broken = ~empty & ~np.isfinite(values)
            if whole:
                broken |= ~empty & ~broken & ((values != np.floor(values)) | (np.abs(values) >= 2.0**63))
                return np.where(empty | broken, 0.0, values).astype(np.int64), empty, broken
            return np.where(empty | broken, 0.0, values), empty, broken
        filler = False if pa.types.is_boolean(kind) else 0
        values = _array(pc.fill_null(cells, filler))
        if values.dtype == np.uint64 and bool((values > np.uint64(2**63 - 1)).any()):
            return values.astype(np.int64), empty, values > np.uint64(2**63 - 1)
        return values.astype(np.int64 if whole else np.float64), empty, np.zeros(len(values), dtype=np.bool_)
    cells = texts(sheet, column)
    empty = _is_empty(cells)
    fits = _matches(cells, _WHOLE if whole else _NUMBER)
    plain = pc.if_else(pa.array(fits), cells, "0")
    if whole:
        plain = pc.replace_substring_regex(pc.utf8_ltrim(plain, "+"), r"\.0*$", "")
        return _array(pc.cast(plain, pa.int64())), empty, ~fits & ~empty
    values = _array(pc.cast(pc.utf8_ltrim(plain, "+"), pa.float64()))
    huge = ~np.isfinite(values)
    return np.where(huge, 0.0, values), empty, (~fits & ~empty) | huge


def read_field(sheet: Sheet, name: str, spec: Column) -> NDArray[Any]:
    """A field's values (n,) in its own dtype; empty, odd and out-of-range cells are marked."""
    column = spec.column or name
    if spec.dtype == "text":
        return number_texts(sheet, (column,)).astype(np.int32)
    if spec.values is not None:
        values, empty, broken = _by_table(sheet, column, spec.values)
    elif spec.dtype == "bool":
        values, empty, broken = _truths(sheet, column)
    else:
        values, empty, broken = read_numbers(sheet, column, spec.dtype.startswith("int"))
    sheet.mark(broken, column, _expected(spec))
    if spec.empty is None:
        sheet.mark(empty, column, "empty")
    dtype = np.dtype(spec.dtype)
    usable = ~empty & ~broken
    if spec.low is not None:
        sheet.mark(usable & (values < spec.low), column, f"below {spec.low:g}")
    if spec.high is not None:
        sheet.mark(usable & (values > spec.high), column, f"above {spec.high:g}")
    if dtype.kind == "i":
        limits = np.iinfo(dtype)
        outside = (values < limits.min) | (values > limits.max)
        sheet.mark(usable & outside, column, f"does not fit {dtype}")
        values = np.where(outside, 0, values)
    filler = np.nan if spec.empty == "nan" else spec.empty or 0
    return np.where(empty, np.asarray(filler, dtype=dtype), values.astype(dtype))


def _expected(spec: Column) -> str:
    if spec.values is not None:
        return f"not one of {', '.join(sorted(spec.values)[:8])}"
    return {"b": "not true or false", "i": "not a whole number"}.get(
        np.dtype(spec.dtype).kind, "not a finite number"
    )


def _truths(sheet: Sheet, column: str) -> tuple[NDArray[Any], Bools, Bools]:
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pc.utf8_lower(texts(sheet, column))
    yes = _array(pc.is_in(cells, value_set=pa.array(_TRUE))).astype(np.bool_)
    no = _array(pc.is_in(cells, value_set=pa.array(_FALSE))).astype(np.bool_)
    empty = _is_empty(cells)
    return yes, empty, ~(yes | no | empty)


def _by_table(sheet: Sheet, column: str, table: Mapping[str, float]) -> tuple[NDArray[Any], Bools, Bools]:
    names = sorted(table)
    codes = read_codes(sheet, column, names)
    values = np.array([table[name] for name in names] + [0.0])[codes]
    empty = _is_empty(texts(sheet, column)) & (codes < 0)
    return values, empty, (codes < 0) & ~empty


def read_codes(sheet: Sheet, column: str, names: Sequence[str]) -> Ints:
    """The place (n,) of each cell's text among `names`, -1 where it is none of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = pc.index_in(texts(sheet, column), value_set=pa.array(list(names), pa.string()))
    return _array(pc.fill_null(codes, -1)).astype(np.int64)


def number_texts(sheet: Sheet, columns: Sequence[str]) -> Ints:
    """Texts of one or more columns, joined, numbered from 0 by first appearance in the file (n,); empty ones are bad.

    Numbers given to earlier rows do not change when rows are added at the end of the file.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [texts(sheet, column) for column in columns]
    for column, cells in zip(columns, parts, strict=True):
        sheet.mark(_is_empty(cells), column, "empty")
    joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "\x1f")
    encoded = joined.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return _array(encoded.indices).astype(np.int64)


def read_entities(sheet: Sheet, columns: Sequence[str]) -> Ints:
    """Entities (n,): one column of whole numbers as it is, anything else numbered by first appearance."""
    if len(columns) == 1:
        values, empty, broken = read_numbers(sheet, columns[0], whole=True)
        if not bool((broken & sheet.good).any()):
            sheet.mark(empty, columns[0], "empty")
            return values
    return number_texts(sheet, columns)


# --- instants -------------------------------------------------------------------------------------------------------


def read_instants(sheet: Sheet, spec: Instant, clock: Clock, optional: bool = False) -> Ints:
    """Instants (n,) in microseconds since the clock's start. An empty cell is NEVER if `optional`, else a bad one."""
    if spec.format in _SINCE_1970 or spec.format == "micros":
        since, empty, broken = read_numbers(sheet, spec.column, whole=True)
        if spec.format != "micros":
            factor = _SINCE_1970[spec.format]
            broken |= np.abs(since) > 2**61 // factor
            since = _since_start(_localised(np.where(broken, 0, since) * factor, spec.zone or "UTC"), clock)
        sheet.mark(broken, spec.column, f"not {spec.format}")
    else:
        since, empty = _read_dates(sheet, spec, clock)
    if not optional:
        sheet.mark(empty, spec.column, "empty, expected an instant")
    return np.where(empty, NEVER, since + spec.plus).astype(np.int64)


def _read_dates(sheet: Sheet, spec: Instant, clock: Clock) -> tuple[Ints, Bools]:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = sheet.column(spec.column)
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        aware = getattr(cells.type, "tz", None) is not None
        if aware and not spec.zone:
            raise BadLog(
                f"{sheet.name}: row 0, column '{spec.column}': carries the zone {cells.type.tz}, expected `zone:`"
            )
        empty = _array(pc.is_null(cells)).astype(np.bool_)
        plain = pc.cast(
            pc.cast(cells, pa.timestamp("us", getattr(cells.type, "tz", None)), safe=False), pa.int64()
        )
        since_1970 = _array(pc.fill_null(plain, 0)).astype(np.int64)
        return _since_start(_localised(since_1970, spec.zone) if aware else since_1970, clock), empty
    cells = texts(sheet, spec.column)
    empty = _is_empty(cells)
    carries = _matches(cells, _OFFSET) if spec.format == "iso" else np.full(len(cells), "%z" in spec.format)
    carries &= ~_matches(cells, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$") if spec.format == "iso" else True
    sheet.mark(
        carries & (spec.zone == "") & ~empty,
        spec.column,
        "carries an offset, expected `zone:` in the mapping",
    )
    sheet.mark(~carries & (spec.zone != "") & ~empty, spec.column, "carries no offset, as `zone:` expects")
    layout = "ISO8601" if spec.format == "iso" else spec.format
    series = pd.Series(_array(cells), dtype="str")
    parsed = pd.to_datetime(series, format=layout, errors="coerce", utc=True)
    broken = parsed.isna().to_numpy()
    what = (
        "not an instant of ISO 8601" if spec.format == "iso" else f"not an instant of the form {spec.format}"
    )
    sheet.mark(broken & ~empty, spec.column, what)
    since_1970 = parsed.dt.tz_localize(None).to_numpy(dtype="datetime64[us]").astype(np.int64)
    since_1970 = np.where(broken, 0, since_1970)
    return _since_start(_localised(since_1970, spec.zone) if spec.zone else since_1970, clock), empty


def _localised(since_1970: Ints, zone: str) -> Ints:
    """Local wall time of a zone for instants in UTC, both in microseconds since 1970-01-01."""
    if zone == "UTC":
        return since_1970
    import zoneinfo

    import pandas as pd

    try:
        local = pd.DatetimeIndex(since_1970.astype("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise BadLog(
            f"zone: '{zone}' is no IANA zone on this machine, expected one such as Europe/London"
        ) from None
    return np.asarray(local.tz_localize(None).to_numpy(dtype="datetime64[us]").astype(np.int64))


def _since_start(since_1970: Ints, clock: Clock) -> Ints:
    days = (clock.start - dt.date(1970, 1, 1)).days
    return np.asarray(since_1970 - days * UNITS["d"], dtype=np.int64)


def read_known(sheet: Sheet, spec: Known, t: Ints, clock: Clock) -> Ints:
    """Instants (n,) at which something is known, NEVER where it is not; before its own event t (n,) is marked bad."""
    if spec.at is not None:
        known, column = read_instants(sheet, spec.at, clock, optional=True), spec.at.column
    elif spec.lag is not None:
        lag, empty, broken = read_numbers(sheet, spec.lag, whole=False)
        broken |= np.abs(lag) * UNITS[spec.unit] > 2.0**60
        sheet.mark(broken, spec.lag, "not a lag")
        steps = np.round(np.where(broken, 0.0, lag) * UNITS[spec.unit]).astype(np.int64)
        known, column = np.where(empty, NEVER, t + steps), spec.lag
    else:
        known, column = t, "known"
    known = np.where(known >= NEVER, NEVER, known + spec.after)
    sheet.mark(known < t, column, "known before it happened")
    return known


# --- lists of instants ----------------------------------------------------------------------------------------------


def read_passings(sheet: Sheet, spec: Counter, steps: NDArray[np.float64]) -> NDArray[np.int16]:
    """How many instants of each row's list have passed at each step, (n, len(steps)); steps in the list's unit."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = texts(sheet, spec.column)
    n = len(cells)
    lists = pc.split_pattern(cells, spec.separator)
    row = _array(pc.list_parent_indices(lists)).astype(np.int64)
    items = pc.utf8_trim_whitespace(pc.list_flatten(lists))
    filled = ~_is_empty(cells)[row]
    row, items = row[filled], items.filter(pa.array(filled))
    negative = _matches(items, r"^-[0-9]+$")
    fits = _matches(items, r"^[0-9]{1,9}(\+[0-9]*)?$")
    sheet.mark(np.bincount(row[negative], minlength=n) > 0, spec.column, "an instant before the start")
    sheet.mark(np.bincount(row[~fits & ~negative], minlength=n) > 0, spec.column, "not a list of instants")
    row, items = row[fits], items.filter(pa.array(fits))
    whole = _array(pc.cast(pc.replace_substring_regex(items, r"\+[0-9]*$", ""), pa.int64())).astype(
        np.float64
    )
    instant = whole + 0.5 * _matches(items, r"\+")
    if spec.total is not None:
        total, empty, broken = read_numbers(sheet, spec.total, whole=True)
        sheet.mark(empty | broken, spec.total, "not a whole number")
        wrong = np.bincount(row, minlength=n) != total
        sheet.mark(wrong, spec.column, f"disagrees with {spec.total}")
    passed = np.zeros((n, len(steps)), dtype=np.int16)
    for k, step in enumerate(steps.tolist()):
        passed[:, k] = np.bincount(row[instant <= step], minlength=n)
    return passed
