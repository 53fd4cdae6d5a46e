"""Every candidate that quotes, on the sportsbook's columns: two outcomes and three; the law of the goals to come."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm, poisson

from harness.candidates import _goals
from harness.kinds import Explained, Floats, Kept, Matrix, Scorer, TrainingSet
from sim.core import plugins, rng
from sim.core.errors import UserError

NAMES = (
    "minute", "period", "score_home", "score_away", "lam", "mu", "red_home", "red_away", "line", "spread", "total",
    "form",
)  # fmt: skip
AT = {name: place for place, name in enumerate(NAMES)}
REGRESSIONS = ("poisson_regression", "goal_boosting")


def matches(
    n: int, seed: int = 1, effect: float = 0.0, outcomes: int = 3, missing: float = 0.0
) -> TrainingSet:
    """Standings of matches and their final scores, by the clock; `form` moves the home side's rate by `effect`."""
    g = rng.stream(seed, "quotes", n)
    x = np.zeros((n, len(NAMES)), dtype=np.float32)
    x[:, AT["period"]] = g.integers(0, 3, n)
    minute = np.where(
        x[:, 1] == 0, 0.0, np.where(x[:, 1] == 1, g.uniform(0.1, 47.0, n), g.uniform(45.1, 94.0, n))
    )
    x[:, AT["minute"]] = minute
    x[:, 2:4] = g.poisson(1.2 * minute[:, None] / 90.0, (n, 2))
    x[:, 4:6] = g.uniform(0.7, 2.2, (n, 2))
    x[:, AT["line"]], x[:, AT["total"]] = 44.5, 45.0
    x[:, AT["form"]] = g.normal(size=n)
    reader = plugins.load("candidate", "dixon_coles")().reader(empty(outcomes))
    at = reader.read(x)
    home = at.home + g.poisson(at.lam * at.left_home * np.exp(effect * x[:, AT["form"]]))
    away = at.away + g.poisson(at.mu * at.left_away)
    if outcomes == 3:
        y = np.where(home > away, 0, np.where(home == away, 1, 2))
    else:
        y = np.where(home + away > 2.5, 0, 1)
    x[g.random(x.shape) < missing] = np.nan
    return replace(
        empty(outcomes),
        x=x,
        y=y.astype(np.int64),
        weight=np.ones(n),
        verified=np.zeros(n, dtype=np.bool_),
        audit_weight=np.zeros(n),
        unit_t=np.arange(n),
        slice_code=np.full(n, -1, dtype=np.int16),
        calls=np.ones(n),
        targets=np.column_stack([home, away]).astype(np.float64),
    )


def empty(outcomes: int) -> TrainingSet:
    none, whole = np.empty(0), np.empty(0, dtype=np.int64)
    return TrainingSet(
        as_of=10**9,
        names=NAMES,
        x=np.empty((0, len(NAMES)), dtype=np.float32),
        y=whole,
        weight=none,
        verified=np.empty(0, dtype=np.bool_),
        audit_weight=none,
        unit_t=whole,
        slice_code=np.empty(0, dtype=np.int16),
        calls=none,
        outcomes=outcomes,
        quotes=True,
        targets=np.empty((0, 2)),
        target_names=("score_home", "score_away"),
    )


def fitted(name: str, past: TrainingSet, **parameters: Any) -> Scorer:
    return plugins.load("candidate", name)(**parameters).fit(past, 5)  # type: ignore[no-any-return]


def row(**values: float) -> Matrix:
    x = np.zeros((1, len(NAMES)), dtype=np.float32)
    for name, value in ({"lam": 1.5, "mu": 1.2} | values).items():
        x[0, AT[name]] = value
    return x


def cases() -> list[Any]:
    found = []
    for name in plugins.names("candidate"):
        plugin = plugins.load("candidate", name)
        if hasattr(plugin, "shorthand"):
            continue  # made elsewhere: test_made_elsewhere.py
        for outcomes in (2, 3):
            fits = "quote" in getattr(plugin, "forms", ("act",)) and outcomes in getattr(
                plugin, "answers", (2, 3)
            )
            if fits and (name, outcomes) != ("poisson_clock", 2):
                found.append(pytest.param(name, outcomes, id=f"{name}-{outcomes}"))
    return found


