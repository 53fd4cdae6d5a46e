"""Response times in the report: for each desk the share of answers that were slower than a time, beside its budgets.

Knows: response_times.json, drawing. Does not know: queues, how times were counted. A run whose candidates answer on the
spot has no such file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import results
from harness.report import drawing, words
from harness.report.drawing import INK, MUTED
from harness.report.record import Run, mapping, number, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILE = "response_times.json"
HOUR = 3_600_000.0
"""A question without an answer in time counts as one of an hour (harness.metrics.response_p99)."""
_LEFT, _RIGHT, _TOP, _BOTTOM, _BODY = 0.62, 0.2, 0.3, 0.5, 2.0
_LEAST = 1e-4
"""The smallest share that is drawn: what is beyond has too few answers behind it in a miniature."""


@dataclass(frozen=True)
class Desk:
    """A desk: its title, a sentence on each candidate, and the picture."""

    title: str
    lines: tuple[str, ...]
    svg: str


def read(run: Run) -> tuple[Desk, ...]:
    """Every desk with a service; none where there is no file. Call within `drawing()`."""
    path = run.folder / FILE
    if not path.is_file():
        return ()
    desks = [mapping(one) for one in results.read_json(path)["desks"]]
    places = {candidate.name: place for place, candidate in enumerate(run.candidates)}
    return tuple(_desk(one, places) for one in desks)


def _desk(one: Mapping[str, Any], places: Mapping[str, int]) -> Desk:
    curves = [mapping(c) for c in one["candidates"] if text(mapping(c)["name"]) in places]
    budgets = [mapping(b) for b in one["budgets"]]
    name = words.words_of(text(one["desk"])) if one["desk"] else "The desk"
    lines = tuple(_line(curve) for curve in curves)
    label = f"Share of answers of {name} slower than a time, by candidate. {' '.join(lines)}"

    def draw(figure: Figure) -> None:
        axes = drawing.panel(figure, left=_LEFT, right=_RIGHT, top=_TOP, bottom=_BOTTOM)
        _draw(axes, curves, budgets, places)

    height = _TOP + _BODY + _BOTTOM
    return Desk(
        f"{name}: answers slower than",
        lines,
        drawing.picture(f"response-{text(one['desk'])}", label, height, draw),
    )


def _line(curve: Mapping[str, Any]) -> str:
    ms, slower = np.array(curve["ms"]), np.array(curve["slower"])
    told = []
    for share, quantile in ((0.5, "half"), (0.01, "99 of 100")):
        at = np.flatnonzero(slower <= share + 1e-12)
        end = float(ms[at[0]]) if len(at) else HOUR
        told.append(f"{quantile} within {span(end)}" if end < HOUR else f"{quantile} not in time")
    late = _late(ms, slower)
    return (
        f"{text(curve['name'])}: {', '.join(told)}; {late:.2%} of {int(curve['questions']):,} without an answer "
        "in time."
    )


def _late(ms: np.ndarray[Any, Any], slower: np.ndarray[Any, Any]) -> float:
    """The share without an answer in time."""
    if not len(ms) or ms[-1] < HOUR:
        return 0.0
    return float(slower[-2]) if len(ms) > 1 else 1.0


def span(ms: float) -> str:
    """A time in its own unit."""
    return f"{ms / 1000:.3g} s" if ms >= 1000 else f"{ms:.3g} ms" if ms >= 0.1 else f"{ms * 1000:.3g} µs"


def _draw(
    axes: Axes,
    curves: Sequence[Mapping[str, Any]],
    budgets: Sequence[Mapping[str, Any]],
    places: Mapping[str, int],
) -> None:
    limits = [number(b["ms"]) or 1.0 for b in budgets]
    seen = [m for c in curves for m in c["ms"] if m < HOUR] or [1.0]
    first = min([m for m in (*seen, *limits) if m > 0] or [1.0]) / 1.5
    last = max(*seen, *limits, first * 10) * 1.5
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(first, last)
    axes.set_ylim(_LEAST, 1.3)
    axes.set_yticks([1, 0.1, 0.01, 0.001, 0.0001], ["all", "10 %", "1 %", "0.1 %", "0.01 %"])
    ticks = [t for t in (10.0**p for p in range(-4, 8)) if first <= t <= last]
    axes.set_xticks(ticks, [span(t) for t in ticks])
    axes.set_yticks([], minor=True)
    axes.set_xticks([], minor=True)
    axes.grid(True, axis="y")
    for budget, limit in zip(budgets, limits, strict=True):
        share = 1.0 - float(number(budget["quantile"]) or 0.0)
        # The curve must pass below and left of this corner.
        axes.plot([limit, limit, last], [1.3, share, share], color=INK, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.text(
            limit,
            1.5,
            f"p{100 * (1 - share):g} ≤ {span(limit)}",
            ha="center",
            va="bottom",
            color=MUTED,
            fontsize=9,
        )
    for curve in curves:
        place = places[text(curve["name"])]
        ms = np.array(curve["ms"])
        kept = ms < HOUR
        x = np.concatenate([[first], ms[kept], [last]])
        shares = {}
        for key in ("slower", "low", "high"):
            y = np.array(curve[key])[kept]
            end = y[-1] if len(y) else 1.0
            shares[key] = np.maximum(np.concatenate([[1.0], y, [end]]), _LEAST / 10)
        hue = drawing.colour(place)
        axes.fill_between(x, shares["low"], shares["high"], step="post", color=hue, alpha=0.15, linewidth=0)
        axes.plot(x, shares["slower"], drawstyle="steps-post", color=hue, linewidth=1.4)
        at = len(x) // 2
        axes.plot([x[at]], [shares["slower"][at]], color=hue, marker=drawing.marker(place), markersize=6)
