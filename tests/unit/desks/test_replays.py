"""Several desks in one replay: who decides when, what each learns from, what the ledgers count together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness import trial
from harness.merging import merged
from harness.trial import Loaded
from sim.core.decisions import Quotes
from sim.core.events import block
from sim.core.time import DAY
from sim.core.world import Question
from tests.unit.desks.bookworld import ACCOUNTS, MATCHES, SHARP, World
from tests.unit.desks.conftest import SCENARIO, Played, play

Replays = Callable[[str], Played]
GO_LIVE = 10 * DAY


def book(played: Played) -> World:
    world = played.setting.world
    assert isinstance(world, World)
    return world


def test_until_go_live_the_incumbent_answers_every_desk_alike(played: Replays) -> None:
    """Bit for bit: prices, actions, audits, so that all candidates take over the same book."""
    today = book(played("incumbent"))
    for name in ("boosted", "only-goals"):
        other = book(played(name))
        for (t, kind, quotes), (t2, kind2, quotes2) in zip(today.published, other.published, strict=True):
            assert (t, kind) == (t2, kind2)
            if t < GO_LIVE:
                assert quotes.odds is not None
                assert quotes2.odds is not None
                assert np.array_equal(quotes.odds, quotes2.odds)
        for (t, rows, decided), (_, rows2, decided2) in zip(today.settled, other.settled, strict=True):
            if t < GO_LIVE:
                assert rows.digest() == rows2.digest()
                for column in ("action", "audit", "scored", "propensity"):
                    assert np.array_equal(
                        getattr(decided, column), getattr(decided2, column), equal_nan=True
                    ), column


def test_the_incumbent_quotes_and_acts_in_the_history(played: Replays) -> None:
    world = book(played("boosted"))
    (first, *_) = [quotes for t, kind, quotes in world.published if kind == "race" and t == 0]
    assert np.allclose(first.probability, 1 / 3)
    learnt = [quotes for t, kind, quotes in world.published if kind == "race" and 6 * DAY <= t < GO_LIVE]
    assert all(len(np.unique(quotes.probability[:, 0])) > 1 for quotes in learnt), "fitted at its cadence"
    limited = [decided.action for t, _, decided in world.settled if 4 * DAY <= t < GO_LIVE]
    assert set(np.concatenate(limited).tolist()) == {0, 1}, "it limits; rejecting is the candidate's"


def test_from_go_live_the_candidate_decides(played: Replays) -> None:
    mine, today = book(played("boosted")), book(played("incumbent"))
    live = [decided.action for t, _, decided in mine.settled if t >= GO_LIVE]
    assert set(np.concatenate(live).tolist()) == {0, 2}
    apart = [
        not np.array_equal(quotes.probability, quotes2.probability)
        for (t, _, quotes), (_, _, quotes2) in zip(mine.published, today.published, strict=True)
        if t >= GO_LIVE
    ]
    assert all(apart)


def test_a_desk_that_a_candidate_does_not_name_is_the_incumbents(played: Replays) -> None:
    mine, today = book(played("only-goals")), book(played("incumbent"))
    for (t, kind, quotes), (_, _, quotes2) in zip(mine.published, today.published, strict=True):
        same = np.array_equal(quotes.probability, quotes2.probability)
        assert same == (kind == "race" or t < GO_LIVE)
    assert [d.action.tolist() for _, _, d in mine.settled] == [d.action.tolist() for _, _, d in today.settled]


def test_an_incumbent_is_fitted_at_once_then_at_its_cadence_or_at_go_live(played: Replays) -> None:
    fits = played("incumbent").trained
    assert [fit.as_of // DAY for fit in fits["race"]] == [0, 3, 6, 9, 12, 15]
    assert [fit.as_of // DAY for fit in fits["goals"]] == [0, 10]
    assert [fit.as_of // DAY for fit in fits["bet"]] == list(range(0, 16, 2))
    assert len(fits["race"][0].past) == 0
    mine = [fit["as_of"] // DAY for fit in played("boosted").fits if fit["desk"] == "race"]
    assert mine == [10, 12, 14], "the incumbent's fits are not told as the candidate's"
    assert {fit["desk"] for fit in played("only-goals").fits} == {"goals"}


def test_what_a_quoting_desk_learns_from(played: Replays) -> None:
    replayed = played("boosted")
    world = book(replayed)
    for kind, k in (("race", 3), ("goals", 2)):
        for fit in replayed.trained[kind]:
            past, entity = fit.past, fit.keys.entity
            assert (past.quotes, past.outcomes, past.target_names) == (True, k, ("margin",))
            assert len(past) <= 300
            assert np.array_equal(past.y, world.outcome(kind, entity)), "results, and the right ones"
            assert past.targets is not None
            assert past.targets.shape == (len(past), 1)
            assert np.array_equal(past.targets[:, 0], 1 - world.outcome("race", entity).astype(np.int64))
            assert ((entity // MATCHES + 1) * DAY <= fit.as_of).all(), "none before its match was over"
            if len(past):
                weights = np.bincount(entity - entity.min(), weights=past.weight)
                assert np.allclose(weights[weights > 0], 1.0)
    last = replayed.trained["race"][-1]
    assert len(np.unique(last.keys.entity)) >= 7 * MATCHES, "thinned by row, not by match"


def test_two_outcomes_are_two_probabilities(played: Replays) -> None:
    """A booster answers one score for two outcomes; it means the second."""
    world = book(played("boosted"))
    said, came = [], []
    for t, kind, quotes in world.published:
        if kind == "goals" and t >= GO_LIVE:
            assert quotes.probability.shape[1] == 2
            assert np.allclose(quotes.probability.sum(axis=1), 1.0)
            assert quotes.probability.min() > 0
            match = t // DAY * MATCHES + np.arange(MATCHES)
            said.append(quotes.probability[:MATCHES, 0])
            came.append(world.chances("goals", match)[:, 0])
    assert np.corrcoef(np.concatenate(said), np.concatenate(came))[0, 1] > 0.6


def test_a_market_without_a_desk_is_closed(loaded: Loaded) -> None:
    played = play(loaded, "boosted", seed=2)
    desk = played.setting.desks["idle"]
    assert desk.plan.candidate is None
    assert played.setting.ledgers["idle"].metrics == {}
    columns = {n: np.arange(3) for n in World.kinds["idle"].schema.names}
    rows = block(World.kinds["idle"].schema, columns)
    quotes = desk.answer(Question("idle", "quote", 0, DAY, rows))
    assert isinstance(quotes, Quotes)
    assert quotes.odds is not None
    assert quotes.odds.shape == (3, 2)
    assert quotes.suspended is not None
    assert quotes.suspended.all()


def test_audits_before_go_live_are_the_candidates_evidence(played: Replays) -> None:
    """Its first fit knows units that were verified while the incumbent decided."""
    (first, *_) = [fit for fit in played("boosted").trained["bet"] if fit.as_of == GO_LIVE]
    assert first.past.verified.sum() > 5
    assert set(np.unique(first.past.slice_code[first.past.verified])) == {0, 1}, "found_class, not a name"
    assert (first.past.y[first.past.verified] == (first.keys.entity[first.past.verified] < SHARP)).all()
    today = next(fit for fit in played("incumbent").trained["bet"] if fit.as_of == GO_LIVE)
    order, order2 = (np.lexsort((f.keys.day, f.keys.entity)) for f in (first, today))
    assert np.array_equal(first.keys.entity[order], today.keys.entity[order2])
    assert np.array_equal(first.past.audit_weight[order], today.past.audit_weight[order2])


def test_what_the_incumbent_ordered_stands_until_it_ends() -> None:
    sets = (
        "trial.desks.bet.incumbent.policy.with.lasts=3d",
        "trial.candidates.boosted.desks.bet={use: constant, policy: {use: pass_all}}",
    )
    world = book(play(trial.load(str(SCENARIO), sets), "boosted"))
    hindered = {
        day: {
            a
            for t, rows, d in world.settled
            if t // DAY == day
            for a in rows["account"][d.action > 0].tolist()
        }
        for day in range(16)
    }
    assert hindered[9]
    assert hindered[10] & hindered[9], "ordered before goLive, in force after it"
    assert hindered[11]
    assert not hindered[13] | hindered[14] | hindered[15], "and over when it ends"


def test_a_candidate_with_a_cadence_takes_over_from_one_without() -> None:
    plan = "{use: logistic_regression, cadence: {every: 1d}, policy: {use: fixed_threshold, with: {stop: reject}}}"
    sets = (f"trial.candidates.boosted.desks.bet={plan}",)
    played = play(trial.load(str(SCENARIO), sets), "boosted")
    world, today = book(played), book(play(trial.load(str(SCENARIO)), "incumbent"))
    for (t, _, decided), (_, _, decided2) in zip(world.settled, today.settled, strict=True):
        if t < GO_LIVE:
            assert np.array_equal(decided.action, decided2.action)
    live = np.concatenate([decided.action for t, _, decided in world.settled if t >= GO_LIVE])
    assert 2 in live


# --- counts --------------------------------------------------------------------------------------------------------


def test_counts_add_up_over_desks_and_stand_by_desk(played: Replays) -> None:
    found = merged(played("boosted").setting.ledgers)
    sums: dict[tuple[str, str, str], float] = {}
    sizes: dict[tuple[str, str], set[int]] = {}
    for _, metric, label, view, _, bottom, entities in found.rows:
        sums[metric, label, view] = sums.get((metric, label, view), 0.0) + bottom
        sizes.setdefault((metric, label), set()).add(entities)
    knots = 6 * 4 * 6 * MATCHES
    assert sums["log_loss", "desk=race", "true"] == sums["log_loss", "desk=goals", "true"] == knots
    assert sums["log_loss", "all", "true"] == 2 * knots
    assert sums["log_loss", "phase=early", "true"] + sums["log_loss", "phase=late", "true"] == 2 * knots
    assert sizes["log_loss", "all"] == {6 * MATCHES}, "the same matches at both desks"
    assert sizes["flagged_rate", "all"] == {ACCOUNTS}
    assert ("log_loss", "segment=sharp", "true") not in sums, "no slice of bets for quotes"
    assert "log_loss" not in found.unmeasured
    assert "complaints" in found.unmeasured
    assert not any(label == "desk=idle" for _, label, _ in sums)


def test_the_ledger_keeps_a_sample_of_quotes_with_odds(loaded: Loaded, tmp_path: Path) -> None:
    play(loaded, "boosted", folder=tmp_path)
    tables = {
        kind: pd.concat(
            [pd.read_parquet(part) for part in sorted((tmp_path / f"desk={kind}").glob("*.parquet"))]
        )
        for kind in ("race", "goals", "bet")
    }
    assert not (tmp_path / "desk=idle").exists()
    knots = 6 * 4 * 6 * MATCHES
    for kind, odds in (("race", 3), ("goals", 2)):
        kept = tables[kind]
        assert {f"o{i}" for i in range(odds)} | {"suspended", "outcome"} <= set(kept.columns)
        assert 0.05 * knots < len(kept) < 0.15 * knots
        assert (kept["kept_weight"] == 10.0).all()
    assert (tables["bet"].loc[tables["bet"]["action"] > 0, "kept_weight"] == 1.0).all()
    assert (tmp_path / "model" / "bet" / "card.json").is_file()
    assert (tmp_path / "model" / "race" / "model.json").is_file()


def test_the_same_seed_the_same_counts(loaded: Loaded, played: Replays) -> None:
    again = merged(play(loaded, "boosted").setting.ledgers)
    assert again == merged(played("boosted").setting.ledgers)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ("trial.candidates.boosted.desks.race.retrain.every=3d", True),
        ("trial.desks.race.incumbent.features=[strength]", True),
        ("metadata", False),
    ],
)
def test_the_digest_sees_every_desk(loaded: Loaded, change: str, differs: bool) -> None:
    other = trial.load(str(SCENARIO), (change,) if differs else ())
    assert (other.run_digest() != loaded.run_digest()) == differs


def test_the_report_says_which_desk_learnt_what() -> None:
    from harness.report.accounts import desk_of, fits, last_fit
    from harness.report.happenings import has_labels
    from harness.report.record import Candidate, Event

    told = {"rows": 120.0, "entities": 40.0, "desk": "match_odds"}
    event = Event("boosted", "1", 0.0, None, "fit", "fit", 120.0, told)
    assert desk_of(event) == "match_odds"
    assert not has_labels([event])
    sentence = last_fit(Candidate("boosted", True, "PASS", "none", ()), [event], "Match odds")
    assert "desk for Match odds" in sentence
    assert "120 rows of 40 results" in sentence
    assert fits([event])[0].more == "entities 40"
