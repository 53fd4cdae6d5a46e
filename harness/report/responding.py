"""The responses of a run side by side: who was told when, what was changed, what it cost.

Knows: a run's timeline and clauses, words. Does not know: sentences, HTML, pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from harness.report import words
from harness.report.record import Candidate, Event, Run, listed, mapping, number, text

CHANGES = ("promoted", "rolled back")
"""Steps after which something else decides."""


@dataclass(frozen=True)
class Row:
    """A response in the table: its figures as words, each over the seeds."""

    candidate: Candidate
    response: str
    told: str
    changed: str
    clear: str
    early: str
    retrained: str
    refused: str
    rolled_back: str
    late: str
    cost: str
    values: tuple[str, ...]


def played(run: Run) -> tuple[Candidate, ...]:
    """Candidates that play a playbook."""
    return tuple(candidate for candidate in run.candidates if candidate.name in responses(run))


def responses(run: Run) -> Mapping[str, str]:
    """Each such candidate's response, in words."""
    found = {}
    for name, told in mapping(run.manifest.get("responses")).items():
        pace = number(mapping(told).get("pace"))
        own = words.words_of(text(mapping(told).get("use"))).lower()
        found[name] = (
            own if pace in (None, 1.0) else f"{own}, at {words.Scale(1.0, '').text(pace)} times the time"
        )
    return found


def cases(run: Run, candidate: str, seed: str = "") -> tuple[Event, ...]:
    """Cases of a candidate, by seed and time."""
    own = [e for e in run.events if e.kind == "case" and e.candidate == candidate and seed in ("", e.seed)]
    return tuple(sorted(own, key=lambda e: (len(e.seed), e.seed, e.day, number(e.detail.get("case")) or 0.0)))


def seeds(run: Run) -> tuple[str, ...]:
    """The seeds that were run."""
    return tuple(text(seed) for seed in listed(run.manifest.get("seeds")))


def onset(run: Run) -> float | None:
    """The day on which the first injection after goLive begins; None without one."""
    return min((e.day for e in run.events if e.kind == "injection" and e.day >= 0), default=None)


def outcome(case: Event) -> str:
    """How a case ended; `open` where it did not."""
    return text(case.detail.get("outcome"))


# --- the table ------------------------------------------------------------------------------------------------------


def table(run: Run) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Names of the critical clauses, and a row for each response."""
    judged = [c for c in (run.champion.clauses if run.champion else ()) if c.critical and c.slice == "all"]
    told = responses(run)
    rows = []
    for candidate in played(run):
        own = {clause.name: clause for clause in candidate.clauses if clause.slice == "all"}
        values = tuple(
            words.scale_of(clause).text(own[clause.name].value) if clause.name in own else words.NONE
            for clause in judged
        )
        rows.append(_row(run, candidate, told[candidate.name], values))
    return tuple(words.title(clause) for clause in judged), tuple(rows)


def _row(run: Run, candidate: Candidate, response: str, values: tuple[str, ...]) -> Row:
    start, all_seeds = onset(run), seeds(run)
    by_seed = {seed: cases(run, candidate.name, seed) for seed in all_seeds}
    since = {
        seed: [c for c in own if start is not None and (c.end_day or c.day) >= start]
        for seed, own in by_seed.items()
    }
    """Cases that were open when the first drift began, or later: what had been begun before answers it too."""

    def first(days: Mapping[str, Sequence[float | None]]) -> str:
        found = [min(known) for own in days.values() if (known := [d for d in own if d is not None])]
        if not found or start is None:
            return words.NONE
        shown = words.Scale(1.0, "").text(mean(found) - start)
        return shown if len(found) == len(all_seeds) else f"{shown} ({len(found)} of {len(all_seeds)} seeds)"

    def each(wanted: Callable[[Event], bool], of: Mapping[str, Sequence[Event]] = by_seed) -> str:
        total = sum(wanted(case) for own in of.values() for case in own)
        return words.Scale(1.0, "").text(total / max(len(all_seeds), 1))

    early = {seed: [c for c in own if start is None or c.day < start] for seed, own in by_seed.items()}
    spent = sum(case.value or 0.0 for own in by_seed.values() for case in own)
    return Row(
        candidate=candidate,
        response=response,
        told=first({seed: [max(case.day, start or 0.0) for case in own] for seed, own in since.items()}),
        changed=first(
            {seed: [case.end_day for case in own if outcome(case) in CHANGES] for seed, own in since.items()}
        ),
        clear=first({seed: [_clear(run, case) for case in own] for seed, own in since.items()}),
        early=each(lambda case: True, early),
        retrained=each(lambda case: outcome(case) == "promoted"),
        refused=each(lambda case: outcome(case).startswith("refused")),
        rolled_back=each(lambda case: outcome(case) == "rolled back"),
        late=each(lambda case: bool(case.detail.get("late"))),
        cost=words.count(spent / max(len(all_seeds), 1)),
        values=values,
    )


def _clear(run: Run, case: Event) -> float | None:
    """The day on which a case's line was first seen clear again."""
    steps = (
        e.day for e in run.events
        if e.kind == "step" and e.name == "recovered" and (e.candidate, e.seed) == (case.candidate, case.seed)
        and e.detail.get("case") == case.detail.get("case")
    )  # fmt: skip
    return next(steps, None)
