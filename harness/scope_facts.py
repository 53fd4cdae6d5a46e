"""What a charter and a catalogue say of feeds, beside what histories show: permissions, lateness, promises kept.

Knows: schemas, charters, histories. Does not know: skill, scopes, tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from harness.charter import Charter
from harness.feed_quality import FieldQuality, StreamQuality
from harness.prelaunch import History
from harness.trial import Loaded
from sim.core import plugins
from sim.core.events import Field, Schema
from sim.core.records import in_days
from sim.core.time import DAY, HOUR, MINUTE, SECOND, Micros
from sim.core.world import QuestionKind


def permission(column: Field, stream: str, charter: Charter) -> str:
    """Whether a field may be used, and why not, by the schema and the charter."""
    if column.sensitive:
        return "no: sensitive"
    for one in charter.spec.excluded_attributes:
        if one.name == column.name:
            return "no: excluded by the charter"
    held = [
        c.purpose
        for c in charter.spec.data_constraints
        if c.purpose
        and column.name not in ("id", "t")
        and (c.field == column.name or c.feed in (stream, column.feed))
    ]
    if column.purposes and held and not set(held) & set(column.purposes):
        return f"no: held for {', '.join(held)}, allowed for {', '.join(column.purposes)}"
    purposes = column.purposes or tuple(held)
    return f"for {', '.join(dict.fromkeys(purposes))}" if purposes else "yes"


def kept_for(stream: str, charter: Charter) -> str:
    """For how long a stream's items may be kept."""
    for one in charter.spec.data_constraints:
        if one.feed == stream and one.retention is not None:
            return in_days(one.retention)
    return "" if charter.spec.retention is None else in_days(charter.spec.retention)


def all_feeds(loaded: Loaded, histories: Sequence[History]) -> Iterator[tuple[str, Schema, StreamQuality]]:
    """Questions and streams of the world, each with what the first seed showed of it."""
    first = histories[0]
    world = plugins.load("world", loaded.scenario.spec.world.use)
    kinds: Mapping[str, QuestionKind] = getattr(world, "kinds", {})
    for name, desk in first.desks.items():
        if name in kinds:
            yield name, kinds[name].schema, desk.rows
    for name, schema in getattr(world, "streams", {}).items():
        if name in first.streams:
            yield name, schema, first.streams[name]


def columns_of(schema: Schema, quality: StreamQuality) -> Iterator[tuple[Field, FieldQuality]]:
    """The fields that say something, each with its quality; of the name of a thing nothing is compared."""
    found = {one.name: one for one in quality.fields}
    for column in schema.fields:
        if column.name not in ("id", "t", schema.order):
            yield column, found.get(column.name, FieldQuality(column.name, 0.0, None, None))


def delays_of(histories: Sequence[History], stream: str) -> tuple[Micros | None, Micros | None]:
    """Lateness of half and of 95 % of a stream's items over the seeds; None where there are none."""
    all_ = [one.streams[stream].delays for one in histories if stream in one.streams]
    together = np.concatenate(all_) if all_ else np.empty(0)
    if not len(together):
        return None, None
    return int(np.quantile(together, 0.5)), int(np.quantile(together, 0.95))


def arrivals(histories: Sequence[History]) -> dict[str, list[float]]:
    """Lateness of each stream that has any, in seconds, at the 0th to the 100th hundredth."""
    found = {}
    for name in histories[0].streams:
        together = np.concatenate([one.streams[name].delays for one in histories])
        if len(together):
            found[name] = (np.quantile(together, np.linspace(0, 1, 101)) / SECOND).tolist()
    return found


def declared(charter: Charter, histories: Sequence[History], stream: str) -> str:
    """Whether a stream is as early as the charter says: yes, what is later, or nothing where it says nothing."""
    for one in charter.spec.data_constraints:
        if one.feed != stream or one.available_after is None:
            continue
        p50, p95 = delays_of(histories, stream)
        if p50 is None or p95 is None:
            return "nothing came"
        after = one.available_after
        late = [
            f"p{q} {span(seen)}, later than {span(said)}"
            for q, seen, said in ((50, p50, after.p50), (95, p95, after.p95))
            if seen > said
        ]
        return "; ".join(late) or "yes"
    return ""


def span(time: Micros) -> str:
    """A span as people say it: 2.1 h."""
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if time >= unit:
            return f"{time / unit:.3g} {name}"
    return f"{time / SECOND:.3g} s"
