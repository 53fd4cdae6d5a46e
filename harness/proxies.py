"""Proxies: how well a candidate's features, and its score, tell what they may not know.

Knows: a replay, the rows that its desk decided on, truth beside them, a charter's exclusions. Does not know: how
well is reckoned (harness.proxy_measures), words, pictures.

After goLive one row of each entity is kept, chosen by a keyed lot, with the features and the score that were
decided on; of acts only those of lawful entities, for among the others a tie to fraud is what a model is for. What
an attribute's codes mean is the world's to say, by its slices. Truth is read beside the ledger, and the desk never
sees it (law 11).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.assembly import build_replay
from harness.charter import Charter, ProxyLimits
from harness.kinds import Rows
from harness.proxy_measures import Answers, Told, by_bins, by_trees, columns, tell
from harness.replay import Book, replay
from harness.trial import Loaded
from sim.core import rng
from sim.core.decisions import Decisions, Quotes
from sim.core.errors import UserError, closest
from sim.core.time import Micros
from sim.core.truth import Settlement
from sim.core.world import Question, Slice

Ruling = Literal["PASS", "FAIL", "UNDECIDED", ""]
LEAST = 30
"""Rows of a label, and of the others, below which nothing is said of it."""
MOST_CODES = 20
"""An attribute without a slice that has more values than these is a number."""
_HELD = 200_000


class Silent:
    """Stands where a desk has no monitor."""

    look_at, readings = -1, ()

    def decided(self, *told: Any) -> None:
        """Nothing."""

    heard = fitted = look = decided

    def state_bytes(self) -> int:
        """None."""
        return 0


class Tap:
    """Stands before a desk's monitor and notes what was last decided on; nothing is decided by it."""

    def __init__(self, monitor: Any) -> None:
        self._monitor = Silent() if monitor is None else monitor
        self.last: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._monitor, name)

    def decided(self, now: Micros, block: Any, x: Any, scored: Any) -> None:
        """Note the rows (n, k) and scores (n,), and pass them on."""
        self.last = x, scored
        self._monitor.decided(now, block, x, scored)


@dataclass
class Sample:
    """One row of each entity, by a keyed lot: a book that passes everything on to the ledger."""

    ledger: Book
    tap: Tap
    entity: str
    wanted: tuple[str, ...]
    go_live: Micros
    key: int

    def __post_init__(self) -> None:
        self._parts: list[dict[str, NDArray[Any]]] = []
        self.missing: set[str] = set()

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        """Keep the rows of the lowest lots."""
        self.ledger.write(question, answer, settled)
        noted, self.tap.last = self.tap.last, None
        if question.start < self.go_live or noted is None or not len(question.block):
            return
        x, scored = noted
        known = {**question.block.columns, **settled.truth.block.columns}
        self.missing |= {name for name in self.wanted if name not in known}
        rows = np.flatnonzero(np.isfinite(scored))
        if "unwanted" in known:
            rows = rows[known["unwanted"][rows] == 0]
        part = {name: known[name][rows] for name in self.wanted if name in known}
        part |= {"entity": known[self.entity][rows], "lot": rng.uniform(self.key, question.block["id"])[rows]}
        self._parts.append(part | {"x": x[rows].copy(), "score": scored[rows].astype(np.float32)})
        if sum(len(one["lot"]) for one in self._parts) > _HELD:
            self._parts = [self._thinned()]

    def hear(self, stream: str, rows: Rows) -> None:
        """Nothing of its own."""
        self.ledger.hear(stream, rows)

    def close(self, end: Micros) -> None:
        """Nothing of its own."""
        self.ledger.close(end)

    def _thinned(self) -> dict[str, NDArray[Any]]:
        whole = {name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]}
        order = np.lexsort((whole["lot"], whole["entity"]))
        entity = whole["entity"][order]
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = entity[1:] != entity[:-1]
        return {name: column[order[first]] for name, column in whole.items()}

    def rows(self, most: int) -> dict[str, NDArray[Any]]:
        """The sample: at most so many entities, by a lot of their own; empty where nothing was scored."""
        if not self._parts:
            return {}
        whole = self._thinned()
        lot = rng.uniform(rng.key(self.key % 2**31, "entity"), whole["entity"].astype(np.int64))
        kept = np.sort(np.argsort(lot, kind="stable")[:most])
        return {name: column[kept] for name, column in whole.items()}


