"""Pictures over time: a metric as it was and as it was seen, and candidates side by side.

Knows: points, limits, drawing. Does not know: how a value was made, the page around a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report import drawing, words
from harness.report.drawing import EVENT, GOOD, GRID, INK, MUTED, PAPER
from harness.report.happenings import day_axis, draw_deeds, draw_happenings, letter_of, room
from harness.report.limits import scale_of_metric
from harness.report.record import WHOLE, Clause, Point, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PLOT, _LEFT, _RIGHT, _BOTTOM = 2.0, 0.72, 0.66, 0.48
_FEW_MONTHS = 4
"""Below this many months the weeks are drawn instead."""


def windows(points: Sequence[Point]) -> tuple[Point, ...]:
    """The windows worth drawing: months, or weeks where there are few months."""
    months = tuple(p for p in points if p.window[:1] == "m")
    weeks = tuple(p for p in points if p.window[:1] == "w")
    return months if len(months) >= _FEW_MONTHS or not weeks else weeks


# --- a metric over time ---------------------------------------------------------------------------------------------


def course_picture(name: str, run: Run, metric: str, place: int) -> str:
    """One metric of one candidate: true beside observed, thresholds, rungs, what happened and what was done."""
    candidate = run.candidates[place]
    scale = scale_of_metric(run, metric)
    clause = _whole(run, metric)
    true = windows(run.points(candidate.name, metric))
    seen = windows(run.points(candidate.name, metric, view="observed"))
    weeks = (
        [p for p in run.points(candidate.name, metric) if p.window[:1] == "w"]
        if true[:1] and true[0].window[:1] == "m"
        else []
    )
    label = (
        f"{words.words_of(metric)} of {candidate.name} over time. "
        + _told("True", true, scale)
        + _told("Observed", seen, scale)
    )

    def draw(figure: Figure) -> None:
        axes = time_axes(figure, run, [true, seen], clause, scale)
        hue = drawing.colour(place)
        draw_happenings(axes, run)
        if weeks:
            _line(axes, weeks, color=hue, linewidth=0.9, alpha=0.45)
        _band(axes, true, hue)
        _line(axes, true, color=hue, linewidth=2.2, marker=drawing.marker(place), markersize=4.5)
        _observed(axes, run, seen)
        draw_deeds(axes, run, candidate.name, metric)

    return drawing.picture(name, label, _PLOT + _BOTTOM + room(run), draw)


def comparison_picture(name: str, run: Run, metric: str) -> str:
    """One metric of every candidate, as it was, with the incumbent where it has a value of its own."""
    scale = scale_of_metric(run, metric)
    clause = _whole(run, metric)
    curves = [windows(run.points(candidate.name, metric)) for candidate in run.candidates]
    base = windows(run.points(run.incumbent, metric)) or windows(run.points("incumbent", metric))
    label = f"{words.words_of(metric)} of every candidate over time. " + "".join(
        _told(candidate.name, curve, scale) for candidate, curve in zip(run.candidates, curves)
    )

    def draw(figure: Figure) -> None:
        axes = time_axes(figure, run, [*curves, base], clause, scale)
        draw_happenings(axes, run)
        _line(axes, base, color=MUTED, linewidth=1.6, linestyle=(0, (1, 1.5)))
        draw_curves(axes, list(enumerate(curves)))

    return drawing.picture(name, label, _PLOT + _BOTTOM + room(run), draw)


def draw_curves(axes: Axes, curves: Sequence[tuple[int, Sequence[Point]]]) -> None:
    """Curves by the place of their candidate, the first on top."""
    for place, curve in reversed(curves):
        _line(
            axes,
            curve,
            color=drawing.colour(place),
            linewidth=2,
            marker=drawing.marker(place),
            markersize=4.5,
        )


def _told(name: str, points: Sequence[Point], scale: words.Scale) -> str:
    known = [point for point in points if point.value is not None]
    if not known:
        return f"{name}: nothing measured. "
    return f"{name}: {scale.text(known[0].value)} at first, {scale.text(known[-1].value)} at last. "


def _whole(run: Run, metric: str) -> Clause | None:
    return next((clause for clause in run.clauses_of(metric) if clause.slice == WHOLE), None)


def time_axes(
    figure: Figure,
    run: Run,
    curves: Sequence[Sequence[Point]],
    clause: Clause | None,
    scale: words.Scale,
    left: float = _LEFT,
    bottom: float = _BOTTOM,
) -> Axes:
    """Axes over the run's days, high enough for the curves, with the clause's limits. Margins in inches."""
    axes = drawing.panel(figure, left=left, right=_RIGHT, top=room(run), bottom=bottom)
    last = max([run.horizon] + [point.end for curve in curves for point in curve])
    axes.set_xlim(0, last or 1.0)
    known = [point.value for curve in curves for point in curve if point.value is not None]
    threshold = clause.threshold if clause else None
    bounds = known + _edges(clause)
    low, high = (min(bounds), max(bounds)) if bounds else (0.0, 1.0)
    air = (high - low or abs(high) or 1.0) * 0.14
    # An interval may reach far beyond the values of its neighbours; it may ask for half as much room again, not more.
    ends = [e for curve in curves for p in curve for e in (p.low, p.high) if e is not None]
    reach = (high - low or air) * 0.5
    low, high = max(min([low, *ends]), low - reach), min(max([high, *ends]), high + reach)
    axes.set_ylim(0.0 if 0 <= low < 0.35 * high else low - air, high + air)
    day_axis(axes, last)
    drawing.clear_ticks(axes.yaxis, 5, scale.tick)
    axes.tick_params(labelsize=10)
    axes.grid(axis="y")
    if not known:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=MUTED)
    if clause is not None and threshold is not None:
        _limits(axes, clause, scale)
    return axes


def _edges(clause: Clause | None) -> list[float]:
    if clause is None or clause.threshold is None:
        return []
    half = (clause.half_width or 0.0) if clause.op == "within" else 0.0
    return [clause.threshold - half, clause.threshold + half] if half else [clause.threshold]


def _limits(axes: Axes, clause: Clause, scale: words.Scale) -> None:
    """The good side shaded, the threshold named at the right edge, rungs dotted with their letters."""
    low, high = axes.get_ylim()
    edges = _edges(clause)
    good = (
        (edges[0], edges[-1])
        if clause.op == "within"
        else (edges[0], high)
        if clause.op == "gte"
        else (low, edges[0])
    )
    axes.axhspan(*good, color=GOOD, linewidth=0, zorder=0)
    signs = {"gte": "≥ ", "lte": "≤ "}
    named = [(edge, signs.get(clause.op, "") + scale.tick(edge), INK) for edge in edges]
    for edge in edges:
        axes.axhline(edge, color=INK, linewidth=1.4, zorder=1.5)
    for rung, value in clause.rungs:
        if low < value < high:
            axes.axhline(value, color=EVENT, linewidth=1.1, linestyle=(0, (1, 2)), zorder=1.5)
            named.append((value, letter_of(rung), EVENT))
    gap, below = (high - low) * 0.075, low - high
    for value, name, hue in sorted(named):
        # A name that would stand on the one below it is moved up, away from its line, never over another name.
        below = max(value, below + gap)
        axes.annotate(
            name,
            (1, below),
            (5, 0),
            va="center",
            fontsize=9.5,
            color=hue,
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            annotation_clip=False,
        )


# --- strokes --------------------------------------------------------------------------------------------------------


def _line(axes: Axes, points: Sequence[Point], **style: object) -> None:
    """A line through the middles of windows, broken where nothing was measured."""
    x = [(point.start + point.end) / 2 for point in points]
    y = [float("nan") if point.value is None else point.value for point in points]
    if x:
        axes.plot(x, y, zorder=3, **style)  # type: ignore[arg-type]


def _band(axes: Axes, points: Sequence[Point], hue: str) -> None:
    held = [point for point in points if point.low is not None and point.high is not None]
    if len(held) > 1:
        axes.fill_between(
            [(point.start + point.end) / 2 for point in held],
            [float(point.low or 0.0) for point in held],
            [float(point.high or 0.0) for point in held],
            color=hue,
            alpha=0.16,
            linewidth=0,
            zorder=2,
        )


def _observed(axes: Axes, run: Run, points: Sequence[Point]) -> None:
    """The observed curve; where labels were still arriving at the horizon it is dashed on hatched ground."""
    if not points:
        return
    open_from = max(run.horizon - run.lag_tail, 0.0) if run.lag_tail else run.horizon
    settled = [point for point in points if point.end <= open_from]
    tail = points[max(len(settled) - 1, 0) :]
    style = {"color": INK, "linewidth": 1.5, "marker": "o", "markersize": 4.5, "markerfacecolor": PAPER}
    _line(axes, settled, **style)
    if len(tail) > 1 or not settled:
        _line(axes, tail, **{**style, "linestyle": (0, (3, 2))})
    right = axes.get_xlim()[1]
    if open_from < right:
        axes.axvspan(open_from, right, facecolor="none", edgecolor=GRID, hatch="///", linewidth=0, zorder=0.5)
