"""The rules of a response: all faults of what a candidate says of its playbook, and what a charter lacks for it.

Knows: responses by name, their parameters, charters. Does not know: how a response is played, worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.charter import Charter
from harness.plans import PlaybookPlan
from harness.sight import Omniscient, Response
from sim.core.documents import Document
from sim.core.errors import Fault
from sim.core.parameters import decode, instantiate, load
from sim.core.places import Key

Parameters = dict[Key, dict[str, Any]]


def examine(document: Document, key: Key, parameters: Parameters) -> Iterator[Fault]:
    """Faults of the response that a candidate at a key names; `parameters` receives its own, as it takes them."""
    where = (*key, "playbook")
    node = document.at(where)
    if not isinstance(node, dict):
        return
    plugin, faults = load(document, (*where, "use"), "response", node.get("use"))
    yield from faults
    written = node.get("with", {})
    if plugin is None or not isinstance(written, dict):
        return
    built, more = instantiate(document, (*where, "with"), plugin, written)
    yield from more
    if built is None:
        return
    if not isinstance(built, Response | Omniscient):
        yield document.fault((*where, "use"), "it has no method `calls`, expected a response")
    parameters[where] = decode(document, (*where, "with"), plugin, written)[0] or {}


def given(
    plan: PlaybookPlan | None, key: Key, parameters: Mapping[Key, dict[str, Any]]
) -> PlaybookPlan | None:
    """A candidate's playbook with its `with:` as the response takes it."""
    if plan is None:
        return None
    return plan.model_copy(update={"with_": parameters.get((*key, "playbook"), {})})


def warnings(charter: Charter, plans: Sequence[PlaybookPlan | None]) -> Iterator[str]:
    """What the charter lacks for the responses that candidates play, a sentence each."""
    spec, used = charter.spec, {plan.use for plan in plans if plan is not None}
    if not used:
        return
    seen = [clause for clause in spec.every_clause if clause.view == "observed" and clause.rungs.ladder]
    if "observed" in used and not seen:
        yield "a candidate responds to observed metrics, and no clause has rungs in the observed view: it never fires"
    if "signal" in used and not any(signal.ladder for signal in spec.signals or ()):
        yield "a candidate responds to signals, and no signal of the charter has a rung: it never fires"
    steps = {step.on: step for step in spec.playbook}
    if used & {"schedule"} and "retrain" not in steps:
        yield "a candidate retrains on schedule, and the playbook has no step for the rung 'retrain': it never does"
    if used - {"never", "oracle"} and "retrain" in steps and steps["retrain"].shadow is None:
        yield "the playbook's retrain has no shadow check: whatever is trained is promoted"
