"""Scenarios small enough for laws: the shipped quick ones, shrunk by --set."""

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


BOOK = "sportsbook/inplay-margin-quick-v1"
SMALL_BOOK = (
    "world.history=7d",
    "world.historyBecause=a law needs no season",
    "world.horizon=7d",
    "world.lagTail=4d",
    "world.with.teams=4",
    "world.with.betsPerMatch=18000",
    "world.with.opensBefore=12h",
    "world.levers.flag_mistakes=0.05",
    "world.levers.flag_days=0.2",
    "world.levers.report_weeks=0.1",
    "world.levers.analysts_per_10k=40",
    "trial.labels.maturity=2d",
    "trial.labels.trainingWindow=14d",
    "trial.candidates.0.desks.bet.retrain.every=1d",
)


def load_small_book(*more: str) -> Loaded:
    """The quick sportsbook at 7 + 7 days, two matches a weekend, labels within days and a risk model fitted daily."""
    return trial.load(BOOK, (*SMALL_BOOK, *more))
