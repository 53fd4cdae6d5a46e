"""The cast of bettors: shares, flags and figures that the rest of the world relies on."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from sim.worlds.sportsbook import segments
from sim.worlds.sportsbook.bettors import BEST_PRICE, EDGE, RING, TASTE, Segment
from sim.worlds.sportsbook.cast import ADVERSE, CAST, CODES, SEGMENTS

EACH = pytest.mark.parametrize("segment", CAST, ids=SEGMENTS)


def test_shares_are_of_all_accounts_and_near_the_calibration() -> None:
    share = {item.name: item.share for item in CAST}
    assert sum(share.values()) == pytest.approx(1.0)
    assert 0.80 <= share["casual"] <= 0.85
    assert 0.08 <= share["regular"] + share["vip"] <= 0.12
    assert 0.005 <= share["value"] <= 0.02
    assert 0.003 <= share["arbitrage"] <= 0.01
    assert 0.0005 <= share["courtsider"] <= 0.002
    assert 0.01 <= share["bonus"] <= 0.03
    assert 0.0005 <= share["syndicate"] <= 0.002
    at_risk = sum(item.share * item.harmed for item in CAST)
    assert 0.03 <= at_risk <= 0.05


def test_who_is_adverse_and_who_is_at_risk() -> None:
    adverse = {name for name, bad in zip(SEGMENTS, ADVERSE, strict=True) if bad}
    assert adverse == {"value", "arbitrage", "courtsider", "bonus", "syndicate", "fixer"}
    assert [item.name for item in CAST if item.at_risk] == ["at_risk"]
    assert CAST[CODES["at_risk"]].harmed == 1.0
    assert not any(item.adverse and item.harmed > 0 for item in CAST)


def test_the_folder_is_the_registry() -> None:
    files = sorted(item.name for item in pkgutil.iter_modules(segments.__path__))
    assert files == sorted(SEGMENTS)
    for name in files:
        assert importlib.import_module(f"sim.worlds.sportsbook.segments.{name}").PLUGIN.name == name


@EACH
def test_figures_are_of_their_kind(segment: Segment) -> None:
    assert segment.how in (TASTE, EDGE, BEST_PRICE, RING)
    assert 1 <= segment.accounts[0] <= segment.accounts[1] <= 16
    # Fixers are made by the matches that they fix: none is there at the start, and they bet on nothing else.
    made = segment.name == "fixer"
    assert 0.0 <= segment.share < 1.0
    assert (segment.share == 0.0) == made
    assert (segment.bets_per_week == 0.0) == made
    assert segment.stake > 0.0
    assert 0.0 <= segment.in_play <= 1.0
    assert segment.in_play + segment.parlays <= 1.0
    assert 0.0 < segment.lag_s[0] <= segment.lag_s[1]
    assert segment.looks >= 1.0
    if segment.how == EDGE:
        assert segment.model_sd > 0.0
        assert 0.0 < segment.kelly < 1.0
        assert segment.bankroll > 0.0
    if segment.adverse:
        assert segment.parlays == 0.0
        assert segment.how != TASTE
        assert segment.comes_back
    else:
        # Elasticity -0.3 to -1 for recreational bettors.
        assert segment.how == TASTE
        assert -1.0 <= segment.elasticity <= -0.3


def test_only_courtsiders_hear_the_ground() -> None:
    assert CAST[CODES["courtsider"]].lag_s == (0.5, 2.0)
    assert all(item.lag_s[0] >= 3.0 for item in CAST if item.name != "courtsider")
    assert [item.name for item in CAST if item.reacts > 0] == ["courtsider"]
