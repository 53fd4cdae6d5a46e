"""One answer worked out a second time, for its event alone: features read out, model, reasons, policy, orders.

Knows: the desk that decided, the features that it decided on, the answer that it gave. Does not know: truth, worlds.

What the desk answered in a block is held against what scorer, policy and standing orders answer for the event alone:
score, action, propensity or price, to the bit. Contributions are exact (tree Shapley values, terms of a sum) or absent.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.consequences import Consequences
from harness.desk import Desk
from harness.kinds import Floats, Matrix
from harness.online import DECIMALS, Attributed
from harness.quoting import probabilities
from harness.what_if import MOVED, Values, moved_features, nearest_scores, repeated
from sim.core.decisions import Decisions, Quotes
from sim.core.events import Block
from sim.core.world import Question, QuestionKind

Told = dict[str, Any]


def passed(answer: Decisions | Quotes, row: int, kind: QuestionKind) -> Told:
    """An event that nobody's plan decided: it passed."""
    assert isinstance(answer, Decisions)
    action = int(answer.action[row])
    given = {
        "action": kind.actions[action].name,
        "actionCode": action,
        "score": None,
        "propensity": 1.0,
        "exempt": False,
    }
    return {"decidedBy": "nobody: no plan was deployed yet", "answer": given, "agrees": action == 0}


def taken(
    who: Desk, one: Block, x: Matrix, standing: Consequences | None, question: Question,
    answer: Decisions | Quotes, row: int, values: Values | None, what_if: bool,
) -> Told:  # fmt: skip
    """The parts of a dossier that follow from the desk. one: the event as a block; x: (1, k), what was decided on."""
    told: Told = {"features": _features(who, x), "plan": who.plan.name}
    told["policy"] = _facts(who)
    score = _score(who, x)
    told["reasons"] = _reasons(who, x)
    if isinstance(answer, Quotes):
        return told | _quoted(who, one, x, score, answer, row, values, what_if)
    return told | _acted(who, one, x, score, standing, answer, row, values, what_if)


def _features(who: Desk, x: Matrix) -> list[Told]:
    specs = who.featurizer.describe()
    return [
        {
            "name": spec["name"], "value": None if np.isnan(x[0, place]) else float(x[0, place]),
            "reading": spec["reading"], "concept": spec["concept"], "owner": spec["owner"], "operation": spec["op"],
            "feeds": spec["feeds"], "by": spec["by"], "window": spec["window"],
        }
        for place, spec in enumerate(specs)
    ]  # fmt: skip


def _facts(who: Desk) -> Told:
    """Thresholds and budgets in force, as the policy tells them."""
    facts = getattr(who.plan.pricing if who.plan.pricing is not None else who.policy, "facts", None)
    name = type(who.plan.pricing or who.policy).__name__
    return {"name": name, "facts": dict(facts()) if callable(facts) else {}}


def _score(who: Desk, x: Matrix) -> Floats:
    return np.zeros(len(x)) if who.scorer is None else np.round(who.scorer.score(x), DECIMALS)


def _reasons(who: Desk, x: Matrix) -> Told:
    """What each feature added to the log-odds, the largest first; by outcome where there are several."""
    if not isinstance(who.scorer, Attributed):
        return {
            "exact": False,
            "why": "no model decides" if who.scorer is None else "this model has no exact contributions",
        }
    try:
        added = np.asarray(who.scorer.contributions(x)[0], dtype=np.float64)
    except ValueError as error:
        return {"exact": False, "why": str(error)}
    if added.ndim == 2:
        outcomes = who.kind.outcomes
        return {
            "exact": True,
            "outcomes": {name: _added(who, x, added[i]) for i, name in enumerate(outcomes)},
        }
    return {"exact": True, **_added(who, x, added)}


def _added(who: Desk, x: Matrix, added: Floats) -> Told:
    order = np.argsort(-np.abs(added[:-1]), kind="stable").tolist()
    names = who.featurizer.names
    total = float(added.sum())
    return {
        "base": float(added[-1]), "logOdds": total,
        "probability": 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, total)))),
        "contributions": [
            {"feature": names[i], "value": None if np.isnan(x[0, i]) else float(x[0, i]),
             "contribution": float(added[i])}
            for i in order
        ],
    }  # fmt: skip


# --- acts -----------------------------------------------------------------------------------------------------------


