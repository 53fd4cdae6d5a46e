"""What happened, drawn: what the world did, what was done about it, and what was learnt from.

Knows: the timeline's events, drawing. Does not know: metrics' values, the page around a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report import drawing, words
from harness.report.drawing import EVENT, INK, MUTED, PAPER
from harness.report.record import LADDER, Clause, Event, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RAIL = 0.17
"""Inches of a line above a plot: one per layer of happenings, one for rungs crossed."""


@dataclass(frozen=True)
class Happening:
    """What the world did, under one letter: an injection, a veil or an outage, with its days in any seed."""

    letter: str
    kind: str
    name: str
    spans: tuple[tuple[float, float | None], ...]
    value: float | None
    detail: str


def happenings(run: Run) -> tuple[Happening, ...]:
    """Injections, veils and outages, lettered by onset; campaigns are too many to draw and are left to the table."""
    found: dict[tuple[str, str], list[Event]] = {}
    world = [
        event for event in run.events if not event.candidate and event.kind in ("injection", "veil", "outage")
    ]
    for event in sorted(world, key=lambda event: (event.day, event.kind, event.name)):
        found.setdefault((event.kind, event.name), []).append(event)
    return tuple(
        Happening(
            letter=chr(ord("A") + place) if place < 26 else f"{place + 1}",
            kind=kind,
            name=name,
            spans=tuple(dict.fromkeys((event.day, event.end_day) for event in events)),
            value=events[0].value,
            detail=", ".join(f"{key} {words_of_value(value)}" for key, value in events[0].detail.items()),
        )
        for place, ((kind, name), events) in enumerate(found.items())
    )


def words_of_value(value: object) -> str:
    """A detail's value in short."""
    return words.Scale(1.0, "").text(float(value)) if isinstance(value, int | float) else str(value)


def rung_of(event: Event) -> str:
    """The rung that a timeline row speaks of, or nothing."""
    told = str(event.detail.get("rung", "")) or event.name
    return next((rung for rung in reversed(LADDER) if rung in told), "")


def concerns(event: Event, metric: str, clauses: Sequence[Clause]) -> bool:
    """Whether a rung belongs to a metric: by its detail or name; one that names no clause belongs to all."""
    told = str(event.detail.get("clause", "") or event.detail.get("metric", "")) or event.name
    names = [metric] + [clause.name for clause in clauses]
    return told in (*LADDER, "") or any(name in told for name in names if name)


def letter_of(rung: str) -> str:
    """I, R, B, E: investigate, retrain, roll back, escalate."""
    return {"rollback": "B"}.get(rung, rung[:1].upper())


def layers_of(run: Run) -> dict[str, int]:
    """Letter -> line above the plot, so that happenings at the same time do not hide one another."""
    ends: list[float] = []
    found = {}
    for event in happenings(run):
        first = event.spans[0][0]
        last = max(start + run.horizon * 0.06 if end is None else end for start, end in event.spans)
        layer = next((place for place, end in enumerate(ends) if end <= first), len(ends))
        ends[layer:] = [max(last, first + run.horizon * 0.05), *ends[layer + 1 :]]
        found[event.letter] = layer
    return found


def room(run: Run) -> float:
    """Inches above the plot, the same for every picture of a run, so that neighbours align."""
    layers = max(layers_of(run).values(), default=-1) + 1
    crossed = any(event.kind == "rung" for event in run.events)
    return 0.14 + RAIL * (layers + crossed)


