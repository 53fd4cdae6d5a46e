"""Readings on disk: what each signal said at each look, by candidate and seed.

Knows: readings, Parquet. Does not know: signals, replays, when anything truly drifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.kinds import Reading
from sim.core.time import DAY, Micros

FILE = "signals.parquet"
COLUMNS = ("candidate", "seed", "desk", "signal", "subject", "day", "value", "threshold", "alarm", "onset")
"""day: days from goLive to the look; a look on day 1 is of the first scored day."""


def write(path: Path, candidate: str, seed: int, readings: Sequence[Reading], go_live: Micros) -> None:
    """Write a replay's readings, in the order in which they were made."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {
        "candidate": pa.array([candidate] * len(readings), pa.string()),
        "seed": pa.array([seed] * len(readings), pa.int64()),
        "desk": pa.array([r.desk for r in readings], pa.string()),
        "signal": pa.array([r.signal for r in readings], pa.string()),
        "subject": pa.array([r.subject for r in readings], pa.string()),
        "day": pa.array([(r.t - go_live) // DAY for r in readings], pa.int32()),
        "value": pa.array([r.value for r in readings], pa.float64()),
        "threshold": pa.array([r.threshold for r in readings], pa.float64()),
        "alarm": pa.array([r.alarm for r in readings], pa.bool_()),
        "onset": pa.array([r.onset for r in readings], pa.bool_()),
    }
    pq.write_table(pa.table(columns), path, compression="zstd")


def read(folder: Path) -> Any:
    """The readings of a run as a table of pandas, empty where nothing was monitored."""
    import pandas as pd

    place = folder / FILE
    return pd.read_parquet(place) if place.is_file() else pd.DataFrame(columns=list(COLUMNS))
