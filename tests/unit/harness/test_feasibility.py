"""Which cadence feeds support: figures by hand, and two carriers that must reach opposite conclusions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from harness import assembly, feasibility, scope_lines, trial
from harness.feasibility import Scored, average_precision, detection_at, jackknife, scope
from harness.prelaunch import DAILY, PER_EVENT, History, history
from harness.scope_facts import permission
from harness.trial import Loaded
from sim.core.events import Field

SMALL = (
    "world.with.lines=400",
    "world.history=35d",
    "world.historyBecause=a test needs no season",
    "trial.labels.maturity=6d",
    "trial.labels.trainingWindow=28d",
    "trial.audit.busyShare=0.9",
    "trial.audit.share=0.2",
    "world.levers.analysts_per_10k_lines=100",
)
LIMITED = ("telco/limited-stack-v1", (*SMALL, "world.veils.0.start=-35d"))
STREAMING = ("telco/streaming-stack-v1", (*SMALL, "world.tick=1h", "world.roundsUp=true"))


class Blind:
    """A world whose settlement answers nothing: whoever reads it falls."""

    def __init__(self, world: Any) -> None:
        self.world = world

    def __getattr__(self, name: str) -> Any:
        assert name not in ("truth", "ground_truth", "touched"), f"{name} is not for production's eyes"
        return getattr(self.world, name)

    def settle(self, decisions: Any) -> None:
        self.world.settle(decisions)


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, tuple[Loaded, History]]]:
    """The histories of both carriers, behind settlements that tell nothing (law 11)."""
    opened = assembly.open_world
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "open_world", lambda *a: Blind(opened(*a)))
        found = {}
        for name, sets in (LIMITED, STREAMING):
            loaded = trial.load(name, sets, seeds=(1,))
            found[name] = (loaded, history(loaded, 1))
        yield found


def test_the_limited_carrier_is_told_to_score_daily(seen: dict[str, tuple[Loaded, History]]) -> None:
    loaded, lived = seen[LIMITED[0]]
    found = scope(loaded, [lived], "call")
    assert found is not None
    assert found.supported is DAILY
    event, _, daily = found.designs
    assert set(event.features) == {"attestation", "toll_free", "foreign", "same_region", "same_exchange"}
    assert event.blocked["calls_7d"] == ("call_record",)
    assert daily.blocked == {}
    assert event.kept.value is not None
    assert daily.kept.value is not None
    assert event.kept.value < 0.4 < 0.8 <= daily.kept.value
    lost = {feed.stream: feed.lost.value or 0.0 for feed in found.feeds}
    assert max(lost, key=lambda name: lost[name]) == "call_record"
    told = list(scope_lines.recommendation(found, [lived]))
    assert "per event is not supported" in told[0]
    assert "call_record, which arrives 2 h late" in told[0]
    assert told[-1].startswith("first release: daily scores")


def test_the_carrier_with_better_feeds_is_told_to_decide_each_call(
    seen: dict[str, tuple[Loaded, History]],
) -> None:
    loaded, lived = seen[STREAMING[0]]
    found = scope(loaded, [lived], "call")
    assert found is not None
    assert found.supported is PER_EVENT
    assert next(scope_lines.recommendation(found, [lived])).startswith("first release: per event scores")


def test_what_arrives_is_told_as_the_feeds_are(seen: dict[str, tuple[Loaded, History]]) -> None:
    _, lived = seen[LIMITED[0]]
    record = lived.streams["call_record"]
    assert record.in_time(PER_EVENT.patience) == 0.0
    assert record.in_time(DAILY.patience) == 1.0
    fields = {field.name: field for field in lived.desks["call"].rows.fields}
    whole = {field.name: field for field in seen[STREAMING[0]][1].desks["call"].rows.fields}
    mine, theirs = fields["attestation"].flicker, whole["attestation"].flicker
    assert mine is not None
    assert theirs is not None
    assert mine > theirs + 0.1, "old switches lose attestation row by row, and that shows without any truth"


def test_a_stale_feed_used_as_fresh_is_named() -> None:
    """A candidate that reads two-hour-old records at each call, and a charter that promises them sooner."""
    name, sets = LIMITED
    more = ("trial.candidates.blocked_as_they_ring.features=[attestation, calls_1d]",)
    loaded = trial.load(name, (*sets, *more, "world.history=10d", "world.veils.0.start=-10d",
                               "trial.labels.trainingWindow=7d", "trial.labels.maturity=2d"), seeds=(1,))  # fmt: skip
    told = list(scope_lines.warnings(loaded, [history(loaded, 1)]))
    (line,) = [line for line in told if "used as fresh" in line]
    assert "candidate blocked_as_they_ring reads call_record in calls_1d at each event" in line


def test_permission_says_why_not() -> None:
    charter = trial.load("telco/limited-stack-v1").charter
    column = Field("callee", "int64", "", "called number", "signalling", purposes=("billing",))
    assert permission(Field("origin", "int8", "", "", "signalling"), "call", charter).startswith(
        "no: excluded"
    )
    assert permission(Field("x", "int8", "", "", "", sensitive=True), "call", charter) == "no: sensitive"
    assert permission(column, "call_record", charter) == "no: held for fraud-prevention, allowed for billing"
    assert permission(column, "call", charter) == "for billing"
    assert permission(Field("x", "int8", "", ""), "call", charter) == "yes"


def scored(y: list[int], score: list[float], weight: list[float] | None = None) -> Scored:
    w = np.ones(len(y)) if weight is None else np.array(weight)
    return Scored(np.zeros(len(y), dtype=np.int64), np.array(y), w, np.array(score))


def test_skill_by_hand() -> None:
    four = scored([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])
    assert average_precision(four) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(scored([1, 0], [0.5, 0.5])) == 0.5
    assert average_precision(scored([0, 0], [0.5, 0.5])) == 0.0
    assert detection_at(four, 0.0) == 0.5
    assert detection_at(four, 0.49) == 0.5
    assert detection_at(four, 0.5) == 1.0
    weighted = scored([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], [1, 1, 3, 9])
    assert detection_at(weighted, 0.05) == 0.25
    assert detection_at(weighted, 0.1) == 1.0
    assert detection_at(scored([1, 1], [0.5, -1.0]), 0.5) == 0.5, "what has no score passes"


def test_average_precision_is_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    chance = np.random.default_rng(3)
    y, w = (chance.random(400) < 0.3).astype(np.int64), chance.random(400)
    s = np.round(chance.random(400) + 0.4 * y, 2)
    mine = average_precision(Scored(np.zeros(400, dtype=np.int64), y, w, s))
    assert mine == pytest.approx(metrics.average_precision_score(y, s, sample_weight=w))


def test_the_interval_of_a_mean_is_students() -> None:
    """Leaving out one seed at a time gives the t-interval of a mean exactly."""
    seeds = [[scored([1], [v])] for v in (0.1, 0.4, 0.7, 0.2)]
    flat = [one[0] for one in seeds]
    found = jackknife(lambda s: float(np.mean([x.score[0] for x in s])), [flat], True, (-9, 9))
    values = np.array([0.1, 0.4, 0.7, 0.2])
    reach = 3.182446305284263 * values.std(ddof=1) / 2
    assert (found.low, found.high) == pytest.approx((values.mean() - reach, values.mean() + reach))


def test_the_budget_is_the_charters() -> None:
    loaded = trial.load("telco/limited-stack-v1")
    assert feasibility.budget_of(loaded.charter) == (0.01, "false_blocks")
