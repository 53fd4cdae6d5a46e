"""Every policy found: pure, aligned, honest in its propensities; and a budget that is kept, or not spent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.kinds import Acting, Floats, Policy, PolicyState, Surveying, Verdicts
from harness.policies._budget import RANK, cut
from sim.core import plugins, rng
from sim.core.errors import UserError
from sim.core.events import Block, Field, Schema
from sim.core.time import HOUR

ACTIONS = {"pass": 0, "label": 1, "block": 2}
SCHEMA = Schema("attempt", tuple(Field(name, "int64", "", "") for name in ("t", "id", "caller")))
POLICIES = [
    name
    for name in plugins.names("policy")
    if "act" in getattr(plugins.load("policy", name), "forms", ("act",))
]
"""Policies of desks that act; those of desks that quote are in test_pricings.py."""


def block(n: int) -> Block:
    ids = np.arange(n, dtype=np.int64)
    return Block(SCHEMA, {"t": ids, "id": ids, "caller": ids // 3})


def state(
    score: Floats,
    y: Any = None,
    audit_weight: Any = None,
    calls: Any = None,
    codes: Any = None,
    entity: Any = None,
) -> PolicyState:
    n = len(score)
    y = np.zeros(n, dtype=np.int64) if y is None else y
    return PolicyState(
        score=score,
        y=y,
        audit_weight=np.full(n, 100.0) if audit_weight is None else audit_weight,
        slice_code=np.full(n, -1, dtype=np.int16) if codes is None else codes.astype(np.int16),
        calls=np.ones(n) if calls is None else calls,
        training_score=score,
        training_y=y,
        training_weight=np.ones(n),
        entity=np.arange(n) if entity is None else entity,
    )


def decide(policy: Policy, score: Floats, seed: int = 1) -> Verdicts:
    u = rng.uniform(rng.key(seed, "policy"), np.arange(len(score)))
    return policy.decide(block(len(score)), score, u, ACTIONS)


def budget(**parameters: Any) -> Any:
    return plugins.load("policy", "false_block_budget")(**parameters)


def verified(n: int, seed: int = 1) -> PolicyState:
    g = rng.stream(seed, "verified", n)
    y = (g.random(n) < 0.2).astype(np.int64)
    return state(
        1 / (1 + np.exp(-g.normal(-3 + 4 * y, 1.3))), y, g.uniform(5, 50, n), np.ceil(g.lognormal(1, 1, n))
    )


# --- every policy ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("n", [0, 1, 500])
def test_verdicts_are_aligned_and_repeat_themselves(name: str, n: int) -> None:
    policy = plugins.load("policy", name)()
    assert isinstance(policy, Policy)
    tuned = policy.tune(verified(3_000))
    score = rng.uniform(rng.key(2, "score"), np.arange(n))
    first, second = decide(tuned, score), decide(tuned, score)
    for column, dtype in (("action", np.int8), ("propensity", np.float32), ("lasts", np.int64)):
        value = getattr(first, column)
        assert value.dtype == dtype
        assert value.shape == (n,)
        assert value.tobytes() == getattr(second, column).tobytes()
    assert np.isin(first.action, list(ACTIONS.values())).all()
    assert ((first.propensity > 0.0) & (first.propensity <= 1.0)).all()
    assert all(np.isfinite(value) for value in tuned.facts().values())


@pytest.mark.parametrize("name", POLICIES)
def test_each_row_is_decided_by_itself(name: str) -> None:
    tuned = plugins.load("policy", name)().tune(verified(3_000))
    score = rng.uniform(rng.key(2, "score"), np.arange(300))
    u = rng.uniform(rng.key(1, "policy"), np.arange(300))
    whole = tuned.decide(block(300), score, u, ACTIONS)
    order = rng.stream(5, "order").permutation(300)
    turned = tuned.decide(block(300), score[order], u[order], ACTIONS)
    np.testing.assert_array_equal(turned.action, whole.action[order])
    np.testing.assert_array_equal(turned.propensity, whole.propensity[order])
    for row in range(0, 300, 37):
        one = tuned.decide(block(1), score[row : row + 1], u[row : row + 1], ACTIONS)
        assert one.action[0] == whole.action[row]


@pytest.mark.parametrize("name", POLICIES)
def test_tuning_changes_nothing_in_the_policy_or_in_what_it_saw(name: str) -> None:
    policy = plugins.load("policy", name)()
    seen = verified(2_000)
    kept = {c: getattr(seen, c).tobytes() for c in ("score", "y", "audit_weight", "calls")}
    before, facts = decide(policy, seen.score), dict(policy.facts())
    first, second = policy.tune(seen), policy.tune(seen)
    assert first.facts() == second.facts() == first.tune(seen).facts()
    assert dict(policy.facts()) == facts
    np.testing.assert_array_equal(decide(policy, seen.score).action, before.action)
    assert {c: getattr(seen, c).tobytes() for c in kept} == kept


@pytest.mark.parametrize(
    "name", [n for n in POLICIES if n not in ("pass_all", "random", "block_all", "label_all")]
)
def test_a_higher_score_is_never_treated_milder(name: str) -> None:
    tuned = plugins.load("policy", name)().tune(verified(3_000))
    verdicts = decide(tuned, np.linspace(0.0, 1.0, 1_001))
    assert (np.diff(verdicts.action) >= 0).all()
    if name == "review":
        assert verdicts.action.max() == ACTIONS["pass"]
        assert verdicts.review is not None
        assert (np.diff(verdicts.review.astype(int)) >= 0).all()
        assert verdicts.review.any()
    else:
        assert verdicts.action.max() == ACTIONS["block"]


@pytest.mark.parametrize("name", POLICIES)
def test_it_orders_nothing_but_what_it_says_beforehand(name: str) -> None:
    policy: Any = plugins.load("policy", name)()
    assert isinstance(policy, Acting)
    said = {0} | {ACTIONS[action] for action in policy.acts().values()}
    tuned = plugins.load("policy", name)().tune(verified(3_000))
    if isinstance(tuned, Surveying):
        tuned = tuned.survey(np.linspace(0.0, 1.0, 1_001))
    assert said >= set(decide(tuned, np.linspace(0.0, 1.0, 1_001)).action.tolist())


@pytest.mark.parametrize("name", POLICIES)
def test_a_score_that_is_not_a_number_is_left_alone(name: str) -> None:
    if name in ("block_all", "label_all", "random"):
        pytest.skip("does not look at scores")
    tuned = plugins.load("policy", name)().tune(verified(3_000))
    assert (decide(tuned, np.full(5, np.nan)).action == 0).all()


# --- the plain ones -------------------------------------------------------------------------------------------------


def test_pass_block_and_label_all_do_so() -> None:
    score = np.linspace(0, 1, 9)
    for name, code in (("pass_all", 0), ("block_all", 2), ("label_all", 1)):
        assert (decide(plugins.load("policy", name)(), score).action == code).all()


def test_an_action_that_the_world_lacks_is_the_users_fault() -> None:
    policy = plugins.load("policy", "block_all")(action="bloc")
    with pytest.raises(UserError, match=r"no action 'bloc', did you mean 'block'\?"):
        decide(policy, np.zeros(2))


def test_lasting_actions_last_where_there_is_one() -> None:
    policy = plugins.load("policy", "fixed_threshold")(block_at=0.8, label_at=0.5, lasts=24 * HOUR)
    verdicts = decide(policy, np.array([0.1, 0.5, 0.79, 0.8]))
    np.testing.assert_array_equal(verdicts.action, [0, 1, 1, 2])
    np.testing.assert_array_equal(verdicts.lasts, np.array([0, 24, 24, 24]) * HOUR)
    with pytest.raises(UserError, match="label_at"):
        plugins.load("policy", "fixed_threshold")(block_at=0.5, label_at=0.6)


def test_random_acts_as_often_as_its_propensities_say() -> None:
    n = 200_000
    policy = plugins.load("policy", "random")(shares={"block": 0.02, "label": 0.1})
    verdicts = decide(policy, np.zeros(n))
    for name, share in (("block", 0.02), ("label", 0.1), ("pass", 0.88)):
        rows = verdicts.action == ACTIONS[name]
        np.testing.assert_allclose(verdicts.propensity[rows], share, rtol=1e-6)
        # False alarm below 1e-4 for the three shares together: 4.2 standard errors.
        assert abs(rows.mean() - share) < 4.2 * np.sqrt(share * (1 - share) / n)
    with pytest.raises(UserError, match="sum to at most 1"):
        plugins.load("policy", "random")(shares={"block": 0.9, "label": 0.2})


# --- the budget -----------------------------------------------------------------------------------------------------


def test_nothing_verified_blocks_nothing() -> None:
    everything = np.linspace(0.0, 1.0, 101)
    for policy in (
        budget(),
        budget().tune(state(np.empty(0))),
        budget(label_budget=0.01).tune(state(np.empty(0))),
    ):
        assert (decide(policy, everything).action == 0).all()
    only_unwanted = state(np.full(5_000, 0.9), np.ones(5_000, dtype=np.int64))
    assert (decide(budget().tune(only_unwanted), everything).action == 0).all()
    few = state(rng.uniform(3, np.arange(199)))
    assert (decide(budget().tune(few), everything).action == 0).all()
    unaudited = state(rng.uniform(3, np.arange(5_000)), audit_weight=np.zeros(5_000))
    assert (decide(budget().tune(unaudited), everything).action == 0).all()


def test_too_little_verification_is_extrapolated_or_passed_and_says_so() -> None:
    score = 1 / (1 + np.exp(-rng.normal(3, np.arange(400)) + 4))
    passing = budget(budget=0.001, unproven="pass").tune(state(score))
    assert passing.facts()["rule"] == RANK["none"]
    assert passing.facts()["block_above"] == 1.0
    extrapolated = budget(budget=0.001).tune(state(score))
    assert extrapolated.facts()["rule"] == RANK["extrapolated"]
    assert score.max() <= extrapolated.facts()["block_above"] < 1.0
    expected = budget(budget=0.003).tune(state(score))
    assert expected.facts()["rule"] == RANK["expected"]
    assert expected.facts()["block_above"] == score.max()
    assert budget(budget=0.02).tune(state(score)).facts()["rule"] == RANK["proven"]


def test_the_proof_for_equal_weights_is_the_exact_poisson_bound() -> None:
    """With n equal weights and k above, the bound is chi-square(2k + 2) / 2n: Garwood's, known by heart for k = 0."""
    n, confidence = 20_000, 0.8
    score = (np.arange(n) + 0.5) / n
    found = cut(score, np.ones(n), np.arange(n), 0.001, confidence, 50, True)
    from scipy.stats import chi2

    above = int((score > found.threshold).sum())
    assert found.bound == pytest.approx(chi2.ppf(confidence, 2 * above + 2) / (2 * n))
    assert chi2.ppf(confidence, 2 * above + 4) / (2 * n) > 0.001 >= found.bound
    assert found.share == pytest.approx(above / n)


