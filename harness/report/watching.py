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
    digits = 0 if metric.get("money") else 3
    return Watching(
        champion.name, _told(run, league), _lost(metric), tuple(_row(one, digits) for one in league)
    )


def _lost(metric: Mapping[str, Any]) -> str:
    """What losses are told in."""
    if not metric:
        return ""
    name, money = words.words_of(text(metric["name"])), text(metric.get("money"))
    if not money:
        return f"What was lost is told in {name} times days, and not in money: the clause has no price."
    by = f"at {metric['price']:g} a unit, the charter's price" if "price" in metric else "times the stakes"
    return f"What was lost is told in {money}: the change of {name} {by}."


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
    fired = f"{', '.join(seen)} fired after {what}" if seen else f"No signal fired after {what}"
    if broken and not seen:
        return f"The charter is broken and no signal fired after {what}: who watches them alone sees nothing. {quiet}."
    if broken:
        return f"{fired}, and the charter is broken. Beside them {quiet}."
    kept = f"{fired}, and {_rulings(run)}"
    if seen:
        return f"{kept}: something changed, and nothing is shown to be wrong with it. Beside them {quiet}."
    return f"{kept}. {quiet}."


def _rulings(run: Run) -> str:
    """What is known of the champion's clauses where the charter is not broken."""
    clauses = run.champion.clauses if run.champion else ()
    told = [
        f"{words.title(clause)} is {clause.ruling}" + ("" if clause.critical else " (not critical)")
        for clause in clauses
        if clause.ruling != "PASS"
    ]
    if not told:
        return "every clause of the charter is kept"
    return f"no critical clause of the charter is broken ({'; '.join(told)})"


def _row(one: Mapping[str, Any], digits: int) -> tuple[str, ...]:
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
        _interval(one.get("lost"), digits),
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
