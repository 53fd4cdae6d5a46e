"""Jobs: the replays of a run, each in its own process and folder, each marking itself done last.

Knows: desks, worlds by the keyhole, processes. Does not know: which replays a run needs, what becomes of their counts.
What is done is never done again, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import readings, registry, results
from harness.assembly import build_replay
from harness.kinds import Candidate, OnlineCandidate, OnlineScorer, Outside, Scorer, TrainingSet
from harness.ledger import Ledger
from harness.merging import merged, with_desks
from harness.own_code import blamed, placed
from harness.progress import Watch, reporter
from harness.trial import Loaded
from sim.core.errors import Defect, UserError

INCUMBENT = "incumbent"


class ReplayFailed(Defect):
    """A replay in another process raised what is nobody's message to the user; the cause is in its traceback."""


@dataclass(frozen=True)
class Job:
    """One replay: a candidate's name (or the incumbent's) on one seed."""

    candidate: str
    seed: int

    @property
    def name(self) -> str:
        """Its folder below `parts/`."""
        return f"{self.candidate}/seed-{self.seed}"


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


class _TimedOnline(_Timed):
    """The same for a candidate that learns label by label. (A protocol is checked against the class, not by asking.)"""

    def begin(self, features: int) -> OnlineScorer:
        """Begin as the candidate does; its learning is part of the replay and not timed apart."""
        assert isinstance(self.inner, OnlineCandidate)
        return self.inner.begin(features)


def _timed(candidate: Candidate, spent: list[float], foreign: list[Any]) -> Candidate:
    """`candidate` with its fits timed; `foreign` receives it where its scores are somebody else's code's."""
    if isinstance(candidate, Outside) and hasattr(candidate, "watch"):
        candidate.watch(time.perf_counter)
        foreign.append(candidate)
    return (_TimedOnline if isinstance(candidate, OnlineCandidate) else _Timed)(candidate, spent)


def replay_all(loaded: Loaded, jobs: Sequence[Job], folder: Path, at_once: int, quiet: bool) -> None:
    """Do every job that is not done, `at_once` at a time. Raises what `replay_job` raises, ReplayFailed from a pool."""
    from joblib import Parallel, delayed

    parts = folder / "parts"
    open_jobs = [job for job in jobs if not (parts / job.name / "done.json").exists()]
    at_once = min(at_once, len(open_jobs))
    with Watch(parts, [job.name for job in jobs], quiet):
        if at_once <= 1:
            for job in open_jobs:
                replay_job(loaded, job, folder)
        else:
            calls = (delayed(_work)(loaded, job, folder, os.getpid()) for job in open_jobs)
            with quiet_tracker():
                Parallel(n_jobs=at_once, backend="loky", batch_size=1)(calls)


@contextmanager
def quiet_tracker() -> Iterator[None]:
    """Silence the pool's resource tracker, a process of its own that hears no filter but this variable.

    After Ctrl-C the pool and its tracker clean up the same semaphores, and whoever comes second warns of it on the
    user's terminal, below the line that says how to go on.
    """
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (before, "ignore:resource_tracker")))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def _work(loaded: Loaded, job: Job, folder: Path, parent: int) -> None:
    """One replay in a process of a pool."""
    _end_with(parent)
    with _told(job):
        replay_job(loaded, job, folder)


def work_into(loaded: Loaded, job: Job, part: Path, parent: int | None) -> None:
    """One replay into a folder of its own, in a process of the pool of `parent`; neither ledger nor model is kept."""
    if parent is not None:
        _end_with(parent)
    with _told(job), _room(part), placed(loaded.code):
        replay_into(loaded, job, part, None)


@contextmanager
def _told(job: Job) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        # Not every exception survives the way between processes; its traceback does.
        raise ReplayFailed(f"{job.name}: {type(error).__name__}: {error}") from error


