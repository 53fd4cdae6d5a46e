"""Pictures of breaking points: who survives how far along one axis, and the frontier over two.

Knows: breaking points, axes, matplotlib. Does not know: how a breaking point was found.
Nothing is computed but where a mark stands. Colours are Okabe and Ito's; each candidate has a marker of its own too.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from harness.report.drawing import MARKERS, drawing, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.axes import Axis
    from harness.stress import Breaking

INK, MUTED, GRID = "#1f2328", "#59636e", "#d0d7de"
HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def png(width: float, height: float, draw: Callable[[Figure], None]) -> bytes:
    """A PNG on white, `width` by `height` inches. Equal drawings give equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(width, height), facecolor="white", dpi=110)
        FigureCanvasAgg(figure)
        draw(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def look(place: int) -> dict[str, Any]:
    """Colour and marker of the candidate at a place."""
    return {"color": HUES[place % len(HUES)], "marker": MARKERS[place % len(MARKERS)]}


def plain(axes: Axes) -> None:
    """Axes in the colours of a picture on white."""
    axes.tick_params(colors=MUTED, labelsize=9)
    axes.grid(color=GRID, linewidth=0.6)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(True)
        axes.spines[side].set_color(GRID)


def survival_picture(scenario: str, along: Axis, found: Sequence[Breaking]) -> bytes:
    """The share of seeds that keep the charter up to each value, and below it each median with its interval."""
    names = sorted(one.candidate for one in found)

    def draw(figure: Figure) -> None:
        rows = len(found)
        top = figure.add_axes((0.09, 0.22 + 0.055 * rows, 0.86, 0.62 - 0.055 * rows))
        below = figure.add_axes((0.09, 0.13, 0.86, 0.055 * rows), sharex=top)
        figure.text(0.02, 0.95, shortened(scenario, 60), fontsize=12, color=INK)
        figure.text(
            0.02,
            0.905,
            f"Seeds that keep the charter up to each {shortened(along.title, 60)}",
            fontsize=10,
            color=MUTED,
        )
        for one in found:
            style = look(names.index(one.candidate))
            x, y = _steps(along, one)
            top.step(x, y, where="post", color=style["color"], linewidth=2, label=one.candidate)
        top.set_ylim(-0.04, 1.06)
        top.set_yticks([0, 0.5, 1], ["none", "half", "all"])
        top.legend(loc="lower left", fontsize=9, frameon=False)
        for row, one in enumerate(found):
            style = look(names.index(one.candidate))
            low, high = (_clipped(along, place) for place in (one.place.low, one.place.high))
            below.plot([low, high], [row, row], color=style["color"], linewidth=2)
            _mark(below, along, one.place.value, row, style)
        below.set_ylim(rows - 0.5, -0.5)
        below.set_yticks(range(rows), [f"{row + 1}" for row in range(rows)])
        for axes in (top, below):
            plain(axes)
            if along.log:
                _by_factors(axes, "x")
        _limits(top, along)
        top.tick_params(labelbottom=False)
        confidence = min(one.place.confidence for one in found)
        figure.text(
            0.09, 0.025, f"{along.title}. Below: median over seeds, interval of {confidence:.1%}; arrow: never.",
            fontsize=8.5, color=MUTED,
        )  # fmt: skip

    return png(8.2, 4.4 + 0.25 * len(found), draw)


def map_picture(
    scenario: str, along: Axis, across: Axis, rows: Sequence[tuple[float, Sequence[Breaking]]]
) -> bytes:
    """The frontier of each candidate over two axes: on the side where the first begins, the charter is kept on most
    seeds."""
    kept = "left" if along.end > along.start else "right"
    names = sorted({one.candidate for _, found in rows for one in found})

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.13, 0.17, 0.82, 0.66))
        figure.text(0.02, 0.95, shortened(scenario, 60), fontsize=12, color=INK)
        figure.text(
            0.02,
            0.905,
            f"The frontier: {kept} of it a candidate keeps the charter on most seeds",
            fontsize=10,
            color=MUTED,
        )
        y = [across.value(place) for place, _ in rows]
        for number, name in enumerate(names):
            own = [next(one for one in found if one.candidate == name) for _, found in rows]
            style = look(number)
            x = [_clipped(along, one.place.value) for one in own]
            low = [_clipped(along, one.place.low) for one in own]
            high = [_clipped(along, one.place.high) for one in own]
            axes.fill_betweenx(y, low, high, color=style["color"], alpha=0.13, linewidth=0)
            axes.plot(x, y, color=style["color"], linewidth=2, label=name)
            for one, height in zip(own, y, strict=True):
                _mark(axes, along, one.place.value, height, style)
        plain(axes)
        if along.log:
            _by_factors(axes, "x")
        if across.log:
            _by_factors(axes, "y")
        _limits(axes, along)
        axes.set_xlabel(along.title, fontsize=9.5, color=MUTED)
        axes.set_ylabel(across.title, fontsize=9.5, color=MUTED)
        axes.legend(loc="best", fontsize=9, framealpha=0.85, edgecolor=GRID)
        figure.text(
            0.02,
            0.02,
            "Band: interval over seeds. An arrow: never broke on most seeds.",
            fontsize=8.5,
            color=MUTED,
        )

    return png(7.4, 5.4, draw)


def _steps(along: Axis, one: Breaking) -> tuple[list[float], list[float]]:
    from harness.survival import point

    ends = sorted(point(walk.bracket) for walk in one.walks)
    x, y, left = [along.start], [1.0], len(ends)
    for end in ends:
        if math.isinf(end) and end > 0:
            break
        left -= 1
        x.append(along.value(max(end, 0.0)))
        y.append(left / len(ends))
    return [*x, along.end], [*y, y[-1]]


def _clipped(along: Axis, place: float) -> float:
    return along.value(min(max(place, 0.0), 1.0))


def _mark(axes: Axes, along: Axis, place: float, height: float, style: dict[str, Any]) -> None:
    upward = along.end > along.start
    marker = style["marker"]
    if place == math.inf:
        marker = ">" if upward else "<"
    elif place == -math.inf:
        marker = "<" if upward else ">"
    axes.plot(
        [_clipped(along, place)], [height], marker=marker, color=style["color"], markersize=8, linestyle="none",
        clip_on=False, zorder=5,
    )  # fmt: skip


def _by_factors(axes: Axes, which: str) -> None:
    """A logarithmic axis whose ticks are plain numbers: 1, 2, 5 and their decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set(**{f"{which}scale": "log"})
    ticks = axes.xaxis if which == "x" else axes.yaxis
    ticks.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ticks.set_minor_formatter(NullFormatter())


def _limits(axes: Axes, along: Axis) -> None:
    low, high = min(along.start, along.end), max(along.start, along.end)
    if along.log:
        axes.set_xlim(low / 1.03, high * 1.03)
    else:
        air = 0.015 * (high - low)
        axes.set_xlim(low - air, high + air)
