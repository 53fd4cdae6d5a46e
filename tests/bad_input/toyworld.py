"""A world in name only: what a world declares on its class, and nothing that runs. For tests of documents."""

from types import MappingProxyType
from typing import Any

from pydantic import Field

from sim.core.decisions import Action
from sim.core.events import Field as Column
from sim.core.events import Schema
from sim.core.levers import LeverSpec
from sim.core.records import Record
from sim.core.world import Feed, LabelChannel, QuestionKind, Slice


def _schema(name: str, *columns: str, order: str = "t") -> Schema:
    names = dict.fromkeys(("id", "t", order, *columns))
    return Schema(name, tuple(Column(n, "int64", "", "", sensitive=n == "nationality") for n in names), order)


def _lever(name: str, default: float, low: float, high: float, moves: bool = True) -> LeverSpec:
    return LeverSpec(name, default, "ratio", low, high, "", "test", "assumption", moves)


_CALL = _schema("call", "caller", "callee", "nationality")


class Parameters(Record):
    lines: int = Field(default=1000, ge=100, le=10_000_000)
    hub: str = "north"


class World:
    Parameters = Parameters
    levers = MappingProxyType(
        {lever.name: lever for lever in (
            _lever("report_rate", 0.004, 0.0, 0.1),
            _lever("wrong_reports", 1e-5, 0.0, 1e-3),
            _lever("numbers_per_campaign", 40.0, 1.0, 1000.0),
            _lever("region", 1.0, 0.0, 9.0, moves=False),
        )}
    )  # fmt: skip
    streams = MappingProxyType(
        {
            "call_record": _schema(
                "call_record", "caller", "callee", "answered", "duration_s", order="known_at"
            ),
            "report": _schema("report", "caller", order="known_at"),
            "verification": _schema("verification", "caller", order="known_at"),
            "redress": _schema("redress", "caller", order="known_at"),
        }
    )
    kinds = MappingProxyType(
        {
            "call": QuestionKind(
                "call", "act", _CALL, "caller", "entity-day", "callee",
                (Action("pass", ""), Action("block", "", stops=True)),
                (LabelChannel("report", "label", ""), LabelChannel("verification", "label", "", negatives=True)),
            )
        }
    )  # fmt: skip
    slices = MappingProxyType(
        {"caller_class": Slice("caller_class", "caller_class", ("consumer", "clinic", "school", "campaign"))}
    )
    serves = ("call",)
    feeds = (Feed("signalling", "", "", ""), Feed("records", "call_record", "", ""))

    def __init__(self, *given: Any) -> None:
        raise AssertionError("documents are checked without opening a world")
