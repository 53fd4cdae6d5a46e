"""docs/cli.md is true: its commands are run, and its options, codes and files are those that there are.

Knows: the page, the commands' own help. Does not know: anything else of the documentation.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from harness import terminal
from tests.cli.calling import Answer

Call = Callable[..., Answer]
PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
COMMANDS = (
    "run",
    "check",
    "list",
    "judge",
    "monitors",
    "report",
    "simulate",
    "drift",
    "calibrate",
    "schema",
    "profile",
    "doctor",
    "stress",
    "robustness",
    "charter-test",
    "attribute",
    "tune",
    "feasibility",
    "features",
    "capacity",
    "verify",
    "explain",
    "diff",
    "proxies",
    "fit",
    "export",
)


class Example(NamedTuple):
    """A command of the page, the lines that it says are in the answer, and the exit code."""

    words: str
    says: tuple[str, ...]
    code: int


def examples() -> Iterator[Example]:
    for block in re.findall(r"```console\n(.*?)```", PAGE, flags=re.DOTALL):
        for part in re.split(r"^\$ windtunnel ", block, flags=re.MULTILINE)[1:]:
            words, *lines = part.strip().splitlines()
            code = re.fullmatch(r"\[exit (\d+)\]", lines[-1]) if lines else None
            yield Example(words, tuple(lines[:-1] if code else lines), int(code[1]) if code else 0)


EXAMPLES = list(examples())


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a header row."""
    table = PAGE[PAGE.index(heading) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table]


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.words[:60] for example in EXAMPLES])
def test_the_examples_answer_as_printed(example: Example, call: Call) -> None:
    answer = call(*shlex.split(example.words))
    assert answer.code == example.code, answer.err
    assert example.says, "an example shows something"
    for line in example.says:
        assert line in (answer.err if example.code else answer.out)


def test_every_command_and_option_is_on_the_page_and_nothing_else(call: Call) -> None:
    told = {
        cells[0].strip("`").split()[0]: set(re.findall(r"--[a-z-]+", cells[2]))
        for cells in rows("| command |")
    }
    assert tuple(told) == COMMANDS
    listed = re.findall(r"^  ([a-z-]+) ", call("--help").out.split("Commands:")[1], flags=re.MULTILINE)
    assert set(listed) == set(COMMANDS)
    for command in COMMANDS:
        options = call(command, "--help").out.split("Options:")[1]
        assert told[command] == set(
            re.findall(r"(?:^|, )(--[a-z-]+)", options.replace("  ", ""), flags=re.MULTILINE)
        ) - {"--help"}, command
    explained = [option for cells in rows("| option |") for option in re.findall(r"`(--[a-z-]+)`", cells[0])]
    assert sorted(explained) == sorted(set().union(*told.values())), "each option stands once"
    for cells in rows("| option |"):
        for option in re.findall(r"`(--[a-z-]+)`", cells[0]):
            those = [command for command in COMMANDS if option in told[command]]
            if cells[1] == "most":
                assert len(those) > 10, option
            else:
                assert sorted(re.findall(r"`([a-z-]+)`", cells[1])) == sorted(those), option


def test_environment_variables_are_those_of_the_help(call: Call) -> None:
    helps = "".join(" ".join(call(command, "--help").out.split()) for command in COMMANDS)
    assert set(re.findall(r"WINDTUNNEL_[A-Z_]+", helps)) == set(re.findall(r"WINDTUNNEL_[A-Z_]+", PAGE))


def test_every_exit_code_is_on_the_page() -> None:
    from harness.schemas import json_schema

    told = {int(code) for cells in rows("| exit |") for code in cells[0].split(", ")}
    verdicts = set(json_schema("verdict")["properties"]["exitCode"]["enum"])
    own = {terminal.USER_FAULT, terminal.INTERRUPTED, terminal.TERMINATED, 1}
    assert told == verdicts | own


def test_every_file_of_a_run_is_on_the_page(finished: tuple[Path, Answer]) -> None:
    told = {name.split("/")[0] for cells in rows("| file |") for name in re.findall(r"`([^`]+)`", cells[0])}
    there = {path.name for path in finished[0].iterdir()}
    asked_for = {
        "judged",
        "failure.txt",
        "robustness.json",
        "monitors.json",
        "documents",
        "code",
        "outside",
        "fairness.json",
        "response_times.json",
    }
    assert told == there | asked_for
