"""What `windtunnel check` says before any run: documents read, what the seeds can resolve, and the coin-flip canary.

Knows: documents, planning figures of a world, what an earlier run of the same scenario counted, resolution arithmetic.
Does not know: any verdict.
Imports what replays only where something is replayed: a charter is checked at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.charter import Charter
from harness.lineups import INCUMBENT, DesksTrial
from harness.merging import with_desks
from harness.plans import PASSIVE, CandidatePlan
from harness.service_profile import ServiceProfile
from harness.trial import Loaded
from sim import open_world
from sim.core import plugins
from sim.core.errors import UserError
from sim.core.time import DAY

if TYPE_CHECKING:
    from harness.canary import Canary
    from harness.resolve import Planned, Resolution
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
    # What the world says of itself holds before any run; what it does not say was seen in one, or is not known.
    plan = {**_seen(loaded), **plan_of_world(world, clauses)}
    told: set[str] = set()
    alpha = 1.0 - loaded.charter.spec.confidence
    found = resolve(clauses, specs, plan, len(loaded.seeds), int(days), alpha=alpha)
    for one in found:
        yield from _resolution(one)
        told |= {*one.assumptions, *(["weights are euros of stake, or seconds"] if one.weighed else [])}
    yield from (f"  reckoned with: {text}" for text in sorted(told))
    if blank := sum(not math.isfinite(one.expected) for one in found):
        yield (
            f"  without planning numbers: {blank} of {len(found)} clauses; world '{loaded.scenario.spec.world.use}' "
            "does not say before a run what they count, and no finished run of this scenario is at hand"
        )


def _seen(loaded: Loaded) -> dict[tuple[str, str], Planned]:
    """Planning numbers of the finished run of this very scenario that has the most seeds, under whatever charter and
    code, where runs are kept; of the champion. Empty where there is none."""
    from harness import results
    from harness.resolve import plan_of_run

    champion, digest = loaded.candidates[0], loaded.run_digest()
    found: dict[Path, tuple[int, ...]] = {}
    for path in sorted((results.default_root() / loaded.scenario_id).glob("*/manifest.json")):
        try:
            manifest = results.read_finished(path.parent)
        except UserError:
            continue
        if manifest["scenario"]["digest"] == digest and champion in manifest["candidates"]:
            found[path.parent] = tuple(manifest["seeds"])
    if not found:
        return {}
    import pandas as pd

    from harness.tallies import tallies

    folder = max(found, key=lambda one: len(found[one]))
    counts = pd.read_parquet(folder / "counts.parquet")
    specs = {name: plugins.load("metric", name).spec for name in sorted(counts["metric"].unique())}
    days = (loaded.scenario.horizon - loaded.scenario.go_live) // DAY
    return plan_of_run(tallies(counts, specs, found[folder], days), champion)


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
    what = "by weight" if one.weighed else "events"
    if math.isfinite(one.smallest):
        line += f"; about {one.expected:.3g} {what} a seed there; these seeds {_ruled(one)}, and cannot tell between"
    elif math.isfinite(one.expected):
        line += f"; about {one.expected:.3g} {what} a seed"
    yield line
    for rung in one.rungs:
        seen = (
            f"about {rung.expected:.3g} {what}" if math.isfinite(rung.expected) else "not known before a run"
        )
        error = f", standard error {rung.error:.2g}" if math.isfinite(rung.error) else ""
        yield f"      {rung.rung.name:<12} {rung.rung.value:<8.4g} over {rung.rung.lookback_days} days: {seen}{error}"
    yield from (f"      warning: {text}" for text in one.warnings)


def _ruled(one: Resolution) -> str:
    """From which true values on these seeds PASS and FAIL; of a band, by how far from its target."""
    terms = one.terms
    if terms.op != "within":
        return f"PASS from {one.good_from:.4g}, FAIL from {one.bad_from:.4g}"
    near, far = one.good_from - terms.target, one.bad_from - terms.target
    passes = f"PASS up to {near:.4g} from the target" if near > 0 else "PASS nowhere"
    return f"{passes}, FAIL from {far:.4g} from it"


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
