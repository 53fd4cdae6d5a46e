"""The service of a desk, as a scenario writes it: which times, how many workers, how long callers wait, what then.

Knows: the keys under `trial.service` and a candidate's `service`. Does not know: queues, worlds, how a document's other
parts are read. The rules that span several keys are in harness.service_rules. Durations are Micros after reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from sim.core.records import Duration, Name, Offset, Record, Share, Span, Text

Workers = Annotated[int, Field(ge=1, le=4096)]
Most = Annotated[int, Field(ge=1, le=65536)]


class AssumedTimes(Record):
    """Times that nobody measured: quantiles of one event, and what each further event of a batch adds. Somebody says
    where they come from, and every budget that is kept by them is kept under this assumption."""

    p50: Span = Field(description="a duration such as 2ms")
    p95: Span | None = None
    p99: Span | None = None
    p999: Span | None = None
    per_row: Duration = 0
    because: Text = Field(description="where the times come from")

    @property
    def quantiles(self) -> dict[str, int]:
        """Those that are written, ascending, in microseconds."""
        named = {"p50": self.p50, "p95": self.p95, "p99": self.p99, "p999": self.p999}
        return {name: value for name, value in named.items() if value is not None}


class BatchingPlan(Record):
    """A worker takes up to `most` that wait, once there are as many or the first has waited for `window`."""

    window: Duration = Field(description="a duration such as 2ms")
    most: Most = Field(description="a whole number such as 32")


class RetryPlan(Record):
    """The caller tries again, within its own time-out, where an attempt was refused, failed, or took longer than
    `after`."""

    most: Annotated[int, Field(ge=1, le=10)] = Field(description="a whole number such as 1")
    back_off: Duration = Field(description="a duration such as 5ms")
    growth: Annotated[float, Field(ge=1.0, le=10.0)] = 2.0
    jitter: Share = 0.0
    after: Span | None = None


class ColdStartPlan(Record):
    """A worker's first call, one after `idle` without work, and the first after a release take so much longer."""

    takes: Span = Field(description="a duration such as 2s")
    idle: Span | None = None
    releases: tuple[Offset, ...] = ()
    """From goLive."""


class OutageWindow(Record):
    """A stretch in which a dependency does not answer; `at` from goLive."""

    at: Offset = Field(description="a duration from goLive such as 6d")
    lasts: Span = Field(description="a duration such as 10m")


class OutageLaw(Record):
    """Outages by chance: exponential spans between them and of each, with these means."""

    every: Span = Field(description="a duration such as 7d")
    lasts: Span = Field(description="a duration such as 10m")


OutagesPlan = Annotated[
    Annotated[tuple[OutageWindow, ...], Tag("<list>")] | Annotated[OutageLaw, Tag("<law>")],
    Discriminator(lambda value: "<list>" if isinstance(value, tuple) else "<law>"),
]


class DependencyPlan(Record):
    """Another service that a worker asks before it answers: a log-in, geolocation, a feature store."""

    name: Name = Field(description="a name of its own")
    times: AssumedTimes = Field(description="a mapping with p50 and because")
    time_out: Span | None = None
    on_failure: Literal["wait", "skip", "fail"] = "wait"
    outages: OutagesPlan = ()


class DesksDecision(Record):
    """What another candidate of the trial would do, played locally and in time: rules, scores of the last hour."""

    candidate: Text = Field(description="the name of a candidate of this trial")


OnLate = Annotated[
    Annotated[Text, Tag("<action>")] | Annotated[DesksDecision, Tag("<candidate>")],
    Discriminator(lambda value: "<action>" if isinstance(value, str) else "<candidate>"),
]
"""What takes effect where no answer came in time: an action of the world by name, or another candidate's decision. Of a
desk that quotes: `suspend` takes no bets from the message on until its price is in force; without it the price before
stands."""
SUSPEND = "suspend"


class ServicePlan(Record):
    """One desk's service; of a candidate, what it has otherwise than the rest. `profile`: what one event costs, by a
    service profile's id or path; `assumed` in its place says so. `load`: how many calls the service has for each of the
    world's own, other tenants' among them."""

    profile: Text | None = None
    assumed: AssumedTimes | None = None
    workers: Workers = 1
    batching: BatchingPlan | None = None
    queue_limit: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    time_out: Span | None = None
    abandon: bool = False
    retries: RetryPlan | None = None
    cold_start: ColdStartPlan | None = None
    dependencies: tuple[DependencyPlan, ...] = ()
    on_late: OnLate | None = None
    cache: bool = False
    """Of a desk that quotes: a message that changes no price is answered from those in force, without a call."""

    def over(self, base: ServicePlan | None) -> ServicePlan:
        """This one's keys laid over those of another. Measured times take the place of assumed ones, and the other way
        round."""
        if base is None:
            return self
        own = {name: getattr(self, name) for name in self.model_fields_set}
        if "profile" in own:
            own.setdefault("assumed", None)
        elif "assumed" in own:
            own["profile"] = None
        return base.model_copy(update=own)


NamedOrQueued = Annotated[
    Annotated[Text, Tag("<id>")] | Annotated[Mapping[Text, ServicePlan], Tag("<kinds>")],
    Discriminator(lambda value: "<id>" if isinstance(value, str) else "<kinds>"),
]
"""A profile named for the record, by which nothing is queued; or a service by kind of question."""


def card(plan: ServicePlan) -> dict[str, Any]:
    """A service as plain values, for a run's identity."""
    plain: dict[str, Any] = plan.model_dump(mode="json", by_alias=True)
    return plain
