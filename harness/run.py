"""A run: a scenario's candidates on its seeds, replayed, counted, judged, and kept in one folder.

Knows: documents, worlds by the keyhole, desks, processes, folders. Does not know: how a verdict is reached or shown.
Each (candidate, seed) is one job in its own process and folder, and marks itself done last; what is done is never done
again while the run's identity stays the same, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import results
from harness.assembly import build_replay, load_metrics
from harness.kinds import Candidate, Scorer, TrainingSet
from harness.progress import Watch, reporter
from harness.replay import replay
from harness.trial import Loaded
from sim.core.errors import Interrupted

INCUMBENT = "incumbent"


@dataclass(frozen=True)
class Job:
    """One replay: a candidate's name (or the incumbent's) on one seed."""

    candidate: str
    seed: int

    @property
    def name(self) -> str:
        """Its folder below `parts/`."""
        return f"{self.candidate}/seed-{self.seed}"


@dataclass(frozen=True)
class Order:
    """What is asked of a run."""

    loaded: Loaded
    root: Path
    jobs: int = 1
    quiet: bool = False
    force: bool = False
    command: str = ""

    @property
    def identity(self) -> str:
        """Digest of everything that changes what happens: scenario, operating charter, seeds, code, inputs."""
        asked = {
            "scenario": self.loaded.run_digest(),
            "operating": self.loaded.charter.operating_digest(),
            "seeds": list(self.loaded.seeds),
            "code": results.code_digest(),
            "packages": results.packages(),
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """`<root>/<scenario id>/<first 12 of the identity>`."""
        return self.root / self.loaded.scenario_id / self.identity[:12]


class _Timed:
    """A candidate whose fits are timed apart from the replay. Timings reach the manifest and nothing else."""

    def __init__(self, inner: Candidate, spent: list[float]) -> None:
        self.inner, self.spent = inner, spent

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit as the candidate does."""
        began = time.perf_counter()
        scorer = self.inner.fit(past, seed)
        self.spent.append(time.perf_counter() - began)
        return scorer


def execute(order: Order, judge: Callable[[Path, Loaded, int], str | None]) -> Path:
    """Run what is asked and answer the run's folder.

    `judge(folder, loaded, look)` is called after each look with the counts on disk; it writes verdict and report, and
    answers "more" when a group-sequential plan wants further seeds. Raises Interrupted on Ctrl-C, keeping what is done.
    """
    folder = order.folder
    if order.force and folder.exists():
        shutil.rmtree(folder)
    started = time.time()
    manifest = _manifest(order, started)
    done = folder / "manifest.json"
    if done.exists() and results.read_json(done).get("status") == "finished":
        judge(folder, order.loaded, -1)
        return folder
    results.write_json(done, manifest)
    looks = order.loaded.looks
    try:
        for look, size in enumerate(looks):
            seeds = order.loaded.seeds[:size]
            _replay_all(
                order, folder, [Job(c, s) for s in seeds for c in (INCUMBENT, *order.loaded.candidates)]
            )
            _gather(order, folder, seeds)
            manifest["seeds"] = list(seeds)
            manifest["look"] = {"number": look + 1, "of": len(looks)}
            _finish(order, folder, manifest, started)
            if judge(folder, order.loaded, look) != "more":
                break
    except KeyboardInterrupt:
        results.write_json(done, manifest | {"status": "interrupted"})
        raise Interrupted(
            f"interrupted; finished replays are kept, the same command goes on: {folder}"
        ) from None
    except BaseException:
        results.write_json(done, manifest | {"status": "failed"})
        raise
    shutil.rmtree(folder / "parts", ignore_errors=True)
    return folder


def _manifest(order: Order, started: float) -> dict[str, Any]:
    loaded = order.loaded
    return {
        "schemaVersion": results.SCHEMA_VERSION,
        "run": order.folder.name,
        "status": "running",
        "identity": order.identity,
        "scenario": loaded.scenario_card(),
        "charter": loaded.charter_card(),
        "seeds": list(loaded.seeds),
        "candidates": list(loaded.candidates),
        "incumbent": INCUMBENT,
        "code": results.code(),
        "packages": results.packages(),
        "machine": results.machine(),
        "command": order.command,
        "startedAt": round(started, 3),
    }


def _replay_all(order: Order, folder: Path, jobs: Sequence[Job]) -> None:
    from joblib import Parallel, delayed

    parts = folder / "parts"
    open_jobs = [job for job in jobs if not (parts / job.name / "done.json").exists()]
    with Watch(parts, [job.name for job in jobs], order.quiet):
        if order.jobs == 1 or len(open_jobs) == 1:
            for job in open_jobs:
                replay_job(order.loaded, job, folder)
        else:
            calls = (delayed(replay_job)(order.loaded, job, folder) for job in open_jobs)
            Parallel(n_jobs=order.jobs, backend="loky", batch_size=1)(calls)


