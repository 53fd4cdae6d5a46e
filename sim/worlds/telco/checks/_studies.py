"""Where the telco's checks look: worlds at stated sizes, with nothing deployed or with a randomised label.

Knows: levers by name, scenarios by id. Does not know: checks.

A study that switches populations off by levers isolates one of them; their calls are then what they are in the
whole world, since nobody's calls depend on anybody else's where nothing is deployed.
"""

from __future__ import annotations

from sim.core.calibration import Study, Treat
from sim.core.time import DAY, Micros
from sim.worlds.telco.cast import LEVERS, RATES, TACTICS

_BASE = "telco/midsize-carrier-v1"

EVERYDAY = Study(
    "everyday",
    "the whole world, nothing deployed",
    _BASE,
    {"lines": 20_000},
    {"lines": 4_000},
    days=56,
)
EIGHT_MONTHS = Study(
    "eight months",
    "the whole world, nothing deployed, for as long as the Sichuan set watched",
    _BASE,
    {"lines": 4_000},
    {"lines": 1_000},
    days=240,
    tick="1h",
    seeds=2,
)
CONTACTS = Study(
    "contacts",
    "calls between contacts alone",
    _BASE,
    {"lines": 4_000},
    {"lines": 1_000},
    days=28,
    warm_days=1,
    tick="1h",
    levers=dict.fromkeys((lever for name, lever in RATES.items() if name != "contact"), 0.0),
)
STRANGERS = Study(
    "strangers, half labelled",
    "no calls between contacts; a coin keyed by the call labels half of all calls",
    _BASE,
    {"lines": 10_000},
    {"lines": 2_000},
    days=28,
    warm_days=1,
    tick="1h",
    levers={"contact_calls": 0.0},
    policy=Treat("label"),
)
RECORDED = Study(
    "recorded",
    "campaigns that play a recording alone, at their share of the unwanted volume",
    _BASE,
    {"lines": 10_000},
    {"lines": 2_000},
    days=28,
    tick="1h",
    levers={
        "recorded_share": 1.0,
        "unwanted_calls": LEVERS["unwanted_calls"].default * LEVERS["recorded_share"].default,
    },
)
SNOWSHOE = Study(
    "snowshoe",
    "campaigns that use snowshoe numbers alone",
    _BASE,
    {"lines": 4_000},
    {"lines": 1_000},
    days=28,
    tick="1h",
    levers={
        "learning": 0.0,
        "prefer_snowshoe": 1.0,
        **{t.prefer: 0.0 for t in TACTICS if "robocall" in t.businesses and t.name != "snowshoe"},
    },
)
REPORTED = Study(
    "reported",
    "unwanted calls reported 25 times as readily, so that lags can be told: the lag does not depend "
    "on the rate",
    _BASE,
    {"lines": 20_000},
    {"lines": 4_000},
    days=28,
    tick="1h",
    levers={"report_rate": 0.1},
)
DECADE = Study(
    "decade",
    "the published history of 2016 to 2025 as scripted regimes, nothing deployed; a month is three days",
    "telco/decade-v1",
    {"lines": 4_000},
    {"lines": 2_000},
    seeds=3,
)
MONTH = 3 * DAY
FIRST_YEAR = 2016
"""The calendar of the decade: a year is 36 days, the first day that of January 2016."""


def month_of(t: Micros) -> tuple[int, int]:
    """Calendar year and month, 1 to 12, of an instant of the decade."""
    months = t // MONTH
    return FIRST_YEAR + months // 12, months % 12 + 1
