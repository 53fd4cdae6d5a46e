"""Matches as a quote question: goal minutes become scores by minute, the result is known later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core.decisions import Quotes
from sim.core.errors import BadBlock, OutOfTurn
from sim.core.time import DAY, HOUR, MINUTE
from tests.unit.recorded.logs import MATCHES, Opened, column, play


def test_a_match_is_asked_at_each_step_with_the_goals_known_by_then(
    opened: Opened, match_mapping: Any
) -> None:
    run = play(opened(MATCHES, match_mapping))
    rows = list(
        zip(*(column(run["asked"], n) for n in ("match", "minute", "score_home", "score_away")), strict=True)
    )
    assert [r[1:] for r in rows if r[0] == 0] == [(0, 0, 0), (45, 1, 1), (90, 1, 1)], "90+ is after minute 90"
    assert [r[1:] for r in rows if r[0] == 1] == [(0, 0, 0), (45, 0, 0), (90, 0, 0)]
    assert [r[1:] for r in rows if r[0] == 2] == [(0, 0, 0), (45, 0, 1), (90, 0, 2)]
    assert [r[1:] for r in rows if r[0] == 3] == [(0, 0, 0), (45, 0, 0), (90, 1, 0)]
    assert column(run["asked"], "t")[:2] == [15 * HOUR] * 2
    assert column(run["truth"], "outcome")[:2] == [0, 1]


def test_the_result_is_known_two_hours_after_kick_off(opened: Opened, match_mapping: Any) -> None:
    run = play(opened(MATCHES, match_mapping))
    results = run["news"]["result"]
    assert column(results, "label") == [0, 1, 2, 0]
    assert column(results, "known_at") == [17 * HOUR] * 2 + [7 * DAY + 17 * HOUR] * 2
    assert column(results, "match") == [0, 1, 2, 3]


def test_a_short_list_of_ticks_for_a_long_time(opened: Opened, match_mapping: Any) -> None:
    world = opened(MATCHES, match_mapping, tick=5 * MINUTE, horizon=3000 * DAY, end=3001 * DAY)
    assert len(play(world)["ticks"]) == 1 + 2 * 4


def test_slices_are_codes_in_the_truth(opened: Opened, match_mapping: Any) -> None:
    match_mapping["slices"]["half"] = {"field": "minute", "edges": [0, 46, 90]}
    world = opened(MATCHES, match_mapping)
    assert world.slices["season"].labels == ("a", "b")
    assert world.slices["half"].labels == ("0-46", "46-90", "other")
    run = play(world)
    assert column(run["truth"], "season")[:6] == [0] * 6
    assert sorted(set(zip(column(run["asked"], "minute"), column(run["truth"], "half"), strict=True))) == [
        (0, 0), (45, 0), (90, 2),
    ]  # fmt: skip


def test_quotes_are_taken_in_turn_and_in_shape(opened: Opened, match_mapping: Any) -> None:
    world = opened(MATCHES, match_mapping)
    assert world.kinds["match_odds"].outcomes == ("home", "draw", "away")
    assert world.kinds["match_odds"].actions == ()
    list(world.news(world.now))
    (question,) = world.advance() or ()
    n = len(question.block)
    with pytest.raises(BadBlock, match="outcomes"):
        world.publish(Quotes(question.block["id"], np.full((n, 2), 0.5)))


def test_a_quote_question_takes_no_decisions(opened: Opened, match_mapping: Any) -> None:
    from sim.core.decisions import Decisions

    world = opened(MATCHES, match_mapping)
    list(world.news(world.now))
    (question,) = world.advance() or ()
    with pytest.raises(OutOfTurn, match="quote"):
        world.settle(Decisions.passing(question.block["id"]))


def test_the_order_of_rows_in_the_file_does_not_matter_beyond_numbering(
    opened: Opened, match_mapping: Any
) -> None:
    head, *rows = MATCHES.strip().split("\n")
    turned = "\n".join([head, *reversed(rows)]) + "\n"
    plain, other = play(opened(MATCHES, match_mapping)), play(opened(turned, match_mapping))
    for name in ("t", "lam", "score_home"):
        key = lambda run, name=name: sorted(  # noqa: E731
            zip(
                column(run["asked"], "t"),
                column(run["asked"], "lam"),
                column(run["asked"], name),
                strict=True,
            )
        )
        assert key(plain) == key(other)


# --- bad rows -------------------------------------------------------------------------------------------------------

BAD = {
    "unwatched minute": ("a,2026-01-20,E,F,1,0,-3,,1,1", "home_min: an instant before the start"),
    "letters in a list": ("a,2026-01-20,E,F,1,0,3x,,1,1", "home_min: not a list of instants"),
    "a goal too many": ("a,2026-01-20,E,F,1,0,3;4,,1,1", "home_min: disagrees with hg"),
    "a goal missing": ("a,2026-01-20,E,F,1,1,3,,1,1", "away_min: disagrees with ag"),
    "no date": ("a,,E,F,0,0,,,1,1", "date: empty, expected an instant"),
    "a date that is none": ("a,2026-02-30,E,F,0,0,,,1,1", "date: not an instant of the form %Y-%m-%d"),
    "another form of date": ("a,20/01/2026,E,F,0,0,,,1,1", "date: not an instant of the form %Y-%m-%d"),
    "a mean that is no number": ("a,2026-01-20,E,F,0,0,,,high,1", "lam: not a finite number"),
    "an infinite mean": ("a,2026-01-20,E,F,0,0,,,inf,1", "lam: not a finite number"),
    "a mean out of floats": ("a,2026-01-20,E,F,0,0,,,1e999,1", "lam: not a finite number"),
    "a negative mean": ("a,2026-01-20,E,F,0,0,,,-1,1", "lam: below 0"),
    "no mean": ("a,2026-01-20,E,F,0,0,,,,1", "lam: empty"),
    "half a goal": ("a,2026-01-20,E,F,0.5,0,,,1,1", "hg: not a whole number"),
    "no home side": ("a,2026-01-20,,F,0,0,,,1,1", "home: empty"),
    "the same match again": ("a,2026-02-02,Ash,Birch,0,0,,,1,1", "season: the same match again"),
    "no season": (",2026-01-20,E,F,0,0,,,1,1", "season: empty"),
    "too few cells": ("a,2026-01-20,E,F", "row: wrong number of cells"),
    "too many cells": ("a,2026-01-20,E,F,0,0,,,1,1,9", "row: wrong number of cells"),
}


@pytest.mark.parametrize(("row", "reason"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_counted_by_reason_and_the_others_stay(
    opened: Opened, match_mapping: Any, row: str, reason: str
) -> None:
    clean = play(opened(MATCHES, match_mapping))
    head, first, *rest = MATCHES.strip().split("\n")
    log = "\n".join([head, first, row, *rest]) + "\n" if "again" not in reason else MATCHES + row + "\n"
    world = opened(log, match_mapping | {"maxBadShare": 0.5})
    assert world.describe()["bad_rows"] == {"log.csv": {reason: 1}}
    (example,) = world.describe()["bad_examples"]
    assert example["row"] == (5 if "again" in reason else 2)
    assert f"{example['column']}: {example['what']}" == reason or reason.startswith("row: ")
    run = play(world)
    for name in ("t", "minute", "score_home", "score_away", "lam"):
        assert column(run["asked"], name) == column(clean["asked"], name)
    assert column(run["news"]["result"], "label") == column(clean["news"]["result"], "label")


def test_a_row_with_two_faults_is_counted_once(opened: Opened, match_mapping: Any) -> None:
    world = opened(MATCHES + "a,,E,F,1,0,x,,-1,1\n", match_mapping | {"maxBadShare": 0.5})
    assert world.describe()["bad_rows"]["log.csv"] == {"date: empty, expected an instant": 1}


def test_row_numbers_hold_behind_rows_with_the_wrong_number_of_cells(
    opened: Opened, match_mapping: Any
) -> None:
    log = MATCHES + "broken\n" + "a,,E,F,0,0,,,1,1\n" + "a,b,c\n" + "a,2026-01-20,G,H,0,0,,,x,1\n"
    world = opened(log, match_mapping | {"maxBadShare": 0.9})
    assert [e["row"] for e in world.describe()["bad_examples"]] == [5, 6, 7, 8]
