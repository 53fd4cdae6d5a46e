"""The rules of consent and retention: whom a withdrawal is about, and for how long rows to learn from may be kept.

Knows: label rules in a scenario, a charter's retention, the questions that a world declares. Does not know: units, what
is trained on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from sim.core.checking import indices, readable
from sim.core.documents import Document
from sim.core.errors import Fault, closest
from sim.core.places import Key, shown
from sim.core.records import Span, in_days
from sim.core.world import QuestionKind

TRIAL: Key = ("spec", "trial")


def examine_playbook(charter: Document) -> Iterator[Fault]:
    """Faults of retrains that would look further back than rows to learn from are kept."""
    kept = readable(charter, Span, ("spec", "trainingRetention"))
    for step in indices(charter, ("spec", "playbook")) if kept is not None else ():
        yield from _within(charter, (*step, "training", "window"), kept)


def _within(document: Document, place: Key, kept: int) -> Iterator[Fault]:
    window = readable(document, Span, place)
    if window is not None and window > kept:
        what = f"expected at most {in_days(kept)}, for which the charter keeps rows to learn from"
        yield document.fault(place, f"got {in_days(window)}, {what}")


def examine_retention(document: Document, charter: Document) -> Iterator[Fault]:
    """Faults of training windows that hold rows for longer than the charter keeps rows to learn from."""
    kept = readable(charter, Span, ("spec", "trainingRetention"))
    desks = document.at((*TRIAL, "desks"))
    places: list[Key] = [(*TRIAL, "labels")]
    places += [(*TRIAL, "desks", name, "labels") for name in (desks if isinstance(desks, dict) else ())]
    for where in places if kept is not None else ():
        yield from _within(document, (*where, "trainingWindow"), kept)


def examine(document: Document, where: Key, asked: Iterable[QuestionKind]) -> Iterator[Fault]:
    """Faults of a consent, in the label rule at `where`, that is about nobody whom the questions name. Nothing is told
    where a world's class does not declare its questions."""
    place, kinds = (*where, "consent", "subject"), list(asked)
    subject = document.at(place)
    acts = [kind for kind in kinds if kind.form == "act"]
    if not isinstance(subject, str) or not kinds:
        return
    if not acts:
        yield document.fault(place, "these questions ask for prices, and nobody is learned about")
    for kind in acts:
        whole = [
            f.name for f in kind.schema.fields if np.dtype(f.dtype) == np.int64 and f.name not in ("t", "id")
        ]
        if subject not in whole:
            yield document.fault(place, f"{kind.name} names no {shown(subject)}{closest(subject, whole)}")
