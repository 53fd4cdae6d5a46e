"""Tallies: a run's daily counts, dense, and what the seeds counted over any stretch of days.

Knows: counts.parquet, seeds, slices, views, what a value is compared with. Does not know: intervals' making, charters.

Counts leave out what is zero above and below. A seed that has counts of a metric in any slice was measured, and saw
nothing in a slice or on a day without a row; a seed without any count of a metric was not measured: NaN, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from harness.contrasts import contrast
from harness.evidence import Estimate, Ranked, Student
from harness.intervals import Replicates, Scale, estimate, grip
from harness.kinds import BIN, MetricSpec

if TYPE_CHECKING:
    import pandas as pd

INCUMBENT = "incumbent"
ALL = "all"
TRUE, OBSERVED, HOLDOUT, BEFORE = "true", "observed", "observed_holdout", "observed_before"
COMPARED = ("reduction", "difference")
"""Forms that need the incumbent (true view), or the randomised holdout or days before goLive (observed view)."""
BASES = (HOLDOUT, BEFORE)
"""What an observed value is compared with: views without a value of their own. A run has one of them."""

Floats = NDArray[np.float64]
Key = tuple[str, str, str, str]
"""(candidate, metric, slice, view)"""


class Window(NamedTuple):
    """Days [first, end) since goLive."""

    name: str
    first: int
    end: int


class Cell(NamedTuple):
    """Daily counts of one candidate, metric, slice and view: (seeds, days), rows of NaN for a seed not measured."""

    numerator: Floats
    denominator: Floats

    def summed(self, window: Window) -> tuple[Floats, Floats]:
        """Counts per seed over a window."""
        days = slice(window.first, window.end)
        return self.numerator[:, days].sum(axis=1), self.denominator[:, days].sum(axis=1)

    def trailing(self, span: int) -> Floats:
        """Numerator over denominator of the `span` days up to each, (seeds, days); NaN before a full span."""
        values = np.full_like(self.numerator, np.nan)
        if 1 <= span <= self.numerator.shape[1]:
            top, bottom = (sliding_window_view(part, span, axis=1).sum(axis=2) for part in self)
            with np.errstate(divide="ignore", invalid="ignore"):
                values[:, span - 1 :] = top / bottom
        return values


@dataclass(frozen=True)
class Sketch:
    """Counts by bin of one candidate, metric and slice: (k,) rows of seed's place, day, bin's end (us) and count."""

    place: NDArray[np.int64]
    day: NDArray[np.int64]
    end: NDArray[np.int64]
    count: NDArray[np.int64]

    def counted(
        self, first: int, end: int, seed: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Bins' ends, ascending, and how many lie up to each, over days [first, end), of one seed or of all."""
        inside = (self.day >= first) & (self.day < end)
        if seed is not None:
            inside &= self.place == seed
        ends, where = np.unique(self.end[inside], return_inverse=True)
        held = np.zeros(len(ends), dtype=np.int64)
        np.add.at(held, where, self.count[inside])
        return ends, np.cumsum(held)

    def value(self, first: int, end: int, seed: int, quantile: float) -> tuple[float, int]:
        """A seed's quantile in milliseconds, NaN where it has none, and of how many."""
        ends, below = self.counted(first, end, seed)
        if not len(below):
            return math.nan, 0
        n = int(below[-1])
        rank = max(1, math.ceil(quantile * n - 1e-9))
        return float(ends[np.searchsorted(below, rank)]) / 1000.0, n


