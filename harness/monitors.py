"""`windtunnel monitors`: the league table of a run's signals, as text, JSON and a picture.

Knows: run folders, the league, the command's words. Does not know: how a signal computes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import league, readings, results
from harness.league import Drift, Interval, Standing
from sim.core.errors import UserError, closest

NAME = "monitors"


def told(folder: Path, candidate: str | None, as_json: bool) -> list[str]:
    """The league of one candidate of a finished run (the champion's without a name), told; its picture is written into
    the run's folder as `monitors.png`."""
    manifest = results.read_finished(folder)
    if not (folder / league.FILE).is_file():
        facts = results.read_json(folder / "facts.json")
        why = "; ".join(sorted({w for each in facts.get("monitored", {}).values() for w in each.values()}))
        raise UserError(f"{folder.name}: no signal said anything: {why or 'the charter monitors none'}")
    found = results.read_json(folder / league.FILE)
    # In the order of the scenario, which the league's file, sorted by name, does not keep.
    who = whose(candidate, [name for name in manifest["candidates"] if name in found["candidates"]])
    if as_json:
        return [json.dumps(found, indent=2)]
    drifts = [Drift(**one) for one in found["drifts"]]
    standings = [standing(one) for one in found["candidates"][who]]
    picture = draw(folder, who, standings, drifts)
    return [*table(who, standings, drifts, found["metric"]), str(picture)]


def whose(candidate: str | None, candidates: Sequence[str]) -> str:
    """The candidate asked for, or the first listed, the champion. Raises UserError for one that is not there."""
    if candidate is not None and candidate not in candidates:
        raise UserError(f"--candidate: no candidate '{candidate}'{closest(candidate, candidates)}")
    return candidate or candidates[0]


def standing(told: Mapping[str, Any]) -> Standing:
    """A standing as `monitors.json` holds it."""
    read: dict[str, Any] = {
        n: Interval(**value) if isinstance(value, dict) else value for n, value in told.items()
    }
    return Standing(**read)


HEADS = ("signal", "detected", "days to detect", "false / month", "false / 100k", "lost before")


def table(
    candidate: str, standings: Sequence[Standing], drifts: Sequence[Drift], metric: Mapping[str, Any]
) -> list[str]:
    """The league as lines of text."""
    onsets = ", ".join(f"{drift.name} (day {drift.onset:.4g} to {drift.end:.4g})" for drift in drifts)
    money = metric.get("money", "")
    heads = (*HEADS[:-1], f"{HEADS[-1]} ({money})") if money else HEADS
    rows = [heads, *(_row(one, ",.0f" if money else ".3g") for one in standings)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [
        f"signals of {candidate}; drifts: {onsets or 'none'}",
        f"lost before the first alarm: {priced(metric)}; intervals of 95 %; (dummy) sees nothing",
        *(line.rstrip() for line in lines),
    ]


def priced(metric: Mapping[str, Any]) -> str:
    """What losses are told in."""
    if not metric:
        return "no metric"
    name, money = metric["name"], metric.get("money")
    if not money:
        return f"{name}, {metric['unit']} x days (no money: its clause has no price)"
    if "price" in metric:
        return f"{money}, the change of {name} at {metric['price']:g} a unit (the charter's price)"
    return f"{money}, the change of {name} times the stakes"


def _row(one: Standing, lost: str) -> tuple[str, ...]:
    name = f"{one.signal} (dummy)" if one.dummy else one.signal
    return (
        name,
        f"{one.detected}/{one.drifts} {_told(one.detection_rate, '.2f')}" if one.drifts else "no drift",
        _told(one.days_to_detect, ".3g", never="later than seen") if one.drifts else "",
        _told(one.false_per_month, ".2f"),
        _told(one.false_per_100k, ".2f"),
        _told(one.lost, lost),
    )


def _told(one: Interval, form: str, never: str = "") -> str:
    if one.value is None:
        return never
    low, high = (format(v, form) if v is not None else "" for v in (one.low, one.high))
    bounds = f" [{low}, {high or 'later'}]" if low or high else ""
    return f"{one.value:{form}}{bounds}"


def draw(folder: Path, candidate: str, standings: Sequence[Standing], drifts: Sequence[Drift]) -> Path:
    """A picture: each signal's level over time, the largest over its subjects and the mean over seeds, with the true
    onsets; beside it days to detect and false alarms a month."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    said = readings.read(folder)
    said = said[said["candidate"] == candidate]
    last = max(said["day"].max(), 1) if len(said) else 1
    height = 1.1 + 0.5 * len(standings)
    figure = Figure(figsize=(11.0, height))
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        len(standings), 3, width_ratios=[3.0, 1.2, 1.2], hspace=0.25, wspace=0.08,
        left=0.16, right=0.98, top=1.0 - 0.75 / height, bottom=0.4 / height,
    )  # fmt: skip
    for place, one in enumerate(standings):
        axes = figure.add_subplot(grid[place, 0])
        _curves(axes, said[said["signal"] == one.signal], drifts)
        axes.set_xlim(0.0, float(last))
        axes.tick_params(axis="x", labelbottom=place == len(standings) - 1, labelsize=8)
        name = f"{one.signal}\n(sees nothing)" if one.dummy else one.signal
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        if place == 0:
            axes.set_title(
                "level over days since goLive (grey: seeds; dashed: threshold)", fontsize=9, loc="left"
            )
    columns = (("days to detect", [s.days_to_detect for s in standings]),
               ("false alarms a month", [s.false_per_month for s in standings]))  # fmt: skip
    for column, (title, values) in enumerate(columns, start=1):
        axes = figure.add_subplot(grid[:, column])
        _intervals(axes, values, "later than seen" if column == 1 and drifts else "")
        if column == 2:
            axes.set_xscale("symlog", linthresh=0.1)
            axes.axvline(1.0, color=LINE, lw=0.9, ls="--")
        axes.set_xlim(left=0.0)
        axes.set_title(title, fontsize=9, loc="left")
    figure.suptitle(f"Signals of {candidate}, {folder.name}", fontsize=11, x=0.02, ha="left")
    path = folder / f"{NAME}.png"
    figure.savefig(path, dpi=110, metadata={"Software": None})
    return path


MEAN, SEED, LINE, DRIFT = "#0072b2", "#9aa5b1", "#d55e00", "#f0e442"
TOP = 3.0
"""Levels above so many thresholds are drawn at it."""


def _curves(axes: Any, said: Any, drifts: Sequence[Drift]) -> None:
    """Each seed's largest level of any subject, and their mean, over true drifts."""
    import numpy as np

    if len(said):
        top = said.assign(level=said["value"] / said["threshold"]).groupby(["seed", "day"])["level"].max()
        for seed in sorted(set(said["seed"])):
            axes.plot(top[seed].index, np.minimum(top[seed].to_numpy(), TOP), color=SEED, lw=0.7)
        mean = top.groupby("day").mean()
        axes.plot(mean.index, np.minimum(mean.to_numpy(), TOP), color=MEAN, lw=1.6)
        axes.axhline(1.0, color=LINE, lw=0.9, ls="--")
    for drift in drifts:
        axes.axvspan(drift.onset, drift.end, color=DRIFT, alpha=0.25, lw=0)
        axes.axvline(drift.onset, color="#222222", lw=1.0)
    axes.set_ylim(0.0, TOP + 0.1)
    axes.set_yticks([])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _intervals(axes: Any, values: Sequence[Interval], never: str) -> None:
    """A dot and a bar for each row, from the top."""
    for place, value in enumerate(values):
        y = len(values) - place
        if value.value is None:
            where = axes.get_yaxis_transform()
            axes.text(0.03, y, never, transform=where, fontsize=8, color="#555555", va="center")
            continue
        axes.plot([value.value], [y], "o", color=MEAN, ms=4)
        if value.low is not None and value.high is not None:
            axes.plot([value.low, value.high], [y, y], color=MEAN, lw=1.2)
    axes.set_ylim(0.5, len(values) + 0.5)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", lw=0.4)
