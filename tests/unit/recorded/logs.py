"""Logs small enough to read, their mappings, and a replay that keeps what it saw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sim.core.decisions import Decisions, Quotes
from sim.core.events import Block
from sim.core.time import Micros
from sim.worlds.recorded import Recorded

START = dt.date(2026, 1, 5)

CALLS = """id,caller,callee,called_at,answered,duration_s,line,reported_after_h,unwanted
1,+4411,+4490,2026-01-05T09:00:00,1,61.5,mobile,,0
2,+4412,+4491,2026-01-05T09:00:30,1,4,fixed,30.5,1
3,+4411,+4492,2026-01-05T09:20:00,0,0,mobile,,0
4,+4412,+4490,2026-01-06T10:00:00,1,7,fixed,2,1
5,+4413,+4490,2026-01-07T11:00:00,1,8,fixed,0.5,1
"""
CALL_MAPPING: dict[str, Any] = {
    "time": {"column": "called_at"},
    "id": "id",
    "entity": {"name": "caller", "columns": ["caller"]},
    "question": {
        "name": "call",
        "form": "act",
        "unit": "entity-day",
        "subject": {"name": "callee", "columns": ["callee"]},
    },
    "fields": {"line": {"dtype": "int8", "values": {"mobile": 1, "fixed": 2}}},
    "labels": {
        "report": {
            "column": "unwanted",
            "outcomes": [0, 1],
            "known": {"lag": "reported_after_h", "unit": "h"},
            "truth": "unwanted",
        }
    },
    "streams": {
        "call_record": {
            "known": {"after": "1h"},
            "fields": {"answered": {"dtype": "int8"}, "duration_s": {"low": 0}},
        }
    },
}

MATCHES = """season,date,home,away,hg,ag,home_min,away_min,lam,mu
a,2026-01-05,Ash,Birch,2,1,3;90+,45,1.4,1.1
a,2026-01-05,Cedar,Dogwood,0,0,,,1.2,1.3
b,2026-01-12,Birch,Ash,0,2,,10;50,1.0,1.6
b,2026-01-12,Dogwood,Cedar,1,0,88,,1.1,0.9
"""
MATCH_MAPPING: dict[str, Any] = {
    "time": {"column": "date", "format": "%Y-%m-%d", "plus": "15h"},
    "entity": {"name": "match", "columns": ["season", "home", "away"]},
    "question": {"name": "match_odds", "form": "quote"},
    "fields": {"lam": {"low": 0}, "mu": {"low": 0}},
    "expand": {
        "field": "minute",
        "every": "45m",
        "to": "90m",
        "counters": {
            "score_home": {"column": "home_min", "total": "hg"},
            "score_away": {"column": "away_min", "total": "ag"},
        },
    },
    "labels": {
        "result": {
            "compare": ["hg", "ag"],
            "outcomes": ["home", "draw", "away"],
            "known": {"after": "2h"},
        }
    },
    "slices": {"season": {"column": "season"}},
}


def frozen(node: Any) -> Any:
    """Lists as the tuples that documents hold."""
    if isinstance(node, Mapping):
        return {name: frozen(child) for name, child in node.items()}
    return tuple(frozen(child) for child in node) if isinstance(node, list | tuple) else node


Opened = Callable[..., Recorded]


class Heard(dict[str, list[Block]]):
    """News by stream, as it came."""

    def ids(self, stream: str) -> list[int]:
        return [i for block in self.get(stream, []) for i in block["id"].tolist()]


def play(world: Any, stop: Callable[[Block], Any] = lambda rows: np.zeros(len(rows), bool)) -> dict[str, Any]:
    """Replay a world to its end, stopping the rows that `stop` chooses: questions, truth and news as they came."""
    asked: list[Block] = []
    truth: list[Block] = []
    ticks: list[Micros] = []
    heard = Heard()
    blocked = {
        kind.name: next((i for i, a in enumerate(kind.actions) if a.stops), 0)
        for kind in world.kinds.values()
    }

    def hear(until: Micros) -> None:
        for item in world.news(until):
            assert len(item.block)
            assert int(item.block["known_at"].max()) <= until
            heard.setdefault(item.stream, []).append(item.block)

    while True:
        now = world.now
        hear(now)
        questions = world.advance()
        if questions is None:
            break
        ticks.append(now)
        for question in questions:
            rows = question.block
            asked.append(rows)
            if question.form == "quote":
                k = len(world.kinds[question.kind].outcomes)
                settled = world.publish(Quotes(rows["id"], np.full((len(rows), k), 1 / k)))
            else:
                action = np.where(stop(rows), blocked[question.kind], 0).astype(np.int8)
                passing = Decisions.passing(rows["id"])
                settled = world.settle(Decisions(**{**vars(passing), "action": action}))
            truth.append(settled.truth.block)
    hear(world.end)
    return {"asked": asked, "truth": truth, "news": heard, "ticks": ticks}


def column(blocks: list[Block], name: str) -> list[Any]:
    """A column over blocks, in order."""
    return [value for block in blocks for value in block[name].tolist()]
