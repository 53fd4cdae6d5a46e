"""Every candidate found: it fits any training set, answers in range, is kept as a file, and says what matters."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from harness.candidates._estimator import adopt
from harness.candidates._rules import parse
from harness.kinds import Candidate, Explained, Kept, Scorer, TrainingSet
from sim.core import plugins, rng
from sim.core.errors import UserError

NAMES = ("minute", "score_home", "score_away", "lam", "mu", "calls", "age")


def training_set(n: int, outcomes: int = 2, seed: int = 1, missing: float = 0.1) -> TrainingSet:
    """A set in which `calls` speaks for and `age` against the positive class, or for the later outcomes."""
    g = rng.stream(seed, "training_set", n, outcomes)
    x = g.lognormal(0.5, 0.8, size=(n, len(NAMES))).astype(np.float32)
    signal = 1.5 * np.log(x[:, 5]) - 1.5 * np.log(x[:, 6])
    noise = g.logistic(size=n)
    y = (
        (signal + noise > 1.0)
        if outcomes == 2
        else np.digitize(signal + noise, np.arange(outcomes - 1) - 0.5)
    )
    x[g.random(x.shape) < missing] = np.nan
    return TrainingSet(
        as_of=10**9,
        names=NAMES,
        x=x,
        y=y.astype(np.int64),
        weight=g.uniform(0.5, 3.0, n),
        verified=np.zeros(n, dtype=np.bool_),
        audit_weight=np.zeros(n),
        unit_t=np.arange(n, dtype=np.int64),
        slice_code=np.full(n, -1, dtype=np.int16),
        calls=np.ones(n),
        outcomes=outcomes,
    )


def changed(past: TrainingSet, **columns: Any) -> TrainingSet:
    return TrainingSet(**{**past.__dict__, **columns})


def cases() -> list[Any]:
    """Each candidate with each number of outcomes that its `forms` promise; quotes of two are in test_quotes.py."""
    found = []
    for name in plugins.names("candidate"):
        plugin = plugins.load("candidate", name)
        if hasattr(plugin, "shorthand"):
            continue  # made elsewhere: test_made_elsewhere.py
        for form, outcomes in (("act", 2), ("quote", 3)):
            if form in getattr(plugin, "forms", ("act",)) and outcomes in getattr(plugin, "answers", (2, 3)):
                found.append(pytest.param(name, outcomes, id=f"{name}-{outcomes}"))
    return found


def made(name: str) -> Candidate:
    candidate = plugins.load("candidate", name)()
    assert isinstance(candidate, Candidate)
    return candidate


def check_answers(scorer: Scorer, x: np.ndarray[Any, Any], outcomes: int) -> np.ndarray[Any, Any]:
    answer = scorer.score(x)
    assert answer.dtype == np.float64
    assert np.isfinite(answer).all()
    assert (answer >= 0.0).all()
    assert (answer <= 1.0).all()
    assert answer.shape == ((len(x),) if outcomes == 2 else (len(x), outcomes))
    if outcomes > 2:
        np.testing.assert_allclose(answer.sum(axis=1), 1.0, atol=1e-9)
        assert (answer > 0.0).all()
    return answer


@pytest.mark.parametrize(("name", "outcomes"), cases())
@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 400])
def test_it_fits_a_set_of_any_size(name: str, outcomes: int, n: int) -> None:
    scorer = made(name).fit(training_set(n, outcomes), 5)
    for rows in (0, 1, 50):
        check_answers(scorer, training_set(rows, outcomes, seed=2).x, outcomes)


@pytest.mark.parametrize(("name", "outcomes"), cases())
@pytest.mark.parametrize("label", [0, 1])
def test_one_class_is_answered_by_a_score_in_range(name: str, outcomes: int, label: int) -> None:
    past = training_set(60, outcomes)
    scorer = made(name).fit(changed(past, y=np.full(60, label, dtype=np.int64)), 5)
    check_answers(scorer, past.x, outcomes)


LEARNERS = ("decision_tree", "hist_gradient_boosting", "logistic_regression", "xgboost")


@pytest.mark.parametrize("name", [*LEARNERS, "rule_list", "constant"])
def test_one_class_is_answered_by_its_share(name: str) -> None:
    past = training_set(60)
    for label in (0, 1):
        scorer = made(name).fit(changed(past, y=np.full(60, label, dtype=np.int64)), 5)
        assert (scorer.score(past.x) == float(label)).all()
    assert (made(name).fit(training_set(0), 5).score(past.x) == 0.0).all()


@pytest.mark.parametrize(("name", "outcomes"), cases())
def test_columns_without_values_and_odd_values_do_no_harm(name: str, outcomes: int) -> None:
    past = training_set(300, outcomes)
    x = past.x.copy()
    x[:, 0] = np.nan
    x[:, 1] = 3.0
    x[::7, 2] = np.inf
    x[1::7, 2] = -np.inf
    x[:, 3] = np.float32(3e38)
    scorer = made(name).fit(changed(past, x=x), 5)
    check_answers(scorer, x, outcomes)
    check_answers(scorer, np.full_like(x, np.nan), outcomes)
    check_answers(scorer, past.x, outcomes)


@pytest.mark.parametrize(("name", "outcomes"), cases())
def test_rows_without_weight_teach_nothing(name: str, outcomes: int) -> None:
    past, other = training_set(300, outcomes), training_set(300, outcomes, seed=9)
    if name == "sgd_logistic":
        pytest.skip("learns each label once, by its own contract")
    joined = changed(
        past,
        x=np.concatenate([past.x, other.x]),
        y=np.concatenate([past.y, (outcomes - 1) - other.y]),
        weight=np.concatenate([past.weight, np.zeros(300)]),
        **{
            c: np.concatenate([getattr(past, c)] * 2)
            for c in ("verified", "audit_weight", "unit_t", "slice_code", "calls")
        },
    )
    alone, beside = made(name).fit(past, 5), made(name).fit(joined, 5)
    np.testing.assert_array_equal(alone.score(other.x), beside.score(other.x))


@pytest.mark.parametrize("name", [*LEARNERS, "rule_list"])
def test_weights_are_heard(name: str) -> None:
    past = training_set(600)
    heavy = changed(past, weight=np.where(past.y == 1, 50.0, 1.0) * past.weight)
    plain, loaded = made(name).fit(past, 5).score(past.x), made(name).fit(heavy, 5).score(past.x)
    assert not np.array_equal(plain, loaded)
    if name != "rule_list":
        assert loaded.mean() > plain.mean() + 0.05


@pytest.mark.parametrize("name", [*LEARNERS, "rule_list"])
def test_it_learns_what_is_there_and_says_what_mattered(name: str) -> None:
    from sklearn.metrics import roc_auc_score

    past, fresh = training_set(3_000), training_set(3_000, seed=3)
    scorer = made(name).fit(past, 5)
    assert roc_auc_score(fresh.y, scorer.score(fresh.x)) > 0.7
    assert isinstance(scorer, Explained)
    importance = scorer.importance()
    assert tuple(importance) == NAMES
    assert sum(importance.values()) == pytest.approx(1.0)
    assert set(sorted(NAMES, key=lambda f: -importance[f])[:2]) == {"calls", "age"}


@pytest.mark.parametrize("name", [*LEARNERS, "constant"])
def test_quotes_are_calibrated_on_the_whole(name: str) -> None:
    past, fresh = training_set(4_000, 3), training_set(4_000, 3, seed=3)
    answer = made(name).fit(past, 5).score(fresh.x)
    share = np.bincount(fresh.y, minlength=3) / len(fresh)
    # Three standard errors of a share of 4,000, and the training set's own.
    np.testing.assert_allclose(answer.mean(axis=0), share, atol=0.035)


@pytest.mark.parametrize("name", LEARNERS)
def test_an_outcome_that_was_never_seen_keeps_a_positive_probability(name: str) -> None:
    past = training_set(300, 3)
    scorer = made(name).fit(changed(past, y=np.minimum(past.y, 1)), 5)
    answer = check_answers(scorer, past.x, 3)
    assert (answer[:, 2] < 1e-3).all()


@pytest.mark.parametrize(("name", "outcomes"), cases())
@pytest.mark.parametrize("n", [0, 400])
def test_it_is_kept_as_equal_bytes_with_a_card(name: str, outcomes: int, n: int, tmp_path: Any) -> None:
    past = training_set(n, outcomes)
    scorer = made(name).fit(past, 5)
    if not isinstance(scorer, Kept):
        pytest.skip("keeping a model is optional")
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, second = made(name).fit(past, 5).save(folders[0]), scorer.save(folders[1])
    assert first.read_bytes() == second.read_bytes()
    card = scorer.card()
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert card["candidate"] == name
    assert card["rows"] == n
    assert card["features"] == list(NAMES)


@pytest.mark.parametrize("name", ["rule_list", "random_score"])
def test_a_scorer_of_acts_refuses_quotes(name: str) -> None:
    with pytest.raises(UserError):
        made(name).fit(training_set(30, 3), 5)


# --- estimators by `use:` -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcomes", [2, 3])
@pytest.mark.parametrize(
    ("use", "parameters"),
    [
        ("sklearn.ensemble:RandomForestClassifier", {"n_estimators": 20, "n_jobs": 2}),
        ("sklearn.linear_model:RidgeClassifier", {}),
        ("sklearn.ensemble:AdaBoostClassifier", {"n_estimators": 30}),
        ("sklearn.neighbors:KNeighborsClassifier", {"n_neighbors": 9}),
        ("sklearn.svm:LinearSVC", {}),
    ],
)
def test_a_scikit_learn_estimator_fits_as_it_is(use: str, parameters: dict[str, Any], outcomes: int) -> None:
    candidate = adopt(plugins.load("candidate", use), parameters)
    past = training_set(500, outcomes)
    scorer = candidate.fit(past, 5)
    answer = check_answers(scorer, past.x, outcomes)
    chosen = answer > 0.5 if outcomes == 2 else answer.argmax(axis=1)
    share = np.bincount(past.y).max() / len(past)
    assert (chosen == past.y).mean() > share + 0.05
    again = adopt(plugins.load("candidate", use), parameters).fit(past, 5)
    np.testing.assert_array_equal(again.score(past.x), answer)
    assert isinstance(scorer, Kept)
    assert scorer.card()["weights_used"] == (use.rpartition(":")[2] != "KNeighborsClassifier")


def test_a_pipeline_hands_weights_to_its_last_step() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    past = training_set(500)
    heavy = changed(past, weight=np.where(past.y == 1, 20.0, 1.0))
    candidate = adopt(lambda: make_pipeline(StandardScaler(), LogisticRegression()), {})
    plain, loaded = candidate.fit(past, 5), candidate.fit(heavy, 5)
    assert isinstance(plain, Kept)
    assert plain.card()["weights_used"] is True
    assert loaded.score(past.x).mean() > plain.score(past.x).mean() + 0.05


def test_an_outlier_detector_and_a_regressor_score_the_unwanted_high() -> None:
    past = training_set(800, missing=0.0)
    far = changed(past, x=np.where(past.y[:, None] == 1, past.x + 50.0, past.x).astype(np.float32))
    rare = np.flatnonzero((past.y == 0) | (np.arange(800) % 12 == 0))
    few = changed(
        far,
        **{
            c: getattr(far, c)[rare]
            for c in ("x", "y", "weight", "verified", "audit_weight", "unit_t", "slice_code", "calls")
        },
    )
    for use in ("sklearn.ensemble:IsolationForest", "sklearn.tree:DecisionTreeRegressor"):
        score = adopt(plugins.load("candidate", use), {}).fit(few, 5).score(few.x)
        assert score[few.y == 1].mean() > score[few.y == 0].mean()


def test_faults_of_estimators_are_the_users_and_name_the_way_out() -> None:
    forest = plugins.load("candidate", "sklearn.ensemble:RandomForestClassifier")
    with pytest.raises(UserError, match=r"unknown parameter 'n_estimator', did you mean 'n_estimators'\?"):
        adopt(forest, {"n_estimator": 3})
    with pytest.raises(UserError, match="expected a class with fit"):
        adopt(plugins.load("candidate", "collections:OrderedDict"), {})
    with pytest.raises(UserError, match="max_depth"):
        adopt(forest, {"max_depth": -3}).fit(training_set(50), 5)
    with pytest.raises(UserError, match="unknown parameter 'round', did you mean 'rounds'"):
        adopt(plugins.load("candidate", "xgboost"), {"round": 3})


# --- rule lists -----------------------------------------------------------------------------------------------------


def test_given_rules_need_no_training_and_explain_themselves() -> None:
    rules = ({"when": "calls >= 3 and age < 1.5", "points": 3}, {"when": "minute > 2", "because": "late"})
    rules += ({"when": "lam >= 1", "points": -1},)
    scorer = plugins.load("candidate", "rule_list")(rules=rules).fit(training_set(0), 5)
    x = np.array(
        [[0, 0, 0, 0, 0, 3, 1], [3, 0, 0, 0, 0, 3, 1], [3, 0, 0, 1, 0, 3, 2], [0, 0, 0, 1, 0, np.nan, 1]],
        dtype=np.float32,
    )
    np.testing.assert_array_equal(scorer.score(x), [0.75, 1.0, 0.0, 0.0])
    np.testing.assert_array_equal(scorer.fired(x)[2], [False, True, True])
    assert scorer.readings()[0].startswith("calls >= 3 and age < 1.5: +3 points; fires on ")


def test_open_thresholds_and_points_are_closed_by_the_training_set() -> None:
    n = 2_000
    past = training_set(n, missing=0.0)
    y = ((past.x[:, 5] > 3.0) & (past.x[:, 6] < 1.0)).astype(np.int64)
    rule = {"when": "calls > ? and age < ?", "points": "?"}
    scorer = plugins.load("candidate", "rule_list")(rules=(rule,)).fit(changed(past, y=y), 5)
    calls, age = scorer.rules[0].conditions
    assert calls.threshold == pytest.approx(3.0, rel=0.2)
    assert age.threshold == pytest.approx(1.0, rel=0.2)
    assert scorer.rules[0].points > 2.0
    assert (scorer.score(past.x) > 0.5).mean() == pytest.approx(y.mean(), rel=0.3)


def test_a_set_without_signal_yields_no_rules() -> None:
    past = training_set(3_000)
    shuffled = changed(past, y=np.roll(past.y, 1_234))
    scorer = plugins.load("candidate", "rule_list")().fit(shuffled, 5)
    assert scorer.rules == ()
    assert (scorer.score(past.x) == 0.0).all()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"when": "call >= 3"}, r"unknown feature 'call', did you mean 'calls'\?"),
        ({"when": "calls is 3"}, "expected `feature >= number`"),
        ({"when": "calls >= 3", "point": 1}, "did you mean 'points'"),
        ({"when": "calls >= 3", "points": "many"}, "expected a number"),
        ({"points": 1}, r"rules\.0\.when: missing, expected conditions"),
    ],
)
def test_a_broken_rule_is_told_in_one_line(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as told:
        plugins.load("candidate", "rule_list")(rules=(rule,)).fit(training_set(5), 5)
    assert "\n" not in str(told.value)


def test_conditions_are_written_as_they_are_read() -> None:
    text = "calls >= 3 and age < ? and lam <= -0.5 and mu > 1e+06"
    assert " and ".join(map(str, parse(text))) == text


# --- the recorded football question ---------------------------------------------------------------------------------


def test_poisson_clock_is_the_skellam_law_of_the_goals_to_come() -> None:
    from scipy.stats import skellam

    past = training_set(0, 3)
    scorer = plugins.load("candidate", "poisson_clock")().fit(past, 5)
    rows = [
        (0, 0, 0, 1.6, 1.1),
        (45, 1, 0, 1.6, 1.1),
        (75, 0, 2, 2.2, 0.7),
        (90, 2, 1, 3.0, 3.0),
        (90, 1, 1, 1.0, 1.0),
    ]
    x = np.zeros((len(rows), len(NAMES)), dtype=np.float32)
    x[:, :5] = rows
    answer = scorer.score(x)
    for row, (minute, home, away, lam, mu) in enumerate(rows):
        left = max(1.0 - minute / 90.0, 1e-12)
        law = skellam(lam * left, mu * left)
        expected = [law.sf(away - home), law.pmf(away - home), law.cdf(away - home - 1)]
        np.testing.assert_allclose(answer[row], expected, atol=2e-6)


def test_poisson_clock_names_the_missing_column() -> None:
    past = changed(training_set(0, 3), names=("minutes", *NAMES[1:]))
    with pytest.raises(UserError, match=r"no feature 'minute', did you mean 'minutes'\?"):
        made("poisson_clock").fit(past, 5)
    with pytest.raises(UserError, match="home, draw, away"):
        made("poisson_clock").fit(training_set(0), 5)
