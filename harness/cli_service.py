"""The command that sizes a service: capacity.

Knows: its options. Does not know: how anything is computed.
Registered on the command line by `register`; heavy imports happen inside commands.
"""

from __future__ import annotations

from typing import Annotated

import typer

from harness.options import Jobs, Out, Quiet, Seeds, Sets, cores, root, seeds_of
from harness.terminal import answer, talking


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command()(capacity)


def capacity(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario by path or id.")],
    budget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="p50, p95, p99 or p999=5ms; late=0.1%. May be repeated. [the charter's latency budgets]",
        ),
    ] = None,
    desk: Annotated[str, typer.Option(help="Which desk's service [the first that has one].")] = "",
    profile: Annotated[str, typer.Option(help="A service profile in place of the scenario's services.")] = "",
    workers: Annotated[int, typer.Option(help="Workers; 0: the scenario's, or one.")] = 0,
    time_out: Annotated[str, typer.Option(metavar="SPAN", help="How long callers wait.")] = "",
    tentpole: Annotated[float, typer.Option(help="The load at which workers are counted.")] = 3.0,
    window: Annotated[str, typer.Option(metavar="SPAN", help="The busiest stretch of a day.")] = "15m",
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    quiet: Quiet = False,
) -> None:
    """Say how much load a service bears within its budgets, with how many workers, and what the next one buys."""
    from harness import trial
    from harness.sizing import asked, run_capacity

    sizing = asked(desk, budget or (), tentpole, window, profile, workers, time_out)
    loaded = trial.load(scenario, sets or (), seeds=seeds_of(seeds))
    answer(run_capacity(loaded, root(out), jobs or cores(), sizing, talking(quiet)))
