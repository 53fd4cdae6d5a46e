"""`windtunnel`: the command line.

Knows: commands, options, exit codes, what is printed where. Does not know: how anything is computed.
Results go to stdout, talk and progress to stderr. Heavy imports happen inside commands, so that help is quick.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from harness import cli_audit, cli_export, cli_fair, cli_features, cli_fit, cli_many, cli_service
from harness.options import (
    LARGEST_SEED,
    Failing,
    FailOn,
    Jobs,
    OneLine,
    Out,
    Quiet,
    Seeds,
    Sets,
    command_line,
    cores,
    root,
    seeds_of,
)
from harness.terminal import BROKEN, KEPT, UNMEASURED, USER_FAULT, answer, end_well, say, talking, tell
from sim.core.errors import UserError

app = typer.Typer(
    name="windtunnel",
    cls=OneLine,
    help="A wind tunnel for decision models: test a design against its charter before launch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def run(
    scenarios: Annotated[
        list[str],
        typer.Argument(metavar="SCENARIO...", help="Paths or ids, such as telco/midsize-carrier-quick-v1."),
    ],
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    force: Annotated[bool, typer.Option("--force", help="Begin anew even if this very run exists.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Only go on with a run that was begun, never begin one.")
    ] = False,
    fail_on: Failing = FailOn.verdict,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read everything, run nothing.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run scenarios to a verdict and a report. The exit code is the first candidate's."""
    if force and resume:
        raise UserError("--force and --resume exclude each other: --force begins anew, --resume goes on")
    from harness import trial

    loaded = [trial.load(name, sets or (), seeds=seeds_of(seeds)) for name in scenarios]
    if dry_run:
        answer(
            f"{one.scenario_id}: {len(one.seeds)} seeds, {1 + len(one.candidates)} replays each; reads well"
            for one in loaded
        )
        return
    from harness.judging import headline, judge_run, outcome
    from harness.run import Order, costs, execute, is_begun

    orders = [Order(one, root(out), jobs or cores(), quiet, force, command_line()) for one in loaded]
    for order in orders:
        if resume and not is_begun(order):
            what = "nothing to resume: no run of this scenario, these seeds and this code"
            raise UserError(f"{order.folder}: {what}")
    worst = KEPT
    for order in orders:
        one = order.loaded
        if not quiet:
            say(
                f"{one.scenario_id}: {len(one.seeds)} seeds x {1 + len(one.candidates)} replays -> {order.folder}"
            )
        folder = execute(order, judge_run)
        _show(folder)
        if not quiet:
            for line in costs(folder):
                say(line)
        answer(headline(folder))
        worst = max(worst, outcome(folder))
    raise typer.Exit(KEPT if fail_on is FailOn.none else worst)


def _show(folder: Path) -> None:
    """Write the report, and its short form to where GitHub shows it."""
    from harness.judging import show
    from harness.report import SUMMARY

    show(folder)
    _announce(folder / SUMMARY)


def _announce(summary: Path) -> None:
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if not place:
        return
    try:
        with Path(place).open("a", encoding="utf-8") as page:
            page.write(summary.read_text(encoding="utf-8"))
    except OSError as error:
        say(f"warning: GITHUB_STEP_SUMMARY: {place}: {error.strerror}")


@app.command()
def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Scenarios or charters, by path or id.")
    ],
    sets: Sets = None,
    canary: Annotated[
        bool, typer.Option("--canary", help="Also replay each candidate on coin-flip labels.")
    ] = False,
) -> None:
    """Read documents as a run would, and print what these seeds can resolve for each clause and rung."""
    worst = KEPT
    for name in files:
        try:
            worst = max(worst, _check(name, tuple(sets or ()), canary))
        except UserError as error:
            tell(error)
            worst = max(worst, USER_FAULT)
    raise typer.Exit(worst)


