"""`windtunnel diff`: what changed between two runs, and which of the changes made the difference.

Knows: run folders, parts of runs, the shelf, Shapley's rule. Does not know: how a difference is shown.

Parts that differ are swapped: runs are put together with some parts of the first and the others of the second, on the
seeds that both have, and each part gets its mean effect over all orders of swapping (Shapley; one at a time where
there are more than MOST_PARTS). The two ends are taken from the runs themselves where the code is still theirs. What is
left between the recorded difference and the repeated one is what cannot be swapped: Windtunnel's own code, packages,
machine. A charter's judged part changes no decision: it is swapped over the first run's counts.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

from harness import (
    attribution,
    flips,
    keeping,
    mixing,
    registry,
    results,
    tallies,
    terms,
    trial_rules,
    verdict,
)
from harness.explaining import whole
from harness.flips import Side
from harness.jobs import INCUMBENT
from harness.kinds import MetricSpec
from harness.mixing import Subset
from harness.shelf import Asked, Shelf
from harness.tallies import ALL, TRUE
from harness.terms import ClauseTerms
from harness.trial import Loaded
from sim.core import plugins
from sim.core.errors import UserError, closest
from sim.core.world import Slice

MOST_PARTS = 5
MOST_CHANGES = 40
REMAINDER, CHARTER, NOTHING = "not swapped", "charter", "nothing"
NO_SWAP = "Windtunnel's code, packages or machine"
_TINY = 1e-12


@dataclass(frozen=True)
class Run:
    """One of the two."""

    folder: Path
    manifest: Mapping[str, Any]
    loaded: Loaded
    candidate: str

    @property
    def root(self) -> Path:
        """Where its runs are kept."""
        return self.folder.resolve().parents[len(Path(self.loaded.scenario_id).parts)]


def opened(folder: Path, candidate: str) -> Run:
    """A finished run, its documents read. Raises UserError."""
    folder = keeping.home(folder)
    manifest = results.read_finished(folder)
    whole(folder)
    names = manifest["candidates"]
    name = candidate or names[0]
    if name not in names:
        raise UserError(f"--candidate: no candidate '{name}' in run {manifest['run']}{closest(name, names)}")
    return Run(folder, manifest, keeping.load(folder), name)


def diff(
    one: Run, other: Run, jobs: int, quiet: bool, talk: Callable[[str], None], most_seeds: int = 0
) -> dict[str, Any]:
    """Everything that differs, as plain values. most_seeds: swap on so many of the common seeds; 0 for all.

    Raises UserError for runs of different worlds, or without a seed in common."""
    uses = [each.loaded.scenario.spec.world.use for each in (one, other)]
    if uses[0] != uses[1] or type(one.loaded.trial) is not type(other.loaded.trial):
        raise UserError(
            f"runs {one.manifest['run']} and {other.manifest['run']} are of different worlds ({uses[0]}, {uses[1]}) "
            "or desks: nothing in them can be swapped"
        )
    seeds = tuple(seed for seed in one.manifest["seeds"] if seed in other.manifest["seeds"])
    if not seeds:
        raise UserError(f"runs {one.manifest['run']} and {other.manifest['run']} have no seed in common")
    cards = [mixing.card(each.loaded, each.candidate) for each in (one, other)]
    parts = mixing.differing(cards[0], cards[1])
    world = plugins.load("world", uses[0])
    actions = {name: [a.name for a in kind.actions] for name, kind in trial_rules.kinds_of(world).items()}
    told = {
        "runs": [_about(one), _about(other)],
        "seeds": list(seeds),
        "parts": list(parts),
        "changes": [change for part in parts for change in _changes(part, cards, one, other)],
        "madeBy": _made_by(one.manifest, other.manifest),
        "models": _models(one, other, seeds),
        "flips": flips.flips(
            Side(one.folder, one.candidate), Side(other.folder, other.candidate), seeds, actions,
            flips.slices_of(one.folder), one.loaded.scenario.go_live,
        ),
    }  # fmt: skip
    swap = seeds[:most_seeds] if most_seeds else seeds
    told["metrics"] = _metrics(one, other, parts, swap, jobs, quiet, talk)
    told["rulings"] = _rulings(one, other)
    return told | {"cause": _cause(told, parts)}


def _about(run: Run) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "run": manifest["run"], "scenario": manifest["scenario"]["id"], "candidate": run.candidate,
        "charter": f"{manifest['charter']['name']} {manifest['charter']['version']}",
        "seeds": manifest["seeds"], "code": manifest["code"]["digest"], "commit": manifest["code"].get("commit"),
        "verdict": results.read_said(run.folder / "verdict.json", results.RULED)["verdict"],
    }  # fmt: skip


# --- what is different ----------------------------------------------------------------------------------------------


def _changes(part: str, cards: Sequence[Mapping[str, Any]], one: Run, other: Run) -> list[dict[str, Any]]:
    if part == "code":
        return _code_changes(one.folder / keeping.CODE, other.folder / keeping.CODE)
    if part == "charter":
        plain = [each.loaded.charter.model_dump(mode="json", by_alias=True)["spec"] for each in (one, other)]
        return [_change("charter", *found) for found in mixing.paths(plain[0], plain[1])][:MOST_CHANGES]
    found = mixing.paths(cards[0][part], cards[1][part])
    return [_change(part, *each) for each in found][:MOST_CHANGES]


def _change(part: str, key: str, one: Any, other: Any) -> dict[str, Any]:
    return {"part": part, "key": key, "one": one, "other": other}


def _code_changes(one: Path, other: Path) -> list[dict[str, Any]]:
    """Files of own code that differ, with lines taken out and put in."""
    names = sorted({p.relative_to(home).as_posix() for home in (one, other) for p in home.rglob("*.py")})
    found = []
    for name in names:
        before, after = _lines(one / name), _lines(other / name)
        told = difflib.unified_diff(before, after, lineterm="", n=0)
        lines = [line for line in told if line[:1] in "+-"][2:]
        if lines:
            out, new = ([line[1:].strip() for line in lines if line[0] == sign] for sign in "-+")
            found.append(_change("code", name, " / ".join(out[:3]), " / ".join(new[:3])))
    return found


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.is_file() else []


def _made_by(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[dict[str, Any]]:
    pairs = [("code", one["code"]["digest"], other["code"]["digest"])]
    pairs += [(f"package {n}", a, b) for n, a, b in mixing.paths(one["packages"], other["packages"])]
    machines = [{k: v for k, v in each["machine"].items() if k != "cores"} for each in (one, other)]
    pairs += [(f"machine {n}", a, b) for n, a, b in mixing.paths(machines[0], machines[1])]
    return [{"what": what, "one": a, "other": b} for what, a, b in pairs if a != b]


def _models(one: Run, other: Run, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Versions of both runs' models side by side, seed by seed and desk by desk."""
    sides = [_registry(each) for each in (one, other)]
    found = []
    for key in sorted({*sides[0], *sides[1]}):
        if key[0] not in seeds:
            continue
        a, b = (side.get(key, []) for side in sides)
        pairs = list(zip(a, b, strict=False))
        same = sum(x["artifact"] is not None and x["artifact"] == y["artifact"] for x, y in pairs)
        policies = [
            {"version": x["version"], "key": k, "one": u, "other": v}
            for x, y in pairs[-1:] for k, u, v in mixing.paths(x["policy"], y["policy"])
        ]  # fmt: skip
        found.append({"seed": key[0], "desk": key[1], "versions": [len(a), len(b)], "sameFiles": same,
                      "lastThresholds": policies})  # fmt: skip
    return found


