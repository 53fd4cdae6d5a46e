"""Measuring what a desk's path costs on this machine, on real rows of the stream.

Knows: clocks, the online path, serving paths, how quiet the machine is. Does not know: budgets, queues, charters.

A replay is followed event by event (harness.skew), and each event's path is timed in its parts, beside other ways of
serving the same model: interleaved, in an order that turns with every event, so that no path always comes first or
after the same other. Threads are one, waiting is passive, the garbage collector rests. Beside them the same call is
timed twice: what this machine sees between the two is the smallest difference that means anything on it.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np

from harness import noise, results
from harness.assembly import build_replay
from harness.candidates._threads import one_thread
from harness.kinds import Matrix
from harness.lineups import Lineup
from harness.online import Attributed
from harness.plans import CandidatePlan
from harness.quantiles import CONFIDENCE, quantiles
from harness.service_profile import QUIET, UNDECIDED, ServiceProfile, sealed
from harness.serving import BARE, DESK, Serving, paths
from harness.skew import Agreement, Follower, Turn, compare, judge
from harness.trial import Loaded
from sim.core.decisions import Decisions
from sim.core.errors import UserError, closest
from sim.core.time import format_duration

WHOLE = "whole"
PARTS = ("features", "model", "decision", WHOLE)
TOLERANCE = {"p50": 0.05, "p99": 0.25}
"""How far the same call may differ from itself. Interleaved medians of equal code stayed within a few per cent on a
shared machine where p99 did not within 10 %."""
MOST_SWITCHED = 0.01
"""Involuntary switches for each timed call beyond which p99 is the scheduler's."""
SLOW_NS = 400_000
"""A path slower than this is called on fewer rows."""
MOST_STRIDE = 20
EXPLAINED_EVERY = 10
BATCHES = (4, 16, 64, 256)


@dataclass(frozen=True)
class Wish:
    """What is asked for. rows: events timed one by one; warm_up: events before them; blocks: of each batch size;
    overrides: what was laid over the scenario."""

    candidate: str
    desk: str
    seed: int = 1
    rows: int = 5_000
    warm_up: int = 300
    blocks: int = 400
    overrides: tuple[str, ...] = ()


@dataclass
class Taken:
    """Nanoseconds by what took them, and what each path answered."""

    times: dict[str, list[int]] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)
    scores: dict[str, list[float]] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)
    apart: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, spent: int) -> None:
        """One timing."""
        self.times.setdefault(name, []).append(spent)


def wish(loaded: Loaded, candidate: str | None, desk: str | None, **more: Any) -> Wish:
    """The candidate (the champion by default) and desk (its first by default) to measure. Raises UserError."""
    name = loaded.candidates[0] if candidate is None else candidate
    if name not in loaded.candidates:
        raise UserError(f"{loaded.scenario_id}: no candidate '{name}'{closest(name, loaded.candidates)}")
    plan = loaded.candidate(name)
    if isinstance(plan, Lineup):
        played = tuple(plan.desks)
        chosen = played[0] if desk is None else desk
        if chosen not in played:
            raise UserError(f"candidate '{name}': plays no desk '{chosen}'{closest(chosen, played)}")
        return Wish(name, chosen, **more)
    return Wish(name, desk or "", **more)


def measure(loaded: Loaded, asked: Wish, title: str, talk: Callable[[str], None]) -> ServiceProfile:
    """Replay up to goLive, time the path on what follows, and answer the profile. `title`: the profile's name.

    Raises UserError where the scenario is too short for so many rows, or the desk has no path event by event."""
    plan = loaded.candidate(asked.candidate)
    setting = build_replay(loaded, plan, asked.seed, None, [])
    kinds = setting.world.kinds
    kind = asked.desk or next(iter(kinds))
    if kind not in kinds:
        raise UserError(f"{loaded.scenario_id}: asks no question '{kind}'{closest(kind, kinds)}")
    own = plan.plan(kind) if isinstance(plan, Lineup) else plan
    assert own is not None
    follower = Follower(setting, kind)
    talk(f"replaying {format_duration(setting.world.go_live - setting.world.now)} up to goLive, untimed")
    turns = _fitted(follower.turns(), follower)
    first = next(turns, None)
    if first is None:
        raise UserError(
            f"{loaded.scenario_id}: nothing was scored before the horizon, so that nothing can be timed"
        )
    with noise.one_core() as pinned, one_thread():
        session = _Session(follower, asked, _several(first, turns))
        session.run(talk)
    return _document(loaded, asked, title, own, session, pinned)


