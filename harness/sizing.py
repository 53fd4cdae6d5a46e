"""`windtunnel capacity` as a user meets it: whose service is sized, under which budgets, and the outcome's files.

Knows: services of a trial, profiles by name, capacities and their words. Does not know: how capacity is found.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import outcomes, service_profile
from harness.capacity import LATE, QUANTILES, Budget, Capacity, Point, budget_of, capacity, may_be_late
from harness.demand import Demand, demand
from harness.jobs import quiet_tracker
from harness.measure import rounded
from harness.report import capacities
from harness.service_rules import measured, service
from harness.survival import Middle
from harness.trial import Loaded
from harness.trial_rules import kinds_of
from sim.core import catalogue, plugins
from sim.core.errors import UserError, closest
from sim.core.service import Service
from sim.core.time import DAY, MINUTE, NEVER, Micros, format_duration, parse_duration

NAMED = "named"
"""Who a profile of the command line belongs to."""


@dataclass(frozen=True)
class Sizing:
    """What is asked: everything that the outcome follows from beside the scenario."""

    desk: str
    budgets: tuple[Budget, ...]
    """None of them: those of the charter."""
    tentpole: float
    window: Micros
    profile: str
    workers: int
    time_out: Micros
    charter: str = ""
    """Whose the budgets are; empty: the command line's."""

    def card(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "desk": self.desk,
            "budgets": [str(one) for one in self.budgets],
            "budgetsOf": self.charter or None,
            "tentpole": self.tentpole,
            "window": format_duration(self.window),
            "profile": self.profile or None,
            "workers": self.workers or None,
            "timeOut": format_duration(self.time_out) if self.time_out < NEVER else None,
        }


def asked(
    desk: str, budgets: Sequence[str], tentpole: float, window: str, profile: str, workers: int, time_out: str
) -> Sizing:
    """The options, read. Raises UserError."""
    read = tuple(dict.fromkeys(budget_of(text) for text in budgets))
    if len({one.name for one in read}) < len(read):
        raise UserError("--budget: expected each of p50, p95, p99, p999 and late at most once")
    if not (math.isfinite(tentpole) and 1.0 <= tentpole <= 1_000.0):
        raise UserError(f"--tentpole: got {tentpole}, expected a multiple from 1 to 1000")
    if workers < 0 or workers > 4096:
        raise UserError(f"--workers: got {workers}, expected 1 to 4096, or 0 for the scenario's")
    span = _duration("--window", window)
    if not MINUTE <= span <= DAY or DAY % span:
        raise UserError(f"--window: got {window}, expected a part of a day from 1m to 1d, such as 15m")
    waits = _duration("--time-out", time_out) if time_out else NEVER
    return Sizing(desk, read, tentpole, span, profile, workers, waits)


def _duration(option: str, text: str) -> Micros:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UserError(f"{option}: {error}") from None


def run_capacity(
    loaded: Loaded, root: Path, jobs: int, sizing: Sizing, talk: Callable[[str], None]
) -> list[str]:
    """Size every service of a desk; answers the lines to print, and writes the outcome's files. Raises UserError."""
    kind = _kind(loaded, sizing.desk)
    sizing = budgeted(loaded, kind, sizing)
    whose = subjects(loaded, kind, sizing)
    talk(f"{loaded.scenario_id}: the incumbent's own arrivals on {len(loaded.seeds)} seeds")
    demands = _demands(loaded, kind, sizing.window, jobs)
    found = []
    for one, names in whose.items():
        talk(f"sizing the service of {', '.join(names)}")
        name = f"{loaded.scenario.spec.world.use}.{kind}"
        found.append(capacity(names, one, demands, name, _said_of(one, sizing), sizing.tentpole))
    lines = told(loaded, kind, demands, found, sizing)
    document = outcomes.heading(loaded, "capacity") | {
        "asked": sizing.card() | {"desk": kind},
        "demand": [_demand_card(one) for one in demands],
        "services": [_card(one) for one in found],
    }
    settings = sizing.card() | {"desk": kind, "seeds": list(loaded.seeds)}
    picture = capacities.picture(loaded.scenario_id, kind, found, sizing.budgets)
    paths = outcomes.write(
        outcomes.place(root, loaded, "capacity", settings), "capacity", rounded(document), lines, picture
    )
    return [*lines, *(str(path) for path in paths)]


def _kind(loaded: Loaded, desk: str) -> str:
    kinds = tuple(kinds_of(plugins.load("world", loaded.scenario.spec.world.use)))
    if desk and desk not in kinds:
        raise UserError(f"--desk: no desk '{desk}'{closest(desk, kinds)}")
    served = [kind for kind in kinds if any(kind in by_desk for by_desk in loaded.services.values())]
    return desk or (served or list(kinds))[0]