_watched: set[int] = set()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: a killed run leaves nobody behind who goes on writing its files."""
    if parent in _watched:
        return
    _watched.add(parent)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def replay_job(loaded: Loaded, job: Job, folder: Path) -> None:
    """One replay, in whatever process. Writes `parts/<job>` and the job's ledger; `done.json` comes last.

    Raises UserError where the disk is full or the user's own code is at fault, and whatever else it raises.
    """
    ledger = folder / "ledger" / f"candidate={job.candidate}" / f"seed={job.seed}"
    shutil.rmtree(ledger, ignore_errors=True)
    with _room(folder):
        replay_into(loaded, job, folder / "parts" / job.name, ledger)


@contextmanager
def _room(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in results.FULL:
            raise
        raise UserError(f"{folder}: {results.unwritable(error)}") from error


def replay_into(loaded: Loaded, job: Job, part: Path, ledger: Path | None) -> None:
    """One replay into a folder of its own: counts, facts, and `done.json` last. Ledger and model are kept only where a
    ledger's folder is named."""
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    plan = loaded.trial.incumbent if job.candidate == INCUMBENT else loaded.candidate(job.candidate)
    fits: list[dict[str, Any]] = []
    spent: list[float] = []
    foreign: list[Any] = []
    models = None if ledger is None else part / "model"
    setting = build_replay(
        loaded, plan, job.seed, ledger, fits, models, wrap=lambda c: _timed(c, spent, foreign)
    )
    began = time.perf_counter()
    with blamed(loaded, job.candidate, job.seed, setting.world), _ended(foreign):
        setting.play(reporter(part / "progress", setting.world.end))
    seconds = time.perf_counter() - began
    counted = merged(setting.ledgers)
    slices = with_desks(setting.world.slices, setting.world.kinds)
    _write_counts(part / "counts.parquet", job, counted.rows)
    monitors = [desk.monitor for desk in setting.desks.values() if desk.monitor is not None]
    said = [reading for monitor in monitors for reading in monitor.record]
    readings.write(part / readings.FILE, job.candidate, job.seed, said, setting.world.go_live)
    described = setting.world.describe()
    facts = {
        "rows": sum(one.rows_seen for one in setting.ledgers.values()),
        "asked": {kind: one.rows_seen for kind, one in setting.ledgers.items()},
        "open": sum(one.rows_open for one in setting.ledgers.values()),
        "entities": counted.entities,
        "unmeasured": counted.unmeasured,
        **_clustered(setting.ledgers.values()),
        "slices": {name: list(each.labels) for name, each in slices.items()},
        "lawful": {name: list(each.lawful) for name, each in slices.items()},
        "fits": fits,
        "alarms": [[r.t, r.desk, r.signal, r.subject, r.level] for r in said if r.onset],
        "monitored": {m.kind.name: m.told() for m in monitors},
        "cases": [] if setting.operations is None else setting.operations.record(),
        "world": {name: told for name, told in described.items() if name != "service"},
        **({"service": described["service"]} if "service" in described else {}),
        "closed": setting.world.closed,
        "start": str(setting.world.clock.start),
        "ground_truth": [row._asdict() for row in setting.world.ground_truth()],
        "go_live": setting.world.go_live,
        "horizon": setting.world.horizon,
        "end": setting.world.end,
    }
    results.write_json(part / "facts.json", facts)
    kept = {
        name: one.document(setting.desks[name], setting.world) for name, one in setting.registries.items()
    }
    results.write_json(part / registry.FILE, {"desks": [one for one in kept.values() if one["versions"]]})
    results.write_json(part / "done.json", {"seconds": seconds, "fitSeconds": sum(spent)} | _cost(foreign))


def _clustered(ledgers: Iterable[Ledger]) -> dict[str, Any]:
    """What is said inside the seed, by metric; nothing where no metric's events come in clusters."""
    told = {name: one for each in ledgers for name, one in each.clusters.told().items()}
    return {"clustered": told} if told else {}


@contextmanager
def _ended(foreign: Sequence[Any]) -> Iterator[None]:
    """Around a replay: the programs that it started end with it."""
    try:
        yield
    finally:
        for candidate in foreign:
            if hasattr(candidate, "close"):
                candidate.close()


def _cost(foreign: Sequence[Any]) -> dict[str, Any]:
    """What scoring by somebody else's code took; nothing where all code was ours."""
    if not foreign:
        return {}
    costs = [candidate.cost() for candidate in foreign]
    return {
        "scoring": {key: sum(getattr(cost, key) for cost in costs) for key in ("rows", "calls", "seconds")}
    }


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
