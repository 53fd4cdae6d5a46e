"""What a carrier counts of its own calls, and which levers its counts set.

Knows: calls by class, the levers that make them. Does not know: how a lever is sought, documents.

Rare counts (reports, complaints to the regulator) are looked at with their rate raised: nothing depends on them where
nothing is deployed, and they are proportional to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from statistics import NormalDist

from sim.core.aggregates import Aggregate, Told, put
from sim.core.calibration import Columns, Day, Estimate, Study
from sim.core.estimates import Sums
from sim.core.world import World
from sim.worlds.telco.checks._rows import calls, of_class, robocalls, talk_s

MONTH_DAYS = 30
FIT = Study(
    "fit",
    "the whole world, nothing deployed, as small as counts can be told in",
    "telco/midsize-carrier-v1",
    {"lines": 4_000},
    {"lines": 1_000},
    days=28,
    warm_days=14,
    tick="1h",
)
_Z90 = NormalDist().inv_cdf(0.9)


class PerLine:
    """A count per line and day, under a name, times a factor. Lines are the numbers that were called."""

    def __init__(self, name: str, count: Callable[[Columns], float], factor: float = 1.0) -> None:
        self._name, self._factor, self._lines = name, factor, 1
        self._sums = Sums(lambda day: {name: (count(calls(day)), 1.0)})

    def see(self, day: Day) -> None:
        """Count the day's."""
        self._sums.see(day)

    def end(self, world: World) -> None:
        """Every seed has the same lines."""
        self._lines = int(world.describe()["lines"])

    def estimates(self) -> Mapping[str, Estimate]:
        """Per line."""
        factor = self._factor / self._lines
        return {
            name: Estimate(one.value * factor, one.low * factor, one.high * factor, one.n, one.method)
            for name, one in self._sums.estimates().items()
            if one.value is not None
        }


def _ratio(name: str, count: Callable[[Columns], tuple[float, float]]) -> Callable[[], Sums]:
    return lambda: Sums(lambda day: {name: count(calls(day))})


def _answered(rows: Columns) -> tuple[float, float]:
    return float(rows["answered"].sum()), float(len(rows["t"]))


def _talk(rows: Columns) -> tuple[float, float]:
    seconds = talk_s(rows, of_class(rows, "consumer"))
    return float(seconds.sum()), float(len(seconds))


def _reported(rows: Columns) -> tuple[float, float]:
    own = robocalls(rows) & (rows["answered"] == 1)
    return 1e3 * float(rows["reported"][own].sum()), float(own.sum())


def _wrongly(rows: Columns) -> tuple[float, float]:
    own = (rows["unwanted"] == 0) & (rows["answered"] == 1)
    return 1e6 * float(rows["reported"][own].sum()), float(own.sum())


def _regulator(rows: Columns) -> tuple[float, float]:
    own = robocalls(rows)
    return 1e6 * float(rows["regulator"][own].sum()), float(own.sum())


def _lag_spread(told: Told, lever: Callable[[str], float]) -> Mapping[str, float]:
    """The lag is log-normal: ln p90 - ln p50 is 1.28 sigma."""
    middle = math.exp(lever("report_lag_mu"))
    late = told["complaint_lag_p90_d"] * 24.0
    if late <= middle:
        raise ValueError(f"expected more than the median lag, {middle:.3g} h")
    return {"report_lag_sigma": math.log(late / middle) / _Z90}


def _recorded_spread(told: Told, lever: Callable[[str], float]) -> Mapping[str, float]:
    """Connected times of a recording are log-normal: P(T < 15 s) = Phi(ln(15 / median) / sigma)."""
    reach = math.log(15.0 / lever("recorded_median"))
    z = NormalDist().inv_cdf(told["recorded_below_15_s"])
    if reach * z <= 0.0:
        raise ValueError(
            f"expected a share on the same side of a half as 15 s is of the median, {lever('recorded_median'):g} s"
        )
    return {"recorded_sigma": reach / z}


def _signed(name: str, tier: str) -> Aggregate:
    """A call arrives signed where it was signed, and kept its signature over TDM."""

    def law(told: Told, lever: Callable[[str], float]) -> Mapping[str, float]:
        kept = 1.0 - lever(f"tdm_{tier}")
        if told[name] > kept:
            raise ValueError(f"expected at most {kept:.3g}: tdm_{tier} loses the others")
        return {f"sign_{tier}": told[name] / kept}

    about = {"tier_1": 0.85, "regional": 0.45, "reseller": 0.15}[tier]
    doc = f"calls from {tier.replace('_', ' ')} carriers that arrive with a signature, over all of theirs"
    return Aggregate(name, "share", doc, about, 0.0, 1.0, (f"sign_{tier}",), law)


