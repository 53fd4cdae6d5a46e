"""The league of signals: what each one's alarms were worth, beside dummies that see nothing.

Knows: readings, when something truly drifted, counts of metrics. Does not know: signals' insides, replays. Onsets
are joined to readings here, after the replay, and nowhere else (law 11).

A drift explains the alarms that begin after its onset, until GRACE days after its end; any other alarm is false. Time
to detect runs from the true onset to the first alarm of its own in that time, whatever lag of labels lies between; a
drift that ends, or the horizon, before an alarm has come censors it, and medians are Kaplan and Meier's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

from harness import readings, results
from harness.evidence import Student
from harness.signal_kinds import DayTables
from harness.survival import rate_bounds, share_bounds
from sim.core import plugins, rng
from sim.core.time import DAY

GRACE = 7.0
"""Days after a drift's end in which an alarm is still its own: a window long."""
DUMMIES = ("always_fire", "never_fire", "random_fire")
DRIFTS = ("injection", "veil", "outage")
"""Kinds of the ground truth that are drifts; campaigns and tactics are the world as it is."""
BEFORE = 28
"""Days before an onset that say what a metric was worth."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Drift:
    """Something that truly changed: from when to when, in days from goLive."""

    name: str
    kind: str
    onset: float
    end: float


@dataclass(frozen=True)
class Interval:
    """A value with its bounds; None where it is not there, or beyond what was seen."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Standing:
    """One signal of one candidate.

    detection_rate: of drifts times seeds. days_to_detect: median by Kaplan and Meier, None beyond what was seen.
    false_per_month, false_per_100k: false alarms for each 30 days, and 100,000 questions, in which nothing drifted.
    lost: mean of what was lost until the first alarm, or until the drift ended: in money where the metric is an amount
    of money or has a price, else in the metric's unit times days."""

    signal: str
    dummy: bool
    drifts: int
    detected: int
    detection_rate: Interval
    days_to_detect: Interval
    false_alarms: int
    quiet_days: float
    false_per_month: Interval
    false_per_100k: Interval
    lost: Interval


def league(
    said: Any,
    timeline: Any,
    counts: Any,
    facts: Mapping[str, Any],
    metric: Mapping[str, Any],
    candidate: str,
) -> list[Standing]:
    """The signals of a candidate, best first: by false alarms within a month's one, then by how soon and how often.

    said, timeline, counts: tables of pandas. metric: name, form and better of what is lost, with `money` (a currency)
    and `price` (of a unit; 1 without) where it is told in money; empty for none."""
    own = said[said["candidate"] == candidate]
    seeds = sorted({int(s) for s in counts.loc[counts["candidate"] == candidate, "seed"]})
    last = (facts["world"]["horizon"] - facts["world"]["go_live"]) / DAY
    drifts = drifts_of(timeline, last)
    rows = np.array([facts["rows"][f"{candidate}/seed-{seed}"] for seed in seeds], dtype=np.float64) / last
    if metric:
        told = (counts["metric"] == metric["name"]) & (counts["slice"] == "all") & (counts["view"] == "true")
        counts = counts[told & counts["candidate"].isin((candidate, "incumbent"))]
    found = []
    for name in sorted(set(own["signal"])):
        mine = own[own["signal"] == name]
        alarms = {seed: alarms_of(mine[mine["seed"] == seed]) for seed in seeds}
        looks = {seed: sorted(set(mine.loc[mine["seed"] == seed, "day"])) for seed in seeds}
        found.append(_standing(name, False, alarms, looks, drifts, rows, seeds, (counts, metric, candidate)))
    looks = {seed: list(range(1, int(last) + 1)) for seed in seeds}
    for name in DUMMIES:
        alarms = {seed: _dull(name, seed, looks[seed]) for seed in seeds}
        found.append(_standing(name, True, alarms, looks, drifts, rows, seeds, (counts, metric, candidate)))
    return sorted(found, key=_order)


