"""The search for a setting: the cheapest that keeps the charter on some seeds, and whether others agree.

Knows: what may vary, a sampler, what a setting costs and by how much it breaks the charter. Does not know: how a
setting becomes a trial, how a replay is done, how an answer is shown.

A setting *keeps* the charter on a set of seeds where every critical clause's estimate over them lies in its good band;
its *excess* is otherwise the largest distance beyond a band, in the threshold's own size. Samplers see one number: the
cost of a setting that keeps it, and above all of these the excess of one that does not. They propose in batches of a
fixed size, so that the number of processes changes nothing. `tpe` is Optuna's tree-structured Parzen estimator
(Bergstra et al. 2011), seeded; `halton` walks a shifted Halton sequence and needs nothing.

A search over seeds fits to them. So the cheapest few are judged again on seeds that the search never saw, and under
stronger drift, and what was lost on the way is told: costs and margins on both, and how many of the few still keep it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from harness.axes import spans_decades
from sim.core.errors import UserError
from sim.core.rng import key, uniform

BATCH = 4
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)
"""As many knobs as a search may have."""
BROKEN = 1e12
"""Above any cost: what a sampler is told of a setting that breaks the charter, and its excess on top."""

Setting = Mapping[str, str]
"""Key below the candidate -> value, as a document writes it."""


@dataclass(frozen=True)
class Knob:
    """What may vary: a range of numbers (by factors where it spans a decade; whole where both ends are), or choices."""

    key: str
    low: float = math.nan
    high: float = math.nan
    whole: bool = False
    choices: tuple[str, ...] = ()

    @property
    def ends(self) -> tuple[str, ...]:
        """Both ends of a range, or every choice: what must be allowed before a search begins."""
        return self.choices or (self.at(0.0), self.at(1.0))

    @property
    def log(self) -> bool:
        """Whether it is walked by factors."""
        return not self.choices and spans_decades(self.low, self.high)

    def at(self, u: float) -> str:
        """The value at a place from 0 to 1."""
        if self.choices:
            return self.choices[min(int(u * len(self.choices)), len(self.choices) - 1)]
        value = self.low * (self.high / self.low) ** u if self.log else self.low + (self.high - self.low) * u
        return str(round(value)) if self.whole else f"{value:.6g}"


def knob(text: str) -> Knob:
    """`policy.with.block_at=0.2..0.9` or `retrain.every=7d,14d`. Raises UserError."""
    name, sign, values = text.partition("=")
    wanted = f"--vary: '{text}', expected KEY=LOW..HIGH or KEY=A,B,C such as policy.with.block_at=0.2..0.9"
    if not sign or not name.strip() or not values.strip():
        raise UserError(wanted)
    if ".." in values:
        low, _, high = values.partition("..")
        try:
            ends = float(low), float(high)
        except ValueError:
            raise UserError(wanted) from None
        if not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
            raise UserError(f"{wanted}, LOW below HIGH")
        whole = all("." not in part and "e" not in part.lower() for part in (low, high))
        return Knob(name.strip(), *ends, whole)
    choices = tuple(part.strip() for part in values.split(","))
    if len(choices) < 2 or not all(choices) or len(set(choices)) < len(choices):
        raise UserError(f"{wanted}, at least two choices, each once")
    return Knob(name.strip(), choices=choices)


@dataclass(frozen=True)
class Score:
    """What a setting did on some seeds: its cost, its excess (0 where the charter is kept), its smallest margin."""

    cost: float
    excess: float
    margin: float

    @property
    def keeps(self) -> bool:
        """Whether every critical clause's estimate is good enough."""
        return self.excess <= 0.0

    @property
    def told(self) -> float:
        """What a sampler minimises."""
        return self.cost if self.keeps else BROKEN * (1.0 + min(self.excess, 1e6))


@dataclass(frozen=True)
class Tried:
    """A setting and what it did on the training seeds."""

    setting: Setting
    score: Score


class Sampler(Protocol):
    """Proposes settings and hears what became of them."""

    def ask(self, count: int) -> list[Setting]:
        """The next settings to try."""
        ...

    def tell(self, tried: Sequence[Tried]) -> None:
        """What those of the last question did, in their order."""
        ...


