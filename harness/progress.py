"""Progress of replays in several processes: each writes the share done into a small file, the parent draws bars.

Knows: files, a terminal. Does not know: what is being done. Bars appear on a terminal only; elsewhere lines do.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType


def reporter(path: Path, end: int) -> Callable[[int], None]:
    """A function for the replay: writes the share of `end` reached, at most twice a second."""
    last = [0.0]
    path.parent.mkdir(parents=True, exist_ok=True)

    def tell(t: int) -> None:
        now = time.monotonic()
        if now - last[0] > 0.5:
            last[0] = now
            path.write_text(f"{t / end:.4f}", encoding="ascii")

    return tell


class Watch:
    """Draws the progress of jobs while they run elsewhere. Quiet when told so; never writes to stdout."""

    def __init__(self, folder: Path, jobs: Sequence[str], quiet: bool) -> None:
        self.folder, self.jobs, self.quiet = folder, list(jobs), quiet
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __enter__(self) -> Watch:
        if not self.quiet:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def share(self, job: str) -> float:
        """Share of a job done so far, 0..1."""
        if (self.folder / job / "done.json").exists():
            return 1.0
        try:
            return float((self.folder / job / "progress").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0.0

    def _draw(self) -> None:
        with suppress(OSError):  # nobody listens any more
            if sys.stderr.isatty() and not os.environ.get("CI"):
                self._bars()
            else:
                self._lines()

    def _bars(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            total = bars.add_task("replays", total=len(self.jobs))
            running: dict[str, int] = {}
            while not self._stop.wait(0.5):
                shares = {job: self.share(job) for job in self.jobs}
                bars.update(total, completed=sum(share >= 1.0 for share in shares.values()))
                for job, share in shares.items():
                    if 0.0 < share < 1.0 and job not in running:
                        running[job] = int(bars.add_task(f"  {job}", total=1.0))
                    elif share >= 1.0 and job in running:
                        bars.remove_task(running.pop(job))  # type: ignore[arg-type]
                for job, task in running.items():
                    bars.update(task, completed=shares[job])  # type: ignore[arg-type]

    def _lines(self) -> None:
        told = -1
        while not self._stop.wait(2.0):
            done = sum(self.share(job) for job in self.jobs) / max(1, len(self.jobs))
            tenth = int(done * 10)
            if tenth > told:
                told = tenth
                sys.stderr.write(f"replays {done:.0%}\n")
