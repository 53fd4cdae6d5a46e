"""Where the operator's own figures and the truth part: what dashboards would have ruled, and for how long in error.

Knows: rulings in both views, decay.json, words. Does not know: how either view was made, HTML, pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import results
from harness.report import decays, words
from harness.report.record import WHOLE, Clause, Run, listed, mapping, number, text

_TOLD = {"PASS": "would pass it", "FAIL": "would fail it", "UNDECIDED": "could not tell"}
_TRUE = {"PASS": "passes", "FAIL": "fails", "UNDECIDED": "is undecided"}


def parted(run: Run) -> tuple[str, ...]:
    """A sentence for each of the champion's clauses on which dashboards and truth part: a FAIL that they do not show,
    or a FAIL that they show and that is none."""
    if run.champion is None:
        return ()
    found = _decay(run)
    return tuple(
        sentence
        for clause in run.champion.clauses
        for sentence in _sentence(clause, found.get(clause.name, {}) if clause.slice == WHOLE else {})
    )


def _decay(run: Run) -> Mapping[str, Mapping[str, Any]]:
    path = Path(run.folder / decays.FILE)
    if not path.is_file() or run.champion is None:
        return {}
    for one in map(mapping, listed(results.read_json(path).get("candidates"))):
        if text(one.get("name")) == run.champion.name:
            return {text(mapping(item).get("name")): mapping(item) for item in listed(one.get("clauses"))}
    return {}


def _sentence(clause: Clause, decay: Mapping[str, Any]) -> Iterator[str]:
    seen, truly = clause.observed_ruling, clause.ruling
    if truly not in _TRUE:
        return
    scale = words.scale_of(clause)
    asked, measured = words.limit_text(clause), words.value_text(clause)
    name = f"“{words.title(clause)}”, {asked}"
    if seen == "UNMEASURED" or clause.observed is None:
        if truly == "FAIL" and clause.critical:
            yield f"{name}: in truth it {_TRUE[truly]} ({measured}), and no dashboard shows it: nobody observes it."
        return
    if "FAIL" not in (seen, truly) or seen == truly:
        return
    span = scale.span(clause.observed_low, clause.observed_high)
    shown = f"the operator's own figures say {scale.text(clause.observed)}" + (f" ({span})" if span else "")
    told = f"{name}: {shown} and {_TOLD[seen]}; in truth it is {measured} and {_TRUE[truly]}."
    if truly == "FAIL" and (blind := _blind(decay)):
        told += f" {blind}"
    yield told


def _blind(decay: Mapping[str, Any]) -> str:
    broken, blind = mapping(decay.get("broken")), mapping(decay.get("blind"))
    if not broken or not blind:
        return ""
    since = f"Broken from {decays.when(broken, 'never')}"
    plain = words.Scale(1.0, "")
    days, low = number(blind.get("days")), number(blind.get("low"))
    never, of = blind.get("never"), blind.get("seeds")
    if days is None:
        return (
            f"{since}; on {never} of {of} broken seeds nobody could have known by the horizon, "
            f"a blind spot of {plain.text(low)} days at least."
        )
    late = f"; on {never} of {of} not by the horizon" if never else ""
    return f"{since}; blind for {plain.text(days)} days (median of the broken seeds{late})."
