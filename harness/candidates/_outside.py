"""What was made elsewhere, a model's file or a program: where it stands, which features it reads, what it may answer.

Knows: files of the scenario's folder, names, digests, the range of scores. Does not know: formats, processes.

Nothing here is fitted, and nothing is ever unpickled. A candidate of this kind has a class attribute `shorthand`, the
parameter that `use: NAME:VALUE` gives, and methods that `harness.kinds.Outside` names.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from harness.candidates._prior import floored
from harness.kinds import Floats, Matrix, Scorer, TrainingSet
from sim.core.errors import UserError, closest

Score = Callable[[Matrix], Floats]
SAMPLED = 16
"""Rows that are scored together and one by one before anything is believed."""


def places(wanted: Sequence[str], given: Sequence[str], who: str) -> NDArray[np.intp]:
    """Where the features that a model wants stand among those that there are. Raises UserError for one that is not."""
    known = {name: index for index, name in enumerate(given)}
    for name in wanted:
        if name not in known:
            raise UserError(
                f"{who} reads the feature '{name}', which is not among those given{closest(name, given)}"
            )
    return np.array([known[name] for name in wanted], dtype=np.intp)


def agreed(told: Sequence[str], written: Sequence[str], count: int, who: str) -> tuple[str, ...]:
    """A model's features in its order: as it tells them, or as `names` does where it tells none.

    Raises UserError where neither does, both do and disagree, or their number is not what the model takes."""
    if told and written and tuple(told) != tuple(written):
        at = next(
            (i for i, (a, b) in enumerate(zip(told, written, strict=False)) if a != b),
            min(len(told), len(written)),
        )
        own = f"'{told[at]}'" if at < len(told) else "no more"
        raise UserError(f"{who} says {own} where names says otherwise, at place {at}; leave names out")
    names = tuple(told) or tuple(written)
    if not names:
        raise UserError(f"{who} tells no names of its {count} features: write names: [...], in its order")
    if len(names) != count:
        raise UserError(f"{who} takes {count} features, {len(names)} are named")
    if len(set(names)) != len(names):
        raise UserError(f"{who} names a feature twice")
    return names


def checked(answer: Any, rows: int, outcomes: int, who: str) -> Floats:
    """An answer as scores (n,), or probabilities (n, k) of more than two outcomes. Raises UserError if it is none."""
    try:
        found = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        raise UserError(f"{who} answered no numbers") from None
    if found.ndim == 2 and outcomes == 2 and found.shape[1] in (1, 2):
        found = found[:, -1]
    wanted = (rows,) if outcomes == 2 else (rows, outcomes)
    if found.shape != wanted:
        counted = f"{found.shape[0]} scores" if found.ndim == 1 else f"an array {found.shape}"
        raise UserError(f"{who} answered {counted} for {rows} rows, expected {wanted}")
    if not np.isfinite(found).all():
        raise UserError(f"{who} answered a score that is no number")
    if rows and (found.min() < 0.0 or found.max() > 1.0):
        odd = float(found.min() if found.min() < 0.0 else found.max())
        raise UserError(f"{who} answered {odd:.6g}, expected scores from 0 to 1")
    return found if outcomes == 2 else floored(found)


def held_pure(score: Score, x: Matrix, who: str) -> None:
    """Refuse a scorer whose answer for a row depends on the rows beside it (law 6), by a few rows of x (n, k)."""
    some = np.ascontiguousarray(x[:: max(1, len(x) // SAMPLED)][:SAMPLED])
    if not len(some):
        return
    whole = score(some)
    alone = np.concatenate([score(some[i : i + 1]) for i in range(len(some))])
    apart = float(np.abs(whole - alone).max())
    if apart > 1e-6:
        raise UserError(
            f"{who} scores a row {apart:.2g} apart alone and beside others: a scorer must be pure"
        )


@dataclass
class Standing:
    """A candidate made elsewhere. `folder` and `digests` are no parameters: they say where it stands, and what its
    files were when the scenario was read."""

    folder: Path = field(default=Path(), init=False, repr=False, compare=False)
    digests: Mapping[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    cache: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def located(self, folder: Path, digests: Mapping[str, str]) -> Self:
        """The same, standing in a folder. digests: SHA-256 by path, of what must not have changed since."""
        made = copy.copy(self)
        made.folder, made.digests, made.cache = folder, digests, {}
        return made

    def contents(self, path: str) -> bytes:
        """A file of the folder. Raises UserError where it is not there, or has changed since the scenario was read."""
        place = self.folder / path
        if Path(path).is_absolute() or not place.resolve().is_relative_to(self.folder.resolve()):
            raise UserError(f"'{path}' lies outside the scenario's folder, expected a path below it")
        try:
            found = place.read_bytes()
        except OSError as error:
            why = "no such file" if isinstance(error, FileNotFoundError) else "cannot be read"
            raise UserError(f"'{path}': {why}, seen from the scenario's folder") from None
        if self.digests.get(path, digest(found)) != digest(found):
            raise UserError(f"'{path}' has changed since the scenario was read")
        return found


def digest(contents: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(contents).hexdigest()


def fact_card(kind: str, past: TrainingSet, names: Sequence[str], **facts: Any) -> dict[str, Any]:
    """What the card of a model says that was not fitted here."""
    return {"candidate": kind, "fitted": "elsewhere", "as_of": past.as_of, "features": list(names), **facts}


@dataclass(frozen=True)
class Rearranged:
    """A scorer that reads some of the given features, in an order of its own."""

    inner: Any
    at: NDArray[np.intp]
    """(k,) the place of each of its features among those given."""
    given: tuple[str, ...]

    def score(self, x: Matrix) -> Floats:
        """The inner scorer's answer for its own columns of x (n, given)."""
        answer: Floats = self.inner.score(np.ascontiguousarray(x[:, self.at]))
        return answer

    def importance(self) -> Mapping[str, float]:
        """The inner scorer's, if it tells."""
        told = getattr(self.inner, "importance", None)
        return told() if callable(told) else {}

    def contributions(self, x: Matrix) -> Floats:
        """(n, given + 1), zero for features that are not read, the last column the bias. Raises UserError where the
        model cannot tell."""
        told = getattr(self.inner, "contributions", None)
        if told is None:
            raise UserError("this model tells no contributions of its features")
        own = told(np.ascontiguousarray(x[:, self.at]))
        out = np.zeros((len(x), len(self.given) + 1))
        out[:, self.at], out[:, -1] = own[:, :-1], own[:, -1]
        return out

    def save(self, folder: Path) -> Path:
        """As the inner scorer does."""
        path: Path = self.inner.save(folder)
        return path

    def card(self) -> Mapping[str, Any]:
        """The inner scorer's."""
        told: Mapping[str, Any] = self.inner.card()
        return told


def rearranged(scorer: Scorer, wanted: Sequence[str], given: tuple[str, ...], who: str) -> Scorer:
    """A scorer for the features that there are; itself where these are its own in its order."""
    if tuple(wanted) == tuple(given):
        return scorer
    return Rearranged(scorer, places(wanted, given, who), given)
