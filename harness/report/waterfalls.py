"""The picture of an attribution: a waterfall from every cause off to all on.

Knows: attributions, matplotlib. Does not know: how a part is found. Nothing is computed but where a bar stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.drawing import shortened
from harness.report.frontiers import GRID, HUES, INK, MUTED, plain, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.attribution import Attribution

LOSS, GAIN, ENDS = HUES[1], HUES[2], "#8c959f"


def picture(scenario: str, found: Attribution) -> bytes:
    """A PNG: the ends as bars from zero, each part where the one before it ended."""
    sign = 1.0 if found.terms.op == "gte" else -1.0
    labels = ["without any", *(part.cause for part in found.parts), "as it is"]

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.1, 0.16, 0.87, 0.62))
        figure.text(0.02, 0.94, shortened(scenario, 60), fontsize=12, color=INK)
        what = "distance from the target" if found.terms.op == "within" else found.terms.metric
        figure.text(
            0.02, 0.875, f"What {shortened(found.candidate, 24)} loses on {found.terms.name}: {what}",
            fontsize=10, color=MUTED,
        )  # fmt: skip
        at = sign * float(found.without)
        axes.bar([0], [at], color=ENDS, width=0.62)
        axes.text(0, at, f"{at:.4g}", ha="center", va="bottom", fontsize=9, color=INK)
        tops = [at]
        for place, part in enumerate(found.parts, start=1):
            step = -sign * float(part.value)
            hue = LOSS if part.value > 0 else GAIN
            axes.bar([place], [step], bottom=[at], color=hue, width=0.62)
            axes.plot([place - 0.69, place + 0.31], [at, at], color=MUTED, linewidth=0.8)
            middle = at + step
            low, high = (at - sign * end for end in (part.low, part.high))
            axes.plot([place, place], [low, high], color=INK, linewidth=1.2)
            axes.text(
                place, max(at, middle, low, high), f"{float(part.value):+.3g}", ha="center", va="bottom", fontsize=9,
                color=INK,
            )  # fmt: skip
            tops += [middle, low, high]
            at = middle
        last = len(found.parts) + 1
        axes.bar([last], [sign * float(found.actual)], color=ENDS, width=0.62)
        axes.text(last, at, f"{at:.4g}", ha="center", va="bottom", fontsize=9, color=INK)
        plain(axes)
        axes.axhline(0, color=GRID, linewidth=1)
        low, high = min(0.0, *tops), max(0.0, *tops)
        axes.set_ylim(low - 0.02 * (high - low), high + 0.12 * (high - low or 1.0))
        axes.set_xticks(range(len(labels)), [shortened(label, 20) for label in labels], fontsize=9)
        figure.text(
            0.02, 0.03, "Orange takes away, green helps; the numbers are losses. Line: 95 % interval over seeds.",
            fontsize=8.5, color=MUTED,
        )  # fmt: skip

    return png(8.2, 4.6, draw)