def drifts_of(timeline: Any, last: float) -> list[Drift]:
    """The drifts of a run that fall within the scored days."""
    mine = timeline[timeline["kind"].isin(DRIFTS)]
    told = zip(mine["name"], mine["kind"], mine["day"], mine["end_day"], strict=True)
    found = {Drift(str(n), str(k), float(d), min(float(e), last)) for n, k, d, e in told}
    return sorted((d for d in found if 0.0 <= d.onset < last), key=lambda d: (d.onset, d.name))


def alarms_of(said: Any) -> list[tuple[int, bool]]:
    """Days on which some subject of a signal began to alarm, and whether none alarmed at the look before."""
    begun = sorted({int(day) for day in said.loc[said["onset"], "day"]})
    standing = {int(day) for day in said.loc[said["alarm"], "day"]}
    return [(day, day - 1 not in standing) for day in begun]


def _dull(name: str, seed: int, looks: Sequence[int]) -> list[tuple[int, bool]]:
    """The alarms of a dummy: each of its own."""
    day = np.empty(0, dtype=np.int64)
    table = DayTables(("all",), day, np.zeros((0, 1, 1), np.int64), np.empty((1, 0)))
    watch = plugins.load("signal", name)().watch(table, rng.key(seed, "league", name))
    found = []
    for look in looks:
        one = DayTables(("all",), np.array([look]), np.zeros((1, 1, 1), np.int64), table.cuts)
        value, threshold = watch.look(one)
        if value[0] > threshold[0]:
            found.append((look, True))
    return found


def _standing(
    name: str,
    dummy: bool,
    alarms: Mapping[int, Sequence[tuple[int, bool]]],
    looks: Mapping[int, Sequence[int]],
    drifts: Sequence[Drift],
    rows: Any,
    seeds: Sequence[int],
    money: tuple[Any, Mapping[str, Any], str],
) -> Standing:
    waits: list[tuple[float, bool]] = []
    lost: list[float] = []
    false, quiet, events = 0, 0, 0.0
    for place, seed in enumerate(seeds):
        free = [day for day in looks[seed] if not _explained(day, drifts)]
        quiet, events = quiet + len(free), events + len(free) * float(rows[place])
        false += sum(own and not _explained(day, drifts) for day, own in alarms[seed])
        for drift in drifts:
            first = next((day for day, _ in alarms[seed] if drift.onset < day <= drift.end + GRACE), None)
            until = drift.end if first is None else float(first)
            waits.append((until - drift.onset, first is not None))
            cost = metric_lost(*money, seed, drift.onset, until)
            if cost is not None:
                lost.append(cost)
    hits = sum(seen for _, seen in waits)
    return Standing(
        name, dummy, len(waits), hits, share(hits, len(waits)), median(waits), false, float(quiet),
        rate(false, quiet / 30.0), rate(false, events / 1e5), _mean(lost),
    )  # fmt: skip


def _explained(day: float, drifts: Sequence[Drift]) -> bool:
    return any(drift.onset < day <= drift.end + GRACE for drift in drifts)


def _order(one: Standing) -> tuple[Any, ...]:
    false = one.false_per_month.value or 0.0
    late = one.days_to_detect.value
    return (
        false > 1.0,
        -(one.detection_rate.value or 0.0),
        math.inf if late is None else late,
        false,
        one.signal,
    )


# --- figures with intervals -----------------------------------------------------------------------------------------


def share(hits: int, of: int) -> Interval:
    """A share with its exact interval."""
    return Interval(hits / of, *share_bounds(hits, of, 1.0 - CONFIDENCE)) if of else Interval(None)


def rate(count: int, exposure: float) -> Interval:
    """Events for each unit of exposure, with the exact interval."""
    if exposure <= 0.0:
        return Interval(None)
    return Interval(count / exposure, *rate_bounds(count, exposure, 1.0 - CONFIDENCE))


