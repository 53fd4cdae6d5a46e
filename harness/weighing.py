"""`windtunnel robustness` as a user meets it: the run, what becomes of its verdict, and the word in it.

Knows: runs, robustness and its words. Does not know: how levers are drawn, how a candidate is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness import outcomes, robustness, together
from harness.draws import Span, spans
from harness.judging import judge_run, keep_robustness
from harness.report import render
from harness.robustness import Robustness
from harness.run import Order, execute
from harness.shelf import Shelf

DRAWS = 20


def run_robustness(
    order: Order,
    shelf: Shelf,
    names: Sequence[str],
    draws: int,
    within: float | None,
    top: int,
    probes: int,
    talk: Callable[[str], None],
) -> tuple[Path, list[str]]:
    """Run the scenario, judge it again with every weak lever drawn, and keep the word beside the run's verdict.

    Answers the run's folder and the lines to print. Raises UserError.
    """
    loaded = order.loaded
    drawn = spans(shelf, names, within)
    seeds = robustness.seeds_for(shelf, draws)
    talk(f"{loaded.scenario_id}: {len(drawn)} levers drawn on {len(seeds)} seeds, after the run itself")
    folder = execute(order, judge_run)
    seeds, idle = robustness.busy_seeds(shelf, drawn, seeds, loaded.candidates[0])
    found = robustness.examine(shelf, drawn, seeds, top, probes=probes)
    document = outcomes.heading(loaded, "robustness") | {
        "seeds": list(seeds),
        "idle": list(idle),
        "within": within,
        "levers": [
            {"name": one.name, "central": one.central, "low": one.low, "high": one.high,
             "scale": "log" if one.log else "linear"}
            for one in drawn
        ],
        "candidates": [robustness.card(one) for one in found],
    }  # fmt: skip
    keep_robustness(folder, document)
    render(folder)
    talk(f"{shelf.replayed} replays done, {shelf.reused} were there")
    return folder, lines(loaded.scenario_id, drawn, found, idle)


def lines(
    scenario: str, drawn: Sequence[Span], found: Sequence[Robustness], idle: Sequence[int] = ()
) -> list[str]:
    """What was found, as a table and a sentence for each candidate. idle: seeds that were put aside."""
    logs = sum(one.log for one in drawn)
    intro = (
        f"{len(drawn)} levers, each drawn from its range on each seed: {logs} by factors, {len(drawn) - logs} evenly; "
        f"{found[0].seeds if found else 0} seeds."
    )
    told = [
        f"# {scenario}: robust or assumption-bound",
        "",
        intro,
        *([f"Put aside, since nothing is asked as drawn: seed {', '.join(map(str, idle))}."] if idle else []),
        "",
    ]
    rows: list[tuple[str, ...]] = []
    for one in found:
        for before, after in zip(one.central.clauses, one.drawn.clauses, strict=True):
            if before.terms.critical:
                values = [_value(c.estimate.value) for c in (before, after)]
                rows.append(
                    (one.candidate, before.terms.title, before.ruling, values[0], after.ruling, values[1])
                )
    told += outcomes.table(("candidate", "clause", "central", "value", "drawn", "value drawn"), rows)
    told.append("")
    for one in found:
        card = robustness.card(one)
        broke = f"breaks on {one.broken_drawn} of {one.seeds} draws, {one.broken_central} at central values"
        told.append(f"{one.candidate}: {one.central.verdict}, drawn {one.drawn.verdict}: {one.word}; {broke}")
        told += [f"  {sentence(item)}" for item in card["screened"]]
        told += [f"  {c['name']} as drawn: {c['reason']}" for c in card["clauses"] if c["reason"]]
        if "together" in card:
            told.append(f"  depends on {together.words(card['together'])}")
        elif one.word == "assumption-bound" and not one.depends_on:
            told.append("  no lever alone changes the ruling: it depends on them together")
    return told


def sentence(one: dict[str, Any]) -> str:
    """One lever that screening named, in a sentence."""
    head = f"{one['lever']} (rank correlation {one['rankCorrelation']:+.2f} with {one['clause']})"
    if not one["confirmed"]:
        return f"{head}: drawn alone, {one['aloneRuling']} as before"
    even = one.get("breakEven")
    if "breakEven" not in one:
        return f"depends on {head}: drawn alone, {one['aloneRuling']}"
    span = f"{_value(one['low'])} to {_value(one['high']) if one['high'] is not None else 'never'}"
    at = (
        f"breaks even at {even:.4g} ({span})"
        if even is not None
        else f"kept on most seeds to {one['toward']:.4g}"
    )
    return f"depends on {head}: drawn alone, {one['aloneRuling']}; central {one['central']:.4g}, {at}"


def _value(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"
