"""Several desks, one judge: the counts of a replay's ledgers put together.

Knows: ledgers' counts and entities, kinds of question. Does not know: metrics, charters, files.

Each kind of question has its own ledger, and a metric is counted in each whose columns it needs. Under `all`, and under
every slice of the world, the counts of those ledgers add up; under `desk=<kind>` they stand by themselves. A metric
that both acts and quotes could answer is counted over the acts alone: an action and a price are not the same event.
A metric may say that it is counted of both alike (`by_desk`): how long an answer took is that of either.
A world with one kind of question has no slice `desk`, and its counts are its ledger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.kinds import BIN
from sim.core.world import Slice

if TYPE_CHECKING:
    from harness.ledger import Ledger

DESK = "desk"
"""The slice by desk, which every world with several kinds of question has."""

Row = tuple[int, str, str, str, float, float, int]
"""Day since goLive, metric, slice's label, view, numerator, denominator, distinct entities of the label."""


class Merged(NamedTuple):
    """What a replay counted. entities: by label; unmeasured: why, by metric."""

    rows: list[Row]
    entities: dict[str, int]
    unmeasured: dict[str, str]


def with_desks(slices: Mapping[str, Slice], kinds: Iterable[str]) -> dict[str, Slice]:
    """A world's slices, and the one by desk where there are several."""
    names = tuple(kinds)
    return dict(slices) | ({DESK: Slice(DESK, "", names)} if len(names) > 1 else {})


def merged(ledgers: Mapping[str, Ledger]) -> Merged:
    """The counts of all ledgers of one replay, closed."""
    if len(ledgers) == 1:
        (one,) = ledgers.values()
        sizes = one.entities()
        return Merged([(*row, sizes.get(row[2], 0)) for row in one.counts], sizes, dict(one.unmeasured))
    counted = _counted(ledgers)
    crowds: dict[tuple[tuple[str, ...], str], int] = {}

    def crowd(desks: tuple[str, ...], label: str) -> int:
        if (desks, label) not in crowds:
            crowds[desks, label] = _distinct([ledgers[desk] for desk in desks], label)
        return crowds[desks, label]

    rows: list[Row] = []
    entities: dict[str, int] = {}
    for desk, ledger in ledgers.items():
        entities[f"{DESK}={desk}"] = crowd((desk,), "all")
        for row in ledger.counts:
            day, metric, label, view, top, bottom = row
            desks = counted.get(metric, ())
            if desk not in desks:
                continue
            rows.append((*row, crowd(desks, label)))
            if label == "all":
                rows.append((day, metric, f"{DESK}={desk}", view, top, bottom, crowd((desk,), label)))
            elif label.startswith(BIN):
                rows.append((day, metric, f"{DESK}={desk}/{label}", view, top, bottom, 0))
    for (_, label), size in crowds.items():
        entities[label] = max(entities.get(label, 0), size)
    told: dict[str, str] = {}
    for ledger in ledgers.values():
        for metric, why in ledger.unmeasured.items():
            if metric not in counted:
                told[metric] = min(told.get(metric, why), why, key=len)  # the desk that comes closest to it
    return Merged(rows, entities, told)


def _counted(ledgers: Mapping[str, Ledger]) -> dict[str, tuple[str, ...]]:
    """The desks over which each metric is counted."""
    found: dict[str, list[str]] = {}
    for desk, ledger in ledgers.items():
        for metric in sorted(ledger.measured):
            found.setdefault(metric, []).append(desk)

    def counted(metric: str, desks: list[str]) -> list[str]:
        if ledgers[desks[0]].metrics[metric].spec.by_desk:
            return desks
        return [desk for desk in desks if ledgers[desk].kind.form == "act"] or desks

    return {metric: tuple(counted(metric, desks)) for metric, desks in found.items()}


def _distinct(ledgers: list[Ledger], label: str) -> int:
    """Distinct entities of a label over several desks: a match that two desks quote is one match."""
    by_kind: dict[str, list[np.ndarray]] = {}
    for ledger in ledgers:
        found = ledger.crowd(label)
        if found is not None:
            by_kind.setdefault(ledger.kind.entity, []).append(found)
    return sum(len(np.unique(np.concatenate(parts))) for parts in by_kind.values())
