"""The command that sets a world's levers from a team's own counts: fit.

Knows: its options. Does not know: how anything is computed.
Registered on the command line by `register`; heavy imports happen inside commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.options import Quiet, seeds_of
from harness.terminal import BROKEN, KEPT, answer, talking
from sim.core.errors import UserError


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command()(fit)


def fit(
    world: Annotated[str, typer.Argument(help="A world that takes counts: telco or sportsbook.")],
    counted: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Your counts, a document of kind Aggregates."),
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print such a document to be filled in.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write, such as levers.yaml; none by default.")
    ] = None,
    within: Annotated[
        float, typer.Option(help="A check holds at your value within this share of it.")
    ] = 0.05,
    no_checks: Annotated[bool, typer.Option("--no-checks", help="Set levers alone, hold no check.")] = False,
    seeds: Annotated[str | None, typer.Option(help="Seeds to pool, 1,2,3 or 1-5 [1,2].")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller worlds, one seed.")] = False,
    quiet: Quiet = False,
) -> None:
    """Set a world's levers from your own counts, and say which calibration checks now hold at your values."""
    from harness import fitting

    if template:
        answer(fitting.template(world))
        return
    if counted is None:
        raise UserError(
            "--from: missing, expected a file of counts; windtunnel fit WORLD --template prints one"
        )
    lines, holds = fitting.run_fit(
        world, counted, seeds_of(seeds), quick, within, not no_checks, out, talking(quiet)
    )
    answer(lines)
    raise typer.Exit(KEPT if holds else BROKEN)
