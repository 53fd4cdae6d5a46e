"""A recorded log behind every veil: what is told is wrong, what is settled is what the log says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.core import plugins
from sim.core.errors import UserError
from sim.core.time import DAY, HOUR
from sim.core.veils import Cover, veiled
from sim.veils.category_rename import CategoryRename
from sim.veils.clock_skew import ClockSkew
from sim.veils.duplicated import Duplicated
from sim.veils.late import Late
from sim.veils.nulls import Nulls
from sim.veils.outage import Outage
from sim.veils.stale import Stale
from sim.veils.unit_change import UnitChange
from tests.unit.recorded.logs import CALLS, MATCHES, Opened, column, play

ALL = (0, 40 * DAY)
VEILS: dict[str, Any] = {
    "nulls": Nulls(*ALL, "call", "line", 1.0, code=-1),
    "late": Late(*ALL, "report", DAY),
    "stale": Stale(*ALL, "call_record", "answered", by="caller"),
    "duplicated": Duplicated(*ALL, "report", 1.0, after=HOUR),
    "unit_change": UnitChange(*ALL, "call_record", "duration_s", times=1000.0),
    "clock_skew": ClockSkew(*ALL, "report", "t", slow=HOUR),
    "category_rename": CategoryRename(*ALL, "call", "line", was=(1, 2), now=(2, 1)),
    "outage": Outage(*ALL, "call_record", at=9 * HOUR, lasts=4 * HOUR),
}
CHANGED = {
    "nulls": ("asked", "line", [-1] * 5),
    "late": ("report", "known_at", [3 * DAY + 11 * HOUR + HOUR // 2]),
    "stale": ("call_record", "answered", [1, 1, 1, 1, 1]),
    "unit_change": ("call_record", "duration_s", [4000.0, 61500.0, 0.0, 7000.0, 8000.0]),
    "category_rename": ("asked", "line", [2, 1, 2, 1, 1]),
}


@pytest.mark.parametrize("name", plugins.names("veil"))
def test_every_veil_covers_a_recorded_log(name: str, opened: Opened, call_mapping: Any) -> None:
    call_mapping["streams"]["call_record"]["fields"]["duration_s"]["unit"] = "s"
    plain = play(opened(CALLS, call_mapping))
    world: Any = veiled(opened(CALLS, call_mapping), [Cover("it", VEILS[name])], 1)
    seen = play(world)
    assert [block.digest() for block in seen["truth"]] == [block.digest() for block in plain["truth"]]
    assert column(seen["asked"], "id") == column(plain["asked"], "id")
    for stream in plain["news"]:
        assert set(seen["news"].ids(stream)) == set(plain["news"].ids(stream))
    assert world.ground_truth()[-1].entities > 0, "something was changed"
    if name in CHANGED:
        where, field, values = CHANGED[name]
        blocks = seen["asked"] if where == "asked" else seen["news"][where]
        assert np.isin(values, column(blocks, field)).all()
        if where != "report":
            assert sorted(column(blocks, field)) == sorted(values)
    if name == "duplicated":
        assert sorted(seen["news"].ids("report")) == sorted(2 * plain["news"].ids("report"))
    if name == "outage":
        known = np.array(column(seen["news"]["call_record"], "known_at"))
        assert ((known % DAY < 9 * HOUR) | (known % DAY >= 13 * HOUR)).all()
    if name == "clock_skew":
        shift = np.array(column(plain["news"]["report"], "t")) - column(seen["news"]["report"], "t")
        assert set(shift.tolist()) == {HOUR}


def test_quotes_of_a_recorded_match_are_asked_from_a_cache(opened: Opened, match_mapping: Any) -> None:
    stale = Stale(*ALL, "match_odds", "score_home", by="match")
    plain = play(opened(MATCHES, match_mapping))
    seen = play(veiled(opened(MATCHES, match_mapping), [Cover("cache", stale)], 1))
    assert column(plain["asked"], "score_home") != column(seen["asked"], "score_home")
    assert set(column(seen["asked"], "score_home")) == {0}, "every match begins without a goal"
    assert [b.digest() for b in seen["truth"]] == [b.digest() for b in plain["truth"]]


def test_a_field_that_the_log_does_not_have_is_told(opened: Opened, call_mapping: Any) -> None:
    with pytest.raises(UserError, match="veil 'it': field: 'call' has no field 'lin', did you mean 'line'"):
        veiled(opened(CALLS, call_mapping), [Cover("it", Nulls(*ALL, "call", "lin", 1.0, code=-1))], 1)