def _fitted(turns: Iterator[Turn], follower: Follower) -> Iterator[Turn]:
    """Turns from the first with a fitted model on; events before it go down the path untimed."""
    for turn in turns:
        if follower.online.scorer is not None:
            yield turn
        else:
            compare(turn, follower.online, Agreement())


def _several(first: Turn, rest: Iterator[Turn]) -> Iterator[Turn]:
    yield first
    yield from rest


class _Session:
    """One measurement: warm-up, the same call twice, the paths, the batches."""

    def __init__(self, follower: Follower, asked: Wish, turns: Iterator[Turn]) -> None:
        self.follower, self.online, self.asked, self.turns = follower, follower.online, asked, turns
        self.taken, self.found = Taken(), Agreement()
        self.serving: Serving = Serving({}, {})
        self.batches: dict[int, list[int]] = {}
        self.twice: tuple[list[int], list[int]] = ([], [])
        self.weather: noise.Weather | None = None
        self._stride: dict[str, int] = {}
        self._fit: Any = None

    def run(self, talk: Callable[[str], None]) -> None:
        """All of it. Raises UserError where the rows do not suffice."""
        talk(f"warming up, then timing {self.asked.rows} events one by one")
        done = -self.asked.warm_up
        gc.collect()
        meter: noise.Meter | None = None
        for turn in self.turns:
            self._prepare(turn)
            gc.disable()
            try:
                if meter is None and done >= 0:
                    meter = noise.Meter()
                done = self._turn(turn, done)
            finally:
                gc.enable()
            if done >= self.asked.rows:
                break
        else:
            what = f"{max(0, done)} events followed the first fit and the warm-up, {self.asked.rows} were asked for"
            raise UserError(f"{what}; expected a longer horizon or more lines (--set), or fewer --rows")
        assert meter is not None
        self.weather = meter.read()
        talk("timing whole blocks of several events")
        self._blocks()

    def _prepare(self, turn: Turn) -> None:
        """Serving paths of the scorer in force, made anew after a fit and warmed outside the clock."""
        if self.online.scorer is self._fit:
            return
        self._fit = self.online.scorer
        sample = np.ascontiguousarray(turn.x[:50])
        assert self._fit is not None
        self.serving = paths(self._fit, self.online.single.names, sample)
        row = sample[:1]
        for name, call in self.serving.calls.items():
            spent = []
            for _ in range(12):
                begin = time.perf_counter_ns()
                call(row)
                spent.append(time.perf_counter_ns() - begin)
            self._stride[name] = min(MOST_STRIDE, 1 + int(np.median(spent)) // SLOW_NS)
        # The yardstick is called as often as what it is held against: a call that rests is a cold one.
        self._stride[BARE] = 1

    def _turn(self, turn: Turn, done: int) -> int:
        """Time the events of one turn; answers how many were timed so far (below 0: still warming up)."""
        clock, online, taken = time.perf_counter_ns, self.online, self.taken
        names = [WHOLE, *(name for name in self.serving.calls if name != DESK)]
        yardstick = BARE if BARE in self.serving.calls else DESK
        fresh: dict[str, list[tuple[int, float]]] = {name: [] for name in names[1:]}
        own = np.zeros(len(turn.x))
        for row, event in enumerate(turn.events()):
            timed = done >= 0
            alone: Matrix = turn.x[row : row + 1].copy()
            turned = done % len(names)
            for name in names[turned:] + names[:turned]:
                if name == WHOLE:
                    t0 = clock()
                    x = online.assemble(event)
                    t1 = clock()
                    score = online.score(x)
                    t2 = clock()
                    said = online.answer(score)
                    t3 = clock()
                    if timed:
                        for part, spent in zip(PARTS, (t1 - t0, t2 - t1, t3 - t2, t3 - t0), strict=True):
                            taken.add(part, spent)
                    judge(turn, row, event, x, said, online, self.found)
                    own[row] = score[0] if score.ndim == 1 else np.nan
                    if timed and done % EXPLAINED_EVERY == 0 and isinstance(online.scorer, Attributed):
                        t0 = clock()
                        online.reasons(x)
                        taken.add("reasons", clock() - t0)
                elif done % self._stride[name] == 0:
                    call = self.serving.calls[name]
                    t0 = clock()
                    value = call(alone)
                    t1 = clock()
                    if timed:
                        taken.add(name, t1 - t0)
                        fresh[name].append((row, value))
            if timed:
                # The same call twice, one after the other, now one first and now the other: A/A.
                call = self.serving.calls[yardstick]
                pair = self.twice if done % 2 else self.twice[::-1]
                for one in pair:
                    t0 = clock()
                    call(alone)
                    one.append(clock() - t0)
            done += 1
        self._compare(turn, fresh, own)
        return done

    def _compare(self, turn: Turn, fresh: dict[str, list[tuple[int, float]]], own: Any) -> None:
        """What the policy makes of each path's scores, against what it makes of the replay's."""
        if not isinstance(turn.answer, Decisions):
            return
        for name, answered in fresh.items():
            if not answered:
                continue
            rows = np.array([row for row, _ in answered], dtype=np.int64)
            score = np.round(np.array([value for _, value in answered]), 6)
            block = turn.question.block.take(rows)
            unlike = self.online.verdicts(block, score) != self.online.verdicts(block, own[rows])
            taken = self.taken
            taken.compared[name] = taken.compared.get(name, 0) + len(rows)
            taken.differing[name] = taken.differing.get(name, 0) + int(unlike.sum())
            apart = np.abs(score - own[rows]).max()
            taken.apart[name] = max(taken.apart.get(name, 0.0), float(apart))

    def _blocks(self) -> None:
        """Whole blocks, size after size within each turn, until there are enough of each or the horizon is reached."""
        clock, number = time.perf_counter_ns, 0
        for turn in self.turns:
            lacking = [size for size in BATCHES if len(self.batches.get(size, ())) < self.asked.blocks]
            if not lacking:
                break
            block, at, idle = turn.question.block, 0, 0
            gc.disable()
            try:
                while at < len(block) and idle < len(lacking):
                    size = lacking[number % len(lacking)]
                    number += 1
                    if at + size > len(block):
                        idle += 1
                        continue
                    piece, idle = block.take(slice(at, at + size)), 0
                    t0 = clock()
                    x = self.online.decide_block(piece)
                    spent = clock() - t0
                    self.batches.setdefault(size, []).append(spent)
                    if x.tobytes() != turn.x[at : at + size].tobytes():
                        self.found.differ(int(piece["id"][0]), f"features of a block of {size}", "", "")
                        self.found.differing += 1
                    at += size
                if at < len(block):
                    self.online.follow(block.take(slice(at, len(block))))
            finally:
                gc.enable()


def _against_itself(twice: tuple[list[int], list[int]]) -> dict[str, float]:
    one, other = (np.array(each, dtype=np.float64) for each in twice)
    found = {}
    for name, q in (("p50", 50.0), ("p99", 99.0)):
        ratio = float(np.percentile(one, q) / np.percentile(other, q)) if len(one) else 1.0
        found[name] = round(max(ratio, 1.0 / ratio) - 1.0, 4)
    return found


def _noise(session: _Session) -> dict[str, Any]:
    weather = session.weather
    assert weather is not None
    because = noise.complaints(weather)
    itself = _against_itself(session.twice)
    for name, most in TOLERANCE.items():
        if itself[name] > most:
            because.append(
                f"{name} of the same call twice differed by {itself[name]:.1%}, expected at most {most:.0%}"
            )
    calls = sum(len(each) for each in session.taken.times.values())
    switched = weather.switches.involuntary / max(1, calls)
    if switched > MOST_SWITCHED:
        because.append(
            f"{weather.switches.involuntary} involuntary context switches in {calls} calls, "
            f"expected at most {MOST_SWITCHED:.0%}"
        )
    return {
        "verdict": UNDECIDED if because else QUIET,
        "because": tuple(because),
        "remedies": noise.REMEDIES if because else (),
        "cpuShare": round(weather.cpu_share, 4),
        "stealShare": None if weather.steal_share is None else round(weather.steal_share, 4),
        "involuntarySwitches": weather.switches.involuntary,
        "voluntarySwitches": weather.switches.voluntary,
        "againstItself": itself,
        "tolerance": dict(TOLERANCE),
    }


def _packages(session: _Session) -> dict[str, str]:
    """Versions that the figures depend on, ONNX Runtime's where it served."""
    served = ("onnxruntime", "onnxmltools") if "onnx" in session.serving.calls else ()
    return results.packages() | {name: metadata.version(name) for name in served}


def _times(samples: list[int]) -> dict[str, Any]:
    found = quantiles(samples)
    return {"n": len(samples)} | {name: None if q is None else q._asdict() for name, q in found.items()}


def _document(
    loaded: Loaded, asked: Wish, title: str, own: CandidatePlan, session: _Session, pinned: bool
) -> ServiceProfile:
    taken, found, parts = session.taken, session.found, {}
    for part in (*PARTS, "reasons"):
        if part in taken.times:
            parts[part] = _times(taken.times[part])
    served = {
        name: {
            "times": _times(taken.times[name]),
            "compared": taken.compared.get(name, 0),
            "differing": taken.differing.get(name, 0),
            "largestDifference": round(taken.apart.get(name, 0.0), 9),
        }
        for name in session.serving.calls
        if name in taken.times
    }
    ratio = None
    if BARE in taken.times:
        ratio = round(float(np.median(taken.times[WHOLE]) / np.median(taken.times[BARE])), 4)
    too_large = [size for size in BATCHES if size not in session.batches]
    skipped = dict(session.serving.skipped) | {
        f"batch of {size}": "no tick had so many events after those timed one by one" for size in too_large
    }
    machine = results.machine()
    tree = {
        "apiVersion": "windtunnel/v1",
        "kind": "ServiceProfile",
        "metadata": {"name": title, "version": "1.0.0"},
        "spec": {
            "schemaVersion": 1,
            "description": {
                "purpose": f"What one event costs on the path of '{asked.candidate}' in {loaded.scenario_id}.",
                "usage": f"trial.service of a scenario; measured by windtunnel profile {loaded.scenario_id}",
                "limitations": "Of one machine, event already parsed, nothing sent: no network, no store of features.",
            },
            "scenario": loaded.scenario_id,
            "overrides": asked.overrides,
            "desk": session.follower.kind,
            "candidate": asked.candidate,
            "use": own.use,
            "policy": own.policy.use,
            "scorer": type(session.online.scorer).__name__,
            "features": len(session.online.single.names),
            "machine": machine
            | {"model": noise.processor(), "governor": noise.governor(), "packages": _packages(session)},
            "protocol": {
                "seed": asked.seed,
                "rows": len(taken.times[WHOLE]),
                "warmUp": asked.warm_up,
                "confidence": CONFIDENCE,
                "threads": 1,
                "waiting": os.environ.get("OMP_WAIT_POLICY", "not set"),
                "pinned": pinned,
                "garbageCollection": "off",
                "interleaved": True,
            },
            "noise": _noise(session),
            "agreement": {"events": found.events, "acted": found.acted, "differing": found.differing},
            "parts": parts,
            "wholeToBooster": ratio,
            "paths": served,
            "skipped": skipped,
            "batches": tuple(
                {"rows": size, "times": _times(spent)} for size, spent in sorted(session.batches.items())
            ),
        },
    }
    return sealed(tree)