def median(waits: Sequence[tuple[float, bool]]) -> Interval:
    """The median of waits (days, ended or censored) by Kaplan and Meier, with Brookmeyer and Crowley's interval on the
    log-log scale; None where the curve does not come down so far."""
    z = float(norm.ppf(0.5 + CONFIDENCE / 2))
    alive, hazard = 1.0, 0.0
    middle = low = high = None
    for at in sorted({wait for wait, ended in waits if ended}):
        risk = sum(wait >= at for wait, _ in waits)
        died = sum(wait == at and ended for wait, ended in waits)
        alive *= 1.0 - died / risk
        hazard += died / (risk * (risk - died)) if risk > died else math.inf
        middle = at if middle is None and alive <= 0.5 else middle
        upper, lower = _loglog(alive, hazard, z)
        low = at if low is None and lower <= 0.5 else low
        high = at if high is None and upper <= 0.5 else high
    return Interval(middle, low, high)


def _loglog(alive: float, hazard: float, z: float) -> tuple[float, float]:
    """Bounds of a survival probability, the upper first."""
    if alive <= 0.0 or math.isinf(hazard):
        return 0.0, 0.0
    if alive >= 1.0:
        return 1.0, 1.0
    centre, error = math.log(-math.log(alive)), math.sqrt(hazard) / abs(math.log(alive))
    return math.exp(-math.exp(centre - z * error)), math.exp(-math.exp(centre + z * error))


def _mean(values: Sequence[float]) -> Interval:
    if not values:
        return Interval(None)
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Interval(mean, *Student(mean, error, len(values) - 1, "raw").bounds(1.0 - CONFIDENCE))


def metric_lost(
    counts: Any, metric: Mapping[str, Any], candidate: str, seed: int, onset: float, until: float
) -> float | None:
    """What a metric lost from an onset to an instant against the days before it; None where it was not counted, or
    nothing came before. In money the share lost times what it is a share of (stakes, or units at their price) on those
    days: days on which nothing is asked lose nothing. Else in the metric's unit times days."""
    if not metric:
        return None
    asked = (counts["metric"] == metric["name"]) & (counts["slice"] == "all") & (counts["view"] == "true")
    rows = counts[asked & (counts["seed"] == seed) & counts["candidate"].isin((candidate, "incumbent"))]
    first = math.ceil(onset)
    past = _value(rows, candidate, metric["form"], first - BEFORE, first)
    end = max(math.ceil(until), first + 1)
    now = _value(rows, candidate, metric["form"], first, end)
    sign = 1.0 if metric["better"] == "higher" else -1.0
    if past is None or first <= 0:
        return None
    if metric.get("money"):
        days = rows[(rows["candidate"] == candidate) & (rows["day"] >= first) & (rows["day"] < end)]
        units = float(days["denominator"].sum())
        return (past - (now or 0.0)) * sign * units * float(metric.get("price", 1.0)) if units else 0.0
    return None if now is None else (past - now) * sign * max(until - onset, 0.0)


def _value(rows: Any, candidate: str, form: str, first: int, end: int) -> float | None:
    within = rows[(rows["day"] >= max(first, 0)) & (rows["day"] < end)]
    own, base = (
        within.loc[within["candidate"] == who, ["numerator", "denominator"]].sum()
        for who in (candidate, "incumbent")
    )
    if not own["denominator"]:
        return None
    value = float(own["numerator"] / own["denominator"])
    if form in ("reduction", "difference"):
        if not base["denominator"] or (form == "reduction" and not base["numerator"]):
            return None
        usual = float(base["numerator"] / base["denominator"])
        return 1.0 - value / usual if form == "reduction" else value - usual
    return value


FILE = "monitors.json"


def record(folder: Path, candidates: Sequence[str], metric: Mapping[str, Any]) -> dict[str, Any] | None:
    """The league of every candidate of a run, from its folder's tables; None where no signal said anything."""
    import pandas as pd

    said, facts = readings.read(folder), results.read_json(folder / "facts.json")
    if not len(said):
        return None
    timeline, counts = (pd.read_parquet(folder / f"{name}.parquet") for name in ("timeline", "counts"))
    last = (facts["world"]["horizon"] - facts["world"]["go_live"]) / DAY
    return {
        "metric": dict(metric),
        "drifts": [asdict(drift) for drift in drifts_of(timeline, last)],
        "candidates": {
            name: [asdict(one) for one in league(said, timeline, counts, facts, metric, name)]
            for name in candidates
        },
    }