def _acted(
    who: Desk, one: Block, x: Matrix, score: Floats, standing: Consequences | None, answer: Decisions, row: int,
    values: Values | None, what_if: bool,
) -> Told:  # fmt: skip
    kind, actions = who.kind, who.kind.actions
    entity, t = one[kind.entity], one["t"]
    posted = who.posted(one)
    known = posted is None or bool(posted.known[0])
    score = score if posted is None else posted.score
    lots = who.lots(one)
    verdicts = who.policy.decide(one, score, lots, who.codes)
    wanted = int(verdicts.action[0])
    exempt = bool(who.exempt(one[kind.subject])[0]) if kind.subject else False
    spared = standing is not None and bool(standing.left_alone(entity, t)[0])
    ordered = 0 if spared or standing is None else int(standing.orders.on(entity, t)[0])
    asked = 0 if spared or not known else wanted
    action = 0 if exempt else max(asked, ordered)
    sure = exempt or spared or not known or ordered > asked
    propensity = np.float32(1.0) if sure else np.float32(verdicts.propensity[0])
    if exempt:
        why = "the randomised holdout: never acted on"
    elif spared:
        why = "left alone: it was verified lawful or cleared by redress"
    elif ordered > asked:
        why = f"a standing order ({actions[ordered].name}), given before this event"
    elif not known:
        why = "no score on the board yet: it passes"
    else:
        why = f"the policy, on the score: {actions[wanted].name}"
    mine = {
        "actionCode": action,
        "score": float(score.astype(np.float32)[0]),
        "propensity": float(propensity),
        "exempt": exempt,
    }
    code = int(answer.action[row])
    given = {
        "actionCode": code,
        "score": float(answer.scored[row]),
        "propensity": float(answer.propensity[row]),
        "exempt": bool(answer.exempt[row]),
    }
    told: Told = {
        "decidedBy": why,
        "answer": {"action": actions[code].name, **given, "audit": float(answer.audit[row])},
        "policyAsked": {"action": actions[wanted].name, "propensity": float(verdicts.propensity[0]),
                        "lasts": int(verdicts.lasts[0])},
        "standingOrder": actions[ordered].name if ordered else None,
        "agrees": all(_equal(mine[key], given[key]) for key in given),
    }  # fmt: skip
    told["answer"]["score"] = None if math.isnan(given["score"]) else given["score"]

    def decide(scores: Floats) -> NDArray[np.int64]:
        size = len(scores)
        found = who.policy.decide(repeated(one, size), scores, np.repeat(lots, size), who.codes)
        return found.action.astype(np.int64)

    if what_if and known:
        told["whatIf"] = _flips(who, x, float(score[0]), wanted, decide, values)
    return told


def _flips(who: Desk, x: Matrix, score: float, wanted: int, decide: Any, values: Values | None) -> Told:
    names = {code: action.name for code, action in enumerate(who.kind.actions)}
    scores = [{**one, "action": names[one["action"]]} for one in nearest_scores(decide, score)]

    def changes(rows: Matrix) -> list[Told | None]:
        new = _score(who, rows)
        actions = decide(new).tolist()
        return [
            None if action == wanted else {"score": float(s), "action": names[action]}
            for s, action in zip(new.tolist(), actions, strict=True)
        ]

    moved = (
        []
        if values is None or who.scorer is None
        else moved_features(x, who.featurizer.names, values, changes)
    )
    return {"asked": names[wanted], "score": score, "nearestScores": scores, "features": moved}


# --- quotes ---------------------------------------------------------------------------------------------------------


def _quoted(
    who: Desk,
    one: Block,
    x: Matrix,
    score: Floats,
    answer: Quotes,
    row: int,
    values: Values | None,
    what_if: bool,
) -> Told:
    k, outcomes = len(who.kind.outcomes), who.kind.outcomes
    even = who.scorer is None

    def price(rows: Matrix, asked: Block) -> tuple[Floats, Floats | None, NDArray[np.bool_]]:
        found = (
            np.full((len(rows), k), 1.0 / k) if even else probabilities(_score(who, rows), k, who.plan.name)
        )
        if who.plan.pricing is None:
            return found, None, np.zeros(len(rows), dtype=np.bool_)
        prices = who.plan.pricing.price(asked, found)
        return found, prices.odds, prices.suspended

    p, odds, shut = price(x, one)
    given_odds = None if answer.odds is None else answer.odds[row]
    suspended = bool(answer.suspended[row]) if answer.suspended is not None else False
    agrees = p[0].tobytes() == answer.probability[row].tobytes() and bool(shut[0]) == suspended
    if given_odds is not None:
        agrees = agrees and odds is not None and odds[0].tobytes() == given_odds.tobytes()
    told: Told = {
        "decidedBy": "the pricing, on the probabilities"
        if who.plan.pricing is not None
        else "the model: nothing is sold",
        "answer": {
            "probability": dict(zip(outcomes, answer.probability[row].tolist(), strict=True)),
            "odds": None if given_odds is None else dict(zip(outcomes, given_odds.tolist(), strict=True)),
            "overround": None if given_odds is None else float((1.0 / given_odds).sum() - 1.0),
            "suspended": suspended,
        },
        "agrees": bool(agrees),
    }

    def changes(rows: Matrix) -> list[Told | None]:
        new, new_odds, new_shut = price(rows, repeated(one, len(rows)))
        base = p if odds is None else 1.0 / odds
        now = new if new_odds is None else 1.0 / new_odds
        moved = np.abs(base / now - 1.0).max(axis=1) >= MOVED
        return [
            {"probability": dict(zip(outcomes, new[i].tolist(), strict=True)), "suspended": bool(new_shut[i])}
            if moved[i] or bool(new_shut[i]) != suspended else None
            for i in range(len(rows))
        ]  # fmt: skip

    if what_if:
        moved = [] if values is None or even else moved_features(x, who.featurizer.names, values, changes)
        told["whatIf"] = {"moved": MOVED, "features": moved}
    return told


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))
