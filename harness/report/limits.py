"""Pictures of rulings: each clause's interval against its threshold, and classes of callers against theirs.

Knows: clauses, points, drawing. Does not know: how an interval was made, the page around a picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report import drawing, words
from harness.report.drawing import EVENT, GOOD, INK, MUTED, PAPER, RULINGS
from harness.report.record import TOTAL, Candidate, Clause, Point, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOG_FROM = 30.0
"""Largest over smallest positive figure from which a share is drawn on a log scale."""
_NAME_INCHES, _RULING_INCHES = 1.48, 1.16
_ROW_INCHES = 0.34


@dataclass(frozen=True)
class Rows:
    """Where things lie along a picture's value axis."""

    low: float
    high: float
    log: bool

    @staticmethod
    def around(figures: Iterable[float | None], *, share: bool, log: bool | None = None) -> Rows:
        """Limits that hold every figure, with air; log where a share spans orders of magnitude."""
        known = [value for value in figures if value is not None]
        positive = [value for value in known if value > 0]
        if log is None:
            log = share and bool(positive) and min(known) >= 0 and max(positive) / min(positive) > _LOG_FROM
        if log and positive:
            return Rows(min(positive) / 2.2, max(positive) * 1.8, True)
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        air = (high - low or abs(high) or 1.0) * 0.12
        return Rows(0.0 if 0 <= low < 0.35 * high else low - air, high + air, False)

    def place(self, value: float) -> float:
        """The value, or the axis's edge where the axis cannot hold it."""
        return min(max(value, self.low), self.high)

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1."""
        if self.log:
            inside = self.place(value)
            return math.log(inside / self.low) / math.log(self.high / self.low)
        return (self.place(value) - self.low) / (self.high - self.low)


# --- one clause, candidates side by side ----------------------------------------------------------------------------


def clause_picture(name: str, rows: Sequence[tuple[int, Candidate, Clause]]) -> str:
    """One clause: a row per candidate (its place, itself, its clause), the threshold, the rungs within sight."""
    first = rows[0][2]
    scale = words.scale_of(first)
    clauses = [clause for _, _, clause in rows]
    ends = [_edge(first, -1), _edge(first, 1)]
    axis = Rows.around(
        [figure for c in clauses for figure in (c.value, c.low, c.high, c.observed)] + ends,
        share=scale.suffix.endswith("%") and first.op == "lte",
    )
    rungs = [(rung, value) for rung, value in first.rungs if axis.low < value < axis.high]
    label = f"{words.title(first)}, {words.limit_text(first)}: " + "; ".join(
        f"{candidate.name} {words.value_text(clause)} {clause.ruling}" for _, candidate, clause in rows
    )

    def draw(figure: Figure) -> None:
        axes = drawing.panel(figure, left=_NAME_INCHES, right=_RULING_INCHES, top=0.48, bottom=0.34)
        _value_axis(axes, axis, scale, len(rows))
        _good_side(axes, axis, first, 0.0, 1.0)
        for rung, value in rungs:
            axes.axvline(value, color=EVENT, linewidth=1.2, linestyle=(0, (1, 2)))
            letter = words.rung_words(rung)[:1].upper() if rung != "rollback" else "B"
            axes.annotate(
                letter,
                (value, 1),
                (0, 2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=EVENT,
                fontweight="bold",
            )
        if first.threshold is not None:
            share = axis.share(first.threshold)
            side = "left" if share < 0.25 else "right" if share > 0.75 else "center"
            axes.annotate(
                words.limit_text(first),
                (axis.place(first.threshold), 1),
                (0, 15),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha=side,
                fontsize=10.5,
            )
        for row, (place, candidate, clause) in enumerate(rows):
            _interval(axes, axis, row, place, clause.value, clause.low, clause.high)
            if clause.value is None:
                axes.text(
                    0.02,
                    row,
                    "not measured",
                    transform=axes.get_yaxis_transform(),
                    va="center",
                    color=MUTED,
                    fontsize=10,
                )
            if clause.observed is not None:
                axes.plot(
                    [axis.place(clause.observed)],
                    [row + 0.26],
                    marker="d",
                    markersize=5.5,
                    color=PAPER,
                    markeredgecolor=INK,
                    clip_on=False,
                    zorder=4,
                )
            _row_name(axes, row, candidate.name, bold=candidate.champion)
            axes.text(
                1.04,
                row,
                f"{words.SYMBOLS.get(clause.ruling, '')} {clause.ruling}",
                va="center",
                fontsize=9.5,
                transform=axes.get_yaxis_transform(),
                color=RULINGS.get(clause.ruling, INK),
            )

    return drawing.picture(name, label, 0.82 + _ROW_INCHES * len(rows), draw)


# --- one metric by class --------------------------------------------------------------------------------------------


def slice_picture(name: str, run: Run, metric: str, dimension: str) -> str:
    """One metric by class: a row per class, each candidate beside the others, each class's threshold."""
    scale = scale_of_metric(run, metric)
    clauses = {clause.slice: clause for clause in run.clauses_of(metric)}
    classes = slices_of(run, metric, dimension)
    totals = [{c.name: total_of(run, c.name, metric, label) for c in run.candidates} for label in classes]
    figures = [f for row in totals for p in row.values() if p for f in (p.value, p.low, p.high)]
    figures += [clauses[label].threshold for label in classes if label in clauses]
    axis = Rows.around(figures, share=True, log=None if scale.suffix.endswith("%") else False)
    size = len(run.candidates)
    row_inches = 0.17 * size + 0.17
    label = f"{words.words_of(metric)} by {dimension.replace('_', ' ')}: " + "; ".join(
        f"{words.slice_words(label)}: "
        + ", ".join(f"{who} {scale.text(point.value)}" for who, point in row.items() if point)
        for label, row in zip(classes, totals)
    )

    def draw(figure: Figure) -> None:
        axes = drawing.panel(figure, left=1.5, right=0.2, top=0.1, bottom=0.34)
        _value_axis(axes, axis, scale, len(classes))
        for row, (label, points) in enumerate(zip(classes, totals)):
            if label in clauses:
                height = 1.0 / len(classes)
                _good_side(axes, axis, clauses[label], 1 - (row + 0.96) * height, 1 - (row + 0.04) * height)
            for place, candidate in enumerate(run.candidates):
                point = points[candidate.name]
                offset = row + (place - (size - 1) / 2) * 0.8 / max(size, 2)
                if point is None or point.value is None:
                    axes.text(
                        0.01,
                        offset,
                        "∅",
                        transform=axes.get_yaxis_transform(),
                        va="center",
                        fontsize=9,
                        color=drawing.colour(place),
                    )
                else:
                    _interval(axes, axis, offset, place, point.value, point.low, point.high, size=5.0)
            _row_name(axes, row, words.slice_words(label), size=24)

    return drawing.picture(name, label, 0.44 + row_inches * max(len(classes), 1), draw)


