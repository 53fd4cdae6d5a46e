"""`windtunnel stress` as a user meets it: a leaderboard of survival or a map of two levers, and their files.

Knows: breaking points and their words. Does not know: how one is found, how a picture is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from harness import outcomes, stress
from harness.axes import Axis, axis, told
from harness.report import frontiers
from harness.shelf import Shelf
from harness.stress import Breaking, break_along
from harness.trial import Loaded
from sim.core.errors import UserError, closest

Row = tuple[float, list[Breaking]]
"""A place on the second axis, and the leaderboard there."""


def run_stress(
    loaded: Loaded,
    shelf: Shelf,
    names: Sequence[str],
    to: Sequence[float],
    throughout: bool,
    steps: int,
    rows: int,
    talk: Callable[[str], None],
    candidates: Sequence[str] = (),
) -> list[str]:
    """Turn a scenario up along one axis or two, for all candidates or those named.

    Answers the lines to print, and writes the outcome's files.

    Raises UserError for an axis or a candidate that there is not.
    """
    for name in candidates:
        if name not in loaded.candidates:
            raise UserError(f"--candidate: no candidate '{name}'{closest(name, loaded.candidates)}")
    chosen = tuple(dict.fromkeys(candidates)) or loaded.candidates
    if len(names) > 2 or len(set(names)) < len(names):
        raise UserError("--lever: expected at most two levers, each once")
    if len(to) > max(len(names), 1):
        raise UserError("--to: expected at most one value for each --lever, in the same order")
    levers: list[str | None] = list(names) if names else [None]
    ends = [*to, *[None] * (max(len(names), 1) - len(to))]
    axes = [
        axis(name, loaded.scenario, shelf.levers, end, throughout)
        for name, end in zip(levers, ends, strict=True)
    ]
    for one in axes:
        talk(f"{loaded.scenario_id}: {one.name} from {one.start:.4g} to {one.end:.4g}, {one.scale} scale")
    seeds = loaded.seeds
    head = outcomes.heading(loaded, "stress")
    if len(axes) == 1:
        found = break_along(shelf, axes[0], seeds, steps=steps, candidates=chosen)
        document = head | stress.document(axes[0], found, seeds)
        lines = leaderboard(loaded, axes[0], found, steps)
        picture = frontiers.survival_picture(loaded.scenario_id, axes[0], found)
    else:
        places = [i / (rows - 1) for i in range(rows)]
        rows_found: list[Row] = [
            (place, break_along(shelf, axes[0], seeds, ((axes[1], place),), steps=steps, candidates=chosen))
            for place in places
        ]
        document = head | {
            "across": stress.axis_card(axes[1]),
            "rows": [
                {"at": axes[1].value(place), **stress.document(axes[0], found, seeds)}
                for place, found in rows_found
            ],
        }
        lines = map_lines(loaded, axes[0], axes[1], rows_found, chosen)
        picture = frontiers.map_picture(loaded.scenario_id, axes[0], axes[1], rows_found)
    settings = {
        "axes": [stress.axis_card(one) for one in axes],
        "seeds": list(seeds),
        "steps": steps,
        "rows": rows if len(axes) > 1 else 1,
    }
    if chosen != loaded.candidates:
        settings["candidates"] = list(chosen)
    paths = outcomes.write(
        outcomes.place(shelf.root, loaded, "stress", settings), "stress", document, lines, picture
    )
    talk(f"{shelf.replayed} replays done, {shelf.reused} were there")
    return [*lines, *(str(path) for path in paths)]


def leaderboard(loaded: Loaded, along: Axis, found: Sequence[Breaking], steps: int) -> list[str]:
    """Who survives how far, the longest first."""
    resolution = 1 / (stress.SCAN * 2**steps)
    lines = [
        f"# {loaded.scenario_id}: breaking points along {along.title}",
        "",
        f"From {along.start:.4g} to {along.end:.4g}, {along.scale} scale, "
        + (
            "throughout"
            if along.throughout
            else "from goLive on"
            if along.name != "magnitude"
            else "each in its window"
        )
        + f"; {len(loaded.seeds)} seeds; charter {loaded.charter_id}.",
        "",
    ]
    rows = []
    for rank, one in enumerate(found, start=1):
        rows.append(
            (
                str(rank),
                one.candidate,
                _at(along, one.place.value),
                _interval(along, one),
                f"{one.survived} of {one.place.seeds}",
                ", ".join(f"{name} ({count})" for name, count in one.causes().items()) or "nothing",
            )
        )
    head = (
        "",
        "candidate",
        "breaks at (median)",
        "interval",
        "seeds that survive",
        "broken first by (seeds)",
    )
    lines += outcomes.table(head, rows)
    lines += ["", *_notes(found, resolution)]
    return lines


def map_lines(
    loaded: Loaded, along: Axis, across: Axis, rows: Sequence[Row], names: Sequence[str]
) -> list[str]:
    """The frontier: for each place on the second axis, where each candidate breaks along the first."""
    lines = [
        f"# {loaded.scenario_id}: breaking points along {along.title}, for each {across.title}",
        "",
        f"{_range(along)}; {_range(across)}; {len(loaded.seeds)} seeds; charter {loaded.charter_id}.",
        "",
    ]
    body = []
    for place, found in rows:
        by_name = {one.candidate: one for one in found}
        cells = [f"{_at(along, by_name[n].place.value)} ({_interval(along, by_name[n])})" for n in names]
        body.append((f"{across.value(place):.4g}", *cells))
    lines += outcomes.table((across.name, *names), body)
    every = [one for _, found in rows for one in found]
    lines += ["", *_notes(every, 0.0)]
    return lines


def _range(one: Axis) -> str:
    return f"{one.name} from {one.start:.4g} to {one.end:.4g}, {one.scale} scale"


def _at(along: Axis, place: float) -> str:
    if place == -math.inf:
        return f"below {along.start:.4g}"
    return "never" if place == math.inf else told(along.value(place))


def _interval(along: Axis, one: Breaking) -> str:
    low = f"below {along.start:.4g}" if one.place.low == -math.inf else told(along.value(one.place.low))
    if one.place.low == math.inf:
        low = told(along.end)
    return f"{low} to {_at(along, one.place.high)}"


def _notes(found: Sequence[Breaking], resolution: float) -> list[str]:
    confidence = min((one.place.confidence for one in found), default=0.0)
    notes = [
        "A candidate breaks on a seed where a critical clause's value over the whole horizon leaves its good band.",
        f"Interval: order statistics of the seeds' breaking points, {confidence:.1%} confidence"
        + (f"; a point is found to {resolution:.1%} of the axis." if resolution else "."),
    ]
    for one in dict.fromkeys(one.candidate for one in found):
        own = [item for item in found if item.candidate == one]
        again = sum(item.recovers for item in own)
        if again:
            notes.append(
                f"{one}: kept the charter again beyond its first break on {again} seeds: not monotone there."
            )
        missing = sorted({name for item in own for name in item.unmeasured()})
        if missing:
            notes.append(
                f"{one}: somewhere without a value, and so not held against it: {', '.join(missing)}."
            )
    return notes


def settings_of(steps: int, rows: int) -> dict[str, Any]:
    """The resolution asked for, checked. Raises UserError."""
    if not 0 <= steps <= 8:
        raise UserError(f"--steps: got {steps}, expected 0 to 8")
    if not 2 <= rows <= 33:
        raise UserError(f"--rows: got {rows}, expected 2 to 33")
    return {"steps": steps, "rows": rows}
