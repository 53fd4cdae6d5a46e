"""The coin-flip canary: labels that nobody can predict must be predicted at chance (law 12).

Knows: the contract of worlds, the loop. Does not know: any candidate's inside.

A wrapper replaces a world's labels by coin flips, drawn per labelled unit (entity and day), persisting, delayed as
labels are, in the closed loop: a unit that lands heads is reported after a heavy-tailed lag, never before its day is
over; audits of it answer its coin. Of several desks it is the one that acts that is tried; prices are the world's own
affair, and results stay what they are. Whoever scores better or worse than chance has seen a label before it was known.

The score that counts is the first one given to each unit, compared with its coin by AUC; under chance its standard
error is sqrt((m + n + 1) / (12 m n)) for m heads and n tails (Mann and Whitney 1947; units are independent by making).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Rows
from sim.core import rng
from sim.core.decisions import Decisions, Quotes
from sim.core.errors import UserError
from sim.core.events import Block, block, concat
from sim.core.time import DAY, HOUR, Micros
from sim.core.truth import Settlement
from sim.core.world import News, Question, World


class CoinFlips:
    """A world whose labels are coins. Everything else, settlement included, is the world's own."""

    def __init__(self, world: World, seed: int, heads: float = 0.5) -> None:
        self.world = world
        kinds = [kind for kind in world.kinds.values() if kind.form == "act"]
        told = [channel for kind in kinds for channel in kind.labels if not channel.negatives]
        if len(kinds) != 1 or not told or told[0].stream not in world.streams:
            raise UserError("--canary: needs a world with one question to act on, whose units are reported")
        self.kind = kinds[0]
        self._report = told[0].stream
        self._verification = {c.stream: c.unit_label for c in self.kind.labels if c.negatives}
        self._coin, self._lag = rng.key(seed, "canary", "coin"), rng.key(seed, "canary", "lag")
        self.heads = heads
        self._units: dict[int, NDArray[np.int64]] = {}
        self._pending: Block = world.streams[self._report].empty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)

    def coin(self, entity: NDArray[np.int64], t: NDArray[np.int64]) -> NDArray[np.int8]:
        """The coin (n,) of each row's unit."""
        return (rng.uniform(self._coin, entity, t // DAY) < self.heads).astype(np.int8)

    def news(self, until: Micros) -> Iterable[News]:
        """The world's news without its labels, and the coins that have become known."""
        for item in self.world.news(until=until):
            if item.stream in self._verification:
                yield News(item.stream, self._verified(item.block, self._verification[item.stream]))
            elif item.stream not in {channel.stream for channel in self.kind.labels}:
                yield item
        due = self._pending["known_at"] <= until
        if due.any():
            yield News(self._report, self._pending.take(due))
            self._pending = self._pending.take(~due)

    def _verified(self, told: Block, label: str) -> Block:
        columns = dict(told.columns)
        columns[label] = self.coin(told[self.kind.entity], told["t"]).astype(columns[label].dtype)
        return Block(told.schema, columns)

    def advance(self) -> Sequence[Question] | None:
        """The world's own questions; each new unit that landed heads will be reported after its day."""
        questions = self.world.advance()
        for question in questions or ():
            if question.kind == self.kind.name and len(question.block):
                self._flip(question.block)
        return questions

    def _flip(self, rows: Block) -> None:
        entity, day = rows[self.kind.entity], int(rows["t"][0]) // DAY
        known = self._units.get(day, np.empty(0, dtype=np.int64))
        _, first = np.unique(entity, return_index=True)
        fresh = first[~np.isin(entity[first], known)]
        self._units = {day: np.union1d(known, entity[fresh])}
        told = fresh[self.coin(entity[fresh], rows["t"][fresh]) > 0]
        lag = np.exp(1.5 + 2.39 * rng.normal(self._lag, entity[told], day)) * HOUR
        known_at = (day + 1) * DAY + np.minimum(lag, 400.0 * DAY).astype(np.int64)
        schema = self._pending.schema
        columns = {"known_at": known_at}
        for name in schema.names:
            if name != "known_at":
                columns[name] = rows[name][told]
        self._pending = concat(schema, [self._pending, block(schema, columns)])


class Canary(NamedTuple):
    """How a desk scored coins: AUC, its standard error under chance, the units behind it, whether it may sing on."""

    candidate: str
    auc: float
    standard_error: float
    units: int

    @property
    def z(self) -> float:
        """Standard errors away from chance."""
        return (self.auc - 0.5) / self.standard_error

    def __str__(self) -> str:
        if not self.measured:
            return f"canary {self.candidate}: UNMEASURED: {self.units} units, and no two with different coins"
        word = "alive" if self.alive else "DEAD: it has seen a label before it was known"
        return (
            f"canary {self.candidate}: AUC {self.auc:.4f} on coin flips, {self.z:+.1f} standard errors from chance, "
            f"{self.units} units: {word}"
        )

    @property
    def measured(self) -> bool:
        """Whether there were units of both kinds to tell apart."""
        return bool(np.isfinite(self.auc))

    @property
    def alive(self) -> bool:
        """Within 3 standard errors of chance."""
        return abs(self.z) <= 3.0


class CoinLedger:
    """Stands where the ledger stands and remembers, per unit, the first score and the coin."""

    def __init__(self, flips: CoinFlips, go_live: Micros) -> None:
        self.flips, self.go_live = flips, go_live
        self._score: list[NDArray[np.float64]] = []
        self._coin: list[NDArray[np.int8]] = []
        self._seen: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, dtype=np.int64))

    def write(self, question: Question, answer: Decisions | Quotes, settled: Settlement) -> None:
        """Remember the first score of each new unit."""
        if question.start < self.go_live or not len(question.block) or not isinstance(answer, Decisions):
            return
        entity, t = question.block[self.flips.kind.entity], question.block["t"]
        day = int(t[0]) // DAY
        known = self._seen[1] if self._seen[0] == day else np.empty(0, dtype=np.int64)
        _, first = np.unique(entity, return_index=True)
        fresh = first[~np.isin(entity[first], known)]
        self._seen = (day, np.union1d(known, entity[fresh]))
        self._score.append(answer.scored[fresh].astype(np.float64))
        self._coin.append(self.flips.coin(entity[fresh], t[fresh]))

    def hear(self, stream: str, rows: Rows) -> None:
        """Nothing to remember of news."""

    def close(self, end: Micros) -> None:
        """Nothing to close."""

    def verdict(self, candidate: str) -> Canary:
        """AUC of first scores against coins, ties counted half."""
        score = np.concatenate(self._score) if self._score else np.empty(0)
        coin = np.concatenate(self._coin) if self._coin else np.empty(0, dtype=np.int8)
        scored = ~np.isnan(
            score
        )  # a desk that scores on a schedule has none yet of who calls for the first time
        score, coin = score[scored], coin[scored]
        auc, error = auc_with_error(score, coin)
        return Canary(candidate, auc, error, len(score))


def auc_with_error(score: NDArray[np.float64], label: NDArray[np.int8]) -> tuple[float, float]:
    """Area under the ROC curve with ties counted half, and its standard error under chance."""
    from scipy.stats import rankdata

    heads, tails = int((label > 0).sum()), int((label <= 0).sum())
    if heads == 0 or tails == 0:
        return float("nan"), float("nan")
    ranks = rankdata(score)
    auc = (float(ranks[label > 0].sum()) - heads * (heads + 1) / 2) / (heads * tails)
    return auc, float(np.sqrt((heads + tails + 1) / (12 * heads * tails)))
