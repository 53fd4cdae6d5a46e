"""What a desk does where its answer is late: an action, or another desk's decision; what stands, stands."""

from __future__ import annotations

import numpy as np
import pytest

from harness import trial
from harness.assembly import build_replay
from harness.desk import Desk
from sim.core.decisions import Decisions
from sim.core.world import Question

PAY = "telco/latency-pay-v1"
SETS = (
    "world.with.lines=300",
    "world.history=2d",
    "world.horizon=1d",
    "world.lagTail=0d",
    "world.levers.service_load=1",
    "trial.service.call.assumed.p50=60ms",
    "trial.service.call.assumed.p99=60ms",
)


def played(name: str, *more: str) -> tuple[Desk, list[tuple[Question, Decisions, np.ndarray]]]:
    """The desk of a candidate whose every answer is late, and what it answered beside what took effect."""
    loaded = trial.load(PAY, (*SETS, *more))
    setting = build_replay(loaded, loaded.candidate(name), 1, None, [])
    desk, world = setting.desks["call"], setting.world
    told: list[tuple[Question, Decisions, np.ndarray]] = []
    settle, answer = world.settle, desk.answer
    asked: list[Question] = []

    def keep(question: Question) -> object:
        asked.append(question)
        return answer(question)

    def settled(decisions: Decisions) -> object:
        found = settle(decisions)
        told.append((asked[-1], decisions, found.outcomes.block["effect"]))
        return found

    desk.answer, world.settle = keep, settled  # type: ignore[method-assign, assignment]
    setting.play()
    live = [one for one in told if one[0].start >= world.go_live and len(one[1])]
    return desk, live


@pytest.mark.parametrize(("name", "code"), [("full", 0), ("full-blocks", 4)])
def test_an_action_is_taken_instead_of_every_late_answer(name: str, code: int) -> None:
    desk, told = played(name)
    assert desk.late == code
    assert all((decisions.fallback_action == code).all() for _, decisions, _ in told)
    assert all((effect == code).all() for _, _, effect in told)
    assert any(decisions.action.any() for _, decisions, _ in told), "it would have blocked somebody"


def test_another_candidate_decides_what_it_would_decide_by_itself() -> None:
    desk, told = played("full-rules")
    assert isinstance(desk.late, Desk)
    _, quick = played("quick", "trial.candidates.quick.service.assumed.p50=1us")
    late, alone = (np.concatenate([effect for _, _, effect in one]) for one in (told, quick))
    assert np.array_equal(late, alone)
    assert late.any()


def test_what_stands_on_an_entity_stands_where_no_answer_came() -> None:
    _, told = played("full", "trial.candidates.full.policy.with.lasts=6h")
    standing = np.concatenate([decisions.fallback_action for _, decisions, _ in told])
    effect = np.concatenate([effect for _, _, effect in told])
    assert standing.any()
    assert np.array_equal(standing, effect)
