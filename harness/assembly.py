"""From a decoded scenario to something that can be replayed: world, desks, ledgers.

Knows: plugins by name, documents. Does not know: the loop, processes, verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import operations, outside_rules
from harness.board import Cadence
from harness.candidates._estimator import adopt
from harness.consent import Consent
from harness.consequences import Upshot
from harness.desk import Desk
from harness.desk_plan import AuditPlan, DeskPlan
from harness.featurizer import Featurizer
from harness.kinds import Candidate, Compared, Metric
from harness.ledger import Ledger
from harness.lineups import INCUMBENT, DeskTerms, Lineup
from harness.monitoring import SHIPPED, Monitor, MonitorPlan, Watched, shared
from harness.oracle import Oracle, Witness
from harness.plans import PASSIVE, ConsentPlan, Holdout
from harness.playbook import Playbook
from harness.registry import Registry
from harness.replay import Book, replay
from harness.service_rules import Served, service
from harness.trainer import Fit
from harness.training import LabelRule
from harness.trial import CandidatePlan, Loaded, Trial
from harness.trial_rules import kinds_of
from sim import open_world
from sim.core import plugins
from sim.core.errors import UserError, closest
from sim.core.parameters import build
from sim.core.records import in_days
from sim.core.time import DAY
from sim.core.world import QuestionKind, World


@dataclass
class Setting:
    """What one replay needs."""

    world: World
    desks: dict[str, Desk]
    ledgers: dict[str, Ledger]
    operations: Playbook | Oracle | None = None
    registries: dict[str, Registry] = field(default_factory=dict)
    """Of the desks whose models are kept."""

    @property
    def books(self) -> dict[str, Book]:
        """What settlement goes to: the ledgers, and beside them the oracle where it is the one that plays."""
        if isinstance(self.operations, Oracle):
            return {kind: Witness(ledger, self.operations) for kind, ledger in self.ledgers.items()}
        return dict(self.ledgers)

    def play(self, progress: Callable[[int], None] = lambda t: None) -> None:
        """Replay it to its end."""
        replay(self.world, self.desks, self.books, progress, self.operations)


Wrap = Callable[[Candidate], Candidate]
CLOSED = "suspend_all"
"""The policy of a market that has no desk."""


def need_asked(loaded: Loaded, world: World) -> None:
    """Raises UserError for a desk whose question this world never asks: a league's matches may lie outside its days."""
    declared = kinds_of(plugins.load("world", loaded.scenario.spec.world.use))
    for name in loaded.desk_features:
        if name not in world.kinds:
            why = " between world.start and the horizon" if name in declared else closest(name, world.kinds)
            raise UserError(f"trial.desks.{name}: this world asks no such question{why}")


def build_replay(
    loaded: Loaded,
    plan: CandidatePlan | Lineup,
    seed: int,
    ledger_folder: Path | None,
    fits: list[dict[str, Any]],
    model_folder: Path | None = None,
    world: World | None = None,
    wrap: Wrap = lambda candidate: candidate,
) -> Setting:
    """Everything for one candidate on one seed. `fits` receives a record of each training, with label honesty.

    Of several desks the incumbent plays each until goLive, and after it those that the candidate does not name."""
    services = loaded.services.get(plan.name, {})
    wrap = _standing(loaded, wrap)
    if world is None:
        queued = {kind: service(one, loaded.scenario.go_live) for kind, one in services.items()}
        world = open_world(loaded.scenario, seed, queued)
    setting = Setting(world, {}, {})
    metrics = load_metrics(loaded)
    monitored = _monitored(loaded)
    alone = len(world.kinds) == 1
    need_asked(loaded, world)
    for name, kind in world.kinds.items():
        folder = ledger_folder if alone or ledger_folder is None else ledger_folder / f"desk={name}"
        models = model_folder if alone or model_folder is None else model_folder / name
        keep = loaded.trial.ledger
        terms = loaded.terms(name)
        ledger = Ledger(
            kind,
            metrics if terms is not None else {},
            world.slices,
            world.go_live,
            seed,
            folder,
            keep=keep.keep,
            sample_share=keep.sample_share,
            baseline=operations.baseline(loaded, world, metrics),
            compared=loaded.charter.spec.compared,
        )
        if terms is None:
            desk = _unmanned(world, kind, seed)
        else:
            desk = _desk(world, kind, terms, plan, seed, wrap, operations.fallback(loaded, plan, kind))
            desk.late = _late(loaded, world, kind, terms, services.get(name), seed, wrap)
        if not isinstance(plan, Lineup) or plan.name == INCUMBENT or name in plan.desks:
            # Where a candidate leaves a desk to the incumbent, the fits are the incumbent's, told with its own replay.
            if plan.name != INCUMBENT and monitored.signals:
                desk.monitor = Monitor(
                    monitored, kind, desk.featurizer.names, world.streams, seed, world.now, world.go_live
                )
            if models is not None:
                setting.registries[name] = Registry(models, name, world.clock, world.go_live)
            desk.on_fit = _recorder(
                ledger, fits, setting.registries.get(name), {} if alone else {"desk": name}
            )
        setting.desks[name], setting.ledgers[name] = desk, ledger
    setting.operations = operations.build(loaded, plan, setting.world, setting.desks, metrics, seed)
    return setting


