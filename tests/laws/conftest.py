"""Every world found, small enough for laws: how it is opened, decided on by a script, and played to its end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from sim import open_world
from sim.core import scenario_rules
from sim.core.decisions import Decisions, Quotes
from sim.core.events import Block
from sim.core.rng import key, uniform
from sim.core.service import Service
from sim.core.world import Question, World
from tests.laws.book import prices

NEEDS_FILES = {"recorded": "reads a log that the user has"}
"""Worlds that cannot be opened without a file from outside, with the reason."""

BUSY_BOOK = {
    "graded_per_s": 1e9,
    "new_accounts": 400.0,
    "newcomer_bonus": 0.3,
    "promo": 0.5,
    "free_bets": 1.0,
    "households": 0.3,
    "report_shared": 0.9,
    "report_household": 0.5,
    "report_weeks": 0.1,
    "analysts_per_10k": 60.0,
    "traders_per_10k": 200.0,
    "review_minutes": 5.0,
    "review_rest_days": 1.0,
    "flag_bets": 5.0,
    "flag_edge": -0.1,
    "flag_results": 10.0,
    "flag_profit": 20.0,
    "flag_winners": 0.9,
    "flag_mistakes": 0.02,
    "flag_days": 0.3,
    "flag_closes_days": 0.3,
    "exclusion": 20.0,
    "exclusion_other": 0.3,
    "exclusion_days": 0.5,
    "return_days_low": 0.1,
    "return_days_high": 0.5,
    "gives_up_after": 2.0,
    "adaptation": 0.95,
    "churn_limited": 0.05,
    "churn_delayed": 0.02,
    "churn_refused": 0.1,
    "churn_suspended": 0.05,
    "split_accounts": 2.0,
    "primed_days": 1.0,
    "feed_gaps": 2.0,
}
"""Everything that happens to accounts happens within days."""
WEEKEND = {
    "use": "sportsbook",
    "start": "2026-01-08",  # a Thursday: the matches of the weekend lie about goLive
    "tick": "1m",
    "history": "3d",
    "horizon": "4d",
    "lagTail": "3d",
    "levers": BUSY_BOOK,
}

SMALL: dict[str, dict[str, Any]] = {
    "telco": {
        "use": "telco",
        "tick": "15m",
        "history": "2d",
        "horizon": "3d",
        "lagTail": "2d",
        "with": {"lines": 300},
        "levers": {
            "analysts_per_10k_lines": 100.0,
            "report_rate": 0.1,
            "report_near": 1.0,
            "label_hesitation": 0.9,
            "wangiri_calls": 0.2,
            "revenue_share_calls": 0.05,
            "sim_box_calls": 0.1,
            "prefer_spoofed": 0.3,
            "prefer_hijacked": 0.3,
            "spoofed_calls": 20.0,
            "hijacked_calls": 20.0,
            "wangiri_number_calls": 20.0,
            "sim_box_number_calls": 15.0,
            "revenue_share_number_calls": 5.0,
            "clerks_per_10k_lines": 100.0,
            "throttle_calls": 0.0,
            "notice_share": 0.7,
            "wrong_report_rate": 0.005,
            "class_entities": 20.0,
            "unwanted_calls": 1.5,
            "burner_calls": 20.0,
            "snowshoe_calls": 12.0,
        },
    },
    "sportsbook": {
        **WEEKEND,
        "with": {
            "accounts": 600, "betsPerMatch": 25_000.0, "leagues": 3, "teams": 6, "alwaysOn": True, "opensBefore": "3h",
        },
    },
    "sportsbook-nfl": {
        **WEEKEND,
        "start": "2026-01-09",  # a Friday: two days of football alone, and a Sunday of both
        "history": "2d",
        "horizon": "1d",
        "with": {
            "accounts": 600, "betsPerMatch": 16_000.0, "leagues": 1, "teams": 4, "nflTeams": 18, "alwaysOn": True,
            "opensBefore": "5h",
        },
    },
}  # fmt: skip
"""Small scenarios by name: of each world one at least, which has the world's name."""
WORLDS = list(SMALL)

TINY: dict[str, dict[str, Any]] = {
    "sportsbook-tiny": {
        **WEEKEND,
        "history": "2d",
        "horizon": "2d",
        "with": {"accounts": 200, "betsPerMatch": 4_000.0, "leagues": 1, "teams": 2, "alwaysOn": True},
    },
}
"""What runs even without the compiler: the true probabilities of one football match are half a million states."""

FOR_GOOD = {"bet": "reject"}
"""The action that some entities always get; the last one where a kind is not named. To suspend is to act on others."""

Decide = Callable[[Question], Decisions | Quotes]