def _registry(run: Run) -> dict[tuple[int, str], list[dict[str, Any]]]:
    models = registry.read(run.folder)
    return {(m["seed"], m["desk"]): m["versions"] for m in models if m["candidate"] == run.candidate}


# --- which of it made the difference --------------------------------------------------------------------------------


def _metrics(
    one: Run,
    other: Run,
    parts: Sequence[str],
    seeds: Sequence[int],
    jobs: int,
    quiet: bool,
    talk: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Each metric that either charter judges: both runs' values as recorded, and each part's share of the change."""
    clauses = {c.metric for each in (one, other) for c in each.loaded.charter.spec.every_clause}
    specs = _specs(clauses)
    recorded = [_recorded(each, specs, seeds) for each in (one, other)]
    values = _swapped(one, other, parts, seeds, specs, jobs, quiet, talk) if parts else {}
    found = []
    for metric in sorted(clauses):
        before, after = (
            _mean(side, name, metric)
            for side, name in zip(recorded, (one.candidate, other.candidate), strict=True)
        )
        row: dict[str, Any] = {"metric": metric, "unit": specs[metric].unit, "one": before, "other": after}
        row["change"] = None if before is None or after is None else after - before
        row["parts"] = _parts(parts, {on: each.get(metric) for on, each in values.items()})
        explained = sum(row["parts"].values()) if row["parts"] else 0.0
        row[REMAINDER] = None if row["change"] is None else _clean(row["change"] - explained, before, after)
        found.append(row)
    return found


def _clean(rest: float, *values: float | None) -> float:
    scale = max((abs(v) for v in values if v is not None), default=0.0)
    return 0.0 if abs(rest) <= 1e-9 * max(scale, _TINY) else rest


def _specs(metrics: set[str]) -> dict[str, MetricSpec]:
    names = {*plugins.names("metric"), *metrics}
    return {name: plugins.load("metric", name).spec for name in sorted(names)}


def _recorded(run: Run, specs: Mapping[str, MetricSpec], seeds: Sequence[int]) -> tallies.Tallies:
    import pandas as pd

    counts = pd.read_parquet(run.folder / "counts.parquet")
    return tallies.tallies(counts[counts["seed"].isin(seeds)], specs, seeds, _days(run.loaded))


def _days(loaded: Loaded) -> int:
    from sim.core.time import DAY

    return int((loaded.scenario.horizon - loaded.scenario.go_live) // DAY)


def _mean(counts: tallies.Tallies, candidate: str, metric: str) -> float | None:
    """The mean over the seeds of a metric's value over the whole horizon; None where a seed has none."""
    found = counts.estimate((candidate, metric, ALL, TRUE), counts.total)
    values = [float(value) for value in found.per_seed or ()]
    return fmean(values) if values and all(math.isfinite(value) for value in values) else None


def _swapped(
    one: Run, other: Run, parts: Sequence[str], seeds: Sequence[int], specs: Mapping[str, MetricSpec], jobs: int,
    quiet: bool, talk: Callable[[str], None],
) -> dict[Subset, dict[str, float | None]]:  # fmt: skip
    """The metrics of runs put together from both, by the parts that are of the second."""
    sizes = range(len(parts) + 1) if len(parts) <= MOST_PARTS else (0, 1, len(parts))
    subsets = [frozenset(chosen) for size in sizes for chosen in combinations(parts, size)]
    names = (one.candidate, other.candidate)
    loads = {"+".join(sorted(on)): _mix(one, other, names, on, parts) for on in subsets}
    shelf = Shelf(one.loaded, one.root, jobs, quiet, trials=loads)
    asked: dict[Subset, list[Asked]] = {}
    for on in subsets:
        key = "+".join(sorted(on))
        name = names[1] if len(on) == len(parts) else names[0]
        asked[on] = [Asked(name, seed, trial=key) for seed in seeds]
    compared = any(specs[m].form in tallies.COMPARED for m in specs)
    every = [each for group in asked.values() for each in group]
    talk(f"swapping {', '.join(parts)}: {len(subsets)} mixes on {len(seeds)} seeds")
    shelf.fetch([*every, *(each.incumbent() for each in every if compared)])
    talk(f"{shelf.replayed} replays done, {shelf.reused} were there")
    found: dict[Subset, dict[str, float | None]] = {}
    for on, group in asked.items():
        rows = shelf.counts([*group, *(each.incumbent() for each in group if compared)])
        told = tallies.tallies(rows, specs, seeds, _days(loads["+".join(sorted(on))]))
        found[on] = {metric: _mean(told, group[0].candidate, metric) for metric in specs}
    return found


def _mix(one: Run, other: Run, names: tuple[str, str], on: Subset, parts: Sequence[str]) -> Loaded:
    """The ends are the runs as they were: what they replayed is taken from them."""
    if not on:
        return one.loaded
    return other.loaded if len(on) == len(parts) else mixing.mixed(one.loaded, other.loaded, names, on)


def _parts(parts: Sequence[str], values: Mapping[Subset, float | None]) -> dict[str, float]:
    if not parts or any(value is None for value in values.values()):
        return {}
    exact = {on: Fraction(value) for on, value in values.items() if value is not None}
    if len(parts) <= MOST_PARTS:
        return {part: float(attribution.shapley(part, parts, exact)) for part in parts}
    return {part: float(exact[frozenset({part})] - exact[frozenset()]) for part in parts}


# --- rulings --------------------------------------------------------------------------------------------------------


def _rulings(one: Run, other: Run) -> list[dict[str, Any]]:
    """Each clause of the whole as ruled in both runs, and as the second charter rules on the first run's counts."""
    written = [_written(each) for each in (one, other)]
    crossed = _crossed(one, other)
    names = list(dict.fromkeys([*written[0], *written[1]]))
    return [
        {"clause": name, "one": written[0].get(name), "oneByOthersCharter": crossed.get(name),
         "other": written[1].get(name)}
        for name in names
    ]  # fmt: skip


def _written(run: Run) -> dict[str, dict[str, Any]]:
    found = results.read_json(run.folder / "verdict.json")
    (mine,) = [c for c in found["candidates"] if c["name"] == run.candidate]
    keys = ("ruling", "value", "threshold", "op", "rung")
    return {c["name"]: {key: c[key] for key in keys} for c in mine["clauses"] if c["slice"] == ALL}


def _crossed(one: Run, other: Run) -> dict[str, dict[str, Any]]:
    specs = _specs({c.metric for c in other.loaded.charter.spec.every_clause})
    counts = _recorded(one, specs, one.manifest["seeds"])
    facts = results.read_json(one.folder / "facts.json")
    lawful = facts.get("lawful", {})
    slices = {
        n: Slice(n, "", tuple(labels), tuple(lawful.get(n, ()))) for n, labels in facts["slices"].items()
    }
    clauses: tuple[ClauseTerms, ...] = terms.terms(other.loaded.charter, slices, specs)
    alpha = 1.0 - other.loaded.charter.spec.confidence
    ruled = verdict.judge(counts, clauses, [one.candidate], alpha=alpha, unmeasured=facts["unmeasured"])
    (mine,) = ruled.candidates
    return {
        c.terms.name: {"ruling": c.ruling, "value": c.estimate.value, "rung": c.rung}
        for c in mine.clauses
        if c.terms.slice == ALL
    }


# --- the cause ------------------------------------------------------------------------------------------------------


def _cause(told: Mapping[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    """Shares of the change by part, over the metrics that changed; the largest is the cause."""
    shares = dict.fromkeys((*parts, REMAINDER), 0.0)
    for row in told["metrics"]:
        rest = row[REMAINDER] or 0.0
        effects = {**row["parts"], REMAINDER: rest}
        whole_ = sum(abs(value) for value in effects.values())
        if row["change"] is None or whole_ <= _TINY:
            continue
        for name, value in effects.items():
            shares[name] += abs(value) / whole_
    total = sum(shares.values())
    shares = {name: value / total for name, value in shares.items()} if total > 0 else {}
    rulings = [
        row
        for row in told["rulings"]
        if (row["one"] or {}).get("ruling") != (row["other"] or {}).get("ruling")
    ]
    by_charter = [
        row["clause"] for row in rulings
        if row["one"] is None or row["other"] is None
        or (row["oneByOthersCharter"] or {}).get("ruling") not in (None, row["one"]["ruling"])
    ]  # fmt: skip
    judged = [row for row in told["rulings"] if _threshold(row["one"]) != _threshold(row["other"])]
    if shares:
        name = max(shares, key=lambda each: shares[each])
        cause = NO_SWAP if name == REMAINDER else name
    elif by_charter or judged:
        cause = CHARTER
    elif parts:
        cause = parts[0] if len(parts) == 1 else NOTHING
    else:
        cause = NOTHING
    return {"cause": cause, "shares": shares, "rulingsByCharter": by_charter,
            "judgedDifferently": [row["clause"] for row in judged]}  # fmt: skip


def _threshold(clause: Mapping[str, Any] | None) -> Any:
    return None if clause is None else (clause.get("op"), clause.get("threshold"))


__all__ = ["INCUMBENT", "Run", "diff", "opened"]
