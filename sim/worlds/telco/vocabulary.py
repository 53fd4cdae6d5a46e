"""What the telco world shows: its question, news, outcomes, truth, feeds, slices and actions.

Knows: fields and their meaning. Does not know: how they come about.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.core.decisions import Action
from sim.core.events import Field, Schema
from sim.core.world import Feed, LabelChannel, QuestionKind, Slice
from sim.worlds.telco.carriers import TIERS
from sim.worlds.telco.cast import CLASSES, LAWFUL

ACTIONS = (
    Action("pass", "the call is put through"),
    Action("label", "the call is put through, shown as suspected spam", hinders=True),
    Action("challenge", "the caller must key in a code before the phone rings", hinders=True),
    Action(
        "throttle",
        "the number gets a few calls an hour through, the others are refused",
        stops=True,
        hinders=True,
    ),
    Action("block", "the call is refused (SIP 603+)", stops=True, hinders=True),
)
PASS, LABEL, CHALLENGE, THROTTLE, BLOCK = range(5)

_ID = Field("id", "int64", "", "the event: its caller and the caller's own ordinal")
_T = Field("t", "int64", "us", "instant of the attempt", "signalling")
_CALLER = Field(
    "caller", "int64", "", "calling number as shown", "signalling", purposes=("fraud-prevention",)
)
_CALLEE = Field("callee", "int64", "", "called number", "signalling", purposes=("fraud-prevention",))

QUESTION = Schema(
    "call",
    (
        _T,
        _ID,
        _CALLER,
        _CALLEE,
        Field("attestation", "int8", "code", "STIR/SHAKEN level that arrived: 0 none, 1 A, 2 B, 3 C", "signalling"),
        Field("origin", "int8", "code", "carrier of origin: 0 tier 1, 1 regional, 2 reseller", "signalling"),
        Field("same_region", "int8", "bool", "both numbers show the same area", "signalling"),
        Field("same_exchange", "int8", "bool", "both numbers show the same exchange", "signalling"),
        Field("toll_free", "int8", "bool", "the calling number is toll-free", "signalling"),
        Field("foreign", "int8", "bool", "the calling number is of a foreign or premium range", "signalling"),
        Field("premium", "int8", "bool", "the called number is of a premium range", "signalling"),
    ),
)  # fmt: skip

OUTCOMES = Schema(
    "call_outcome",
    (
        Field("t", "int64", "us", "instant of the attempt"),
        _ID,
        Field("effect", "int8", "code", "action that took effect"),
        Field("effect_at", "int64", "us", "when it took effect"),
        Field("answered", "int8", "bool", "the callee answered"),
        Field("duration_s", "int32", "s", "connected time"),
        Field("pending", "bool", "", "still open at the settlement"),
    ),
)

OUTCOMES_SERVED = Schema(
    OUTCOMES.name,
    (
        *OUTCOMES.fields,
        Field("response_us", "int64", "us", "from the attempt to what took effect"),
        Field("service", "int8", "code", "what became of the question: answered, timed out, refused, failed"),
    ),
)
"""Where a service stands before the desk."""

TRUTH = Schema(
    "call_truth",
    (
        Field("t", "int64", "us", "instant of the attempt"),
        _ID,
        Field("unwanted", "int8", "bool", "the call of a campaign: stopping it is right"),
        Field("caller_class", "int8", "code", "who really calls: " + ", ".join(CLASSES)),
        Field("reported", "int8", "bool", "this call is or will be reported through `report`"),
        Field("report_at", "int64", "us", "when the report becomes known; NEVER without one"),
        Field("regulator", "int8", "bool", "this call is or will be complained of to the regulator"),
        Field("would_answer", "int8", "bool", "the callee would have answered with no action taken"),
        Field("intention", "int64", "", "id of the first attempt of the same intention"),
        Field("first_try", "int8", "bool", "not a redial"),
    ),
)

_KNOWN = Field("known_at", "int64", "us", "instant at which the item becomes known")


def _news(name: str, *fields: Field) -> Schema:
    return Schema(name, (_KNOWN, _ID, _T, *fields), order="known_at")


CALL_RECORD = _news(
    "call_record",
    _CALLER,
    _CALLEE,
    Field("answered", "int8", "bool", "the callee answered", "call_record"),
    Field("duration_s", "int32", "s", "connected time", "call_record"),
    Field("effect", "int8", "code", "action that took effect", "call_record"),
)
REPORT = _news("report", _CALLER, _CALLEE)
REGULATOR = _news("regulator", _CALLER, _CALLEE)
VERIFICATION = _news(
    "verification",
    _CALLER,
    Field("unwanted", "int8", "bool", "what the analyst found of the number-day", "verification"),
    Field("caller_class", "int8", "code", "the class the analyst found", "verification"),
)
REDRESS = _news(
    "redress",
    _CALLER,
    Field("asked_at", "int64", "us", "when the caller asked", "redress"),
    Field("cleared", "int8", "bool", "a clerk found the caller lawful", "redress"),
)

STREAMS: Mapping[str, Schema] = {
    item.name: item for item in (CALL_RECORD, REPORT, REGULATOR, VERIFICATION, REDRESS)
}

FEEDS = (
    Feed("signalling", "", "at the call", "fields of the call attempt"),
    Feed("call_record", "call_record", "15 min after the call's end", "mediated call detail records"),
    Feed("report", "report", "log-normal, median 5 h, tail of months", "reports by app or customer care"),
    Feed("regulator", "regulator", "the report's lag and 1-3 days to publication", "published complaints"),
    Feed("verification", "verification", "after the day's end, in office hours", "audited number-days"),
    Feed("redress", "redress", "when a clerk has looked, in office hours", "callers who asked to be unblocked"),
)  # fmt: skip

KINDS: Mapping[str, QuestionKind] = {
    "call": QuestionKind(
        name="call",
        form="act",
        schema=QUESTION,
        entity="caller",
        unit="entity-day",
        subject="callee",
        actions=ACTIONS,
        found_class="caller_class",
        labels=(
            LabelChannel("report", "", "reported by a subscriber: positives only"),
            LabelChannel(
                "verification", "unwanted", "verified by an analyst, sometimes wrongly", negatives=True
            ),
        ),
    )
}

SLICES: Mapping[str, Slice] = {
    "caller_class": Slice("caller_class", "caller_class", CLASSES, LAWFUL),
    "origin": Slice("origin", "origin", TIERS),
}
