"""A sheet: a CSV or Parquet file as columns of cells, its rows numbered, its bad rows counted by reason.

Knows: files, cells, row numbers (row 1 is the first after a CSV's header). Does not know: what a column means.

Nothing is dropped in silence: a row leaves by `Sheet.mark`, which counts it once, under the first reason found, and
keeps the first examples with row and column. Reasons are in the order of the mapping, not of the file.
"""

from __future__ import annotations

import csv as comma_separated
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.errors import BadLog, closest

Bools = NDArray[np.bool_]
EXAMPLES = 10


class Example(NamedTuple):
    """One bad row: its number, the column, the cell as it stands in the file, what is wrong with it."""

    row: int
    column: str
    cell: str
    what: str


def locate(path: str) -> Path:
    """The file that a mapping means; a relative path starts in the working directory. Raises BadLog."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise BadLog(f"{file}: row 0, column 0: no such file, expected a CSV or Parquet log")
    return file


class Sheet:
    """The columns of one file (n rows). `number` (n,): rows in the file; `reason` (n,): 0 where a row is good."""

    def __init__(self, name: str, columns: Mapping[str, Any], number: NDArray[np.int64]) -> None:
        self.name = name
        self._columns = dict(columns)
        self.number = number
        self.reason = np.zeros(len(number), dtype=np.int16)
        self._reasons: list[tuple[str, str]] = []
        self._ragged: list[Example] = []
        self._ragged_count = 0

    def __len__(self) -> int:
        return len(self.number)

    def column(self, name: str) -> Any:
        """The cells of a column, as a pyarrow array (n,). Raises BadLog when it is missing."""
        if name not in self._columns:
            raise BadLog(
                f"{self.name}: row 0 (header), column '{name}': missing{closest(name, self._columns)}"
            )
        return self._columns[name]

    def take_bytes(self, name: str, cells: Any) -> None:
        """Add a column of bytes as text; cells that are not UTF-8 are bad ones."""
        import pyarrow as pa

        try:
            self._columns[name] = cells.cast(pa.string())
        except pa.ArrowInvalid:
            text = [cell.as_py().decode("utf-8", "replace") for cell in cells]
            broken = np.array([cell.as_py() != t.encode() for cell, t in zip(cells, text, strict=True)])
            self._columns[name] = pa.array(text, pa.string())
            self.mark(broken, name, "not UTF-8 text (encoding names another)")

    def join(self, other: Sheet, here: NDArray[np.int64], there: NDArray[np.int64]) -> None:
        """Add the columns of another sheet by its rows' ids `there` (m,) to the rows with ids `here` (n,); cells of
        rows that it does not have are empty. Raises BadLog when an id stands there twice."""
        import pyarrow as pa

        rows = np.argsort(there, kind="stable")
        again = np.flatnonzero(there[rows][1:] == there[rows][:-1])
        if len(again):
            row = int(other.number[rows[again[0] + 1]])
            raise BadLog(
                f"{other.name}: row {row}, column 'id': {there[rows[again[0]]]} again, expected each id once"
            )
        if not len(other):
            other.require(0.0)
        place = np.minimum(np.searchsorted(there[rows], here), len(rows) - 1)
        found = there[rows][place] == here
        taken = pa.array(rows[place], mask=~found)
        for name, cells in other._columns.items():
            if name not in self._columns:
                self._columns[name] = cells.take(taken)

    def mark(self, bad: Bools, column: str, what: str) -> None:
        """Take rows (n,) out for a reason; a row that is out already stays under its first reason."""
        fresh = bad & (self.reason == 0)
        if not bool(fresh.any()):
            return
        pair = (column, what)
        if pair not in self._reasons:
            self._reasons.append(pair)
        self.reason[fresh] = self._reasons.index(pair) + 1

    def ragged(self, row: int, cells: int, expected: int, text: str) -> None:
        """Count a row with too many or too few cells, which never became a row of columns."""
        self._ragged_count += 1
        if len(self._ragged) < EXAMPLES:
            what = f"{cells} cells, expected {expected}"
            self._ragged.append(Example(row, f"{min(cells, expected) + 1}", _short(text), what))

    @property
    def good(self) -> Bools:
        """Rows (n,) that nothing has been found against."""
        return np.asarray(self.reason == 0)

    def bad_rows(self) -> dict[str, int]:
        """How many rows each reason took, in the order in which the reasons were found."""
        counts = np.bincount(self.reason, minlength=len(self._reasons) + 1)[1:]
        found = {
            f"{column}: {what}": int(n) for (column, what), n in zip(self._reasons, counts, strict=True) if n
        }
        return {"row: wrong number of cells": self._ragged_count, **found} if self._ragged_count else found

    def examples(self) -> list[Example]:
        """The first bad rows of the file, at most 10."""
        found = list(self._ragged)
        for i in np.flatnonzero(self.reason)[:EXAMPLES].tolist():
            column, what = self._reasons[self.reason[i] - 1]
            cell = self._columns[column][i].as_py() if column in self._columns else ""
            found.append(
                Example(int(self.number[i]), column, _short("" if cell is None else str(cell)), what)
            )
        return sorted(found)[:EXAMPLES]

    def require(self, max_bad_share: float) -> None:
        """Raise BadLog if nothing is left, or if more than the allowed share of all rows is bad."""
        total = len(self) + self._ragged_count
        bad = int((~self.good).sum()) + self._ragged_count
        if total == 0:
            raise BadLog(f"{self.name}: row 1, column 1: empty, expected at least one row")
        if bad <= max_bad_share * total:
            return
        row, column, cell, what = self.examples()[0]
        raise BadLog(
            f"{self.name}: row {row}, column '{column}': '{cell}': {what}; "
            f"{bad} of {total} rows are bad ({bad / total:.2%}), allowed {max_bad_share:.2%} (maxBadShare)"
        )


def _short(text: str) -> str:
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= 60 else clean[:57] + "..."


def digest_of(file: Path) -> str:
    """SHA-256 of a file's bytes. Raises BadLog when it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadLog(f"{file}: row 0, column 0: cannot be read: {error.strerror}") from None


