"""The commands that ask what a model could be built from: feasibility, and the lifecycle of features.

Knows: their options. Does not know: how anything is computed.
Registered on the command line by `register`; heavy imports happen inside commands.
"""

from __future__ import annotations

from typing import Annotated

import typer

from harness.options import LARGEST_SEED, Jobs, Out, Quiet, Seeds, Sets, cores, root, seeds_of
from harness.terminal import BROKEN, KEPT, answer, talking
from sim.core.errors import UserError

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario by path or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def register(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.command()(feasibility)
    app.command()(features)


def feasibility(
    scenario: ScenarioName,
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say, before any model, what each feed can carry, and which cadence of scoring it supports."""
    from harness import trial
    from harness.scoping import run_feasibility

    loaded = trial.load(scenario, sets or (), seeds=seeds_of(seeds))
    answer(run_feasibility(loaded, root(out), jobs or cores(), as_json, talking(quiet)))


def features(
    scenario: ScenarioName,
    candidate: Annotated[str, typer.Option(help="Whose features [the first candidate's].")] = "",
    desk: Annotated[str, typer.Option(help="At which desk, where there are several [its first].")] = "",
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_SEED, help="For what is not replayed [the first].")
    ] = None,
    brittleness: Annotated[
        bool, typer.Option("--brittleness", help="Also replay nights on which each pipeline breaks.")
    ] = False,
    at: Annotated[str, typer.Option(metavar="TIME", help="When it breaks, after midnight.")] = "2h",
    lasts: Annotated[str, typer.Option(metavar="TIME", help="For how long.")] = "8h",
    simplest: Annotated[
        bool, typer.Option("--simplest", help="Search the smallest set that keeps the charter instead.")
    ] = False,
    width: Annotated[int, typer.Option(min=1, max=20, help="Smaller sets replayed at each step.")] = 2,
    least: Annotated[int, typer.Option(min=1, help="Features at which the search ends.")] = 1,
    held_out: Annotated[
        str | None, typer.Option(help="Seeds to confirm on [as many after the largest].")
    ] = None,
    skew: Annotated[
        bool, typer.Option("--skew", help="Hold the online path against the replay instead, value by value.")
    ] = False,
    serving: Annotated[
        str, typer.Option(metavar="FEATURESET", help="The definitions that the online path uses.")
    ] = "",
    events: Annotated[int, typer.Option(min=1, help="Events put through the online path.")] = 5_000,
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replay everything, whatever earlier commands left.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Each feature's life: cost, freshness, drift, contribution, brittleness; the fewest that do; skew in serving."""
    from harness import featuring, trial
    from harness.brittleness import Night
    from harness.shelf import Shelf

    if skew and (simplest or brittleness):
        raise UserError("--skew: expected without --simplest and --brittleness")
    if simplest and brittleness:
        raise UserError("--simplest: expected without --brittleness")
    if serving and not skew:
        raise UserError("--serving: expected with --skew")
    night = Night(_time(at, "--at", 0), _time(lasts, "--lasts", 1)) if brittleness else None
    loaded = trial.load(scenario, sets or (), seeds=seeds_of(seeds))
    wish = featuring.Wish(candidate, desk, loaded.seeds[0] if seed is None else seed)
    talk = talking(quiet)
    if skew:
        lines, agreed = featuring.run_skew(loaded, wish, serving, events, talk)
        answer(lines)
        raise typer.Exit(KEPT if agreed else BROKEN)
    shelf = Shelf(loaded, root(out), jobs or cores(), quiet, fresh)
    if not simplest:
        answer(featuring.run_lives(shelf, wish, night, as_json, talk))
        return
    after = max(loaded.seeds) + 1
    others = seeds_of(held_out) or tuple(range(after, after + len(loaded.seeds)))
    answer(featuring.run_simplest(shelf, scenario, sets or (), wish, width, least, others, as_json, talk))


def _time(text: str, option: str, least: int) -> int:
    """A time of day or a duration below a day, in Micros. Raises UserError."""
    from sim.core.time import DAY, parse_duration

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise UserError(f"{option}: {error}") from None
    if not least <= found < DAY:
        raise UserError(f"{option}: got {text}, expected less than a day, such as 2h")
    return found
