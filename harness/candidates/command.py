"""A program as a candidate: `use: "command:python score.py"`. It reads Arrow on stdin, writes scores on stdout.

Knows: how a program is named and started, what it may answer. Does not know: what it computes, nor in which language.

One process is started for each replay, in the scenario's folder, and is told of block after block (`_pipe` has the
format; scenarios/own/score_by_rule.py is a whole one). The word `python` is the interpreter of Windtunnel itself.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from harness.candidates._cost import Cost, Meter
from harness.candidates._model_card import write_json
from harness.candidates._outside import Standing, checked, digest, fact_card, held_pure, places, rearranged
from harness.candidates._pipe import Pipe
from harness.kinds import Floats, Matrix, Scorer, TrainingSet
from sim.core.errors import UserError
from sim.core.time import SECOND, Micros


@dataclass
class Command(Standing):
    """`run`: the program and its words. `names`: features in the order of its columns; all of the feature set without
    it. `files`: what else it reads in the scenario's folder, whose contents are part of a run. `timeout`: how long a
    block may take."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    shorthand: ClassVar[str] = "run"
    run: str
    names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    timeout: Micros = 60 * SECOND
    meter: Meter = field(default_factory=Meter, init=False, repr=False, compare=False)
    pipes: dict[tuple[str, ...], Pipe] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            words = shlex.split(self.run)
        except ValueError as error:
            raise UserError(f"run: {error}") from None
        if not words:
            raise UserError("run: no words, expected a program such as python score.py")
        if self.timeout <= 0:
            raise UserError("timeout: expected more than 0s")

    @property
    def words(self) -> list[str]:
        """The program and its words, as they are started."""
        first, *rest = shlex.split(self.run)
        return [sys.executable if first == "python" else first, *rest]

    @property
    def who(self) -> str:
        """The program, as a message names it."""
        return f"the command '{self.run}'"

    def located(self, folder: Path, digests: Mapping[str, str]) -> Self:
        """The same, standing in a folder, with a meter and processes of its own."""
        made = super().located(folder, digests)
        made.meter, made.pipes = Meter(), {}
        return made

    def inputs(self) -> tuple[str, ...]:
        """The files that it reads: those named by its words, where they are there, and `files`."""
        named = [
            w for w in shlex.split(self.run) if not Path(w).is_absolute() and (self.folder / w).is_file()
        ]
        return tuple(dict.fromkeys([*named, *self.files]))

    def check(self, given: tuple[str, ...] | None, outcomes: int | None) -> None:
        """Raise UserError where there is no such program or file, or it wants features that there are not. The program
        is not started."""
        first = self.words[0]
        if shutil.which(first) is None and shutil.which(str(self.folder / first)) is None:
            raise UserError(f"{self.who}: no program '{first}', on the path or in the scenario's folder")
        if shlex.split(self.run)[0] == "python":
            script = next((w for w in self.words[1:] if w.endswith(".py")), None)
            if script is not None and not (self.folder / script).is_file():
                raise UserError(f"{self.who}: no file '{script}', seen from the scenario's folder")
        for path in self.inputs():
            self.contents(path)
        if given is not None:
            places(self.names, given, self.who)

    def watch(self, clock: Callable[[], float]) -> None:
        """Count what it costs from now on, by a clock in seconds."""
        self.meter.clock = clock

    def cost(self) -> Cost:
        """What its answers cost so far, the way through the pipe included."""
        return self.meter.cost()

    def close(self) -> None:
        """End its processes."""
        for pipe in self.pipes.values():
            pipe.close()
        self.pipes = {}

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """The program as it is; nothing is learnt. Its process goes on from fit to fit."""
        self.check(past.names, None)
        wanted = self.names or past.names
        if wanted not in self.pipes:
            words = self.words
            if shutil.which(words[0]) is None:
                words[0] = str((self.folder / words[0]).resolve())
            self.pipes[wanted] = Pipe(words, self.folder, wanted, self.timeout / SECOND, self.who)
        files = {path: digest(self.contents(path)) for path in self.inputs()}
        facts = fact_card("command", past, wanted, command=self.run, files=files)
        scorer = CommandScorer(self.pipes[wanted], self.who, past.outcomes, self.meter, facts)
        whole = rearranged(scorer, wanted, past.names, self.who)
        held_pure(whole.score, past.x, self.who)
        return whole


@dataclass(frozen=True)
class CommandScorer:
    """A running program that scores rows."""

    pipe: Pipe
    who: str
    outcomes: int
    meter: Meter
    facts: Mapping[str, Any]

    def score(self, x: Matrix) -> Floats:
        """(n,) scores, or (n, outcomes)."""
        if not len(x):
            return np.empty((0, self.outcomes) if self.outcomes > 2 else 0)
        return self.meter.timed(self._answer, x)

    def _answer(self, x: Matrix) -> Floats:
        answer = self.pipe.ask(x)
        columns = 1 if self.outcomes == 2 else self.outcomes
        if answer.shape[1] != columns:
            raise UserError(f"{self.who} answered {answer.shape[1]} columns, expected {columns}")
        return checked(answer[:, 0] if columns == 1 else answer, len(x), self.outcomes, self.who)

    def save(self, folder: Path) -> Path:
        """Write which one it is: what it computes stands elsewhere."""
        return write_json(folder / "model.json", self.card())

    def card(self) -> Mapping[str, Any]:
        """Which program it is."""
        return {**self.facts, "model": "command"}


PLUGIN = Command
