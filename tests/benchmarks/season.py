"""A season of the sportsbook with both desks, timed: `python -m tests.benchmarks.season [--weeks N] [--profile]`.

380 matches of a league from August to May, 20,000 accounts, ticks of 30 s while a match is in play: quotes of two
markets, before kick-off and in play, and the risk desk's decision on each bet. CPU seconds by part. Of fewer weeks the
season is told in proportion to the matches. The first run after a change to a kernel compiles all of them: run twice.

The limit of three minutes was set on another machine. What well-known calls took there is timed here before and after
(tests/benchmarks/yardsticks.py), and the season told in that machine's seconds as well.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import trial
from harness.assembly import build_replay
from harness.replay import replay
from tests.benchmarks.measuring import Stopwatch
from tests.benchmarks.yardsticks import slower

SCENARIO = "sportsbook/inplay-margin-v1"
START, HISTORY = "2026-08-03", 14
"""The season's first Monday, and the days before the models are deployed: two rounds to learn from."""
WEEKS, MATCHES = 41, 380
LIMIT_S = 180.0
"""On the machine of the yardsticks."""
CANDIDATES = ("clock-and-risk", "boosted-goals")


class Part:
    """Something whose methods are timed, all the others passed through."""

    def __init__(self, inner: Any, watch: Stopwatch, names: tuple[str, ...]) -> None:
        self._inner = inner
        for name in names:
            setattr(self, name, _timed(getattr(inner, name), watch))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _timed(call: Callable[..., Any], watch: Stopwatch) -> Callable[..., Any]:
    def timed(*args: Any, **options: Any) -> Any:
        with watch:
            found = call(*args, **options)
            # News is made as it is read.
            return found if found is None or not hasattr(found, "__next__") else list(found)

    return timed


def season(weeks: int, candidate: str, apart: bool, seed: int = 1) -> dict[str, Any]:
    """Replay `weeks` weeks; seconds, and with `apart` seconds by part (each part's clock costs some of them)."""
    horizon = 7 * weeks - HISTORY
    sets = (
        f"world.start={START}", f"world.history={HISTORY}d", "world.historyBecause=two rounds, to be timed",
        f"world.horizon={horizon}d", "world.lagTail=2d", "trial.labels.maturity=3d",
    )  # fmt: skip
    loaded = trial.load(SCENARIO, sets)
    watches = {name: Stopwatch() for name in ("world", "prices", "risk", "ledger", "fits", "prediction")}
    fits: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        setting = build_replay(loaded, loaded.candidate(candidate), seed, Path(folder), fits)
        world: Any = setting.world
        desks: dict[str, Any] = dict(setting.desks)
        ledgers: dict[str, Any] = dict(setting.ledgers)
        for desk in desks.values():
            desk.trainer = Part(desk.trainer, watches["fits"], ("train",))
            desk._score = _timed(desk._score, watches["prediction"])  # type: ignore[method-assign]
        if apart:
            world = Part(world, watches["world"], ("news", "advance", "publish", "settle"))
            for name in desks:
                own = watches["risk" if name == "bet" else "prices"]
                desks[name] = Part(desks[name], own, ("learn", "remember", "answer"))
                ledgers[name] = Part(ledgers[name], watches["ledger"], ("write", "hear", "close"))
        whole = Stopwatch()
        ticks = 0

        def count(_: int) -> None:
            nonlocal ticks
            ticks += 1

        with whole:
            replay(world, desks, ledgers, count)
    matches = int(setting.world.describe()["matches"])
    told: dict[str, Any] = {
        "candidate": candidate,
        "weeks": weeks,
        "matches": matches,
        "steps": ticks,
        "rows": sum(ledger.rows_seen for ledger in setting.ledgers.values()),
        "bets_validated": setting.world.describe()["services"]["betsValidated"],
        "fits": len(fits),
        "cpu_s": round(whole.cpu, 1),
        "wall_s": round(whole.wall, 1),
        "wall_s_without_fits": round(whole.wall - watches["fits"].wall, 1),
        "replay_over_prediction": round(
            (whole.cpu - watches["fits"].cpu) / max(watches["prediction"].cpu, 1e-9), 2
        ),
        "ms_per_step": round(1e3 * whole.cpu / ticks, 3),
        "season_cpu_s": round(whole.cpu * MATCHES / matches, 1),
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "load": round(os.getloadavg()[0], 1),
    }
    told["parts_cpu_s"] = {name: round(watch.cpu, 2) for name, watch in watches.items() if watch.cpu}
    return told


def main() -> None:
    """Print what was measured."""
    order = argparse.ArgumentParser(description=__doc__)
    order.add_argument("--weeks", type=int, default=WEEKS)
    order.add_argument("--candidate", choices=CANDIDATES, default=CANDIDATES[1])
    order.add_argument("--apart", action="store_true", help="seconds by part")
    order.add_argument("--profile", action="store_true", help="what functions cost")
    asked = order.parse_args()
    if asked.profile:
        import cProfile
        import pstats

        profile = cProfile.Profile()
        told = profile.runcall(season, asked.weeks, asked.candidate, asked.apart)
        pstats.Stats(profile).sort_stats("tottime").print_stats(60)
        pstats.Stats(profile).sort_stats("cumtime").print_stats(70)
    else:
        before = slower()
        began = time.perf_counter()
        told = season(asked.weeks, asked.candidate, asked.apart)
        whole = time.perf_counter() - began
        ratios = sorted(one["ratio"] for found in (before, slower()) for one in found.values())
        middle = statistics.median(ratios)
        scale = MATCHES / told["matches"] / middle
        there = told["wall_s"] * scale
        told["without_fits_there_s"] = round(told["wall_s_without_fits"] * scale)
        told["this_machine_slower"] = f"{middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        told["season_there_s"] = f"{there:.0f} of {LIMIT_S:.0f}: {'met' if there <= LIMIT_S else 'not met'}"
        told["whole_wall_s"] = round(whole, 1)
    for name, value in told.items():
        print(f"{name:20} {value}")


if __name__ == "__main__":
    main()
