"""What stands in the report's tables: rows of plain text, made from a run.

Knows: a run, words. Does not know: HTML, Markdown, pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness import together
from harness.report import words
from harness.report.record import Candidate, Clause, Run, listed, mapping, owner_text, text


@dataclass(frozen=True)
class Headline:
    """The first thing read."""

    verdict: str
    symbol: str
    meaning: str
    level: str
    why: str
    scenario: str
    objective: str
    facts: tuple[tuple[str, str], ...]
    closed: bool
    actions: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A clause as a row of words."""

    clause: Clause
    title: str
    symbol: str
    value: str
    interval: str
    limit: str
    margin: str
    observed: str
    rung: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Matrix:
    """Candidates side by side: a row per clause, a cell per candidate (None where it was not judged)."""

    rows: tuple[tuple[str, str, tuple[Row | None, ...]], ...]
    """(title, limit, cells)"""


@dataclass(frozen=True)
class Open:
    """A clause that was not decided or not measured."""

    candidate: str
    row: Row
    reason: str
    would_decide: str


# --- the verdict ----------------------------------------------------------------------------------------------------


def _robust(run: Run) -> str:
    """The champion's word, and the levers that its verdict depends on; empty where nobody examined it."""
    for one in map(mapping, listed(run.verdict.get("robustness"))):
        if run.champion is not None and text(one.get("name")) == run.champion.name:
            found = [mapping(item) for item in listed(one.get("dependsOn"))]
            levers = ", ".join(text(item.get("lever")) for item in found)
            levers = levers or (together.words(one["together"]) if "together" in one else "")
            return text(one.get("word")) + (f": depends on {levers}" if levers else "")
    return ""


def headline(run: Run) -> Headline:
    """The champion's verdict, its level, one plain sentence why, and what was asked."""
    champion = run.champion
    verdict = text(run.verdict.get("verdict")) or (champion.verdict if champion else "UNMEASURED")
    scenario, charter = mapping(run.manifest.get("scenario")), mapping(run.verdict.get("charter"))
    judged = charter or mapping(run.manifest.get("charter"))
    world = mapping(run.manifest.get("world"))
    seeds = [text(seed) for seed in listed(run.manifest.get("seeds"))]
    name = (
        text(scenario.get("id"))
        or text(scenario.get("name"))
        or text(mapping(run.verdict.get("scenario")).get("name"))
    )
    facts = [
        ("Champion", champion.name if champion else ""),
        (
            "Compared with",
            run.incumbent if run.incumbent != "incumbent" else "incumbent, on the same seeds",
        ),
        ("Robust", _robust(run)),
        ("World", text(world.get("use"))),
        ("Scored", f"{words.count(run.horizon)} days after go-live" if run.horizon else ""),
        ("Seeds", f"{len(seeds)} ({_few(seeds)})" if seeds else ""),
        (
            "Charter",
            " ".join(part for part in (text(judged.get("name")), text(judged.get("version"))) if part),
        ),
        ("Exit code", text(run.verdict.get("exitCode"))),
    ]
    return Headline(
        verdict=verdict,
        symbol=words.SYMBOLS.get(verdict, ""),
        meaning=words.MEANINGS.get(verdict, ""),
        level=words.rung_words(text(run.verdict.get("level")) or (champion.level if champion else "none")),
        why=words.why(champion) if champion else "The verdict names no candidate: nothing was judged.",
        scenario=name or "(unnamed scenario)",
        objective=_statement(run.charter("objective")),
        facts=tuple((label, value) for label, value in facts if value),
        closed=world.get("closed") is not False,
        actions=tuple(_order(item) for item in listed(run.verdict.get("actions"))),
        missing=tuple(sentence(item) for item in listed(run.verdict.get("missing"))),
        warnings=tuple(sentence(item) for item in listed(run.verdict.get("warnings"))),
    )


def _statement(objective: Any) -> str:
    return text(mapping(objective).get("statement") or "") if isinstance(objective, dict) else text(objective)


def _order(item: Any) -> str:
    """What is to be done: `Roll back (operations): switch to the previous champion; tell customer care`."""
    order = mapping(item)
    on, steps = (
        words.rung_words(text(order.get("on"))),
        [sentence(step) for step in listed(order.get("steps"))],
    )
    if not on or not steps:
        return sentence(item)
    owner = owner_text(order.get("owner"))
    return f"{words.words_of(on)}{f' ({owner})' if owner else ''}: {'; '.join(steps)}"


