"""A model trained elsewhere, as ONNX: `use: onnx:model.onnx`. It is never fitted here, and needs `windtunnel[onnx]`.

Knows: ONNX Runtime, the two ways in which converters write inputs (one matrix, or a column each). Does not know: which
library trained it.

Features are named by the model: its inputs where each column is one, else its metadata `feature_names` (a JSON list),
else `names`. Scores are float32, so that they agree with the original's to about 1e-6, which a policy's threshold may
fall into; docs/own-business.md has the measured distance.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from harness.candidates._outside import Standing, agreed, checked, digest, fact_card, places, rearranged
from harness.candidates._prior import finite
from harness.kinds import Floats, Matrix, Scorer, TrainingSet
from sim.core.errors import UserError, closest

FLOAT = "tensor(float)"
MISSING = "onnxruntime is not installed: pip install 'windtunnel[onnx]'"


class Opened(NamedTuple):
    """A session with its inputs, the output that holds scores, and the features in order."""

    session: Any
    inputs: tuple[str, ...]
    output: str
    wanted: tuple[str, ...]


@dataclass
class Onnx(Standing):
    """`path`: below the scenario's folder. `names`: of its features, in its order, where it tells none. `output`: which
    of its outputs holds the scores, where there are several of floats."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    shorthand: ClassVar[str] = "path"
    path: str
    names: tuple[str, ...] = ()
    output: str = ""

    @property
    def who(self) -> str:
        """The model, as a message names it."""
        return f"the model '{self.path}'"

    def inputs(self) -> tuple[str, ...]:
        """The files that it reads."""
        return (self.path,)

    def check(self, given: tuple[str, ...] | None, outcomes: int | None) -> None:
        """Raise UserError where the model cannot be read, or wants other features or outcomes than there are."""
        opened = self._opened()
        if given is not None:
            places(opened.wanted, given, self.who)
        if outcomes is not None:
            self._score(np.zeros((2, len(opened.wanted)), dtype=np.float32), outcomes)

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """The model as it is; nothing is learnt."""
        self.check(past.names, past.outcomes)
        wanted, contents = self._opened().wanted, self.contents(self.path)
        facts = fact_card("onnx", past, wanted, file=Path(self.path).name, sha256=digest(contents))
        return rearranged(OnnxScorer(self, past.outcomes, facts, contents), wanted, past.names, self.who)

    def _score(self, x: Matrix, outcomes: int) -> Floats:
        opened = self._opened()
        x = finite(x)
        fed = (
            {opened.inputs[0]: x}
            if len(opened.inputs) == 1
            else {name: np.ascontiguousarray(x[:, i : i + 1]) for i, name in enumerate(opened.inputs)}
        )
        try:
            answer = np.asarray(opened.session.run([opened.output], fed)[0], dtype=np.float64)
        except Exception as error:
            raise UserError(f"{self.who} cannot score: {_first_line(error)}") from error
        if outcomes > 2 or answer.ndim == 1:
            answer = answer if answer.ndim == 1 or answer.shape[1] != 1 else answer[:, 0]
        # Rounding of float32 may leave the unit interval by a last bit.
        near = (
            np.clip(answer, 0.0, 1.0)
            if np.abs(np.clip(answer, 0.0, 1.0) - answer).max(initial=0.0) < 1e-6
            else answer
        )
        return checked(near, len(x), outcomes, self.who)

    def _opened(self) -> Opened:
        if "model" not in self.cache:
            self.cache["model"] = self._open()
        found: Opened = self.cache["model"]
        return found

    def _open(self) -> Opened:
        contents = self.contents(self.path)
        try:
            import onnxruntime
        except ImportError:
            raise UserError(MISSING) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(contents, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise UserError(f"{self.who} is not read by ONNX Runtime: {_first_line(error)}") from None
        inputs = session.get_inputs()
        odd = next((one for one in inputs if one.type != FLOAT), None)
        if odd is not None:
            raise UserError(f"{self.who} takes {odd.type} as '{odd.name}', expected {FLOAT}")
        columns = tuple(one.name for one in inputs)
        if len(columns) > 1:
            wanted = agreed(columns, self.names, len(columns), self.who)
        else:
            shape = inputs[0].shape
            width = shape[1] if len(shape) == 2 and isinstance(shape[1], int) else 0
            told = _named(session.get_modelmeta().custom_metadata_map, self.who)
            wanted = agreed(told, self.names, width or len(told) or len(self.names), self.who)
        return Opened(session, columns, self._output(session), wanted)

    def _output(self, session: Any) -> str:
        floats = [one.name for one in session.get_outputs() if one.type == FLOAT]
        if self.output:
            if self.output not in floats:
                raise UserError(
                    f"{self.who} has no output '{self.output}' of floats{closest(self.output, floats)}"
                )
            return self.output
        if not floats:
            told = ", ".join(f"{one.name}: {one.type}" for one in session.get_outputs())
            raise UserError(f"{self.who} answers no {FLOAT} ({told}); convert it with zipmap=False")
        if len(floats) > 1 and "probabilities" in floats:
            return "probabilities"
        if len(floats) > 1:
            raise UserError(f"{self.who} answers {', '.join(floats)}: write output: one of them")
        return str(floats[0])


def _named(metadata: Mapping[str, str], who: str) -> tuple[str, ...]:
    """Names in a model's metadata; empty where there are none."""
    if "feature_names" not in metadata:
        return ()
    try:
        found = json.loads(metadata["feature_names"])
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise UserError(f"{who} has metadata feature_names that is no JSON list of texts")
    return tuple(found)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


@dataclass(frozen=True)
class OnnxScorer:
    """A model of ONNX as it came."""

    model: Onnx
    outcomes: int
    facts: Mapping[str, Any]
    contents: bytes

    def score(self, x: Matrix) -> Floats:
        """(n,) probability of the positive class, or (n, outcomes)."""
        if not len(x):
            return np.empty((0, self.outcomes) if self.outcomes > 2 else 0)
        return self.model._score(x, self.outcomes)

    def save(self, folder: Path) -> Path:
        """Write the file that it was read from."""
        path = folder / "model.onnx"
        path.write_bytes(self.contents)
        return path

    def card(self) -> Mapping[str, Any]:
        """Where it came from."""
        return {**self.facts, "model": "onnx"}


PLUGIN = Onnx
