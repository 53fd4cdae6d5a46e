"""How detectable unwanted calls are to a simple engine: check 30.

Knows: what an analytics engine on the callee's side sees of a call, and what was true of it. Does not know: the
harness, its features, candidates or policies.

The engine is a table. A call falls into a cell by what is known of its number before it: calls of today and
yesterday, share of distinct callees and answered share of the last week, whether anybody calls it, days since
it was first seen, attestation. In the first half of the study a cell learns its share of unwanted calls from
truth (engines have honeypots, audio and crowds); it is then flagged or not, worst cells first, as far as the
wanted false-discovery rate allows. The second half is scored. Nothing is stopped, so that campaigns do not
adapt to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Check, Columns, Day, Estimate, Figure, Measure
from sim.core.estimates import jackknife
from sim.core.world import World
from sim.worlds.telco.checks._rows import calls, pair, upper
from sim.worlds.telco.checks._studies import EVERYDAY

Ints = NDArray[np.int64]
LEARN_DAYS, WEEK_DAYS = 28, 7
WANTED_FDR = 0.0126
"""The middle of the three engines of the field study: 55 % identified at 1.26 %."""
LEAST_CALLS = 30
"""A cell with fewer calls in the first half is not flagged."""

_RECENT = np.array([1, 2, 4, 8, 15, 30, 60, 120])
_DISTINCT = np.array([0.7, 0.85, 0.95, 0.99])
_ANSWERED = np.array([0.2, 0.35, 0.5])
_AGE = np.array([1, 3, 7, 21])
_SIZES = (len(_RECENT) + 1, len(_DISTINCT) + 2, len(_ANSWERED) + 2, 2, len(_AGE) + 1, 4)


class Past(NamedTuple):
    """A day by number, ascending: calls, distinct callees, answered calls."""

    number: Ints
    made: Ints
    distinct: Ints
    answered: Ints


def past_of(rows: Columns) -> Past:
    """A day's numbers."""
    number, place, made = np.unique(rows["caller"], return_inverse=True, return_counts=True)
    distinct = np.unique(upper(np.unique(pair(rows["caller"], rows["callee"]))), return_counts=True)[1]
    answered = np.bincount(place, weights=rows["answered"], minlength=len(number)).astype(np.int64)
    return Past(number, made, distinct, answered)


