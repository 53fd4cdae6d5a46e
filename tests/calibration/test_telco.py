"""The telco against published figures: a quick part for `make test`, all of it under `slow`; emergent figures move.

The quick part takes checks whose targets are wide of what small worlds scatter; the slow part holds every check
that does not hold to having its explanation, and the page docs/calibration.md to what is found.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness import calibrating
from sim.calibration import checks_of, measure
from sim.core.calibration import Check, Finding
from sim.worlds.telco.cast import LEVERS

CHECKS = {check.number: check for check in checks_of("telco")}
SECTION_10 = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17, 18, 20, 21, 23, 24, 25, 27, 28, 30, 32)
QUICK = (4, 7, 8, 9, 16, 24)
ROOT = Path(__file__).parents[2]


def test_no_check_is_dropped() -> None:
    assert tuple(CHECKS) == SECTION_10


@pytest.mark.parametrize("check", CHECKS.values(), ids=[str(number) for number in CHECKS])
def test_a_check_says_all_that_a_reader_needs(check: Check) -> None:
    assert check.vantage
    assert check.source
    figures = [figure for item in check.measures for figure in item.figures]
    assert len({figure.name for figure in figures}) == len(figures) > 0
    assert all(figure.low < figure.high for figure in figures)
    for item in check.measures:
        assert item.study.doc
        assert re.search(r"\d+ lines", item.study.described())


@pytest.fixture(scope="module")
def quick() -> list[Finding]:
    return measure([small(CHECKS[number]) for number in QUICK], (1,))


def small(check: Check) -> Check:
    """The same check at 2,000 lines, four weeks and hourly ticks."""
    return replace(
        check,
        measures=tuple(
            replace(item, study=replace(item.study, size={"lines": 2_000}, days=28, warm_days=7, tick="1h"))
            for item in check.measures
        ),
    )


@pytest.mark.parametrize("number", QUICK)
def test_it_holds_at_small_size(quick: list[Finding], number: int) -> None:
    own = [finding for finding in quick if finding.check.number == number]
    assert own
    assert all(finding.holds for finding in own), calibrating.table(own, (1,), True)


def test_equal_seeds_give_equal_findings(quick: list[Finding]) -> None:
    again = measure([small(CHECKS[8])], (1,))
    assert again == [finding for finding in quick if finding.check.number == 8]


# An input, what it is multiplied by, and an emergent or fitted figure that is written nowhere and has to move.
MOVES = [
    ("answer_unknown", 7, "all calls", +1),
    ("answer_contact", 7, "all calls", +1),
    ("contact_calls", 7, "all calls", +1),
    ("contact_calls", 12, "ordinary", +1),
    ("stranger_calls", 12, "ordinary", -1),
    ("unwanted_calls", 17, "a line and month", +1),
    ("unwanted_calls", 28, "lawful", -1),
    ("debt_calls", 28, "lawful", +1),
    ("recorded_median", 4, "mean", +1),
    ("recorded_median", 5, "scam", -1),
    ("talk_alpha", 5, "consumer", -1),
]


@pytest.fixture(scope="module")
def still() -> dict[tuple[int, str], float | None]:
    return values(())


def values(sets: tuple[str, ...], number: int | None = None) -> dict[tuple[int, str], float | None]:
    wanted = sorted({check for _, check, _, _ in MOVES if number in (None, check)})
    found = measure([small(CHECKS[check]) for check in wanted], (1,), sets=sets)
    return {(one.check.number, one.figure.name): one.estimate.value for one in found}


@pytest.mark.parametrize(("lever", "number", "figure", "sign"), MOVES, ids=[f"{m[0]}-{m[1]}" for m in MOVES])
def test_an_emergent_figure_moves_with_its_input(
    still: dict[tuple[int, str], float | None], lever: str, number: int, figure: str, sign: int
) -> None:
    """A tenth more of the input, on the same chance: the figure moves to the side to which it must."""
    study = next(
        item.study for item in CHECKS[number].measures if figure in [own.name for own in item.figures]
    )
    base = study.levers.get(lever, LEVERS[lever].default)
    before = still[number, figure]
    after = values((f"world.levers.{lever}={1.1 * base!r}",), number)[number, figure]
    assert before is not None
    assert after is not None
    assert sign * (after - before) > 0.002 * abs(before), (before, after)


@pytest.mark.slow
def test_every_check_holds_or_is_explained() -> None:
    """All of section 10 at full size, as the command measures it, and the page that tells of it."""
    findings = measure(tuple(CHECKS.values()), calibrating.SEEDS)
    for check, own in calibrating.by_check(findings):
        if calibrating.ruling_of(own) != calibrating.HOLDS:
            assert check.note, calibrating.table(own, calibrating.SEEDS, False)
    page = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    stale = [line for line in calibrating.markdown(findings, calibrating.SEEDS, False) if line not in page]
    assert not stale, "write docs/calibration.md anew: " + "\n".join(stale)
    assert calibrating.last_line(findings) in page