def open_small(
    name: str,
    seed: int = 1,
    levers: Mapping[str, float] | None = None,
    injections: tuple[Any, ...] = (),
    services: Mapping[str, Service] | None = None,
) -> World:
    """A world of a few days. One that has no entry in SMALL fails here: it is covered or excluded with a reason."""
    plan = {"start": "2026-01-05", "historyBecause": "a law needs no season", **{**SMALL, **TINY}[name]}
    plan["levers"] = {**plan.get("levers", {}), **(levers or {})}
    plan["injections"] = list(injections)
    tree = {
        "apiVersion": "windtunnel/v1",
        "kind": "Scenario",
        "metadata": {"name": f"small-{name}", "version": "1.0.0"},
        "spec": {"description": {"purpose": "a law"}, "seeds": [seed], "world": plan},
    }
    return open_world(scenario_rules.of(tree), seed, services)


def scripted(
    salt: int = 0, busy: float = 0.3, audits: float = 0.15, flip: int = -1, by: int = -1, never: str = ""
) -> Callable[[World], Decide]:
    """Decisions that depend on nothing but ids: the share `busy` is acted on, and half that share of the entities is
    refused always. The event `flip` gets the action that is `by` further on; else `never` is not taken, but what is
    before it. Quotes are those of a simple book."""

    def of(world: World) -> Decide:
        def decide(question: Question) -> Decisions | Quotes:
            ids = question.block["id"]
            kind = world.kinds[question.kind]
            if question.form == "quote":
                return prices(question, len(kind.outcomes), salt)
            count = len(kind.actions)
            u = uniform(key(salt, "act"), ids)
            action = np.where(u < busy, 1 + (u * 997 % 1.0 * (count - 1)).astype(np.int64), 0)
            always = uniform(key(salt, "always"), question.block[kind.entity]) < busy / 2
            names = [item.name for item in kind.actions]
            action[always] = names.index(FOR_GOOD.get(question.kind, names[-1]))
            if never in names:
                action[action == names.index(never)] -= 1
            action[ids == flip] = (action[ids == flip] + by) % count
            plain = Decisions.passing(ids)
            audit = (uniform(key(salt, "audit"), question.block[kind.entity]) < audits).astype(np.float32)
            chosen = action.astype(np.int8)
            return Decisions(ids, chosen, chosen, plain.scored, plain.propensity, audit * 0.5, plain.exempt)

        return decide

    return of


@dataclass
class Trace:
    """All that a world showed and said: per kind questions, decisions, outcomes, truth; per stream news."""

    questions: dict[str, list[Block]] = field(default_factory=dict)
    outcomes: dict[str, list[Block]] = field(default_factory=dict)
    truth: dict[str, list[Block]] = field(default_factory=dict)
    news: dict[str, list[Block]] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)

    def digest(self) -> str:
        """One digest of everything."""
        sha = hashlib.sha256()
        for part in (self.questions, self.outcomes, self.truth, self.news):
            for name in sorted(part):
                for block in part[name]:
                    sha.update(f"{name}:{block.digest()}".encode())
        return sha.hexdigest()


def acted(world: World | str) -> str:
    """The kind of question of a world that is answered by acting."""
    world = open_small(world) if isinstance(world, str) else world
    (kind,) = (kind.name for kind in world.kinds.values() if kind.form == "act")
    return kind


def joined(blocks: list[Block]) -> dict[str, Any]:
    """Columns of a list of blocks, end to end."""
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0].schema.names}


def play(world: World, decide: Callable[[World], Decide] | None = None) -> Trace:
    """Play a world to its end, in the order of a replay."""
    answer = (decide or scripted())(world)
    trace = Trace()
    while True:
        for item in world.news(until=world.now):
            trace.news.setdefault(item.stream, []).append(item.block)
        questions = world.advance()
        if questions is None:
            break
        for question in questions:
            reply = answer(question)
            settled = world.settle(reply) if isinstance(reply, Decisions) else world.publish(reply)
            trace.asked.append(question)
            trace.questions.setdefault(question.kind, []).append(question.block)
            trace.outcomes.setdefault(question.kind, []).append(settled.outcomes.block)
            trace.truth.setdefault(question.kind, []).append(settled.truth.block)
    for item in world.news(until=world.end):
        trace.news.setdefault(item.stream, []).append(item.block)
    return trace


@pytest.fixture(params=WORLDS)
def world_name(request: pytest.FixtureRequest) -> str:
    """Each small scenario, of each world found that needs no file from outside."""
    return str(request.param)


@pytest.fixture(scope="session")
def traces() -> dict[str, Trace]:
    """Scripted traces that several laws compare with, by world; filled when first asked for."""
    return {}


@pytest.fixture
def plain(world_name: str, traces: dict[str, Trace]) -> Trace:
    """The scripted trace of a world as it is."""
    if world_name not in traces:
        traces[world_name] = play(open_small(world_name))
    return traces[world_name]
