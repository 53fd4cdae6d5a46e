"""The picture of a feasibility: how late each stream is, and what each cadence keeps.

Knows: lateness in seconds, scopes, matplotlib. Does not know: how either was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.report.drawing import shortened
from harness.report.frontiers import HUES, INK, MUTED, look, plain, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.feasibility import DeskScope

TICKS = {1: "1 s", 60: "1 min", 3_600: "1 h", 86_400: "1 d", 604_800: "1 w"}


def scope_picture(
    scenario: str, arrivals: Mapping[str, Sequence[float]], scopes: Sequence[DeskScope]
) -> bytes:
    """Left: share of each stream's items there by so long after the event. Right, for each desk: detection by cadence
    with its interval, beside the ceiling."""
    desks = [one for one in scopes if one.told]

    def draw(figure: Figure) -> None:
        figure.text(0.02, 0.945, shortened(scenario, 60), fontsize=12, color=INK)
        figure.text(
            0.02,
            0.89,
            "What arrives when, and what each cadence can detect with it",
            fontsize=10,
            color=MUTED,
        )
        left = figure.add_axes((0.07, 0.16, 0.38, 0.64))
        for place, (name, seconds) in enumerate(arrivals.items()):
            x = np.maximum(np.asarray(seconds), 1.0)
            style = look(place)
            left.plot(
                x, np.linspace(0, 1, len(x)), color=style["color"], marker=style["marker"], markevery=25, markersize=5,
                linewidth=2, label=name,
            )  # fmt: skip
        for patience, word in ((60, "event"), (3_600, "near real time"), (86_400, "daily")):
            left.axvline(patience, color=MUTED, linewidth=1, linestyle=":")
            left.text(
                patience * 0.9, 0.3, word, fontsize=8, color=MUTED, rotation=90, va="bottom", ha="right"
            )
        left.set_xscale("log")
        left.set_xlim(1, 6_000_000)
        left.set_ylim(-0.02, 1.05)
        left.set_xticks(list(TICKS), list(TICKS.values()))
        left.minorticks_off()
        left.set_yticks([0, 0.5, 1], ["none", "half", "all"])
        left.set_title("Items there so long after the event", fontsize=10, color=INK, loc="left")
        if arrivals:
            left.legend(
                loc="upper left",
                fontsize=8,
                frameon=True,
                facecolor="white",
                edgecolor="white",
                framealpha=1.0,
            )
        plain(left)
        if not desks:
            return
        right = figure.add_axes((0.60, 0.16, 0.37, 0.64))
        names = [d.rhythm.name for d in desks[0].designs]
        height = 0.8 / len(desks)
        for number, desk in enumerate(desks):
            for row, design in enumerate(desk.designs):
                y = row + (number - (len(desks) - 1) / 2) * height
                value = design.detection.value or 0.0
                right.barh(y, value, height=height * 0.9, color=HUES[number])
                if design.detection.low is not None and design.detection.high is not None:
                    right.plot(
                        [max(design.detection.low, 0), design.detection.high],
                        [y, y],
                        color=INK,
                        linewidth=1.5,
                    )
                kept = design.kept.value
                text = f"{value:.2f}" + ("" if kept is None else f", {100 * kept:.0f} % kept")
                end = max(value, design.detection.high or 0.0)
                right.text(
                    end + 0.02, y, text, fontsize=8.5, color=INK, va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0}, zorder=5,
                )  # fmt: skip
            if desk.ceiling.value is not None:
                right.axvline(desk.ceiling.value, color=HUES[number], linewidth=1.5, linestyle="--")
                right.text(
                    desk.ceiling.value, -0.62, "every feed live", fontsize=8, color=MUTED, ha="center", va="bottom"
                )  # fmt: skip
        right.set_yticks(range(len(names)), names)
        right.set_ylim(len(names) - 0.4, -0.65)
        right.set_xlim(0, 1.35)
        right.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
        right.set_title(
            f"Detection, at most {desks[0].budget:.3g} of lawful stopped",
            fontsize=10,
            color=INK,
            loc="left",
            pad=12,
        )
        plain(right)

    return png(9.4, 4.2, draw)
