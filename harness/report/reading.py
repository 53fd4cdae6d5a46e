"""A run's folder, read.

Knows: the files of docs/design/001-run-folder.md. Does not know: how they were made, or how it will be shown.

Beside the fields of that page these are shown where they are present, and said to be absent where they are not: the
charter's `objective` and `playbook` (in verdict.json, else in manifest.json), a clause's `rungs` (name -> value) and
`form`, and `metrics` of manifest.json (name -> {doc, unit, better, form, observedBy}).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.report.record import (
    LADDER,
    MONTH_DAYS,
    TOTAL,
    WEEK_DAYS,
    WHOLE,
    Candidate,
    Clause,
    Event,
    Inside,
    Point,
    Run,
    Series,
    listed,
    mapping,
    number,
    owner_text,
    text,
)
from sim.core.errors import UserError
from sim.core.time import DAY


def read_run(folder: Path) -> Run:
    """Read a run's folder. Raises UserError when it is none, or was not judged."""
    home = folder.resolve()
    if not home.is_dir():
        raise UserError(f"{folder}: no such folder, expected the folder of a run")
    manifest = _document(home, "manifest.json", "expected the folder of a run")
    verdict = _document(home, "verdict.json", "the run has not been judged: try `windtunnel judge`")
    horizon, lag_tail = _scored_days(mapping(manifest.get("world")))
    rows = _table(home, "metrics.parquet")
    if not horizon:
        horizon = max(
            (_span(text(row["window"]), math.inf)[1] for row in rows if row["window"] != TOTAL), default=0.0
        )
    about = {name: mapping(each) for name, each in mapping(manifest.get("metrics")).items()}
    return Run(
        folder=home,
        manifest=manifest,
        verdict=verdict,
        candidates=tuple(_candidate(mapping(item), about) for item in listed(verdict.get("candidates"))),
        series=_series(rows, horizon),
        events=tuple(_event(row) for row in _table(home, "timeline.parquet")),
        horizon=horizon,
        lag_tail=lag_tail,
        adversaries=_document(home, "adversaries.json", "") if _inside(home, "adversaries.json") else {},
        monitors=_document(home, "monitors.json", "") if _inside(home, "monitors.json") else {},
    )


_COLUMNS = {
    "metrics.parquet": (
        "candidate",
        "seed",
        "window",
        "slice",
        "metric",
        "view",
        "value",
        "low",
        "high",
        "n",
    ),
    "timeline.parquet": ("candidate", "seed", "day", "kind", "name", "end_day", "value", "detail"),
}

_DAILY = ("campaign", "tactic", "lost", "stopped")
"""Kinds of the timeline that the page does not show row by row."""


def _scored_days(world: Mapping[str, Any]) -> tuple[float, float]:
    """Days of the horizon and of the lag tail: from `days`, else from go_live, horizon and end (Micros)."""
    days = mapping(world.get("days"))
    live, horizon, end = (number(world.get(key)) for key in ("go_live", "horizon", "end"))
    scored, tail = number(days.get("horizon")), number(days.get("lagTail"))
    if scored is None and live is not None and horizon is not None:
        scored = (horizon - live) / DAY
    if tail is None and horizon is not None and end is not None:
        tail = (end - horizon) / DAY
    return scored or 0.0, tail or 0.0


def _inside(home: Path, name: str) -> Path | None:
    path = home / name
    if not path.exists():
        return None
    if not path.resolve().is_relative_to(home):
        raise UserError(f"{path}: leads out of the run's folder, which a report never leaves")
    return path


def _document(home: Path, name: str, otherwise: str) -> Mapping[str, Any]:
    path = _inside(home, name)
    if path is None:
        raise UserError(f"{home / name}: not found, {otherwise}")
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not readable as JSON: {error}") from error
    if not isinstance(tree, dict):
        raise UserError(f"{path}: expected an object")
    return tree


def _table(home: Path, name: str) -> list[dict[str, Any]]:
    """The rows that the report shows; an absent file has none."""
    path = _inside(home, name)
    if path is None:
        return []
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise UserError(f"{path}: not readable as Parquet: {' '.join(str(error).split())}") from error
    lacking = [column for column in _COLUMNS[name] if column not in table.column_names]
    if lacking:
        raise UserError(f"{path}: lacks the columns {', '.join(lacking)}")
    if name == "metrics.parquet":
        table = table.filter(pc.equal(table["seed"], -1))
    else:
        # Thousands of campaigns and their weeks are the world's daily business; the page tells none of them apart.
        table = table.filter(pc.invert(pc.is_in(table["kind"], value_set=pa.array(_DAILY))))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _candidate(item: Mapping[str, Any], about: Mapping[str, Mapping[str, Any]]) -> Candidate:
    return Candidate(
        name=text(item.get("name")),
        champion=bool(item.get("champion")),
        verdict=text(item.get("verdict")) or "UNMEASURED",
        level=text(item.get("level")) or "none",
        clauses=tuple(_clause(mapping(clause), about) for clause in listed(item.get("clauses"))),
        reason=text(item.get("reason")),
    )


