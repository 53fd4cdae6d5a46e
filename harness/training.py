"""Training sets, from news known so far and never later.

Knows: units and the label rule. Does not know: truth, any candidate, the world.

The label rule (design section 6). Positive: a report or a positive verification known by T. Negative: a negative
verification known by T, or a unit whose day ended at least `maturity` before T with no report known. A unit that is
neither is left out: silence is not a negative before it is mature. Which streams are reports and verifications is the
world's to say, and which of them count the rule's: a desk hands the units no others.

A unit whose kept event was decided on without a score (a desk that scores on a schedule had not met it yet) is no row
to learn from. Verified, it still is evidence of what a policy does to the lawful: nothing. `passed` answers those.

Consent. A unit whose kept event is about a subject that has withdrawn, or that was first reported by one, is left out
of every training set from that instant on; a model that was trained before stands until the next training.

Weights. Silent units carry the inverse of the share in which they were kept. Verified units carry the inverse of their
audit's propensity, scaled so that all verified units together weigh `verified_share` of the whole: a few hundred
of them would otherwise drown in, or drown, a hundred thousand silent ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.consent import Consent
from harness.kinds import TrainingSet
from harness.units import Day, Units
from sim.core import rng
from sim.core.time import DAY, NEVER, Micros

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class LabelRule:
    """Which news are labels, how long silence takes to mean no, over which window, and how many rows a fit may take.

    consent: who may withdraw, and from when on nothing is learned from them."""

    positives: tuple[str, ...]
    maturity: Micros
    window: Micros
    max_rows: int = 200_000
    verified_share: float = 0.5
    consent: Consent | None = None


class Keys(NamedTuple):
    """Which units a training set holds: (n,) entity and day. For the ledger, which may compare them with truth."""

    entity: NDArray[np.int64]
    day: NDArray[np.int64]


def assemble(
    units: Units, rule: LabelRule, as_of: Micros, names: tuple[str, ...], seed: int
) -> tuple[TrainingSet, Keys]:
    """The training set of everything known at `as_of`, capped: every positive and verified unit, weighted negatives."""
    parts = [_day(units, n, rule, as_of, seed) for n in sorted(units.days) if n * DAY >= as_of - rule.window]
    columns = {
        name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0)
        for name in ("y", "weight", "verified", "audit_weight", "t", "slice_code", "entity", "day", "calls")
    }
    x = (
        np.concatenate([part["x"] for part in parts])
        if parts
        else np.empty((0, units.features), dtype=np.float32)
    )
    entity, days = columns["entity"].astype(np.int64), columns["day"].astype(np.int64)
    rows, thinned = _cap(columns["y"] > 0, columns["verified"] > 0, entity, days, rule.max_rows, seed)
    columns = {name: column[rows] for name, column in columns.items()}
    silent = (columns["y"] == 0) & (columns["verified"] == 0)
    weight = np.where(silent, columns["weight"] * thinned, columns["weight"])
    verified = columns["verified"] > 0
    weight = _balance(weight, verified, columns["audit_weight"], rule.verified_share)
    past = TrainingSet(
        as_of=as_of,
        names=names,
        x=np.ascontiguousarray(x[rows], dtype=np.float32),
        y=columns["y"].astype(np.int64),
        weight=weight.astype(np.float64),
        verified=verified,
        audit_weight=columns["audit_weight"].astype(np.float64),
        unit_t=columns["t"].astype(np.int64),
        slice_code=columns["slice_code"].astype(np.int16),
        calls=columns["calls"].astype(np.float64),
    )
    return past, Keys(columns["entity"].astype(np.int64), columns["day"].astype(np.int64))


class Passed(NamedTuple):
    """Verified units (n,) whose kept event had no score: entity, y, audit_weight, slice_code, calls."""

    entity: NDArray[np.int64]
    y: NDArray[np.int64]
    audit_weight: NDArray[np.float64]
    slice_code: NDArray[np.int16]
    calls: NDArray[np.float64]


def passed(units: Units, rule: LabelRule, as_of: Micros, seed: int = 0) -> Passed:
    """Verified units of the window, known at `as_of`, that no score was asked for."""
    found: list[tuple[Day, NDArray[np.int64]]] = [
        (
            day,
            np.flatnonzero(
                ~day.scored[: day.size] & _verified(day, as_of) & _allowed(day, rule, as_of, seed)
            ),
        )
        for number, day in sorted(units.days.items())
        if number * DAY >= as_of - rule.window
    ]

    def column(name: str, kind: type[Number]) -> NDArray[Number]:
        parts = [getattr(day, name)[rows] for day, rows in found]
        return np.concatenate(parts).astype(kind) if parts else np.empty(0, dtype=kind)

    return Passed(
        entity=column("entity", np.int64),
        y=(column("verified", np.int64) == 1).astype(np.int64),
        audit_weight=1.0 / np.maximum(column("share", np.float64), 1e-9),
        slice_code=column("slice_code", np.int16),
        calls=column("calls", np.float64),
    )


def _allowed(day: Day, rule: LabelRule, as_of: Micros, seed: int) -> NDArray[np.bool_]:
    """Units (n,) that may be learned from: neither whom the kept event is about nor who reported has withdrawn."""
    n = day.size
    if rule.consent is None:
        return np.ones(n, dtype=np.bool_)
    gone = rule.consent.withdrawn(day.subject[:n], as_of, seed)
    reported = day.reported_at[:n] <= as_of
    return np.asarray(~gone & ~(reported & rule.consent.withdrawn(day.reporter[:n], as_of, seed)))


def _verified(day: Day, as_of: Micros) -> NDArray[np.bool_]:
    n = day.size
    return np.asarray((day.verified[:n] >= 0) & (day.verified_at[:n] <= as_of))


def _day(
    units: Units, number: int, rule: LabelRule, as_of: Micros, seed: int
) -> dict[str, NDArray[np.generic]]:
    day = units.days[number]
    n = day.size
    reported = day.reported_at[:n] <= as_of
    verified = _verified(day, as_of)
    mature = (number + 1) * DAY + rule.maturity <= as_of
    known = (verified | reported | mature) & day.scored[:n]
    labelled = np.flatnonzero(known & _allowed(day, rule, as_of, seed))
    y = np.where(verified, day.verified[:n] == 1, reported)[labelled]
    share = np.maximum(day.share[:n], 1e-9)[labelled]
    return {
        "x": day.x[:n][labelled],
        "y": y.astype(np.int64),
        "weight": day.weight[:n][labelled],
        "verified": verified[labelled].astype(np.int8),
        "audit_weight": np.where(verified[labelled], 1.0 / share, 0.0),
        "t": day.t[:n][labelled],
        "slice_code": day.slice_code[:n][labelled],
        "entity": day.entity[:n][labelled],
        "day": np.full(len(labelled), number, dtype=np.int64),
        "calls": day.calls[:n][labelled],
    }


def _cap(
    positive: NDArray[np.bool_],
    verified: NDArray[np.bool_],
    entity: NDArray[np.int64],
    day: NDArray[np.int64],
    max_rows: int,
    seed: int,
) -> tuple[NDArray[np.int64], float]:
    """Rows to keep and the factor by which the weight of the remaining silent ones grows."""
    told = positive | verified
    silent = int((~told).sum())
    room = max(max_rows - int(told.sum()), min(silent, 1_000))
    if silent <= room:
        return np.arange(len(told)), 1.0
    share = room / silent
    lot = rng.uniform(rng.key(seed, "training", "cap"), entity.astype(np.int64), day.astype(np.int64))
    return np.flatnonzero(told | (lot < share)), 1.0 / share


def _balance(
    weight: NDArray[np.float64], verified: NDArray[np.bool_], audit_weight: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    rest, audits = float(weight[~verified].sum()), float(audit_weight[verified].sum())
    if not verified.any() or audits <= 0.0:
        return weight
    scale = 1.0 if rest == 0.0 else share / (1.0 - share) * rest / audits
    return np.where(verified, audit_weight * scale, weight)


__all__ = ["NEVER", "Keys", "LabelRule", "Passed", "assemble", "passed"]
