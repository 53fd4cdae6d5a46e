"""`windtunnel charter-test` as a user meets it: a table of rungs, the thresholds that are none, and the files.

Knows: trials of rungs and their words. Does not know: how twins are replayed, how an alarm is found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from harness import charter_trial, outcomes
from harness.charter_trial import Trial
from harness.report import trials
from harness.shelf import Shelf
from sim.core.errors import UserError


def run_charter_test(shelf: Shelf, magnitude: float, talk: Callable[[str], None]) -> list[str]:
    """Put the scenario's charter on trial; answers the lines to print, and writes the outcome's files.

    Raises UserError where there is no drift to switch off, or no rung.
    """
    if not 0.0 < magnitude <= 100.0:
        raise UserError(f"--magnitude: got {magnitude:g}, expected a number above 0 and at most 100")
    loaded = shelf.loaded
    since = charter_trial.onset(shelf)
    talk(
        f"{loaded.scenario_id}: twins with and without drift on {len(loaded.seeds)} seeds, onset on day {since}"
    )
    found = charter_trial.put_on_trial(shelf, loaded.seeds, magnitude)
    told = lines(loaded.scenario_id, loaded.charter_id, since, shelf.days, magnitude, found)
    document = outcomes.heading(loaded, "charter-test") | {
        "seeds": list(loaded.seeds),
        "onsetDay": since,
        "magnitude": magnitude,
        "rungs": [charter_trial.card(one) for one in found],
    }
    settings = {"seeds": list(loaded.seeds), "magnitude": magnitude}
    place = outcomes.place(shelf.root, loaded, "charter-test", settings)
    paths = outcomes.write(place, "charter-test", document, told, trials.picture(loaded.scenario_id, found))
    talk(f"{shelf.replayed} replays done, {shelf.reused} were there")
    return [*told, *(str(path) for path in paths)]


def lines(
    scenario: str, charter: str, since: int, days: int, magnitude: float, found: Sequence[Trial]
) -> list[str]:
    """The table, then each threshold that is none, by name."""
    seeds = found[0].seeds if found else 0
    intro = (
        f"Drift begins on day {since} of {days}, magnitude {magnitude:g}; {seeds} seeds with and without it."
    )
    told = [
        f"# {scenario}: charter {charter} on trial",
        "",
        intro,
        "",
    ]
    rows = [
        (
            one.candidate,
            one.terms.name,
            f"{one.rung.name} {one.rung.value:g}",
            one.terms.view,
            f"{one.detected} of {one.seeds} ({_span(one.detection)})",
            f"{one.by_chance} of {one.seeds}",
            _delay(one),
            f"{one.per_month:.2f} ({_span(one.per_month_bounds)})" if one.months > 0 else "not watched",
        )
        for one in found
    ]
    head = (
        "candidate",
        "clause",
        "rung",
        "view",
        "detected",
        "without drift",
        "delay, days",
        "false alarms a month",
    )
    told += outcomes.table(head, rows)
    faults = [one for one in found if one.fault]
    told.append("")
    told += [f"{one.candidate}: {one.terms.name}: {one.rung.name}: {one.fault}" for one in faults]
    if not faults:
        told.append("every threshold fires somewhere and none fires everywhere")
    return told


def _span(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.2f} to {ends[1]:.2f}"


def _delay(one: Trial) -> str:
    if one.detected == 0:
        return "never"
    high = "never" if math.isinf(one.delay.high) else f"{one.delay.high:g}"
    value = "never" if math.isinf(one.delay.value) else f"{one.delay.value:g}"
    return f"{value} ({one.delay.low:g} to {high})"
