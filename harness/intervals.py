"""Intervals over seeds: how far a value may be from what the seeds happened to show.

Knows: counts per seed, what follows from them, Holm's order. Does not know: charters, thresholds, days.

The replicate is the seed. Every estimate carries its evidence, and its interval is the hull of what each piece says:

* rate, count: ratio of the seeds' totals; the seeds' influence on its logarithm gives a t-interval there (delta method,
  so that a seed without events is no obstacle), carried back by exp. A share above one half is handled as its
  complement. Beside it stands the exact bound (Clopper and Pearson 1934; Garwood 1936 for counts) of independent
  units, so that an interval is never narrower than chance alone allows; at zero events, where no spread can be
  seen, it stands alone.
* reduction: t on the log ratio to the incumbent, paired by seed; where a seed has no events, the influence on the
  ratio of totals. Beside it, below FEW_EVENTS, the exact bound conditional on the sum of both counts; and where the
  candidate took away fewer than FEW_EVENTS of the incumbent's events, the exact bound of that share.
* ratio, of one group's rate to that of others in the same replays: t on the log ratio, paired by seed, and beside it,
  where either side has fewer than FEW_EVENTS, the exact bound conditional on the sum of both counts.
* mean, difference: t on the per-seed values as they are.

Which units are independent? The denominator counts events (calls), and the metric is a share of them; but events come
in bunches: whoever is blocked once is blocked for all his calls of a day. So exact bounds divide both counts by a
design effect: the seeds' own dispersion once there are FEW_EVENTS, else denominator / entities times `grip`, the share
of an entity's events that one bunch was seen to take in the whole population. Where that is unknown, grip is 1 and
the number of entities is the sample size; where the entities are unknown too, the denominator is.

What it cannot do: with few seeds and a heavy-tailed spread between them (a coefficient of variation of 0.5) the upper
end of a rate's interval is missed in 3.5 to 4 % of cases and not in 2.5 %; tests/theory/test_intervals.py measures it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.evidence import Estimate, Exact, Link, Student
from harness.kinds import Form

Floats = NDArray[np.float64]
Scale = Form | Literal["ratio"]
"""How a value is made of counts: a metric's form, or one group's value over that of others."""

FEWEST_SEEDS = 5
FEW_EVENTS = 20.0
"""Below this many events in all, the seeds cannot show how events bunch."""


@dataclass(frozen=True)
class Replicates:
    """What the seeds counted of one metric in one slice and window: arrays (k,), NaN where a seed was not measured.

    A seed with a denominator of zero was measured and saw nothing: it has no value and takes no part. `base_*`: the
    incumbent on the same seeds, or the randomised holdout. entities: distinct entities, summed over the seeds; 0 when
    unknown. grip: see the module.
    """

    numerator: Floats
    denominator: Floats
    base_numerator: Floats | None = None
    base_denominator: Floats | None = None
    entities: float = 0.0
    grip: float = 1.0


def estimate(form: Scale, seen: Replicates) -> Estimate:
    """The value over the seeds, by the metric's form. Never zero for nothing: None and a reason."""
    n, d = seen.numerator, seen.denominator
    measured = np.isfinite(n) & np.isfinite(d)
    base_n, base_d = seen.base_numerator, seen.base_denominator
    if form in ("reduction", "difference", "ratio"):
        if base_n is None or base_d is None:
            return Estimate(
                None,
                float(np.nansum(d)),
                0,
                reason="there is nothing to compare with: the incumbent or holdout is missing",
            )
        measured &= np.isfinite(base_n) & np.isfinite(base_d)
    unmeasured = tuple(int(i) for i in np.flatnonzero(~measured))
    kept = measured & (d > 0)
    if base_d is not None:
        kept &= base_d > 0
    lost = {"n": float(np.where(measured, d, 0.0).sum()), "seeds": int(kept.sum()), "unmeasured": unmeasured}
    if not kept.any():
        why = (
            "no seed was measured" if not measured.any() else "nothing happened that it could be measured on"
        )
        return Estimate(None, reason=why, per_seed=(math.nan,) * len(n), **lost)  # type: ignore[arg-type]
    whole = replace(seen, numerator=n[kept], denominator=d[kept])
    if base_n is not None and base_d is not None:
        whole = replace(whole, base_numerator=base_n[kept], base_denominator=base_d[kept])
    if form in ("rate", "count"):
        found = _share(whole, form) if (whole.numerator >= 0).all() else _plain(whole)
    elif form == "ratio":
        found = _ratio(whole)
    elif form == "reduction":
        found = _reduction(whole)
    else:
        found = _plain(whole)
    values = np.full(len(n), np.nan)
    values[kept] = found.per_seed
    return replace(found, per_seed=tuple(values.tolist()), unmeasured=unmeasured, n=lost["n"])  # type: ignore[arg-type]