# --- every candidate that quotes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "outcomes"), cases())
@pytest.mark.parametrize("n", [0, 1, 3, 300])
def test_it_quotes_after_training_sets_of_any_size(name: str, outcomes: int, n: int) -> None:
    scorer = fitted(name, matches(n, outcomes=outcomes, missing=0.1))
    for rows in (0, 1, 40):
        answer = scorer.score(matches(rows, 2, missing=0.1).x)
        # A score of two outcomes is the second's probability: the desk makes a pair of it.
        assert answer.shape in ((rows, outcomes), (rows,) if outcomes == 2 else ())
        assert np.isfinite(answer).all()
        if answer.ndim == 2:
            assert (answer > 0.0).all()
            np.testing.assert_allclose(answer.sum(axis=1), 1.0, atol=1e-9)


OURS = ("dixon_coles", "points_normal", *REGRESSIONS)


@pytest.mark.parametrize(("name", "outcomes"), [p for p in cases() if p.values[0] in OURS])
def test_it_is_pure_and_kept_as_equal_bytes(name: str, outcomes: int, tmp_path: Any) -> None:
    past, x = matches(400, outcomes=outcomes, missing=0.05), matches(120, 2, missing=0.05).x
    scorer = fitted(name, past)
    whole = scorer.score(x)
    order = rng.stream(3, "order").permutation(len(x))
    np.testing.assert_array_equal(np.round(scorer.score(x[order]), 6), np.round(whole[order], 6))
    for at in range(0, 120, 11):
        np.testing.assert_array_equal(
            np.round(scorer.score(x[at : at + 1]), 6), np.round(whole[at : at + 1], 6)
        )
    assert fitted(name, past).score(x).tobytes() == whole.tobytes()
    assert isinstance(scorer, Kept)
    files = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        files.append(fitted(name, past).save(folder).read_bytes())  # type: ignore[attr-defined]
    assert files[0] == files[1]
    json.loads(files[0])
    card = scorer.card()
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert (card["candidate"], card["rows"]) == (name, 400)


def test_a_missing_column_and_a_wrong_question_are_told() -> None:
    for name in ("dixon_coles", *REGRESSIONS):
        odd = replace(empty(3), names=tuple("lambda" if n == "lam" else n for n in NAMES))
        with pytest.raises(UserError, match=rf"{name}: no feature 'lam', did you mean 'lambda'"):
            fitted(name, odd)
        with pytest.raises(UserError, match="home, draw, away or over, under"):
            fitted(name, empty(4))
    with pytest.raises(UserError, match="against a line"):
        fitted("points_normal", empty(3))
    with pytest.raises(UserError, match="no feature 'linen', did you mean 'line'"):
        fitted("points_normal", empty(2), line="linen")


# --- the law of the goals to come -----------------------------------------------------------------------------------


def joint(lam: float, mu: float, rho: float, top: int = 30) -> Floats:
    """Dixon and Coles's law of final scores, as in their paper: (top, top)."""
    goals = np.arange(top)
    law = poisson.pmf(goals, lam)[:, None] * poisson.pmf(goals, mu)[None, :]
    law[0, 0] *= 1.0 - lam * mu * rho
    law[0, 1] *= 1.0 + lam * rho
    law[1, 0] *= 1.0 + mu * rho
    law[1, 1] *= 1.0 - rho
    return np.asarray(law, dtype=np.float64)


def results(law: Floats) -> Floats:
    home, draw = np.tril(law, -1).sum(), np.trace(law)
    return np.array([home, draw, law.sum() - home - draw], dtype=np.float64) / float(law.sum())


@pytest.mark.parametrize("rho", [-0.1, -0.05, 0.0, 0.05])
@pytest.mark.parametrize(("lam", "mu"), [(1.5, 1.2), (2.8, 0.4), (0.6, 0.5), (5.0, 3.0)])
def test_before_kick_off_it_is_the_papers_law(lam: float, mu: float, rho: float) -> None:
    law, x = joint(lam, mu, rho), row(lam=lam, mu=mu)
    np.testing.assert_allclose(fitted("dixon_coles", empty(3), rho=rho).score(x)[0], results(law), atol=3e-6)
    total = np.add.outer(np.arange(30), np.arange(30))
    over = law[total > 2.5].sum() / law.sum()
    np.testing.assert_allclose(fitted("dixon_coles", empty(2), rho=rho).score(x)[0, 0], over, atol=3e-6)


