"""The world alone, written to files: events, news and truth as Parquet, and what was really injected.

Knows: a world, Parquet. Does not know: models, charters. Nothing is decided: every event passes.
Files: events.parquet (the question's rows), outcomes.parquet, truth.parquet, news-<stream>.parquet,
ground_truth.parquet, description.json. Rows are in time order; equal scenario and seed give equal rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.core.decisions import Decisions, Quotes
from sim.core.events import Block
from sim.core.time import Micros
from sim.core.world import World


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
    """Run a world to its end with nothing deployed, into `folder` (made if missing). Answers rows per file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    sinks: dict[str, _Sink] = {}

    def put(name: str, block: Block) -> None:
        if name not in sinks:
            sinks[name] = _Sink(folder / f"{name}.parquet")
        sinks[name].add(block)

    def hear(until: Micros) -> None:
        for item in world.news(until=until):
            put(f"news-{item.stream}", item.block)

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
    for sink in sinks.values():
        sink.close()
    rows = [row._asdict() for row in world.ground_truth()]
    names = ("kind", "name", "onset", "end", "magnitude", "entities")
    pq.write_table(pa.table({n: [row[n] for row in rows] for n in names}), folder / "ground_truth.parquet")
    text = json.dumps(world.describe(), indent=2, sort_keys=True, default=float) + "\n"
    (folder / "description.json").write_text(text, encoding="utf-8")
    return {name: sink.rows for name, sink in sorted(sinks.items())}


def _even(n: int, k: int) -> Any:
    import numpy as np

    return np.full((n, k), 1.0 / k)
