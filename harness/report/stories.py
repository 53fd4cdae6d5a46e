"""What operations did, told: a run's cases as sentences in the order of time, and the responses side by side.

Knows: a run's timeline, words. Does not know: HTML, pictures, how a case was played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report import words
from harness.report.record import Event, Run, listed, mapping, number, text
from harness.report.responding import CHANGES, cases, outcome, played, responses, seeds

_MANY = 3
"""From so many cases of one cause and outcome in a row on, they are one sentence."""


@dataclass(frozen=True)
class Story:
    """What happened to one candidate on one seed: sentences, each with its day and whose deed it was."""

    candidate: str
    response: str
    seed: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Line:
    """A sentence. who: `world`, `seen` or `done`."""

    when: str
    who: str
    what: str


def when(day: float) -> str:
    """`day 25, 11:00`, counted from goLive."""
    minutes = round(day * 1440)
    hour, minute = divmod(minutes % 1440, 60)
    return f"day {minutes // 1440}" + (f", {hour:02d}:{minute:02d}" if hour or minute else "")


# --- the story ------------------------------------------------------------------------------------------------------


def stories(run: Run) -> tuple[Story, ...]:
    """One story for each candidate that plays a playbook and each seed."""
    told = responses(run)
    return tuple(
        Story(candidate.name, told[candidate.name], seed, tuple(_lines(run, candidate.name, seed)))
        for candidate in played(run)
        for seed in seeds(run)
    )


def _lines(run: Run, candidate: str, seed: str) -> Iterator[Line]:
    found: list[tuple[float, int, Line]] = []
    for event in run.events:
        if (
            event.kind in ("injection", "veil", "outage")
            and not event.candidate
            and 0 <= event.day <= run.horizon
        ):
            found.append((event.day, 0, Line(when(event.day), "world", f"{_world(event)} begins.")))
            if event.end_day is not None and event.day < event.end_day < run.horizon:
                found.append((event.end_day, 0, Line(when(event.end_day), "world", f"{_world(event)} ends.")))
    own = cases(run, candidate, seed)
    grouped = _groups(own)
    for group in grouped:
        if len(group) >= _MANY:
            first, last = group[0], group[-1]
            found.append((first.day, 1, Line(when(first.day), "done", _together(first, last, len(group)))))
        else:
            found += [item for case in group for item in _case_lines(run, case)]
    spent = sum(case.value or 0.0 for case in own)
    yield from (line for _, _, line in sorted(found, key=lambda item: item[:2]))
    if not own:
        yield Line("in all", "done", "Nobody was told of anything, and nothing was done.")
    else:
        yield Line("in all", "done", f"{_times(len(own), 'case')}, at a cost of {words.count(spent)}.")


def _world(event: Event) -> str:
    kind = {"injection": "the drift", "veil": "the fault", "outage": "the outage"}[event.kind]
    height = "" if event.value is None else f" (magnitude {words.Scale(1.0, '').text(event.value)})"
    return f"{kind[:1].upper()}{kind[1:]} “{event.name}”{height}"


def _groups(own: Sequence[Event]) -> list[list[Event]]:
    """Neighbouring cases of one cause that came to the same end, where nobody had to wait."""
    found: list[list[Event]] = []
    for case in own:
        key = (case.detail.get("source"), case.detail.get("name"), case.detail.get("outcome"))
        last = found[-1][-1].detail if found else {}
        alike = key == (last.get("source"), last.get("name"), last.get("outcome"))
        if alike and case.detail.get("source") == "truth":
            found[-1].append(case)
        else:
            found.append([case])
    return found


def _together(first: Event, last: Event, size: int) -> str:
    until = f"{when(first.day)} to {when(last.day)}"
    return (
        f"The oracle, told of “{text(first.detail.get('name'))}” as it happens, retrains on every unit's true label "
        f"{size} times, {until}."
    )


def _case_lines(run: Run, case: Event) -> Iterator[tuple[float, int, Line]]:
    steps = [
        e for e in run.events
        if e.kind == "step" and (e.candidate, e.seed) == (case.candidate, case.seed)
        and e.detail.get("case") == case.detail.get("case")
    ]  # fmt: skip
    for step in steps:
        tell = _TOLD.get(step.name)
        if tell is not None:
            who = "seen" if step.name in ("told", "recovered") else "done"
            if sentence := tell(run, case, step):
                yield step.day, 1, Line(when(step.day), who, sentence)


def _told(run: Run, case: Event, step: Event) -> str:
    detail, rung = case.detail, words.rung_words(text(case.detail.get("rung")))
    to = [_person(run, text(detail.get("owner")))] + [
        _person(run, text(r)) for r in listed(detail.get("notified"))
    ]
    who = " and ".join(dict.fromkeys(to))
    source, name = text(detail.get("source")), words.words_of(text(detail.get("name")))
    if source == "schedule":
        return f"The calendar asks for a retrain. {who} is told."
    if source == "truth":
        return f"The oracle learns that “{text(detail.get('name'))}” has begun or ended, and every label with it."
    value, line = _figure(run, detail, "value"), _figure(run, detail, "line")
    is_signal = source == "signal"
    seen = (
        f"The signal “{text(detail.get('name'))}” fires at {value}"
        if is_signal
        else f"{name} is seen at {value}"
    )
    return f"{seen}, beyond its line of {line} ({rung}). {who} is told."


def _figure(run: Run, detail: Mapping[str, Any], key: str) -> str:
    clause = next(
        (c for c in (run.champion.clauses if run.champion else ()) if c.name == detail.get("name")), None
    )
    scale = (
        words.scale_of(clause)
        if clause is not None and detail.get("source") == "clause"
        else words.Scale(1.0, "")
    )
    return scale.text(number(detail.get(key)))


def _person(run: Run, role: str) -> str:
    owner: Mapping[str, Any] = next(
        (mapping(o) for o in listed(run.charter("owners")) if mapping(o).get("role") == role), {}
    )
    return f"{text(owner.get('name'))} ({role})" if owner.get("name") else role


def _begun(run: Run, case: Event, step: Event) -> str:
    waited = (step.day - case.day) * 24.0
    after = f", {words.Scale(1.0, '').text(waited)} hours later" if waited >= 0.1 else " at once"
    doing = {"retrain": "prepares a retrain", "rollback": "prepares to roll back", "investigate": "looks into it",
             "escalate": "convenes the owners"}[text(case.detail.get("rung")) or "investigate"]  # fmt: skip
    return f"{_person(run, text(case.detail.get('owner')))} {doing}{after}."


def _training(run: Run, case: Event, step: Event) -> str:
    rows, bad = (words.count(number(step.detail.get(key))) for key in ("rows", "positives"))
    return (
        f"A challenger, version {_version(step)}, is trained on {rows} rows, {bad} of them marked unwanted."
    )


def _checked(run: Run, case: Event, step: Event) -> str:
    plain = words.Scale(1.0, "")
    one, other = (number(step.detail.get(key)) for key in ("champion", "challenger"))
    if one is None or other is None:
        return f"The shadow check cannot tell: {text(step.detail.get('why'))}. Version {_version(step)} is refused."
    metric = text(step.detail.get("metric"))
    units = f"{words.count(number(step.detail.get('units')))} units that neither was trained on"
    if metric.startswith("stopped_"):
        share, what = words.Scale.of("ratio"), metric.partition("_")[2]
        found = f"On {units} the challenger would stop {share.text(other)} of what is {what}"
        found += f", the champion {share.text(one)}"
    else:
        told = metric.replace("_", " ")
        found = f"On {units} the challenger has a {told} of {plain.text(other)}, the champion of {plain.text(one)}"
    passed = f"version {_version(step)} passes the shadow check"
    return (
        f"{found}: {passed}."
        if step.detail.get("passed")
        else f"{found}: version {_version(step)} is refused."
    )


def _approved(run: Run, case: Event, step: Event) -> str:
    return f"{_person(run, text(step.detail.get('owner')))} approves."


def _promoted(run: Run, case: Event, step: Event) -> str:
    return f"Version {_version(step)} takes over.{_cost(case)}"


def _rolled_back(run: Run, case: Event, step: Event) -> str:
    to = text(step.detail.get("to")).replace("_", " ")
    version = step.detail.get("version")
    own = f", version {_version(step)}" if version is not None else ""
    return f"The model is rolled back to {to}{own}.{_cost(case)}"


def _recovered(run: Run, case: Event, step: Event) -> str:
    what = "The signal" if case.detail.get("source") == "signal" else "It"
    name = f"“{text(case.detail.get('name'))}”" if case.detail.get("source") == "signal" else ""
    days = _times(round(step.day - case.day), "day")
    value = _figure(run, {**case.detail, "value": step.detail.get("value")}, "value")
    again = f"{what} {name}".strip() if name else words.words_of(text(case.detail.get("name")))
    return f"{again} is seen clear of its line again, at {value}, {days} after somebody was told."


def _ended(run: Run, case: Event, step: Event) -> str:
    if outcome(case) in CHANGES:
        return ""  # told with the change
    return f"The case ends: {outcome(case)}.{_cost(case)}"


def _cost(case: Event) -> str:
    late = " It took longer than its time budget." if case.detail.get("late") else ""
    return f" The case cost {words.count(case.value)}.{late}"


def _version(step: Event) -> str:
    return words.count(number(step.detail.get("version")))


Tell = Callable[[Run, Event, Event], str]
_TOLD: Mapping[str, Tell] = {
    "told": _told, "begun": _begun, "training": _training, "checked": _checked, "approved": _approved,
    "promoted": _promoted, "rolled back": _rolled_back, "recovered": _recovered, "ended": _ended,
}  # fmt: skip


def _times(size: int, what: str) -> str:
    return f"{size} {what}" if size == 1 else f"{size} {what}s"