def replay_job(loaded: Loaded, job: Job, folder: Path) -> None:
    """One replay, in whatever process. Writes `parts/<job>` and the job's ledger; `done.json` comes last."""
    part = folder / "parts" / job.name
    ledger = folder / "ledger" / f"candidate={job.candidate}" / f"seed={job.seed}"
    for stale in (part, ledger):
        shutil.rmtree(stale, ignore_errors=True)
    part.mkdir(parents=True)
    plan = loaded.trial.incumbent if job.candidate == INCUMBENT else loaded.candidate(job.candidate)
    fits: list[dict[str, Any]] = []
    spent: list[float] = []
    setting = build_replay(
        loaded, plan, job.seed, ledger, fits, part / "model", wrap=lambda c: _Timed(c, spent)
    )
    began = time.perf_counter()
    replay(setting.world, setting.desks, setting.ledgers, reporter(part / "progress", setting.world.end))
    seconds = time.perf_counter() - began
    rows: list[tuple[Any, ...]] = []
    entities: dict[str, int] = {}
    unmeasured: dict[str, str] = {}
    for one in setting.ledgers.values():
        rows += [(*row, one.entities().get(row[2], 0)) for row in one.counts]
        entities |= one.entities()
        unmeasured |= one.unmeasured
    _write_counts(part / "counts.parquet", job, rows)
    facts = {
        "rows": sum(one.rows_seen for one in setting.ledgers.values()),
        "open": sum(one.rows_open for one in setting.ledgers.values()),
        "entities": entities,
        "unmeasured": unmeasured,
        "slices": {name: list(each.labels) for name, each in setting.world.slices.items()},
        "fits": fits,
        "world": dict(setting.world.describe()),
        "closed": setting.world.closed,
        "start": str(setting.world.clock.start),
        "ground_truth": [row._asdict() for row in setting.world.ground_truth()],
        "go_live": setting.world.go_live,
        "horizon": setting.world.horizon,
        "end": setting.world.end,
    }
    results.write_json(part / "facts.json", facts)
    results.write_json(part / "done.json", {"seconds": seconds, "fitSeconds": sum(spent)})


def _write_counts(path: Path, job: Job, rows: Sequence[tuple[Any, ...]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ("day", "metric", "slice", "view", "numerator", "denominator", "entities")
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    kinds = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.float64(), pa.float64(), pa.int64())
    table = {
        "candidate": pa.array([job.candidate] * len(rows), pa.string()),
        "seed": pa.array([job.seed] * len(rows), pa.int64()),
    }
    table |= {n: pa.array(list(c), k) for n, c, k in zip(names, columns, kinds, strict=True)}
    pq.write_table(pa.table(table), path, compression="zstd")


def _gather(order: Order, folder: Path, seeds: Sequence[int]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    jobs = [Job(c, s) for c in (INCUMBENT, *order.loaded.candidates) for s in seeds]
    tables = [pq.read_table(folder / "parts" / job.name / "counts.parquet") for job in jobs]
    pq.write_table(pa.concat_tables(tables), folder / "counts.parquet", compression="zstd")
    facts = {job: results.read_json(folder / "parts" / job.name / "facts.json") for job in jobs}
    _write_timeline(folder / "timeline.parquet", facts)
    first = facts[jobs[0]]
    results.write_json(
        folder / "facts.json",
        {
            "world": first["world"] | {k: first[k] for k in ("closed", "start", "go_live", "horizon", "end")},
            "unmeasured": first["unmeasured"],
            "slices": first["slices"],
            "rows": {job.name: fact["rows"] for job, fact in facts.items()},
            "open": {job.name: fact["open"] for job, fact in facts.items()},
        },
    )
    for job in jobs:
        model = folder / "parts" / job.name / "model"
        if model.is_dir():
            shutil.copytree(model, folder / "model" / job.candidate / f"seed-{job.seed}", dirs_exist_ok=True)


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
            of_world = event["kind"] != "campaign"
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


def _finish(order: Order, folder: Path, manifest: dict[str, Any], started: float) -> None:
    facts = results.read_json(folder / "facts.json")
    timings = {
        p.parent.relative_to(folder / "parts").as_posix(): results.read_json(p)
        for p in (folder / "parts").rglob("done.json")
    }
    spent = sum(t["seconds"] - t["fitSeconds"] for t in timings.values())
    rows = sum(facts["rows"].values())
    manifest |= {
        "status": "finished",
        "world": {"use": order.loaded.scenario.spec.world.use} | facts["world"],
        "seconds": round(time.time() - started, 1),
        "fitSeconds": round(sum(t["fitSeconds"] for t in timings.values()), 1),
        "rowsScored": rows,
        "rowsPerSecond": round(rows / spent) if spent > 0 else None,
        "metrics": {
            name: {"doc": m.spec.doc, "unit": m.spec.unit, "better": m.spec.better, "form": m.spec.form}
            for name, m in sorted(load_metrics(order.loaded).items())
        },
        "artifacts": {
            name: results.content_digest(folder / name) for name in ("counts.parquet", "facts.json")
        },
    }
    results.write_json(folder / "manifest.json", manifest)
