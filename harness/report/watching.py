"""What the signals said, in words: a sentence on alarms beside the charter, and the league as rows.

Knows: monitors.json as read, a run's verdict. Does not know: how a figure was made, HTML, pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.report import words
from harness.report.record import Run, listed, mapping, text


@dataclass(frozen=True)
class Watching:
    """The champion's signals."""

    candidate: str
    told: str
    lost: str
    rows: tuple[tuple[str, ...], ...]


def signals(run: Run) -> Watching | None:
    """The league of the champion's signals; None where nothing was monitored."""
    champion = run.champion
    if champion is None:
        return None
    league = [mapping(one) for one in listed(mapping(run.monitors.get("candidates")).get(champion.name))]
    if not league:
        return None
    metric = mapping(run.monitors.get("metric"))
    lost = f"What was lost is told in {words.words_of(text(metric['name']))} times days." if metric else ""
    return Watching(champion.name, _told(run, league), lost, tuple(_row(one) for one in league))


def _told(run: Run, league: list[Mapping[str, Any]]) -> str:
    """The alarms beside the verdict: they say that something changed, and the charter whether it mattered."""
    real = [one for one in league if not one.get("dummy")]
    drifts = [text(mapping(one).get("name")) for one in listed(run.monitors.get("drifts"))]
    seen = [text(one.get("signal")) for one in real if one.get("detected")]
    false = sum(int(one.get("false_alarms") or 0) for one in real)
    quiet = f"{false} false alarm{'' if false == 1 else 's'} of {len(real)} signals"
    broken = text(run.verdict.get("verdict")) == "FAIL"
    if not drifts:
        rest = " The charter is broken all the same." if broken else ""
        return f"Nothing was injected; there were {quiet}.{rest}"
    what = ", ".join(dict.fromkeys(drifts))
    if seen and not broken:
        return (
            f"{', '.join(seen)} fired after {what}, and no clause of the charter is broken: something changed, "
            f"and nothing is shown to be wrong. Beside them {quiet}."
        )
    if broken and not seen:
        return f"The charter is broken and no signal fired after {what}: who watches them alone sees nothing. {quiet}."
    if broken:
        return f"{', '.join(seen)} fired after {what}, and the charter is broken. Beside them {quiet}."
    return f"No signal fired after {what}, and no clause of the charter is broken. {quiet}."


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    name = text(one.get("signal")).replace("_", " ")
    drifts = int(one.get("drifts") or 0)
    return (
        f"{name} (sees nothing)" if one.get("dummy") else name,
        f"{one.get('detected')} of {drifts} {_interval(one.get('detection_rate'), 2, bounds=True)}"
        if drifts
        else "",
        _interval(one.get("days_to_detect"), 1, "later than seen") if drifts else "",
        _interval(one.get("false_per_month"), 2),
        _interval(one.get("false_per_100k"), 2),
        _interval(one.get("lost"), 3),
    )


def _interval(told: Any, digits: int, never: str = "", bounds: bool = False) -> str:
    found = mapping(told)
    if found.get("value") is None:
        return never
    low, high = (
        f"{v:.{digits}f}" if isinstance(v, int | float) else "" for v in (found.get("low"), found.get("high"))
    )
    value = "" if bounds else f"{found['value']:.{digits}f}"
    return f"{value} [{low}, {high or 'later'}]".strip() if low or high else value
