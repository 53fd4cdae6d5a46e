"""The service profile: what one candidate's path costs on one machine, as a document that a scenario names.

Knows: its records, its digest, how it is read and written. Does not know: how anything is timed, queues, replays.

A replay never measures: what a service costs is measured once, told with how quiet the machine was, and is part of a
run's identity ever after. All times are whole nanoseconds. No date stands in it: the same figures are the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.core.checking import first_told, validate
from sim.core.documents import Document
from sim.core.errors import BadDocument, Fault
from sim.core.places import Key
from sim.core.records import Count, Description, Metadata, Record, Share, Text, digest

SCHEMA_VERSION = 1
QUIET, UNDECIDED = "quiet", "UNDECIDED"
SPEC: Key = ("spec",)

Nanoseconds = Annotated[int, Field(ge=0, lt=2**53)]
Whole = Annotated[int, Field(ge=0, lt=2**53)]


class Bounds(Record):
    """A sample quantile, and order statistics that bound the true one, each with the protocol's confidence."""

    value: Nanoseconds = Field(description="nanoseconds")
    low: Nanoseconds = Field(description="nanoseconds")
    high: Nanoseconds = Field(description="nanoseconds")


class Times(Record):
    """Quantiles of n timings; null where n are too few to bound one."""

    n: Whole = Field(description="how many were timed")
    p50: Bounds | None = Field(description="a mapping, or null")
    p95: Bounds | None = Field(description="a mapping, or null")
    p99: Bounds | None = Field(description="a mapping, or null")
    p999: Bounds | None = Field(description="a mapping, or null")

    @property
    def all(self) -> Mapping[str, Bounds | None]:
        """By name, ascending."""
        return {"p50": self.p50, "p95": self.p95, "p99": self.p99, "p999": self.p999}


class Batch(Record):
    """Whole blocks of so many events: features, model and decision, together."""

    rows: Count = Field(description="events in a block")
    times: Times = Field(description="a mapping with n and quantiles")


class ServedPath(Record):
    """A way to serve the same model. differing: decisions unlike the replay's, of `compared`."""

    times: Times = Field(description="a mapping with n and quantiles")
    compared: Whole = Field(description="rows whose decision was compared")
    differing: Whole = Field(description="decisions that differed")
    largest_difference: Annotated[float, Field(ge=0.0)] = Field(description="of scores, a number")


class Parts(Record):
    """One event on the desk's own path. whole: features, model and decision; reasons: where there are any."""

    features: Times = Field(description="a mapping with n and quantiles")
    model: Times = Field(description="a mapping with n and quantiles")
    decision: Times = Field(description="a mapping with n and quantiles")
    whole: Times = Field(description="a mapping with n and quantiles")
    reasons: Times | None = None


class Noise(Record):
    """How quiet the machine was. against_itself: medians and p99 of the same path timed twice, as ratios less one."""

    verdict: Literal["quiet", "UNDECIDED"] = Field(description="quiet or UNDECIDED")
    because: tuple[Text, ...] = ()
    remedies: tuple[Text, ...] = ()
    cpu_share: Share = Field(description="the part of the wall clock in which the process ran")
    steal_share: Share | None = None
    involuntary_switches: Whole = Field(description="a whole number")
    voluntary_switches: Whole = Field(description="a whole number")
    against_itself: Mapping[Text, float] = Field(description="a mapping of numbers")
    tolerance: Mapping[Text, float] = Field(description="a mapping of numbers")


class Machine(Record):
    """What it was measured on."""

    python: Text = Field(description="a version")
    implementation: Text = Field(description="such as cpython")
    system: Text = Field(description="such as Linux")
    cpu: Text = Field(description="such as x86_64")
    model: Text = Field(description="what the processor calls itself")
    cores: Count = Field(description="a whole number")
    governor: Text = Field(description="of the core's frequency, or unknown")
    packages: Mapping[Text, Text] = Field(description="versions by package")


class Protocol(Record):
    """How it was measured."""

    seed: Whole = Field(description="the realisation")
    rows: Whole = Field(description="events timed one by one")
    warm_up: Whole = Field(description="events before them, not timed")
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(description="of each bound")
    threads: Count = Field(description="of native code")
    waiting: Text = Field(description="OpenMP's wait policy")
    pinned: bool = Field(description="whether the process was held on one core")
    garbage_collection: Literal["off", "on"] = Field(description="off or on")
    interleaved: Literal[True] = Field(description="true")


class Agreement(Record):
    """The online path held against the replay on the timed events: features, scores, actions, bit for bit."""

    events: Whole = Field(description="a whole number")
    acted: Whole = Field(description="a whole number")
    differing: Whole = Field(description="a whole number")


class ServiceSpec(Record):
    """What was measured, on what, how, and what came out."""

    schema_version: Literal[1] = Field(description="1")
    description: Description = Field(description="a mapping with a purpose")
    scenario: Text = Field(description="a scenario's id")
    overrides: tuple[Text, ...] = ()
    """What was laid over it, as `--set` takes it."""
    desk: Text = Field(description="a kind of question")
    candidate: Text = Field(description="its name in the scenario")
    use: Text = Field(description="the candidate's plugin")
    policy: Text = Field(description="the policy's plugin")
    scorer: Text = Field(description="what scored")
    features: Whole = Field(description="how many")
    machine: Machine = Field(description="a mapping")
    protocol: Protocol = Field(description="a mapping")
    noise: Noise = Field(description="a mapping with a verdict")
    agreement: Agreement = Field(description="a mapping")
    parts: Parts = Field(description="a mapping of features, model, decision and whole")
    whole_to_booster: Annotated[float, Field(gt=0.0)] | None = None
    """p50 of the whole path over p50 of the bare single-row call of the same model, interleaved."""
    paths: Mapping[Text, ServedPath] = Field(description="a mapping of serving paths")
    skipped: Mapping[Text, Text] = {}
    batches: tuple[Batch, ...] = ()
    digest: Text = Field(description="SHA-256 of all the rest")


