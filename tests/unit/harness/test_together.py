"""A small set of levers that together move a verdict, found by halving, and how far of the way they must go.

Knows: sets, shares. Does not know: levers, replays.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judging import told_robustness
from harness.together import bracket, smallest, words


class Asked:
    """What moves a verdict: all of `need` together. Counts how often it was asked."""

    def __init__(self, need: set[int]) -> None:
        self.need, self.times = need, 0

    def __call__(self, items: Sequence[int]) -> bool:
        self.times += 1
        return self.need <= set(items)


needs = st.integers(1, 140).flatmap(
    lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1, max_size=4))
)


@given(needs)
def test_the_set_is_found_and_no_more_than_it(case: tuple[int, set[int]]) -> None:
    n, need = case
    moves = Asked(need)
    assert smallest(n, moves, 10_000) == (tuple(sorted(need)), True)
    assert moves.times <= 2 * len(need) * 9 + 2


@given(needs, st.integers(0, 20))
def test_a_search_cut_short_still_answers_a_set_that_does_it(case: tuple[int, set[int]], most: int) -> None:
    n, need = case
    moves = Asked(need)
    found, least = smallest(n, moves, most)
    assert need <= set(found)
    assert moves.times <= most + 1
    assert set(found) == need or not least


def test_the_more_suspected_of_two_is_named() -> None:
    assert smallest(8, lambda items: 2 in items or 5 in items, 100) == ((2,), True)


def test_levers_that_undo_each_other_leave_a_set_that_was_seen_to_move_it() -> None:
    moving = {(0, 1, 2, 3), (1, 3)}
    found, _ = smallest(4, lambda items: tuple(items) in moving, 100)
    assert found in moving


def test_a_share_is_bracketed_by_halving() -> None:
    assert bracket(lambda share: share > 0.3, 3) == (0.25, 0.375)
    assert bracket(lambda share: False, 3) == (0.875, 1.0)
    assert bracket(lambda share: True, 3) == (0.0, 0.125)


@pytest.mark.parametrize(
    ("levers", "least", "said"),
    [
        (["reach"], True, "reach (kept to 0.5 of the way to their draws, lost at 1)"),
        (["a", "b"], True, "a with b, together (kept to 0.5 of the way to their draws, lost at 1)"),
        (
            list("abcdef"),
            False,
            "a with b, c, d and 2 more, together (kept to 0.5 of the way to their draws, lost at 1; fewer may do)",
        ),
    ],
)
def test_a_set_in_words(levers: list[str], least: bool, said: str) -> None:
    assert words({"levers": levers, "least": least, "low": 0.5, "high": 1.0}) == said


def test_the_word_in_a_verdict_names_the_set() -> None:
    both = {"levers": ["reach", "report_rate"], "least": True, "low": 0.25, "high": 0.375}
    weighed = {"name": "x", "word": "assumption-bound", "dependsOn": [], "together": both}
    assert told_robustness({"name": "x", "verdict": "PASS"}, {"robustness": [weighed]}) == (
        "PASS (assumption-bound), depends on reach with report_rate, together "
        "(kept to 0.25 of the way to their draws, lost at 0.375)"
    )
