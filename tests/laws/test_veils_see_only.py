"""Veils corrupt what is seen, never what happens: a world behind all of them at once settles everything as it did.

Decisions and prices are scripted: they read nothing that a veil here covers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from harness.assembly import build_replay
from harness.replay import replay
from sim.core import plugins
from sim.core.time import DAY, HOUR
from sim.core.veils import Cover, veiled
from tests.laws.conftest import Trace, joined, open_small, play
from tests.laws.small import load_small, load_small_book

NAMED: Mapping[str, Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "telco": {
        "nulls": ("call", {"field": "attestation", "share": 0.5, "code": 0.0}),
        "category_rename": ("call", {"field": "attestation", "was": (1,), "now": (3,)}),
        "stale": ("call", {"field": "same_region", "by": "caller"}),
        "unit_change": ("call_record", {"field": "duration_s", "times": 1000.0}),
        "duplicated": ("call_record", {"share": 0.5, "after": HOUR}),
        "late": ("call_record", {"delay": 2 * HOUR}),
        "outage": ("call_record", {"at": 2 * HOUR, "lasts": 4 * HOUR}),
        "clock_skew": ("report", {"field": "t", "slow": HOUR}),
    },
    "sportsbook": {
        "nulls": ("bet", {"field": "against_best", "share": 0.5}),
        "category_rename": ("match_odds", {"field": "live", "was": (0, 1), "now": (1, 0)}),
        "stale": ("match_odds", {"field": "since_event_s", "by": "match"}),
        "unit_change": ("bet", {"field": "stake", "times": 100.0}),
        "duplicated": ("mark_out", {"share": 0.5, "after": HOUR}),
        "late": ("mark_out", {"delay": 2 * HOUR}),
        "outage": ("bet_settled", {"at": 2 * HOUR, "lasts": 23 * HOUR}),
        "clock_skew": ("football_result", {"field": "t", "fast": HOUR}),
    },
}
"""One of each veil, on feeds of either world."""


def test_what_happens_is_not_touched_by_any_veil(plain: Trace, world_name: str) -> None:
    use = world_name.partition("-")[0]
    assert set(NAMED[use]) == set(plugins.names("veil")), "every veil is held here"
    world = open_small(world_name)
    start, end = world.go_live + 7, world.horizon - HOUR
    covers = [
        Cover(name, plugins.load("veil", name)(start=start, end=end, of=of, **given))
        for name, (of, given) in NAMED[use].items()
    ]
    behind: Any = veiled(world, covers, 1)
    seen = play(behind)
    for part in ("truth", "outcomes"):
        ours, theirs = getattr(seen, part), getattr(plain, part)
        assert set(ours) == set(theirs)
        for kind in theirs:
            assert [block.digest() for block in ours[kind]] == [block.digest() for block in theirs[kind]], (
                kind
            )
    for kind in plain.questions:
        assert np.array_equal(joined(seen.questions[kind])["id"], joined(plain.questions[kind])["id"])
    told = {row.name: row for row in behind.ground_truth() if row.kind == "veil"}
    for name in NAMED[use]:
        assert (told[name].onset, told[name].end) == (start, end)
        assert told[name].entities > 0, f"{name} changed nothing"
    for stream in plain.news:
        before = joined(plain.news[stream])
        after = joined(seen.news[stream])
        early, early_now = before["known_at"] < start, after["known_at"] < start
        for column in before:
            assert np.array_equal(before[column][early], after[column][early_now]), "nothing before it starts"
    assert (end - start) > DAY // 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", ["share: 1.0, after: 1h", "field: t, fast: 3d, drifts: 1d", "field: t, slow: 3d"]
)
@pytest.mark.parametrize("load", [load_small, load_small_book], ids=["telco", "sportsbook"])
def test_desks_live_with_every_feed_repeated_or_misdated(load: Any, fault: str) -> None:
    """Labels that come twice or lie in the future are no reason to fall over: a desk trains and answers on."""
    use = "duplicated" if "share" in fault else "clock_skew"
    streams = plugins.load("world", "telco" if load is load_small else "sportsbook").streams
    veils = [
        f"{{name: v-{stream.replace('_', '-')}, use: {use}, of: {stream}, start: -5d, {fault}}}"
        for stream in streams
    ]
    loaded = load(f"world.veils=[{', '.join(veils)}]")
    fits: list[Any] = []
    setting = build_replay(loaded, loaded.trial.candidates[0], 1, None, fits)
    replay(setting.world, setting.desks, setting.ledgers)
    assert fits, "something was learnt"
    assert sum(row.entities for row in setting.world.ground_truth() if row.kind == "veil") > 1000
