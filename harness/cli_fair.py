"""The command of responsible use: proxies.

Knows: its options. Does not know: how anything is computed.
Registered on the command line by `register`; heavy imports happen inside commands.
"""

from __future__ import annotations

from typing import Annotated

import typer

from harness.options import Out, Quiet, Sets, root
from harness.terminal import answer, talking


def register(app: typer.Typer) -> None:
    """Put this command on the command line."""
    app.command()(proxies)


def proxies(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario by path or id.")],
    candidate: Annotated[str, typer.Option(help="Whose features and score [the champion's].")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Which seed [the scenario's first].")] = None,
    desk: Annotated[str, typer.Option(help="Which desk [the first that acts].")] = "",
    rows: Annotated[int, typer.Option(min=100, help="At most so many entities.")] = 6000,
    shuffles: Annotated[int, typer.Option(min=2, help="How often answers are shuffled.")] = 9,
    out: Out = None,
    sets: Sets = None,
    quiet: Quiet = False,
) -> None:
    """Say how well features and score tell excluded attributes and compared groups. Exit code 10 beyond a limit."""
    from harness import trial
    from harness.hunting import run_proxies

    loaded = trial.load(scenario, sets or ())
    lines, code = run_proxies(loaded, root(out), candidate, seed, desk, rows, shuffles, talking(quiet))
    answer(lines)
    raise typer.Exit(code)