def draw_happenings(axes: Axes, run: Run) -> None:
    """Onsets as thin lines through the plot, spans as bars above it, each with its letter."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    figure, right = axes.figure, axes.get_xlim()[1]
    layers = layers_of(run)
    for event in happenings(run):
        seen = [
            (max(start, 0.0), end)
            for start, end in event.spans
            if start <= right and (end is None or end > 0)
        ]
        if not seen:
            continue
        shift = ScaledTranslation(0, RAIL * (layers[event.letter] + 0.5), figure.dpi_scale_trans)
        above = blended_transform_factory(axes.transData, axes.transAxes) + shift
        for begin, end in seen:
            finish = right if end is None else min(end, right)
            axes.plot(
                [begin, max(finish, begin)],
                [1, 1],
                transform=above,
                color=EVENT,
                linewidth=8,
                alpha=0.3,
                clip_on=False,
                solid_capstyle="butt",
            )
            axes.axvline(begin, color=EVENT, linewidth=0.9, alpha=0.55, linestyle=(0, (4, 2)), zorder=1.2)
        axes.text(
            seen[0][0] + right * 0.008,
            1,
            event.letter,
            transform=above,
            fontsize=9,
            color=EVENT,
            fontweight="bold",
            va="center_baseline",
        )


def draw_deeds(axes: Axes, run: Run, candidate: str, metric: str) -> None:
    """Fits as ticks on the plot's floor, rungs as letters above everything; any seed's, the same place once."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    right = axes.get_xlim()[1]
    own = [event for event in run.events if event.candidate == candidate and 0 <= event.day <= right]
    fits = sorted(dict.fromkeys(event.day for event in own if event.kind == "fit"))
    axes.plot(
        fits,
        [0.025] * len(fits),
        linestyle="none",
        marker="^",
        markersize=4,
        color=MUTED,
        zorder=4,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
    )
    clauses = run.clauses_of(metric)
    rungs = [
        event for event in own if event.kind == "rung" and rung_of(event) and concerns(event, metric, clauses)
    ]
    width = right / 28
    layers = max(layers_of(run).values(), default=-1) + 1
    shift = ScaledTranslation(0, RAIL * (layers + 0.5), axes.figure.dpi_scale_trans)
    above = blended_transform_factory(axes.transData, axes.transAxes) + shift
    gravest: dict[int, str] = {}
    for event in rungs:
        column, rung = int(event.day // width), rung_of(event)
        if words.severity(rung) >= words.severity(gravest.get(column, "")):
            gravest[column] = rung
    for column, rung in sorted(gravest.items()):
        axes.text(
            (column + 0.5) * width,
            1,
            letter_of(rung),
            transform=above,
            ha="center",
            va="center_baseline",
            fontsize=9.5,
            color=EVENT,
        )


def day_axis(axes: Axes, days: float) -> None:
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    step = next((size for size in (1, 2, 7, 14, 30, 60, 90, 180, 360) if days / size <= 6.5), 720)
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}".replace("-", "−")))
    axes.set_xlabel("days since go-live", fontsize=10)


# --- what was learnt from -------------------------------------------------------------------------------------------

LABELS = (("positives", "o", INK), ("hidden_positives", "^", EVENT), ("false_positives", "X", MUTED))
"""Keys of a fit's detail, their markers and colours; the page has their legend."""


def has_labels(fits: Sequence[Event]) -> bool:
    """Whether any of the training sets says how its rows were labelled."""
    return any(isinstance(e.detail.get(key), int | float) for e in fits for key, _, _ in LABELS)


def label_picture(name: str, candidate: str, fits: Sequence[Event]) -> str:
    """Each training set of a candidate: how many labels said what, and how many of them were wrong; log scale."""

    def draw(figure: Figure) -> None:
        axes = drawing.panel(figure, left=0.72, right=0.25, top=0.15, bottom=0.48)
        axes.set_yscale("symlog", linthresh=1)
        highest = 1.0
        for key, marker, hue in LABELS:
            held = [(e.day, float(e.detail[key])) for e in fits if isinstance(e.detail.get(key), int | float)]
            if held:
                highest = max(highest, *(value for _, value in held))
                axes.plot(
                    [day for day, _ in held],
                    [value for _, value in held],
                    linestyle="none",
                    marker=marker,
                    markersize=6,
                    color=hue,
                    markeredgecolor=PAPER,
                    markeredgewidth=0.6,
                    clip_on=False,
                )
        axes.set_ylim(0, highest * 2.5)
        from matplotlib.ticker import FuncFormatter, NullLocator

        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.count(float(value))))
        axes.tick_params(labelsize=10)
        day_axis(axes, max(event.day for event in fits) - min(event.day for event in fits) + 1)
        axes.grid(axis="y")

    label = f"Labels in each of the {len(fits)} training sets of {candidate}; the figures are in the table."
    return drawing.picture(name, label, 2.5, draw)
