"""Pictures of features: what each adds, moves and loses; and what each further one buys.

Knows: lives, broken pipelines, walks, matplotlib. Does not know: how they were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.drawing import shortened
from harness.report.frontiers import HUES, INK, MUTED, look, plain, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.brittleness import Broken
    from harness.lifecycle import FeatureLife
    from harness.simplicity import Walk


def lives_picture(title: str, lives: Sequence[FeatureLife], broken: Sequence[Broken]) -> bytes:
    """For each feature, the share it adds to scores and its drift; the feeds it hangs on beside its name."""
    order = sorted(lives, key=lambda one: -(one.contribution or 0.0))

    def draw(figure: Figure) -> None:
        figure.text(0.02, 0.955, shortened(title, 70), fontsize=12, color=INK)
        left = figure.add_axes((0.36, 0.14, 0.28, 0.70))
        right = figure.add_axes((0.70, 0.14, 0.27, 0.70), sharey=left)
        y = range(len(order))
        left.barh(list(y), [100 * (one.contribution or 0.0) for one in order], color=HUES[0], height=0.65)
        right.barh(list(y), [one.shift or 0.0 for one in order], color=HUES[1], height=0.65)
        right.axvline(0.2, color=MUTED, linewidth=1, linestyle=":")
        left.set_title("adds to the score, %", fontsize=10, color=INK, loc="left")
        right.set_title("drift, PSI (0.2: usually looked into)", fontsize=10, color=INK, loc="left")
        left.set_yticks(list(y), [f"{shortened(o.spec.name, 28)}  ({', '.join(o.feeds)})" for o in order])
        left.set_ylim(len(order) - 0.5, -0.5)
        for axes in (left, right):
            plain(axes)
        right.tick_params(labelleft=False)
        figure.text(0.02, 0.03, _worst(broken), fontsize=8.5, color=MUTED)

    return png(10.0, 1.9 + 0.3 * len(order), draw)


def _worst(broken: Sequence[Broken]) -> str:
    told = [(one, loss) for one in broken for loss in one.losses[:1] if loss.change is not None]
    if not told:
        return "Brittleness was not replayed."
    parts = [f"{one.pipeline.name}: {loss.clause} {loss.change:+.4f}" for one, loss in told[:4]]
    return "Broken at night: " + "; ".join(parts)


def walk_picture(title: str, found: Walk) -> bytes:
    """The first critical clause and the margin by number of features, the fewest first."""
    steps = list(reversed(found.steps))
    clause = next(iter(steps[0].values))

    def draw(figure: Figure) -> None:
        figure.text(0.02, 0.945, shortened(title, 70), fontsize=12, color=INK)
        top = figure.add_axes((0.10, 0.56, 0.86, 0.30))
        below = figure.add_axes((0.10, 0.16, 0.86, 0.30), sharex=top)
        x = [len(step.features) for step in steps]
        for n, step in zip(x, steps, strict=True):
            value, low, high = step.values[clause]
            if value is not None:
                top.plot([n], [value], color=HUES[0], marker="o", markersize=6)
            if low is not None and high is not None:
                top.plot([n, n], [low, high], color=HUES[0], linewidth=1.5)
        style = look(1)
        below.plot(
            x, [step.margin for step in steps], color=style["color"], marker=style["marker"], linewidth=2
        )
        below.axhline(0.0, color=INK, linewidth=1)
        below.axvline(len(found.smallest.features), color=MUTED, linewidth=1, linestyle=":")
        top.axvline(len(found.smallest.features), color=MUTED, linewidth=1, linestyle=":")
        top.set_title(
            f"{clause}, 95 % over seeds; dotted: the smallest set", fontsize=10, color=INK, loc="left"
        )
        below.set_title("margin of the nearest critical clause", fontsize=10, color=INK, loc="left")
        below.set_xticks(x)
        below.set_xlabel("features", fontsize=9, color=MUTED)
        top.tick_params(labelbottom=False)
        for axes in (top, below):
            plain(axes)

    return png(7.5, 4.8, draw)
