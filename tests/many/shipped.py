"""`python -m tests.many.shipped OUT.jsonl [NAMES] [--minutes M]`: every shipped scenario, robust or assumption-bound.

Judges the champion of each shipped scenario at central values and with every weak lever drawn on each seed, as
`windtunnel robustness` does, the cheapest first and the catalogue of drift last, and appends one JSON line to OUT as
each ends. What OUT holds already is passed over, and replays stand on a shelf beside it, so that the command goes on
where it was interrupted. At the end, and with `--minutes 0`, it prints the table of docs/many-runs.md.

Knows: which settings make a scenario affordable, about what a replay costs. Does not know: levers, draws, rulings.
A recorded scenario has no levers: nothing of it can be drawn.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import draws, robustness, together, trial
from harness.shelf import Shelf
from sim.core.catalogue import ids
from sim.core.errors import UserError

DRAWS, TOP, STEPS, PROBES = 5, 1, 1, 12
"""Seeds on which levers are drawn, levers confirmed for each clause, halvings of a break-even's bracket, sets of levers
tried where none alone was confirmed (one, where a replay takes long)."""
LONG = 25.0


@dataclass(frozen=True)
class Form:
    """How a scenario is examined here. seconds: about what a replay of its champion takes, for the order alone.
    why: where it is not examined, the reason. within: the factor within which levers are drawn; None: whole ranges."""

    seconds: float
    sets: tuple[str, ...] = ()
    why: str = ""
    within: float | None = None


LITTLE_BOOK = ("world.with.teams=4",)
FORMS: Mapping[str, Form] = {
    "telco/latency-fail-v1": Form(2),
    "telco/latency-pass-v1": Form(2),
    "telco/latency-undecided-v1": Form(2),
    "telco/latency-pay-v1": Form(2),
    "telco/lawful-campaign-v1": Form(4),
    "telco/reach-v1": Form(6),
    "telco/election-season-v1": Form(7),
    "telco/selective-labels-v1": Form(6),
    "telco/drift-response-v1": Form(6),
    "telco/fairness-v1": Form(8),
    "telco/midsize-carrier-quick-v1": Form(11),
    "telco/limited-stack-v1": Form(11),
    "telco/streaming-stack-v1": Form(9, ("world.with.lines=700",)),
    "telco/bench-v1": Form(4, ("world.with.lines=2000",)),
    "telco/decade-v1": Form(14, ("world.with.lines=400",)),
    "telco/midsize-carrier-v1": Form(25, ("world.with.lines=500", "world.horizon=120d")),
    "sportsbook/inplay-margin-v1": Form(30, ("world.with.teams=8", "world.with.betsPerMatch=4000")),
    "sportsbook/state-launch-v1": Form(40, ("world.with.betsPerMatch=1500",)),
    "sportsbook/empty-stadiums-v1": Form(42),
    # A hundred calls a log-in, 3,000 log-ins for one: such a draw had not ended after a quarter of an hour.
    "sportsbook/login-outage-v2": Form(10, within=10.0),
}  # fmt: skip


def form(name: str) -> Form:
    """How a scenario is examined: by its own row, or by what it is like."""
    if name in FORMS:
        return FORMS[name]
    if name.startswith("recorded/"):
        return Form(0, why="a recording: no lever to draw")
    if name.startswith("drift/telco"):
        return Form(5)
    if name.startswith("drift/"):
        return Form(4, LITTLE_BOOK)
    return Form(10)


def examined(name: str, shelf: Path) -> dict[str, Any]:
    """The outcome of one scenario, as plain values."""
    own = form(name)
    narrower = [f"within={own.within:g}"] if own.within else []
    told: dict[str, Any] = {"scenario": name, "sets": [*own.sets, *narrower]}
    if own.why:
        return told | {"why": own.why}
    loaded = trial.load(name, own.sets)
    replays = Shelf(loaded, shelf, quiet=True)
    try:
        drawn = draws.spans(replays, within=own.within)
        seeds, idle = robustness.busy_seeds(
            replays, drawn, robustness.seeds_for(replays, DRAWS), loaded.candidates[0]
        )
        probes = PROBES if own.seconds < LONG else 1
        (found,) = robustness.examine(replays, drawn, seeds, TOP, loaded.candidates[:1], STEPS, probes)
    except UserError as error:
        return told | {"why": str(error)}
    return told | {
        "seeds": list(seeds),
        "idle": list(idle),
        "levers": len(drawn),
        "replays": replays.replayed,
        "robustness": robustness.card(found),
    }


def line(told: Mapping[str, Any]) -> str:
    """A row of the table."""
    sets = ", ".join(one.rpartition(".")[2] for one in told["sets"]) or "its own"
    if "why" in told:
        return (
            f"| `{told['scenario']}` | {sets if told['sets'] else '–'} | – | – | – | not run: {told['why']} |"
        )
    card = told["robustness"]
    seeds = told["seeds"]
    where = (
        f"{seeds[0]} to {seeds[-1]}"
        if seeds == list(range(seeds[0], seeds[-1] + 1))
        else ", ".join(map(str, seeds))
    )
    word = card["word"] if card["word"] != "assumption-bound" else f"{card['central']} (assumption-bound)"
    return f"| `{told['scenario']}` | {sets} | {where} | {card['central']} | {card['drawn']} | {word}{_why(card)} |"


def _why(card: Mapping[str, Any]) -> str:
    if card["word"] == "robust":
        return ""
    if card["word"] != "assumption-bound":
        broke = [one["name"] for one in card["clauses"] if one["central"] not in ("PASS", "FAIL")]
        return f": {', '.join(broke)}"
    found = []
    for one in card["dependsOn"]:
        text = f"`{one['lever']}` ({one['clause']}, alone {one['aloneRuling']}"
        if one.get("breakEven") is not None:
            text += f"; central {one['central']:.4g}, breaks even at {one['breakEven']:.4g}"
        elif "toward" in one:
            text += f"; central {one['central']:.4g}, kept on most seeds to {one['toward']:.4g}"
        found.append(text + ")")
    moved = [f"{one['name']} {one['drawn']}" for one in card["clauses"] if one["central"] != one["drawn"]]
    if not found and "together" in card:
        found = [together.words(card["together"])]
    held = "depends on " + ", ".join(found) if found else "on several levers together"
    return f", {held}; drawn: {', '.join(moved)}"


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The table, in the order of the rows."""
    head = ("| scenario | form | seeds | central | drawn | verdict |", "|---|---|---|---|---|---|")
    return [*head, *(line(one) for one in rows)]


