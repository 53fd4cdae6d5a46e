"""The cast: every kind of bettor that has a file, and the codes of the segments.

Knows: the folder as registry. Does not know: any member by name. A new one is one new file.
"""

from __future__ import annotations

from sim.core import plugins
from sim.core.levers import LeverSpec
from sim.worlds.sportsbook.bettors import Segment

CAST: tuple[Segment, ...] = plugins.collection("sim.worlds.sportsbook.segments")

SEGMENTS: tuple[str, ...] = tuple(item.name for item in CAST)
"""Names by code."""
ADVERSE: tuple[bool, ...] = tuple(item.adverse for item in CAST)
"""By code: stopping such a bettor's bet is right."""
CODES = {name: code for code, name in enumerate(SEGMENTS)}
LEVERS: tuple[LeverSpec, ...] = tuple(lever for item in CAST for lever in item.levers)
"""What the members bring themselves."""
