"""How long calls last: checks 1 to 6.

Knows: durations of answered calls by who calls whom. Does not know: the laws that drew them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Check, Day, Estimate, Figure, Measure
from sim.core.estimates import Sums, share
from sim.core.world import World
from sim.worlds.telco.checks._rows import Mask, calls, of_class, talk_s
from sim.worlds.telco.checks._studies import CONTACTS, EVERYDAY, RECORDED, STRANGERS

REMINDERS = ("debt_reminder", "clinic_pharmacy")
AUTOMATED = ("debt_reminder", "clinic_pharmacy", "school_alert", "burner", "aged")
ENOUGH_CALLS = 50
"""Calls that a user needs for check 6."""


def _sums(**of: Callable[[Day], tuple[float, float]]) -> Callable[[], Sums]:
    return lambda: Sums(lambda day: {name: count(day) for name, count in of.items()})


def _mean(*names: str, untouched: bool = False) -> Callable[[Day], tuple[float, float]]:
    def count(day: Day) -> tuple[float, float]:
        seconds = _talk(day, names, untouched)
        return float(seconds.sum()), len(seconds)

    return count


def _part(test: Callable[[NDArray[np.int32]], Mask], *names: str) -> Callable[[Day], tuple[float, float]]:
    def count(day: Day) -> tuple[float, float]:
        seconds = _talk(day, names)
        return float(test(seconds).sum()), len(seconds)

    return count


def _talk(day: Day, names: tuple[str, ...], untouched: bool = False) -> NDArray[np.int32]:
    rows = calls(day)
    mask = of_class(rows, *names)
    return talk_s(rows, mask & (rows["effect"] == 0) if untouched else mask)


def kolmogorov(x: NDArray[np.float64], law: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> float:
    """Largest distance of the empirical distribution of x (n,), sorted, from a distribution function."""
    n = len(x)
    p = law(x)
    return float(max((np.arange(1, n + 1) / n - p).max(), (p - np.arange(n) / n).max()))


def prefers_loglogistic(seconds: NDArray[np.int32]) -> bool:
    """Whether a log-logistic fitted to whole seconds (n,) lies closer to them than an exponential, by
    Kolmogorov's distance. The log-logistic by the moments of the logarithm, the exponential by its mean; half a
    second is the continuity correction of rounding to whole ones."""
    x = np.sort(seconds.astype(np.float64))
    logs = np.log(x)
    middle, spread = float(logs.mean()), max(float(logs.std()), 1e-6)
    beta = np.pi / (np.sqrt(3.0) * spread)
    loglogistic = kolmogorov(x, lambda v: 1.0 / (1.0 + np.exp(-beta * (np.log(v) - middle))))
    exponential = kolmogorov(x, lambda v: 1.0 - np.exp(-v / x.mean()))
    return loglogistic < exponential


class Users:
    """Answered outgoing calls of ordinary users, seed by seed; the share of them that a log-logistic fits
    better."""

    def __init__(self) -> None:
        self._callers: list[NDArray[np.int64]] = []
        self._seconds: list[NDArray[np.int32]] = []
        self._better = self._users = 0

    def see(self, day: Day) -> None:
        """Keep the day's callers and seconds."""
        rows = calls(day)
        mask = of_class(rows, "consumer") & (rows["answered"] == 1)
        self._callers.append(rows["caller"][mask])
        self._seconds.append(rows["duration_s"][mask])

    def end(self, world: World) -> None:
        """Fit the seed's users and forget their calls."""
        caller, seconds = np.concatenate(self._callers), np.concatenate(self._seconds)
        order = np.argsort(caller, kind="stable")
        edges = np.flatnonzero(np.diff(caller[order])) + 1
        for own in np.split(seconds[order], edges):
            if len(own) >= ENOUGH_CALLS:
                self._users += 1
                self._better += prefers_loglogistic(own)
        self._callers, self._seconds = [], []

    def estimates(self) -> Mapping[str, Estimate]:
        """The share, by users."""
        return {"users": share(self._better, self._users)}


