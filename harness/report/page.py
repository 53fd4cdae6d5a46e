"""The page: which parts of a run are shown, in which order, and the templates that hold them.

Knows: a run, pictures, views, templates. Does not know: how a value was made, how a picture is drawn.
Templates escape everything; only our own pictures are let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.report import (
    accounts,
    courses,
    dashboards,
    decays,
    drawing,
    fair_courses,
    happenings,
    limits,
    responding,
    response_courses,
    stories,
    tactic_courses,
    tactics,
    views,
    watching,
    words,
)
from harness.report.record import WHOLE, Candidate, Clause, Run, text

if TYPE_CHECKING:
    from jinja2 import Environment

_MARKDOWN = re.compile(r"([\\`*_{}\[\]#|~$!])")


@dataclass(frozen=True)
class Picture:
    """A picture with its heading and a sentence below it."""

    title: str
    svg: str
    note: str = ""


@dataclass(frozen=True)
class Course:
    """A metric over time: pictures in sight, and those one click away; none where nothing was measured."""

    title: str
    unit: str
    doc: str
    shown: tuple[Picture, ...]
    folded: tuple[Picture, ...]


def compose(run: Run) -> tuple[str, str]:
    """The page and its short form. Starting matplotlib once, for all pictures of the page."""
    with drawing.drawing():
        by_class = tuple(_by_class(run))
        charted = [metric for metric in run.metrics if run.clauses_of(metric)]
        beside = [metric for metric in run.metrics if metric not in charted]
        context: dict[str, Any] = {
            "intervals": tuple(_intervals(run)),
            "by_class": tuple(picture for judged, picture in by_class if judged),
            "by_class_folded": tuple(picture for judged, picture in by_class if not judged),
            "courses": tuple(_course(run, metric) for metric in charted),
            "courses_beside": tuple(_course(run, metric) for metric in beside),
            "honesty": tuple(_honesty(run)),
            "shifts": tuple(_shifts(run)),
            "decays": tuple((one, _markup(one.svg)) for one in decays.read(run)),
            "fairness": tuple((one, _markup(one.svg)) for one in fair_courses.read(run)),
            "responses": tuple(_responses(run)),
        }
    context |= {
        "run": run,
        "head": views.headline(run),
        "rows": views.rows(run.champion),
        "others": tuple((c, views.rows(c)) for c in run.candidates if c is not run.champion),
        "parted": dashboards.parted(run),
        "matrix": views.matrix(run),
        "legend": tuple((c, *_look(place)) for place, c in enumerate(run.candidates)),
        "happenings": happenings.happenings(run),
        "distances": tactics.distances(run),
        "signals": watching.signals(run),
        "last_from": tactics.last_from(run),
        "undecided": views.undecided(run),
        "stories": stories.stories(run),
        "response_table": responding.table(run),
        "playbook": accounts.playbook(run),
        "deeds": accounts.deeds(run),
        "repeat": accounts.repeat(run),
        "symbols": words.SYMBOLS,
        "words": words,
    }
    html = _templates().get_template("report.html").render(context)
    summary = _plain_templates().get_template("summary.md").render(context)
    return html, summary


@cache
def _templates() -> Environment:
    return _environment(autoescape=True)


@cache
def _plain_templates() -> Environment:
    return _environment(autoescape=False, finalize=markdown)


def _environment(**escapes: Any) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("harness.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **escapes,
    )


def markdown(value: Any) -> str:
    """A value as Markdown text on one line, in which no sign of it means anything."""
    flat = re.sub(r"[\r\n\t ]+", " ", str(value))
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        flat = flat.replace(sign, entity)
    return _MARKDOWN.sub(r"\\\1", flat)


def _look(place: int) -> tuple[str, str]:
    """Sign and CSS variable of the candidate at a place, for legends."""
    return drawing.SIGNS[place % len(drawing.SIGNS)], f"--{drawing.VARIABLES[drawing.colour(place)]}"


# --- pictures -------------------------------------------------------------------------------------------------------


def _markup(svg: str) -> str:
    from markupsafe import Markup

    return Markup(svg)


def _families(run: Run) -> dict[tuple[str, str], list[str]]:
    """(metric, dimension) -> classes judged apart, where there are several: they share one picture."""
    found: dict[tuple[str, str], list[str]] = {}
    for candidate in run.candidates:
        for clause in candidate.clauses:
            if "=" in clause.slice:
                classes = found.setdefault((clause.metric, clause.slice.partition("=")[0]), [])
                if clause.slice not in classes:
                    classes.append(clause.slice)
    drawn = {key: classes for key, classes in found.items() if limits.slices_of(run, *key)}
    return {key: classes for key, classes in drawn.items() if len(classes) > 1}


def _intervals(run: Run) -> Iterator[Picture]:
    together = _families(run)
    for place, (name, slice_) in enumerate(views.clause_keys(run)):
        rows = [
            (position, candidate, clause)
            for position, candidate in enumerate(run.candidates)
            for clause in candidate.clauses
            if (clause.name, clause.slice) == (name, slice_)
        ]
        first = rows[0][2]
        if (first.metric, slice_.partition("=")[0]) in together:
            continue
        if all(clause.value is None for _, _, clause in rows):
            yield Picture(words.title(first), "", f"∅ Not measured for any candidate. {first.reason}")
            continue
        unit = words.scale_of(first).unit
        title = f"{words.title(first)}, {unit}" if unit else words.title(first)
        yield Picture(title, _markup(limits.clause_picture(f"clause-{place}", rows)))


def _by_class(run: Run) -> Iterator[tuple[bool, Picture]]:
    """Pictures by class, with whether the charter judges any of these classes."""
    found: dict[tuple[str, str], None] = {}
    for _, metric, slice_, view in run.series:
        if slice_ != WHOLE and "=" in slice_ and view == "true":
            found[(metric, slice_.partition("=")[0])] = None
    order = {metric: place for place, metric in enumerate(run.metrics)}
    judged = {(clause.metric, clause.slice.partition("=")[0]) for c in run.candidates for clause in c.clauses}
    for place, (metric, dimension) in enumerate(
        sorted(found, key=lambda key: (order.get(key[0], len(order)), key))
    ):
        if not limits.slices_of(run, metric, dimension):
            continue
        svg = limits.slice_picture(f"class-{place}", run, metric, dimension)
        title = f"{words.words_of(metric)} by {dimension.replace('_', ' ')}"
        yield (
            (metric, dimension) in judged,
            Picture(title, _markup(svg), str(run.about(metric).get("doc", ""))),
        )


def _course(run: Run, metric: str) -> Course:
    number = run.metrics.index(metric)
    title, about = words.words_of(metric), str(run.about(metric).get("doc", ""))
    if seen_by := text(run.about(metric).get("observedBy")):
        about = f"{about} Observed by {seen_by}."
    unit = limits.scale_of_metric(run, metric).unit
    held = [place for place, c in enumerate(run.candidates) if _drawable(run, c.name, metric)]
    if not held:
        return Course(title, unit, about, (), ())
    champion = run.candidates.index(run.champion) if run.champion else 0
    judged = bool(run.clauses_of(metric))
    side = Picture(
        "All candidates, as it was", _markup(courses.comparison_picture(f"side-{number}", run, metric))
    )
    if not judged and len(run.candidates) > 1:
        return Course(title, unit, about, (side,), ())
    alone = {
        place: Picture(
            f"{candidate.name}: true and observed",
            _markup(courses.course_picture(f"course-{number}-{place}", run, metric, place)),
            _ladder(run, metric),
        )
        for place, candidate in enumerate(run.candidates)
        if place == champion or place in held
    }
    return Course(
        title=title,
        unit=unit,
        doc=about,
        shown=(alone[champion], side) if len(run.candidates) > 1 else (alone[champion],),
        folded=tuple(picture for place, picture in alone.items() if place != champion),
    )


def _drawable(run: Run, candidate: str, metric: str) -> bool:
    curves = (courses.windows(run.points(candidate, metric, view=view)) for view in ("true", "observed"))
    return any(point.value is not None for curve in curves for point in curve)


def _ladder(run: Run, metric: str) -> str:
    """The ladder in words, since a rung far from the curve is not drawn."""
    clause: Clause | None = next((c for c in run.clauses_of(metric) if c.slice == WHOLE), None)
    if clause is None or not clause.rungs:
        return ""
    scale = words.scale_of(clause)
    ladder = ", ".join(f"{words.rung_words(rung)} {scale.text(value)}" for rung, value in clause.rungs)
    return f"Charter: {words.limit_text(clause)}. Rungs: {ladder}."


def _honesty(run: Run) -> Iterator[tuple[Candidate, Sequence[Any], Picture, str]]:
    for place, candidate in enumerate(run.candidates):
        fits = [event for event in run.events if event.kind == "fit" and event.candidate == candidate.name]
        for desk in dict.fromkeys(accounts.desk_of(event) for event in fits):
            own = [event for event in fits if accounts.desk_of(event) == desk]
            title = f"{candidate.name}, {words.words_of(desk)}" if desk else candidate.name
            name = f"labels-{place}-{desk}" if desk else f"labels-{place}"
            # Results are no opinion: where prices are quoted there is no wrong mark to draw.
            svg = happenings.label_picture(name, title, own) if happenings.has_labels(own) else ""
            told = accounts.last_fit(candidate, own, words.words_of(desk) if desk else "")
            yield candidate, accounts.fits(own), Picture(title, _markup(svg)), told


def _shifts(run: Run) -> Iterator[tuple[tactics.Shift, Picture]]:
    places = {candidate.name: place for place, candidate in enumerate(run.candidates)}
    for shift in tactics.shifts(run):
        place = places[shift.candidate]
        svg = tactic_courses.tactic_picture(f"tactics-{place}", run, place)
        yield shift, Picture(shift.candidate, _markup(svg))


def _responses(run: Run) -> Iterator[Picture]:
    metric = response_courses.metric_of(run)
    if responding.played(run) and metric:
        svg = response_courses.response_picture("responses", run, metric)
        yield Picture(f"{words.words_of(metric)} under each response, and what each did", _markup(svg))
