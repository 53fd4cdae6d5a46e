"""A run: a scenario's candidates on its seeds, replayed, counted, judged, and kept in one folder.

Knows: documents, folders, what makes a run this run. Does not know: how a replay is done, how a verdict is reached.
A run is finished when it is judged, and not before: until then the same command goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness import (
    adversaries,
    answers,
    cases,
    keeping,
    league,
    measure,
    own_code,
    readings,
    registry,
    results,
    seals,
)
from harness.assembly import estimators, load_metrics
from harness.jobs import INCUMBENT, Job, replay_all
from harness.trial import Loaded
from sim.core.errors import Interrupted, UserError

FAILURE = "failure.txt"
"""Where the traceback of a failed run is kept."""


@dataclass(frozen=True)
class Order:
    """What is asked of a run."""

    loaded: Loaded
    root: Path
    jobs: int = 1
    quiet: bool = False
    force: bool = False
    command: str = ""

    @cached_property
    def own_code(self) -> dict[str, str]:
        """What stands behind each `module:Name` of the trial: digest or version by package."""
        return results.own_code_digests(own_code.uses(self.loaded))

    @cached_property
    def identity(self) -> str:
        """Digest of everything that changes what happens: scenario, operating charter, seeds, code, inputs."""
        asked = {
            "scenario": self.loaded.run_digest(),
            "operating": self.loaded.charter.operating_digest(),
            "seeds": list(self.loaded.seeds),
            "looks": list(self.loaded.looks),
            "code": results.code_digest(),
            "ownCode": self.own_code,
            "packages": results.packages(),
        }
        return self.digest_of(asked)

    @staticmethod
    def digest_of(asked: Mapping[str, Any]) -> str:
        """The identity that follows from all that changes what happens."""
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """`<root>/<scenario id>/<first 12 of the identity>`."""
        return self.root / self.loaded.scenario_id / self.identity[:12]


def execute(order: Order, judge: Callable[[Path, Loaded, int], str | None]) -> Path:
    """Run what is asked and answer the run's folder.

    `judge(folder, loaded, look)` is called after each look with the counts on disk; it writes the verdict, and
    answers "more" when a group-sequential plan wants further seeds. Raises Interrupted on Ctrl-C, keeping what is done,
    and UserError where the folder cannot be written, is in use, or is no longer what its run wrote.
    """
    folder = order.folder
    with results.claimed(folder):
        if order.force:
            _empty(folder)
        try:
            if _is_finished(folder):
                keeping.keep(folder, order.loaded)
                judge(folder, order.loaded, -1)
                shutil.rmtree(folder / "parts", ignore_errors=True)
                seals.seal(folder, (*seals.JUDGED, *keeping.DOCUMENTS))
            else:
                _replay_and_judge(order, folder, judge)
        except KeyboardInterrupt:
            if not _is_finished(folder):
                _say_status(folder, "interrupted")
            raise Interrupted(
                f"interrupted; finished replays are kept, the same command goes on: {folder}"
            ) from None
    return folder


def is_begun(order: Order) -> bool:
    """Whether there is a run of this very identity, finished or not."""
    return (order.folder / "manifest.json").is_file()


def _is_finished(folder: Path) -> bool:
    if not (folder / "manifest.json").is_file():
        return False
    if results.read_json(folder / "manifest.json").get("status") != "finished":
        return False
    results.read_finished(folder)
    return True


def _replay_and_judge(order: Order, folder: Path, judge: Callable[[Path, Loaded, int], str | None]) -> None:
    started = time.time()
    manifest = _manifest(order, started)
    results.write_json(folder / "manifest.json", manifest)
    keeping.keep(folder, order.loaded)
    looks = order.loaded.looks
    try:
        for look, size in enumerate(looks):
            seeds = order.loaded.seeds[:size]
            jobs = [Job(c, s) for s in seeds for c in (INCUMBENT, *order.loaded.candidates)]
            replay_all(order.loaded, jobs, folder, order.jobs, order.quiet)
            _gather(order, folder, seeds)
            manifest["seeds"] = list(seeds)
            manifest["look"] = {"number": look + 1, "of": len(looks)}
            _sum_up(order, folder, manifest, started)
            if judge(folder, order.loaded, look) != "more":
                break
    except Exception as error:
        with suppress(OSError):
            results.write_text(folder / FAILURE, traceback.format_exc())
            _say_status(folder, "failed")
        if isinstance(error, UserError):
            raise UserError(f"{error} (traceback: {folder / FAILURE})") from error
        raise
    seals.seal(folder)
    # Only now: whoever is killed before has not finished, and the same command goes on.
    _say_status(folder, "finished")
    (folder / FAILURE).unlink(missing_ok=True)
    shutil.rmtree(folder / "parts", ignore_errors=True)


def _say_status(folder: Path, status: str) -> None:
    place = folder / "manifest.json"
    if place.is_file():
        results.write_json(place, results.read_json(place) | {"status": status})


def _empty(folder: Path) -> None:
    """Remove what a folder holds, and keep the folder: it is held against others."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _manifest(order: Order, started: float) -> dict[str, Any]:
    loaded = order.loaded
    return {
        "schemaVersion": results.SCHEMA_VERSION,
        "run": order.folder.name,
        "status": "running",
        "identity": order.identity,
        "scenario": loaded.scenario_card(),
        "charter": loaded.charter_card(),
        "asked": {"sets": list(loaded.sets), "seeds": list(loaded.seeds)},
        "documents": keeping.references(loaded),
        "seeds": list(loaded.seeds),
        "candidates": list(loaded.candidates),
        "responses": {
            plan.name: {"use": plan.playbook.use, "pace": plan.playbook.pace}
            for plan in loaded.trial.candidates
            if plan.playbook is not None
        },
        "incumbent": INCUMBENT,
        "code": results.code() | {"own": order.own_code},
        "packages": results.packages(),
        "machine": results.machine(),
        "command": order.command,
        "startedAt": round(started, 3),
    }


