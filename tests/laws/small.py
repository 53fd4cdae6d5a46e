"""A scenario small enough for laws: the shipped quick one, shrunk by --set."""

from __future__ import annotations

from harness import trial
from harness.trial import Loaded

SMALL = (
    "world.with.lines=400",
    "world.history=16d",
    "world.historyBecause=a law needs no season",
    "world.horizon=6d",
    "world.lagTail=3d",
    "trial.labels.maturity=4d",
)


def load_small(*more: str) -> Loaded:
    """The quick telco scenario at 400 lines, 16 + 6 days."""
    return trial.load("telco/midsize-carrier-quick-v1", (*SMALL, *more))
