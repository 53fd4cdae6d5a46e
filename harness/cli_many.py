"""The commands that run a scenario many times: stress, and what else asks more than one run.

Knows: their options, how they share replays. Does not know: how anything is computed.
Registered on the command line by `register`; heavy imports happen inside commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.options import Jobs, Out, Quiet, Seeds, Sets, command_line, cores, root, seeds_of
from harness.terminal import answer, talking

if TYPE_CHECKING:
    from harness.shelf import Shelf
    from harness.trial import Loaded

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario by path or id.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Replay everything, whatever earlier commands left.")]
Levers = Annotated[
    list[str] | None, typer.Option("--lever", metavar="NAME", help="A lever to turn; at most two.")
]


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command()(stress)
    app.command()(robustness)
    app.command(name="charter-test")(charter_test)
    app.command()(attribute)
    app.command()(tune)


def _open(
    scenario: str,
    out: Path | None,
    seeds: str | None,
    jobs: int,
    sets: list[str] | None,
    fresh: bool,
    quiet: bool,
) -> tuple[Loaded, Shelf]:
    from harness import trial
    from harness.shelf import Shelf

    loaded = trial.load(scenario, sets or (), seeds=seeds_of(seeds))
    return loaded, Shelf(loaded, root(out), jobs or cores(), quiet, fresh)


def stress(
    scenario: ScenarioName,
    lever: Levers = None,
    to: Annotated[
        list[float] | None,
        typer.Option(metavar="VALUE", help="Where to end, for each lever in turn [its range's end]."),
    ] = None,
    throughout: Annotated[
        bool, typer.Option("--throughout", help="Set the lever for the history too, not from goLive on.")
    ] = False,
    steps: Annotated[int, typer.Option(help="Halvings of the bracket in which a seed breaks.")] = 3,
    rows: Annotated[int, typer.Option(help="With two levers: values of the second.")] = 5,
    candidate: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Stress these candidates only [all].")
    ] = None,
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Find how far a lever, or the scenario's drift, can be turned up before each candidate breaks its charter."""
    from harness.stressing import run_stress, settings_of

    settings_of(steps, rows)
    loaded, shelf = _open(scenario, out, seeds, jobs, sets, fresh, quiet)
    names = tuple(candidate or ())
    answer(run_stress(loaded, shelf, lever or (), to or (), throughout, steps, rows, talking(quiet), names))


def robustness(
    scenario: ScenarioName,
    lever: Annotated[
        list[str] | None, typer.Option("--lever", metavar="NAME", help="Draw these levers only.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Seeds on which levers are drawn.")] = 20,
    within: Annotated[
        float | None, typer.Option(metavar="FACTOR", help="At most this factor from the central value.")
    ] = None,
    top: Annotated[int, typer.Option(help="Levers of each clause to confirm one at a time.")] = 3,
    probes: Annotated[
        int, typer.Option(min=0, help="Sets of levers to try where none alone is confirmed.")
    ] = 8,
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Say whether a verdict survives when every lever that is an assumption is drawn from its range on each seed."""
    from harness.judging import headline
    from harness.run import Order
    from harness.weighing import run_robustness

    loaded, shelf = _open(scenario, out, seeds, jobs, sets, fresh, quiet)
    order = Order(loaded, shelf.root, shelf.jobs, quiet, False, command_line())
    folder, lines = run_robustness(order, shelf, lever or (), draws, within, top, probes, talking(quiet))
    answer([*lines, "", *headline(folder)])


def charter_test(
    scenario: ScenarioName,
    magnitude: Annotated[float, typer.Option(help="Times which every injection moves its lever.")] = 1.0,
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Say what each rung of the charter notices of the drift, how late, and what it cries without any."""
    from harness.proving import run_charter_test

    _, shelf = _open(scenario, out, seeds, jobs, sets, fresh, quiet)
    answer(run_charter_test(shelf, magnitude, talking(quiet)))


def attribute(
    scenario: ScenarioName,
    candidate: Annotated[str, typer.Option(help="Whose loss [the first candidate's].")] = "",
    clause: Annotated[str, typer.Option(help="On which clause [the first critical one].")] = "",
    cause: Annotated[
        list[str] | None,
        typer.Option("--cause", metavar="NAME", help="Only these causes [all that there are]."),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="A well-set threshold, such as policy.with.block_at=0.3."),
    ] = None,
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Split a candidate's loss by its causes: label lag, drift, adversary, capacity, threshold, latency."""
    from harness.attributing import run_attribute

    _, shelf = _open(scenario, out, seeds, jobs, sets, fresh, quiet)
    answer(
        run_attribute(
            shelf, scenario, sets or (), cause or (), candidate, clause, threshold or (), talking(quiet)
        )
    )


def tune(
    scenario: ScenarioName,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=LOW..HIGH",
            help="A key below the candidate, or charter. and a playbook level, and what it may be; or KEY=A,B,C.",
        ),
    ] = None,
    cost: Annotated[
        str, typer.Option(metavar="METRIC", help="What is to be cheap; or playbook_cost.")
    ] = "review_load",
    candidate: Annotated[str, typer.Option(help="Whose settings [the first candidate's].")] = "",
    trials: Annotated[int, typer.Option(help="Settings to try.")] = 24,
    held_out: Annotated[
        str | None,
        typer.Option(help="Seeds to confirm on [as many after the largest as there are, 5 at least]."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=20, help="How many of the cheapest to confirm.")] = 3,
    sampler: Annotated[
        str, typer.Option(help="tpe, which needs Optuna, or halton [tpe where Optuna is installed].")
    ] = "",
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Search the cheapest setting that keeps the charter, and confirm it on seeds that the search never saw."""
    from harness import searching
    from harness.seeking import Quest, run_tune

    proposed_by = searching.sampler_of(sampler)
    loaded, shelf = _open(scenario, out, seeds, jobs, sets, fresh, quiet)
    after = max(loaded.seeds) + 1
    others = seeds_of(held_out) or tuple(range(after, after + max(5, len(loaded.seeds))))
    knobs = tuple(searching.knob(text) for text in vary or ())
    name = candidate or loaded.candidates[0]
    quest = Quest(name, knobs, cost, loaded.seeds, others, trials, proposed_by, top)
    answer(run_tune(shelf, scenario, sets or (), quest, talking(quiet)))