class ServiceProfile(Record):
    """A whole service profile, decoded."""

    api_version: Literal["windtunnel/v1"]
    kind: Literal["ServiceProfile"]
    metadata: Metadata
    spec: ServiceSpec

    def digest(self) -> str:
        """SHA-256 of the contents but for the digest itself: what enters a run's identity."""
        return digest(_without_digest(self.model_dump(mode="json", by_alias=True)))

    @property
    def is_quiet(self) -> bool:
        """Whether the machine was quiet enough to rule on budgets by it."""
        return self.spec.noise.verdict == QUIET

    def warnings(self) -> tuple[str, ...]:
        """What a reader of a run that names it should know."""
        if self.is_quiet:
            return ()
        name = self.metadata.name
        why = "; ".join(self.spec.noise.because)
        return (f"service profile {name}: measured on a noisy machine, no budget is decided by it: {why}",)


def sealed(tree: Mapping[str, Any]) -> ServiceProfile:
    """A profile from plain values without a digest, with its digest. Raises BadDocument for a tree that is none."""
    spec = {**tree["spec"], "digest": "none"}
    document = Document("profile", _frozen({**tree, "spec": spec}), {}, Path())
    profile, faults = validate(document, ServiceProfile)
    if profile is None:
        raise BadDocument(faults)
    own = profile.spec.model_copy(update={"digest": profile.digest()})
    return profile.model_copy(update={"spec": own})


def examine(document: Document) -> tuple[ServiceProfile | None, list[Fault]]:
    """The profile in a document, or None with every fault: of its form, of its quantiles' order, of its digest."""
    profile, faults = validate(document, ServiceProfile)
    if profile is None:
        return None, first_told(faults)
    faults += _disordered(document, profile)
    if not faults and profile.spec.digest != profile.digest():
        what = "is not of these figures, which were changed after they were measured; measure anew (windtunnel profile)"
        faults.append(document.fault((*SPEC, "digest"), what))
    return (None, first_told(faults)) if faults else (profile, [])


def decode(document: Document) -> ServiceProfile:
    """The profile in a document. Raises BadDocument with all faults."""
    profile, faults = examine(document)
    if profile is None:
        raise BadDocument(faults)
    return profile


def _disordered(document: Document, profile: ServiceProfile) -> Iterator[Fault]:
    """Bounds that do not hold their quantile, and quantiles that fall."""
    spec = profile.spec
    found: list[tuple[Key, Times]] = [((*SPEC, "paths", n, "times"), p.times) for n, p in spec.paths.items()]
    found += [((*SPEC, "batches", i, "times"), b.times) for i, b in enumerate(spec.batches)]
    for name in ("features", "model", "decision", "whole", "reasons"):
        times = getattr(spec.parts, name)
        if times is not None:
            found.append(((*SPEC, "parts", name), times))
    for key, times in found:
        before = 0
        for name, bounds in times.all.items():
            if bounds is None:
                continue
            if not bounds.low <= bounds.value <= bounds.high:
                what = f"got {bounds.low}, {bounds.value}, {bounds.high}, expected low <= value <= high"
                yield document.fault((*key, name), what)
            elif bounds.value < before:
                yield document.fault(
                    (*key, name), f"got {bounds.value}, expected at least {before}, as below it"
                )
            before = max(before, bounds.value)


def written(profile: ServiceProfile) -> str:
    """The profile as YAML, block by block. Equal profiles give equal bytes; reading it back gives the same profile."""
    tree = profile.model_dump(mode="json", by_alias=True)
    return "\n".join(_lines(tree, 0)) + "\n"


def _lines(node: Mapping[str, Any], depth: int) -> Iterator[str]:
    """A mapping of a few numbers stands on one line, any other block by block."""
    for name, child in node.items():
        key = "  " * depth + _key(name) + ":"
        if isinstance(child, Mapping) and child and not _is_short(child):
            yield key
            yield from _lines(child, depth + 1)
        elif isinstance(child, list) and child and any(isinstance(item, Mapping) for item in child):
            yield key
            for item in child:
                inner = list(_lines(item, depth + 2))
                first = inner[0].strip()
                yield "  " * (depth + 1) + "- " + first
                yield from inner[1:]
        else:
            yield f"{key} {_flow(child)}"


def _is_short(node: Mapping[str, Any]) -> bool:
    return len(node) <= 3 and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in node.values()
    )


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.1f}"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


def _without_digest(tree: dict[str, Any]) -> dict[str, Any]:
    spec = {name: value for name, value in tree["spec"].items() if name != "digest"}
    return {**tree, "spec": spec}


def _frozen(node: Any) -> Any:
    """Lists as documents hold them."""
    if isinstance(node, Mapping):
        return {name: _frozen(child) for name, child in node.items()}
    return tuple(map(_frozen, node)) if isinstance(node, list | tuple) else node
