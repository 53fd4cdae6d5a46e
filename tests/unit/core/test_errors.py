"""The closest match: what may have been meant is named, and what merely begins alike is not.

Knows: words and names. Does not know: what they name.
"""

from __future__ import annotations

import pytest

from sim.core import catalogue
from sim.core.errors import closest

SCENARIOS = catalogue.ids("Scenario")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("drift/telco-skil-regimes-v1", "drift/telco-skill-regimes-v1"),
        ("telco/midsize-carrier-quik-v1", "telco/midsize-carrier-quick-v1"),
        ("telco/midsize-carrier-quick-v2", "telco/midsize-carrier-quick-v1"),
        ("telco/midsize-carrier-quick", "telco/midsize-carrier-quick-v1"),
        ("midsize-carrier-quick-v1", "telco/midsize-carrier-quick-v1"),
        ("telko/midsize-carrier-quick-v1", "telco/midsize-carrier-quick-v1"),
        ("sportsbook/state-lanch-v1", "sportsbook/state-launch-v1"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(word: str, meant: str) -> None:
    assert closest(word, SCENARIOS) == f", did you mean '{meant}'?"


@pytest.mark.parametrize("word", ["drift/telco-nosuch-v1", "telco/nosuch-carrier-of-mine-v1", "nosuch"])
def test_a_shared_shelf_and_version_are_no_likeness(word: str) -> None:
    assert closest(word, SCENARIOS) == ""


def test_what_differs_may_be_a_part_of_a_name() -> None:
    known = ["false_blocks", "false_alarms", "detection"]
    assert closest("false_block", known) == ", did you mean 'false_blocks'?"
    assert closest("false_alrms", known) == ", did you mean 'false_alarms'?"
    assert closest("false_prices", known) == ", one of: detection, false_alarms, false_blocks"