def _desk(
    world: World,
    kind: QuestionKind,
    terms: DeskTerms,
    plan: CandidatePlan | Lineup,
    seed: int,
    wrap: Wrap,
    fallback: operations.Fallback | None,
) -> Desk:
    """The desk for one kind of question, with who plays it before goLive where somebody does, and who stands in once
    it is rolled back (`fallback`)."""

    def played(own: CandidatePlan, deployed: int | None = None, before: Desk | None = None) -> Desk:
        specs = [s for s in terms.features if not own.features or s.name in own.features]
        featurizer = Featurizer(specs if own.use else [], kind, world.streams)
        made = _desk_plan(kind, terms, own, wrap)
        return Desk(kind, made, featurizer, seed, world.go_live, deployed=deployed, before=before)

    own = plan.plan(kind.name) if isinstance(plan, Lineup) else plan
    if not terms.history:
        desk = played(own or terms.incumbent)
    else:
        incumbent = played(terms.incumbent, world.now)
        desk = incumbent if own is None else played(own, before=incumbent)
    if own is not None and fallback is not None:
        desk.stand_in = played(fallback(own, terms.incumbent), world.now if terms.history else None)
    return desk


def _late(
    loaded: Loaded,
    world: World,
    kind: QuestionKind,
    terms: DeskTerms,
    served: Served | None,
    seed: int,
    wrap: Wrap,
) -> Desk | int:
    """What takes effect at a desk where its answer comes too late: an action's code, or another candidate's desk."""
    late = served.plan.on_late if served is not None else None
    if late is None or (kind.form == "quote" and isinstance(late, str)):
        return 0
    if isinstance(late, str):
        return [action.name for action in kind.actions].index(late)
    other = loaded.candidate(late.candidate)
    own = other.plan(kind.name) if isinstance(other, Lineup) else other
    own = terms.incumbent if own is None else own
    specs = [s for s in terms.features if not own.features or s.name in own.features]
    featurizer = Featurizer(specs if own.use else [], kind, world.streams)
    return Desk(kind, _desk_plan(kind, terms, own, wrap), featurizer, seed, world.go_live)


def _standing(loaded: Loaded, wrap: Wrap) -> Wrap:
    """`wrap` around candidates that know where the scenario stands."""
    return lambda candidate: wrap(outside_rules.located(candidate, loaded.folder, loaded.outside))


def _unmanned(world: World, kind: QuestionKind, seed: int) -> Desk:
    """Nobody: a market without a desk is closed, events without one pass."""
    pricing = _made("policy", CLOSED, {}) if kind.form == "quote" else None
    labels = LabelRule((), 0, DAY)
    made = DeskPlan("nobody", None, _made("policy", PASSIVE, {}), labels, pricing=pricing)
    return Desk(kind, made, Featurizer([], kind, world.streams), seed, world.go_live, deployed=world.now)


def _monitored(loaded: Loaded) -> MonitorPlan:
    """The signals of the charter, or the shipped set where it says nothing of signals; they share one budget."""
    spec = loaded.charter.spec
    if "signals" not in spec.model_fields_set:
        return MonitorPlan(
            shared([(Watched(name, plugins.load("signal", name)()), False) for name in SHIPPED])
        )
    made = []
    for plan in spec.signals:
        given = plan.model_extra or {}
        made.append((Watched(plan.title, build("signal", plan.use, given)), "expected_run" in given))
    return MonitorPlan(shared(made))


def estimators(loaded: Loaded) -> dict[str, str]:
    """How the operator observes each reduction, in words, by metric; a reduction that nothing observes is not there."""
    trial = loaded.trial
    if trial.baseline is not None:
        days = trial.baseline
        span, age = in_days(days.span), in_days(days.label_age)
        words = f"pre-launch baseline: the {span} before goLive, labels up to {age} old"
    elif shares := sorted({one.share for one in _holdouts(loaded) if one.share > 0.0}):
        words = f"randomised holdout of {' and '.join(f'{s:.3g}' for s in shares)}, labels as they arrive"
    else:
        return {}
    return {name: words for name, metric in load_metrics(loaded).items() if isinstance(metric, Compared)}


