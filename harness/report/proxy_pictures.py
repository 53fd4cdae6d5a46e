"""A picture of proxies: how well all features, the score, and the best single features tell each attribute.

Knows: hunts, matplotlib. Does not know: how anything was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.proxies import Found, Hunt
from harness.proxy_measures import Told
from harness.report.drawing import shortened
from harness.report.frontiers import HUES, INK, MUTED, plain, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 4
_ROW, _HEAD, _TOP, _BOTTOM = 0.27, 0.42, 0.75, 0.75


def picture(scenario: str, found: Hunt) -> bytes:
    """A block of rows for each attribute's label: value with interval, chance as a bar, limits as marks."""
    rows = [_rows(one) for one in found.found]
    height = _TOP + _BOTTOM + sum(_HEAD + _ROW * len(own) for own in rows) + (0 if rows else 1.0)

    def draw(figure: Figure) -> None:
        figure.text(0.02, 1 - 0.3 / height, shortened(scenario, 60), fontsize=12, color=INK)
        title = f"How well what {shortened(found.candidate, 30)} decides by tells what it may not know"
        figure.text(0.02, 1 - 0.55 / height, title, fontsize=10, color=MUTED)
        top = _TOP
        for one, own in zip(found.found, rows, strict=True):
            tall = _ROW * len(own)
            axes = figure.add_axes((0.3, 1 - (top + _HEAD + tall) / height, 0.66, tall / height))
            _block(axes, one, own)
            top += _HEAD + tall
        note = "Bar: from chance to its 95 % point (shuffled answers). Line: interval. Triangle: the charter's limit."
        figure.text(0.02, 0.14 / height, note, fontsize=8.5, color=MUTED)

    return png(8.2, height, draw)


def _rows(one: Found) -> list[tuple[str, Told, float | None]]:
    limits = one.limits
    best = sorted(one.each.items(), key=lambda item: (-item[1].value, item[0]))[:SHOWN]
    return [
        ("all features", one.together, limits.features if limits else None),
        ("score", one.score, limits.score if limits else None),
        *((name, value, limits.feature if limits else None) for name, value in best),
    ]


def _block(axes: Axes, one: Found, rows: list[tuple[str, Told, float | None]]) -> None:
    number = one.label == ""
    least = min([0.0 if number else 0.45, *(told.low for _, told, _ in rows)])
    for place, (_, told, limit) in enumerate(rows):
        hue = HUES[0 if place == 0 else 1 if place == 1 else 2]
        chance = 0.0 if number else 0.5
        axes.barh(
            place, max(told.chance_high - chance, 0.0), left=chance, height=0.7, color=MUTED, alpha=0.25
        )
        axes.plot([max(told.low, least), told.high], [place, place], color=hue, linewidth=2)
        axes.plot([told.value], [place], marker="o", color=hue, markersize=6)
        if limit is not None:
            axes.plot([limit], [place], marker=">", color=INK, markersize=6, linestyle="none")
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [shortened(name, 28) for name, _, _ in rows])
    axes.set_xlim(least, 1.01)
    plain(axes)
    what = f"{one.attribute}: {one.label} or not (area)" if one.label else f"{one.attribute} (R squared)"
    axes.set_title(what, fontsize=9.5, loc="left", pad=3, color=INK)