def _turn(name: str) -> tuple[bool, float, str]:
    return name.startswith("drift/"), form(name).seconds, name


def main() -> int:
    """Entry point. Answers how many could not be examined for a fault of ours."""
    read = argparse.ArgumentParser(prog="python -m tests.many.shipped", description=__doc__)
    read.add_argument("out", type=Path, help="a file of JSON lines")
    read.add_argument("names", nargs="*", help="parts of ids; all of them where none is given")
    read.add_argument("--minutes", type=float, default=1e9, help="begin no scenario after so many minutes")
    given = read.parse_args()
    rows = (
        [json.loads(text) for text in given.out.read_text(encoding="utf-8").splitlines()]
        if given.out.exists()
        else []
    )
    there = {row["scenario"] for row in rows}
    wanted = [
        name for name in ids("Scenario") if not given.names or any(part in name for part in given.names)
    ]
    faults, began = 0, time.monotonic()
    for name in sorted((one for one in wanted if one not in there), key=_turn):
        if time.monotonic() - began > given.minutes * 60:
            break
        spent = time.process_time()
        try:
            told = examined(name, given.out.parent / "shelf")
        except Exception:
            traceback.print_exc()
            faults += 1
            continue
        told["cpuSeconds"] = round(time.process_time() - spent, 1)
        rows.append(told)
        with given.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
        print(line(told), f"<!-- {told['cpuSeconds']} s -->", file=sys.stderr, flush=True)
    own = sorted((row for row in rows if row["scenario"] in wanted), key=lambda row: str(row["scenario"]))
    print("\n".join(table(own)))
    if left := sorted(set(wanted) - {row["scenario"] for row in own}):
        print(f"\nNot examined yet: {', '.join(f'`{name}`' for name in left)}.")
    return faults


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
