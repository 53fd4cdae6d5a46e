"""Steps: what a charter says of its playbook: who does what, for how long, checked how, at what cost.

Knows: rungs, crews, shadow checks, as a charter writes them. Does not know: clauses, signals' insides, how a step is
played (harness.playbook). All of it is of the operating half: it changes what happens.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from sim.core.places import shown
from sim.core.records import Count, Duration, Record, Span, Text
from sim.core.time import DAY, HOUR, MINUTE, WEEK

RungName = Literal["investigate", "retrain", "rollback", "escalate"]
RUNGS: tuple[RungName, ...] = ("investigate", "retrain", "rollback", "escalate")
"""From mild to grave."""

Money = Annotated[float, Field(ge=0.0)]
Hour = Annotated[int, Field(ge=0, le=24)]

CALIBRATED = "calibrated"
"""The line of a signal that its own false-alarm budget draws."""


def _line(value: object) -> object:
    """A number above 0, or `calibrated`, told in one fault where it is neither."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value != "calibrated" and not (number and 0.0 < float(value) < math.inf):  # type: ignore[arg-type]
        raise ValueError(f"got {shown(value)}, expected a number above 0, or calibrated")
    return value


Line = Annotated[float | Literal["calibrated"], BeforeValidator(_line)]


class SignalRung(Record):
    """A line on a signal: its value in the signal's own unit, or `calibrated`; crossed while as many of its subjects
    are beyond it. alert_after: for how long it must stay so."""

    value: Line = Field(description="a number, or calibrated")
    alert_after: Duration = 0
    subjects: Count = 1


AnySignalRung = Annotated[
    Annotated[Line, Tag("<line>")] | Annotated[SignalRung, Tag("<rung>")],
    Discriminator(lambda value: "<line>" if isinstance(value, int | float | str) else "<rung>"),
    AfterValidator(lambda rung: rung if isinstance(rung, SignalRung) else SignalRung(value=rung)),
]


class Training(Record):
    """What a training costs: the machine's time, the data's window (the label rule's own where it is left out), and
    money for each hour of the machine."""

    takes: Span = 6 * HOUR
    window: Span | None = None
    cost_per_hour: Money = 0.0


ShadowMetric = Literal[
    "average_precision", "roc_auc", "log_loss", "brier", "stopped_unwanted", "stopped_lawful"
]


class Shadow(Record):
    """What a challenger must show before it is promoted, on units that it was not trained on.

    metric: of the scores, or of what the tuned policy would do: the share of unwanted calls, or of lawful ones, that
    it stops. margin: by how much the challenger must be better than the champion; below 0 it may be that much worse.
    span: units of so long before the training began; share: of entities that are
    set aside for the check. least: fewer units are no pass. labels: `verified` units alone, weighted by the inverse of
    their audit's propensity, or all that are `known` by the label rule.
    """

    metric: ShadowMetric = "average_precision"
    margin: float = 0.0
    span: Span = 2 * WEEK
    share: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3
    least: Count = 50
    labels: Literal["verified", "known"] = "verified"


class Approval(Record):
    """Somebody else who must agree before a model takes over."""

    owner: Text = Field(description="the role of an owner")
    takes: Span = 30 * MINUTE


class PlaybookStep(Record):
    """What is done when a rung is crossed: by whom, within what time, in which steps.

    takes: hands-on work before anything changes. cost: money for each time, beside people's and machines' hours. rest:
    for how long after it the same line is left alone.
    """

    on: RungName = Field(description="a rung: investigate, retrain, rollback or escalate")
    owner: Text = Field(description="the role of an owner")
    time_budget: Span = Field(description="a duration such as 2d")
    steps: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(description="a list of steps")
    target: Text | None = None
    """What a rollback goes back to: previous_champion, incumbent, or a policy or candidate by its plugin's name."""
    takes: Duration = 2 * HOUR
    cost: Money = 0.0
    rest: Duration = 7 * DAY
    training: Training | None = None
    shadow: Shadow | None = None
    approval: Approval | None = None


class Staff(Record):
    """The people of one role: how many, from when to when, on how many days from Monday on, and what an hour costs."""

    role: Text = Field(description="the role of an owner")
    people: Count = 1
    opens: Hour = 9
    closes: Hour = 17
    days: Annotated[int, Field(ge=1, le=7)] = 5
    cost_per_hour: Money = 0.0
