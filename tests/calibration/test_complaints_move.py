"""Checks 18 and 23, who is complained of: figures that nobody wrote anywhere move by a hundredth and more when an input
moves by a tenth, and do not when it has nothing to do with them.

6,000 lines, four weeks, three seeds, with reports 17 times as ready as by default: a small world has too few complaints
at the default. On the same chance, so that a test repeats exactly. `report_near` disturbs no call, `prefer_neighbour`
does; seeds 4 to 6 moved the same way.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.calibration import checks_of, measure
from sim.core.calibration import Check
from sim.worlds.telco.cast import LEVERS

Values = dict[tuple[int, str], float]
TOP, OWN_ALL, OWN_COMPLAINED = (18, "one day"), (23, "all unwanted"), (23, "complained of")
OFTEN = "world.levers.report_rate=0.05"


def _small(check: Check) -> Check:
    return replace(
        check,
        measures=tuple(
            replace(item, study=replace(item.study, size={"lines": 6_000}, days=28, warm_days=7, tick="1h"))
            for item in check.measures
        ),
    )


def _values(*sets: str) -> Values:
    checks = [_small(check) for check in checks_of("telco") if check.number in (18, 23)]
    found = measure(checks, (1, 2, 3), sets=(OFTEN, *sets))
    values = {(one.check.number, one.figure.name): one.estimate.value for one in found}
    return {name: value for name, value in values.items() if value is not None}


def _raised(lever: str) -> str:
    return f"world.levers.{lever}={1.1 * LEVERS[lever].default!r}"


@pytest.fixture(scope="module")
def still() -> Values:
    return _values()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lever", "moved"),
    [
        ("report_near", (TOP, OWN_COMPLAINED)),
        ("prefer_neighbour", (OWN_ALL, OWN_COMPLAINED)),
    ],
)
def test_a_tenth_more_moves_who_is_complained_of(
    still: Values, lever: str, moved: tuple[tuple[int, str], ...]
) -> None:
    after = _values(_raised(lever))
    for name in moved:
        assert after[name] > 1.01 * still[name], (name, still[name], after[name])


@pytest.mark.slow
def test_readier_reports_of_the_own_area_change_no_call(still: Values) -> None:
    assert _values(_raised("report_near"))[OWN_ALL] == still[OWN_ALL]


@pytest.mark.slow
def test_calls_between_contacts_have_nothing_to_do_with_it(still: Values) -> None:
    after = _values(_raised("contact_calls"))
    for name, value in still.items():
        assert abs(after[name] - value) < 0.002 * value, (name, value, after[name])
