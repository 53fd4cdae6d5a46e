"""Planning: what a charter's clauses can expect to count, from what a world says of itself before any run.

Knows: a world's planning figures, metrics that say what they would count of them. Does not know: results.
"""

from __future__ import annotations

from harness.kinds import Planner
from harness.resolve import Planned
from harness.terms import ClauseTerms
from sim.core import plugins
from sim.core.world import World


def plan_of_world(world: World, clauses: tuple[ClauseTerms, ...]) -> dict[tuple[str, str], Planned]:
    """Planning numbers per (metric, slice), for the metrics that can say what they would count."""
    figures = world.describe().get("planning", {})
    found: dict[tuple[str, str], Planned] = {}
    for terms in clauses:
        metric = plugins.load("metric", terms.metric)()
        if not figures or not isinstance(metric, Planner):
            continue
        expected = metric.expects(figures, terms.slice)
        if expected is not None:
            exposure, base_events, entities = expected
            found[terms.metric, terms.slice] = Planned(exposure, base_events, entities)
    return found