def budgeted(loaded: Loaded, kind: str, sizing: Sizing) -> Sizing:
    """The budgets of the command line; without any, those of the charter for this desk, the tightest of each name.

    Raises UserError where there are neither."""
    if sizing.budgets:
        return sizing
    found: dict[str, float] = {}
    for limit in loaded.charter.spec.latency or ():
        if limit.desk in (None, kind):
            for name in (*QUANTILES, LATE):
                most = getattr(limit, name, None)
                if most is not None:
                    found[name] = min(float(most), found.get(name, math.inf))
    if not found:
        raise UserError(
            f"--budget: missing, and {loaded.charter_id} has no latency budget of the desk '{kind}'; "
            "expected at least one such as p99=50ms, p50=5ms or late=0.1%"
        )
    budgets = tuple(Budget(name, most) for name, most in found.items())
    return dataclasses.replace(sizing, budgets=budgets, charter=loaded.charter_id)


def _said_of(one: Service, sizing: Sizing) -> tuple[Budget, ...]:
    """The budgets that say something of a service: a charter's share of late answers is kept where nothing is late."""
    if sizing.charter and not may_be_late(one):
        return tuple(each for each in sizing.budgets if each.name != LATE) or sizing.budgets
    return sizing.budgets


def subjects(loaded: Loaded, kind: str, sizing: Sizing) -> dict[Service, tuple[str, ...]]:
    """The different services of a desk, each with whose it is, the command line's options laid over them.

    Raises UserError where there is none."""
    found: dict[Service, list[str]] = {}
    if sizing.profile:
        document = catalogue.find("ServiceProfile", sizing.profile).document
        profile = service_profile.decode(document)
        if profile.spec.desk != kind:
            raise UserError(
                f"--profile: {profile.metadata.name} was measured at the desk '{profile.spec.desk}', expected '{kind}'"
            )
        named = {profile.metadata.name: Service(measured(profile))}
    else:
        named = {
            name: service(by_desk[kind], loaded.scenario.go_live)
            for name, by_desk in loaded.services.items()
            if kind in by_desk
        }
    if not named:
        raise UserError(
            f"{loaded.scenario_id}: nobody at the desk '{kind}' has a service; "
            f"expected trial.service.{kind} in the scenario, or --profile"
        )
    for name, one in named.items():
        if sizing.workers:
            one = dataclasses.replace(one, workers=sizing.workers)
        if sizing.time_out < NEVER:
            one = dataclasses.replace(one, time_out=sizing.time_out)
        found.setdefault(one, []).append(name)
    return {one: tuple(names) for one, names in found.items()}


def _demands(loaded: Loaded, kind: str, window: Micros, jobs: int) -> list[Demand]:
    from joblib import Parallel, delayed

    at_once = min(jobs, len(loaded.seeds))
    if at_once <= 1:
        return [demand(loaded, kind, seed, window) for seed in loaded.seeds]
    calls = (delayed(demand)(loaded, kind, seed, window) for seed in loaded.seeds)
    with quiet_tracker():
        return list(Parallel(n_jobs=at_once, backend="loky", batch_size=1)(calls))


# --- words ----------------------------------------------------------------------------------------------------------


def told(
    loaded: Loaded, kind: str, demands: Sequence[Demand], found: Sequence[Capacity], sizing: Sizing
) -> list[str]:
    """The outcome, as lines of Markdown."""
    rates = sorted(one.per_second() for one in demands)
    days = ", ".join(str(one.day) for one in demands[:8]) + (", …" if len(demands) > 8 else "")
    stretch = f"the busiest {format_duration(sizing.window)} of the busiest day (after goLive: {days})"
    rate = f"{rates[0]:.4g} to {rates[-1]:.4g} calls a second on {len(demands)} seeds"
    lines = [
        f"# {loaded.scenario_id}: capacity at the desk '{kind}'",
        "",
        f"Load 1 is {stretch}: {rate}.",
    ]
    if sizing.charter:
        lines += ["", f"Budgets are those of the charter {sizing.charter}."]
    rows = max(one.rows for one in demands)
    for one in found:
        lines += ["", f"## {', '.join(one.names)}: {_service_words(one.service, rows)}", ""]
        tent = f"workers at {sizing.tentpole:g} times"
        kept = [(name, _times(middle), _interval(middle)) for name, middle in one.by_budget.items()]
        kept.append(("all", _times(one.together), _interval(one.together)))
        lines += outcomes.table(("budget", "kept up to load", "interval"), kept)
        lines += ["", f"{tent}, all budgets: {_needed(one)}.", ""]
        lines += outcomes.table(("workers", "kept up to load", "interval", "one more buys"), _by_workers(one))
        lines += ["", *outcomes.table(("load", "calls/s", "busy", "p50", "p99", "late"), _curve(one))]
    confidence = min(one.together.confidence for one in found)
    lines += [
        "",
        f"Medians over seeds; interval: order statistics, {confidence:.1%} confidence. A break is found to 2 %.",
        "Who gets no answer has waited forever. Response times from the intended arrival.",
        "Little's law, L against lambda W at load 1: "
        + "; ".join(f"{present:.6g} = {through:.6g}" for one in found for present, through in one.little[:1])
        + (" on the first seed." if len(demands) > 1 else "."),
    ]
    return lines


