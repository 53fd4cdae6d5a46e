"""Operations in a replay: the dashboard is the ledger's observed view; rollback, promotion and a refusal, for real.

Knows: the small drill. Does not know: how a case is played.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.assembly import Setting, build_replay
from harness.oracle import Oracle, truthful
from harness.playbook import Playbook
from harness.units import Units
from sim.core import plugins
from sim.core.decisions import Decisions, Quotes
from sim.core.time import DAY, HOUR
from sim.core.world import Question
from tests.laws.drill import HISTORY_DAYS, Spec, charter, eager, load_drill, lone, steps_of

LIVE = HISTORY_DAYS * DAY


class Seen:
    """Which actions were taken in each tick, noted beside the playbook."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.acted: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.playbook, name)

    def decided(self, question: Question, answer: Decisions | Quotes) -> None:
        assert isinstance(answer, Decisions)
        self.acted[question.start] = int((answer.action > 0).sum())
        self.playbook.decided(question, answer)


def drilled(*sets: str) -> tuple[Setting, Playbook, dict[int, int], list[dict[str, Any]]]:
    loaded = load_drill(*sets)
    fits: list[dict[str, Any]] = []
    setting = build_replay(loaded, loaded.candidate("drilled"), 1, None, fits)
    playbook = setting.operations
    assert isinstance(playbook, Playbook)
    seen: Any = Seen(playbook)
    setting.operations = seen
    setting.play()
    return setting, playbook, seen.acted, fits


def test_the_dashboard_shows_what_the_ledger_counts_as_observed(tmp_path: Path) -> None:
    def watched(spec: Spec) -> None:
        eager(spec)
        spec["clauses"].append({
            "name": "complaints", "metric": "complaint_reduction", "unit": "ratio", "op": "gte", "goodEnough": 0.9,
            "view": "observed", "because": "a test", "owner": "business",
            "rungs": {"escalate": {"value": 0.8, "lookbackWindow": "3d"}},
        })  # fmt: skip
        spec["fairness"] = [{
            "name": "fair", "metric": "hard_false_blocks", "unit": "ratio", "op": "lte", "goodEnough": 1.5,
            "view": "observed", "because": "a test", "owner": "business", "by": "caller_class", "group": "consumer",
            "measure": "difference", "rungs": {"escalate": {"value": 2.0, "lookbackWindow": "3d"}},
        }]  # fmt: skip

    holdout = "trial.holdout={share: 0.2}"
    setting, playbook, _, _ = drilled(f"charter={charter(tmp_path, watched)}", lone("observed"), holdout)
    (ledger,), (board,) = setting.ledgers.values(), playbook.dashboards.values()
    assert set(board.metrics) == {"detection_rate", "hard_false_blocks", "complaint_reduction"}
    assert board.days == 9  # the tenth is over when nothing is asked any more
    for metric in board.metrics:
        days = {name: np.zeros((2, board.days)) for name in ("observed", "observed_holdout")}
        for day, name, label, view, top, bottom in ledger.counts:
            if name == metric and label == "all" and view in days and day < board.days:
                days[view][:, day] = top, bottom
        for span in (1, 3, 7):
            (top, bottom), (top0, bottom0) = (days[view][:, -span:].sum(axis=1) for view in days)
            with np.errstate(divide="ignore", invalid="ignore"):
                expected = (
                    top / bottom if metric != "complaint_reduction" else 1 - (top / bottom) / (top0 / bottom0)
                )
            assert board.value(metric, span) == pytest.approx(expected, nan_ok=True), (metric, span)
    assert np.isnan(board.value("detection_rate", board.days + 1))
    line = next(one for one in playbook.clause_lines if one.name == "fair")
    assert line.slice == "caller_class=consumer minus others"
    sums = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for day, name, label, view, top, bottom in ledger.counts:
        if (name, view) == ("hard_false_blocks", "observed") and "=" in label and day < board.days:
            own = sums[label == "caller_class=consumer"]
            own[0], own[1] = own[0] + top, own[1] + bottom
    assert sums[True][0] > 0.0
    expected = sums[True][0] / sums[True][1] - sums[False][0] / sums[False][1]
    assert board.value("hard_false_blocks", board.days, line.slice) == pytest.approx(expected)


def blocking(spec: Spec) -> None:
    """False blocks are never few enough: roll back."""
    del spec["clauses"][0]["rungs"]
    spec["clauses"][1]["goodEnough"] = 0.0
    spec["clauses"][1]["rungs"] = {"rollback": {"value": 0.0001, "lookbackWindow": "1d"}}


BLOCK_ALL = (
    "trial.candidates=[{name: drilled, use: constant, policy: {use: fixed_threshold, with: {block_at: 0.0}}, "
    "playbook: {use: observed}}]"
)


def test_a_rollback_to_a_fallback_stops_every_action_and_a_promotion_ends_it(tmp_path: Path) -> None:
    _, playbook, acted, _ = drilled(f"charter={charter(tmp_path, blocking)}", BLOCK_ALL)
    case = playbook.cases[0]
    assert case.outcome == "rolled back"
    assert case.begun is not None
    assert case.ended is not None
    assert (case.begun % DAY, case.ended % DAY) == (
        9 * HOUR,
        10 * HOUR,
    )  # half an hour's work, from the next tick on
    before = [count for t, count in acted.items() if LIVE <= t < case.ended]
    assert sum(before) > 0
    assert {count for t, count in acted.items() if t >= case.ended} == {0}
    assert playbook.cases[0].recovered is not None, "nothing is blocked, so false blocks are few again"


