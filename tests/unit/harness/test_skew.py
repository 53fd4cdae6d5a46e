"""Training-serving skew: the online path and the replay say the same of the same events, bit for bit.

Telco and the sportsbook, desks that act and desks that quote; and a path that is spoilt on purpose is found out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.assembly import build_replay
from harness.kinds import Floats, Matrix
from harness.online import Online
from harness.skew import Agreement, Follower, Turn, compare
from harness.trial import Loaded
from sim.core.errors import UserError
from tests.laws.small import load_small, load_small_book

ACTING = (
    "world.history=8d",
    "world.horizon=5d",
    "trial.candidates.xgboost.policy={use: fixed_threshold, with: {block_at: 0.3, label_at: 0.1, lasts: 6h}}",
    "trial.candidates.xgboost.onVerified={action: block, lasts: 2d, spare: 2d}",
    "trial.candidates.xgboost.redress={allow: 1d}",
    "trial.candidates.xgboost.retrain.every=2d",
    "trial.labels.maturity=2d",
)


def followed(loaded: Loaded, candidate: str, kind: str) -> Follower:
    return Follower(build_replay(loaded, loaded.candidate(candidate), 1, None, []), kind)


def compared(
    follower: Follower,
    most: int = 10**9,
    spoil: Callable[[Follower, Turn], None] = lambda follower, turn: None,
) -> Agreement:
    """Every event until there are so many; `spoil` is called with each turn before its events."""
    found = Agreement()
    for turn in follower.turns():
        spoil(follower, turn)
        compare(turn, follower.online, found)
        if found.events >= most:
            break
    return found


def test_telco_with_orders_findings_and_redress() -> None:
    """Actions that last, orders by verification, callers left alone: the state that is easiest to get wrong."""
    follower = followed(load_small(*ACTING), "xgboost", "call")
    standing: list[int] = []
    found = compared(follower, spoil=lambda s, turn: standing.append(len(s.desk.consequences.orders)))
    assert (found.differing, found.told) == (0, [])
    assert found.events > 4_000
    assert found.acted > 50
    assert max(standing) > 5, "nothing was ever ordered that lasts"


@pytest.mark.parametrize("kind", ["bet", "match_odds"])
def test_the_sportsbook(kind: str) -> None:
    """Bets at the shipped policy's thresholds, and prices of the shipped pricing."""
    loaded = load_small_book("trial.candidates.0.desks.bet.policy.with.bands=[{at: 0.3, action: limit}]")
    follower = followed(loaded, "clock-and-risk" if kind == "bet" else "boosted-goals", kind)
    found = compared(follower, 1_500)
    assert (found.differing, found.told) == (0, [])
    assert found.events > 200


def test_a_spoilt_path_is_found_out() -> None:
    """Other scores, and news that is not heard, are told by event and by what differs."""
    loaded = load_small(*ACTING)

    class Warped:
        def __init__(self, inner: object) -> None:
            self.inner = inner

        def score(self, x: Matrix) -> Floats:
            return np.minimum(self.inner.score(x) + 1e-5, 1.0)  # type: ignore[attr-defined,no-any-return]

    def warp(follower: Follower, turn: Turn) -> None:
        follower.online.scorer = Warped(follower.online.scorer)

    found = compared(followed(loaded, "xgboost", "call"), 300, warp)
    assert found.differing == found.events
    assert {each.what for each in found.told} <= {"score", "action"}

    deaf = followed(loaded, "xgboost", "call")
    deaf.online.hear = lambda news, now: None  # type: ignore[method-assign]
    found = compared(deaf, 300)
    assert found.differing > 100
    assert found.told[0].what in deaf.online.single.names, "the feature is named"


def test_a_desk_that_reads_a_board_has_no_path_of_its_own() -> None:
    loaded = load_small("trial.candidates.xgboost.cadence={every: 1d}")
    setting = build_replay(loaded, loaded.candidate("xgboost"), 1, None, [])
    with pytest.raises(UserError, match="scores on a schedule"):
        Follower(setting, "call")


def test_reasons_are_exact() -> None:
    """The contributions of all features and the bias sum to the log-odds of the score."""
    follower = followed(load_small(*ACTING), "xgboost", "call")
    online: Online = follower.online
    for turn in follower.turns():
        for event in turn.events():
            x = online.assemble(event)
            said = online.answer(online.score(x))
            del said
        scorer = online.scorer
        assert scorer is not None
        parts = scorer.contributions(turn.x)  # type: ignore[attr-defined]
        odds = 1.0 / (1.0 + np.exp(-parts.sum(axis=1)))
        np.testing.assert_allclose(odds, scorer.score(turn.x), atol=1e-5)
        told = online.reasons(turn.x[-1:], 3)
        assert len(told) == 3
        sizes = [abs(reason.contribution) for reason in told]
        assert sizes == sorted(sizes, reverse=True)
        assert told[0].feature in online.single.names
        break


@pytest.mark.slow
def test_a_hundred_thousand_events_of_telco_at_the_shipped_thresholds() -> None:
    loaded = load_small("world.with.lines=4000", "world.history=21d", "world.horizon=14d")
    found = compared(followed(loaded, "xgboost", "call"), 100_000)
    assert (found.differing, found.told) == (0, [])
    assert found.events >= 100_000
    assert found.acted > 100
