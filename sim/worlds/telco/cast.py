"""The cast: every lawful trade, fraud scheme and tactic that has a file, and the codes of their classes.

Knows: folders as registries. Does not know: any member by name. A new one is one new file.
"""

from __future__ import annotations

import numpy as np

from sim.core import plugins
from sim.core.levers import LeverSpec
from sim.engine.answering import SERVICE_LOAD
from sim.worlds.telco.frauds import Scheme, Tactic
from sim.worlds.telco.parameters import TABLE
from sim.worlds.telco.trades import Trade

TRADES: tuple[Trade, ...] = plugins.collection("sim.worlds.telco.callers")
SCHEMES: tuple[Scheme, ...] = plugins.collection("sim.worlds.telco.schemes")
TACTICS: tuple[Tactic, ...] = plugins.collection("sim.worlds.telco.tactics")

LEVERS: dict[str, LeverSpec] = {
    lever.name: lever
    for levers in (
        TABLE,
        *(t.levers for t in TRADES),
        *(s.levers for s in SCHEMES),
        *(t.levers for t in TACTICS),
        (SERVICE_LOAD,),
    )
    for lever in levers
}
"""Every lever of the world: the table, and what the members bring themselves."""

RATES: dict[str, str] = {
    "contact": "contact_calls",
    "stranger": "stranger_calls",
    **{trade.cls: trade.volume for trade in TRADES},
    **{scheme.business: scheme.volume for scheme in SCHEMES},
}
"""Population, class of lawful dialers, or business of fraud -> the lever that is its volume per line and day."""

CONSUMER = 0
LAWFUL_CLASSES = ("consumer", *sorted({trade.cls for trade in TRADES}))
FRAUD_CLASSES = tuple(sorted({tactic.cls for tactic in TACTICS}))
CLASSES = LAWFUL_CLASSES + FRAUD_CLASSES
CODES = {name: code for code, name in enumerate(CLASSES)}
LAWFUL = tuple(name in LAWFUL_CLASSES for name in CLASSES)

BAD, FIRM, PRESSING = range(3)
TRAITS_OF_CLASS = np.zeros((len(CLASSES), 3), dtype=np.int8)
"""By class: a campaign's, a business that asks for redress, reported as often as collectors are."""
GRIEVANCE = np.ones(len(CLASSES))
"""By class: reports of an answered call against those of a robocall."""
for _trade in TRADES:
    TRAITS_OF_CLASS[CODES[_trade.cls], FIRM] |= _trade.firm
    TRAITS_OF_CLASS[CODES[_trade.cls], PRESSING] |= _trade.pressing
for _tactic in TACTICS:
    TRAITS_OF_CLASS[CODES[_tactic.cls], BAD] = 1
    GRIEVANCE[CODES[_tactic.cls]] = _tactic.grievance