def _holdouts(loaded: Loaded) -> list[Holdout]:
    trial = loaded.trial
    one = [trial.holdout] if isinstance(trial, Trial) else [desk.holdout for desk in trial.desks.values()]
    return [holdout for holdout in one if holdout is not None]


def load_metrics(loaded: Loaded) -> dict[str, Metric]:
    """The metrics that the charter names, and every other that ships: what is not judged is still reported."""
    found: dict[str, Metric] = {}
    for name in plugins.names("metric"):
        found[name] = plugins.load("metric", name)()
    for clause in loaded.charter.spec.every_clause:
        if clause.metric not in found:
            found[clause.metric] = plugins.load("metric", clause.metric)()
    return found


def _desk_plan(kind: QuestionKind, terms: DeskTerms, plan: CandidatePlan, wrap: Wrap) -> DeskPlan:
    candidate = wrap(adopt(plugins.load("candidate", plan.use), plan.with_)) if plan.use else None
    labels = LabelRule(
        tuple(terms.labels.positives),
        terms.labels.maturity,
        terms.labels.training_window,
        terms.labels.max_rows,
        consent=_consent(terms.labels.consent),
    )
    audit, quotes, policy = terms.audit, kind.form == "quote", plan.policy
    priced = quotes and policy.use != PASSIVE
    audits = (
        AuditPlan(audit.share, audit.busy_calls, audit.busy_share, audit.flagged_share)
        if audit
        else AuditPlan()
    )
    return DeskPlan(
        name=plan.name,
        candidate=candidate,
        policy=_made("policy", PASSIVE, {}) if quotes else _made("policy", policy.use, policy.with_),
        labels=labels,
        audits=audits,
        holdout_share=terms.holdout.share if terms.holdout else 0.0,
        retrain_every=plan.retrain.every if plan.retrain else None,
        cadence=Cadence(**plan.cadence.model_dump()) if plan.cadence else None,
        upshot=_upshot(plan),
        pricing=_made("policy", policy.use, policy.with_) if priced else None,
    )


def _consent(plan: ConsentPlan | None) -> Consent | None:
    if plan is None:
        return None
    told = tuple((one.subject, one.after) for one in plan.withdrawals)
    return Consent(plan.subject, plan.withdrawn_per_month, told)


def _upshot(plan: CandidatePlan) -> Upshot:
    found, redress = plan.on_verified, plan.redress
    return Upshot(
        action=found.action if found else "",
        lasts=found.lasts if found else 0,
        spare=found.spare if found else 0,
        redress=redress.stream if redress else "",
        allow=redress.allow if redress else 0,
    )


def _made(kind: str, use: str, parameters: Mapping[str, Any]) -> Any:
    plugin = plugins.load(kind, use)
    try:
        return plugin(**parameters)
    except (TypeError, ValueError) as error:
        raise UserError(f"{kind} '{use}': {error}") from error


def _recorder(
    ledger: Ledger, fits: list[dict[str, Any]], registry: Registry | None, desk: Mapping[str, str]
) -> Callable[[Fit], None]:
    """Takes down each training, with how honest its labels were, and keeps the model with its card. `desk` says whose
    it was, where there are several."""

    def record(fit: Fit) -> None:
        honesty = ledger.label_honesty(fit.keys.entity, fit.keys.day, fit.past.y)
        verified = {
            "verified": int(fit.past.verified.sum()),
            "verified_positives": int((fit.past.verified & (fit.past.y > 0)).sum()),
        }
        card = {
            "as_of": fit.as_of,
            "version": fit.version,
            **({} if fit.in_force else {"in_force": False}),
            **desk,
            **honesty,
            **({} if fit.past.quotes else verified),
            **{f"policy.{k}": v for k, v in fit.facts.items()},
        }
        fits.append(card)
        if registry is not None:
            registry.take(fit, card, _card(fit, card))

    return record


def _card(fit: Fit, record: Mapping[str, Any]) -> dict[str, Any]:
    """The model card of the fit in force at the end: what it was trained on, how it decides, what the model says."""
    told = getattr(fit.scorer, "card", None)
    weights = getattr(fit.scorer, "importance", None)
    days = fit.past.unit_t // DAY
    return {
        "trainedAt": fit.as_of,
        "trainingWindowDays": [int(days.min()), int(days.max())] if len(days) else [],
        "features": list(fit.past.names),
        "training": {k: v for k, v in record.items() if k != "as_of" and not k.startswith("policy.")},
        "policy": dict(fit.facts),
        "model": told() if callable(told) else {},
        "importance": weights() if callable(weights) else {},
    }
