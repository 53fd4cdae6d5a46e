"""The picture of a calibration: each figure's target as a band, the value with its interval on it.

Knows: findings, matplotlib. Does not know: how a value was made. Nothing is computed but where a dot stands.

Every figure has a row of its own whose scale makes its target the same band: figures in seconds, shares and
calls stand in one picture. What lies more than a band's width outside is drawn at the edge, as an arrow.
Colours are Okabe and Ito's; each ruling has a marker of its own as well.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness.report.drawing import drawing, shortened
from sim.core.calibration import Figure, Finding

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

INK, MUTED, GRID, BAND, GOOD, BAD = "#1f2328", "#59636e", "#d0d7de", "#d7ebf9", "#0072b2", "#d55e00"
REACH = 1.0
"""How far beyond the band the picture goes, in bands."""
WIDTH, ROW, HEAD, FOOT = 12.5, 0.235, 0.95, 0.15
LEFT, NAME, PLOT, VALUE, TARGET = 0.01, 0.455, (0.465, 0.265), 0.74, 0.9
"""Columns as shares of the width: statistic, figure (flush right), plot (from, width), value, target."""

LEGEND = (
    "      ".join(
        (
            "●  in the target",
            "○  in it, but the interval reaches out",
            "✕  outside",
            "◂ ▸  beyond the picture",
        )
    )
    + "      – – –  not measured"
)


def place(figure: Figure, value: float) -> float:
    """Where a value stands in its row: 0 and 1 are the target's bounds. A target without an upper bound is a
    band from its lower bound to twice that."""
    high = figure.low + (abs(figure.low) or 1.0) if math.isinf(figure.high) else figure.high
    return (value - figure.low) / (high - figure.low)


def draw(
    title: str,
    findings: Sequence[Finding],
    value_of: Callable[[Finding], str],
    target_of: Callable[[Figure], str],
) -> bytes:
    """A PNG of a title and a row per finding; `value_of` and `target_of` say them in words. Equal findings give
    equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Picture

    n = len(findings)
    height = HEAD + n * ROW + FOOT
    with drawing():
        picture = Picture(figsize=(WIDTH, height), facecolor="white", dpi=110)
        FigureCanvasAgg(picture)

        def write(
            x: float, y: float, words: str, size: float = 9.0, ha: str = "left", color: str = INK
        ) -> None:
            picture.text(x, 1.0 - y / height, words, fontsize=size, ha=ha, color=color, va="center")

        axes = picture.add_axes((PLOT[0], FOOT / height, PLOT[1], n * ROW / height))
        axes.set_xlim(-REACH - 0.1, 1.0 + REACH + 0.1)
        axes.set_ylim(n - 0.5, -0.5)
        axes.axis("off")
        axes.axvspan(0.0, 1.0, color=BAND, linewidth=0)
        last = -1
        for row, finding in enumerate(findings):
            y = HEAD + (row + 0.5) * ROW
            if finding.check.number != last:
                last = finding.check.number
                line = 1.0 - (y - ROW / 2) / height
                picture.add_artist(_line([LEFT, 1.0 - LEFT], [line, line]))
                write(LEFT, y, f"{last:>2}", ha="left", color=MUTED)
                write(LEFT + 0.022, y, shortened(finding.check.statistic, 48))
            write(NAME, y, finding.figure.name, ha="right", color=MUTED)
            _mark(axes, row, finding)
            missing = finding.estimate.value is None
            write(VALUE, y, "not measured" if missing else value_of(finding), color=MUTED if missing else INK)
            write(TARGET, y, target_of(finding.figure), color=MUTED)
        write(LEFT, 0.26, title, 13.0)
        write(LEFT, 0.56, LEGEND, color=MUTED)
        write(PLOT[0] + PLOT[1] / 2, 0.8, "the target is the band", ha="center", color=MUTED)
        write(VALUE, 0.8, "value (95 % interval)", color=MUTED)
        write(TARGET, 0.8, "target", color=MUTED)
        buffer = io.BytesIO()
        picture.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _line(x: list[float], y: list[float]) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D(x, y, color=GRID, linewidth=0.7)


def _mark(axes: Axes, row: int, finding: Finding) -> None:
    """A finding's dot and interval."""
    found, figure = finding.estimate, finding.figure
    if found.value is None:
        axes.plot([-REACH, 1.0 + REACH], [row, row], color=GRID, linewidth=1.2, linestyle=(0, (3, 4)))
        return
    colour = GOOD if finding.holds else BAD
    low, high = -REACH - 0.06, 1.0 + REACH + 0.06
    ends = [min(max(place(figure, value), low), high) for value in (found.low, found.high)]
    axes.plot(ends, [row, row], color=colour, linewidth=1.6, solid_capstyle="butt")
    x = place(figure, found.value)
    if low < x < high:
        marker = "o" if finding.holds else "X"
        inside = colour if finding.settled or not finding.holds else "white"
        axes.plot(
            [x], [row], marker=marker, markersize=6, color=colour, markerfacecolor=inside, linestyle="none"
        )
    else:
        axes.plot(
            [low if x <= low else high], [row], marker="<" if x <= low else ">", markersize=7, color=colour
        )
