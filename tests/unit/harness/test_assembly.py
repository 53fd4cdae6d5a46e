"""What is asked for and is not there is named when a replay is put together."""

from __future__ import annotations

import pytest

from harness import trial
from harness.assembly import build_replay
from sim.core.errors import UserError


def test_a_desk_for_matches_that_nobody_plays_in_summer_is_told_why() -> None:
    loaded = trial.load(
        "sportsbook/inplay-margin-v1",
        (
            "world.start=2026-06-08", "world.history=7d", "world.historyBecause=a week of June",
            "world.horizon=4d", "world.lagTail=1d", "world.with.accounts=100", "trial.labels.maturity=2d",
        ),
    )  # fmt: skip
    with pytest.raises(
        UserError, match=r"trial\.desks\.match_odds: .* between world\.start and the horizon$"
    ):
        build_replay(loaded, loaded.candidate("clock-and-risk"), 1, None, [])