def dispersion(numerator: Floats, denominator: Floats, share: bool) -> float:
    """Variance of the seeds' counts over what independent units would show; at least 1. Needs events and two seeds."""
    rate = float(numerator.sum() / denominator.sum())
    expected = rate * ((1 - rate) if share else 1.0) * float(denominator.mean())
    if len(numerator) < 2 or expected <= 0:
        return 1.0
    return max(1.0, float(((numerator - rate * denominator) ** 2).sum()) / (len(numerator) - 1) / expected)


def grip(seen: Replicates) -> float:
    """The share of an entity's events that one bunch takes, in (0, 1], from a population with enough events; else 1."""
    kept = np.isfinite(seen.numerator) & (seen.denominator > 0)
    n, d = seen.numerator[kept], seen.denominator[kept]
    share = bool((n <= d).all())
    fewer = min(n.sum(), (d - n).sum()) if share else n.sum()
    if len(n) < 2 or fewer < FEW_EVENTS or seen.entities <= 0:
        return 1.0
    return min(1.0, dispersion(n, d, share) * seen.entities / float(d.sum()))


def holm(p_values: Sequence[float], alpha: float) -> list[float]:
    """The level at which each hypothesis is tested by Holm's step-down order (1979), so that none errs beyond alpha.

    The rejected are tested at alpha / (m - rank), the rest at the level of the first that was not rejected.
    """
    order = sorted(range(len(p_values)), key=lambda i: (p_values[i], i))
    levels = [alpha] * len(order)
    stopped = 0.0
    for rank, place in enumerate(order):
        level = stopped or alpha / (len(order) - rank)
        levels[place] = level
        if not stopped and p_values[place] > level:
            stopped = level
    return levels


def _spread(points: Floats) -> float:
    """Standard error of a mean over seeds; NaN for one seed."""
    return float(points.std(ddof=1) / math.sqrt(len(points))) if len(points) > 1 else math.nan


def _influence(n: Floats, d: Floats) -> Floats:
    """What each seed adds to the logarithm of the ratio of totals; mean 0, spread as of the logarithms."""
    influence: Floats = len(n) * (n - n.sum() / d.sum() * d) / n.sum()
    return influence


def _plain(seen: Replicates) -> Estimate:
    own = seen.numerator / seen.denominator
    base = (
        None
        if seen.base_numerator is None or seen.base_denominator is None
        else seen.base_numerator / seen.base_denominator
    )
    points = own if base is None else own - base
    error, value = _spread(points), float(points.mean())
    evidence = (Student(value, error, len(points) - 1, "raw"),) if len(points) > 1 else ()
    ratio = None if base is None else _variance_ratio(points, own, base)
    return Estimate(
        value, 0.0, len(points), tuple(points.tolist()), evidence, error=error, variance_ratio=ratio
    )


def _share(seen: Replicates, form: Form) -> Estimate:
    n, d = seen.numerator, seen.denominator
    share = form == "rate" and bool((n <= d).all())
    value = float(n.sum() / d.sum())
    flipped = share and value > 0.5
    if flipped:
        n = d - n
    events = float(n.sum())
    link: Link = "gap" if flipped else "log"
    effect = dispersion(n, d, share) if events >= FEW_EVENTS else _bunch(seen)
    error = _spread(_influence(n, d)) if events > 0 else math.nan
    evidence: tuple[Student | Exact, ...] = ()
    if len(n) > 1:
        evidence = (
            Exact(
                "share" if share else "count", events / effect, float(d.sum()) / effect, complement=flipped
            ),
        )
        if events > 0:
            evidence = (Student(math.log(events / d.sum()), error, len(n) - 1, link), *evidence)
    support = (0.0, 1.0) if share else (0.0, math.inf)
    per_seed = tuple((seen.numerator / d).tolist())
    return Estimate(value, 0.0, len(n), per_seed, evidence, support, error, link)


