"""`windtunnel`: the command line.

Knows: commands, options, exit codes, what is printed where. Does not know: how anything is computed.
Results go to stdout, talk and progress to stderr. Heavy imports happen inside commands, so that help is quick.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.core.errors import BadDocument, Interrupted, UserError, WindtunnelError

app = typer.Typer(
    name="windtunnel",
    help="A wind tunnel for decision models: test a design against its charter before launch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

USER_FAULT, OUR_FAULT, INTERRUPTED, TERMINATED = 2, 1, 130, 143


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
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no talk.")]


def _root(out: Path | None) -> Path:
    from harness import results

    return out if out is not None else results.default_root()


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@app.command()
def run(
    scenarios: Annotated[
        list[str],
        typer.Argument(metavar="SCENARIO...", help="Paths or ids, such as telco/midsize-carrier-quick-v1."),
    ],
    out: Out = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds instead of the scenario's: 1,2,3 or 1-5.")] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", envvar="WINDTUNNEL_JOBS", min=0, help="Processes; 0: one per core.")
    ] = 0,
    sets: Sets = None,
    force: Annotated[bool, typer.Option("--force", help="Begin anew even if this very run exists.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run (the default; says so).")
    ] = False,
    fail_on: Annotated[FailOn, typer.Option(help="none: exit 0 whenever the run finished.")] = FailOn.verdict,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read everything, run nothing.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run scenarios to a verdict and a report. The exit code is the first candidate's."""
    if force and resume:
        raise UserError("--force and --resume exclude each other: --force begins anew, --resume goes on")
    from harness import trial
    from harness.judging import headline, judge_run, outcome

    loaded = [trial.load(name, sets or (), seeds=_seeds(seeds)) for name in scenarios]
    if dry_run:
        for one in loaded:
            print(
                f"{one.scenario_id}: {len(one.seeds)} seeds, {1 + len(one.candidates)} replays each; reads well"
            )
        return
    from harness.run import Order, execute

    _terminate_as_interrupt()
    worst = 0
    for one in loaded:
        order = Order(one, _root(out), jobs or os.cpu_count() or 1, quiet, force, _command())
        if not quiet:
            _say(
                f"{one.scenario_id}: {len(one.seeds)} seeds x {1 + len(one.candidates)} replays -> {order.folder}"
            )
        folder = execute(order, judge_run)
        _print(headline(folder))
        worst = max(worst, outcome(folder))
    raise typer.Exit(0 if fail_on is FailOn.none else worst)


def _seeds(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        if "-" in text:
            first, last = (int(part) for part in text.split("-"))
            found = tuple(range(first, last + 1))
        else:
            found = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UserError(f"--seeds: '{text}' is not a list of seeds, expected 1,2,3 or 1-5") from None
    if not found or len(set(found)) != len(found) or min(found) < 0:
        raise UserError(f"--seeds: '{text}' must be distinct non-negative integers, expected 1,2,3 or 1-5")
    return found


def _command() -> str:
    return " ".join(["windtunnel", *(shlex.quote(word) for word in sys.argv[1:])])


def _terminate_as_interrupt() -> None:
    def stop(number: int, frame: Any) -> None:
        os.environ["WINDTUNNEL_TERMINATED"] = "1"
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


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
    from harness import trial
    from harness.checking import examine, sing

    sound = True
    for name in files:
        _print(examine(trial.load_any(name, sets or ()), name))
        if canary:
            loaded = trial.load(name, sets or ())
            for candidate in loaded.candidates:
                song = sing(loaded, candidate, loaded.seeds[0])
                print(song, flush=True)
                sound = sound and song.alive
    raise typer.Exit(0 if sound else 10)


@app.command(name="list")
def list_(
    what: Annotated[
        str,
        typer.Argument(
            help="scenarios, charters, worlds, injections, veils, features, candidates, policies, metrics or runs."
        ),
    ],
    out: Out = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List what there is."""
    from harness.listing import entries

    rows = entries(what, _root(out))
    if as_json:
        print(json.dumps([{"name": name, "says": says} for name, says in rows], indent=2))
        return
    width = max((len(name) for name, _ in rows), default=0)
    for name, says in rows:
        print(f"{name:<{width}}  {says}".rstrip())


@app.command()
def judge(
    run: Annotated[str, typer.Argument(help="A run: folder, id, or the start of an id.")],
    charter: Annotated[
        str, typer.Option(help="Charter by path or id; its operating part must be the run's.")
    ],
    out: Out = None,
) -> None:
    """Judge a run again under another charter, without running it again."""
    from harness import results
    from harness.judging import headline, judge_again, outcome

    folder = judge_again(results.find_run(run, _root(out)), charter)
    _print(headline(folder))
    raise typer.Exit(outcome(folder))


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run: folder, id, or the start of an id.")],
    out: Out = None,
) -> None:
    """Write a run's report.html, summary.md and junit.xml again from its files."""
    from harness import results
    from harness.report import render

    for path in render(results.find_run(run, _root(out))):
        print(path)


@app.command()
def simulate(
    scenario: Annotated[str, typer.Argument(help="Scenario by path or id; its trial is not looked at.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; must be new or empty.")],
    seed: Annotated[int, typer.Option(min=0, help="The realisation.")] = 1,
    sets: Sets = None,
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write a world's events, news and truth as Parquet, with nothing deployed and no harness."""
    from sim import load_scenario, open_world
    from sim.simulate import simulate as write

    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not force)):
        raise UserError(f"{out}: is not an empty folder; choose another with -o, or pass --force")
    world = open_world(load_scenario(scenario, tuple(sets or ())), seed)
    for name, rows in write(world, out, _ticker(world.end, quiet)).items():
        print(f"{out / (name + '.parquet')}  {rows} rows")


def _ticker(end: int, quiet: bool) -> Callable[[int], None]:
    told = [0]

    def tell(t: int) -> None:
        tenth = int(10 * t / end)
        if not quiet and tenth > told[0]:
            told[0] = tenth
            _say(f"simulated {tenth * 10} %")

    return tell


@app.command()
def schema(
    what: Annotated[str, typer.Argument(help="scenario, charter, featureset or verdict.")],
) -> None:
    """Print a JSON Schema, for editors."""
    from harness.trial import json_schema

    print(json.dumps(json_schema(what), indent=2, sort_keys=True))


@app.command()
def doctor(
    compile_: Annotated[
        bool, typer.Option("--compile", help="Compile the kernels into the user's cache.")
    ] = False,
) -> None:
    """Say whether this machine has what a run needs."""
    from harness.doctor import diagnose

    findings = diagnose(compile_)
    _print(f"{'ok  ' if good else 'FAIL'} {line}" for good, line in findings)
    raise typer.Exit(0 if all(good for good, _ in findings) else 1)


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version

        print(f"windtunnel {version('windtunnel')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A wind tunnel for decision models: test a design against its charter before launch."""


def main() -> None:
    """Entry point: the user's faults are told in lines and end with 2, ours keep their traceback and end with 1."""
    try:
        app(standalone_mode=True)
    except BadDocument as error:
        for fault in error.faults:
            _say(str(fault))
        sys.exit(USER_FAULT)
    except Interrupted as error:
        _say(str(error))
        sys.exit(TERMINATED if os.environ.get("WINDTUNNEL_TERMINATED") else INTERRUPTED)
    except UserError as error:
        _say(f"windtunnel: {error}")
        sys.exit(USER_FAULT)
    except WindtunnelError:
        raise
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