def population(seed: int, n: int = 200_000) -> tuple[Floats, Floats, Any]:
    """Lawful number-days: one in a hundred is busy, calls a lot and looks somewhat worse; 0.4 % look unwanted."""
    g = rng.stream(seed, "population")
    busy = g.random(n) < 0.01
    calls = np.ceil(np.where(busy, g.lognormal(4.5, 1.0, n), g.lognormal(1.0, 0.8, n)))
    odds = g.normal(-5.0, 1.3, n) + 0.7 * busy
    odds = np.where(g.random(n) < 0.004, g.normal(2.0, 1.0, n), odds)
    return 1 / (1 + np.exp(-odds)), calls, busy


def audited(score: Floats, calls: Floats, busy: Any, size: int, seed: int) -> tuple[PolicyState, Any]:
    propensity = np.where(busy, 0.1, 0.002)
    propensity = np.minimum(propensity * size / propensity.sum(), 1.0)
    rows = np.flatnonzero(rng.uniform(rng.key(seed, "audit"), np.arange(len(score))) < propensity)
    codes = np.where(busy[rows], 1, 0)
    return state(score[rows], None, 1.0 / propensity[rows], calls[rows], codes), rows


def test_the_budget_is_kept_as_often_as_its_confidence_says() -> None:
    """200 audits at confidence 0.8: at most 20 % may exceed the budget. False alarm of the test, were it exactly 20 %:
    P(Binomial(200, 0.2) > 60) = 3e-4. And it is spent: at least 30 % of the budget on average."""
    score, calls, busy = population(1)
    spent = []
    for seed in range(200):
        seen, _ = audited(score, calls, busy, 5_000, seed)
        tuned = budget(budget=0.002).tune(seen)
        above = score > tuned.facts()["block_above"]
        spent.append(calls[above].sum() / calls.sum() / 0.002)
    assert np.mean(np.array(spent) > 1.0) <= 0.30
    assert 0.3 < np.mean(spent) < 1.0


