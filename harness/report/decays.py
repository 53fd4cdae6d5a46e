"""Decay in the report: when each clause broke, who could know, what was lost, as a table and a picture.

Knows: decay.json, units, drawing. Does not know: how any of it was found. A run of an earlier version has no such file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import results
from harness.report import drawing, words
from harness.report.drawing import GRID, INK, MUTED
from harness.report.happenings import day_axis
from harness.report.record import Clause, Run, mapping, number, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILE = "decay.json"
_ROW, _LEFT, _RIGHT, _TOP, _BOTTOM = 0.62, 0.5, 0.2, 0.16, 0.48


@dataclass(frozen=True)
class Row:
    """A clause in words: when it broke, the blind spot, what was lost, its rungs, its days in the good band."""

    title: str
    broken: str
    blind: str
    recovery: str
    area_lost: str
    regret: str
    half_life: str
    rungs: tuple[tuple[str, str, str], ...]
    """Rung, time to it as it was, and as it was seen."""
    good: tuple[str, str]


@dataclass(frozen=True)
class Decay:
    """One candidate's decay: rows, a sentence on the verdict's stability, what followed the first drift, and a picture.
    oracle: whom regret is told against; "" where the run has none."""

    candidate: str
    rows: tuple[Row, ...]
    stability: str
    after: tuple[str, ...]
    oracle: str
    svg: str

    @property
    def regrets(self) -> bool:
        """Whether any row has a regret."""
        return any(row.regret != words.NONE for row in self.rows)


def read(run: Run) -> tuple[Decay, ...]:
    """Every candidate's decay, the champion's first; none where the run does not tell. Call within `drawing()`."""
    path = run.folder / FILE
    if not Path(path).is_file():
        return ()
    document = results.read_json(path)
    found = {text(one.get("name")): mapping(one) for one in document["candidates"]}
    return tuple(
        _decay(run, place, found[candidate.name], document)
        for place, candidate in enumerate(run.candidates)
        if candidate.name in found
    )


def _decay(run: Run, place: int, one: Mapping[str, Any], document: Mapping[str, Any]) -> Decay:
    candidate, days = run.candidates[place], float(document["days"])
    by_name = {clause.name: clause for clause in candidate.clauses if clause.slice == "all"}
    clauses = [mapping(item) for item in one["clauses"]]
    rows = tuple(_row(item, by_name.get(text(item.get("name")))) for item in clauses)
    kept = mapping(one.get("stability"))
    stability = (
        f"By its own values {candidate.name} keeps every critical clause on {kept['kept']} of {kept['of']} seeds "
        f"(95 % interval of the share: {kept['low']:.0%} to {kept['high']:.0%})."
        if kept
        else ""
    )
    drawn = [item for item in clauses if any(v is not None for v in item["brokenShare"]["true"])]
    svg = picture(f"decay-{place}", place, candidate.name, drawn, days) if drawn else ""
    after = tuple(_after(one, clauses, by_name, mapping(document.get("firstDrift"))))
    return Decay(candidate.name, rows, stability, after, text(document.get("oracle")), svg)


def _row(item: Mapping[str, Any], clause: Clause | None) -> Row:
    scale = words.scale_of_margin(clause) if clause is not None else words.Scale(1.0, "")
    shares = [mapping(item["bands"][view]).get("good") for view in ("true", "observed")]
    return Row(
        title=words.words_of(text(item.get("name"))) + ("" if item.get("critical") else " (not critical)"),
        broken=when(mapping(item.get("broken")), "never broken"),
        blind=_blind(mapping(item.get("blind")), mapping(item.get("broken"))),
        recovery=_lasted(mapping(item.get("recovery"))),
        area_lost=_mean(scale, mapping(item.get("areaLost"))),
        regret=_mean(scale, mapping(item.get("regret"))),
        half_life=when(mapping(item.get("halfLife")), "not within the horizon"),
        rungs=tuple(
            (
                words.rung_words(text(rung.get("name"))),
                when(mapping(rung.get("true")), "never"),
                when(mapping(rung.get("observed")), "never"),
            )
            for rung in map(mapping, item["rungs"])
        ),
        good=tuple(words.NONE if share is None else f"{share:.0%}" for share in shares),  # type: ignore[arg-type]
    )


def _mean(scale: words.Scale, told: Mapping[str, Any]) -> str:
    """A mean over seeds with its interval, a dash without one."""
    value, low, high = (number(told.get(key)) for key in ("value", "low", "high"))
    if value is None:
        return words.NONE
    return scale.text(value) + ("" if low is None else f" ({scale.span(low, high)})")


def _lasted(found: Mapping[str, Any]) -> str:
    """Days, with what never came told."""
    if not found:
        return words.NONE
    days, low, high = (number(found.get(key)) for key in ("days", "low", "high"))
    never = f", on {found['never']} of {found['seeds']} seeds never" if found["never"] else ""
    if days is None:
        return f"never on {found['never']} of {found['seeds']} seeds"
    unit = "day" if words.count(days) == "1" else "days"
    return f"{words.count(days)} {unit} ({words.count(low)} to {'never' if high is None else words.count(high)}){never}"


STEPS = (
    ("signal", "until a signal fired"),
    ("told", "until somebody was told"),
    ("changed", "until something else decided"),
    ("clear", "until the line was seen clear"),
)


def _after(
    one: Mapping[str, Any],
    clauses: Sequence[Mapping[str, Any]],
    by_name: Mapping[str, Clause],
    drift: Mapping[str, Any],
) -> Iterator[str]:
    """What followed the first drift: each critical clause before and after, and how soon anybody moved."""
    if not drift:
        return
    since = f"Since “{text(drift.get('name'))}” began on day {words.count(number(drift.get('onset')))}"
    for item in clauses:
        told, clause = mapping(item.get("afterDrift")), by_name.get(text(item.get("name")))
        if not told or clause is None or not clause.critical:
            continue
        scale, lost = words.scale_of(clause), mapping(told.get("lost"))
        low, high = number(lost.get("low")), number(lost.get("high"))
        moved = "not shown to be worse" if low is None or low <= 0 else "worse"
        moved = "better" if high is not None and high < 0 else moved
        by = f", lost {_mean(words.scale_of_margin(clause), lost)}"
        yield (
            f"{since}, {words.title(clause).lower()} went from {scale.text(number(told.get('before')))} to "
            f"{scale.text(number(told.get('after')))}{by}: {moved}."
        )
    delays = mapping(one.get("delays"))
    steps = [f"{name}, {_lasted(mapping(delays.get(key)))}" for key, name in STEPS if delays.get(key)]
    if steps:
        yield f"{since}: {'; '.join(steps)}."


def when(found: Mapping[str, Any], never: str) -> str:
    """`day 12 (8 to 20)`; with `never`'s word where it never came, and a dash where nothing was measured."""
    if not found:
        return words.NONE
    if found["never"] == found["seeds"]:
        return never
    days, low, high = (number(found.get(key)) for key in ("days", "low", "high"))
    if days is None:
        came = found["seeds"] - found["never"]
        return f"on {came} of {found['seeds']} seeds, on day {words.count(low)} at the earliest"
    span = f"({words.count(low)} to {'never' if high is None else words.count(high)})"
    seeds = f", on {found['seeds'] - found['never']} of {found['seeds']} seeds" if found["never"] else ""
    return f"day {words.count(days)} {span}{seeds}"


