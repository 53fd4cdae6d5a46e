"""Decay: how long a design kept its charter, what it lost meanwhile, and how long nobody could have known.

Knows: counts by day, clauses with their rungs, alarms, medians of what may never come. Does not know: injections, what
was done about it, how a picture is drawn. The answer is `decay.json` (docs/design/001-run-folder.md).

For each candidate and each clause of the whole, in the true view and in the observed one, which goes by the day on
which something became known:

* *time to a rung*: days from goLive until its first alarm is told; a seed without one never came.
* *broken and blind*: the first day on which the true value, over the look-back of the first rung (a week without one;
  a quarter of the horizon at most), leaves the good band for as long as that rung waits; and from there until the
  observed value, by the same look-back, limit and wait, says so: 0 where it said so before and still does. A seed that
  never breaks has no blind spot; one that nobody noticed is open-ended.
* *area lost*: the first window's value less the mean over the windows by trapezoids (the area under the metric over
  time, AUT, of TESSERACT: Pendlebury et al., USENIX Security 2019), on the side that is worse; mean over the seeds
  with Student's t. Windows are weeks, or months of 30 days where there are more than MOST_WEEKS weeks; the last may be
  left out where it is not whole.
* *half-life*: days until the advantage over the incumbent, made non-increasing by weighted isotonic regression on each
  seed, first falls to half of what it was in the first window; it stands at the windows' middles, in straight lines.
  None without an advantage to lose in the first window.
* *bands*: the share of days, of those with a value, that lay in the good band and beyond each rung but no graver one.
* *stability*: seeds on which the candidate, judged by its own values, keeps every critical clause of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.alarms import Alarm, alarms, first_told, watched
from harness.evidence import Student
from harness.measure import MONTH_DAYS, WEEK_DAYS
from harness.survival import Bracket, middle, share_bounds
from harness.tallies import ALL, COMPARED, INCUMBENT, OBSERVED, TRUE, Cell, Tallies
from harness.terms import ClauseTerms, Rung

Floats = NDArray[np.float64]

MOST_WEEKS = 16
FEWEST_WINDOWS = 3
BINS = 90
"""Days are drawn in at most so many bins."""
VIEWS = (TRUE, OBSERVED)


@dataclass(frozen=True)
class Course:
    """A clause's value by window: values, the incumbent's and weights (seeds, windows); the windows' length in days."""

    values: Floats
    base: Floats
    weights: Floats
    span: int


def document(counts: Tallies, clauses: Sequence[ClauseTerms], candidates: Sequence[str]) -> dict[str, Any]:
    """decay.json: of every candidate and clause of the whole; null for what there is not, or never came."""
    whole = [terms for terms in clauses if terms.slice == ALL]
    return {
        "days": counts.days,
        "seeds": list(counts.seeds),
        "candidates": [
            {
                "name": name,
                "stability": _stability(counts, name, whole),
                "clauses": [_clause(counts, name, terms) for terms in whole],
            }
            for name in candidates
        ],
    }


def _clause(counts: Tallies, name: str, terms: ClauseTerms) -> dict[str, Any]:
    found = course(counts, name, terms)
    return {
        "name": terms.name,
        "metric": terms.metric,
        "critical": terms.critical,
        "view": terms.view,
        "windowDays": found.span,
        "lookbackDays": limit(terms, counts.days).lookback_days,
        "rungs": [
            {"name": rung.name, "value": rung.value,
             **{view: _time(times(counts, name, terms, rung, view), counts.days) for view in VIEWS}}
            for rung in terms.ladder
        ],
        "broken": _time(broken_days(counts, name, terms), counts.days),
        "blind": _blind(counts, name, terms),
        "areaLost": mean_card(area_lost(found, terms), counts.seeds),
        "halfLife": _half_life(found, terms),
        "bands": {view: bands(counts, name, terms, view) for view in VIEWS},
        "brokenShare": {view: _by_day(counts, name, terms, view) for view in VIEWS},
    }  # fmt: skip


# --- when -----------------------------------------------------------------------------------------------------------


def times(counts: Tallies, name: str, terms: ClauseTerms, rung: Rung, view: str) -> list[int | None] | None:
    """Per seed, the day on which a rung's first alarm is told; None for all where nothing is measured in that view."""
    if not np.isfinite(watched(counts, name, terms, rung, view)).any():
        return None
    return [first_told(found) for found in alarms(counts, name, terms, rung, view)]


