"""The picture of the catalogue: a small panel for each scenario, its figure against the magnitude.

Knows: values, drawing. Does not know: replays.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HUE = {"yes": "#1b6e53", "not shown": "#8a8a8a", "the other way": "#b3261e"}


class Panel(NamedTuple):
    """values: (seeds, magnitudes)."""

    title: str
    says: str
    values: NDArray[np.float64]
    p: float
    told: str


def chance(p: float) -> str:
    """A chance in words."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def draw(panels: Sequence[Panel], magnitudes: Sequence[float], path: Path) -> None:
    """Write the picture as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(4, len(panels))
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(3.1 * columns, 2.3 * lines + 0.2), layout="constrained")
    FigureCanvasAgg(figure)
    for place, panel in enumerate(panels):
        axes = figure.add_subplot(lines, columns, place + 1)
        for row in panel.values:
            axes.plot(magnitudes, row, color="#c9c9c9", linewidth=1, marker="o", markersize=2.5)
        axes.plot(
            magnitudes,
            np.nanmean(panel.values, axis=0),
            color=HUE[panel.told],
            linewidth=2.2,
            marker="o",
            markersize=5,
        )
        axes.set_title(panel.title.removesuffix("-v1"), fontsize=9, loc="left", fontweight="bold")
        axes.annotate(
            f"{panel.says}: {panel.told}, p {chance(panel.p)}", (0, 1), xytext=(3, -1), fontsize=7.5,
            xycoords="axes fraction", textcoords="offset points", va="top", color=HUE[panel.told],
        )  # fmt: skip
        axes.set_xticks(list(magnitudes), ["0", "½", "1", "2"])
        axes.tick_params(labelsize=7.5)
        axes.margins(y=0.28)
        axes.spines[["top", "right"]].set_visible(False)
        if place // columns == lines - 1:
            axes.set_xlabel("magnitude", fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})
