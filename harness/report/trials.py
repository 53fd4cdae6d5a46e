"""The picture of a charter on trial: each rung's share of seeds that noticed the drift, and that cried without any.

Knows: trials of rungs, matplotlib. Does not know: how an alarm is found. Nothing is computed but where a dot stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.drawing import shortened
from harness.report.frontiers import GRID, HUES, INK, MUTED, plain, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.charter_trial import Trial

ROW, HEAD, FOOT, WIDTH = 0.27, 1.0, 0.55, 10.5


def picture(scenario: str, found: Sequence[Trial]) -> bytes:
    """A PNG with a row for each candidate, clause and rung."""
    n = len(found)
    height = HEAD + n * ROW + FOOT

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.44, FOOT / height, 0.28, n * ROW / height))
        figure.text(0.02, 1 - 0.3 / height, shortened(scenario, 60), fontsize=12, color=INK)
        figure.text(
            0.02, 1 - 0.58 / height,
            "Seeds on which a rung is called: filled with drift (interval), hollow without", fontsize=10, color=MUTED,
        )  # fmt: skip
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(n - 0.5, -0.5)
        for row, one in enumerate(found):
            y = 1 - (HEAD + (row + 0.5) * ROW) / height
            hue = HUES[1] if one.fault else HUES[0]
            name = f"{shortened(one.candidate, 18)} · {shortened(one.terms.name, 20)} · {one.rung.name}"
            figure.text(0.43, y, name, fontsize=9, ha="right", va="center", color=INK)
            axes.plot(one.detection, (row, row), color=hue, linewidth=1.8)
            axes.plot([one.detected / one.seeds], [row], marker="o", markersize=7, color=hue)
            axes.plot(
                [one.by_chance / one.seeds], [row], marker="o", markersize=9, color=MUTED, markerfacecolor="none",
                linestyle="none",
            )  # fmt: skip
            told = one.fault.partition(":")[0] if one.fault else f"{one.per_month:.2f} false alarms a month"
            figure.text(0.735, y, told, fontsize=9, va="center", color=hue if one.fault else MUTED)
        plain(axes)
        axes.set_yticks([])
        axes.set_xticks([0, 0.5, 1], ["none", "half", "all"])
        axes.axvline(0, color=GRID, linewidth=0.8)

    return png(WIDTH, height, draw)
