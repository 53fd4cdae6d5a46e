"""From what a candidate says of its playbook to the operations of a replay: who responds, with whom, watching what.

Knows: charters, a candidate's response by name, desks, the keyhole's jobs. Does not know: the loop, cases, verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.baseline import Baseline, BaselinePlan
from harness.dashboard import Dashboard, measured_at
from harness.desk import Desk
from harness.kinds import Metric
from harness.lines import clause_lines, signal_lines
from harness.lineups import INCUMBENT, Lineup
from harness.oracle import Oracle
from harness.plans import CandidatePlan, PlaybookPlan, PolicyPlan
from harness.playbook import Duties, Playbook
from harness.sight import Omniscient, Response
from harness.trial import Loaded
from sim import open_jobs
from sim.core import plugins
from sim.core.errors import UserError
from sim.core.world import QuestionKind, World

Fallback = Callable[[CandidatePlan, CandidatePlan], CandidatePlan]
"""Who stands in for a candidate's plan at a desk, given that and the incumbent's."""


def build(
    loaded: Loaded,
    plan: CandidatePlan | Lineup,
    world: World,
    desks: Mapping[str, Desk],
    metrics: Mapping[str, Metric],
    seed: int,
) -> Playbook | Oracle | None:
    """The operations of one replay; None where the candidate plays no playbook. Raises UserError for a response that
    is none."""
    own = plan.playbook
    if own is None:
        return None
    response = made(own)
    played = {
        kind: desk for kind, desk in desks.items() if not isinstance(plan, Lineup) or kind in plan.desks
    }
    if isinstance(response, Omniscient):
        return Oracle(response, played, world.ground_truth, world.go_live, seed)
    charter = loaded.charter
    watched = {c.metric for c in charter.spec.every_clause if c.view == "observed" and c.rungs.ladder}
    hidden = {kind: schema.names for kind, schema in world.truth.items()}
    where = measured_at({name: metrics[name] for name in sorted(watched)}, world.kinds, hidden)
    lines = clause_lines(charter, where, own.pace, own.lookback)
    boards = {
        kind: Dashboard(
            world.kinds[kind],
            {name: metrics[name] for name, at in where.items() if kind in at},
            world.go_live,
            max((line.span for line in lines if line.desk == kind), default=1),
            baseline(loaded, world, metrics),
            {
                name: [world.slices[by] for by in cut if by in world.slices]
                for name, cut in charter.spec.compared.items()
            },
        )
        for kind in world.kinds
        if any(kind in at for at in where.values())
    }
    duties = Duties(
        {step.on: step for step in charter.spec.playbook},
        {crew.role: crew for crew in charter.spec.staff},
        own.pace,
    )
    return Playbook(
        duties,
        response,
        played,
        boards,
        lines,
        signal_lines(charter, played, own.pace),
        open_jobs(world.clock, duties.crews()),
        world.go_live,
        seed,
    )


def made(plan: PlaybookPlan) -> Response | Omniscient:
    """The response of a candidate. Raises UserError where it is none."""
    plugin = plugins.load("response", plan.use)
    try:
        found = plugin(**plan.with_)
    except (TypeError, ValueError) as error:
        raise UserError(f"response '{plan.use}': {error}") from error
    if not isinstance(found, Response | Omniscient):
        raise UserError(
            f"response '{plan.use}': it has no method `calls`, expected one: see harness/sight.py"
        )
    return found


def baseline(loaded: Loaded, world: World, metrics: Mapping[str, Metric]) -> Baseline | None:
    """The days before goLive that reductions are observed against, where the trial names any."""
    days = loaded.trial.baseline
    return None if days is None else Baseline(BaselinePlan(days.span, days.label_age), world.go_live, metrics)


def fallback(loaded: Loaded, plan: CandidatePlan | Lineup, kind: QuestionKind) -> Fallback | None:
    """Who stands in at a desk once it is rolled back; None where nobody does, or the previous champion."""
    steps = {step.on: step for step in loaded.charter.spec.playbook}
    if plan.playbook is None or plan.name == INCUMBENT or "rollback" not in steps:
        return None
    target = steps["rollback"].target
    if target in (None, "previous_champion"):
        return None

    def stands_in(own: CandidatePlan, incumbent: CandidatePlan) -> CandidatePlan:
        if target == "incumbent":
            return incumbent
        name = str(target)
        if name in plugins.names("policy"):
            policy = PolicyPlan.model_construct(use=name, with_={})
            plain = {"use": "", "with_": {}, "policy": policy, "retrain": None, "cadence": None}
            return own.model_copy(update=plain | {"on_verified": None, "redress": None})
        return own.model_copy(update={"use": name, "with_": {}})

    return stands_in