def _check(name: str, sets: tuple[str, ...], canary: bool) -> int:
    from harness import trial
    from harness.checking import examine, sing

    document = trial.load_any(name, sets)
    if not isinstance(document, trial.Loaded):
        for option, given in (("--set", sets), ("--canary", canary)):
            if given:
                raise UserError(f"{name}: {option} is for scenarios, and this is none")
    answer(examine(document, name))
    songs = []
    if canary and isinstance(document, trial.Loaded):
        for candidate in document.candidates:
            songs.append(sing(document, candidate, document.seeds[0]))
            answer([f"  {songs[-1]}"])
    if any(song.measured and not song.alive for song in songs):
        return BROKEN
    return KEPT if all(song.measured for song in songs) else UNMEASURED


@app.command(name="list")
def list_(
    what: Annotated[
        str,
        typer.Argument(
            help="scenarios, charters, featuresets, profiles, worlds, injections, veils, features, candidates, "
            "policies, signals, responses, metrics, levers or runs."
        ),
    ],
    of: Annotated[str | None, typer.Argument(metavar="[WORLD]", help="For levers: the world.")] = None,
    out: Out = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Levers as a page with range, source and confidence.")
    ] = False,
) -> None:
    """List what there is."""
    from harness.listing import told

    answer(told(what, of, root(out), as_json, as_markdown))


@app.command()
def judge(
    run: Annotated[str, typer.Argument(help="A run: folder, id, or the start of an id.")],
    charter: Annotated[
        str, typer.Option(help="Charter by path or id; its operating part must be the run's.")
    ],
    out: Out = None,
    fail_on: Failing = FailOn.verdict,
) -> None:
    """Judge a run again under another charter, without running it again."""
    from harness import results
    from harness.judging import headline, judge_again, outcome
    from harness.report import SUMMARY

    folder = judge_again(results.find_run(run, root(out)), charter)
    _announce(folder / SUMMARY)
    answer(headline(folder))
    raise typer.Exit(KEPT if fail_on is FailOn.none else outcome(folder))


@app.command()
def monitors(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|RUN", help="A run, or a scenario, which is run unless it was before."
        ),
    ],
    candidate: Annotated[
        str | None, typer.Option(help="Whose signals [the champion's, the first listed].")
    ] = None,
    out: Out = None,
    seeds: Seeds = None,
    jobs: Jobs = 0,
    sets: Sets = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """The league of drift signals: who saw what truly drifted, how soon, and how often for nothing."""
    from harness import monitors as league
    from harness import results

    folder = None if seeds or sets else results.run_named(what, root(out))
    if folder is None:
        from harness import trial
        from harness.judging import judge_run
        from harness.run import Order, execute

        loaded = trial.load(what, sets or (), seeds=seeds_of(seeds))
        league.whose(candidate, loaded.candidates)
        folder = execute(Order(loaded, root(out), jobs or cores(), quiet, False, command_line()), judge_run)
        _show(folder)
    answer(league.told(folder, candidate, as_json))


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run: folder, id, or the start of an id.")],
    out: Out = None,
) -> None:
    """Write a run's report.html, summary.md and junit.xml again from its files."""
    from harness import results
    from harness.judging import doubts, outcome, show

    folder = results.find_run(run, root(out))
    results.read_finished(folder)
    outcome(folder)
    for doubt in doubts(folder):
        say(f"warning: {doubt}")
    try:
        written = show(folder)
    except OSError as error:
        raise UserError(f"{folder}: {results.unwritable(error)}") from error
    answer(str(path) for path in written)


@app.command()
def simulate(
    scenario: Annotated[str, typer.Argument(help="Scenario by path or id; its trial is not looked at.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; must be new or empty.")],
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="The realisation.")] = 1,
    sets: Sets = None,
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write a world's events, news and truth as Parquet, with nothing deployed and no harness."""
    from sim import load_scenario, open_world
    from sim.simulate import simulate as write

    if out.exists() and not out.is_dir():
        raise UserError(f"{out}: is a file; choose a folder with -o")
    if out.is_dir() and any(out.iterdir()) and not force:
        raise UserError(f"{out}: is not an empty folder; choose another with -o, or pass --force")
    world = open_world(load_scenario(scenario, tuple(sets or ())), seed)
    rows = write(world, out, _ticker(world.end, quiet))
    answer(f"{out / (name + '.parquet')}  {count} rows" for name, count in rows.items())


