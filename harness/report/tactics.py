"""What adversaries did, in words: a sentence per candidate, its tactics as rows, how far candidates lie apart.

Knows: adversaries.json as read, words. Does not know: how a share or an interval was made, HTML, pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.report.record import Run, listed, mapping, number, text
from harness.report.words import NBSP, NONE, Scale, count

SHARE = Scale(100.0, f"{NBSP}%")
POINTS = Scale(100.0, f"{NBSP}p.{NBSP}p.")
BECAUSE = {
    "blocked": "because their calls were blocked",
    "challenged": "because their calls were challenged",
    "throttled": "because their calls were throttled",
    "unanswered": "because fewer people answered them",
    "worn out": "because their time was over",
}


@dataclass(frozen=True)
class Loss:
    """One cause for which numbers were given up: with the candidate, with the incumbent."""

    cause: str
    share: str
    base: str
    clear: bool


@dataclass(frozen=True)
class Tactic:
    """A tactic as a row; `clear` where the change's interval leaves out 0."""

    name: str
    before: str
    base: str
    last: str
    change: str
    interval: str
    clear: bool
    taken: str
    taken_base: str
    stopped: str
    lost: tuple[Loss, ...]


@dataclass(frozen=True)
class Shift:
    """What adversaries did about one candidate."""

    candidate: str
    told: str
    rows: tuple[Tactic, ...]
    moved: tuple[Tactic, ...]
    """The rows whose change is clear."""


@dataclass(frozen=True)
class Distance:
    """How far two candidates' shares of tactics lie apart."""

    between: str
    same_seed: str
    other_seed: str
    own: str


def shifts(run: Run) -> tuple[Shift, ...]:
    """One for each candidate that the record compares with the incumbent; none where it tells of no adversaries."""
    changes = mapping(run.adversaries.get("changes"))
    return tuple(
        Shift(c.name, _told(run, c.name), rows, tuple(row for row in rows if row.clear))
        for c in run.candidates
        if c.name in changes
        for rows in (_rows(run, c.name),)
    )


def distances(run: Run) -> tuple[Distance, ...]:
    """Every pair of candidates, the incumbent among them."""
    found = []
    for item in map(mapping, listed(run.adversaries.get("distances"))):
        names = [_name(run, text(name)) for name in listed(item.get("between"))]
        own = [SHARE.text(number(each), 2) for each in listed(item.get("own"))]
        found.append(
            Distance(
                between=" and ".join(names),
                same_seed=SHARE.text(number(item.get("sameSeed")), 2),
                other_seed=SHARE.text(number(item.get("otherSeed")), 2),
                own=" and ".join(own),
            )
        )
    return tuple(found)


def last_from(run: Run) -> str:
    """The day on which the last quarter begins."""
    return Scale(1.0, "").text(number(run.adversaries.get("lastFromDay")))


def standing(run: Run, candidate: str, tactic: str = "") -> Mapping[str, Any]:
    """What the record holds of one tactic with one candidate; without a tactic, of all of them."""
    held = mapping(mapping(run.adversaries.get("candidates")).get(candidate))
    return mapping(mapping(held.get("tactics")).get(tactic) if tactic else held.get("all"))


def names(run: Run) -> tuple[str, ...]:
    """Tactics, those that hold most of the new numbers with the incumbent and the candidates first."""
    told = [text(name) for name in listed(run.adversaries.get("tactics"))]
    holders = tuple(mapping(run.adversaries.get("candidates")))

    def most(tactic: str) -> float:
        return max((number(standing(run, who, tactic).get("last")) or 0.0 for who in holders), default=0.0)

    return tuple(sorted(told, key=lambda tactic: (-most(tactic), tactic)))


def tactic_words(name: str) -> str:
    """`hacked_account` as people say it."""
    return name.replace("_", " ")


def _name(run: Run, name: str) -> str:
    return "the incumbent" if name == run.incumbent == "incumbent" else name


