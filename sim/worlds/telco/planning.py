"""Planning: what a telco world is expected to hold, computed from its parameters and never simulated.

Knows: levers, trades. Does not know: any realisation. `windtunnel check` reads it to say what the seeds can resolve.
"""

from __future__ import annotations

from typing import Any

from sim.core.levers import Levers
from sim.worlds.telco.lawful import TRADES, slots_of
from sim.worlds.telco.parameters import RATES, Parameters
from sim.worlds.telco.vocabulary import CLASSES

_ANSWER = {
    "consumer": ("answer_contact", 1.0),
    "newcomer": ("answer_unknown", 1.25),
    "debt_reminder": ("answer_unknown", 0.75),
    "school_alert": ("answer_business", 0.95),
    "clinic_pharmacy": ("answer_business", 0.85),
    "small_business": ("answer_unknown", 1.25),
    "unwanted": ("answer_unknown", 1.05),
}


def planning(parameters: Parameters, levers: Levers) -> dict[str, Any]:
    """Expected calls a day by class, answered shares and reports a day, where nothing is deployed."""
    lines = parameters.lines
    volume = {name: levers.constant(lever) * lines for name, lever in RATES.items()}
    volume["consumer"] = volume.pop("contact") + volume.pop("stranger")
    contact = levers.constant("contact_calls")
    stranger = levers.constant("stranger_calls")
    answered: dict[str, float] = {}
    for name, (lever, factor) in _ANSWER.items():
        answered[name] = min(1.0, levers.constant(lever) * factor)
    mixed = contact * levers.constant("answer_contact") + stranger * levers.constant("answer_unknown")
    answered["consumer"] = mixed / max(contact + stranger, 1e-9)
    again = levers.constant("redial_unanswered")
    calls = {}
    for name, first in volume.items():
        repeats = 0.0 if name == "unwanted" else again * (1.0 - answered[name])
        calls[name] = first * (1.0 + repeats + repeats**2 + repeats**3)
    lawful = sum(count for name, count in calls.items() if name != "unwanted")
    wrong = levers.constant("wrong_report_rate") + levers.constant("wrong_report_wave")
    right_reports = calls["unwanted"] * answered["unwanted"] * levers.constant("report_rate")
    wrong_reports = sum(
        count
        * answered[name]
        * wrong
        * (levers.constant("wrong_report_debt") if name == "debt_reminder" else 1.0)
        for name, count in calls.items()
        if name != "unwanted"
    )
    entities = dict.fromkeys(CLASSES, 0)
    for trade in TRADES:
        entities[CLASSES[trade.cls]] += slots_of(trade, parameters, levers)
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
        "numbersByClass": {name: count for name, count in entities.items() if name not in ("burner", "aged")},
    }
