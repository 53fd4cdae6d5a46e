"""The cast as a table: every figure of every kind of bettor, for docs/sportsbook-parameters.md.

Knows: the fields of a segment. Does not know: any segment by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from sim.worlds.sportsbook.bettors import BEST_PRICE, EDGE, RING, TASTE, Segment
from sim.worlds.sportsbook.cast import CAST

HOW = {TASTE: "taste", EDGE: "edge", BEST_PRICE: "best price", RING: "ring"}


def lines() -> Iterator[str]:
    """A heading, what the fields mean, and a row per field, a column per segment."""
    yield "## Segments"
    yield ""
    yield "One file each in `sim/worlds/sportsbook/segments/`. What has no source in its file is an assumption."
    yield ""
    yield " ".join((inspect.getdoc(Segment) or "").split())
    yield ""
    yield "| field | " + " | ".join(f"`{one.name}`" for one in CAST) + " |"
    yield "|---|" + "---|" * len(CAST)
    for field in fields(Segment):
        if field.name not in ("name", "levers"):
            told = (written(field.name, getattr(one, field.name)) for one in CAST)
            yield f"| {field.name} | " + " | ".join(told) + " |"
    yield ""


def written(field: str, value: Any) -> str:
    """A field's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "how":
        return HOW.get(value, str(value))
    if isinstance(value, tuple):
        return ", ".join(f"{item:.4g}" for item in value)
    return f"{value:.4g}"