def test_a_rollback_to_a_previous_champion_needs_one(tmp_path: Path) -> None:
    def back(spec: Spec) -> None:
        blocking(spec)
        steps_of(spec, "rollback")["target"] = "previous_champion"

    setting, playbook, acted, _ = drilled(f"charter={charter(tmp_path, back)}", BLOCK_ALL)
    assert {case.outcome for case in playbook.cases} == {"no previous champion"}
    assert all(count > 0 for t, count in acted.items() if t >= LIVE + 12 * HOUR and t % DAY == 12 * HOUR)
    (desk,) = setting.desks.values()
    assert desk.model is not None
    assert desk.model.version == 1


def test_promotions_and_refusals_follow_the_check(tmp_path: Path) -> None:
    def never_better(spec: Spec) -> None:
        eager(spec)
        steps_of(spec, "retrain")["shadow"]["margin"] = 2.0

    outcomes = {}
    for name, change in (("eager", eager), ("never_better", never_better)):
        setting, playbook, _, fits = drilled(f"charter={charter(tmp_path, change)}", lone("observed"))
        (desk,) = setting.desks.values()
        assert desk.model is not None
        ended = [case for case in playbook.cases if not case.open]
        outcomes[name] = {case.outcome for case in ended}
        assert [fit["version"] for fit in fits] == list(range(1, len(ended) + 2))
        assert [fit.get("in_force", True) for fit in fits[1:]] == [
            case.outcome == "promoted" for case in ended
        ]
        assert desk.model.version == max([1, *(case.version for case in ended if case.outcome == "promoted")])
        for case in ended:
            assert case.shadow["passed"] == (case.outcome == "promoted")
            assert case.shadow["units"] >= 10 or not case.shadow["passed"]
    assert "promoted" in outcomes["eager"]
    assert "refused: not better by the margin" in outcomes["never_better"]
    assert "promoted" not in outcomes["never_better"]


def test_a_retrain_on_poisoned_reports_is_caught_by_the_shadow_check(tmp_path: Path) -> None:
    """From day 1 every answered debt reminder and one lawful call in a hundred is reported. A challenger that was
    trained on those days is refused; without the wave the like challenger takes over."""

    def check(spec: Spec) -> None:
        for clause in spec["clauses"]:
            del clause["rungs"]
        step = steps_of(spec, "retrain")
        step["shadow"] = {"metric": "average_precision", "span": "10d", "share": 0.5, "least": 20}
        step["training"]["window"] = "8d"

    more = (
        lone("schedule", {"with": "{every: 7d}"}),
        "world.with.lines=600",
        "world.levers={analysts_per_10k_lines: 80, wrong_report_debt: 100, debt_calls: 0.5}",
        "trial.audit.busyShare=0.6",
    )
    found = {}
    for poison in (0.0, 0.01):
        wave = (
            f"world.injections=[{{name: wave, use: step, lever: wrong_report_wave, to: {poison}, start: 1d}}]"
        )
        _, playbook, _, fits = drilled(f"charter={charter(tmp_path, check)}", wave, *more)
        (found[poison],) = playbook.cases
        wrong = fits[-1]["false_positives"] / fits[-1]["positives"]
        assert (wrong > 0.7) == (poison > 0), "the window is poisoned, or it is not"
    clean, poisoned = found[0.0], found[0.01]
    assert clean.outcome == "promoted"
    assert poisoned.outcome == "refused: not better by the margin"
    assert poisoned.shadow["units"] == clean.shadow["units"]
    assert poisoned.shadow["challenger"] < poisoned.shadow["champion"] - 0.2


def test_units_told_truly_are_a_sample_of_all_with_weights_that_make_up_for_it() -> None:
    units = Units(1, 1, 4 * DAY, 14 * DAY)
    n = 4_000
    ids = np.arange(n, dtype=np.int64)
    units.observe(ids, ids, np.zeros(n, dtype=np.int64), np.zeros((n, 1), dtype=np.float32))
    bad = np.arange(0, n, 5, dtype=np.int64)
    told = truthful(units, {0: [bad]}, 1_000, 1)
    day = told.days[0]
    kept = day.scored[:n]
    assert 850 < kept.sum() < 1_150  # 1,000 by a lot for each: beyond 5 standard errors once in two million
    assert set(day.verified[:n][~kept]) == {-1}
    assert np.array_equal(day.verified[:n][kept] == 1, np.isin(day.entity[:n][kept], bad))
    assert np.allclose(1.0 / day.share[:n][kept], 4.0)
    assert not units.days[0].verified[:n].any() or (units.days[0].verified[:n] == -1).all()


def test_the_oracle_heeds_the_candidate_s_own_desks_alone() -> None:
    """Where a world asks several questions the incumbent answers some, and what came of those teaches nothing."""
    oracle = Oracle(plugins.load("response", "oracle")(), {}, lambda: (), 0, 1)
    truth = SimpleNamespace(block=SimpleNamespace(columns={"unwanted": np.ones(1)}))
    asked: Any = SimpleNamespace(kind="match_odds", block=[1], start=0)
    settled: Any = SimpleNamespace(truth=truth)
    oracle.witness(asked, settled)
    oracle.act(DAY)
    assert not oracle.cases