def test_shares_are_of_calls_and_inverse_to_propensity() -> None:
    """A busy class that scores high is a third of the audits, but a sixth of all calls."""
    g = rng.stream(8, "shares")
    n = 40_000
    busy = np.arange(n) % 100 == 0
    score = np.where(busy, 0.6, 0.1) + 0.3 * g.random(n)
    calls = np.where(busy, 20.0, 1.0)
    sampled = np.where(busy, True, g.random(n) < 0.02)
    rows = np.flatnonzero(sampled)
    seen = state(score[rows], None, np.where(busy, 1.0, 50.0)[rows], calls[rows])
    threshold = budget(budget=0.1, confidence=0.9).tune(seen).facts()["block_above"]
    true_share = calls[score > threshold].sum() / calls.sum()
    assert 0.07 < true_share < 0.1
    blind = budget(budget=0.1, confidence=0.9).tune(state(score[rows])).facts()["block_above"]
    assert blind > threshold + 0.01


def test_a_class_has_a_budget_of_its_own() -> None:
    """One class in a hundred looks unwanted: overall it hardly counts, for itself it counts whole."""
    g = rng.stream(9, "classes")
    n = 60_000
    small = np.arange(n) % 100 == 0
    score = 1 / (1 + np.exp(-g.normal(-4.0 + 5.0 * small, 1.0)))
    codes = np.where(small, 3, 0)
    seen = state(score, codes=codes)
    alone = budget(budget=0.005).tune(seen).facts()["block_above"]
    guarded = budget(budget=0.005, per_class=0.02).tune(seen)
    threshold = guarded.facts()["block_above"]
    assert (score[small] > alone).mean() > 0.2
    assert (score[small] > threshold).mean() <= 0.02
    assert (score > threshold).mean() <= 0.005
    assert guarded.facts()["classes"] == 2.0
    few = np.flatnonzero(~small | (np.arange(n) < 5_000))
    fifty = budget(budget=0.005, per_class=0.02).tune(state(score[few], codes=codes[few]))
    assert fifty.facts()["block_above"] >= score[few][codes[few] == 3].max()
    assert fifty.facts()["classes_unproven"] == 1.0


