"""A trial, loaded: scenario, charter and features together, checked as one, with all their faults told at once.

Knows: where the four kinds of document are found and how they refer to one another. Does not know: how a trial is run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import (
    charter_rules,
    consent_rules,
    feature_rules,
    lineup_rules,
    outside_rules,
    response_rules,
    service_profile,
    service_rules,
    trial_rules,
)
from harness.charter import Charter
from harness.kinds import FeatureSpec
from harness.lineups import DesksTrial, DeskTerms, Lineup
from harness.plans import CandidatePlan, FeatureSet, Trial
from harness.schemas import json_schema
from harness.service_profile import ServiceProfile
from sim.core import catalogue, scenario_rules
from sim.core.checking import absent, first_told
from sim.core.documents import Document
from sim.core.errors import BadDocument, Fault, UserError
from sim.core.overrides import override, spelled
from sim.core.parameters import load as load_plugin
from sim.core.places import Key
from sim.core.records import digest, in_days
from sim.core.scenario import Scenario

__all__ = ["CandidatePlan", "Loaded", "Trial", "json_schema", "load", "load_any"]


@dataclass(frozen=True)
class Loaded:
    """A scenario with its charter and features, ready to be run. `features` is every feature of the trial, in order,
    `desk_features` those of each desk where there are several; the texts are the two documents as they were read."""

    scenario: Scenario
    trial: Trial | DesksTrial
    charter: Charter
    features: tuple[FeatureSpec, ...]
    scenario_id: str
    scenario_file: str
    charter_id: str
    charter_file: str
    seeds: tuple[int, ...]
    scenario_text: str = ""
    charter_text: str = ""
    desk_features: Mapping[str, tuple[FeatureSpec, ...]] = field(default_factory=dict)
    service: ServiceProfile | None = None
    services: Mapping[str, service_rules.ByDesk] = field(default_factory=dict)
    """By candidate, the incumbent among them, and kind of question; empty where nothing is queued."""
    sets: tuple[str, ...] = ()
    """What was laid over the scenario, `KEY=VALUE` each."""
    code: str = ""
    """The folder of the user's own code as a run kept it; empty: whatever Python finds."""
    folder: Path = Path()
    """The scenario's, where paths in it start; no part of what a run is."""
    outside: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of what candidates made elsewhere read, by path below the folder."""

    @property
    def looks(self) -> tuple[int, ...]:
        """After how many seeds the verdict is looked at; all of them without a plan, or with other seeds."""
        return self.scenario.looks if self.seeds == self.scenario.seeds else (len(self.seeds),)

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names of the candidates, the champion first."""
        return tuple(plan.name for plan in self.trial.candidates)

    def candidate(self, name: str) -> CandidatePlan | Lineup:
        """The plan of a candidate, by desk where there are several. Raises KeyError."""
        plans: Sequence[CandidatePlan | Lineup] = self.trial.candidates
        return {plan.name: plan for plan in plans}[name]

    def terms(self, desk: str) -> DeskTerms | None:
        """What holds at the desk for a kind of question; None where nobody plays one."""
        trial = self.trial
        if isinstance(trial, Trial):
            return DeskTerms(trial.labels, self.features, trial.incumbent, trial.holdout, trial.audit, False)
        one = trial.desks.get(desk)
        labels = (one.labels or trial.labels) if one is not None else None
        if one is None or labels is None:
            return None
        features = self.desk_features.get(desk, ())
        return DeskTerms(labels, features, one.incumbent_plan.as_candidate, one.holdout, one.audit, True)

    def run_digest(self) -> str:
        """SHA-256 of what happens but for seeds and charter: world, label rule, features, candidates, incumbent."""
        return digest(
            {"scenario": self.scenario.digest(), "trial": self.trial_card(), "features": self.feature_cards()}
        )

    def trial_card(self) -> dict[str, Any]:
        """The trial as plain values, without its features, which may be written here or elsewhere."""
        trial = self.trial.model_dump(mode="json", by_alias=True, exclude={"features"})
        if isinstance(self.trial, DesksTrial):
            for desk in trial["desks"].values():
                del desk["features"]
        _without_services(trial)
        if self.outside:
            trial["outside"] = dict(self.outside)
        if self.service is not None:
            trial["service"] = self.service.digest()
        elif self.services:
            trial["service"] = self._queued(service_rules.Served.card)
        return trial

    def _queued(self, told: Callable[[service_rules.Served], dict[str, Any]]) -> dict[str, Any]:
        """What is told of every service, by candidate and kind of question."""
        return {
            name: {kind: told(one) for kind, one in by_desk.items()}
            for name, by_desk in self.services.items()
        }

    def feature_cards(self) -> Any:
        """The features as plain values, by desk where there are several."""
        if isinstance(self.trial, DesksTrial):
            return {desk: _told(specs) for desk, specs in self.desk_features.items()}
        return _told(self.features)

    def scenario_card(self) -> dict[str, Any]:
        """What manifest.json says of the scenario."""
        return {
            "id": self.scenario_id,
            "name": self.scenario.metadata.name,
            "version": self.scenario.metadata.version,
            "digest": self.run_digest(),
            "file": self.scenario_file,
        } | self._service_card()

    def _service_card(self) -> dict[str, Any]:
        if self.services:
            return {"services": self._queued(service_rules.Served.origin)}
        if self.service is None:
            return {}
        spec = self.service.spec
        return {
            "service": {
                "name": self.service.metadata.name,
                "digest": spec.digest,
                "noise": spec.noise.verdict,
            }
        }

    def charter_card(self) -> dict[str, Any]:
        """What manifest.json says of the charter, its objective, owners and playbook among it."""
        return charter_card(self.charter, self.charter_id, self.charter_file)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the results should know, a sentence each."""
        plays = [plan.playbook for plan in self.trial.candidates]
        return (
            *self.scenario.warnings(),
            *self.charter.warnings(),
            *response_rules.warnings(self.charter, plays),
            *(() if self.service is None else self.service.warnings()),
            *service_rules.warnings(self.services),
        )


def _without_services(node: Any) -> None:
    """Take out what a plan says of its service, in place: it is told apart, merged with what all share."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ():
        _without_services(child)
    if isinstance(node, dict) and "use" in node:
        node.pop("service", None)