@app.command()
def drift(
    scenario: Annotated[str, typer.Argument(help="Scenario by path or id; its trial is not looked at.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.png", help="Also draw it, as a picture.")
    ] = None,
    sets: Sets = None,
) -> None:
    """Say, before any run, what will drift: each lever that is moved, each veil, with onset, end and magnitude."""
    from harness.drifting import foretell

    answer(list(foretell(scenario, tuple(sets or ()), out)))


@app.command()
def calibrate(
    world: Annotated[str, typer.Argument(help="A world with checks, such as telco.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write [results/calibration/WORLD].")
    ] = None,
    check: Annotated[str | None, typer.Option(help="Some of the checks only, by number: 7,8.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds to pool, 1,2,3 or 1-5 [1-3].")] = None,
    sets: Sets = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Smaller worlds, one seed: wider intervals.")
    ] = False,
    list_only: Annotated[
        bool, typer.Option("--list", help="Say what would be checked, simulate nothing.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Hold a world's figures against published ones: each with its interval, target and source."""
    from harness import calibrating

    if list_only:
        answer(calibrating.foretell(world, check, quick))
        return
    chosen = seeds_of(seeds) or calibrating.SEEDS[: 1 if quick else None]
    lines, all_hold = calibrating.calibrate(
        world, check, chosen, quick, tuple(sets or ()), out, talking(quiet)
    )
    answer(lines)
    raise typer.Exit(KEPT if all_hold else BROKEN)


@app.command()
def profile(
    scenario: Annotated[str, typer.Argument(help="Scenario by path or id.")],
    candidate: Annotated[str | None, typer.Option(help="Whose path [the first candidate's].")] = None,
    desk: Annotated[
        str | None, typer.Option(help="At which desk, where there are several [its first].")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write, such as profiles/mine.yaml; none by default."),
    ] = None,
    rows: Annotated[int, typer.Option(min=500, help="Events timed one by one.")] = 5_000,
    blocks: Annotated[int, typer.Option(min=0, help="Blocks timed of each batch size.")] = 400,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="The realisation.")] = 1,
    sets: Sets = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    quiet: Quiet = False,
) -> None:
    """Time one candidate's path on this machine, and write it as a service profile. Exit code 3 on a noisy machine."""
    os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")
    from harness import measuring

    lines, code = measuring.profile(
        scenario,
        candidate,
        desk,
        out,
        rows,
        blocks,
        seed,
        tuple(sets or ()),
        force,
        talking(quiet),
    )
    answer(lines)
    raise typer.Exit(code)


def _ticker(end: int, quiet: bool) -> Callable[[int], None]:
    told = [0]

    def tell(t: int) -> None:
        tenth = int(10 * t / end)
        if not quiet and tenth > told[0]:
            told[0] = tenth
            say(f"simulated {tenth * 10} %")

    return tell


@app.command()
def schema(
    what: Annotated[str, typer.Argument(help="scenario, charter, featureset, serviceprofile or verdict.")],
) -> None:
    """Print a JSON Schema, for editors."""
    from harness.trial import json_schema

    answer([json.dumps(json_schema(what), indent=2, sort_keys=True)])


@app.command()
def doctor(
    compile_: Annotated[
        bool, typer.Option("--compile", help="Compile the kernels into the user's cache.")
    ] = False,
) -> None:
    """Say whether this machine has what a run needs."""
    from harness.doctor import diagnose

    findings = diagnose(compile_)
    answer(f"{'ok  ' if good else 'FAIL'} {line}" for good, line in findings)
    raise typer.Exit(KEPT if all(good for good, _ in findings) else USER_FAULT)


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version

        answer([f"windtunnel {version('windtunnel')}"])
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A wind tunnel for decision models: test a design against its charter before launch."""


cli_many.register(app)
cli_service.register(app)
cli_audit.register(app)
cli_features.register(app)
cli_fair.register(app)
cli_fit.register(app)
cli_export.register(app)


def main() -> None:
    """Entry point."""
    if sys.argv[1:2] == ["drift"] or (sys.argv[1:2] == ["check"] and "--canary" not in sys.argv):
        # A world is opened and not run: its few kernels are done plainly before the compiler is even loaded.
        os.environ.setdefault("WINDTUNNEL_NO_JIT", "1")
    end_well(app)


if __name__ == "__main__":
    main()