class Target(NamedTuple):
    """One thing that is hunted: an attribute, the label that is told from the rest ("" for a number), its column."""

    attribute: str
    label: str
    y: NDArray[np.float64]
    code: bool


class Found(NamedTuple):
    """How well one attribute is told. rulings: by what is limited (features, feature, score)."""

    attribute: str
    label: str
    n: int
    share: float
    together: Told
    score: Told
    each: Mapping[str, Told]
    limits: ProxyLimits | None
    rulings: Mapping[str, Ruling]

    @property
    def best(self) -> tuple[str, Told]:
        """The feature that tells most."""
        return max(self.each.items(), key=lambda item: (item[1].value, item[0]))


@dataclass(frozen=True)
class Hunt:
    """What was found of one candidate. unmeasured: attribute -> why nothing can be said."""

    candidate: str
    desk: str
    seed: int
    rows: int
    features: tuple[str, ...]
    found: tuple[Found, ...]
    unmeasured: Mapping[str, str]

    @property
    def exit_code(self) -> int:
        """10 where a limit is broken, 4 where one could not be measured, 3 where one is undecided, else 0."""
        said = {ruling for one in self.found for ruling in one.rulings.values()}
        if "FAIL" in said:
            return 10
        return 4 if self.unmeasured else 3 if "UNDECIDED" in said else 0


def hunt(loaded: Loaded, candidate: str, seed: int, most: int, shuffles: int, desk: str = "") -> Hunt:
    """Replay a candidate on one seed, and say how well what it decided on tells what it may not know.

    Raises UserError for a candidate or desk that there is not, and where the charter excludes nothing and compares
    nobody.
    """
    plan = loaded.candidate(candidate)
    setting = build_replay(loaded, plan, seed, None, [])
    world = setting.world
    acts = [name for name, kind in world.kinds.items() if kind.form == "act"]
    asked = desk or (acts or list(world.kinds))[0]
    if asked not in acts:
        raise UserError(f"--desk: no desk '{asked}' that acts on anybody{closest(asked, acts)}")
    kind, own = world.kinds[asked], setting.desks[asked]
    sensitive = tuple(f.name for f in kind.schema.fields if f.sensitive)
    hunted = attributes(loaded.charter, world.slices, sensitive)
    if not hunted:
        raise UserError(
            f"charter {loaded.charter_id}: it excludes no attribute and compares no groups, so there is nothing to hunt"
        )
    tap: Any = Tap(own.monitor)
    own.monitor = tap
    wanted = tuple(sorted({column for column, _ in hunted.values()}))
    lots = rng.key(seed, "proxies")
    sample = Sample(setting.ledgers[asked], tap, kind.entity, wanted, world.go_live, lots)
    replay(world, setting.desks, {**setting.books, asked: sample}, operations=setting.operations)
    rows = sample.rows(most)
    if not rows:
        raise UserError(f"candidate '{candidate}' scored nothing after goLive at the desk '{asked}'")
    found, unmeasured = examine(
        rows, own.featurizer.names, hunted, world.slices, loaded.charter, lots, shuffles
    )
    return Hunt(candidate, asked, seed, len(rows["score"]), own.featurizer.names, tuple(found), unmeasured)


