"""Fairness in the report: groups held against one another, as a table, and their course by month as a picture.

Knows: fairness.json, units, drawing. Does not know: how any of it was found. A run whose charter compares no groups has
no such file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import results
from harness.report import drawing, words
from harness.report.drawing import GOOD, INK, MUTED
from harness.report.happenings import day_axis
from harness.report.record import Run, mapping, number, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILE = "fairness.json"
_LEFT, _RIGHT, _TOP, _BOTTOM, _BODY = 0.62, 0.2, 0.2, 0.5, 1.7


@dataclass(frozen=True)
class Row:
    """One candidate in one comparison: both sides' values, the comparison, as it was and as it was seen."""

    candidate: str
    group: str
    others: str
    value: str
    span: str
    observed: str
    events: str
    ruling: str


@dataclass(frozen=True)
class Comparison:
    """A clause of fairness: who is compared with whom, the rows of all candidates, and a picture of the months."""

    title: str
    wanted: str
    because: str
    rows: tuple[Row, ...]
    svg: str


def read(run: Run) -> tuple[Comparison, ...]:
    """Every comparison, in the charter's order; none where there is no file. Call within `drawing()`."""
    path = run.folder / FILE
    if not Path(path).is_file():
        return ()
    document = results.read_json(path)
    candidates = [mapping(one) for one in document["candidates"]]
    asked = [mapping(one) for one in candidates[0]["clauses"]] if candidates else []
    return tuple(
        _comparison(run, candidates, place, one, float(document["days"])) for place, one in enumerate(asked)
    )


def _comparison(
    run: Run, candidates: Sequence[Mapping[str, Any]], place: int, asked: Mapping[str, Any], days: float
) -> Comparison:
    against = " and ".join(words.words_of(label) for label in asked["against"]) or "all others"
    group = words.words_of(text(asked["group"]))
    between = "over that of" if asked["measure"] == "ratio" else "minus that of"
    metric = words.words_of(text(asked["metric"]))
    own = [(text(one["name"]), mapping(one["clauses"][place])) for one in candidates]
    rows = tuple(_row(run, name, clause) for name, clause in own)
    sign = {"gte": "at least", "lte": "at most", "within": "within"}[text(asked["op"])]
    return Comparison(
        title=f"{words.words_of(text(asked['name']))}: {metric} of {group} {between} {against}",
        wanted=f"{sign} {_told(number(asked.get('threshold')))}",
        because=text(asked.get("because")),
        rows=rows,
        svg=picture(f"fairness-{place}", asked, own, days),
    )


def _row(run: Run, name: str, clause: Mapping[str, Any]) -> Row:
    total = mapping(clause["total"])
    low, high = number(total.get("low")), number(total.get("high"))
    return Row(
        candidate=name,
        group=_told(number(total.get("group"))),
        others=_told(number(total.get("others"))),
        value=_told(number(total.get("value"))),
        span=f"{_told(low)} to {_told(high)}" if low is not None or high is not None else words.NONE,
        observed=_told(number(total.get("observed"))),
        events=words.count(number(total.get("groupEventsPerSeed"))),
        ruling=_ruling(run, name, text(clause["name"])),
    )


def _ruling(run: Run, candidate: str, clause: str) -> str:
    """What verdict.json rules on it."""
    return next(
        (
            c.ruling
            for one in run.candidates
            if one.name == candidate
            for c in one.clauses
            if c.name == clause
        ),
        words.NONE,
    )


def _told(value: float | None) -> str:
    return words.NONE if value is None else f"{value:.3g}"


def picture(
    name: str, asked: Mapping[str, Any], own: Sequence[tuple[str, Mapping[str, Any]]], days: float
) -> str:
    """The comparison by month, an interval and a marker for each candidate; the band of good values is shaded."""
    height = _TOP + _BODY + _BOTTOM
    told = "; ".join(f"{who} {_told(number(mapping(one['total']).get('value')))}" for who, one in own)
    label = f"{words.words_of(text(asked['name']))} by month, for each candidate. Over all: {told}."

    def draw(figure: Figure) -> None:
        axes = drawing.panel(figure, left=_LEFT, right=_RIGHT, top=_TOP, bottom=_BOTTOM)
        axes.set_xlim(0, days or 1.0)
        tops = [point for _, one in own for point in _reaches(one)]
        _scale(axes, asked, tops)
        for place, (_, one) in enumerate(own):
            _course(axes, one, place, len(own))
        day_axis(axes, days)

    return drawing.picture(name, label, height, draw)


def _reaches(one: Mapping[str, Any]) -> list[float]:
    """What the axis must hold: values, and their intervals as far as they are not many times as far."""
    found = []
    for month in map(mapping, one["months"]):
        value, low, high = (number(month.get(key)) for key in ("value", "low", "high"))
        if value is not None:
            found += [
                value,
                value if low is None else max(low, value / 4),
                value if high is None else min(high, value * 4),
            ]
    return found


def _scale(axes: Axes, asked: Mapping[str, Any], points: Sequence[float]) -> None:
    ratio, edge, half = (
        asked["measure"] == "ratio",
        number(asked.get("threshold")),
        number(asked.get("halfWidth")),
    )
    held = [p for p in (*points, edge, 1.0 if ratio else 0.0) if p is not None and (p > 0 or not ratio)]
    low, high = min(held, default=0.5), max(held, default=2.0)
    if ratio:
        axes.set_yscale("log")
        low, high = low / 1.3, high * 1.3
    else:
        room = 0.1 * (high - low) or 1.0
        low, high = low - room, high + room
    axes.set_ylim(low, high)
    drawing_ticks(axes, low, high, ratio)
    if edge is not None:
        op = asked["op"]
        bottom = edge - (half or 0.0) if op == "within" else edge if op == "gte" else low
        top = edge + (half or 0.0) if op == "within" else edge if op == "lte" else high
        axes.axhspan(bottom, top, color=GOOD, alpha=0.25, linewidth=0)
        axes.axhline(edge, color=MUTED, linewidth=1.0)
    axes.axhline(1.0 if ratio else 0.0, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))


def drawing_ticks(axes: Axes, low: float, high: float, ratio: bool) -> None:
    """Plain numbers on the axis: powers of two and their like for a ratio."""
    if not ratio:
        return
    steps = [s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000) if low <= s <= high]
    axes.set_yticks(steps, [f"{s:g}" for s in steps])
    axes.set_yticks([], minor=True)


def _course(axes: Axes, one: Mapping[str, Any], place: int, of: int) -> None:
    x, y, ends = [], [], []
    for month in map(mapping, one["months"]):
        value, low, high = (number(month.get(key)) for key in ("value", "low", "high"))
        if value is None:
            continue
        middle = (float(month["first"]) + float(month["end"])) / 2
        shift = (float(month["end"]) - float(month["first"])) * 0.08 * (place - (of - 1) / 2)
        x.append(middle + shift)
        y.append(value)
        ends.append((value if low is None else low, value if high is None else high))
    hue, marker = drawing.colour(place), drawing.MARKERS[place % len(drawing.MARKERS)]
    for at, (low_end, high_end) in zip(x, ends, strict=True):
        axes.plot([at, at], [low_end, high_end], color=hue, linewidth=1.4, alpha=0.7)
    axes.plot(x, y, color=hue, marker=marker, markersize=5.5, linewidth=1.0)