def _rows(run: Run, candidate: str) -> tuple[Tactic, ...]:
    changes = mapping(mapping(run.adversaries.get("changes")).get(candidate))
    shares, lost = mapping(changes.get("shares")), mapping(changes.get("lost"))
    every = _row(run, candidate, "", {}, mapping(changes.get("allLost")))
    return (
        every,
        *(
            _row(run, candidate, tactic, mapping(shares.get(tactic)), mapping(lost.get(tactic)))
            for tactic in names(run)
        ),
    )


def _row(run: Run, candidate: str, tactic: str, change: Mapping[str, Any], lost: Mapping[str, Any]) -> Tactic:
    own, base = standing(run, candidate, tactic), standing(run, run.incumbent, tactic)
    moved = number(change.get("value"))
    return Tactic(
        name=tactic_words(tactic) or "all tactics",
        before=SHARE.text(number(own.get("before"))) if tactic else "",
        base=SHARE.text(number(base.get("last"))) if tactic else "",
        last=SHARE.text(number(own.get("last"))) if tactic else "",
        change=("+" if moved and moved > 0 else "") + POINTS.text(moved) if tactic else "",
        interval=POINTS.span(number(change.get("low")), number(change.get("high"))),
        clear=change.get("clear") is True,
        taken=_few(number(own.get("taken"))),
        taken_base=_few(number(base.get("taken"))),
        stopped=SHARE.text(number(own.get("stopped")), 2),
        lost=_losses(own, base, lost),
    )


def _losses(own: Mapping[str, Any], base: Mapping[str, Any], lost: Mapping[str, Any]) -> tuple[Loss, ...]:
    """Causes that took any number with either, the largest with the candidate first."""
    held, before = mapping(own.get("lost")), mapping(base.get("lost"))
    seen = {cause: (number(held.get(cause)), number(before.get(cause))) for cause in held}
    kept = [(cause, *pair) for cause, pair in seen.items() if any(pair)]
    return tuple(
        Loss(
            text(cause),
            SHARE.text(share, 2),
            SHARE.text(other, 2),
            mapping(lost.get(cause)).get("clear") is True,
        )
        for cause, share, other in sorted(kept, key=lambda item: (-(item[1] or 0.0), text(item[0])))
    )


def _few(value: float | None) -> str:
    return NONE if value is None else count(value) if value >= 10 else Scale(1.0, "").text(value, 2)


# --- the sentence --------------------------------------------------------------------------------------------------


def _told(run: Run, candidate: str) -> str:
    """Where campaigns moved and which decision drove it, only as far as the intervals leave out 0."""
    changes = mapping(mapping(run.adversaries.get("changes")).get(candidate))
    left, came, cause = (text(changes.get(key)) for key in ("left", "came", "cause"))
    more = POINTS.text(_size(changes, came), 2)
    fewer = POINTS.text(_size(changes, left), 2)
    than = f"of the new numbers than with {_name(run, run.incumbent)}"
    if left and came:
        moved = (
            f"Campaigns moved from {tactic_words(left)} numbers ({fewer} less {than}) "
            f"to {tactic_words(came)} ones ({more} more)."
        )
    elif came:
        moved = f"Campaigns took to {tactic_words(came)} numbers ({more} more {than})."
    elif left:
        moved = f"Campaigns left {tactic_words(left)} numbers ({fewer} less {than})."
    else:
        moved = "No change of tactics that these seeds can tell."
    return f"{moved} {_driven(run, candidate, left, cause)}".strip()


def _size(changes: Mapping[str, Any], tactic: str) -> float | None:
    value = number(mapping(mapping(changes.get("shares")).get(tactic)).get("value"))
    return None if value is None else abs(value)


def _driven(run: Run, candidate: str, tactic: str, cause: str) -> str:
    if not cause:
        return ""
    own, base = (
        SHARE.text(number(mapping(standing(run, who, tactic).get("lost")).get(cause)), 2)
        for who in (candidate, run.incumbent)
    )
    which = f"the {tactic_words(tactic)} numbers" if tactic else "all numbers"
    why = BECAUSE.get(cause, f"by the cause “{cause}”")
    return f"Of {which} given up, {own} went {why} ({base} with {_name(run, run.incumbent)})."
