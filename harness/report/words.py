"""Numbers and rulings in words: units, limits, and the plain sentences of the report.

Knows: units, clauses, English. Does not know: HTML, Markdown, pictures, files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.record import LADDER, Candidate, Clause

NBSP = "\u00a0"
NONE = "–"

SYMBOLS = {"PASS": "✓", "FAIL": "✕", "UNDECIDED": "?", "UNMEASURED": "∅"}
"""A ruling is told by word and sign, never by colour alone."""

MEANINGS = {
    "PASS": "the charter is kept",
    "FAIL": "the charter is broken",
    "UNDECIDED": "these seeds cannot tell",
    "UNMEASURED": "not everything was measured",
}

RUNG_WORDS = {
    "investigate": "investigate",
    "retrain": "retrain",
    "rollback": "roll back",
    "escalate": "escalate",
}

_SHARES = {"ratio", "share", "fraction", "rate", "probability", "proportion"}
_POINTS = {"pp", "p.p.", "p. p.", "point", "points", "percentage points", "percentage_points"}
_BARE = {"", "1", "count", "number", "none"}


@dataclass(frozen=True)
class Scale:
    """How a unit is shown: values times `factor`, then `suffix`. A ratio of 0.001 is 0.1 %."""

    factor: float
    suffix: str

    @staticmethod
    def of(unit: str, *, difference: bool = False) -> Scale:
        """The scale of a unit; the difference of two ratios is in percentage points (p. p.)."""
        plain = unit.strip().lower()
        if plain in _POINTS or (difference and plain in _SHARES):
            return Scale(100.0, f"{NBSP}p.{NBSP}p.")
        if plain in _SHARES:
            return Scale(100.0, f"{NBSP}%")
        if plain in {"percent", "%"}:
            return Scale(1.0, f"{NBSP}p.{NBSP}p." if difference else f"{NBSP}%")
        return Scale(1.0, "" if plain in _BARE else f"{NBSP}{unit.strip().replace('_', ' ')}")

    def number(self, value: float | None, digits: int = 3) -> str:
        """The value in the scale, without its unit."""
        return NONE if value is None else _figure(value * self.factor, digits)

    def text(self, value: float | None, digits: int = 3) -> str:
        """The value with its unit; a dash where there is none."""
        return NONE if value is None else self.number(value, digits) + self.suffix

    @property
    def unit(self) -> str:
        """The unit where it is too long to stand at every tick of an axis; else empty."""
        return self.suffix.strip() if len(self.suffix) > 7 else ""

    def tick(self, value: float) -> str:
        """The value as it stands on an axis: a long unit is told once, beside the picture."""
        return self.number(value, 4) if self.unit else self.text(value, 4)

    def span(self, low: float | None, high: float | None) -> str:
        """An interval, its unit once; an end that nothing bounds is said so."""
        if low is None and high is None:
            return ""
        if low is None:
            return f"up to {self.text(high)}"
        if high is None:
            return f"from {self.text(low)}"
        return f"{self.number(low)} to {self.text(high)}"


def _figure(value: float, digits: int) -> str:
    """At most `digits` significant digits, no exponent, thousands apart, a true minus."""
    if not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(places, 10)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text in {"-0", ""} else text
    return text.replace("-", "−").replace(",", "\u202f")


def count(value: float | None) -> str:
    """A whole number with thousands apart."""
    return NONE if value is None else f"{value:,.0f}".replace("-", "−").replace(",", "\u202f")


def scale_of(clause: Clause) -> Scale:
    """The scale of a clause's value."""
    return Scale.of(clause.unit, difference=clause.difference)


def scale_of_margin(clause: Clause) -> Scale:
    """The scale of a distance from the clause's threshold."""
    return Scale.of(clause.unit, difference=True)


def words_of(name: str) -> str:
    """`complaint_reduction` as people say it."""
    text = " ".join(name.replace("_", " ").split())
    return text[:1].upper() + text[1:] if text else "(no name)"


def slice_words(label: str) -> str:
    """`caller_class=clinic` as `clinic`; the whole is empty."""
    if label in {"", "all"}:
        return ""
    return label.partition("=")[2].replace("_", " ").strip() or label


def slice_dimension(label: str) -> str:
    """`caller_class=clinic` as `caller class`."""
    return label.partition("=")[0].replace("_", " ").strip() if "=" in label else "slice"


def title(clause: Clause) -> str:
    """A clause's name as people say it, with the class that it is about, once."""
    part = slice_words(clause.slice)
    name = (
        words_of(clause.name.replace(clause.slice, "").strip(" [](),:/·-")) if part else words_of(clause.name)
    )
    return f"{name}: {part}" if part and not name.lower().endswith(part.lower()) else name


