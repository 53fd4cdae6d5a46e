"""Robustness: whether a verdict stands when every figure that nobody published is drawn anew on every seed.

Knows: levers drawn (harness.draws), the judge, which of them a verdict hangs on. Does not know: how a replay is done or
kept, how an answer is shown.

1. *Central*: the scenario as it is. *Drawn*: the same, on the same seeds, each lever drawn from its range on each seed
   (keyed by seed and lever; by factors where the range spans a decade, see `draws.span`). Both are judged alike.
2. *Screening*: per seed, the clause's value drawn less central, so that what is the seed's own falls out; its ranks are
   explained by the levers' ranks one at a time, the strongest first, each explained away before the next is sought.
3. *Confirmation*: the strongest few, each drawn alone on the same seeds, the others central. A verdict *depends on* a
   lever that alone takes the clause's ruling away from the central one.
4. *Break-even*: where that lever alone, moved through the whole scenario toward the side that hurts, first breaks the
   charter: a breaking point (harness.stress) with its interval over seeds. Only of a PASS: what fails at
   central values is broken before the axis begins.

5. *Together*: screening can miss, with many levers and few seeds, and a verdict may fall by several levers while none
   of them does it alone. Where none was confirmed, a small set that takes the verdict away by itself is sought by
   halving (harness.together), and how far of the way to their draws its levers may go. A set of one is a lever that
   screening missed, and is told like those that it named.

An *idle* draw, under which nothing at all is asked, is put aside for the next seed's, and named (`busy_seeds`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import response_times, together, verdict
from harness.axes import Axis, spans_decades
from harness.draws import Span
from harness.rulings import ClauseRuling, Ruling
from harness.shelf import Asked, Shelf
from harness.stress import STEPS, Breaking, break_along, value_at
from harness.survival import share_bounds
from harness.tallies import ALL, COMPARED, TRUE, Tallies
from harness.verdict import CandidateVerdict
from sim.core.errors import UserError
from sim.core.variation import Variation

Floats = NDArray[np.float64]

FEWEST = 5
PROBES = 8
"""Sets of levers tried at most, each on every seed, where no lever alone was confirmed."""
EIGHTHS = 3
"""Halvings of the way from central values to the draws."""


@dataclass(frozen=True)
class Suspect:
    """A lever that screening named for a clause: its correlation in ranks with what the draws changed, the clause's
    ruling with that lever drawn alone, and, where that is another, how far it bears."""

    clause: str
    lever: Span
    rank_correlation: float
    ruling: Ruling
    confirmed: bool
    break_even: Breaking | None = None
    along: Axis | None = None


@dataclass(frozen=True)
class Together:
    """Levers that take the verdict away as drawn, the others central. least: each was needed where it was tried. low,
    high: shares of the way to their draws between which the verdict is lost."""

    levers: tuple[Span, ...]
    least: bool
    low: float
    high: float


@dataclass(frozen=True)
class Robustness:
    """One candidate: its verdict at central values and drawn, on how many seeds either broke, and what it hangs on."""

    candidate: str
    central: CandidateVerdict
    drawn: CandidateVerdict
    broken_central: int
    broken_drawn: int
    seeds: int
    suspects: tuple[Suspect, ...] = ()
    together: Together | None = None

    @property
    def word(self) -> str:
        """robust, assumption-bound, or why neither can be said."""
        if self.central.verdict not in ("PASS", "FAIL"):
            return "not settled at central values"
        return "robust" if self.drawn.verdict == self.central.verdict else "assumption-bound"

    @property
    def depends_on(self) -> tuple[Suspect, ...]:
        """Confirmed levers, each once."""
        return tuple({s.lever.name: s for s in self.suspects if s.confirmed}.values())


def seeds_for(shelf: Shelf, draws: int) -> tuple[int, ...]:
    """The scenario's seeds, and those after its largest until there are enough. Raises UserError below FEWEST."""
    if draws < FEWEST:
        raise UserError(f"--draws: got {draws}, expected at least {FEWEST}")
    own = shelf.loaded.seeds
    return (*own, *range(max(own) + 1, max(own) + 1 + max(0, draws - len(own))))[: max(draws, len(own))]


