"""The life of features, measured: cost, freshness needed, drift over the horizon, contribution to the score.

Knows: one replay of a candidate, its history, a featurizer. Does not know: truth, charters, words. What a feature costs
to compute is harness.feature_cost, what a broken pipeline costs harness.brittleness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.assembly import Setting, build_replay
from harness.desk import Desk
from harness.feature_cost import Cost, cost, recorded
from harness.featurizer import Featurizer
from harness.feed_quality import edges_of, psi
from harness.kinds import FeatureSpec, Floats, Matrix, Scorer
from harness.lineups import Lineup
from harness.online import Attributed
from harness.plans import CandidatePlan
from harness.prelaunch import DAILY, NEAR_REAL_TIME, PER_EVENT, DeskHistory
from harness.sketches import Sample
from harness.trial import Loaded
from sim import open_world
from sim.core import rng
from sim.core.errors import UserError, closest
from sim.core.events import Block
from sim.core.time import DAY

AGREES = 0.9
"""Rank correlation from which on an older value still says the same as a fresh one."""
FEWEST_UNITS = 30
SHIFT_DAYS, FEWEST_ROWS = 14, 200
EXPLAINED = 2_000
"""Rows whose scores are taken apart."""


@dataclass(frozen=True)
class FeatureLife:
    """One feature. agreement: rank correlation of its value with itself as a refresh of that cadence would hold it.
    freshness: the slowest cadence at which that is still `AGREES`; "" where it was not measured. shift: PSI in nats of
    the last weeks scored against the first. contribution: share of all that features add to scores."""

    spec: FeatureSpec
    feeds: tuple[str, ...]
    cost: Cost
    agreement: Mapping[str, float]
    freshness: str
    shift: float | None
    contribution: float | None


def chosen(loaded: Loaded, candidate: str, desk: str) -> tuple[str, str, CandidatePlan]:
    """A candidate's name, the kind of question and its plan there; the first of each where none is named. Raises
    UserError for one that there is not, or that has no features."""
    name = candidate or loaded.candidates[0]
    if name not in loaded.candidates:
        raise UserError(f"--candidate: no candidate '{name}'{closest(name, loaded.candidates)}")
    plan = loaded.candidate(name)
    if isinstance(plan, Lineup):
        kind = desk or next(iter(plan.desks))
        own = plan.plan(kind)
        if own is None:
            raise UserError(f"--desk: candidate '{name}' plays no desk '{kind}'{closest(kind, plan.desks)}")
        return name, kind, own
    if desk:
        raise UserError("--desk: this scenario has one desk, expected it left out")
    return name, "", plan


def specs_of(loaded: Loaded, kind: str, plan: CandidatePlan) -> tuple[FeatureSpec, ...]:
    """The features that a plan reads, in order. Raises UserError where it reads none."""
    every = loaded.desk_features.get(kind, ()) if kind else loaded.features
    found = tuple(spec for spec in every if not plan.features or spec.name in plan.features)
    if not plan.use or not found:
        raise UserError(f"candidate '{plan.name}' reads no feature")
    return found


class _Sampled(Featurizer):
    """A desk's own featurizer, watched: a keyed sample of each day's rows is kept as they were decided on."""

    def __init__(self, watched: Featurizer, seed: int, days: int) -> None:
        self.__dict__ = watched.__dict__
        self.sample = Sample(len(watched.names), days, 512)
        self._lots = rng.key(seed, "lifecycle", "row")

    def values(self, block: Block) -> Matrix:
        """The desk's features, some of them kept."""
        return self._kept(block, super().values(block))

    def peek(self, block: Block) -> Matrix:
        """The features of a refresh, some of them kept."""
        return self._kept(block, super().peek(block))

    def _kept(self, block: Block, x: Matrix) -> Matrix:
        if len(block):
            t = block[self.kind.schema.order]
            self.sample.take(int(t[0]) // DAY, x, rng.uniform(self._lots, block["id"], t))
        return x


@dataclass(frozen=True)
class Rows:
    """Feature rows (n, k) of the scored horizon, the day (n,) since goLive of each, and the last scorer in force."""

    x: Matrix
    day: NDArray[np.int64]
    scorer: Scorer | None


def lived(loaded: Loaded, candidate: str, kind: str, seed: int) -> Rows:
    """Replay a candidate on one seed and keep a sample of the rows that its desk decided on."""
    setting: Setting = build_replay(loaded, loaded.candidate(candidate), seed, None, [])
    desk: Desk = setting.desks[kind or next(iter(setting.desks))]
    first, last = setting.world.go_live // DAY, setting.world.horizon // DAY
    kept = _Sampled(desk.featurizer, seed, last - first + 1)
    desk.watched(kept)
    setting.play()
    x, day = kept.sample.rows(first, last)
    return Rows(x, day - first, desk.scorer)


def shifts(rows: Rows) -> list[float | None]:
    """PSI of each feature's last weeks against its first; None where the horizon has no two such stretches, or fewer
    than `FEWEST_ROWS` rows were kept of one."""
    days = int(rows.day.max()) + 1 if len(rows.day) else 0
    span = min(SHIFT_DAYS, days // 2)
    if span < 1:
        return [None] * rows.x.shape[1]
    early, late = rows.day < span, rows.day >= days - span
    if min(int(early.sum()), int(late.sum())) < FEWEST_ROWS:
        return [None] * rows.x.shape[1]
    return [psi(column[early], column[late], edges_of(column[early])) for column in rows.x.T]


def contributions(rows: Rows, seed: int) -> list[float | None]:
    """Share (k,) of what features add to scores: mean absolute exact contribution to the log-odds, or, where the model
    cannot say, mean change of the score when the feature is dealt anew among the rows."""
    if rows.scorer is None or not len(rows.x):
        return [None] * rows.x.shape[1]
    lot = rng.uniform(rng.key(seed, "lifecycle", "explained"), np.arange(len(rows.x)))
    x = np.ascontiguousarray(rows.x[np.sort(np.argsort(lot, kind="stable")[:EXPLAINED])])
    if isinstance(rows.scorer, Attributed):
        amount = np.abs(rows.scorer.contributions(x)[:, :-1]).mean(axis=0)
    else:
        amount = _dealt(rows.scorer, x, seed)
    whole = float(amount.sum())
    return [float(one) / whole if whole > 0 else 0.0 for one in amount]


def _dealt(scorer: Scorer, x: Matrix, seed: int) -> Floats:
    usual = scorer.score(x)
    change = np.zeros(x.shape[1])
    for place in range(x.shape[1]):
        lot = rng.uniform(rng.key(seed, "lifecycle", "dealt", place), np.arange(len(x)))
        other = x.copy()
        other[:, place] = x[np.argsort(lot, kind="stable"), place]
        change[place] = float(np.abs(scorer.score(other) - usual).mean())
    return change


# --- freshness ------------------------------------------------------------------------------------------------------


def agreements(seen: DeskHistory) -> dict[str, dict[str, float]]:
    """Feature -> cadence -> rank correlation, over units, of its value at the event with what a refresh of that cadence
    held then. Empty for a desk that was not looked at by cadence; a feature that never varies agrees with itself."""
    if PER_EVENT.name not in seen.known:
        return {}
    fresh = seen.known[PER_EVENT.name]
    found: dict[str, dict[str, float]] = {name: {} for name in fresh.past.names}
    key = fresh.keys.entity * 4096 + fresh.keys.day
    order = np.argsort(key)
    for rhythm in (NEAR_REAL_TIME, DAILY):
        held = seen.known[rhythm.name]
        other = held.keys.entity * 4096 + held.keys.day
        place = np.minimum(np.searchsorted(key[order], other), max(len(key) - 1, 0))
        met = key[order][place] == other if len(key) else np.zeros(len(other), dtype=np.bool_)
        if int(met.sum()) < FEWEST_UNITS:
            continue
        mine, theirs = fresh.past.x[order[place[met]]], held.past.x[met]
        for column, name in enumerate(fresh.past.names):
            found[name][rhythm.name] = _ranked(mine[:, column], theirs[:, column])
    return found


def _ranked(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Spearman's correlation; an undefined value ranks below all others."""
    from scipy.stats import rankdata

    a, b = (rankdata(np.where(np.isnan(v), -np.inf, v.astype(np.float64))) for v in (one, other))
    if a.std() == 0.0 or b.std() == 0.0:
        return 1.0 if np.array_equal(a, b) else 0.0
    return float(np.corrcoef(a, b)[0, 1])


def freshness(agreement: Mapping[str, float]) -> str:
    """The slowest cadence at which a feature still says the same; "" where nothing was measured."""
    if not agreement:
        return ""
    for rhythm in (DAILY, NEAR_REAL_TIME):
        if agreement.get(rhythm.name, 0.0) >= AGREES:
            return rhythm.name
    return PER_EVENT.name


def lives(
    loaded: Loaded,
    candidate: str,
    kind: str,
    specs: Sequence[FeatureSpec],
    seen: DeskHistory | None,
    seed: int,
) -> tuple[tuple[FeatureLife, ...], Cost]:
    """Every feature's life on one seed, and the cost of all of them together (less than the sum: they share state)."""
    came, name = recorded(loaded, kind, seed)
    world = open_world(loaded.scenario, seed)
    question, streams = world.kinds[name], world.streams
    rows = lived(loaded, candidate, kind, seed)
    moved, adds = shifts(rows), contributions(rows, seed)
    stale = agreements(seen) if seen is not None else {}
    found = []
    for place, spec in enumerate(specs):
        alone = Featurizer([spec], question, streams)
        held = stale.get(spec.name, {})
        found.append(
            FeatureLife(
                spec,
                tuple(alone.describe()[0]["feeds"]),
                cost(lambda spec=spec: Featurizer([spec], question, streams), came),  # type: ignore[misc]
                held,
                freshness(held),
                moved[place],
                adds[place],
            )
        )
    return tuple(found), cost(lambda: Featurizer(specs, question, streams), came)