def test_days_of_one_number_are_one_witness() -> None:
    score = np.repeat(rng.uniform(4, np.arange(500)), 20)
    owner = np.repeat(np.arange(500), 20)
    apart = budget(budget=0.003).tune(state(score))
    together = budget(budget=0.003).tune(state(score, entity=owner))
    assert apart.facts()["rule"] == RANK["proven"]
    assert together.facts()["rule"] == RANK["expected"]
    assert together.facts()["verified_effective"] == pytest.approx(500)


def test_labels_have_a_softer_threshold_within_their_own_budget() -> None:
    seen = verified(20_000)
    tuned = budget(budget=0.002, label_budget=0.01).tune(seen)
    facts = tuned.facts()
    assert facts["label_above"] < facts["block_above"]
    action = decide(tuned, seen.score).action
    lawful = seen.y == 0
    weight = (seen.audit_weight * seen.calls)[lawful]
    assert weight[action[lawful] == 2].sum() / weight.sum() <= 0.002
    assert 0.002 < weight[action[lawful] > 0].sum() / weight.sum() <= 0.01


def test_a_wider_budget_never_raises_the_threshold() -> None:
    seen = verified(5_000)
    shares = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2]
    thresholds = [budget(budget=share).tune(seen).facts()["block_above"] for share in shares]
    assert thresholds == sorted(thresholds, reverse=True)
    cautious = budget(budget=0.01, caution=2.0).tune(seen).facts()["block_above"]
    assert cautious == budget(budget=0.005).tune(seen).facts()["block_above"]


