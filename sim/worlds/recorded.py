"""A recording as a world: a CSV or Parquet log asks its own questions and tells its own news, through the same door.

Knows: turns, folds, which news a stop hides. Does not know: how files are read (`_recorded_reading`), models, charters.

Open loop: a decision changes nothing that follows. What it stopped is not un-happened, but its news (reports, results)
is hidden from the desk and counted, since in production it would never have existed.

Seeds. A recording happened once: another seed cannot make it happen again, and a bootstrap would let the interval
shrink with the number of draws. So clusters (a match, a caller) are dealt at random into `folds`, time by time, and
seed s asks, tells and settles everything but *counts* only its own fold (truth's `counted`; a quote's `outcome` is -1
elsewhere). Every candidate is trained alike in all folds; values of different seeds share no cluster, so a t-interval
over seeds is the random-groups interval (Wolter, Introduction to Variance Estimation, chapter 2). docs/recorded.md
says what it means and what it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.core.decisions import Action, Decisions, Quotes
from sim.core.errors import BadBlock, OutOfTurn, UserError
from sim.core.events import Block, Field, Schema
from sim.core.levers import Levers, LeverSpec
from sim.core.time import Clock, Micros, format_duration
from sim.core.truth import Outcomes, Settlement, Truth
from sim.core.world import Feed, GroundTruth, LabelChannel, News, Question, QuestionKind, Slice
from sim.worlds._recorded_mapping import Known
from sim.worlds._recorded_mapping import Parameters as LogMapping
from sim.worlds._recorded_reading import read

_OUTCOMES = Schema(
    "outcomes",
    (
        Field("id", "int64", "", "event"),
        Field("t", "int64", "us", "instant"),
        Field("effect", "int8", "", "code of the action that took effect"),
        Field("effect_at", "int64", "us", "instant at which it took effect"),
        Field("pending", "bool", "", "whether the event is still open"),
    ),
)


class Recorded:
    """One realisation: a recording and a fold. Raises BadLog for a log that cannot be replayed, UserError for a seed
    that names no fold."""

    Parameters: ClassVar[type[LogMapping]] = LogMapping
    levers: Mapping[str, LeverSpec] = MappingProxyType({})
    closed = False

    def __init__(
        self,
        seed: int,
        clock: Clock,
        tick: Micros,
        go_live: Micros,
        horizon: Micros,
        end: Micros,
        levers: Levers | None,
        parameters: LogMapping,
        rounds_up: bool = False,
    ) -> None:
        p = parameters
        dealt = p.replicates
        self._fold = seed - dealt.first_seed
        if not 0 <= self._fold < dealt.folds:
            last = dealt.first_seed + dealt.folds - 1
            told = f"{dealt.first_seed}" if dealt.folds == 1 else f"{dealt.first_seed} to {last}"
            raise UserError(
                f"seeds: {seed}: this recording is dealt into {dealt.folds} folds (replicates.folds), expected {told}"
            )
        self.clock, self.go_live, self.horizon, self.end = clock, go_live, horizon, end
        self._p, self._tick = p, tick
        self._log = log = read(p, clock, tick, horizon, end, rounds_up)
        counted = log.counted(p.scored, dealt.folds, self._fold)
        self._truth = _withheld(log.truth, counted)
        self._counted = int((counted & (log.question["t"] >= go_live)).sum())
        self.kinds = {p.question.name: self._kind()}
        self.streams = {name: told.block.schema for name, told in log.streams.items()}
        self.truth = {p.question.name: log.truth.schema}
        self.slices: Mapping[str, Slice] = log.slices
        self.feeds = self._feeds()
        stops = [action.stops for action in self.kinds[p.question.name].actions]
        self._stops = np.array(stops or [False], dtype=np.bool_)
        self._stopped = np.zeros(len(log.inside), dtype=np.bool_)
        self._hidden = dict.fromkeys(log.streams, 0)
        self._told = dict.fromkeys(log.streams, 0)
        self._busy = self._busy_ticks()
        self._heard: Micros = -1
        self._open: slice | None = None
        self._asked = 0
        self._now = self._next(0)

    # --- what it is --------------------------------------------------------------------------------------------------

    def _kind(self) -> QuestionKind:
        p, asked = self._p, self._p.question
        quote = asked.form == "quote"
        channels = tuple(
            LabelChannel(name, "label", spec.doc, spec.negatives or quote) for name, spec in p.labels.items()
        )
        return QuestionKind(
            name=asked.name,
            form=asked.form,
            schema=self._log.question.schema,
            entity=p.entity.name,
            unit=asked.unit,
            subject=asked.subject.name if asked.subject else "",
            actions=() if quote else tuple(Action(a.name, a.doc, a.stops, a.hinders) for a in asked.actions),
            labels=channels,
            outcomes=next(iter(p.labels.values())).outcomes if quote else (),
        )

    def _feeds(self) -> tuple[Feed, ...]:
        own = Feed("", "", "none", "the question's own fields, as they stand in the log")
        labels = [Feed(name, name, _delay(spec.known), spec.doc) for name, spec in self._p.labels.items()]
        streams = [Feed(name, name, _delay(spec.known), spec.doc) for name, spec in self._p.streams.items()]
        return (own, *labels, *streams)

    def _busy_ticks(self) -> NDArray[np.int64]:
        """Starts of the ticks that hold a row, or by which news has become known; goLive's among them."""
        starts = [np.unique(self._log.question["t"] // self._tick)]
        starts += [np.unique(-(-told.block["known_at"] // self._tick)) for told in self._log.streams.values()]
        starts.append(np.array([self.go_live // self._tick]))
        busy = np.unique(np.concatenate(starts)) * self._tick
        return busy[busy < self.horizon]

    def _next(self, after: Micros) -> Micros:
        place = int(np.searchsorted(self._busy, after))
        return int(self._busy[place]) if place < len(self._busy) else self.horizon

    # --- its turns ---------------------------------------------------------------------------------------------------

    @property
    def now(self) -> Micros:
        """Start of the next tick that holds a row or follows news; the horizon when there is none. Nights and summers
        are passed over."""
        return self._now

    def news(self, until: Micros) -> Iterable[News]:
        """What becomes known in (last until, until], but for what a stopped event would have caused."""
        if self._open is not None:
            raise OutOfTurn("news: a question is open, expected its answer first")
        latest = self._now if self._now < self.horizon else self.end
        if not self._heard <= until <= latest:
            raise OutOfTurn(f"news: until {until}, expected from {self._heard} to {latest}")
        self._heard = until
        return self._due(until)

    def _due(self, until: Micros) -> list[News]:
        due = []
        for name, told in self._log.streams.items():
            start = self._told[name]
            stop = int(np.searchsorted(told.block["known_at"], until, side="right"))
            self._told[name] = stop
            if stop == start:
                continue
            items = told.block.take(slice(start, stop))
            if told.depends:
                hidden = self._stopped[told.row[start:stop]]
                if bool(hidden.any()):
                    self._hidden[name] += int(hidden.sum())
                    items = items.take(~hidden)
            if len(items):
                due.append(News(name, items))
        return due

    def advance(self) -> Sequence[Question] | None:
        """The question of the tick that starts at `now`; None at the horizon."""
        if self._open is not None:
            raise OutOfTurn("advance: a question is open, expected its answer first")
        if self._now >= self.horizon:
            return None
        if self._heard != self._now:
            raise OutOfTurn(f"advance: expected news(until={self._now}) first")
        close = min(self._now + self._tick, self.horizon)
        stop = int(np.searchsorted(self._log.question["t"], close))
        self._open = slice(self._asked, stop)
        asked = self._p.question
        return [Question(asked.name, asked.form, self._now, close, self._log.question.take(self._open))]

    def publish(self, quotes: Quotes) -> Settlement:
        """Take the answer to a Quote question: it is recorded, and changes nothing."""
        rows = self._answered("quote", "publish", quotes.id)
        width = len(self.kinds[self._p.question.name].outcomes)
        if quotes.probability.shape[1] != width:
            raise BadBlock(f"quotes.probability: {quotes.probability.shape[1]} outcomes, expected {width}")
        return self._settled(rows, np.zeros(len(quotes.id), dtype=np.int8))

    def settle(self, decisions: Decisions) -> Settlement:
        """Take the answer to an Act question: news of what it stopped is hidden from now on."""
        action = decisions.action
        if len(action) and not 0 <= int(action.min()) <= int(action.max()) < len(self._stops):
            raise BadBlock(f"decisions.action: expected codes from 0 to {len(self._stops) - 1}")
        rows = self._answered("act", "settle", decisions.id)
        self._stopped[self._log.row[rows][self._stops[action]]] = True
        return self._settled(rows, action)

    def _answered(self, form: str, verb: str, ids: NDArray[np.int64]) -> slice:
        if self._open is None:
            raise OutOfTurn(f"{verb}: no question is open, expected advance first")
        if self._p.question.form != form:
            raise OutOfTurn(f"{verb}: the question takes {self._p.question.form} answers")
        rows = self._open
        if not np.array_equal(ids, self._log.question["id"][rows]):
            raise OutOfTurn(f"{verb}: the answer's ids are not the question's")
        self._open, self._asked = None, rows.stop
        self._now = self._next(self._now + self._tick)
        return rows

    def _settled(self, rows: slice, effect: NDArray[np.int8]) -> Settlement:
        truth = self._truth.take(rows)
        columns = {
            "id": truth["id"],
            "t": truth["t"],
            "effect": effect.copy(),
            "effect_at": truth["t"],
            "pending": np.zeros(len(truth), dtype=np.bool_),
        }
        return Settlement(Outcomes(Block(_OUTCOMES, columns)), Truth(truth))

    # --- what it says of itself --------------------------------------------------------------------------------------

    def touched(self, question: Question, row: int) -> Mapping[str, NDArray[np.int64]]:
        """The row's own entity and subject: only the news of this event can be hidden."""
        kind = self.kinds[question.kind]
        names = [kind.entity, *([kind.subject] if kind.subject else [])]
        return {name: question.block[name][row : row + 1] for name in names}

    def ground_truth(self) -> Sequence[GroundTruth]:
        """Nothing: what really drifted in a recording is not known."""
        return ()

    def describe(self) -> Mapping[str, Any]:
        """Sizes, bad rows by file and reason with the first examples, and what was hidden so far."""
        log, dealt = self._log, self._p.replicates
        return {
            "files": dict(log.files),
            "rows": log.rows,
            "events": len(log.question),
            "entities": len(np.unique(log.question[self._p.entity.name])),
            "bad_rows": {name: dict(counts) for name, counts in log.bad_rows.items()},
            "bad_examples": [
                {"file": file, "row": row, "column": column, "cell": cell, "what": what}
                for file, row, column, cell, what in log.examples
            ],
            "outside": dict(log.outside),
            "unlabelled": dict(log.unlabelled),
            "news": {name: len(told.block) for name, told in log.streams.items()},
            "hidden_news": dict(self._hidden),
            "open_loop": "decisions change nothing that follows; news of what a policy stopped is hidden",
            "fold": {"number": self._fold + 1, "of": dealt.folds, "counted": self._counted},
        }


def _withheld(truth: Block, counted: NDArray[np.bool_]) -> Block:
    """The truth of one fold: metrics of quotes count no row whose outcome is negative."""
    columns = {**truth.columns, "counted": counted}
    if "outcome" in columns:
        columns["outcome"] = np.where(counted, columns["outcome"], -1).astype(np.int8)
    return Block(truth.schema, columns)


def _delay(known: Known) -> str:
    base = (
        f"column {known.at.column}" if known.at else f"event + column {known.lag}" if known.lag else "event"
    )
    return f"{base} + {format_duration(known.after)}" if known.after else base


PLUGIN = Recorded
