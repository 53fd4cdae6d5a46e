"""The picture of a search: cost against margin on the training seeds, and where the cheapest moved on seeds held out.

Knows: settings with their scores, matplotlib. Does not know: how settings were found.
Nothing is computed but where a mark stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from harness.report.drawing import shortened
from harness.report.frontiers import HUES, INK, MUTED, plain, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.searching import Score, Tried


class Confirmed(Protocol):
    """A setting's scores on both sets of seeds."""

    @property
    def train(self) -> Score:
        """On the training seeds."""

    @property
    def held_out(self) -> Score:
        """On those held out."""


def picture(scenario: str, cost: str, tried: Sequence[Tried], confirmed: Sequence[Confirmed]) -> bytes:
    """A PNG: a dot for each setting tried, an arrow from the training seeds to those held out; the first as it is."""

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.12, 0.16, 0.84, 0.64))
        figure.text(0.02, 0.94, shortened(scenario, 60), fontsize=12, color=INK)
        figure.text(
            0.02, 0.875, "Each setting's cost and smallest margin; right of the line the charter is kept", fontsize=10,
            color=MUTED,
        )  # fmt: skip
        for kept, hue in ((True, HUES[0]), (False, MUTED)):
            own = [one.score for one in tried if one.score.keeps is kept]
            axes.plot(
                [s.margin for s in own], [s.cost for s in own], marker="o", markersize=5, linestyle="none", color=hue,
                alpha=0.7, label="tried: keeps the charter" if kept else "tried: breaks it",
            )  # fmt: skip
        for place, one in enumerate(confirmed):
            hue = INK if place == 0 else HUES[1]
            axes.annotate(
                "", (one.held_out.margin, one.held_out.cost), (one.train.margin, one.train.cost),
                arrowprops={"arrowstyle": "-|>", "color": hue, "linewidth": 1.4},
            )  # fmt: skip
            axes.plot(
                [one.held_out.margin], [one.held_out.cost], marker="D", markersize=7, linestyle="none", color=hue,
                markerfacecolor="none", label=("as it is", "cheapest")[place] + ", held out" if place < 2 else None,
            )  # fmt: skip
        axes.axvline(0, color=INK, linewidth=1.2)
        plain(axes)
        axes.set_xlabel("smallest margin, in the threshold's own size", fontsize=9.5, color=MUTED)
        axes.set_ylabel(shortened(cost.replace("_", " "), 40), fontsize=9.5, color=MUTED)
        axes.legend(loc="best", fontsize=8.5, framealpha=0.85)

    return png(7.6, 5.0, draw)