_SPEC = ("name", "use", "by", "window", "feed", "of", "where")


def _told(features: Sequence[FeatureSpec]) -> list[Any]:
    return [[*(getattr(spec, name) for name in _SPEC), dict(spec.parameters)] for spec in features]


def charter_card(charter: Charter, id: str, file: str) -> dict[str, Any]:
    """What verdict.json and manifest.json say of a charter."""
    spec = charter.spec
    return {
        "id": id,
        "name": charter.metadata.name,
        "version": charter.metadata.version,
        "digest": charter.digest(),
        "operatingDigest": charter.operating_digest(),
        "file": file,
        "objective": spec.objective.statement,
        "owners": [owner.model_dump(by_alias=True) for owner in spec.owners],
        "playbook": [
            {
                **step.model_dump(by_alias=True, include={"on", "owner", "target"}, exclude_none=True),
                "timeBudget": in_days(step.time_budget),
                "steps": list(step.steps),
            }
            for step in spec.playbook
        ],
    }


def load(
    reference: str,
    sets: Sequence[str] = (),
    seeds: tuple[int, ...] | None = None,
    charter_sets: Sequence[str] = (),
    folder: Path | None = None,
) -> Loaded:
    """Read a scenario by path or id with its charter and features, `sets` laid over it (`KEY=VALUE` or `@FILE`, each),
    and `charter_sets` over its charter. folder: where paths in it start, its own without one.

    Raises BadDocument with the faults of all its documents at once, UserError for an unknown id. Writes nothing.
    """
    found = catalogue.find("Scenario", reference)
    sets = spelled(sets)
    document, faults = _overridden(found.document, sets)
    if folder is not None:
        document = dataclasses.replace(document, folder=folder)
    document, twice = outside_rules.written_out(document)
    faults += twice
    scenario, more = scenario_rules.examine(document)
    faults += [*more, *trial_rules.examine_looks(document)]
    world, _ = load_plugin(document, ("spec", "world", "use"), "world", document.at(("spec", "world", "use")))
    charter, shelf = _charter(document, faults, charter_sets)
    if shelf is not None:
        faults += trial_rules.examine_slices(shelf.document, world)
        faults += consent_rules.examine_retention(document, shelf.document)
    limits = shelf.document if shelf else None
    trial: Trial | DesksTrial | None
    features: tuple[FeatureSpec, ...] | None
    by_desk: dict[str, tuple[FeatureSpec, ...]] = {}
    if lineup_rules.has_desks(document, world):
        read = _desk_features(document, world, limits, faults)
        trial, more = lineup_rules.examine(
            document, world, {desk: _names(specs) for desk, specs in read.items()}
        )
        by_desk = {desk: specs for desk, specs in read.items() if specs is not None}
        features = tuple(spec for specs in by_desk.values() for spec in specs)
    else:
        features = _features(document, FEATURES, trial_rules.ground_of(world, limits), faults)
        quotes = trial_rules.only_quotes(document, world)
        trial, more = trial_rules.examine(document, world, _names(features), quotes)
    faults += more
    service = _service(document, faults)
    profiles = _profiles(document, faults)
    kinds = trial_rules.kinds_of(world)
    several = lineup_rules.has_desks(document, world)
    faults += service_rules.examine(
        document, world, kinds, several, lambda d, key: profiles.get(str(d.at(key)))
    )
    if faults or scenario is None or charter is None or shelf is None or features is None or trial is None:
        raise BadDocument(first_told(faults))
    return Loaded(
        scenario,
        trial,
        charter,
        features,
        found.id,
        document.file,
        shelf.id,
        shelf.document.file,
        scenario.seeds if seeds is None else seeds,
        document.text,
        shelf.document.text,
        by_desk,
        service,
        service_rules.services(trial, tuple(kinds), profiles),
        tuple(sets),
        folder=document.folder.resolve(),
        outside=outside_rules.digests(trial, document.folder),
    )