def test_equal_scores_are_blocked_together_or_not_at_all() -> None:
    coarse = np.round(verified(20_000).score, 1)
    seen = state(coarse)
    for share in (0.001, 0.01, 0.1):
        threshold = budget(budget=share).tune(seen).facts()["block_above"]
        assert (coarse > threshold).mean() <= share
    flat = budget(budget=0.01).tune(state(np.full(5_000, 0.7)))
    assert (decide(flat, np.full(10, 0.7)).action == 0).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"budget": 0.0}, "budget: 0.0"),
        ({"budget": 1.5}, "budget: 1.5"),
        ({"per_class": -0.1}, "per_class: -0.1"),
        ({"label_budget": 0.0001}, "expected at least the budget"),
        ({"confidence": 0.2}, "confidence: 0.2"),
        ({"caution": 0.5}, "caution: 0.5"),
    ],
)
def test_an_impossible_budget_is_refused(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        budget(**parameters)


def test_a_segment_has_its_own_threshold_and_a_lot_lets_some_pass() -> None:
    """Twice in 4,000 stopped rows: the share that passes, of 0.25, has a standard error of 0.007."""
    state = verified(4000)
    plan = plugins.load("policy", "segmented")(
        budget=0.02, by="kind", times={"1": 0.25, "2": 0.0}, explore=0.25, least=50
    )
    tuned = plan.tune(state)
    facts = tuned.facts()
    assert facts["block_above"] < facts["block_above_kind_1"] < facts["block_above_kind_2"] == 1.0
    n = 12_000
    schema = Schema(
        "q", (Field("t", "int64", "", ""), Field("id", "int64", "", ""), Field("kind", "int8", "", ""))
    )
    kinds = (np.arange(n) % 3).astype(np.int8)
    ids = np.arange(n, dtype=np.int64)
    asked = Block(schema, {"t": np.zeros(n, dtype=np.int64), "id": ids, "kind": kinds})
    score = np.full(n, (facts["block_above"] + facts["block_above_kind_1"]) / 2)
    u = rng.uniform(rng.key(4, "lots"), ids)
    found = tuned.decide(asked, score, u, ACTIONS)
    assert (found.action[kinds > 0] == 0).all()
    stopped = found.action[kinds == 0] == ACTIONS["block"]
    assert stopped.mean() == pytest.approx(0.75, abs=0.035)
    np.testing.assert_allclose(found.propensity[kinds == 0], np.where(stopped, 0.75, 0.25))
    np.testing.assert_allclose(found.propensity[kinds > 0], 1.0)
    with pytest.raises(UserError, match=r"no column 'kinds', did you mean 'kind'\?"):
        plugins.load("policy", "segmented")(by="kinds", times={"1": 0.5}).tune(state).decide(
            asked, score, u, ACTIONS
        )
    for wrong in (
        {"times": {"1": 0.5}},
        {"by": "kind", "times": {"x": 1.0}},
        {"budget": 0.0},
        {"explore": 1.0},
    ):
        with pytest.raises(UserError, match=r"segmented\."):
            plugins.load("policy", "segmented")(**wrong)