def limit(terms: ClauseTerms, days: int) -> Rung:
    """The good band's edge as a rung, with the look-back and the wait of the first one; a week without any.

    Of a short horizon a long look-back would leave nothing to see: it is a quarter of the days at most.
    """
    edge = terms.half_width if terms.op == "within" else terms.good_enough
    first = terms.ladder[0] if terms.ladder else Rung("", edge, WEEK_DAYS)
    return Rung("goodEnough", edge, max(1, min(first.lookback_days, days // 4)), first.alert_after_days)


def broken_days(counts: Tallies, name: str, terms: ClauseTerms) -> list[int | None] | None:
    """Per seed, the first day of the first stretch on which the true value left the good band and stayed beyond it."""
    if not np.isfinite(watched(counts, name, terms, limit(terms, counts.days), TRUE)).any():
        return None
    return [
        found[0].first if found else None
        for found in alarms(counts, name, terms, limit(terms, counts.days), TRUE)
    ]


def blind_spots(counts: Tallies, name: str, terms: ClauseTerms) -> list[Bracket]:
    """Days from the true break until the observed value says so, of each seed that breaks."""
    truly = broken_days(counts, name, terms) or []
    seen = alarms(counts, name, terms, limit(terms, counts.days), OBSERVED)
    found: list[Bracket] = []
    for broke, told in zip(truly, seen, strict=False):
        if broke is None:
            continue
        known = _known(told, broke)
        found.append((float(counts.days - broke), math.inf) if known is None else (float(known),) * 2)
    return found


def _known(told: tuple[Alarm, ...], broke: int) -> int | None:
    """Days after the break on which an alarm stood: 0 where one was standing, or was told before and stands still."""
    standing = [alarm.told for alarm in told if alarm.end > broke]
    return max(0, standing[0] - broke) if standing else None


# --- how much -------------------------------------------------------------------------------------------------------


def course(counts: Tallies, name: str, terms: ClauseTerms) -> Course:
    """The true values of a clause's metric by window, beside the incumbent's; NaN where nothing was measured."""
    span = WEEK_DAYS if counts.days // WEEK_DAYS <= MOST_WEEKS else MONTH_DAYS
    own = counts.cell(name, terms.metric, terms.slice, TRUE)
    base = counts.cell(INCUMBENT, terms.metric, terms.slice, TRUE)
    shape = (len(counts.seeds), counts.days // span)
    values, weights = _windowed(own, span, shape)
    other, _ = _windowed(base, span, shape)
    form = counts.specs[terms.metric].form
    if form in COMPARED:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = 1 - values / other if form == "reduction" else values - other
        other = np.zeros(shape)
    return Course(np.where(np.isfinite(values), values, np.nan), other, weights, span)


def _windowed(cell: Cell | None, span: int, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    if cell is None:
        return np.full(shape, np.nan), np.zeros(shape)
    top, bottom = (part[:, : shape[1] * span].reshape(*shape, span).sum(axis=2) for part in cell)
    with np.errstate(divide="ignore", invalid="ignore"):
        return top / bottom, np.nan_to_num(bottom)


def goodness(values: Floats, terms: ClauseTerms) -> Floats:
    """Values on a scale where more is better: themselves, their negative, or the negative distance from a target."""
    if terms.op == "within":
        return -np.abs(values - terms.target)
    return values if terms.op == "gte" else -values


def area_lost(found: Course, terms: ClauseTerms) -> Floats:
    """Per seed, the first window's value less the area under the course, on the worse side; NaN with a gap."""
    good = goodness(found.values, terms)
    if good.shape[1] < FEWEST_WINDOWS:
        return np.full(len(good), np.nan)
    aut: Floats = ((good[:, 1:] + good[:, :-1]) / 2).mean(axis=1)
    return np.asarray(good[:, 0] - aut, dtype=np.float64)


def half_lives(found: Course, terms: ClauseTerms) -> list[Bracket | None]:
    """Per seed, days from goLive until the advantage over the incumbent is half of the first window's; None without
    an advantage there, with too few windows, or with nothing to compare."""
    gain = goodness(found.values, terms) - goodness(found.base, terms)
    middles = (np.arange(gain.shape[1]) + 0.5) * found.span
    answers: list[Bracket | None] = []
    for row, weight in zip(gain, found.weights, strict=True):
        seen = np.isfinite(row) & (weight > 0)
        if seen.sum() < FEWEST_WINDOWS or not seen[0]:
            answers.append(None)
            continue
        fitted = falling(row[seen], weight[seen])
        if fitted[0] <= 0:
            answers.append(None)
            continue
        answers.append(_first_below(middles[seen], fitted, fitted[0] / 2))
    return answers


def falling(values: Floats, weights: Floats) -> Floats:
    """The non-increasing course nearest to values (n,) by weighted squares (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append([value, weight, 1.0])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            (a, m, i), (b, n, j) = blocks[-2], blocks.pop()
            blocks[-1] = [(a * m + b * n) / (m + n), m + n, i + j]
    return np.repeat([block[0] for block in blocks], [int(block[2]) for block in blocks])


def _first_below(t: Floats, values: Floats, level: float) -> Bracket:
    below = np.flatnonzero(values <= level)
    if not len(below):
        return float(t[-1]), math.inf
    after = int(below[0])
    share = (values[after - 1] - level) / (values[after - 1] - values[after])
    at = float(t[after - 1] + share * (t[after] - t[after - 1]))
    return at, at


def bands(counts: Tallies, name: str, terms: ClauseTerms, view: str) -> dict[str, float] | None:
    """Share of the days with a value in the good band, beyond it but no rung, and beyond each rung but none graver."""
    values = watched(counts, name, terms, limit(terms, counts.days), view)
    seen = np.isfinite(values)
    if not seen.any():
        return None
    steps = [limit(terms, counts.days), *terms.ladder]
    depth = np.zeros(values.shape, dtype=np.int64)
    for number, rung in enumerate(steps, start=1):
        low, high = terms.band(rung.value)
        with np.errstate(invalid="ignore"):
            depth[(values < low) | (values > high)] = number
    names = ["good", "beyond", *(rung.name for rung in terms.ladder)]
    return {word: float((depth[seen] == number).mean()) for number, word in enumerate(names)}


def _by_day(counts: Tallies, name: str, terms: ClauseTerms, view: str) -> list[float | None]:
    """The share of seeds beyond the good band, by day or bin of days; None where no seed has a value."""
    values = watched(counts, name, terms, limit(terms, counts.days), view)
    low, high = terms.good
    with np.errstate(invalid="ignore"):
        beyond = (values < low) | (values > high)
    seen = np.isfinite(values)
    edges = np.linspace(0, counts.days, min(counts.days, BINS) + 1).astype(np.int64)
    shares: list[float | None] = []
    for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        days = int(seen[:, first:end].sum())
        shares.append(float(beyond[:, first:end].sum()) / days if days else None)
    return shares


def _stability(counts: Tallies, name: str, clauses: Sequence[ClauseTerms]) -> dict[str, Any] | None:
    kept: NDArray[np.bool_] = np.ones(len(counts.seeds), dtype=np.bool_)
    judged = False
    for terms in clauses:
        if not terms.critical:
            continue
        told = counts.estimate((name, terms.metric, terms.slice, TRUE), counts.total).per_seed
        values = np.array(told or [math.nan] * len(kept), dtype=np.float64)
        kept &= (values >= terms.good[0]) & (values <= terms.good[1])
        judged = True
    if not judged:
        return None
    low, high = share_bounds(int(kept.sum()), len(kept))
    perseed = dict(zip(counts.seeds, kept.tolist(), strict=True))
    return {"kept": int(kept.sum()), "of": len(kept), "low": low, "high": high, "perSeed": perseed}


# --- as plain values ------------------------------------------------------------------------------------------------


def _time(days: Sequence[int | None] | None, horizon: int) -> dict[str, Any] | None:
    if days is None:
        return None
    return card([(float(horizon), math.inf) if day is None else (float(day),) * 2 for day in days])


def _blind(counts: Tallies, name: str, terms: ClauseTerms) -> dict[str, Any] | None:
    found = blind_spots(counts, name, terms)
    if not found:
        return None
    observed = np.isfinite(watched(counts, name, terms, limit(terms, counts.days), OBSERVED)).any()
    return card(found) | {"observed": bool(observed)}


def _half_life(found: Course, terms: ClauseTerms) -> dict[str, Any] | None:
    brackets = [bracket for bracket in half_lives(found, terms) if bracket is not None]
    return card(brackets) if brackets else None


def card(brackets: Sequence[Bracket]) -> dict[str, Any]:
    """The middle of brackets. days, low, high: null where it never came on most seeds (or, for the upper end, may
    never come)."""
    one = middle(brackets)
    return {
        "days": one.value,
        "low": one.low,
        "high": one.high,
        "confidence": one.confidence,
        "seeds": one.seeds,
        "never": one.never,
    }


def mean_card(values: Floats, seeds: Sequence[int]) -> dict[str, Any] | None:
    """The mean over the seeds that have a value, with Student's t at 95 %; None where none has."""
    seen = values[np.isfinite(values)]
    if not len(seen):
        return None
    value, low, high = float(seen.mean()), math.nan, math.nan
    if len(seen) > 1:
        error = float(seen.std(ddof=1)) / math.sqrt(len(seen))
        low, high = Student(value, error, len(seen) - 1, "raw").bounds(0.05)
    return {"value": value, "low": low, "high": high, "seeds": len(seen), "of": len(seeds)}
