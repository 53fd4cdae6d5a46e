"""The pass over every shipped scenario: each has a form that reads well or a reason, and a row that tells its outcome.

Knows: forms, rows. Does not know: replays, which are the command's.
"""

from __future__ import annotations

from harness import trial
from harness.robustness import FEWEST
from sim.core.catalogue import ids
from tests.many.shipped import DRAWS, FORMS, form, line, table


def test_every_shipped_scenario_reads_well_in_its_form_or_has_a_reason() -> None:
    assert set(FORMS) <= set(ids("Scenario"))
    assert DRAWS >= FEWEST
    known = [name for name in ids("Scenario") if not name.startswith("drift/")]
    for name in [*known, *ids("Scenario")[:32:10]]:  # those of drift are alike, world by world
        own = form(name)
        if not own.why:
            assert len(trial.load(name, own.sets).seeds) >= FEWEST


def test_a_row_says_what_a_pass_hangs_on() -> None:
    clause = {"name": "detection", "central": "PASS", "drawn": "FAIL"}
    lever = {
        "clause": "detection",
        "lever": "reach",
        "central": 1.0,
        "aloneRuling": "FAIL",
        "breakEven": 0.25,
    }
    card = {
        "word": "assumption-bound",
        "central": "PASS",
        "drawn": "FAIL",
        "clauses": [clause],
        "dependsOn": [lever],
    }
    told = {
        "scenario": "telco/x",
        "sets": ["world.with.lines=500"],
        "seeds": [1, 2, 3, 4, 5],
        "robustness": card,
    }
    assert line(told) == (
        "| `telco/x` | lines=500 | 1 to 5 | PASS | FAIL | PASS (assumption-bound), depends on `reach` (detection, "
        "alone FAIL; central 1, breaks even at 0.25); drawn: detection FAIL |"
    )
    never = {**lever, "breakEven": None, "toward": 0.01}
    assert "kept on most seeds to 0.01" in line({**told, "robustness": {**card, "dependsOn": [never]}})
    assert "on several levers together" in line({**told, "robustness": {**card, "dependsOn": []}})
    both = {"levers": ["reach", "report_rate"], "least": True, "low": 0.25, "high": 0.375}
    assert (
        "depends on reach with report_rate, together (kept to 0.25 of the way to their draws, lost at 0.375)"
        in line({**told, "robustness": {**card, "dependsOn": [], "together": both}})
    )
    assert table([{"scenario": "a", "sets": [], "why": "b"}])[2] == "| `a` | – | – | – | – | not run: b |"