def _reduction(seen: Replicates) -> Estimate:
    n, d, n0, d0 = seen.numerator, seen.denominator, seen.base_numerator, seen.base_denominator
    assert n0 is not None
    assert d0 is not None
    events, base_events = float(n.sum()), float(n0.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        per_seed = 1 - (n / d) / (n0 / d0)
    if base_events <= 0:
        return Estimate(
            None, 0.0, 0, (math.nan,) * len(n), reason="the incumbent or holdout had no events to reduce"
        )
    values = tuple(np.where(n0 > 0, per_seed, np.nan).tolist())
    factor = float(d0.sum() / d.sum())
    evidence: tuple[Student | Exact, ...] = ()
    error, ratio, value = math.nan, None, 1.0
    if events > 0:
        own, base = _influence(n, d), _influence(n0, d0)
        if (n > 0).all() and (n0 > 0).all():
            own, base = np.log(n / d), np.log(n0 / d0)
            centre = float((own - base).mean())
        else:
            centre = math.log(events / base_events * factor)
        value, error, ratio = -math.expm1(centre), _spread(own - base), _variance_ratio(own - base, own, base)
        if len(n) > 1:
            evidence = (Student(centre, error, len(n) - 1, "gap"),)
    effect = dispersion(n0, d0, False) if base_events >= FEW_EVENTS else _bunch(seen)
    gone = base_events - events
    if events < FEW_EVENTS and len(n) > 1:
        both = (events + base_events) / effect
        evidence = (*evidence, Exact("ratio", events / effect, both, factor, complement=True))
    elif gone < FEW_EVENTS and (n <= n0).all() and (d == d0).all() and len(n) > 1:
        evidence = (*evidence, Exact("share", gone / effect, base_events / effect))
    return Estimate(value, 0.0, len(n), values, evidence, (-math.inf, 1.0), error, "gap", ratio)


def _ratio(seen: Replicates) -> Estimate:
    """One group's rate over the others'. Two groups of the same replays share seeds, not events: each bunches by
    itself, so that the exact bound takes the larger design effect."""
    n, d, n0, d0 = seen.numerator, seen.denominator, seen.base_numerator, seen.base_denominator
    assert n0 is not None
    assert d0 is not None
    events, base_events = float(n.sum()), float(n0.sum())
    if min(n.min(), n0.min()) < 0:
        return _unknown(len(n), "it has negative values, of which there is no ratio: use measure: difference")
    if base_events <= 0:
        return _unknown(len(n), "nothing befell the others, so there is no ratio: use measure: difference")
    with np.errstate(divide="ignore", invalid="ignore"):
        own = (n / d) / (n0 / d0)
    values = tuple(np.where(n0 > 0, own, np.nan).tolist())
    factor = float(d0.sum() / d.sum())
    value, error, ratio = events / base_events * factor, math.nan, None
    evidence: tuple[Student | Exact, ...] = ()
    if events > 0 and len(n) > 1:
        mine, theirs = _influence(n, d), _influence(n0, d0)
        error, ratio = _spread(mine - theirs), _variance_ratio(mine - theirs, mine, theirs)
        evidence = (Student(math.log(value), error, len(n) - 1, "log"),)
    if min(events, base_events) < FEW_EVENTS and len(n) > 1:
        seen_of = [
            dispersion(a, b, False) if a.sum() >= FEW_EVENTS else _bunch(seen) for a, b in ((n, d), (n0, d0))
        ]
        effect = max(seen_of)
        evidence = (*evidence, Exact("ratio", events / effect, (events + base_events) / effect, factor))
    return Estimate(value, 0.0, len(n), values, evidence, (0.0, math.inf), error, "log", ratio)


def _unknown(seeds: int, reason: str) -> Estimate:
    return Estimate(None, 0.0, 0, (math.nan,) * seeds, reason=reason)


def _bunch(seen: Replicates) -> float:
    """The design effect where too few events happened to measure it."""
    per_entity = float(seen.denominator.sum()) / seen.entities if seen.entities > 0 else 1.0
    return max(1.0, seen.grip * per_entity)


def _variance_ratio(paired: Floats, own: Floats, base: Floats) -> float | None:
    if len(paired) < 2:
        return None
    unpaired = float(own.var(ddof=1) + base.var(ddof=1))
    return float(paired.var(ddof=1)) / unpaired if unpaired > 0 else None