# fmt: off
AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate(
        "calls_per_line_day", "calls/line/day",
        "all calls that reach your lines, redials counted, over lines and days", 3.2, 0.1, 20.0,
        ("contact_calls",), None, FIT,
        lambda: PerLine("calls_per_line_day", lambda rows: float(len(rows["t"]))), sought=True, gain=0.5,
    ),
    Aggregate(
        "unwanted_per_line_month", "calls/line/month", "calls of robocall campaigns, over lines, in 30 days",
        15.0, 0.1, 80.0, ("unwanted_calls",), None, FIT,
        lambda: PerLine("unwanted_per_line_month", lambda rows: float(robocalls(rows).sum()), MONTH_DAYS),
        sought=True, check=(17, "a line and month"),
    ),
    Aggregate(
        "answered_share", "share", "answered calls over all calls", 0.5, 0.05, 0.95, ("answer_contact",), None,
        FIT, _ratio("answered_share", _answered), sought=True, check=(7, "all calls"), gain=0.8,
    ),
    put(
        "answered_unknown", "share",
        "answered calls of unlabelled numbers that the callee does not know, over such", 0.31, 0.01, 0.99,
        "answer_unknown", (8, "unlabelled"),
    ),
    put(
        "answered_labelled", "share", "answered calls that showed a spam label, over such calls", 0.09, 0.001,
        0.99, "answer_labelled", (8, "labelled"),
    ),
    put(
        "answered_business", "share", "answered calls of identified businesses, over such", 0.6, 0.01, 0.99,
        "answer_business",
    ),
    Aggregate(
        "talk_mean_s", "s", "mean duration of answered calls of ordinary subscribers", 160.0, 20.0, 900.0,
        ("talk_alpha",), None, FIT, _ratio("talk_mean_s", _talk), sought=True, check=(3, "mean"),
    ),
    put(
        "recorded_median_s", "s", "median duration of answered calls of known recorded robocalls", 6.0, 1.0,
        60.0, "recorded_median",
    ),
    Aggregate(
        "recorded_below_15_s", "share", "answered recorded robocalls below 15 s, over such", 0.81, 0.05, 0.999,
        ("recorded_sigma",), _recorded_spread, check=(2, "below 15 s"),
    ),
    put(
        "recorded_share", "share", "campaigns that play a recording, over campaigns", 0.7, 0.0, 1.0,
        "recorded_share",
    ),
    Aggregate(
        "complaint_lag_p50_h", "h", "median hours from a call to its report", 5.5, 1.0, 54.0,
        ("report_lag_mu",), lambda told, _: {"report_lag_mu": math.log(told["complaint_lag_p50_h"])},
        check=(20, "p50"),
    ),
    Aggregate(
        "complaint_lag_p90_d", "d", "days by which nine in ten reports have come", 5.6, 0.1, 200.0,
        ("report_lag_sigma",), _lag_spread, check=(20, "p90"),
    ),
    Aggregate(
        "reports_per_1000_unwanted", "reports", "reports of robocalls over a thousand answered ones", 4.0, 1e-3,
        150.0, ("report_rate",), None, FIT, _ratio("reports_per_1000_unwanted", _reported), probe=0.1,
    ),
    Aggregate(
        "wrong_reports_per_million", "reports", "reports of lawful calls over a million answered ones", 20.0,
        1e-3, 1e4, ("wrong_report_rate",), None, FIT, _ratio("wrong_reports_per_million", _wrongly), probe=0.01,
    ),
    Aggregate(
        "regulator_per_million_unwanted", "complaints",
        "complaints to the regulator over a million unwanted calls", 55.0, 1e-3, 9e3, ("regulator_rate",), None,
        FIT, _ratio("regulator_per_million_unwanted", _regulator), probe=0.01, check=(21, "a call"), scale=1e6,
    ),
    put(
        "weekend_lawful", "share", "consumer calls of a weekend's day over those of a weekday", 0.75, 0.1, 1.5,
        "weekend_lawful",
    ),
    put(
        "weekend_unwanted", "share", "unwanted calls of a weekend's day over those of a weekday", 0.2, 0.0, 1.5,
        "weekend_unwanted",
    ),
    _signed("signed_tier_1", "tier_1"),
    _signed("signed_regional", "regional"),
    _signed("signed_reseller", "reseller"),
    put(
        "record_delay_min", "min", "from a call's end to its record in your features", 15.0, 0.0, 1440.0,
        "mediation_minutes",
    ),
    put(
        "analysts_per_10k_lines", "people", "analysts who verify numbers, per 10,000 lines", 0.5, 0.0, 100.0,
        "analysts_per_10k_lines",
    ),
    put(
        "minutes_per_review", "min", "mean work of an analyst on one number and day", 8.0, 0.5, 240.0,
        "verify_minutes",
    ),
    put("review_error", "share", "reviews that a second look overturns", 0.02, 0.0, 0.5, "verify_error"),
    put(
        "clerks_per_10k_lines", "people", "clerks who look at requests for redress, per 10,000 lines", 0.25,
        0.0, 100.0, "clerks_per_10k_lines",
    ),
    put(
        "minutes_per_redress", "min", "mean work of a clerk on one request", 45.0, 0.5, 960.0,
        "redress_minutes",
    ),
)
# fmt: on
