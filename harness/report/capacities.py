"""A picture of capacity: response times against load with the budgets, and what each further worker buys.

Knows: capacities, matplotlib. Does not know: how they were found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.capacity import LATE, Budget, Capacity
from harness.report.drawing import shortened
from harness.report.frontiers import INK, MUTED, look, plain, png
from sim.core.time import NEVER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def picture(scenario: str, kind: str, found: Sequence[Capacity], budgets: Sequence[Budget]) -> bytes:
    """Left: p50 (dashed) and p99 of response times against load, up to where answers fail to come; bands: all seeds.
    Right: the load that all budgets bear against workers."""

    def draw(figure: Figure) -> None:
        left = figure.add_axes((0.085, 0.16, 0.5, 0.66))
        right = figure.add_axes((0.68, 0.16, 0.29, 0.66))
        figure.text(0.02, 0.94, shortened(scenario, 60), fontsize=12, color=INK)
        figure.text(0.02, 0.885, f"What the service at the desk '{kind}' bears", fontsize=10, color=MUTED)
        for place, one in enumerate(found):
            _times(left, place, one)
            _workers(right, place, one)
        for budget in budgets:
            if budget.name != LATE:
                left.axhline(budget.most / 1e3, color=MUTED, linewidth=1, linestyle=":")
                left.annotate(
                    str(budget), (0.01, budget.most / 1e3), xycoords=("axes fraction", "data"), fontsize=8.5,
                    color=MUTED, va="bottom",
                )  # fmt: skip
        for axes in (left, right):
            plain(axes)
        left.set_xscale("log", base=2)
        left.set_yscale("log")
        _plain_numbers(left)
        left.set_xlabel("load, times the scenario's busiest", fontsize=9.5, color=MUTED)
        left.set_ylabel("response time, ms", fontsize=9.5, color=MUTED)
        left.legend(loc="upper left", bbox_to_anchor=(0.0, 0.9), fontsize=8.5, framealpha=0.85)
        right.set_xlabel("workers", fontsize=9.5, color=MUTED)
        right.set_ylabel("load that all budgets bear", fontsize=9.5, color=MUTED)
        right.set_xticks(sorted({workers for one in found for workers in one.by_workers}))
        right.set_ylim(bottom=0)
        figure.text(
            0.02, 0.025,
            "Medians over seeds. Bands: all seeds; bars: interval. A line ends where its answers no longer come.",
            fontsize=8.5, color=MUTED,
        )  # fmt: skip

    return png(9.4, 4.6, draw)


def _times(axes: Axes, place: int, one: Capacity) -> None:
    style, name = look(place), shortened(", ".join(one.names), 30)
    for quantile, line in (("p50", "--"), ("p99", "-")):
        values = [(point.multiple, point.p50 if quantile == "p50" else point.p99) for point in one.curve]
        there = [(x, y) for x, y in values if y[0] < NEVER]
        if not there:
            continue
        x = [x for x, _ in there]
        middle, low, high = ([y[i] / 1e3 for _, y in there] for i in range(3))
        top = max(max(middle), 1e-3)
        axes.plot(x, middle, line, color=style["color"], linewidth=2, label=f"{name}, {quantile}")
        axes.fill_between(
            x, low, [min(h, 10 * top) for h in high], color=style["color"], alpha=0.13, linewidth=0
        )


def _workers(axes: Axes, place: int, one: Capacity) -> None:
    style = look(place)
    there = [(c, m) for c, m in one.by_workers.items() if math.isfinite(m.value)]
    if not there:
        return
    x, y = [c for c, _ in there], [m.value for _, m in there]
    low = [max(m.value - m.low, 0.0) if math.isfinite(m.low) else m.value for _, m in there]
    high = [max(m.high - m.value, 0.0) if math.isfinite(m.high) else 0.0 for _, m in there]
    axes.errorbar(
        x,
        y,
        yerr=[low, high],
        color=style["color"],
        marker=style["marker"],
        linewidth=2,
        capsize=3,
        markersize=7,
    )
    own = [(c, v) for c, v in zip(x, y, strict=True) if c == one.service.workers]
    axes.plot(
        [c for c, _ in own],
        [v for _, v in own],
        "o",
        markersize=14,
        markerfacecolor="none",
        color=style["color"],
    )


def _plain_numbers(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
