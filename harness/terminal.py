"""The terminal: what is said where, and with which code the program ends.

Knows: streams, signals, exit codes. Does not know: any command.
Results go to stdout, talk to stderr; a reader who has gone away stops neither the work nor its exit code.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

from sim.core.errors import BadDocument, Interrupted, UserError

KEPT, USER_FAULT, UNMEASURED, BROKEN, INTERRUPTED, TERMINATED = 0, 2, 4, 10, 130, 143


def answer(lines: Iterable[str]) -> None:
    """What was asked for, to stdout."""
    for line in lines:
        _write(line, sys.stdout)


def say(text: str) -> None:
    """Talk, to stderr."""
    _write(text, sys.stderr)


def talking(quiet: bool) -> Callable[[str], None]:
    """Who talks: `say`, or nobody."""
    return (lambda _: None) if quiet else say


def _write(line: str, stream: TextIO) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError as error:
        # Whoever listened has heard enough: the work goes on, and its exit code is still the truth.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError) and stream is sys.stdout:
            reason = str(error.strerror).lower()
            raise UserError(f"the answer cannot be written ({reason})") from error


def tell(error: UserError) -> int:
    """A fault of the user, a line each. Answers the exit code."""
    faults = error.faults if isinstance(error, BadDocument) else [f"windtunnel: {error}"]
    for fault in faults:
        say(str(fault))
    return USER_FAULT


def end_well(command: Callable[..., Any]) -> NoReturn:
    """Run a command and leave: the user's faults end in lines and 2, ours in a traceback and 1, signals in theirs."""
    terminated: list[int] = []

    def stop(number: int, frame: Any) -> None:
        terminated.append(number)
        raise KeyboardInterrupt

    with suppress(ValueError):  # only the main thread hears signals
        signal.signal(signal.SIGTERM, stop)
    try:
        _settle_in()
        command(prog_name="windtunnel")
        code: Any = KEPT
    except SystemExit as leave:
        code = leave.code
    except Interrupted as error:
        say(str(error))
        code = INTERRUPTED
    except UserError as error:
        code = tell(error)
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(TERMINATED if code == INTERRUPTED and terminated else code)


def _settle_in() -> None:
    """Streams that take any name, and the user's own code, for `use: module:Name`, behind everybody else's."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us; unopened, the next file would take its place
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        here = str(Path.cwd())
    except OSError:
        raise UserError("the current folder no longer exists") from None
    if not sys.flags.safe_path and here not in sys.path:
        sys.path.append(here)
