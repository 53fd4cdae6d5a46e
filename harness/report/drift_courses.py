"""The drift of a scenario, drawn before any run: each lever that is moved, over the days, and the windows of veils.

Knows: courses, windows, drawing. Does not know: injections, veils, worlds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, FAINT, MOVED, VEILED = "#1f1f1f", "#6b6b6b", "#efefec", "#0b5fa5", "#b2541a"
WIDTH, PANEL, BAR, EDGES = 8.4, 1.75, 0.34, 1.15
"""Inches: of the picture, of a lever's panel, of a veil's line, of everything around."""


@dataclass(frozen=True)
class Span:
    """From when to when, in days since goLive, and what it is called."""

    name: str
    first: float
    end: float


@dataclass(frozen=True)
class Course:
    """A lever over time. day, value: (k,), ascending, every jump between two neighbours; base: where it stands by
    itself; low, high: its allowed range; moved_by: the injections on it."""

    lever: str
    unit: str
    doc: str
    day: NDArray[np.float64]
    value: NDArray[np.float64]
    base: float
    low: float
    high: float
    moved_by: tuple[Span, ...]


@dataclass(frozen=True)
class Window:
    """A veil: what it covers, and each stretch in which it is at work."""

    name: str
    what: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Page:
    """All of a scenario's drift. first: the first day of the history (negative); horizon: the last scored day."""

    title: str
    first: float
    horizon: float
    courses: tuple[Course, ...]
    windows: tuple[Window, ...]


def draw(page: Page, path: Path) -> None:
    """Write the picture as PNG. Raises OSError where it cannot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [PANEL] * len(page.courses) + [BAR * (len(page.windows) + 0.6)] * bool(page.windows)
    figure = Figure(figsize=(WIDTH, sum(heights) + EDGES), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    figure.suptitle(page.title, fontsize=11, fontweight="bold", color=INK, x=0.01, ha="left")
    first: Any = None
    for place, course in enumerate(page.courses):
        first = _lever(figure.add_subplot(grid[place], sharex=first), course)
    if page.windows:
        _veils(figure.add_subplot(grid[len(heights) - 1], sharex=first), page.windows)
    for axes in figure.axes:
        axes.axvspan(page.first, 0.0, color=FAINT, zorder=0)
        for day in (0.0, page.horizon):
            axes.axvline(day, color=INK, linewidth=0.9, zorder=2)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, colors=MUTED, labelcolor=INK)
    _ends(figure, page)
    with path.open("wb") as file:
        figure.savefig(file, format="png", dpi=120, metadata={"Software": None})


def _lever(axes: Axes, course: Course) -> Axes:
    low, high = float(course.value.min()), float(course.value.max())
    room = (high - low) * 0.22 or abs(course.base) * 0.2 or 0.5
    for span in course.moved_by:
        axes.axvspan(span.first, span.end, color=MOVED, alpha=0.07, linewidth=0, zorder=1)
    axes.axhline(course.base, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)
    for limit in (course.low, course.high):
        if low - room <= limit <= high + room:
            axes.axhline(limit, color=VEILED, linewidth=1.0, linestyle=":", zorder=2)
    axes.plot(course.day, course.value, color=MOVED, linewidth=1.7, solid_joinstyle="miter", zorder=3)
    axes.set_ylim(low - room, high + room)
    axes.set_ylabel(course.unit, fontsize=8, color=MUTED)
    names = [span.name for span in course.moved_by]
    by = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    heading = shorten(f"{course.lever}: {course.doc}", 105, placeholder=" ...")
    axes.set_title(heading, fontsize=9, loc="left", color=INK, pad=14)
    told = (
        f"stands at {course.base:.6g} (dashed); allowed {course.low:.6g} to {course.high:.6g}; moved by {by}"
    )
    axes.annotate(
        told,
        (0, 1),
        xytext=(0, 3),
        fontsize=7.5,
        color=MUTED,
        xycoords="axes fraction",
        textcoords="offset points",
    )
    return axes


def _veils(axes: Axes, windows: Sequence[Window]) -> None:
    for place, window in enumerate(windows):
        for span in window.spans:
            axes.plot(
                [span.first, span.end],
                [place, place],
                color=VEILED,
                linewidth=7,
                solid_capstyle="butt",
                zorder=3,
            )
    axes.set_ylim(len(windows) - 0.4, -0.6)
    axes.set_yticks(
        range(len(windows)), [f"{window.name}\n{window.what}" for window in windows], fontsize=7.5
    )
    axes.tick_params(axis="y", length=0)
    axes.set_title("veils: what is seen is wrong, what happens is not", fontsize=9, loc="left", color=INK)


def _ends(figure: Figure, page: Page) -> None:
    top, bottom = figure.axes[0], figure.axes[-1]
    margin = (page.horizon - page.first) * 0.015
    top.set_xlim(page.first - margin, page.horizon + margin)
    crowded = -page.first < 0.12 * (page.horizon - page.first)
    for day, word, side in (
        (0.0, "go-live", "left" if crowded else "right"),
        (page.horizon, "horizon", "right"),
    ):
        bottom.annotate(
            f" {word} ", (day, 0), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
            fontsize=7.5, ha=side, color=INK, zorder=4,
        )  # fmt: skip
    for axes in figure.axes[:-1]:
        axes.tick_params(labelbottom=False)
    bottom.set_xlabel("days since go-live", fontsize=8.5, color=INK)