def header_of(file: Path, encoding: str = "utf8", delimiter: str = ",") -> list[str]:
    """Names of a file's columns, in order. Raises BadLog."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not _is_parquet(file):
        return _header(file, encoding, delimiter)
    try:
        return list(pq.read_schema(file).names)
    except (pa.ArrowException, OSError) as error:
        raise BadLog(f"{file.name}: row 0, column 0: {_plain(error, file)}") from None


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() in (".parquet", ".pq")


def open_sheet(file: Path, wanted: Sequence[str], encoding: str = "utf8", delimiter: str = ",") -> Sheet:
    """Read the wanted columns of a file: `.parquet` or `.pq` is Parquet, anything else CSV. Raises BadLog."""
    import pyarrow as pa

    try:
        if _is_parquet(file):
            sheet = _parquet(file, wanted)
        else:
            sheet = _csv(file, wanted, encoding, delimiter)
    except (pa.ArrowException, OSError, LookupError) as error:
        raise BadLog(f"{file.name}: row 0, column 0: {_plain(error, file)}") from None
    if not len(sheet):
        sheet.require(0.0)
    return sheet


def _plain(error: Exception, file: Path) -> str:
    if file.stat().st_size == 0:
        return "empty, expected a CSV or Parquet log"
    text = " ".join(str(error).split())
    return f"cannot be read: {_short(text)}"


def _parquet(file: Path, wanted: Sequence[str]) -> Sheet:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as parquet:
        names = parquet.schema_arrow.names
        _refuse_header(file.name, names, wanted)
        table = parquet.read(columns=list(dict.fromkeys(wanted)))
    columns = {name: _whole(table.column(name)) for name in table.column_names}
    return Sheet(file.name, columns, np.arange(1, table.num_rows + 1, dtype=np.int64))


def _whole(cells: Any) -> Any:
    """One array without chunks, dictionaries decoded."""
    import pyarrow as pa

    array = cells.combine_chunks()
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _csv(file: Path, wanted: Sequence[str], encoding: str, delimiter: str) -> Sheet:
    import pyarrow as pa
    from pyarrow import csv

    names = list(dict.fromkeys(wanted))
    _refuse_header(file.name, _header(file, encoding, delimiter), names)
    odd: list[Any] = []

    def skip(row: Any) -> str:
        odd.append(row)
        return "skip"

    table = csv.read_csv(
        file,
        csv.ReadOptions(use_threads=False, encoding=encoding, block_size=1 << 24),
        csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
        csv.ConvertOptions(include_columns=names, column_types={name: pa.binary() for name in names}),
    )
    out = np.array([row.number - 1 for row in odd], dtype=np.int64)
    number = np.setdiff1d(
        np.arange(1, table.num_rows + len(odd) + 1, dtype=np.int64), out, assume_unique=True
    )
    sheet = Sheet(file.name, {}, number)
    for row in odd:
        sheet.ragged(int(row.number) - 1, row.actual_columns, row.expected_columns, row.text)
    for name in names:
        sheet.take_bytes(name, _whole(table.column(name)))
    return sheet


def _header(file: Path, encoding: str, delimiter: str) -> list[str]:
    codec = "utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding
    try:
        with file.open(encoding=codec, newline="", errors="replace") as stream:
            header = next(comma_separated.reader(stream, delimiter=delimiter), [])
    except (comma_separated.Error, LookupError, OSError) as error:
        raise BadLog(f"{file.name}: row 0, column 0: {_plain(error, file)}") from None
    if not header:
        raise BadLog(f"{file.name}: row 0, column 0: empty, expected a header")
    return header


def _refuse_header(file: str, header: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise BadLog when a wanted column is missing or stands there twice."""
    for name in wanted:
        count = list(header).count(name)
        if count == 0:
            raise BadLog(f"{file}: row 0 (header), column '{name}': missing{closest(name, header)}")
        if count > 1:
            raise BadLog(
                f"{file}: row 0 (header), column '{name}': stands there {count} times, expected once"
            )
