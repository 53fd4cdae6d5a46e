"""What a veil hits of a model: which features read a veiled feed or field, and a field as it arrives under the veil."""

from __future__ import annotations

import numpy as np
import pytest

from tests.theory.drift.catalogue import Entry, entry
from tests.theory.drift.leans import line_of, reads, veiled


def hit(one: Entry, question: str = "") -> set[str]:
    (veil,) = one.loaded.scenario.spec.world.veils
    of, field = veil.parameters["of"], veil.parameters.get("field", "")
    specs = one.loaded.desk_features.get(question, one.loaded.features)
    return {spec.name for spec in specs if reads(spec, of, field)}


def test_a_veiled_feed_hits_all_that_read_it_and_a_field_those_that_read_the_field() -> None:
    talk = {"mean_answered_seconds_7d", "short_share_7d"}
    answers = {"answered_to_unanswered_24h", "answered_to_unanswered_7d"}
    assert hit(entry("drift/telco-veil-late-v1")) == talk | answers
    assert hit(entry("drift/telco-veil-unit-change-v1")) == talk
    assert hit(entry("drift/telco-veil-nulls-v1")) == talk
    assert hit(entry("drift/telco-veil-category-rename-v1")) == {"attestation"}
    assert hit(entry("drift/telco-veil-duplicated-v1")) == {"reports_14d"}


def test_a_field_of_a_question_hits_what_is_counted_of_earlier_questions_too() -> None:
    assert hit(entry("drift/sportsbook-veil-category-rename-v1"), "bet") == {"live", "live_share_28d"}


@pytest.mark.parametrize(
    ("use", "given", "expected"),
    [
        ("category_rename", {"was": [0, 1], "now": [1, 0]}, [1.0, 0.0, 3.0]),
        ("nulls", {"share": 0.5}, [np.nan] * 3),
        ("nulls", {"share": 0.5, "code": 0}, [0.0] * 3),
        ("unit_change", {"times": 2.0, "plus": 1.0}, [1.0, 3.0, 7.0]),
    ],
)
def test_a_field_as_if_every_row_came_veiled(
    use: str, given: dict[str, object], expected: list[float]
) -> None:
    found = veiled(use, given, np.array([0.0, 1.0, 3.0]))
    assert found is not None
    np.testing.assert_array_equal(found, expected)


def test_a_delay_is_no_reading_of_a_row() -> None:
    assert veiled("late", {"delay": "2d"}, np.zeros(3)) is None


def test_the_lowest_line_of_a_policy() -> None:
    assert line_of(entry("drift/telco-veil-nulls-v1"), "call") == 0.3
    assert line_of(entry("drift/sportsbook-veil-nulls-v1"), "bet") == pytest.approx(0.5)