def load_any(
    reference: str, sets: Sequence[str] = ()
) -> Loaded | Charter | ServiceProfile | tuple[FeatureSpec, ...]:
    """Read a document of any kind, by path or id, as `check` does. Raises BadDocument with all faults, or UserError."""
    found = catalogue.find_any(reference)
    kind = found.document.at(("kind",))
    if kind == "Charter":
        return charter_rules.decode(found.document)
    if kind == "ServiceProfile":
        return service_profile.decode(found.document)
    if kind == "FeatureSet":
        specs, faults = feature_rules.examine_set(found.document, feature_rules.Ground())
        if specs is None:
            raise BadDocument(faults)
        return specs
    return load(reference, sets)


def _overridden(document: Document, sets: Sequence[str]) -> tuple[Document, list[Fault]]:
    faults: list[Fault] = []
    for assignment in sets:
        try:
            document = override(document, assignment)
        except BadDocument as error:
            faults += error.faults
    return document, faults


def _charter(
    document: Document, faults: list[Fault], sets: Sequence[str]
) -> tuple[Charter | None, catalogue.Found | None]:
    """The charter that a scenario names, with `sets` laid over it; `faults` receives its faults, and that of the
    reference."""
    key = ("spec", "charter")
    if document.at(key) is None:
        faults += absent(document, key, "the id or path of a charter")
        return None, None
    shelf = _refer(document, key, "Charter", faults)
    if shelf is None:
        return None, None
    if sets:
        laid, wrong = _overridden(shelf.document, sets)
        faults += wrong
        shelf = shelf._replace(document=laid)
    charter, more = charter_rules.examine(shelf.document)
    faults += more
    return charter, shelf


def _service(document: Document, faults: list[Fault]) -> ServiceProfile | None:
    """The service profile that a scenario names, None where it names none; `faults` receives its faults."""
    shelf = _refer(document, ("spec", "trial", "service"), ServiceProfile.__name__, faults)
    if shelf is None:
        return None
    profile, more = service_profile.examine(shelf.document)
    faults += more
    return profile


def _profiles(document: Document, faults: list[Fault]) -> dict[str, ServiceProfile]:
    """The profiles that services name, by reference; `faults` receives theirs."""
    found: dict[str, ServiceProfile] = {}
    for key in service_rules.references(document):
        reference = str(document.at(key)).strip()
        if reference in found:
            continue
        shelf = _refer(document, key, ServiceProfile.__name__, faults)
        if shelf is None:
            continue
        profile, more = service_profile.examine(shelf.document)
        faults += more
        if profile is not None:
            found[reference] = profile
    return found


FEATURES: Key = ("spec", "trial", "features")


def _desk_features(
    document: Document, world: Any, limits: Document | None, faults: list[Fault]
) -> dict[str, tuple[FeatureSpec, ...] | None]:
    """The features of each desk; None where they could not be read. `limits`: the charter; `faults` receives theirs."""
    found: dict[str, tuple[FeatureSpec, ...] | None] = {}
    kinds = trial_rules.kinds_of(world)
    for desk in lineup_rules.desks_of(document):
        key = (*lineup_rules.DESKS, desk, "features")
        if document.at(key) is None:
            found[desk] = ()
            continue
        ground = trial_rules.ground_of(world, limits, kinds.get(desk))
        found[desk] = _features(document, key, ground, faults)
    return found


def _features(
    document: Document, key: Key, ground: feature_rules.Ground, faults: list[Fault]
) -> tuple[FeatureSpec, ...] | None:
    """The features listed at a key, or in the set that it names; `faults` receives theirs."""
    if isinstance(document.at(key), tuple):
        specs, more = feature_rules.examine(document, key, ground)
        faults += more
        return specs
    shelf = _refer(document, key, FeatureSet.__name__, faults)
    if shelf is None:
        return None
    specs, more = feature_rules.examine_set(shelf.document, ground)
    faults += more
    return specs


def _names(features: Sequence[FeatureSpec] | None) -> tuple[str, ...] | None:
    return None if features is None else tuple(spec.name for spec in features)


def _refer(document: Document, key: Key, kind: str, faults: list[Fault]) -> catalogue.Found | None:
    """The document that a scenario names at a key; `faults` receives why there is none."""
    reference = document.at(key)
    if not isinstance(reference, str) or not reference.strip():
        return None
    if catalogue.is_path(reference) and not (document.folder / reference).is_file():
        faults.append(document.fault(key, f"no file {reference}, seen from {document.folder}"))
        return None
    try:
        return catalogue.find(kind, reference, document.folder)
    except BadDocument as error:
        faults += error.faults
    except UserError as error:
        faults.append(document.fault(key, str(error)))
    return None
