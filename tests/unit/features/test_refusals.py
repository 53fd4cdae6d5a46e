"""What a featurizer refuses, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from harness.featurizer import SIGNALLING, Featurizer
from harness.kinds import FeatureSpec
from sim.core.errors import OutOfTurn, UserError
from sim.core.time import HOUR
from sim.core.world import News
from tests.unit.features.logs import CALLER, KIND, REPORT, STREAMS, log_of, spec

COUNT: dict[str, Any] = {"feed": SIGNALLING, "by": CALLER, "window": HOUR}
SHARE: dict[str, Any] = {**COUNT, "of": "attestation"}

REFUSED = [
    (spec("cuont", **COUNT), "unknown feature 'cuont', did you mean 'count'?"),
    (spec("count", **{**COUNT, "feed": "call_recrod"}), "unknown feed 'call_recrod', did you mean 'call_record'?"),
    (spec("count", **{**COUNT, "feed": "truth"}), "unknown feed 'truth'"),
    (spec("count", **{**COUNT, "by": ("calller",)}), "call has no field 'calller', did you mean 'caller'?"),
    (spec("count", **{**COUNT, "where": {"unwanted": 1}}), "call has no field 'unwanted'"),
    (spec("count", **{**COUNT, "by": ("nationality",)}), "call.nationality is sensitive"),
    (spec("count", **{**COUNT, "where": {"nationality": 1}}), "call.nationality is sensitive"),
    (spec("distinct", **COUNT, of="nationality"), "call.nationality is sensitive"),
    (spec("field", of="nationality"), "call.nationality is sensitive"),
    (spec("field", of="atestation"), "call has no field 'atestation', did you mean 'attestation'?"),
    (spec("sum", **COUNT, of="load"), "call.load is float64, expected whole numbers"),
    (spec("count", **{**COUNT, "by": ("answered",), "feed": "call_record"}), "call has no field 'answered'"),
    (spec("count", **COUNT, of="callee"), "count has no parameter 'of'"),
    (spec("count", **COUNT, wher={"a": 1}), "count has no parameter 'wher', did you mean 'where'?"),
    (spec("count", feed=SIGNALLING, by=CALLER), "count needs `window`"),
    (spec("count", **{**COUNT, "window": -HOUR}), "window: expected more than 0"),
    (spec("count", **{**COUNT, "by": ("t", "id", "caller")}), "by: expected one or two key columns"),
    (spec("count", **COUNT, at=("caller", "callee")), "by: expected one or two key columns"),
    (spec("share", **SHARE), "expected exactly one of equals, at_most, at_least, got 0"),
    (spec("share", **SHARE, equals=1, at_most=2), "expected exactly one of equals, at_most, at_least, got 2"),
    (spec("usual_hours", **COUNT, reach=12), "reach: expected 0 to 11 hours, got 12"),
    (spec("ratio", **COUNT, numerator={"op": "men"}, denominator={}), "numerator: expected op count alone"),
    (spec("ratio", **COUNT, numerator={"op": "sum"}, denominator={}), "numerator: expected op count alone"),
    (spec("ratio", **COUNT, numerator={}, denominator={"off": 1}), "denominator has no 'off', did you mean 'of'?"),
    (spec("nowhere.at.all:Thing"), "cannot load feature 'nowhere.at.all:Thing'"),
]  # fmt: skip


@pytest.mark.parametrize(("refused", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_declaration_that_cannot_be_is_refused(refused: FeatureSpec, words: str) -> None:
    with pytest.raises(UserError) as caught:
        Featurizer([refused], KIND, STREAMS)
    assert str(caught.value).startswith("feature 'x': ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    good = spec("count", "good", **COUNT)
    with pytest.raises(UserError) as caught:
        Featurizer([good, spec("cuont", "a"), good, spec("field", "b", of="?")], KIND, STREAMS)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "feature 'good' is declared twice",
        "feature 'a'",
        "feature 'b'",
    ]


def test_more_conditions_than_there_are_bits_are_refused() -> None:
    many = [spec("count", f"f{n}", **COUNT, where={"attestation": n}) for n in range(70)]
    with pytest.raises(UserError, match="more different conditions than 63 bits hold"):
        Featurizer(many, KIND, STREAMS)


def test_news_that_an_answered_question_should_have_seen_is_refused() -> None:
    featurizer = Featurizer([spec("count", **{**COUNT, "feed": "report"})], KIND, STREAMS)
    log = log_of([(100, 1, 2, 0)], [], [(99, 1), (100, 1)])
    featurizer.values(log[SIGNALLING])
    with pytest.raises(OutOfTurn, match="an item known at 99 came after the question at 100"):
        featurizer.learn(News("report", log["report"]))
    featurizer.learn(News("report", log["report"].take(slice(1, 2))))
    featurizer.learn(News("report", REPORT.empty()))


def test_questions_that_go_back_in_time_are_refused() -> None:
    featurizer = Featurizer([spec("count", **COUNT)], KIND, STREAMS)
    featurizer.values(log_of([(100, 1, 2, 0)], [], [])[SIGNALLING])
    with pytest.raises(OutOfTurn, match="questions go back in time: 99 < 100"):
        featurizer.values(log_of([(99, 1, 2, 0)], [], [])[SIGNALLING])


def test_news_of_streams_that_no_feature_reads_is_let_pass() -> None:
    featurizer = Featurizer([spec("field", of="attestation")], KIND, STREAMS)
    log = log_of([(5, 1, 2, 3)], [], [(1, 1)])
    featurizer.learn(News("report", log["report"]))
    assert featurizer.values(log[SIGNALLING]).tolist() == [[3.0]]
