"""Degenerate desks fail: whoever passes, labels, challenges or blocks everything, or acts at random, is told by a
named clause of each charter that ships for the telco.

The judge, the metrics and the charters are the shipped ones; the world is small (1,500 lines, ten days after goLive,
five seeds), which can only make a FAIL harder to reach. The seeds are fixed; with fresh ones a false alarm would need a
clause that is missed by a factor of 9 or more, or by construction, to be kept: below 1e-6.
"""

from __future__ import annotations

import pytest

from harness import terms, trial, verdict
from harness.plans import CandidatePlan
from harness.rulings import ClauseRuling
from harness.tallies import Tallies
from harness.verdict import CandidateVerdict
from tests.laws.replays import Played, plan, play, tell

SEEDS = (1, 2, 3, 4, 5)
SIZE = (
    "world.with.lines=1500",
    "world.tick=4h",
    "world.history=6d",
    "world.historyBecause=nothing is learnt here",
    "world.horizon=10d",
    "world.lagTail=4d",
    "trial.labels.maturity=4d",
)
CHARTERS = ("telco/midsize-carrier-v1", "telco/midsize-carrier-quick-v1")
ONE = ("calls_1h",)
"""These desks do not look at features, but a desk has some."""
DESKS: dict[str, CandidatePlan] = {
    "pass_all": plan("pass_all", "pass_all", features=ONE),
    "label_all": plan("label_all", "label_all", features=ONE),
    "challenge_all": plan("challenge_all", "block_all", features=ONE, action="challenge"),
    "block_all": plan("block_all", "block_all", features=ONE),
    "block_for_good": plan("block_for_good", "block_all", features=ONE, lasts=30 * 86_400_000_000),
    "random": plan("random", "random", features=ONE, shares={"block": 0.05}),
}
FAILED_BY = {
    ("pass_all", CHARTERS[0]): {"complaint_reduction"},
    ("label_all", CHARTERS[0]): {"lawful_hindered", "lawful_answered"},
    ("challenge_all", CHARTERS[0]): {"lawful_hindered", "lawful_answered"},
    ("block_all", CHARTERS[0]): {"false_blocks", "lawful_hindered", "lawful_answered"},
    ("block_for_good", CHARTERS[0]): {"false_blocks", "lawful_hindered", "lawful_answered"},
    ("random", CHARTERS[0]): {"false_blocks", "lawful_hindered"},
    ("pass_all", CHARTERS[1]): {"detection"},
    ("label_all", CHARTERS[1]): {"detection", "lawful_answered"},
    ("challenge_all", CHARTERS[1]): {"lawful_answered"},
    ("block_all", CHARTERS[1]): {"false_blocks", "lawful_answered"},
    ("block_for_good", CHARTERS[1]): {"false_blocks", "lawful_answered"},
    ("random", CHARTERS[1]): {"false_blocks"},
}
"""(desk, charter) -> critical clauses that must each fail it, on the whole and not in a slice alone."""


@pytest.fixture(scope="module")
def played() -> dict[tuple[str, int], Played]:
    """Every desk, and the incumbent, on every seed."""
    loaded = trial.load("telco/midsize-carrier-quick-v1", SIZE)
    desks = {"incumbent": loaded.trial.incumbent, **DESKS}
    return {(name, seed): play(loaded, desk, seed) for name, desk in desks.items() for seed in SEEDS}


@pytest.fixture(scope="module")
def counts(played: dict[tuple[str, int], Played]) -> Tallies:
    """What the seeds counted."""
    return tell(played, SEEDS)


def judged(
    counts: Tallies, charter: str, played: dict[tuple[str, int], Played]
) -> dict[str, CandidateVerdict]:
    """Every desk's verdict under a shipped charter."""
    loaded = trial.load("telco/midsize-carrier-quick-v1", (*SIZE, f"charter={charter}"))
    world = played["incumbent", 1].world
    clauses = terms.terms(loaded.charter, world.slices, counts.specs)
    alpha = 1 - loaded.charter.spec.confidence
    return {one.name: one for one in verdict.judge(counts, clauses, tuple(DESKS), alpha=alpha).candidates}


def failures(found: CandidateVerdict) -> dict[str, ClauseRuling]:
    """The critical clauses, on the whole, that fail it."""
    told = [c for c in found.clauses if c.terms.critical and c.terms.slice == "all" and c.ruling == "FAIL"]
    return {clause.terms.name: clause for clause in told}


@pytest.mark.parametrize("charter", CHARTERS)
@pytest.mark.parametrize("desk", DESKS)
def test_a_degenerate_desk_fails_by_a_named_clause(
    desk: str, charter: str, counts: Tallies, played: dict[tuple[str, int], Played]
) -> None:
    found = judged(counts, charter, played)[desk]
    assert found.verdict == "FAIL"
    assert found.exit_code >= 10
    told = failures(found)
    assert set(told) >= FAILED_BY[desk, charter]
    for clause in told.values():
        assert clause.terms.owner
        assert clause.terms.because


def test_to_pass_everything_is_to_be_the_incumbent(played: dict[tuple[str, int], Played]) -> None:
    for seed in SEEDS:
        assert sorted(played["pass_all", seed].ledger.counts) == sorted(
            played["incumbent", seed].ledger.counts
        )


def test_what_is_blocked_for_good_is_blocked(played: dict[tuple[str, int], Played]) -> None:
    """The desks do what their names say: otherwise their failing says nothing."""
    for seed in SEEDS:
        share = played["block_all", seed].rate("hard_false_blocks")
        assert 0.92 < share < 0.98  # all but the holdout of 5 % of the lines
        assert played["block_for_good", seed].rate("hard_false_blocks") == share
        assert played["label_all", seed].rate("hard_false_blocks") == 0
        assert 0.92 < played["label_all", seed].rate("lawful_hindered") < 0.98
        assert 0.035 < played["random", seed].rate("hard_false_blocks") < 0.06
