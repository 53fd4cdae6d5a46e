"""Difficulty: the telco task is neither solved by two questions nor out of reach (open loop, 0.1 % false blocks).

Slow: the five seeds of the quick scenario at 3,000 lines; 90 days of history, then 28 days of which every call is
scored by everybody on the same features. The replicate is the seed, and what is asked is asked of means over the
scenario's own seeds. False alarms: none while the world is unchanged; the margins of the measured means
(docs/design/004-difficulty.md) are what a change of the world may eat. A failure here is a finding about the world or
the features, to be told; the world is not to be tuned for it.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.theory.difficulty import (
    BUDGET,
    CANDIDATES,
    ORACLE,
    SEARCHED,
    SEEDS,
    TREE,
    TREE_HINDSIGHT,
    TREE_SEARCHED,
    TREE_TRUTH,
    TREES,
    TRUTH,
    best,
    load,
    load_closed,
    mean,
    measure,
    with_known_threshold,
)
from tests.theory.open_loop import Point, recall_at, watch
from tests.theory.stumps import best_depth_2

Found = list[dict[str, Point]]


@pytest.fixture(scope="module")
def found() -> Found:
    """Everybody's recall, on each seed."""
    loaded = load("open")
    return [measure(watch(loaded, seed)) for seed in SEEDS]


@pytest.mark.slow
def test_on_the_same_labels_a_tree_of_depth_2_is_ten_points_below_the_best_candidate(found: Found) -> None:
    assert mean(found, TREE) <= mean(found, best(found)) - 0.10


@pytest.mark.slow
@pytest.mark.parametrize("tree", [TREE_TRUTH, TREE_SEARCHED, TREE_HINDSIGHT])
def test_on_the_same_truth_a_tree_of_depth_2_is_ten_points_below_the_same_learner(
    tree: str, found: Found
) -> None:
    """Even the best there is, searched for with the truth of the very calls that are scored."""
    assert mean(found, tree) <= mean(found, TRUTH) - 0.10


@pytest.mark.slow
def test_the_best_candidate_is_five_points_below_the_oracle(found: Found) -> None:
    assert mean(found, ORACLE) == pytest.approx(1.0)
    assert mean(found, best(found)) <= mean(found, ORACLE) - 0.05


@pytest.mark.slow
def test_what_is_missing_is_labels_more_than_features(found: Found) -> None:
    """The same learner on the truth of 28 days: most of the gap to the oracle is what the label rule withholds."""
    learnt, told = mean(found, best(found)), mean(found, TRUTH)
    assert learnt < told < 1.0
    assert (told - learnt) > 0.5 * (1.0 - learnt)


@pytest.mark.slow
def test_a_budget_kept_overall_is_broken_in_a_class(found: Found) -> None:
    """0.1 % of all lawful calls, and yet, by the best candidate, more than the charter's 0.5 % of some class."""
    classes = found[0][best(found)].blocked
    assert (
        max(float(np.mean([one[best(found)].blocked[label] for one in found])) for label in classes)
        > 5 * BUDGET
    )


@pytest.mark.slow
def test_candidates_differ(found: Found) -> None:
    """Design choices matter: the best and the worst candidate are far apart."""
    recalls = [mean(found, name) for name in CANDIDATES]
    assert max(recalls) - min(recalls) > 0.10


@pytest.mark.slow
def test_once_campaigns_adapt_no_tree_of_depth_2_comes_near() -> None:
    """Closed loop, thresholds that nobody can know (0.1 % in the open loop): what each desk then stops."""
    loaded = load_closed()
    tree, booster = (
        np.mean([with_known_threshold(loaded, seed, desk).stopped for seed in SEEDS[:2]])
        for desk in (SEARCHED, "XGBoost")
    )
    assert tree <= booster - 0.10
    assert booster < 0.7, "adaptation costs the best candidate nothing worth the name"


# --- the measure itself, fast


def test_recall_at_a_budget_lets_ties_through_in_random_order() -> None:
    score = np.array([3.0, 3.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0])
    unwanted = np.array([True, True, True, True, False, False, False, False])
    assert recall_at(score, unwanted, 0.0) == (0.5, 2.0)
    assert recall_at(score, unwanted, 0.25) == (0.75, 2.0)
    assert recall_at(score, unwanted, 0.5) == (1.0, 1.0)
    assert recall_at(score, unwanted, 1.0)[0] == 1.0
    assert recall_at(np.zeros(8), unwanted, 0.1)[0] == pytest.approx(0.1)


def test_the_search_finds_a_planted_tree() -> None:
    """Two boxes behind one root cut, pure, among noise; nothing that ignores either reaches them."""
    rng = np.random.default_rng(7)
    x = rng.uniform(size=(20_000, 4)).astype(np.float32)
    x[rng.uniform(size=x.shape) < 0.05] = np.nan
    with np.errstate(invalid="ignore"):
        inside = ((x[:, 1] > 0.5) & (x[:, 2] > 0.8)) | (~(x[:, 1] > 0.5) & ~(x[:, 3] > 0.2))
    unwanted = inside | (rng.uniform(size=len(x)) < 0.01)
    tree = best_depth_2(x, unwanted, 0.002, steps=80)
    assert {cut.feature for leaf in tree.leaves for cut in leaf} == {1, 2, 3}
    assert tree.recall > 0.9
    caught = tree.score(x) > 0
    assert (caught & ~unwanted).sum() <= 0.002 * (~unwanted).sum()
    assert caught[unwanted].mean() == pytest.approx(tree.recall)
    assert len(TREES) == 4