_TRUNK = ("consumer",)
CHECKS = (
    Check(
        1,
        "mean duration of an answered call",
        "input",
        "contacts: calls between contacts; unknown: ordinary callers and couriers whom the callee "
        "does not know, unlabelled; recorded spam: campaigns that play a recording",
        "Hiya State of the Phone Call, Jan and H1 2019",
        (
            Measure(CONTACTS, (Figure("contact", 150, 300, "s"),), _sums(contact=_mean("consumer"))),
            Measure(
                STRANGERS,
                (Figure("unknown", 30, 45, "s"),),
                _sums(unknown=_mean("consumer", "newcomer", untouched=True)),
            ),
            Measure(
                RECORDED,
                (Figure("recorded spam", 8, 15, "s"),),
                lambda: Sums(lambda day: {"recorded spam": _mean("burner", "aged")(day)}),
            ),
        ),
    ),
    Check(
        2,
        "recorded-robocall connects below 15 s",
        "input",
        "answered calls of campaigns that play a recording",
        "49 Attorneys General v. Avid Telecom: 93 %; Hiya 2019: mean 11 s",
        (
            Measure(
                RECORDED,
                (Figure("below 15 s", 0.80, 0.95),),
                lambda: Sums(lambda day: {"below 15 s": _part(lambda s: s < 15, "burner", "aged")(day)}),
            ),
        ),
        weak="one carrier's complaint; may count unanswered calls",
    ),
    Check(
        3,
        "a trunk of conversations",
        "fitted",
        "answered calls of ordinary subscribers, to contacts and to strangers",
        "ZipDX, dialer traffic in the spotlight (legalcallsonly.org); TLAC, ECML-PKDD 2010",
        (
            Measure(
                EVERYDAY,
                (Figure("mean", 150, np.inf, "s"), Figure("above 2 min", 0.20, 1.0)),
                lambda: Sums(
                    lambda day: {
                        "mean": _mean(*_TRUNK)(day),
                        "above 2 min": _part(lambda s: s > 120, *_TRUNK)(day),
                    }
                ),
            ),
        ),
    ),
    Check(
        4,
        "a trunk of diallers",
        "emergent",
        "answered calls of reminders, alerts and recorded campaigns together, in the world's own mixture",
        "ZipDX, dialer traffic in the spotlight (legalcallsonly.org)",
        (
            Measure(
                RECORDED,
                (Figure("mean", 0, 60, "s"), Figure("below 60 s", 0.90, 1.0)),
                lambda: Sums(
                    lambda day: {
                        "mean": _mean(*AUTOMATED)(day),
                        "below 60 s": _part(lambda s: s < 60, *AUTOMATED)(day),
                    }
                ),
            ),
        ),
    ),
    Check(
        5,
        "answered calls of 6 s or less",
        "emergent",
        "consumer: ordinary subscribers; reminder: collectors, clinics and pharmacies; scam: recorded"
        " campaigns",
        "Telnyx, GTI, CallTrackingMetrics: 15-20 % of connects tolerated",
        (
            Measure(
                EVERYDAY,
                (Figure("consumer", 0, 0.15), Figure("reminder", 0.05, 0.25)),
                _sums(
                    consumer=_part(lambda s: s <= 6, "consumer"), reminder=_part(lambda s: s <= 6, *REMINDERS)
                ),
            ),
            Measure(
                RECORDED, (Figure("scam", 0.40, 0.70),), _sums(scam=_part(lambda s: s <= 6, "burner", "aged"))
            ),
        ),
        weak="the bounds are tariffs and assumptions, not measurements",
    ),
    Check(
        6,
        "durations of a user: log-logistic, not exponential",
        "input",
        f"ordinary users with {ENOUGH_CALLS} or more answered outgoing calls, by Kolmogorov's distance",
        "Vaz de Melo et al., ECML-PKDD 2010 (TLAC): above 96 % of 3.1 M users",
        (Measure(EVERYDAY, (Figure("users", 0.90, 1.0),), Users),),
    ),
)
