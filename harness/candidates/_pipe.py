"""A program that scores: one process that lives as long as its replay, Arrow IPC in on stdin and out on stdout.

Knows: processes, Arrow's stream format, time-outs. Does not know: features, what the program computes.

To the program goes one Arrow stream: a schema, then a record batch for each block of rows, float32 columns by the
features' names. From it comes one Arrow stream: for each batch one with as many rows, whose column of floats is the
score (for k > 2 outcomes, k columns in order). What it writes to stderr is kept, and its last line told if it fails.
"""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Matrix
from sim.core.errors import UserError

GRACE_S = 5.0
"""How long a program may take to end once its stdin is closed."""


class Pipe:
    """A running program. Raises UserError where it cannot be started."""

    def __init__(
        self, words: Sequence[str], folder: Path, names: Sequence[str], timeout_s: float, who: str
    ) -> None:
        import pyarrow as pa

        self.who, self.timeout_s = who, timeout_s
        self._schema = pa.schema([pa.field(name, pa.float32()) for name in names])
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        try:
            self._process = subprocess.Popen(
                list(words), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
            )
        except OSError as error:
            self._said.close()
            raise UserError(f"{who} cannot be started: {error.strerror or error}") from None
        self._writer: Any = None
        self._reader: Any = None
        self._late = False
        self._end = weakref.finalize(self, _end, self._process, self._said)

    def ask(self, x: Matrix) -> NDArray[np.float64]:
        """The columns (n, c) that the program answers for rows x (n, k). Raises UserError in one line where it dies,
        says nothing in time, or answers what is no Arrow, or another number of rows."""
        import pyarrow as pa

        watch = threading.Timer(self.timeout_s, self._give_up)
        watch.daemon = True
        watch.start()
        try:
            batch = pa.record_batch(
                [pa.array(column) for column in np.ascontiguousarray(x.T)], schema=self._schema
            )
            if self._writer is None:
                self._writer = pa.ipc.new_stream(self._process.stdin, self._schema)
            self._writer.write_batch(batch)
            assert self._process.stdin is not None
            self._process.stdin.flush()
            if self._reader is None:
                self._begins_as_arrow()
                self._reader = pa.ipc.open_stream(self._process.stdout)
            answer = self._reader.read_next_batch()
        except (pa.ArrowInvalid, OSError, StopIteration, ValueError) as error:
            raise UserError(self._why(error)) from None
        finally:
            watch.cancel()
        if answer.num_rows != len(x):
            raise UserError(f"{self.who} answered {answer.num_rows} scores for {len(x)} rows")
        for column in answer.schema:
            if not pa.types.is_floating(column.type):
                raise UserError(f"{self.who} answered '{column.name}' of type {column.type}, expected floats")
        columns = [
            np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64) for column in answer.columns
        ]
        return np.stack(columns, axis=1) if columns else np.empty((len(x), 0))

    def close(self) -> None:
        """End the program: its stdin is closed, and it is killed where that does not end it."""
        self._end()

    def _begins_as_arrow(self) -> None:
        """Raise ValueError where the answer's first bytes are no stream: text would be taken for a length, and waited
        for."""
        begin = self._process.stdout.peek(1)[:4]  # type: ignore[union-attr]
        if begin and begin != b"\xff\xff\xff\xff"[: len(begin)]:
            raise ValueError(f"it begins with {begin!r}")

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def _why(self, error: BaseException) -> str:
        if self._late:
            return f"{self.who} answered nothing for {self.timeout_s:g} s (timeout)"
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        code = self._process.returncode
        if code is None:
            self._process.kill()
            return (
                f"{self.who} answered what is no Arrow stream: {(str(error).splitlines() or [''])[0][:120]}"
            )
        told = _last_line(self._said)
        end = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"{self.who} {end}" + (f": {told}" if told else " without answering")


def _last_line(said: IO[bytes]) -> str:
    said.seek(0, 2)
    said.seek(max(0, said.tell() - 4_000))
    lines = [line.strip() for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:200] if lines else ""


def _end(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    said.close()