def _clause(item: Mapping[str, Any], metrics: Mapping[str, Mapping[str, Any]]) -> Clause:
    metric = text(item.get("metric"))
    about = metrics.get(metric, {})
    seeds = item.get("seeds")
    adjusted = item.get("adjusted")
    rungs = [
        (text(name), number(mapping(rung).get("value", rung)))
        for name, rung in mapping(item.get("rungs")).items()
    ]
    op, threshold, form = text(item.get("op")), number(item.get("threshold")), text(item.get("form"))
    return Clause(
        name=text(item.get("name")),
        metric=metric,
        slice=text(item.get("slice")) or WHOLE,
        critical=bool(item.get("critical")),
        ruling=text(item.get("ruling")) or "UNMEASURED",
        value=number(item.get("value")),
        low=number(item.get("low")),
        high=number(item.get("high")),
        n=number(item.get("n")),
        seeds=text(len(seeds)) if isinstance(seeds, list) else text(seeds),
        op=op,
        threshold=threshold,
        half_width=number(item.get("halfWidth")),
        unit=text(item.get("unit")),
        rung=text(item.get("rung")) or "none",
        margin=number(item.get("margin")),
        observed=number(item.get("observed")),
        first_breach_day=number(item.get("firstBreachAt")),
        owner=owner_text(item.get("owner")),
        because=text(item.get("because")),
        reason=text(item.get("reason")),
        would_decide=text(item.get("wouldDecide")),
        variance_ratio=number(item.get("varianceRatio")),
        adjusted="" if adjusted in (None, False, "", 0) else "yes" if adjusted is True else text(adjusted),
        per_seed=_by_seed(item.get("perSeed")),
        rungs=tuple(sorted(((n, v) for n, v in rungs if v is not None), key=lambda rung: _mildness(rung[0]))),
        # What is kept within a band around nothing is a difference, even where nobody says so.
        difference="difference" in (form, text(about.get("form"))) or (op == "within" and threshold == 0),
        confidence=number(item.get("confidence")),
        view=text(item.get("view")),
        breach_days=_by_seed(item.get("firstBreachSeeds")),
        observed_by=text(about.get("observedBy")),
        observed_low=number(item.get("observedLow")),
        observed_high=number(item.get("observedHigh")),
        observed_ruling=text(item.get("observedRuling")) or "UNMEASURED",
        inside=_by_cluster(mapping(item.get("inside"))),
    )


def _by_cluster(value: Mapping[str, Any]) -> tuple[Inside, ...]:
    """What each seed says by itself, in the order of their numbers."""
    found = []
    for seed in sorted(value, key=lambda name: (len(name), name)):
        told = mapping(value[seed])
        middle, many = number(told.get("value")), number(told.get("clusters"))
        if middle is not None and many is not None:
            low, high = number(told.get("low")), number(told.get("high"))
            found.append(Inside(text(seed), text(told.get("by")), middle, low, high, many))
    return tuple(found)


def _by_seed(value: Any) -> tuple[tuple[str, float | None], ...]:
    """Figures by seed, given as {seed: figure} or as a list, seeds in the order of their numbers."""
    if isinstance(value, Mapping):
        pairs = [(text(seed), number(figure)) for seed, figure in value.items()]
        return tuple(sorted(pairs, key=lambda pair: (len(pair[0]), pair[0])))
    return tuple((f"{place}.", number(figure)) for place, figure in enumerate(listed(value), start=1))


def _mildness(rung: str) -> tuple[int, str]:
    return (LADDER.index(rung) if rung in LADDER else len(LADDER), rung)


def _series(rows: Iterable[Mapping[str, Any]], horizon: float) -> Series:
    found: dict[tuple[str, str, str, str], list[Point]] = {}
    for row in rows:
        window = text(row["window"])
        start, end = _span(window, horizon)
        point = Point(
            window,
            start,
            end,
            number(row["value"]),
            number(row["low"]),
            number(row["high"]),
            number(row["n"]),
        )
        key = (text(row["candidate"]), text(row["metric"]), text(row["slice"]), text(row["view"]))
        found.setdefault(key, []).append(point)
    return {
        key: tuple(sorted(found[key], key=lambda point: (point.window[:1], point.start)))
        for key in sorted(found)
    }


def _span(window: str, horizon: float) -> tuple[float, float]:
    """Days [start, end) of `m01`, `w01` or `total`. A window that begins before the horizon ends with it."""
    length = {"m": MONTH_DAYS, "w": WEEK_DAYS}.get(window[:1], 0)
    if not length or not window[1:].isdigit():
        return 0.0, horizon
    start = float((int(window[1:]) - 1) * length)
    end = start + length
    return start, min(end, horizon) if start < horizon else end


def _event(row: Mapping[str, Any]) -> Event:
    try:
        detail = mapping(json.loads(row.get("detail") or "{}"))
    except ValueError:
        detail = {"detail": row.get("detail")}
    seed = row.get("seed")
    return Event(
        candidate=text(row.get("candidate")),
        seed="" if seed is None or number(seed) in (None, -1.0) else str(int(seed)),
        day=number(row.get("day")) or 0.0,
        end_day=number(row.get("end_day")),
        kind=text(row.get("kind")),
        name=text(row.get("name")),
        value=number(row.get("value")),
        detail=detail,
    )
