"""The world alone, written to files: events, news and truth as Parquet, and what was really injected.

Knows: a world, Parquet. Does not know: models, charters. Nothing is decided: every event passes.
Files: events.parquet (the question's rows), outcomes.parquet, truth.parquet, news-<stream>.parquet,
ground_truth.parquet, description.json. Rows are in time order; equal scenario and seed give equal bytes.
Files are named `*.part` until all of them are whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.core.decisions import Decisions, Quotes
from sim.core.errors import UserError
from sim.core.events import Block
from sim.core.time import Micros
from sim.core.world import World

PART = ".part"
_NAMES = ("description.json", "events.parquet", "outcomes.parquet", "truth.parquet", "ground_truth.parquet")


class _Sink:
    """One Parquet file, written in row groups as blocks come."""

    GROUP = 250_000

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._writer: Any = None
        self._held: list[Any] = []
        self._held_rows = 0

    def add(self, block: Block, drop: tuple[str, ...] = ()) -> None:
        """Append a block."""
        import pyarrow as pa

        if self._writer is None and not self._held:
            self._held.append(pa.table({n: c[:0] for n, c in block.columns.items() if n not in drop}))
        if not len(block):
            return
        self._held.append(pa.table({n: c for n, c in block.columns.items() if n not in drop}))
        self._held_rows += len(block)
        if self._held_rows >= self.GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._held:
            return
        table = pa.concat_tables(self._held)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
        self._writer.write_table(table)
        self.rows += len(table)
        self._held, self._held_rows = [], 0

    def close(self) -> None:
        """Write what is held and end the file."""
        self._flush()
        if self._writer is not None:
            self._writer.close()


def simulate(
    world: World, folder: Path, progress: Callable[[Micros], None] = lambda t: None
) -> dict[str, int]:
    """Run a world to its end with nothing deployed, into `folder` (made if missing). Answers rows per file.

    What an earlier simulation left there is replaced. Raises UserError where the folder cannot be written; whatever is
    raised, no file is left that looks finished.
    """
    begun: list[Path] = []

    def place(name: str) -> Path:
        begun.append(folder / (name + PART))
        return begun[-1]

    try:
        str(folder).encode()  # Parquet's library takes no other names
        folder.mkdir(parents=True, exist_ok=True)
        rows = _write(world, place, progress)
        for name in (*_NAMES, *(path.name for path in folder.glob("news-*.parquet"))):
            (folder / name).unlink(missing_ok=True)
        for part in begun:
            part.replace(part.with_name(part.name.removesuffix(PART)))
    except BaseException as error:
        for part in begun:
            part.unlink(missing_ok=True)
        if isinstance(error, UnicodeEncodeError):
            raise UserError(f"{folder}: cannot be written (a name that is not UTF-8)") from error
        if isinstance(error, OSError) and error.errno:
            raise UserError(f"{folder}: cannot be written ({os.strerror(error.errno).lower()})") from error
        raise
    return rows


def _write(world: World, place: Callable[[str], Path], progress: Callable[[Micros], None]) -> dict[str, int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sinks: dict[str, _Sink] = {}

    def put(name: str, block: Block) -> None:
        if name not in sinks:
            sinks[name] = _Sink(place(f"{name}.parquet"))
        sinks[name].add(block)

    def hear(until: Micros) -> None:
        for item in world.news(until=until):
            put(f"news-{item.stream}", item.block)

    for name, schema in sorted(world.streams.items()):
        put(f"news-{name}", schema.empty())
    while True:
        hear(world.now)
        questions = world.advance()
        if questions is None:
            break
        for question in questions:
            settled = (
                world.settle(Decisions.passing(question.block["id"])) if question.form == "act" else None
            )
            if settled is None:
                k = len(world.kinds[question.kind].outcomes)
                settled = world.publish(Quotes(question.block["id"], _even(len(question.block), k)))
            put("events", question.block)
            put("outcomes", settled.outcomes.block)
            put("truth", settled.truth.block)
        progress(world.now)
    hear(world.end)
    progress(world.end)
    for sink in sinks.values():
        sink.close()
    kinds = {"kind": "string", "name": "string", "onset": "int64", "end": "int64"}
    form = pa.schema(list({**kinds, "magnitude": "float64", "entities": "int64"}.items()))
    table = pa.Table.from_pylist([row._asdict() for row in world.ground_truth()], schema=form)
    pq.write_table(table, place("ground_truth.parquet"))
    text = json.dumps(world.describe(), indent=2, sort_keys=True, default=float) + "\n"
    place("description.json").write_text(text, encoding="utf-8", newline="\n")
    return {name: sink.rows for name, sink in sorted(sinks.items())}


def _even(n: int, k: int) -> Any:
    import numpy as np

    return np.full((n, k), 1.0 / k)
