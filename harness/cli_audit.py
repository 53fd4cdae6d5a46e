"""The commands of an audit: a run repeated, a decision explained, two runs compared.

Knows: their options. Does not know: how anything is computed.
Registered on the command line by `register`; heavy imports happen inside commands.
"""

from __future__ import annotations

from typing import Annotated

import typer

from harness.options import Jobs, Out, Quiet, cores, root
from harness.terminal import answer, talking

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run: folder, id, or the start of an id.")]


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command()(verify)


def verify(run: RunName, out: Out = None, jobs: Jobs = 0, quiet: Quiet = False) -> None:
    """Repeat a run and compare it byte by byte: exit 0, or 10 with what differs first, and why."""
    from harness import results, verifying

    lines, code = verifying.verify(results.find_run(run, root(out)), jobs or cores(), quiet, talking(quiet))
    answer(lines)
    raise typer.Exit(code)
