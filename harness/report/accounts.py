"""What stands in the report's later tables: the playbook, what was done, training sets, how to repeat the run.

Knows: a run, words. Does not know: HTML, Markdown, pictures, rulings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness import results
from harness.report import words
from harness.report.happenings import rung_of
from harness.report.record import Candidate, Event, Run, listed, mapping, number, owner_text, text
from harness.report.views import bare_text, day_text, sentence


@dataclass(frozen=True)
class Step:
    """A line of the playbook."""

    on: str
    owner: str
    within: str
    target: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Fit:
    """A training set, as it was and as it was labelled."""

    seed: str
    day: str
    rows: str
    positives: str
    hidden: str
    wrong: str
    verified: str
    more: str


@dataclass(frozen=True)
class Deed:
    """A rung that was crossed or an action that was taken."""

    candidate: str
    seed: str
    day: str
    kind: str
    what: str
    detail: str


@dataclass(frozen=True)
class Repeat:
    """What it takes to make this run again."""

    command: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def playbook(run: Run) -> tuple[Step, ...]:
    """The charter's playbook, in its own order."""
    found = []
    for item in listed(run.charter("playbook")):
        line = mapping(item)
        if not line:
            found.append(Step("", "", "", "", (text(item),)))
            continue
        found.append(
            Step(
                on=words.rung_words(text(line.get("on"))) or text(line.get("name")),
                owner=owner_text(line.get("owner")),
                within=text(line.get("timeBudget")),
                target=text(line.get("target")).replace("_", " "),
                steps=tuple(sentence(step) for step in listed(line.get("steps"))),
            )
        )
    return tuple(found)


def deeds(run: Run) -> tuple[Deed, ...]:
    """Rungs crossed and actions taken, from the timeline."""
    return tuple(
        Deed(
            candidate=event.candidate,
            seed=event.seed,
            day=day_text(event.day),
            kind="crossed" if event.kind == "rung" else "done",
            what=words.rung_words(rung_of(event))
            if event.kind == "rung" and rung_of(event)
            else words.words_of(event.name),
            detail=_detail(event, ()),
        )
        for event in run.events
        if event.kind in ("rung", "action")
    )


_LABELLED = ("rows", "positives", "hidden_positives", "false_positives", "verified", "desk")


def desk_of(event: Event) -> str:
    """Whose fit it was, by desk; empty where there is but one."""
    return text(event.detail.get("desk"))


def fits(events: Sequence[Event]) -> tuple[Fit, ...]:
    """Training sets as rows."""
    return tuple(
        Fit(
            seed=event.seed,
            day=day_text(event.day),
            rows=words.count(_counted(event, "rows")),
            positives=words.count(_counted(event, "positives")),
            hidden=words.count(_counted(event, "hidden_positives")),
            wrong=words.count(_counted(event, "false_positives")),
            verified=words.count(_counted(event, "verified")),
            more=_detail(event, _LABELLED),
        )
        for event in events
    )


def last_fit(candidate: Candidate, events: Sequence[Event], desk: str = "") -> str:
    """A plain sentence on the last training set of the first seed, at a desk where there are several."""
    of_first = [event for event in events if event.seed == events[0].seed]
    last = max(of_first, key=lambda event: event.day)
    seen, hidden, wrong = (
        _counted(last, key) for key in ("positives", "hidden_positives", "false_positives")
    )
    matches = _counted(last, "entities")
    at = f" at the desk for {desk}" if desk else ""
    if seen is None and matches is not None:
        told = f"At its last training{at} with seed {last.seed or '–'} ({day_text(last.day)}), {candidate.name} learnt "
        return told + f"from {words.count(_counted(last, 'rows'))} rows of {words.count(matches)} results."
    if seen is None:
        return f"{candidate.name} was trained {len(events)} times; its training sets were not described."
    told = f"At its last training{at} with seed {last.seed or '–'} ({day_text(last.day)}), {candidate.name} learnt "
    told += f"from {words.count(_counted(last, 'rows'))} rows, {words.count(seen)} of them marked unwanted."
    if wrong is not None:
        told += f" {words.count(wrong)} of these marks were wrong."
    if hidden is not None:
        told += f" {words.count(hidden)} unwanted ones stood among the lawful, because nobody had told."
    return told


def _counted(event: Event, key: str) -> float | None:
    return number(event.detail.get(key))


def _detail(event: Event, without: Sequence[str]) -> str:
    parts = [f"{key} {_shown(value)}" for key, value in event.detail.items() if key not in without]
    return ", ".join(text(part) for part in parts)


def _shown(value: Any) -> str:
    plain = number(value)
    return bare_text(plain) if plain is not None else text(value)


# --- how to repeat --------------------------------------------------------------------------------------------------


def repeat(run: Run) -> Repeat:
    """Command, seeds, versions and digests."""
    manifest = run.manifest
    code, scenario = mapping(manifest.get("code")), mapping(manifest.get("scenario"))
    charter = mapping(run.verdict.get("charter")) or mapping(manifest.get("charter"))
    commit = text(code.get("commit"))
    facts = [
        ("Run", text(manifest.get("run")) or text(run.verdict.get("run"))),
        ("Status", text(manifest.get("status"))),
        ("Identity", text(manifest.get("identity"))),
        ("Seeds", ", ".join(text(seed) for seed in listed(manifest.get("seeds")))),
        ("Windtunnel", text(code.get("version"))),
        (
            "Commit",
            f"{commit} (with changes that were not committed)" if commit and code.get("dirty") else commit,
        ),
        ("Code digest", text(code.get("digest"))),
        ("Scenario", _versioned(scenario)),
        ("Scenario digest", text(scenario.get("digest"))),
        ("Charter", _versioned(charter)),
        ("Charter digest", text(charter.get("digest"))),
        ("Judged with schema", text(run.verdict.get("schemaVersion"))),
        (
            "Rows scored",
            words.count(number(manifest.get("rowsScored"))) if manifest.get("rowsScored") else "",
        ),
        ("Seconds", bare_text(number(manifest.get("seconds")))),
        (
            "Rows a second",
            words.count(number(manifest.get("rowsPerSecond"))) if manifest.get("rowsPerSecond") else "",
        ),
    ]
    named = (("Packages", "packages"), ("Machine", "machine"), ("Files and their digests", "artifacts"))
    parts = [(title, _pairs(mapping(manifest.get(key)))) for title, key in named]
    # Ledgers and models are many, and what is made again by every judgement is no input of it.
    apart = (*results.BULKY, *results.MADE_AGAIN)
    parts = [
        (title, tuple(pair for pair in pairs if not pair[0].startswith(apart))) for title, pairs in parts
    ]
    parts.append(("World", _pairs(mapping(manifest.get("world")))))
    return Repeat(
        command=" ".join(text(manifest.get("command")).split()),
        facts=tuple((label, value) for label, value in facts if value),
        parts=tuple((title, pairs) for title, pairs in parts if pairs),
    )


def _pairs(tree: Any) -> tuple[tuple[str, str], ...]:
    return tuple((text(key), text(tree[key])) for key in sorted(tree))


def _versioned(card: Any) -> str:
    name = text(card.get("id")) or text(card.get("name"))
    version = text(card.get("version"))
    return f"{name} {version}" if version and version not in name else name
