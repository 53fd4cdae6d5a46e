"""The picture of responses: one metric of each over time, and below it what each did and what that cost.

Knows: points, cases, drawing. Does not know: sentences, the page around a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report import drawing, responding, words
from harness.report.courses import draw_curves, time_axes, windows
from harness.report.drawing import EVENT, GRID, INK, MUTED
from harness.report.happenings import day_axis, draw_happenings, room
from harness.report.limits import scale_of_metric
from harness.report.record import WHOLE, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PLOT, _LANE, _GAP, _LEFT, _RIGHT, _BOTTOM = 2.2, 0.3, 0.12, 0.95, 0.66, 0.48
MARKS = (
    ("told", "|", EVENT, 8.0),
    ("promoted", "^", INK, 6.0),
    ("refused", "x", EVENT, 5.5),
    ("rolled back", "v", INK, 6.0),
    ("recovered", "o", MUTED, 4.5),
)
"""What is drawn of a case, its sign, its colour and size; the page has their legend."""
_NAMES = 13
"""Characters of a candidate's name beside its lane."""


def metric_of(run: Run) -> str:
    """The metric that most cases of clauses are about; else that of the first critical clause; "" without one."""
    clauses = {
        clause.name: clause.metric for c in run.candidates for clause in c.clauses if clause.slice == WHOLE
    }
    about = [
        clauses[str(case.detail.get("name"))]
        for candidate in responding.played(run)
        for case in responding.cases(run, candidate.name)
        if case.detail.get("source") == "clause" and case.detail.get("name") in clauses
    ]
    critical = [c.metric for c in (run.champion.clauses if run.champion else ()) if c.critical]
    ranked = sorted(set(about), key=lambda metric: (-about.count(metric), metric))
    return next(iter([*ranked, *critical]), "")


def response_picture(name: str, run: Run, metric: str) -> str:
    """A metric of every response as it was, with what happened; then a lane for each: what it did, on any seed."""
    scale = scale_of_metric(run, metric)
    held = responding.played(run)
    places = {candidate.name: place for place, candidate in enumerate(run.candidates)}
    curves = [(places[c.name], windows(run.points(c.name, metric))) for c in held]
    lanes = _LANE * len(held)
    _, rows = responding.table(run)
    costs = {row.candidate.name: row.cost for row in rows}
    label = f"{words.words_of(metric)} under each response over time, and what each did; the figures are in the table."

    def draw(figure: Figure) -> None:
        clause = next((c for c in run.clauses_of(metric) if c.slice == WHOLE), None)
        bottom = _BOTTOM + lanes + _GAP
        axes = time_axes(
            figure, run, [curve for _, curve in curves], clause, scale, left=_LEFT, bottom=bottom
        )
        draw_happenings(axes, run)
        draw_curves(axes, curves)
        axes.set_xlabel("")
        axes.tick_params(axis="x", labelbottom=False)
        height = float(figure.get_size_inches()[1])
        below = drawing.panel(figure, left=_LEFT, right=_RIGHT, top=height - _BOTTOM - lanes, bottom=_BOTTOM)
        below.set_xlim(*axes.get_xlim())
        below.set_ylim(len(held) - 0.5, -0.5)
        below.set_yticks([])
        day_axis(below, axes.get_xlim()[1])
        below.tick_params(labelsize=10)
        for row, candidate in enumerate(held):
            _lane(below, run, candidate.name, row, places[candidate.name])
            below.annotate(
                costs[candidate.name],
                (1, row),
                (5, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
                color=MUTED,
                annotation_clip=False,
            )
        start = responding.onset(run)
        if start is not None:
            below.axvline(start, color=EVENT, linewidth=0.9, alpha=0.55, linestyle=(0, (4, 2)), zorder=1.2)

    return drawing.picture(name, label, _PLOT + _BOTTOM + lanes + _GAP + room(run), draw)


def _lane(axes: Axes, run: Run, candidate: str, row: int, place: int) -> None:
    """A line with what was done on any seed, and the candidate's name in front of it."""
    axes.axhline(row, color=GRID, linewidth=0.8, zorder=1)
    axes.annotate(
        f"{drawing.shortened(candidate, _NAMES)}",
        (0, row),
        (-7, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=9.5,
        color=drawing.colour(place),
        annotation_clip=False,
    )
    own = [e for e in run.events if e.kind == "step" and e.candidate == candidate]
    for what, marker, hue, size in MARKS:
        refused = [e for e in own if e.name == "checked" and not e.detail.get("passed")]
        found = refused if what == "refused" else [e for e in own if e.name == what]
        days = sorted({round(e.day, 2) for e in found if 0 <= e.day <= axes.get_xlim()[1]})
        if days:
            axes.plot(
                days, [row] * len(days), linestyle="none", marker=marker, markersize=size, color=hue, alpha=0.65,
                markeredgewidth=1.3 if marker in "|x" else 0.0, zorder=3,
            )  # fmt: skip