def test_in_play_it_is_that_law_given_the_goals_that_fell() -> None:
    """The score at a minute is Poisson thinned by the share played, so the law given it is the reweighted one."""
    scorer = fitted("dixon_coles", empty(3), rho=-0.08)
    x = row(minute=60.0, period=2.0, score_home=1.0, score_away=0.0)
    left = float(scorer.reader.read(x).left_home[0])  # type: ignore[attr-defined]
    full, rest = joint(1.5, 1.2, -0.08), joint(1.5 * left, 1.2 * left, 0.0)
    plain = joint(1.5, 1.2, 0.0)
    law = np.zeros((30, 30))
    law[1:, :] = rest[:-1, :] * (full / plain)[1:, :]
    np.testing.assert_allclose(scorer.score(x)[0], results(law), atol=3e-6)


def test_the_goals_of_a_match_fall_as_the_clock_says() -> None:
    clock = _goals.Clock(0.367, 2.6, 4.2, 0.4, 0.0)
    second = np.array([False, False, False, True, True, True])
    left = clock.left(np.array([0.0, 44.999, 45.0, 45.0, 90.0, 99.0]), second)
    assert left[0] == 1.0
    # First-half share of goals in the English league: 44.2 %; after the 90th minute 6.4 % less the 90th itself.
    assert 1.0 - left[2] == pytest.approx(0.445, abs=0.01)
    assert left[1] > left[2] == left[3]
    assert 0.045 < left[4] < 0.06
    assert 0.0 < left[5] < 0.02
    minutes = np.linspace(45.0, 100.0, 300)
    assert (np.diff(clock.left(minutes, np.ones(300, dtype=np.bool_))) < 0.0).all()
    flat = _goals.Clock(0.0, 1e-9, 1e-9, 0.4, 0.0)
    halfway = flat.left(np.array([22.5, 67.5]), np.array([False, True]))
    np.testing.assert_allclose(halfway, [0.75, 0.25], atol=1e-9)


def test_what_is_not_heard_yet_is_integrated_over() -> None:
    """The quote of d seconds ago is the mean of today's quotes over the goals that may have fallen since: Poisson."""
    late = fitted("dixon_coles", empty(3), rho=0.0, unheard_s=60.0)
    now = fitted("dixon_coles", empty(3), rho=0.0)
    x = row(minute=70.0, period=2.0, score_home=1.0, score_away=1.0)
    before, after = (float(s.reader.read(x).left_home[0]) for s in (late, now))  # type: ignore[attr-defined]
    mean = np.zeros(3)
    for i in range(5):
        for j in range(5):
            p = poisson.pmf(i, 1.5 * (before - after)) * poisson.pmf(j, 1.2 * (before - after))
            mean += p * now.score(row(minute=70.0, period=2.0, score_home=1.0 + i, score_away=1.0 + j))[0]
    assert before > after
    np.testing.assert_allclose(late.score(x)[0], mean, atol=5e-6)
    assert np.abs(late.score(x) - now.score(x)).max() > 1e-3
    np.testing.assert_array_equal(late.score(row()), now.score(row()))


def test_a_red_card_helps_the_other_side() -> None:
    scorer = fitted("dixon_coles", empty(3))
    even, worse = (scorer.score(row(minute=20.0, period=1.0, red_home=float(n)))[0] for n in (0, 1))
    assert worse[0] < even[0] - 0.05
    assert worse[2] > even[2] + 0.05


def test_a_total_may_have_its_line_in_a_column_and_a_whole_line_pays_back() -> None:
    scorer = fitted("dixon_coles", empty(2), rho=0.0, line_column="line")
    for line in (0.5, 2.0, 3.5):
        law = poisson(2.7)
        over, under = law.sf(np.floor(line)), law.cdf(np.ceil(line) - 1)
        np.testing.assert_allclose(scorer.score(row(line=line))[0, 0], over / (over + under), atol=2e-6)


