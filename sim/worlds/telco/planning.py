"""Planning: what a telco world is expected to hold, computed from its parameters and never simulated.

Knows: levers, trades. Does not know: any realisation. `windtunnel check` reads it to say what the seeds can resolve.
"""

from __future__ import annotations

from typing import Any

from sim.core.levers import Levers
from sim.worlds.telco.cast import CLASSES, LAWFUL_CLASSES, RATES, SCHEMES, TRADES
from sim.worlds.telco.numbers import CONTACT, KNOWN_BUSINESS, UNKNOWN
from sim.worlds.telco.parameters import Parameters
from sim.worlds.telco.trades import slots_of

NEAR = 0.14
"""Share of campaigns' answered calls that show the callee's own area, with the weights that nobody has learnt to
change."""
_ANSWER = {CONTACT: "answer_contact", KNOWN_BUSINESS: "answer_business", UNKNOWN: "answer_unknown"}


def _answered(levers: Levers) -> dict[str, float]:
    """Share of first calls answered by class; panels hold the people who know the number, the others do not."""
    found: dict[str, float] = {}
    for trade in TRADES:
        known = min(1.0, levers.constant(_ANSWER[trade.relation]) * trade.appeal)
        stranger = min(1.0, levers.constant("answer_unknown") * trade.appeal)
        share = trade.panel_share if trade.panel else 1.0
        mean = share * known + (1.0 - share) * stranger
        found[trade.cls] = found.get(trade.cls, 0.0) + trade.share * mean
    contact, unknown = levers.constant("contact_calls"), levers.constant("stranger_calls")
    mixed = contact * levers.constant("answer_contact") + unknown * levers.constant("answer_unknown")
    found["consumer"] = mixed / max(contact + unknown, 1e-9)
    found["unwanted"] = min(1.0, levers.constant("answer_unknown") * 1.05)
    return found


def planning(parameters: Parameters, levers: Levers) -> dict[str, Any]:
    """Expected calls a day by class, answered shares and reports a day, where nothing is deployed."""
    lines = parameters.lines
    volume = {name: levers.constant(lever) * lines for name, lever in RATES.items()}
    volume["consumer"] = volume.pop("contact") + volume.pop("stranger")
    volume["unwanted"] = sum(volume.pop(business) for business in sorted({s.business for s in SCHEMES}))
    answered = _answered(levers)
    again = levers.constant("redial_unanswered")
    calls = {}
    for name, first in volume.items():
        repeats = 0.0 if name == "unwanted" else again * (1.0 - answered[name])
        calls[name] = first * (1.0 + repeats + repeats**2 + repeats**3)
    lawful = sum(count for name, count in calls.items() if name != "unwanted")
    wrong = levers.constant("wrong_report_rate") + levers.constant("wrong_report_wave")
    near = 1.0 + NEAR * (levers.constant("report_near") - 1.0)
    right_reports = calls["unwanted"] * answered["unwanted"] * levers.constant("report_rate") * near
    pressing = {trade.cls for trade in TRADES if trade.pressing}
    wrong_reports = sum(
        count * answered[name] * wrong * (levers.constant("wrong_report_debt") if name in pressing else 1.0)
        for name, count in calls.items()
        if name != "unwanted"
    )
    entities = dict.fromkeys(CLASSES, 0)
    for trade in TRADES:
        entities[trade.cls] += slots_of(trade, parameters, levers)
    entities["consumer"] = lines
    minutes = levers.constant("verify_minutes")
    staff = levers.constant("analysts_per_10k_lines") * lines / 10_000
    return {
        "callsPerDay": lawful + calls["unwanted"],
        "lawfulCallsPerDay": lawful,
        "unwantedCallsPerDay": calls["unwanted"],
        "callsPerDayByClass": calls,
        "answeredShareByClass": answered,
        "reportsPerDay": right_reports + wrong_reports,
        "wrongReportsPerDay": wrong_reports,
        "regulatorPerDay": calls["unwanted"] * levers.constant("regulator_rate"),
        "verificationsPerWeekday": max(1, round(staff)) * 8 * 60 / minutes if staff > 0 else 0.0,
        "numbersByClass": {name: count for name, count in entities.items() if name in LAWFUL_CLASSES},
    }