def sentence(item: Any) -> str:
    """An entry given as text or as a mapping, on one line."""
    if isinstance(item, dict):
        return ", ".join(f"{key.replace('_', ' ')}: {text(value)}" for key, value in item.items())
    return text(item)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:6])}, … {names[-1]}"


def rows(candidate: Candidate | None) -> tuple[Row, ...]:
    """A candidate's clauses as rows of words."""
    return tuple(row_of(clause) for clause in candidate.clauses) if candidate else ()


def row_of(clause: Clause) -> Row:
    """A clause in words."""
    scale = words.scale_of(clause)
    facts = [
        ("Name in the charter", clause.name),
        ("Metric", clause.metric),
        ("Slice", "" if clause.slice == "all" else clause.slice),
        (
            "Distance from the limit",
            _signed(words.scale_of_margin(clause).text(clause.margin), clause.margin),
        ),
        ("Events", words.count(clause.n) if clause.n is not None else ""),
        ("Seeds", clause.seeds),
        ("Value by seed", ", ".join(f"{seed}: {scale.text(value)}" for seed, value in clause.per_seed)),
        ("Inside a seed", _inside(clause, scale)),
        ("Observed by", clause.observed_by),
        (
            "First breach as observed",
            day_text(clause.first_breach_day) if clause.first_breach_day is not None else "",
        ),
        ("Variance, paired over unpaired", bare_text(clause.variance_ratio)),
        ("Adjusted for several clauses", clause.adjusted),
        ("Rungs", ", ".join(f"{words.rung_words(name)} {scale.text(value)}" for name, value in clause.rungs)),
    ]
    return Row(
        clause=clause,
        title=words.title(clause),
        symbol=words.SYMBOLS.get(clause.ruling, ""),
        value=words.value_text(clause) if clause.value is not None else "not measured",
        interval=words.interval_text(clause),
        limit=words.limit_text(clause),
        margin=words.scale_of_margin(clause).text(clause.margin),
        observed=scale.text(clause.observed) if clause.observed is not None else "",
        rung=words.rung_words(clause.rung),
        facts=tuple((label, value) for label, value in facts if value),
    )


def _inside(clause: Clause, scale: words.Scale) -> str:
    told = [
        f"{one.seed}: {scale.text(one.value)} ({scale.text(one.low)} to {scale.text(one.high)}; "
        f"{words.count(one.clusters)})"
        for one in clause.inside
        if one.low is not None
    ]
    by = clause.inside[0].by.replace("_", " ") if clause.inside else ""
    return f"clustered by {by} (how many), shown and never ruling: {', '.join(told)}" if told else ""


def _signed(told: str, value: float | None) -> str:
    return "" if value is None else f"+{told}" if value > 0 else told


def _breaches(clause: Clause) -> str:
    told = [day_text(clause.first_breach_day)] if clause.first_breach_day is not None else []
    seeds = [f"{seed}: {day_text(day) if day is not None else 'never'}" for seed, day in clause.breach_days]
    return "; ".join(
        told + [f"by seed {', '.join(seeds)}"] * (any(d is not None for _, d in clause.breach_days))
    )


def bare_text(value: float | None) -> str:
    """A number without a unit; empty for none."""
    return "" if value is None else words.Scale(1.0, "").text(value)


def day_text(value: float | None) -> str:
    """`day 203`, counted from goLive."""
    if value is None:
        return words.NONE
    day = words.Scale(1.0, "").text(value, digits=4)
    return f"day {day}"


def clause_keys(run: Run) -> tuple[tuple[str, str], ...]:
    """(name, slice) of every clause of any candidate, the champion's first and in the charter's order."""
    ordered = ([run.champion] if run.champion else []) + list(run.candidates)
    return tuple(dict.fromkeys((clause.name, clause.slice) for c in ordered for clause in c.clauses))


def matrix(run: Run) -> Matrix:
    """Every clause by every candidate."""
    held = [{(clause.name, clause.slice): clause for clause in c.clauses} for c in run.candidates]
    lines = []
    for key in clause_keys(run):
        cells = tuple(row_of(clauses[key]) if key in clauses else None for clauses in held)
        first = next(cell for cell in cells if cell is not None)
        lines.append((first.title, first.limit, cells))
    return Matrix(tuple(lines))


def undecided(run: Run) -> tuple[Open, ...]:
    """What the seeds could not decide, and what was not measured, for every candidate."""
    return tuple(
        Open(candidate.name, row_of(clause), words.ended(clause.reason), words.ended(clause.would_decide))
        for candidate in run.candidates
        for clause in candidate.clauses
        if clause.ruling in ("UNDECIDED", "UNMEASURED")
    )
