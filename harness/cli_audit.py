"""The commands of an audit: a run repeated, a decision explained, two runs compared.

Knows: their options. Does not know: how anything is computed.
Registered on the command line by `register`; heavy imports happen inside commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.options import Jobs, Out, Quiet, cores, root
from harness.terminal import answer, talking
from sim.core.errors import UserError

RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run: folder, id, or the start of an id.")]


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command()(verify)
    app.command()(explain)
    app.command()(diff)


def verify(run: RunName, out: Out = None, jobs: Jobs = 0, quiet: Quiet = False) -> None:
    """Repeat a run and compare it byte by byte: exit 0, or 10 with what differs first, and why."""
    from harness import results, verifying

    lines, code = verifying.verify(results.find_run(run, root(out)), jobs or cores(), quiet, talking(quiet))
    answer(lines)
    raise typer.Exit(code)


def explain(
    run: RunName,
    events: Annotated[
        list[str], typer.Argument(metavar="EVENT...", help="Ids of events, as in the column id of ledger/.")
    ],
    candidate: Annotated[str, typer.Option(help="Whose decisions [the champion's].")] = "",
    seed: Annotated[int | None, typer.Option(help="On which seed [the run's first].")] = None,
    desk: Annotated[str, typer.Option(help="Of which desk, where several have the id.")] = "",
    after: Annotated[
        str, typer.Option(metavar="SPAN", help="For how long what becomes known later is told.")
    ] = "14d",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    page: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Also write a page.")] = None,
    out: Out = None,
    quiet: Quiet = False,
) -> None:
    """Give the dossier of decisions: what was known, the model, reasons, what would have changed it, what followed."""
    from harness import explaining, results
    from sim.core.records import read_duration

    try:
        span = read_duration(after)
    except ValueError as error:
        raise UserError(f"--after: {error}") from None
    folder = results.find_run(run, root(out))
    lines, code = explaining.explain(
        folder, events, candidate, seed, desk, span, as_json, page, talking(quiet)
    )
    answer(lines)
    raise typer.Exit(code)


def diff(
    first: Annotated[
        str, typer.Argument(metavar="RUN", help="The run that was: folder, id, or the start of an id.")
    ],
    second: Annotated[str, typer.Argument(metavar="RUN", help="The run that is compared with it.")],
    candidate: Annotated[str, typer.Option(help="Whose decisions [each run's champion's].")] = "",
    most_seeds: Annotated[
        int, typer.Option(min=0, help="Swap on so many of the common seeds [0: all of them].")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    out: Out = None,
    jobs: Jobs = 0,
    quiet: Quiet = False,
) -> None:
    """Say what changed between two runs, whose decisions flipped, and which change made the difference."""
    from harness import diffing, measure, results
    from harness.report import differences

    runs = [diffing.opened(results.find_run(name, root(out)), candidate) for name in (first, second)]
    told = diffing.diff(runs[0], runs[1], jobs or cores(), quiet, talking(quiet), most_seeds)
    answer([measure.canonical(told).rstrip()] if as_json else differences.lines(told))