def attributes(
    charter: Charter, slices: Mapping[str, Slice], sensitive: Sequence[str]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is hunted: name -> column, and the labels that are told apart (none: all). Excluded attributes and sensitive
    fields whole; of a slice by which groups are compared, those groups."""
    spec = charter.spec
    named = dict.fromkeys((*(one.name for one in spec.excluded_attributes), *sensitive))
    whole: dict[str, tuple[str, ...]] = dict.fromkeys(named, ())
    for clause in spec.fairness:
        if clause.by not in named:
            whole[clause.by] = tuple(dict.fromkeys((*whole.get(clause.by, ()), clause.group)))
    return {name: (slices[name].column if name in slices else name, labels) for name, labels in whole.items()}


def examine(
    rows: Mapping[str, NDArray[Any]],
    features: tuple[str, ...],
    hunted: Mapping[str, tuple[str, tuple[str, ...]]],
    slices: Mapping[str, Slice],
    charter: Charter,
    key: int,
    shuffles: int,
) -> tuple[list[Found], dict[str, str]]:
    """How well the rows' features `x` (n, k) and `score` (n,) tell each attribute; and why some cannot be said."""
    limits = {one.name: one.proxies for one in charter.spec.excluded_attributes if one.proxies is not None}
    found: list[Found] = []
    unmeasured: dict[str, str] = {}
    for name, (column, labels) in hunted.items():
        if column not in rows:
            unmeasured[name] = f"no column '{column}' is asked or settled at this desk"
            continue
        targets = list(_targets(name, rows[column], slices.get(name), labels))
        if not targets:
            unmeasured[name] = f"fewer than {LEAST} rows of any label, or of the others"
        tried = {"features": len(targets), "score": len(targets), "feature": len(targets) * len(features)}
        alpha = 1.0 - charter.spec.confidence
        for target in targets:
            # Several labels, and many features, are held to one limit: each has its share of the error.
            own = rng.key(key % 2**31, target.attribute, target.label) % 2**31
            asked = {
                what: Answers(target.y, target.code, own, shuffles, alpha / max(count, 1))
                for what, count in tried.items()
            }
            together = tell(asked["features"], by_trees(rows["x"]))
            score = tell(asked["score"], by_bins(rows["score"]))
            each = {
                feature: tell(asked["feature"], teller)
                for feature, teller in zip(features, columns(rows["x"]), strict=True)
            }
            limit = limits.get(name)
            rulings = _rulings(limit, together, score, each)
            share = float(target.y.mean()) if target.code else math.nan
            found.append(
                Found(name, target.label, len(target.y), share, together, score, each, limit, rulings)
            )
    return found, unmeasured


def _targets(name: str, values: NDArray[Any], cut: Slice | None, labels: tuple[str, ...]) -> list[Target]:
    if cut is None and len(np.unique(values)) > MOST_CODES:
        return [Target(name, "", values.astype(np.float64), False)]
    codes = np.unique(values).tolist()
    words = {code: str(code) if cut is None else cut.labels[int(code)] for code in codes}
    made = [Target(name, words[code], (values == code).astype(np.float64), True) for code in codes]
    return [
        one for one in made
        if (not labels or one.label in labels) and LEAST <= one.y.sum() <= len(values) - LEAST
    ]  # fmt: skip


def _rulings(
    limits: ProxyLimits | None, together: Told, score: Told, each: Mapping[str, Told]
) -> dict[str, Ruling]:
    if limits is None:
        return {}
    found: dict[str, Ruling] = {}
    if limits.features is not None:
        found["features"] = rule(together, limits.features)
    if limits.score is not None:
        found["score"] = rule(score, limits.score)
    if limits.feature is not None:
        said = [rule(one, limits.feature) for one in each.values()]
        found["feature"] = next((word for word in ("FAIL", "UNDECIDED") if word in said), "PASS")
    return found


def rule(told: Told, limit: float) -> Ruling:
    """PASS where the interval does not pass the limit, FAIL where it is wholly beyond, else UNDECIDED."""
    if told.high <= limit:
        return "PASS"
    return "FAIL" if told.low > limit else "UNDECIDED"