# --- regressions ----------------------------------------------------------------------------------------------------


def loss(answer: Floats, past: TrainingSet) -> float:
    return float(-np.log(answer[np.arange(len(past)), past.y]).mean())


@pytest.mark.parametrize("name", REGRESSIONS)
@pytest.mark.parametrize("outcomes", [2, 3])
def test_what_moves_goals_is_learnt(name: str, outcomes: int) -> None:
    past, fresh = (matches(6_000, seed, effect=0.4, outcomes=outcomes) for seed in (1, 2))
    scorer, clock = fitted(name, past), fitted("dixon_coles", past, rho=0.0)
    assert isinstance(scorer, Explained)
    importance = scorer.importance()
    assert sum(importance.values()) == pytest.approx(1.0)
    assert max(importance, key=lambda feature: importance[feature]) == "form"
    assert loss(scorer.score(fresh.x), fresh) < loss(clock.score(fresh.x), fresh) - 0.005


@pytest.mark.parametrize("name", REGRESSIONS)
def test_little_to_learn_from_leaves_the_clock(name: str) -> None:
    """Eight matches cannot move the quote far; no final score at all leaves it where it was."""
    x = matches(200, 2).x
    clock = fitted("dixon_coles", empty(3)).score(x)
    np.testing.assert_array_equal(fitted(name, empty(3)).score(x), clock)
    np.testing.assert_array_equal(fitted(name, replace(matches(300), targets=None)).score(x), clock)
    np.testing.assert_array_equal(fitted(name, replace(matches(300), weight=np.zeros(300))).score(x), clock)
    assert np.abs(fitted(name, matches(8)).score(x) - clock).mean() < 0.03


@pytest.mark.parametrize("name", REGRESSIONS)
def test_rows_that_cannot_be_are_left_out(name: str) -> None:
    past = matches(300)
    assert past.targets is not None
    targets, x = past.targets.copy(), past.x.copy()
    targets[::3] = np.nan
    x[1::3, AT["score_home"]] = 50.0
    usable = fitted(name, replace(past, targets=targets, x=x))
    kept = np.arange(300) % 3 == 2
    columns = ("x", "y", "weight", "verified", "audit_weight", "unit_t", "slice_code", "calls", "targets")
    alone = fitted(name, replace(past, **{c: getattr(past, c)[kept] for c in columns}))
    fresh = matches(100, 2).x
    np.testing.assert_array_equal(usable.score(fresh), alone.score(fresh))


# --- points ---------------------------------------------------------------------------------------------------------


def test_points_are_normal_around_what_is_expected() -> None:
    x = row(minute=30.0, score_home=14.0, score_away=10.0, line=3.5, spread=5.0, total=44.0)
    margin = fitted("points_normal", empty(2), keys=False).score(x)[0, 0]
    assert margin == pytest.approx(norm.sf(3.5, 4.0 + 2.5, 13.15 * np.sqrt(0.5)), abs=1e-6)
    x[0, AT["line"]] = 45.5
    total = fitted("points_normal", empty(2), about="total").score(x)[0, 0]
    assert total == pytest.approx(norm.sf(45.5, 24.0 + 22.0, 13.26 * np.sqrt(0.5)), abs=1e-6)
    near = [fitted("points_normal", empty(2)).score(row(line=line))[0, 0] for line in (1.5, 2.5, 3.5, 4.5)]
    steps = -np.diff(near)
    assert steps[1] > 2.0 * steps[0]  # a margin of three is worth more than one of two, and than one of four
    assert steps[1] > 2.0 * steps[2]
    assert fitted("points_normal", empty(2)).score(row(line=0.0))[0, 0] == pytest.approx(0.5)
    ahead = row(minute=60.0, score_home=20.0, score_away=10.0, line=3.5)
    assert fitted("points_normal", empty(2)).score(ahead)[0, 0] > 0.99
    with pytest.raises(UserError, match="did you mean 'total'"):
        fitted("points_normal", empty(2), about="totals")