def slices_of(run: Run, metric: str, dimension: str) -> tuple[str, ...]:
    """The classes of a dimension in which a metric was measured for any candidate: those of the charter in its order,
    then the others by name."""
    names = [candidate.name for candidate in run.candidates]
    found = {s for who, what, s, view in run.series if who in names and what == metric and view == "true"}
    own = sorted(label for label in found if "=" in label and label.partition("=")[0] == dimension)
    asked = [clause.slice for clause in run.clauses_of(metric) if clause.slice in own]
    return tuple(dict.fromkeys(asked + own))


def total_of(run: Run, candidate: str, metric: str, slice_: str, view: str = "true") -> Point | None:
    """The value over the whole horizon, if it was recorded."""
    return next((p for p in run.points(candidate, metric, slice_, view) if p.window == TOTAL), None)


def scale_of_metric(run: Run, metric: str) -> words.Scale:
    """The scale of a metric: from its clause, else from what the manifest says of it, else bare numbers."""
    for clause in (clause for candidate in run.candidates for clause in candidate.clauses):
        if clause.metric == metric and clause.unit:
            return words.scale_of(clause)
    about = run.about(metric)
    return words.Scale.of(str(about.get("unit", "")), difference=about.get("form") == "difference")


# --- strokes --------------------------------------------------------------------------------------------------------


def _edge(clause: Clause, side: int) -> float | None:
    if clause.threshold is None:
        return None
    return clause.threshold + side * (clause.half_width or 0.0)


def _value_axis(axes: Axes, axis: Rows, scale: words.Scale, rows: int) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    if axis.log:
        axes.set_xscale("log")
    axes.set_xlim(axis.low, axis.high)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.yaxis.set_major_locator(NullLocator())
    if axis.log:
        decades = math.log10(axis.high / axis.low)
        axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0,) if decades > 2.2 else (1.0, 3.0)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: scale.tick(float(value))))
    else:
        drawing.clear_ticks(axes.xaxis, 4, scale.tick)
    axes.tick_params(axis="x", labelsize=10)
    axes.grid(axis="x")


def _good_side(axes: Axes, axis: Rows, clause: Clause, bottom: float, top: float) -> None:
    """Shade what keeps the clause and draw its threshold, between two heights (axes fraction)."""
    if clause.threshold is None:
        return
    low, high = axis.low, axis.high
    lines = [clause.threshold]
    if clause.op == "within":
        lines = [edge for edge in (_edge(clause, -1), _edge(clause, 1)) if edge is not None]
        low, high = lines[0], lines[-1]
    elif clause.op == "gte":
        low = clause.threshold
    else:
        high = clause.threshold
    axes.axvspan(axis.place(low), axis.place(high), bottom, top, color=GOOD, linewidth=0, zorder=0)
    for line in lines:
        axes.axvline(axis.place(line), bottom, top, color=INK, linewidth=1.6)


def _interval(
    axes: Axes, axis: Rows, row: float, place: int, value: float | None, low: float | None, high: float | None,
    *, size: float = 7.0,
) -> None:  # fmt: skip
    hue = drawing.colour(place)
    if low is not None or high is not None:
        ends = (axis.low if low is None else axis.place(low), axis.high if high is None else axis.place(high))
        axes.plot(ends, [row, row], color=hue, linewidth=2.4, solid_capstyle="butt", zorder=3)
    if value is not None:
        off = axis.log and value <= 0
        axes.plot(
            [axis.place(value)],
            [row],
            marker="<" if off else drawing.marker(place),
            markersize=size,
            color=hue,
            markerfacecolor=PAPER if off else hue,
            clip_on=False,
            zorder=5,
        )
        if off:
            axes.annotate(
                "0", (axis.low, row), (7, 0), textcoords="offset points", va="center", fontsize=9, color=hue
            )


def _row_name(axes: Axes, row: float, name: str, *, bold: bool = False, size: int = 20) -> None:
    axes.annotate(
        drawing.shortened(name, size - 3 * bold),
        (0, row),
        (-8, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=9.5 if bold else 10,
        fontweight="bold" if bold else "normal",
    )
