"""Options that several commands have, and how their words are read.

Knows: names, defaults and environment of options. Does not know: any command.
"""

from __future__ import annotations

import os
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sim.core.errors import UserError

MOST_SEEDS, LARGEST_SEED = 1_000, 2**53 - 1


class OneLine(TyperGroup):
    """The commands, told in one line of an option whose value is none; wrong usage is told with the usage."""

    def invoke(self, ctx: Any) -> Any:
        """Read the command's words and call it. Raises UserError for a value that its option does not take."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if type(error) is not typer.BadParameter:  # one that is missing
                raise
            names = error.param.opts if error.param is not None else []
            option = next((name for name in names if name.startswith("--")), "".join(names[:1]))
            what = error.message.removeprefix("Value error, ").rstrip(".")
            raise UserError(f"{option}: {what[:1].lower()}{what[1:]}") from None


class FailOn(StrEnum):
    """What makes a finished run end with a code other than 0."""

    none = "none"
    verdict = "verdict"


Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override one key of the scenario, such as world.with.lines=5000."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", envvar="WINDTUNNEL_OUT", help="Where runs are kept [results/runs]."),
]
Seeds = Annotated[
    str | None,
    typer.Option(envvar="WINDTUNNEL_SEEDS", help="Seeds instead of the scenario's: 1,2,3 or 1-5."),
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", envvar="WINDTUNNEL_JOBS", min=0, help="Processes; 0: one per core.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", envvar="WINDTUNNEL_QUIET", help="No progress, no talk.")
]
Failing = Annotated[
    FailOn, typer.Option(envvar="WINDTUNNEL_FAIL_ON", help="none: exit 0 whatever the verdict.")
]


def root(out: Path | None) -> Path:
    """Where runs are kept."""
    from harness import results

    return out if out is not None else results.default_root()


def command_line() -> str:
    """The command as it was called, for a manifest."""
    return " ".join(["windtunnel", *(shlex.quote(word) for word in sys.argv[1:])])


def cores() -> int:
    """Cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def seeds_of(text: str | None) -> tuple[int, ...] | None:
    """Seeds as written, 1,2,3 or 1-5; None for None. Raises UserError."""
    if text is None:
        return None
    wanted = "expected 1,2,3 or 1-5"
    try:
        first, dash, last = text.partition("-")
        ends = (int(first), int(last)) if dash else None
        found: range | tuple[int, ...] = (
            range(ends[0], ends[1] + 1) if ends else tuple(int(part) for part in text.split(","))
        )
    except ValueError:
        raise UserError(f"--seeds: '{text}' is not a list of seeds, {wanted}") from None
    if (ends and ends[1] - ends[0] >= MOST_SEEDS) or len(found) > MOST_SEEDS:
        raise UserError(f"--seeds: '{text}' is more than {MOST_SEEDS} seeds, {wanted}")
    if not found or len(set(found)) != len(found) or min(found) < 0 or max(found) > LARGEST_SEED:
        raise UserError(
            f"--seeds: '{text}' must be distinct whole numbers from 0 to {LARGEST_SEED}, {wanted}"
        )
    return tuple(found)
