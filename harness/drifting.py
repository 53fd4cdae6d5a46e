"""What will drift in a scenario, said and drawn before any run: levers over time, windows of veils, ground truth.

Knows: scenarios, levers, injections and veils by what they answer. Does not know: what any lever does, any run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.report.drift_courses import Course, Page, Span, Window, draw
from sim import load_scenario
from sim.core import plugins
from sim.core.errors import UserError
from sim.core.levers import Injection, Levers, LeverSpec, looked_at
from sim.core.scenario import Scenario
from sim.core.time import DAY, Micros, format_duration
from sim.core.veils import spans

STRIP = 56
"""Characters of a course as a line of text."""
EVENLY = 2001
"""Instants at which a lever is looked at, beside all at which it may jump."""
_HEIGHTS = "▁▂▃▄▅▆▇█"


def foretell(reference: str, sets: Sequence[str], out: Path | None) -> Iterator[str]:
    """The lines that a scenario's drift is told in; writes the picture first where `out` is given.

    Raises UserError for a document with faults and for a picture that cannot be written.
    """
    if out is not None and out.suffix.lower() != ".png":
        raise UserError(f"{out}: is no picture; expected a name that ends in .png with -o")
    scenario = load_scenario(reference, sets)
    page = drift(reference, scenario)
    if out is not None:
        if not page.courses and not page.windows:
            raise UserError(f"{out}: there is nothing to draw, {reference} has no injections and no veils")
        _write(page, out)
    yield from _told(page, scenario)
    if out is not None:
        yield f"picture: {out}"


def drift(name: str, scenario: Scenario) -> Page:
    """Every lever that is moved and every veil of a scenario, in days since goLive."""
    world = scenario.spec.world
    plugin = plugins.load("world", world.use)
    specs: Mapping[str, LeverSpec] = plugin.levers
    levers = scenario.build_levers(specs)
    moved = dict.fromkeys(plan.lever for plan in world.injections)
    courses = tuple(_course(scenario, levers, specs[lever]) for lever in moved)
    windows = tuple(
        Window(
            cover.name,
            f"{plan.use} of {plan.parameters.get('of')}",
            tuple(_span(scenario, cover.name, *span) for span in spans(cover.veil)),
        )
        for plan, cover in zip(world.veils, scenario.build_veils(), strict=True)
    )
    title = f"{name}: {world.use} from {scenario.start}, go-live {scenario.clock.date(scenario.go_live)}"
    return Page(title, -scenario.go_live / DAY, world.horizon / DAY, courses, windows)


def _days(scenario: Scenario, t: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray((t - scenario.go_live) / DAY)


def _span(scenario: Scenario, name: str, start: Micros, end: Micros) -> Span:
    return Span(name, (start - scenario.go_live) / DAY, (end - scenario.go_live) / DAY)


def _course(scenario: Scenario, levers: Levers, spec: LeverSpec) -> Course:
    moving: Sequence[Injection] = levers.injections[spec.name]
    t = [np.linspace(0, scenario.horizon, EVENLY).astype(np.int64)]
    for injection in moving:
        edges = np.array([injection.start - 1, injection.end], dtype=np.int64)
        t += [looked_at(injection, EVENLY), edges]
    at = np.unique(np.concatenate(t))
    at = at[(at >= 0) & (at <= scenario.horizon)]
    by = [
        _span(scenario, name, i.start, i.end) for name, i in zip(levers.names[spec.name], moving, strict=True)
    ]
    return Course(
        spec.name,
        spec.unit,
        spec.doc,
        _days(scenario, at),
        levers.at(spec.name, at),
        levers.constant(spec.name),
        spec.low,
        spec.high,
        tuple(by),
    )


def _told(page: Page, scenario: Scenario) -> Iterator[str]:
    world = scenario.spec.world
    yield f"{page.title}, history {-page.first:g} d, horizon {page.horizon:g} d"
    if not page.courses and not page.windows:
        yield "nothing drifts: no injections, no veils"
        return
    rows: list[tuple[str, ...]] = [("name", "what", "shape", "onset d", "end d", "magnitude")]
    for planned in scenario.build_injections():
        span = _span(scenario, planned.name, planned.injection.start, planned.injection.end)
        rows.append(_row(span, f"lever {planned.lever}", planned.use, planned.injection.magnitude()))
    for plan, cover in zip(world.veils, scenario.build_veils(), strict=True):
        span = _span(scenario, cover.name, cover.veil.start, cover.veil.end)
        rows.append(_row(span, f"veil of {cover.veil.of}", plan.use, cover.veil.magnitude()))
    yield ""
    yield from _table(rows)
    for course in page.courses:
        yield ""
        yield f"{course.lever}: {course.doc}"
        unit = f" {course.unit}" if course.unit else ""
        low, high = course.value.min(), course.value.max()
        yield (
            f"  stands at {course.base:.6g}{unit}, allowed {course.low:.6g} to {course.high:.6g}; "
            f"goes from {low:.6g} to {high:.6g}"
        )
        yield f"  {_strip(course, page)}"
    for window in page.windows:
        if len(window.spans) > 1:
            lasts = sorted({round((span.end - span.first) * DAY) for span in window.spans})
            yield ""
            yield (
                f"{window.name}: {len(window.spans)} times, the first on day {window.spans[0].first:.6g}, "
                f"for {' to '.join(format_duration(one) for one in (lasts[0], lasts[-1])[: len(lasts)])}"
            )


def _row(span: Span, what: str, use: str, magnitude: float) -> tuple[str, ...]:
    return span.name, what, use, f"{span.first:.6g}", f"{span.end:.6g}", f"{magnitude:.6g}"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if place > 2 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _strip(course: Course, page: Page) -> str:
    """The course as characters of eight heights, from the first day to the horizon; `|` is go-live, which no character
    straddles. A character is the mean over its time; where the lever moves at all within it, it differs from one where
    it does not."""
    live = round(-page.first / (page.horizon - page.first) * STRIP)
    live = min(max(live, int(page.first < 0)), STRIP - 1)  # a short history has a character of its own
    before, after = np.linspace(page.first, 0.0, live + 1), np.linspace(0.0, page.horizon, STRIP - live + 1)
    edges = np.concatenate([before, after[1:]])
    low, high = float(course.value.min()), float(course.value.max())
    place = np.clip(np.searchsorted(edges, course.day, side="right") - 1, 0, STRIP - 1)
    lasts = np.diff(course.day, append=course.day[-1])
    top = len(_HEIGHTS) - 1

    def level(value: float) -> int:
        return 0 if high == low else round((value - low) / (high - low) * top)

    told = []
    for column in range(STRIP):
        here = place == column
        span, far = lasts[here].sum(), course.value[here][np.argmax(np.abs(course.value[here] - course.base))]
        found = level(float((course.value[here] * lasts[here]).sum() / span) if span else float(far))
        if far != course.base and found == level(course.base):
            found += int(np.sign(level(float(far)) - found))
        told.append(_HEIGHTS[found])
    first, last = f"{page.first:g}".replace("-", "−"), f"{page.horizon:g}"
    return f"day {first} {''.join(told[:live])}|{''.join(told[live:])} {last}"


def _write(page: Page, out: Path) -> None:
    """The picture, whole or not at all."""
    part = out.with_name(f".{out.name}.part")
    try:
        draw(page, part)
        part.replace(out)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise UserError(f"{out}: cannot be written ({os.strerror(error.errno or 0).lower()})") from error