def search(
    knobs: Sequence[Knob],
    trials: int,
    seed: int,
    sampler: str,
    score: Callable[[Sequence[Setting]], list[Score]],
) -> list[Tried]:
    """Try so many settings, batch by batch; in the order in which they were tried. Raises UserError without Optuna."""
    found: list[Tried] = []
    chosen = _SAMPLERS[sampler_of(sampler)](knobs, seed)
    while len(found) < trials:
        settings = chosen.ask(min(BATCH, trials - len(found)))
        batch = [Tried(s, one) for s, one in zip(settings, score(settings), strict=True)]
        chosen.tell(batch)
        found += batch
    return found


def best(tried: Sequence[Tried], count: int) -> list[Tried]:
    """The cheapest settings that keep the charter, each once; ties in the order in which they were tried."""
    once = {tuple(sorted(one.setting.items())): one for one in reversed(tried) if one.score.keeps}
    order = {id(one): place for place, one in enumerate(tried)}
    return sorted(once.values(), key=lambda one: (one.score.cost, order[id(one)]))[:count]


def sampler_of(name: str) -> str:
    """The sampler of that name; of an empty one `tpe` where Optuna is installed, else `halton`. Raises UserError for
    one that is not there, and for `tpe` without Optuna."""
    there = find_spec("optuna") is not None
    if not name:
        return "tpe" if there else "halton"
    if name not in _SAMPLERS:
        raise UserError(f"--sampler: got '{name}', expected one of: {', '.join(_SAMPLERS)}")
    if name == "tpe" and not there:
        raise UserError(
            "--sampler tpe needs Optuna: pip install 'windtunnel[tune]'; or --sampler halton, which needs nothing"
        )
    return name


class _Halton:
    """Even coverage: the Halton sequence (1960), a prime for each knob, shifted by a keyed amount (Cranley and
    Patterson 1976), so that two searches do not walk the same points."""

    def __init__(self, knobs: Sequence[Knob], seed: int) -> None:
        self.knobs, self._next = knobs, 1
        self._shift = uniform(key(seed, "tune", "halton"), np.arange(len(knobs), dtype=np.int64)).tolist()

    def ask(self, count: int) -> list[Setting]:
        """The next points of the sequence."""
        found: list[Setting] = []
        for number in range(self._next, self._next + count):
            point = [(inverse(number, p) + s) % 1.0 for p, s in zip(PRIMES, self._shift, strict=False)]
            found.append({one.key: one.at(u) for one, u in zip(self.knobs, point, strict=True)})
        self._next += count
        return found

    def tell(self, tried: Sequence[Tried]) -> None:
        """It does not listen."""


def inverse(number: int, base: int) -> float:
    """The radical inverse: a whole number's digits in a base, mirrored behind the point."""
    value, scale = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        scale /= base
        value += digit * scale
    return value


class _Parzen:
    """Optuna's TPE, asked in batches."""

    def __init__(self, knobs: Sequence[Knob], seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.knobs = knobs
        own = optuna.samplers.TPESampler(seed=key(seed, "tune", "tpe") % 2**32, n_startup_trials=2 * BATCH)
        self._study = optuna.create_study(direction="minimize", sampler=own)
        self._open: list[Any] = []

    def ask(self, count: int) -> list[Setting]:
        """Where the estimator expects cheap settings that keep the charter."""
        self._open = [self._study.ask() for _ in range(count)]
        return [{one.key: self._suggest(trial, one) for one in self.knobs} for trial in self._open]

    def _suggest(self, trial: Any, one: Knob) -> str:
        if one.choices:
            return str(trial.suggest_categorical(one.key, list(one.choices)))
        return one.at(float(trial.suggest_float(one.key, 0.0, 1.0)))

    def tell(self, tried: Sequence[Tried]) -> None:
        """What became of each."""
        for trial, one in zip(self._open, tried, strict=True):
            self._study.tell(trial, one.score.told)


_SAMPLERS: Mapping[str, Callable[[Sequence[Knob], int], Sampler]] = {"tpe": _Parzen, "halton": _Halton}