def _gather(order: Order, folder: Path, seeds: Sequence[int]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    jobs = [Job(c, s) for c in (INCUMBENT, *order.loaded.candidates) for s in seeds]
    tables = [pq.read_table(folder / "parts" / job.name / "counts.parquet") for job in jobs]
    pq.write_table(pa.concat_tables(tables), folder / "counts.parquet", compression="zstd")
    said = [pq.read_table(folder / "parts" / job.name / readings.FILE) for job in jobs]
    pq.write_table(pa.concat_tables(said), folder / readings.FILE, compression="zstd")
    facts = {job: results.read_json(folder / "parts" / job.name / "facts.json") for job in jobs}
    _write_timeline(folder / "timeline.parquet", facts)
    first = facts[jobs[0]]
    results.write_json(
        folder / "facts.json",
        {
            "world": first["world"] | {k: first[k] for k in ("closed", "start", "go_live", "horizon", "end")},
            "unmeasured": {
                name: why
                for name, why in first["unmeasured"].items()
                if all(name in fact["unmeasured"] for fact in facts.values())
            },
            "slices": first["slices"],
            "lawful": first["lawful"],
            "rows": {job.name: fact["rows"] for job, fact in facts.items()},
            "asked": {job.name: fact["asked"] for job, fact in facts.items()},
            "open": {job.name: fact["open"] for job, fact in facts.items()},
            "monitored": facts[jobs[-1]]["monitored"],
            **_clustered(facts),
            **_services(facts),
        },
    )
    standings = league.record(folder, order.loaded.candidates, _prized(order))
    if standings is not None:
        results.write_text(folder / league.FILE, measure.canonical(standings))
    told = {(job.candidate, job.seed): fact["ground_truth"] for job, fact in facts.items()}
    found = adversaries.record(told, INCUMBENT, first["go_live"], first["horizon"])
    if found is not None:
        results.write_text(folder / results.ADVERSARIES, measure.canonical(found))
    results.write_json(folder / registry.FILE, keeping.models(folder / "parts", jobs))
    for job in jobs:
        model = folder / "parts" / job.name / "model"
        if model.is_dir():
            registry.gather(model, folder, job.name)


def _clustered(facts: Mapping[Job, Mapping[str, Any]]) -> dict[str, Any]:
    found = {job.name: fact["clustered"] for job, fact in facts.items() if "clustered" in fact}
    return {"clustered": found} if found else {}


def _services(facts: Mapping[Job, Mapping[str, Any]]) -> dict[str, Any]:
    found = answers.record({(job.candidate, job.seed): fact for job, fact in facts.items()})
    return {"services": found} if found else {}


def _prized(order: Order) -> dict[str, Any]:
    """The metric of the first critical clause: what a late alarm costs is told in it, in money where it is an amount of
    money itself or the clause has a price."""
    clause = next((c for c in order.loaded.charter.spec.clauses if c.critical), None)
    if clause is None:
        return {}
    spec = load_metrics(order.loaded)[clause.metric].spec
    told: dict[str, Any] = {
        "name": clause.metric,
        "form": spec.form,
        "better": spec.better,
        "unit": spec.unit,
    }
    if clause.price is not None:
        return told | {"money": clause.price.currency, "price": clause.price.per_unit}
    return told | ({"money": spec.money} if spec.money else {})


_EVENT = ("candidate", "seed", "t", "day", "kind", "name", "end_day", "value", "detail")


def _write_timeline(path: Path, facts: Mapping[Job, Mapping[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    day = 86_400_000_000
    rows: list[tuple[Any, ...]] = []
    world_told = False
    for job, fact in facts.items():
        live = fact["go_live"]
        for event in fact["ground_truth"]:
            of_world = event["kind"] not in ("campaign", *adversaries.KINDS)
            if of_world and world_told:
                continue
            who = ("", -1) if of_world else (job.candidate, job.seed)
            start, end = (event["onset"] - live) / day, (min(event["end"], fact["end"]) - live) / day
            detail = json.dumps({"entities": event["entities"]}, sort_keys=True)
            rows.append(
                (*who, event["onset"], start, event["kind"], event["name"], end, event["magnitude"], detail)
            )
        world_told = True
        for fit in fact["fits"]:
            at = (fit["as_of"] - live) / day
            detail = json.dumps({k: v for k, v in fit.items() if k != "as_of"}, sort_keys=True)
            rows.append(
                (job.candidate, job.seed, fit["as_of"], at, "fit", "fit", at, float(fit["rows"]), detail)
            )
        for t, desk, signal, subject, level in fact["alarms"]:
            detail = json.dumps({"desk": desk, "signal": signal, "subject": subject}, sort_keys=True)
            at = (t - live) / day
            rows.append((job.candidate, job.seed, t, at, "alarm", f"{signal} {subject}", at, level, detail))
        for t, kind, name, end, value, told in cases.rows(fact["cases"]):
            days = ((t - live) / day, (end - live) / day)
            detail = json.dumps(told, sort_keys=True)
            rows.append((job.candidate, job.seed, t, days[0], kind, name, days[1], value, detail))
    kinds = (
        pa.string(),
        pa.int64(),
        pa.int64(),
        pa.float64(),
        pa.string(),
        pa.string(),
        pa.float64(),
        pa.float64(),
        pa.string(),
    )
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_EVENT)
    table = pa.table({n: pa.array(list(c), k) for n, c, k in zip(_EVENT, columns, kinds, strict=True)})
    pq.write_table(table, path, compression="zstd")


def _sum_up(order: Order, folder: Path, manifest: dict[str, Any], started: float) -> None:
    facts = results.read_json(folder / "facts.json")
    timings = {
        p.parent.relative_to(folder / "parts").as_posix(): results.read_json(p)
        for p in (folder / "parts").rglob("done.json")
    }
    spent = sum(t["seconds"] - t["fitSeconds"] for t in timings.values())
    rows = sum(facts["rows"].values())
    seen_by = estimators(order.loaded)
    manifest |= {
        "world": {"use": order.loaded.scenario.spec.world.use} | facts["world"],
        "seconds": round(time.time() - started, 1),
        "fitSeconds": round(sum(t["fitSeconds"] for t in timings.values()), 1),
        **({"scoring": told} if (told := _scoring(timings)) else {}),
        "rowsScored": rows,
        "rowsPerSecond": round(rows / spent) if spent > 0 else None,
        "metrics": {
            name: {"doc": m.spec.doc, "unit": m.spec.unit, "better": m.spec.better, "form": m.spec.form}
            | ({"observedBy": seen_by[name]} if name in seen_by else {})
            for name, m in sorted(load_metrics(order.loaded).items())
        },
        "artifacts": {
            name: results.content_digest(folder / name)
            for name in ("counts.parquet", "facts.json", readings.FILE, league.FILE, results.ADVERSARIES)
            if (folder / name).is_file()
        },
    }
    results.write_json(folder / "manifest.json", manifest)


def _scoring(timings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """What scoring by a function or program of the user's took, by candidate: rows, calls, seconds."""
    found: dict[str, dict[str, float]] = {}
    for part, timing in sorted(timings.items()):
        if "scoring" in timing:
            own = found.setdefault(part.partition("/")[0], dict.fromkeys(timing["scoring"], 0))
            for key, value in timing["scoring"].items():
                own[key] += value
    return {
        name: own
        | {"secondsPerMillionRows": round(own["seconds"] / own["rows"] * 1e6, 3) if own["rows"] else 0.0}
        for name, own in found.items()
    }


def costs(folder: Path) -> list[str]:
    """A line for each candidate of a run that somebody else's code scored: what a million rows cost."""
    told = results.read_json(folder / "manifest.json").get("scoring") or {}
    return [
        f"{name}: its own code scored {own['rows']:,} rows in {own['calls']:,} calls, "
        f"{own['secondsPerMillionRows']:.3g} s a million rows"
        for name, own in sorted(told.items())
    ]
