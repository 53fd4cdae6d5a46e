"""Tactics over the weeks, drawn: a small panel each, the candidate's line on the incumbent's.

Knows: adversaries.json as read, drawing. Does not know: how a share was made, the page around a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report import drawing, happenings
from harness.report.drawing import EVENT, INK, MUTED
from harness.report.record import Run, listed, mapping, number
from harness.report.tactics import names, tactic_words
from harness.report.words import NBSP

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2
MOST = 8
"""Tactics drawn, those with most of the new numbers; the table holds them all."""
PANEL, GAP = 0.95, 0.32
BEFORE = 0.3
"""Days before goLive that are drawn, as a share of the scored ones."""

Line = list[tuple[float, float]]
"""(day of a week's middle, share)"""


def tactic_picture(name: str, run: Run, place: int) -> str:
    """Shares of new numbers by tactic with the candidate at a place and with the incumbent, week by week."""
    candidate = run.candidates[place].name
    shown = names(run)[:MOST]
    own = {tactic: _line(run, candidate, tactic) for tactic in shown}
    base = {tactic: _line(run, run.incumbent, tactic) for tactic in shown}
    shares = [share for lines in (own, base) for line in lines.values() for _, share in line]
    rows = -(-len(shown) // COLUMNS)
    top, bottom = happenings.room(run) + 0.3, 0.5
    height = top + bottom + rows * PANEL + (rows - 1) * GAP

    def draw(figure: Figure) -> None:
        width = (drawing.WIDTH - 0.5 - 0.15 - 0.2) / COLUMNS
        for order, tactic in enumerate(shown):
            row, column = divmod(order, COLUMNS)
            left = 0.5 + column * (width + 0.2)
            above = top + row * (PANEL + GAP)
            axes = drawing.panel(
                figure,
                left=left,
                right=drawing.WIDTH - left - width,
                top=above,
                bottom=height - above - PANEL,
            )
            axes.set_xlim(-BEFORE * run.horizon, run.horizon)
            axes.set_ylim(0, max(shares, default=0.0) * 1.05 or 1.0)
            axes.set_title(
                tactic_words(tactic),
                fontsize=10,
                loc="left",
                pad=3 if row else 72 * happenings.room(run),
                color=INK,
            )
            _panel(axes, own[tactic], base[tactic], place)
            _mark(axes, run, first=row == 0)
            happenings.day_axis(axes, run.horizon * (1 + BEFORE) * 1.6)
            drawing.clear_ticks(axes.yaxis, 3, lambda value: f"{100 * value:.0f}{NBSP}%")
            axes.tick_params(labelsize=9)
            axes.grid(axis="y")
            if column:
                axes.tick_params(labelleft=False)
            if order + COLUMNS < len(shown):
                axes.tick_params(labelbottom=False)
                axes.set_xlabel("")

    label = (
        f"Share of campaigns' new numbers by tactic and week with {candidate} and with {run.incumbent}; "
        "the figures are in the table."
    )
    return drawing.picture(name, label, height, draw)


def _line(run: Run, candidate: str, tactic: str) -> Line:
    weeks = mapping(mapping(run.adversaries.get("candidates")).get(candidate)).get("weeks")
    found = []
    for week in map(mapping, listed(weeks)):
        begin, end = number(week.get("day")), number(week.get("endDay"))
        share = number(mapping(week.get("shares")).get(tactic))
        if begin is None or end is None or share is None:
            continue
        middle = (begin + end) / 2
        if -BEFORE * run.horizon <= middle < run.horizon:
            found.append((middle, share))
    return found


def _panel(axes: Axes, own: Line, base: Line, place: int) -> None:
    for line, hue, style, thick in (
        (base, MUTED, (0, (1, 1.4)), 1.6),
        (own, drawing.colour(place), "-", 1.9),
    ):
        axes.plot(
            [day for day, _ in line],
            [share for _, share in line],
            color=hue,
            linestyle=style,
            linewidth=thick,
            zorder=3,
            clip_on=False,
        )


def _mark(axes: Axes, run: Run, *, first: bool) -> None:
    """goLive as a line in ink, happenings by their letters above the first row and as lines in every panel."""
    axes.axvline(0, color=INK, linewidth=1.0, zorder=1.5)
    if first:
        happenings.draw_happenings(axes, run)
        return
    for event in happenings.happenings(run):
        for start, end in event.spans:
            if start <= run.horizon and (end is None or end > 0):
                axes.axvline(
                    max(start, 0.0), color=EVENT, linewidth=0.9, alpha=0.55, linestyle=(0, (4, 2)), zorder=1.2
                )
