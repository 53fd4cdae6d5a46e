"""What `windtunnel check` says before any run: documents read, what the seeds can resolve, and the coin-flip canary.

Knows: documents, planning figures of a world, resolution arithmetic. Does not know: any result.
Imports what replays only where something is replayed: a charter is checked at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from harness.charter import Charter
from harness.lineups import INCUMBENT, DesksTrial
from harness.merging import with_desks
from harness.plans import PASSIVE, CandidatePlan
from harness.service_profile import ServiceProfile
from harness.trial import Loaded
from sim import open_world
from sim.core import plugins

if TYPE_CHECKING:
    from harness.canary import Canary
    from harness.resolve import Resolution
    from sim.core.world import World


def examine(document: Loaded | Charter | ServiceProfile | tuple[Any, ...], name: str) -> Iterator[str]:
    """Lines on a document that was read without a fault; for a scenario, what its seeds can resolve."""
    if isinstance(document, Loaded):
        yield from _scenario(document)
    elif isinstance(document, Charter):
        yield f"{name}: charter {document.metadata.name} {document.metadata.version} reads well"
        yield from (f"  warning: {text}" for text in document.warnings())
    elif isinstance(document, ServiceProfile):
        spec = document.spec
        yield f"{name}: service profile of {spec.candidate} in {spec.scenario}, digest {spec.digest[:12]}, reads well"
        yield from (f"  warning: {text}" for text in document.warnings())
    else:
        yield f"{name}: feature set of {len(document)} features reads well"


def _scenario(loaded: Loaded) -> Iterator[str]:
    from harness import terms as clause_terms
    from harness.assembly import need_asked
    from harness.planning import plan_of_world
    from harness.resolve import resolve

    world = open_world(loaded.scenario, loaded.seeds[0])
    need_asked(loaded, world)
    days = (loaded.scenario.horizon - loaded.scenario.go_live) / 86_400_000_000
    replays = len(loaded.seeds) * (1 + len(loaded.candidates))
    yield f"{loaded.scenario_id}: reads well; {len(loaded.seeds)} seeds of {days:g} days, {replays} replays"
    yield from (f"  {text}" for text in _desks(loaded, world))
    yield from (f"  warning: {text}" for text in loaded.warnings)
    specs = {c.metric: plugins.load("metric", c.metric).spec for c in loaded.charter.spec.every_clause}
    clauses = clause_terms.terms(loaded.charter, with_desks(world.slices, world.kinds), specs)
    plan = plan_of_world(world, clauses)
    told: set[str] = set()
    alpha = 1.0 - loaded.charter.spec.confidence
    for one in resolve(clauses, specs, plan, len(loaded.seeds), int(days), alpha=alpha):
        yield from _resolution(one)
        told |= set(one.assumptions)
    yield from (f"  reckoned with: {text}" for text in sorted(told))


def _desks(loaded: Loaded, world: World) -> Iterator[str]:
    """Who plays which desk, where there are several; where nobody does, what becomes of the question."""
    trial = loaded.trial
    if not isinstance(trial, DesksTrial):
        return
    for name, kind in world.kinds.items():
        terms, quotes = loaded.terms(name), kind.form == "quote"
        if terms is None:
            yield f"desk {name}: nobody; " + ("its market stays closed" if quotes else "everything passes")
            continue
        plays = [(lineup.name, lineup.plan(name)) for lineup in trial.candidates]
        told = [f"{INCUMBENT} {_played(terms.incumbent, quotes)}"]
        told += [f"{who} {_played(plan, quotes) if plan else f'as the {INCUMBENT}'}" for who, plan in plays]
        yield f"desk {name} ({kind.form}, {len(terms.features)} features): {'; '.join(told)}"


def _played(plan: CandidatePlan, quotes: bool) -> str:
    """A plan in a few words: what scores and what decides or prices."""
    policy = "no prices" if quotes and plan.policy.use == PASSIVE else plan.policy.use
    return f"{plan.use} + {policy}" if plan.use else policy


def _resolution(one: Resolution) -> Iterator[str]:
    terms = one.terms
    line = f"  {terms.title}: {terms.wanted} {terms.unit}"
    if math.isfinite(one.smallest):
        line += (
            f"; about {one.expected:.3g} events a seed there; these seeds PASS from {one.good_from:.4g}, "
            f"FAIL from {one.bad_from:.4g}, and cannot tell between"
        )
    elif math.isfinite(one.expected):
        line += f"; about {one.expected:.3g} events a seed"
    yield line
    for rung in one.rungs:
        seen = f"about {rung.expected:.3g} events" if math.isfinite(rung.expected) else "events unknown"
        error = f", standard error {rung.error:.2g}" if math.isfinite(rung.error) else ""
        yield f"      {rung.rung.name:<12} {rung.rung.value:<8.4g} over {rung.rung.lookback_days} days: {seen}{error}"
    yield from (f"      warning: {text}" for text in one.warnings)


def sing(loaded: Loaded, name: str, seed: int) -> Canary:
    """Replay one candidate on coin-flip labels, in the closed loop of its own scenario."""
    from harness.assembly import build_replay
    from harness.canary import CoinFlips, CoinLedger
    from harness.own_code import blamed
    from harness.playbook import Playbook
    from harness.replay import Book, replay

    flips = CoinFlips(open_world(loaded.scenario, seed), seed)
    setting = build_replay(loaded, loaded.candidate(name), seed, None, [], world=flips)
    ledger = CoinLedger(flips, flips.go_live)
    books: dict[str, Book] = {**setting.ledgers, flips.kind.name: ledger}
    with blamed(loaded, name, seed, flips):
        # An oracle's labels are no coins: it is not asked to sing.
        blind = setting.operations if isinstance(setting.operations, Playbook) else None
        replay(flips, setting.desks, books, operations=blind)
    return ledger.verdict(name)