def _blind(found: Mapping[str, Any], broken: Mapping[str, Any]) -> str:
    if not found:
        return "none: never broken" if broken else words.NONE
    if not found.get("observed"):
        return "nobody observes it"
    days, low, high = (number(found.get(key)) for key in ("days", "low", "high"))
    if days is None:
        return f"not known within the horizon on {found['never']} of {found['seeds']} broken seeds"
    return (
        f"{words.count(days)} days ({words.count(low)} to {'never' if high is None else words.count(high)})"
    )


# --- the picture ----------------------------------------------------------------------------------------------------


def picture(name: str, place: int, candidate: str, clauses: Sequence[Mapping[str, Any]], days: float) -> str:
    """A strip for each clause: the share of seeds on which it was broken, filled as it was, a line as it was seen."""
    height = _TOP + _ROW * len(clauses) + _BOTTOM
    label = f"Share of seeds on which each clause of {candidate} was broken, by day. " + "".join(
        f"{words.words_of(text(item.get('name')))}: {when(mapping(item.get('broken')), 'never broken')}. "
        for item in clauses
    )

    def draw(figure: Figure) -> None:
        for row, item in enumerate(clauses):
            top = _TOP + row * _ROW
            axes = drawing.panel(figure, left=_LEFT, right=_RIGHT, top=top + 0.2, bottom=height - top - _ROW)
            _strip(axes, item, days, drawing.colour(place))
            axes.set_title(words.words_of(text(item.get("name"))), fontsize=9.5, loc="left", pad=3, color=INK)
            if row == len(clauses) - 1:
                day_axis(axes, days)
                axes.tick_params(axis="x", labelsize=10)
            else:
                axes.set_xticks([])

    return drawing.picture(name, label, height, draw)


def _strip(axes: Axes, item: Mapping[str, Any], days: float, hue: str) -> None:
    axes.set_xlim(0, days or 1.0)
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, 1], ["none", "all"])
    axes.tick_params(axis="y", labelsize=8.5)
    axes.axhline(0, color=GRID, linewidth=0.8)
    shares = [
        [math.nan if v is None else float(v) for v in item["brokenShare"][view]]
        for view in ("true", "observed")
    ]
    edges = [days * i / max(len(shares[0]), 1) for i in range(len(shares[0]) + 1)]
    axes.stairs([0.0 if math.isnan(v) else v for v in shares[0]], edges, fill=True, color=hue, alpha=0.45)
    x = [(a + b) / 2 for a, b in pairwise(edges)]
    axes.plot(x, shares[1], color=INK, linewidth=1.3)
    first = next((i for i, v in enumerate(shares[0]) if not math.isnan(v)), 0)
    if first:
        axes.axvspan(0, edges[first], facecolor="none", edgecolor=GRID, hatch="///", linewidth=0)
    broken, blind = mapping(item.get("broken")), mapping(item.get("blind"))
    at, span = number(broken.get("days")), number(blind.get("days"))
    if at is not None and blind and span != 0:
        end = days if span is None else min(days, at + span)
        axes.plot([at, end], [0.55, 0.55], color=MUTED, linewidth=3, solid_capstyle="butt")
        axes.annotate("blind", (at, 0.62), (2, 1), textcoords="offset points", fontsize=8, color=MUTED)
