"""The command that hands a run to an experiment tracker: export.

Knows: its options. Does not know: how anything is written.
Registered on the command line by `register`; heavy imports happen inside commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.options import Quiet, root
from harness.terminal import answer, talking


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command()(export)


def export(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run: folder, id, or the start of an id.")],
    to: Annotated[
        str, typer.Option(help="mlflow, which needs: pip install 'windtunnel[mlflow]'.")
    ] = "mlflow",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the store, made or added to.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Put a finished run, its candidates, seeds and models into an MLflow store of one's own."""
    from harness import exporting, results

    answer(exporting.export(results.find_run(run, root(None)), to, out, talking(quiet)))
