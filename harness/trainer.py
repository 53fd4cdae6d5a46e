"""The trainer: a desk's model from what is known at an instant. A model decides nothing until its desk takes it over.

Knows: a desk's plan, the label rule, units and quoted rows, how policies are tuned. Does not know: questions, who
decides, when to train, truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from harness.desk_plan import DeskPlan
from harness.kinds import PolicyState, Scorer, TrainingSet
from harness.quoting import Quoted
from harness.shadow import Aside, Model
from harness.training import Keys, LabelRule, assemble, passed
from harness.tuning import fit_and_state
from harness.units import Units
from sim.core import rng
from sim.core.time import Micros
from sim.core.world import QuestionKind


class Fit(NamedTuple):
    """One training: what went in (units by key, for the ledger to compare with truth) and what came out."""

    as_of: Micros
    past: TrainingSet
    keys: Keys
    scorer: Scorer
    facts: Mapping[str, float]
    version: int = 1
    in_force: bool = True
    """Whether it took over; False for a challenger that did not."""
    state: PolicyState | None = None
    """What its policy was tuned on: verified units, scored by others like it."""


class Trained(NamedTuple):
    """A model that decides nothing yet, what went into it, and the units that were set aside to check it on."""

    model: Model
    fit: Fit
    aside: TrainingSet | None


@dataclass
class Trainer:
    """What a desk trains by. units, quoted: its own, of which one is in use; seed: of the replay."""

    plan: DeskPlan
    kind: QuestionKind
    names: tuple[str, ...]
    units: Units
    quoted: Quoted
    seed: int
    versions: int = 0

    def train(
        self,
        now: Micros,
        window: Micros | None = None,
        aside: Aside | None = None,
        units: Units | None = None,
    ) -> Trained:
        """A model from what is known at `now`.

        window: of its data, the label rule's own without one. aside: what it is not trained on. units: instead of the
        desk's own, where somebody knows better."""
        assert self.plan.candidate is not None
        labels = self.plan.labels
        labels = labels if window is None else replace(labels, window=min(window, labels.window))
        units = self.units if units is None else units
        past, keys = self._past(now, labels, units)
        kept = None
        if aside is not None:
            past, keys, kept, _ = aside.split(past, keys)
        seed = rng.key(self.seed, "fit", now) % 2**31
        tuned: Any = self.plan.policy
        state: PolicyState | None = None
        if self.kind.form == "quote":
            scorer = self.plan.candidate.fit(past, seed)
            told = getattr(self.plan.pricing, "facts", None)
        else:
            unscored = passed(units, labels, now, self.seed)
            scorer, state = fit_and_state(self.plan.candidate, past, keys, unscored, seed)
            tuned = self.plan.policy.tune(state)
            told = tuned.facts
        facts = dict(told()) if callable(told) else {}
        self.versions += 1
        model = Model(self.versions, now, scorer, tuned, facts)
        return Trained(model, Fit(now, past, keys, scorer, facts, self.versions, state=state), kept)

    def _past(self, now: Micros, labels: LabelRule, units: Units) -> tuple[TrainingSet, Keys]:
        if self.kind.form == "quote":
            return self.quoted.past(now, labels.window, self.names, len(self.kind.outcomes))
        return assemble(units, labels, now, self.names, self.seed)