def _service_words(one: Service, rows: int) -> str:
    words = [
        f"{one.workers} workers" if one.workers > 1 else "1 worker",
        f"p50 {_span(one.times.quantile(0.5, rows))}",
    ]
    words.append(f"p99 {_span(one.times.quantile(0.99, rows))}" + (f" of {rows} rows" if rows > 1 else ""))
    if one.most > 1:
        words.append(f"batches of up to {one.most} within {format_duration(one.window)}")
    if one.limit >= 0:
        words.append(f"at most {one.limit} wait")
    if one.time_out < NEVER:
        words.append(f"time-out {format_duration(one.time_out)}")
    if one.dependencies:
        words.append("leans on " + ", ".join(each.name for each in one.dependencies))
    return ", ".join(words)


def _span(us: float) -> str:
    return "no answer" if us >= NEVER else f"{us / 1000:.3g} ms"


def _times(one: Middle) -> str:
    if math.isinf(one.value):
        return "more than was looked at" if one.value > 0 else "never"
    return f"{one.value:.3g}"


def _interval(one: Middle) -> str:
    low = "never" if math.isinf(one.low) else f"{one.low:.3g}"
    return f"{low} to {'beyond' if math.isinf(one.high) else f'{one.high:.3g}'}"


def _needed(one: Capacity) -> str:
    counts = sorted(math.inf if c is None else c for c in one.needed.values())
    median, most = counts[(len(counts) - 1) // 2], counts[-1]

    def said(count: float) -> str:
        return "more than 4096" if math.isinf(count) else f"{count:.0f}"

    return said(median) if median == most else f"{said(median)}, {said(most)} on the worst seed"


def _by_workers(one: Capacity) -> list[tuple[str, str, str, str]]:
    rows = []
    items = list(one.by_workers.items())
    for i, (workers, middle) in enumerate(items[:-1]):
        after = items[i + 1][1].value
        gain = f"+{after - middle.value:.3g}" if math.isfinite(after) and math.isfinite(middle.value) else "–"
        own = f"{workers} (as asked)" if workers == one.service.workers else f"{workers}"
        rows.append((own, _times(middle), _interval(middle), gain))
    return rows


def _curve(one: Capacity) -> list[tuple[str, ...]]:
    return [
        (
            f"{point.multiple:.3g}",
            f"{point.per_second:.4g}",
            f"{point.busy:.0%}",
            _span(point.p50[0]),
            _span(point.p99[0]),
            f"{point.late[0]:.3%}",
        )
        for point in one.curve
    ]


# --- capacity.json --------------------------------------------------------------------------------------------------


def _demand_card(one: Demand) -> dict[str, Any]:
    return {
        "seed": one.seed,
        "day": one.day,
        "askedThatDay": one.asked,
        "from": one.start,
        "to": one.end,
        "own": len(one.ids),
        "callsPerSecond": one.per_second(),
        "rows": one.rows,
    }


def _card(one: Capacity) -> dict[str, Any]:
    return {
        "candidates": list(one.names),
        "workers": one.service.workers,
        "budgets": {name: _middle_card(middle) for name, middle in one.by_budget.items()},
        "together": _middle_card(one.together),
        "workersAtTentpole": {str(seed): count for seed, count in one.needed.items()},
        "byWorkers": {str(workers): _middle_card(middle) for workers, middle in one.by_workers.items()},
        "curve": [_point_card(point) for point in one.curve],
        "littlesLaw": [{"present": present, "through": through} for present, through in one.little],
    }


def _middle_card(one: Middle) -> dict[str, Any]:
    """Null above: not broken at the largest load that is looked at; 0: broken at the least."""

    def plain(value: float) -> float | None:
        return None if value == math.inf else max(value, 0.0)

    return {
        "load": plain(one.value),
        "low": plain(one.low),
        "high": plain(one.high),
        "confidence": one.confidence,
        "seeds": one.seeds,
    }


def _point_card(one: Point) -> dict[str, Any]:
    def told_of(values: Sequence[int]) -> list[int | None]:
        return [None if value >= NEVER else value for value in values]

    return {
        "load": one.multiple,
        "callsPerSecond": one.per_second,
        "busy": one.busy,
        "p50Us": told_of(one.p50),
        "p99Us": told_of(one.p99),
        "late": list(one.late),
    }