def busy_seeds(
    shelf: Shelf, drawn: Sequence[Span], seeds: Sequence[int], candidate: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """As many seeds as were given on which something is asked as drawn, and those put aside: *idle* ones.

    A draw under which nobody bets, or calls, is no test of a design: it has neither turnover nor losses, and would
    leave every clause on them without a value. Seeds after the largest stand in, at most twice as many as were given;
    where too few are left to judge by, none is put aside.
    """
    centre = Asked(candidate, seeds[0])
    shelf.fetch([centre])
    kinds = [kind for kind, rows in shelf.facts(centre)["asked"].items() if rows]
    tried, idle, new = list[int](), list[int](), list(seeds)
    while new:
        asked = [Asked(candidate, seed, _variation(drawn, seed)) for seed in new]
        shelf.fetch(asked)
        idle += [one.seed for one in asked if not all(shelf.facts(one)["asked"][kind] for kind in kinds)]
        tried += new
        lacking = min(len(idle) + len(seeds), 2 * len(seeds)) - len(tried)
        new = list(range(max(tried) + 1, max(tried) + 1 + lacking))
    busy = tuple(seed for seed in tried if seed not in idle)
    return (busy, tuple(idle)) if len(busy) >= FEWEST else (tuple(seeds), ())


def examine(
    shelf: Shelf,
    drawn: Sequence[Span],
    seeds: Sequence[int],
    top: int = 3,
    candidates: Sequence[str] = (),
    steps: int = STEPS,
    probes: int = PROBES,
) -> list[Robustness]:
    """Judge a scenario at central values and drawn, and say what each candidate's verdict hangs on.

    candidates: only these, the champion by itself for example. steps: halvings of a break-even's bracket. probes: sets
    of levers tried at most where none alone was confirmed; 0: none.
    """
    names = tuple(candidates) or shelf.loaded.candidates
    at_centre = {seed: Variation() for seed in seeds}
    at_random = {seed: _variation(drawn, seed) for seed in seeds}
    settled = _judged(shelf, at_centre, names)
    shaken = _judged(shelf, at_random, names)
    found = []
    for place, name in enumerate(names):
        centre, moved = settled[1].candidates[place], shaken[1].candidates[place]
        one = Robustness(
            name, centre, moved, _broken(settled[0], centre), _broken(shaken[0], moved), len(seeds)
        )  # fmt: skip
        if one.word == "assumption-bound":
            case = _Case(shelf, seeds, settled[0], centre, steps)
            one = _explained(one, case, drawn, _changes(place, settled, shaken), top, probes)
        found.append(one)
    return found


Judged = tuple[Tallies, verdict.Verdict]


def _variation(drawn: Sequence[Span], seed: int, share: float = 1.0) -> Variation:
    return Variation(levers={one.name: one.drawn(seed, share) for one in drawn})


def _judged(shelf: Shelf, by_seed: Mapping[int, Variation], names: Sequence[str]) -> Judged:
    """Counts and verdict of candidates, each seed under a variation of its own."""
    asked = [Asked(name, seed, vary) for name in names for seed, vary in by_seed.items()]
    shelf.fetch(asked)
    terms = shelf.clauses(asked[0])
    if any(shelf.specs[one.metric].form in COMPARED for one in terms):
        shelf.fetch([one.incumbent() for one in asked])
    counts = shelf.tallies(asked)
    facts = shelf.facts(asked[0])
    alpha = 1.0 - shelf.loaded.charter.spec.confidence
    doubts = response_times.doubts(shelf.loaded.scenario_card().get("services", {}), terms)
    ruled = verdict.judge(counts, terms, names, alpha=alpha, unmeasured=facts["unmeasured"], doubts=doubts)
    return counts, ruled


def _broken(counts: Tallies, found: CandidateVerdict) -> int:
    """Seeds on which a critical clause of the whole had a value beyond its good band."""
    broke = np.zeros(len(counts.seeds), dtype=np.bool_)
    for clause in found.clauses:
        if clause.terms.critical and clause.terms.slice == ALL:
            values = np.array(clause.estimate.per_seed or [math.nan] * len(broke))
            low, high = clause.terms.good
            broke |= (values < low) | (values > high)
    return int(broke.sum())


Changes = Sequence[tuple[ClauseRuling, Floats]]
"""Clauses as they were at central values, each with its change on every seed (n,)."""


@dataclass(frozen=True)
class _Case:
    """A candidate at central values, and where and on which seeds it is asked again. steps: of a break-even."""

    shelf: Shelf
    seeds: Sequence[int]
    counts: Tallies
    centre: CandidateVerdict
    steps: int

    def drawn(self, levers: Sequence[Span], share: float = 1.0) -> tuple[Tallies, CandidateVerdict]:
        """Counts and verdict with these levers so far of the way to their draws, the others central."""
        by_seed = {seed: _variation(levers, seed, share) for seed in self.seeds}
        counts, judged = _judged(self.shelf, by_seed, (self.centre.name,))
        return counts, judged.candidates[0]


def _explained(
    one: Robustness, case: _Case, drawn: Sequence[Span], changes: Changes, top: int, probes: int
) -> Robustness:
    """With what its verdict hangs on: levers that screening names, else what halving finds."""
    levers = _columns(drawn, case.seeds)
    suspects = [
        _suspect_of(case, drawn[column], clause, correlation)
        for clause, change in changes
        for column, correlation in screen(levers, change, top)
    ]
    one = replace(one, suspects=tuple(suspects))
    if one.depends_on or not probes:
        return one
    found = _together(case, [drawn[column] for column in _suspected(levers, changes)], probes)
    if len(found.levers) == 1:
        missed = [_suspect_of(case, found.levers[0], clause) for clause, _ in changes]
        one = replace(one, suspects=(*suspects, *(s for s in missed if s.confirmed)))
    return one if one.depends_on else replace(one, together=found)


def _columns(drawn: Sequence[Span], seeds: Sequence[int]) -> Floats:
    """Draws (n seeds, k levers)."""
    return np.array([[one.drawn(seed) for one in drawn] for seed in seeds])


def _suspect_of(case: _Case, one: Span, clause: ClauseRuling, correlation: float | None = None) -> Suspect:
    """A lever by itself: the clause's ruling with it drawn alone, and where that is another, how far it bears.

    correlation: by which screening named it, with all levers drawn; None: its own. Toward which side it hurts is read
    from its own draws alone, where the others do not drown it.
    """
    name = case.centre.name
    counts, judged = case.drawn([one])
    own = next(c for c in judged.clauses if c.terms.title == clause.terms.title)
    confirmed = own.ruling != clause.ruling
    change = _per_seed(counts, name, own) - _per_seed(case.counts, name, clause)
    alone = next((found for _, found in screen(_columns([one], case.seeds), change, 1)), 0.0)
    passed = confirmed and case.centre.verdict == "PASS"
    along = _toward(one, alone or correlation or 0.0, clause.terms.good, case.shelf) if passed else None
    broke = None
    if along is not None:
        own_seeds = case.shelf.loaded.seeds
        broke = break_along(case.shelf, along, own_seeds, steps=case.steps, candidates=[name])[0]
    told = alone if correlation is None else correlation
    return Suspect(clause.terms.title, one, told, own.ruling, confirmed, broke, along)


def _changes(place: int, settled: Judged, shaken: Judged) -> Changes:
    """Of critical clauses whose ruling the draws changed."""
    before, after = settled[1].candidates[place], shaken[1].candidates[place]
    return [
        (was, _per_seed(shaken[0], after.name, now) - _per_seed(settled[0], before.name, was))
        for was, now in zip(before.clauses, after.clauses, strict=True)
        if was.terms.critical and was.ruling != now.ruling
    ]


def _suspected(levers: Floats, changes: Changes) -> NDArray[np.intp]:
    """Columns of `levers` (n, k), first those whose ranks go best with what some clause's value did."""
    worth = np.zeros(levers.shape[1])
    for _, change in changes:
        for column in range(len(worth)):
            for _, correlation in screen(levers[:, [column]], change, 1):
                worth[column] = max(worth[column], abs(correlation))
    return np.argsort(-worth, kind="stable")


def _together(case: _Case, ranked: Sequence[Span], probes: int) -> Together:
    """A small set of the levers that takes the verdict away, and how far of the way it must go for that."""

    def moved(levers: Sequence[Span], share: float = 1.0) -> bool:
        return case.drawn(levers, share)[1].verdict != case.centre.verdict

    places, least = together.smallest(len(ranked), lambda places: moved([ranked[k] for k in places]), probes)
    levers = tuple(ranked[k] for k in places)
    low, high = together.bracket(lambda share: moved(levers, share), EIGHTHS)
    return Together(levers, least, low, high)


def _per_seed(counts: Tallies, name: str, clause: Any) -> Floats:
    key = (name, clause.terms.metric, clause.terms.slice, TRUE)
    told = counts.estimate(key, counts.total).per_seed
    return np.array(told or [math.nan] * len(counts.seeds), dtype=np.float64)


def _toward(one: Span, correlation: float, good: tuple[float, float], shelf: Shelf) -> Axis | None:
    """From the central value to the end of the range toward which the clause's value grows worse; to the farther end
    where the clause is a band. None where the lever stands at that end."""
    if math.isfinite(good[0]) and math.isfinite(good[1]):
        end = one.high if one.high - one.central > one.central - one.low else one.low
    else:
        worse_up = (correlation > 0) == math.isfinite(good[1])
        end = one.high if worse_up else one.low
    if end == one.central:
        return None
    unit = shelf.levers[one.name].unit
    return Axis(one.name, unit, one.central, end, spans_decades(one.central, end), throughout=True)


def screen(levers: Floats, change: Floats, top: int) -> list[tuple[int, float]]:
    """Columns of `levers` (n, k) that best explain `change` (n,) in ranks, each with its rank correlation at its turn.

    The strongest first; what it explains is taken out of the change before the next is sought. Rows whose change is
    NaN are left out; fewer than three rows, or no spread, explain nothing.
    """
    from scipy.stats import rankdata

    seen = np.isfinite(change)
    if seen.sum() < 3:
        return []
    ranks = rankdata(levers[seen], axis=0)
    ranks = ranks - ranks.mean(axis=0)
    spread = np.sqrt((ranks**2).sum(axis=0))
    rest = rankdata(change[seen])
    rest = rest - rest.mean()
    found: list[tuple[int, float]] = []
    open_ = spread > 0
    for _ in range(min(top, int(open_.sum()))):
        size = math.sqrt(float(rest @ rest))
        if size < 1e-9:
            break
        correlation = np.where(open_, (ranks.T @ rest) / np.where(spread > 0, spread, 1.0) / size, 0.0)
        best = int(np.argmax(np.abs(correlation)))
        found.append((best, float(correlation[best])))
        rest = rest - ranks[:, best] * float(ranks[:, best] @ rest) / float(spread[best]) ** 2
        open_[best] = False
    return found


# --- robustness.json ------------------------------------------------------------------------------------------------


def card(one: Robustness) -> dict[str, Any]:
    """A candidate's robustness as plain values. breakEven: null where the lever alone never breaks it on most seeds."""
    low, high = share_bounds(one.broken_drawn, one.seeds)
    return {
        "name": one.candidate,
        "word": one.word,
        "central": one.central.verdict,
        "drawn": one.drawn.verdict,
        "seeds": one.seeds,
        "brokenCentral": one.broken_central,
        "brokenDrawn": one.broken_drawn,
        "brokenDrawnShare": {"low": low, "high": high},
        "clauses": [
            {"name": c.terms.title, "central": c.ruling, "drawn": d.ruling, "value": c.estimate.value,
             "drawnValue": d.estimate.value, "reason": d.reason if d.ruling == "UNMEASURED" else ""}
            for c, d in zip(one.central.clauses, one.drawn.clauses, strict=True)
            if c.terms.critical
        ],
        "dependsOn": [_suspect(s) for s in one.depends_on],
        "screened": [_suspect(s) for s in one.suspects],
        **({"together": _set(one.together)} if one.together else {}),
    }  # fmt: skip


def _set(one: Together) -> dict[str, Any]:
    return {"levers": [x.name for x in one.levers], "least": one.least, "low": one.low, "high": one.high}


def _suspect(one: Suspect) -> dict[str, Any]:
    told: dict[str, Any] = {
        "clause": one.clause,
        "lever": one.lever.name,
        "central": one.lever.central,
        "rankCorrelation": one.rank_correlation,
        "aloneRuling": one.ruling,
        "confirmed": one.confirmed,
    }
    if one.break_even is not None and one.along is not None:
        place = one.break_even.place
        told["breakEven"] = value_at(one.along, place.value)
        told["low"], told["high"] = value_at(one.along, place.low), value_at(one.along, place.high)
        told["brokenAtCentral"] = one.break_even.before
        told["toward"] = one.along.end
    return told