def looked_up(keys: Ints, values: Ints, wanted: Ints) -> Ints:
    """Values at ascending keys (k,) for the wanted ones (n,); 0 for those that are not there."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)


def so_far(caller: Ints) -> Ints:
    """For each call, in time order: earlier calls of its number on the same day."""
    order = np.argsort(caller, kind="stable")
    ordered = caller[order]
    begin = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    count = np.arange(len(caller)) - np.repeat(begin, np.diff(np.concatenate([begin, [len(caller)]])))
    out = np.empty(len(caller), dtype=np.int64)
    out[order] = count
    return out


class Engine:
    """The table engine, learning in the first half and scored in the second, seed by seed."""

    def __init__(self) -> None:
        self._scored: list[NDArray[np.float64]] = []
        self._renew()

    def _renew(self) -> None:
        self._week: list[Past] = []
        self._called: list[Ints] = []
        self._seen: Ints = np.empty(0, dtype=np.int64)
        self._since: Ints = np.empty(0, dtype=np.int64)
        self._cells = np.zeros((int(np.prod(_SIZES)), 2))
        self._flagged: NDArray[np.bool_] | None = None
        self._weeks: dict[int, NDArray[np.float64]] = {}

    def see(self, day: Day) -> None:
        """Learn from a day, or be scored on it; then remember it."""
        rows = calls(day)
        cell = self._cell(rows, day.index)
        bad = rows["unwanted"].astype(np.float64)
        if day.index < LEARN_DAYS:
            for column, weight in enumerate((bad, 1.0 - bad)):
                self._cells[:, column] += np.bincount(cell, weights=weight, minlength=len(self._cells))
        else:
            if self._flagged is None:
                self._flagged = flagged(self._cells, WANTED_FDR)
            hit = self._flagged[cell]
            sums = np.array([bad[hit].sum(), bad.sum(), hit.sum()])
            self._weeks[day.index // WEEK_DAYS] = self._weeks.get(day.index // WEEK_DAYS, 0.0) + sums
        self._remember(rows, day.index)

    def _cell(self, rows: Columns, index: int) -> Ints:
        caller = rows["caller"]
        number, place = np.unique(caller, return_inverse=True)
        week = self._week[-WEEK_DAYS:]
        names = np.concatenate([np.empty(0, dtype=np.int64), *(past.number for past in week)])
        known, at = np.unique(names, return_inverse=True)
        made, distinct, answered = (
            looked_up(known, self._summed(at, column, len(known)), number) for column in (1, 2, 3)
        )
        yesterday = (
            looked_up(week[-1].number, week[-1].made, number) if week else np.zeros(len(number), np.int64)
        )
        called = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *self._called[-WEEK_DAYS:]]))
        is_called = looked_up(called, np.ones(len(called), dtype=np.int64), number)
        age = index - looked_up(self._seen, self._since, number)
        age[looked_up(self._seen, np.ones(len(self._seen), dtype=np.int64), number) == 0] = 0
        shares = [
            np.where(made >= 5, 1 + np.searchsorted(edges, part / np.maximum(made, 1)), 0)
            for edges, part in ((_DISTINCT, distinct), (_ANSWERED, answered))
        ]
        recent = np.searchsorted(_RECENT, yesterday[place] + so_far(caller), side="right")
        codes = [recent, shares[0][place], shares[1][place], is_called[place]]
        codes += [np.searchsorted(_AGE, age, side="right")[place], rows["attestation"].astype(np.int64)]
        return np.asarray(np.ravel_multi_index(codes, _SIZES), dtype=np.int64)

    def _summed(self, at: Ints, column: int, size: int) -> Ints:
        values = [np.empty(0, dtype=np.int64), *(past[column] for past in self._week[-WEEK_DAYS:])]
        return np.bincount(at, weights=np.concatenate(values), minlength=size).astype(np.int64)

    def _remember(self, rows: Columns, index: int) -> None:
        self._week = [*self._week[1 - WEEK_DAYS :], past_of(rows)]
        self._called = [*self._called[1 - WEEK_DAYS :], np.unique(rows["callee"])]
        fresh = np.setdiff1d(self._week[-1].number, self._seen, assume_unique=True)
        seen = np.concatenate([self._seen, fresh])
        since = np.concatenate([self._since, np.full(len(fresh), index, dtype=np.int64)])
        order = np.argsort(seen, kind="stable")
        self._seen, self._since = seen[order], since[order]

    def end(self, world: World) -> None:
        """Keep the seed's scored weeks and forget its numbers."""
        self._scored += [self._weeks[week] for week in sorted(self._weeks)]
        self._renew()

    def estimates(self) -> Mapping[str, Estimate]:
        """Recall, and the share of flagged calls that were wanted."""
        if not self._scored:
            return {}
        scored = np.stack(self._scored)
        return {
            "recall": jackknife(scored[:, :2]),
            "false discoveries": jackknife(np.column_stack([scored[:, 2] - scored[:, 0], scored[:, 2]])),
        }


def flagged(cells: NDArray[np.float64], wanted: float) -> NDArray[np.bool_]:
    """Which cells (k, 2: unwanted, wanted calls) are flagged: worst first, while the false discoveries stay
    below."""
    total = cells.sum(axis=1)
    share = np.where(total >= LEAST_CALLS, cells[:, 0] / np.maximum(total, 1.0), -1.0)
    order = np.argsort(-share, kind="stable")
    order = order[share[order] > 0.0]
    false = np.cumsum(cells[order, 1]) / np.maximum(np.cumsum(total[order]), 1.0)
    chosen = np.zeros(len(cells), dtype=np.bool_)
    chosen[order[false <= wanted]] = True
    return chosen


CHECKS = (
    Check(
        30,
        "what a simple engine finds",
        "emergent",
        f"all calls; a table of six properties of the number learns {LEARN_DAYS} days of truth, the "
        f"next {LEARN_DAYS} are "
        f"scored, flagged at {WANTED_FDR:.2%} false discoveries in the first half",
        "GWS field study for Hiya, May 2019: 87, 55, 34 % at 0.25, 1.26, 1.48 % of flagged calls wrong",
        (
            Measure(
                EVERYDAY,
                (Figure("recall", 0.34, 0.87), Figure("false discoveries", 0.0025, 0.015)),
                Engine,
            ),
        ),
        weak="paid for by the engine that came first; the engines see many carriers, this one sees all of "
        "a number's calls",
    ),
)
