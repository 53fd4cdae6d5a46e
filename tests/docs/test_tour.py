"""The commands of the tour are run and their output compared, so that the page cannot tell of what is not there.

Knows: how a page shows a command and its output. Does not know: what any figure means.

A console block of a page is a line `$ COMMAND`, then lines of its output, word for word and in order. `...` stands for
lines left out, `RUN` for a run's id or another digest of twelve digits, `[exit 10]` for an exit code; without it 0 is
meant. Lines that stand together in the page stand together in the output.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/tour.md", "README.md")
CHEAP = ("check telco/midsize-carrier-quick-v1", "check telco/midsize-carrier-v1", "list scenarios")


@dataclass
class Shown:
    """A command of a page with what the page shows of its output: runs of lines that stand together."""

    command: str
    together: list[list[str]] = field(default_factory=lambda: [[]])
    code: int = 0

    def faults(self, output: str, code: int) -> list[str]:
        """What the page shows and the command did not say."""
        found = [] if code == self.code else [f"{self.command}: exit {code}, the page says {self.code}"]
        at = 0
        for lines in (lines for lines in self.together if lines):
            pattern = r"\n".join(re.escape(line).replace("RUN", "[0-9a-f]{12}") + r"[ \t]*" for line in lines)
            match = re.compile(rf"^{pattern}$", re.MULTILINE).search(output, at)
            if match is None:
                found.append(
                    f"{self.command}: did not say, after what is shown before it:\n" + "\n".join(lines)
                )
            else:
                at = match.end()
        return found


def shown(text: str) -> list[Shown]:
    """Every command of a page, in order."""
    found: list[Shown] = []
    for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Shown(line.removeprefix("$ ")))
            elif line.strip() == "...":
                found[-1].together.append([])
            elif code := re.fullmatch(r"\[exit (\d+)\]", line):
                found[-1].code = int(code[1])
            else:
                found[-1].together[-1].append(line.rstrip())
    return found


def commands(page: str) -> list[str]:
    told = [one.command for one in shown((ROOT / page).read_text(encoding="utf-8"))]
    told = [command for command in told if command.startswith("windtunnel ")]
    return [command.removeprefix("windtunnel ").split("  #")[0].strip() for command in told]


def windtunnel(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", *words], cwd=folder, capture_output=True, text=True, timeout=900
    )


def test_what_a_page_shows_is_held_against_what_a_command_said() -> None:
    text = "```console\n$ say this\none RUN\n...\nthree\nfour\n[exit 3]\n$ say that\n```\n"
    this, that = shown(text)
    assert (this.command, this.together, this.code) == ("say this", [["one RUN"], ["three", "four"]], 3)
    assert (that.command, that.together, that.code) == ("say that", [[]], 0)
    assert this.faults("zero\none 0123456789ab\ntwo\nthree\nfour\n", 3) == []
    assert len(this.faults("one 0123456789ab\nthree\ntwo\nfour\n", 3)) == 1, "not together"
    assert len(this.faults("three\nfour\none 0123456789ab\n", 3)) == 1, "not in order"
    assert len(this.faults("one 0123456789ab\nthree\nfour score\n", 3)) == 1, "not the whole line"
    assert len(this.faults("", 0)) == 3


def test_the_pages_show_commands() -> None:
    assert all(len(commands(page)) >= 4 for page in PAGES)


@pytest.mark.parametrize("words", CHEAP)
def test_a_cheap_command_of_the_pages_runs(words: str, tmp_path: Path) -> None:
    assert any(
        words in commands(page) or f"windtunnel {words}" in (ROOT / page).read_text() for page in PAGES
    )
    done = windtunnel(words.split(), tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 3


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_of_the_pages_exists(page: str, tmp_path: Path) -> None:
    helps: dict[str, str] = {}
    for words in commands(page):
        verb, *parts = shlex.split(words)
        if verb not in helps:
            told = windtunnel([verb, "--help"], tmp_path)
            assert told.returncode == 0, words
            helps[verb] = told.stdout
        for option in (part for part in parts if part.startswith("-")):
            assert option in helps[verb], f"{words}: no option {option}"


@pytest.mark.slow
def test_the_tour_says_what_its_commands_say(tmp_path: Path) -> None:
    """From top to bottom in one folder, as a stranger walks it: some fifteen minutes of one core."""
    told = shown((ROOT / "docs/tour.md").read_text(encoding="utf-8"))
    assert sum(len(lines) for one in told for lines in one.together) > 40, "the page shows figures"
    name = tmp_path / "bin" / "windtunnel"
    name.parent.mkdir()
    name.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness.cli "$@"\n', encoding="utf-8")
    name.chmod(0o755)
    surroundings = os.environ | {"PATH": f"{name.parent}{os.pathsep}{os.environ['PATH']}"}
    faults: list[str] = []
    for number, one in enumerate(told, 1):
        done = subprocess.run(
            ["sh", "-c", one.command],
            cwd=tmp_path,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=3600,
        )
        said = tmp_path / "said" / f"{number:02d}.txt"
        said.parent.mkdir(exist_ok=True)
        said.write_text(
            f"$ {one.command}\n{done.stdout}[exit {done.returncode}]\n{done.stderr}", encoding="utf-8"
        )
        faults += one.faults(done.stdout, done.returncode)
        if done.returncode == 2:
            faults.append(done.stderr)
    assert not faults, "\n\n".join(faults)
    (report,) = tmp_path.glob("results/runs/telco/midsize-carrier-quick-v1/*/report.html")
    assert report.stat().st_size > 100_000
