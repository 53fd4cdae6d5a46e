"""What a service before a desk that quotes may say."""

from __future__ import annotations

import pytest

from harness.trial import load
from sim.core.errors import BadDocument

TIMES = "assumed: {p50: 5ms, because: test}"


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("onLate: susped", "expected suspend, or nothing: the price before stands"),
        ("onLate: {candidate: fasst}", "did you mean 'fast'?"),
        ("batching: {window: 2ms, most: 8}", "the next makes good what is lost"),
        ("retries: {most: 1, backOff: 5ms}", "the next makes good what is lost"),
    ],
)
def test_what_prices_cannot_have_is_told(service: str, says: str) -> None:
    with pytest.raises(BadDocument) as told:
        load("sportsbook/sunday-pricing-v1", (f"trial.service={{match_odds: {{{TIMES}, {service}}}}}",))
    assert says in str(told.value)


@pytest.mark.parametrize(
    "service", ["onLate: suspend", "cache: true", "onLate: {candidate: fast}, timeOut: 1s"]
)
def test_what_prices_can_have_is_read(service: str) -> None:
    found = load("sportsbook/sunday-pricing-v1", (f"trial.service={{match_odds: {{{TIMES}, {service}}}}}",))
    assert "match_odds" in found.services["accurate"]