def value_text(clause: Clause) -> str:
    """The measured value, with as many digits as it takes to tell it from the threshold."""
    scale = scale_of(clause)
    told = (scale.text(clause.value, digits) for digits in (3, 4, 5))
    limits = (scale.text(clause.threshold, digits) for digits in (3, 4, 5))
    apart = [text for text, limit in zip(told, limits) if text != limit]
    return apart[0] if apart and clause.value != clause.threshold else scale.text(clause.value)


def interval_text(clause: Clause) -> str:
    """The interval of the value, or nothing."""
    return scale_of(clause).span(clause.low, clause.high)


def limit_text(clause: Clause) -> str:
    """What the charter asks: `at least 40 %`, `at most 0.1 %`, `within 1 p. p. of 0`."""
    scale = scale_of(clause)
    if clause.threshold is None:
        return NONE
    if clause.op == "within" and clause.half_width is not None:
        around = scale_of_margin(clause).text(clause.half_width)
        return (
            f"within {around} of {scale.number(0) if clause.threshold == 0 else scale.text(clause.threshold)}"
        )
    return (
        f"{ {'gte': 'at least', 'lte': 'at most'}.get(clause.op, clause.op) } {scale.text(clause.threshold)}"
    )


def rung_words(level: str) -> str:
    """A rung as people say it; empty for none."""
    return "" if level in {"", "none"} else RUNG_WORDS.get(level, level.replace("_", " "))


def severity(level: str) -> int:
    """Place on the ladder, 0 for none."""
    return LADDER.index(level) + 1 if level in LADDER else 0


def gravest(clauses: Sequence[Clause], ruling: str) -> Clause | None:
    """The clause of a ruling to speak of first: critical before others, then the higher rung, then charter order."""
    found = [clause for clause in clauses if clause.ruling == ruling]
    found.sort(key=lambda clause: (not clause.critical, -severity(clause.rung)))
    return found[0] if found else None


def why(candidate: Candidate) -> str:
    """One plain sentence: why a candidate's verdict is what it is."""
    name, clauses = candidate.name, candidate.clauses
    if not clauses:
        return f"Nothing was judged for {name}: the verdict holds no clause."
    if candidate.verdict == "PASS":
        return _kept(candidate)
    clause = gravest(clauses, candidate.verdict)
    if clause is None:
        told = ended(candidate.reason) or "No single clause says why."
        return f"The verdict on {name} is {candidate.verdict}. {told}"
    others = _others(clauses, clause)
    if candidate.verdict == "FAIL":
        return f"{name} breaks the charter. “{title(clause)}” is {_measured(clause)}, where {_allowed(clause)}.{others}"
    if candidate.verdict == "UNDECIDED":
        hint = (
            f" What would decide it: {clause.would_decide.strip().rstrip('.')}."
            if clause.would_decide
            else ""
        )
        return (
            f"These seeds cannot tell whether {name} keeps the charter. “{title(clause)}” is {_measured(clause)}, "
            f"where {_allowed(clause)}.{hint}{others}"
        )
    because = ended(clause.reason) or "No reason was given."
    return f"Not everything could be measured for {name}, so nothing is promised. “{title(clause)}”: {because}{others}"


def _kept(candidate: Candidate) -> str:
    critical = [clause for clause in candidate.clauses if clause.critical]
    open_ = [clause for clause in candidate.clauses if clause.ruling != "PASS"]
    if not open_:
        size = len(candidate.clauses)
        clauses = "the charter's one clause" if size == 1 else f"all {size} clauses of the charter"
        return f"{candidate.name} keeps {clauses}, and each of them was measured."
    told = ", ".join(f"{title(clause)} ({clause.ruling})" for clause in open_)
    kept = f"{candidate.name} keeps the {len(critical)} critical clauses of the charter."
    return f"{kept} Not kept, not decided or not measured: {told}."


def _measured(clause: Clause) -> str:
    span = interval_text(clause)
    return value_text(clause) + (f" (interval {span})" if span else "")


def _allowed(clause: Clause) -> str:
    if clause.op == "within":
        return f"the charter asks for {limit_text(clause)}"
    return (
        f"the charter asks for {limit_text(clause)}"
        if clause.op == "gte"
        else f"{limit_text(clause)} is allowed"
    )


def _others(clauses: Sequence[Clause], told: Clause) -> str:
    parts = []
    for ruling, words in (
        ("FAIL", ("fails", "fail")),
        ("UNDECIDED", ("is undecided", "are undecided")),
        ("UNMEASURED", ("is unmeasured", "are unmeasured")),
    ):
        size = sum(1 for clause in clauses if clause.ruling == ruling and clause is not told)
        if size:
            more = " more" if ruling == told.ruling else ""
            parts.append(f"{size}{more} {words[0] if size == 1 else words[1]}")
    return f" Of the other clauses, {', '.join(parts)}." if parts else ""


def ended(sentence: str) -> str:
    """A sentence with a capital and a full stop; nothing stays nothing."""
    plain = sentence.strip()
    if not plain:
        return ""
    return plain[:1].upper() + plain[1:] + ("" if plain.endswith((".", "!", "?")) else ".")
