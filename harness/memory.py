"""What a desk had been told of an event's keys when it decided, and what it was told of the event afterwards.

Knows: news and questions as they pass, the streams and keys that features read. Does not know: truth, models, why an
event is looked at.

An item counts for a feature from its delivery on: the tick that brings it. Both instants are told, that at which the
feed made it known and that at which the desk could first use it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.featurizer import SIGNALLING, Featurizer, Source
from harness.kinds import Rows
from sim.core.events import Block
from sim.core.time import DAY, Micros
from sim.core.world import QuestionKind, World

Ints = NDArray[np.int64]
MOST_LATER = 40
"""Items told of one event."""
MOST_OTHER_DAYS = 5
"""Of them, labels of its entity on other days."""


class Kept(NamedTuple):
    """Items (n,) of one source: instant, when the feed made it known, when it was delivered, keys (w, n)."""

    t: Ints
    known: Ints
    delivered: Ints
    keys: Ints


class Memory:
    """The items that features read, for as long as their longest window."""

    def __init__(self, world: World, kind: str, hints: Mapping[str, Ints] | None) -> None:
        """hints: by question column the only values that matter; all without it. kind "" remembers nothing."""
        self.order = world.kinds[kind].schema.order if kind else "t"
        self.feeds = {feed.stream: feed for feed in world.feeds if feed.stream}
        self.hints = hints
        self.alive = bool(kind)
        self._windows: dict[Source, Micros] = {}
        self._kept: dict[Source, list[Kept]] = {}

    def follow(self, featurizers: Sequence[Featurizer]) -> None:
        """Remember what these read."""
        for one in featurizers if self.alive else ():
            for feature in one.parts().features.values():
                for need, (source, _) in zip(feature.needs, feature.rows, strict=True):
                    self._windows[source] = max(self._windows.get(source, 0), need.window)
        self._kept = {source: [] for source in self._windows}

    def heard(self, stream: str, rows: Rows, now: Micros) -> None:
        """News, delivered at the tick that starts `now`."""
        if len(rows):
            delivered = np.full(len(rows), now, dtype=np.int64)
            self._take(stream, rows.columns, rows["t"], rows["known_at"], delivered)

    def asked(self, block: Block) -> None:
        """Question rows: each is a known attempt from its own instant on."""
        if len(block):
            t = block[self.order]
            self._take(SIGNALLING, block.columns, t, t, t)

    def _take(
        self, stream: str, columns: Mapping[str, NDArray[Any]], t: Ints, known: Ints, delivered: Ints
    ) -> None:
        for source, kept in self._kept.items():
            feed, by, at = source
            if feed != stream:
                continue
            keys = np.array([columns[name] for name in by], dtype=np.int64)
            rows = np.ones(len(t), dtype=np.bool_)
            for column, key in zip(at, keys, strict=True):
                if self.hints is not None and column in self.hints:
                    rows &= np.isin(key, self.hints[column])
            if rows.any():
                kept.append(Kept(t[rows], known[rows], delivered[rows], keys[:, rows]))
                self._settle(kept, int(delivered[0]) - self._windows[source])

    @staticmethod
    def _settle(kept: list[Kept], horizon: Micros) -> None:
        """Keep few parts, of falling size, and nothing that no window holds: they are looked through for each event."""
        while len(kept) > 1 and len(kept[-2].t) <= 2 * len(kept[-1].t):
            new, old = kept.pop(), kept.pop()
            stays = slice(int(np.searchsorted(old.delivered, horizon)), None)
            halves = zip((*old[:3], old.keys.T), (*new[:3], new.keys.T), strict=True)
            t, known, delivered, keys = (np.concatenate([a[stays], b]) for a, b in halves)
            kept.append(Kept(t, known, delivered, keys.T))

    def known(self, featurizer: Featurizer, one: Block) -> list[dict[str, Any]]:
        """For each feed and key that features read: how many items there were, and the newest; `one`: the event."""
        t = int(one[self.order][0])
        told = []
        for source in dict.fromkeys(s for f in featurizer.parts().features.values() for s, _ in f.rows):
            feed, by, at = source
            window = self._windows[source]
            keys = [int(one[name][0]) for name in at]
            items = [self._of(part, keys, t, window) for part in self._kept[source]]
            count = sum(len(part.t) for part in items)
            last = next((part for part in reversed(items) if len(part.t)), None)
            told.append({
                "feed": feed, "by": list(by), "key": dict(zip(at, keys, strict=True)), "window": window,
                "delay": self.feeds[feed].delay if feed in self.feeds else "at the event itself",
                "items": count,
                "newest": None if last is None else {
                    "t": int(last.t[-1]), "knownAt": int(last.known[-1]), "delivered": int(last.delivered[-1]),
                },
            })  # fmt: skip
        return told

    def _of(self, part: Kept, keys: Sequence[int], t: Micros, window: Micros) -> Kept:
        first, last = np.searchsorted(part.delivered, (t - window, t)).tolist()
        part = Kept(
            part.t[first:last], part.known[first:last], part.delivered[first:last], part.keys[:, first:last]
        )
        mine = np.ones(len(part.t), dtype=np.bool_)
        for place, key in enumerate(keys):
            mine &= part.keys[place] == key
        return Kept(part.t[mine], part.known[mine], part.delivered[mine], part.keys[:, mine])


def tell_later(kind: QuestionKind, stream: str, rows: Rows, found: Mapping[int, dict[str, Any]]) -> None:
    """Put news that concerns events that were decided into their dossiers: of the event itself, labels of its unit or
    entity, and redress."""
    if not len(rows) or kind.entity not in rows:
        return
    by_entity: dict[int, list[int]] = {}
    for event, told in found.items():
        by_entity.setdefault(told["entity"], []).append(event)
    entity = rows[kind.entity]
    hits = np.flatnonzero(np.isin(entity, np.fromiter(by_entity, dtype=np.int64)))
    label = any(channel.stream == stream for channel in kind.labels)
    left_out = {"known_at", "t", "id", kind.entity, "exempt"}
    for row in hits.tolist():
        for event in by_entity[int(entity[row])]:
            told = found[event]
            about = _about(kind, label or "cleared" in rows, rows, row, event, told)
            later = told["later"]
            other = about == OTHER_DAY and sum(i["about"] == OTHER_DAY for i in later) >= MOST_OTHER_DAYS
            if about and not other and len(later) < MOST_LATER:
                values = {n: c[row].item() for n, c in rows.columns.items() if n not in left_out}
                at = {"t": int(rows["t"][row]), "knownAt": int(rows["known_at"][row])}
                later.append({"stream": stream, "about": about, "label": label, **at, "values": values})


OTHER_DAY = "its entity, another day"


def _about(kind: QuestionKind, tells: bool, rows: Rows, row: int, event: int, told: Mapping[str, Any]) -> str:
    """What of the event an item is about; "" for nothing of it."""
    same_day = int(rows["t"][row]) // DAY == told["t"] // DAY
    if int(rows["id"][row]) == event and (same_day or kind.unit != "entity-day"):
        return "the event"
    if not tells:
        return ""
    if kind.unit == "entity-day":
        return "its entity, the same day" if same_day else OTHER_DAY
    return "its entity"