@dataclass(frozen=True)
class Tallies:
    """A run's counts. entities: (candidate, slice) -> distinct entities per seed, (seeds,); own_entities: the same of
    a metric, by (candidate, slice, metric), where it is counted of other entities than most."""

    seeds: tuple[int, ...]
    days: int
    cells: Mapping[Key, Cell]
    entities: Mapping[tuple[str, str], Floats]
    specs: Mapping[str, MetricSpec]
    own_entities: Mapping[tuple[str, str, str], Floats] = field(default_factory=dict)
    sketches: Mapping[tuple[str, str, str], Sketch] = field(default_factory=dict)
    """(candidate, metric, slice) -> counts by bin, of metrics that are quantiles."""
    _grips: dict[Key, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def total(self) -> Window:
        """The whole scored horizon."""
        return Window("total", 0, self.days)

    def crowd(self, candidate: str, slice_: str, metric: str) -> float:
        """Distinct entities of a slice that a metric is counted of, summed over the seeds; 0 when unknown.
        Of a contrast, the smaller of both sides."""
        if (compared := contrast(slice_)) is not None:
            others = compared.reference(name for _, name in self.entities)
            return min(
                self.crowd(candidate, compared.own, metric),
                sum(self.crowd(candidate, o, metric) for o in others),
            )
        usual = self.entities.get((candidate, slice_))
        per_seed = self.own_entities.get((candidate, slice_, metric), usual)
        return 0.0 if per_seed is None else float(per_seed.sum())

    def cell(self, candidate: str, metric: str, slice_: str, view: str) -> Cell | None:
        """Counts; zeros for a slice without rows where the metric was measured; None where it was not. Of a contrast,
        the group's."""
        if (compared := contrast(slice_)) is not None:
            # A slice by which nothing was ever counted is no group without events: it was not measured.
            known = self._cut(candidate, metric, compared.by, view)
            return self.cell(candidate, metric, compared.own, view) if known else None
        found = self.cells.get((candidate, metric, slice_, view))
        if found is None and (whole := self.cells.get((candidate, metric, ALL, view))) is not None:
            return Cell(whole.numerator * 0.0, whole.denominator * 0.0)
        return found

    def base(self, candidate: str, metric: str, slice_: str, view: str) -> Cell | None:
        """What a value is compared with: the incumbent's truth, or what the candidate's operator has: a randomised
        holdout, or the days before goLive. Of a contrast, the others' counts in the same view."""
        if (compared := contrast(slice_)) is not None:
            names = compared.reference(self._cut(candidate, metric, compared.by, view))
            cells = [self.cells[candidate, metric, name, view] for name in names]
            if not cells:
                return None
            return Cell(
                np.sum([c.numerator for c in cells], axis=0), np.sum([c.denominator for c in cells], axis=0)
            )
        if view == TRUE:
            return self.cell(INCUMBENT, metric, slice_, TRUE)
        found = (self.cell(candidate, metric, slice_, base) for base in BASES)
        return next((cell for cell in found if cell is not None), None)

    def replicates(self, key: Key, window: Window) -> Replicates | None:
        """What the seeds counted in a window, beside what they are compared with; None where nothing was counted."""
        candidate, metric, slice_, view = key
        own = self.cell(*key)
        if own is None:
            return None
        base = self.base(*key) if self.form(metric, slice_) in (*COMPARED, "ratio") else None
        n, d = own.summed(window)
        n0, d0 = base.summed(window) if base is not None else (None, None)
        return Replicates(
            n, d, n0, d0, self.crowd(candidate, slice_, metric), self._grip((candidate, metric, ALL, view))
        )

    def estimate(self, key: Key, window: Window) -> Estimate:
        """The value over the seeds in one window; None and the reason where there is none."""
        spec = self.specs[key[1]]
        if spec.form == "quantile" and (sketch := self.sketches.get(key[:3])) is not None:
            return self._quantile(sketch, window, spec.quantile)
        seen = self.replicates(key, window)
        if seen is None:
            nobody = tuple(range(len(self.seeds)))
            return Estimate(
                None, 0.0, 0, unmeasured=nobody, reason=f"the run has no counts of {key[1]} ({key[3]} view)"
            )
        return estimate(self.form(key[1], key[2]), seen)

    def form(self, metric: str, slice_: str) -> Scale:
        """How values are made of the counts: the metric's own form, or of a contrast its measure."""
        compared = contrast(slice_)
        return self.specs[metric].form if compared is None else compared.measure

    def _cut(self, candidate: str, metric: str, by: str, view: str) -> list[str]:
        """The labels of a slice by which a metric was counted."""
        mine = f"{by}="
        return [
            name for who, what, name, seen in self.cells
            if name.startswith(mine) and (who, what, seen) == (candidate, metric, view)
        ]  # fmt: skip

    def _quantile(self, sketch: Sketch, window: Window, quantile: float) -> Estimate:
        """A quantile over the seeds. Operators time their own answers: what is observed of it is what is true."""
        first, end = window.first, window.end
        found = [sketch.value(first, end, seed, quantile) for seed in range(len(self.seeds))]
        values = np.array([value for value, _ in found])
        ends, below = sketch.counted(first, end)
        if not len(below):
            return Estimate(None, 0.0, 0, reason="nothing happened that it could be measured on")
        own = values[np.isfinite(values)]
        evidence: tuple[Student | Ranked, ...] = ()
        error = math.nan
        logs = np.log(np.maximum(own, 1e-3))
        if len(own) > 1:
            error = float(logs.std(ddof=1) / math.sqrt(len(own)))
            told = Ranked(tuple((ends / 1000.0).tolist()), tuple(below.tolist()), quantile)
            evidence = (Student(float(logs.mean()), error, len(own) - 1, "log"), told)
        return Estimate(
            float(np.exp(logs.mean())), float(below[-1]), len(own), tuple(values.tolist()), evidence,
            (0.0, math.inf), error, "log", unmeasured=tuple(np.flatnonzero(~np.isfinite(values)).tolist()),
        )  # fmt: skip

    def sizes(self, key: Key, window: Window) -> Floats:
        """Of how many each seed's quantile is, (seeds,)."""
        sketch = self.sketches[key[:3]]
        return np.array(
            [sketch.value(window.first, window.end, i, 0.5)[1] for i in range(len(self.seeds))], float
        )

    def trailing(self, key: Key, span: int) -> Floats:
        """Values (seeds, days) over the `span` days up to and with each day; NaN where there is none."""
        blank = np.full((len(self.seeds), self.days), np.nan)
        sketch = self.sketches.get(key[:3])
        if sketch is not None and span >= 1:
            quantile = self.specs[key[1]].quantile
            for seed in range(len(self.seeds)):
                for day in range(span - 1, self.days):
                    blank[seed, day] = sketch.value(day + 1 - span, day + 1, seed, quantile)[0]
            return blank
        own = self.cell(*key)
        if own is None:
            return blank
        values = own.trailing(span)
        form = self.form(key[1], key[2])
        if form in (*COMPARED, "ratio"):
            base = self.base(*key)
            against = blank if base is None else base.trailing(span)
            with np.errstate(divide="ignore", invalid="ignore"):
                if form == "difference":
                    values = values - against
                else:
                    values = values / against if form == "ratio" else 1 - values / against
        return np.where(np.isfinite(values), values, np.nan)

    def _grip(self, whole: Key) -> float:
        """How events bunch in the whole population over the whole horizon (see harness.intervals), for every slice."""
        if whole not in self._grips:
            cell = self.cells.get(whole)
            crowd = self.crowd(whole[0], ALL, whole[1])
            self._grips[whole] = (
                1.0 if cell is None else grip(Replicates(*cell.summed(self.total), entities=crowd))
            )
        return self._grips[whole]


def tallies(
    counts: pd.DataFrame, specs: Mapping[str, MetricSpec], seeds: Sequence[int] = (), days: int | None = None
) -> Tallies:
    """Read a run's counts, in any order of rows.

    seeds: those that the run was asked for (default: those that the counts name). days: the scored horizon (default: up
    to the last day of the true view); rows of other days are left out. Raises KeyError for a metric without a spec.
    """
    keys = ["candidate", "metric", "slice", "view", "seed", "day"]
    rows = counts.sort_values([*keys, "numerator", "denominator"], kind="stable")
    if unknown := sorted({str(name) for name in rows["metric"].unique()} - set(specs)):
        raise KeyError(f"counts of metrics without a spec: {', '.join(unknown)}")
    run_seeds = tuple(seeds) or tuple(int(seed) for seed in sorted(rows["seed"].unique()))
    if days is None:
        scored = rows.loc[rows["view"] == TRUE, "day"]
        days = int(scored.max()) + 1 if len(scored) else 0
    rows = rows[rows["seed"].isin(run_seeds)]
    binned = rows["slice"].str.contains(BIN, regex=False).to_numpy(dtype=np.bool_)
    sketches = _sketches(rows[binned], run_seeds)
    rows = rows[~binned]
    place = {seed: i for i, seed in enumerate(run_seeds)}
    rows = rows.assign(place=[place[int(seed)] for seed in rows["seed"]])
    measured = {
        tuple(map(str, group)): np.unique(part.to_numpy(dtype=np.int64))
        for group, part in rows.groupby(["candidate", "metric", "view"], sort=True)["place"]
    }
    inside = rows[(rows["day"] >= 0) & (rows["day"] < days)]
    cells: dict[Key, Cell] = {}
    for group, part in inside.groupby(["candidate", "metric", "slice", "view"], sort=True):
        candidate, metric, slice_, view = (str(word) for word in group)
        cell = Cell(*(np.full((len(run_seeds), days), np.nan) for _ in range(2)))
        where = (part["place"].to_numpy(dtype=np.int64), part["day"].to_numpy(dtype=np.int64))
        for counted, name in zip(cell, ("numerator", "denominator"), strict=True):
            counted[measured[candidate, metric, view]] = 0.0
            np.add.at(counted, where, part[name].to_numpy(dtype=np.float64))
        cells[candidate, metric, slice_, view] = cell
    usual, own = _entities(rows, len(run_seeds))
    return Tallies(run_seeds, days, cells, usual, dict(specs), own, sketches)


def _sketches(rows: pd.DataFrame, seeds: Sequence[int]) -> dict[tuple[str, str, str], Sketch]:
    """Counts by bin, by candidate, metric and slice: `us=200` is of all, `desk=bet/us=200` of a desk."""
    found: dict[tuple[str, str, str], Sketch] = {}
    if not len(rows):
        return found
    parts = rows["slice"].str.rpartition(BIN)
    whole = parts[0].str.rstrip("/").replace("", ALL)
    place = {seed: i for i, seed in enumerate(seeds)}
    table = rows.assign(whole=whole, end=parts[2].astype(np.int64), place=rows["seed"].map(place))
    for group, part in table.groupby(["candidate", "metric", "whole"], sort=True):
        candidate, metric, slice_ = (str(word) for word in group)
        found[candidate, metric, slice_] = Sketch(
            *(part[name].to_numpy(dtype=np.int64) for name in ("place", "day", "end", "numerator"))
        )
    return found


def _entities(
    rows: pd.DataFrame, seeds: int
) -> tuple[dict[tuple[str, str], Floats], dict[tuple[str, str, str], Floats]]:
    """Distinct entities by (candidate, slice), the most that any metric has; and by metric where one has fewer."""
    found: dict[tuple[str, str], Floats] = {}
    fewer: dict[tuple[str, str, str], Floats] = {}
    for group, part in rows.groupby(["candidate", "slice"], sort=True):
        candidate, slice_ = (str(word) for word in group)
        most = np.zeros(seeds)
        counted = np.nan_to_num(part["entities"].to_numpy(dtype=np.float64))
        place = part["place"].to_numpy(dtype=np.int64)
        np.maximum.at(most, place, counted)
        found[candidate, slice_] = most
        short = counted < most[place]
        metrics = part["metric"].to_numpy()
        for metric in sorted(set(metrics[short].tolist())):
            mine = metrics == metric
            own = most.copy()
            own[place[mine]] = 0.0
            np.maximum.at(own, place[mine], counted[mine])
            fewer[candidate, slice_, str(metric)] = own
    return found, fewer
