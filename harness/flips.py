"""Decisions of two runs on the same events, as their ledgers have them: which flipped, whose, and some by name.

Knows: ledgers, actions, slices. Does not know: why a decision flipped, replays.

A ledger keeps every row that was acted on or labelled and a sample of the rest. An event acted on in one run of which
the other kept no row was passed there, or was never asked there: the two cannot be told apart, and are told as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import results
from sim.core.errors import UserError
from sim.core.time import DAY

if TYPE_CHECKING:
    import pandas as pd

NO_ROW = "passed or never asked"
MOST_EXAMPLES = 5


@dataclass(frozen=True)
class Side:
    """One run of the two: its folder and the candidate that is looked at."""

    folder: Path
    candidate: str


def flips(
    one: Side, other: Side, seeds: Sequence[int], actions: Mapping[str, Sequence[str]],
    slices: Mapping[str, Sequence[str]], go_live: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """What was decided otherwise, by desk. actions: names by kind of question (none for one that quotes); slices:
    labels by slice. Raises UserError where a ledger is not there or not readable."""
    desks = sorted({*_desks(one, seeds), *_desks(other, seeds)})
    return [_desk(one, other, seeds, desk, actions, slices, go_live) for desk in desks]


def _desks(side: Side, seeds: Sequence[int]) -> list[str]:
    place = _place(side, seeds[0])
    if not place.is_dir():
        raise UserError(f"{place}: missing: the run is not whole, repeat it with --force")
    return [path.name.removeprefix("desk=") for path in place.glob("desk=*")] or [""]


def _place(side: Side, seed: int) -> Path:
    return side.folder / "ledger" / f"candidate={side.candidate}" / f"seed={seed}"


def _rows(side: Side, seeds: Sequence[int], desk: str) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for seed in seeds:
        place = _place(side, seed) / f"desk={desk}" if desk else _place(side, seed)
        for path in sorted(place.glob("part-*.parquet")):
            try:
                parts.append(pd.read_parquet(path).assign(seed=seed))
            except (OSError, ValueError) as error:
                raise UserError(f"{path}: not readable as Parquet; repeat the run with --force") from error
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"seed": [], "id": [], "t": []})


def _desk(
    one: Side, other: Side, seeds: Sequence[int], desk: str, actions: Mapping[str, Sequence[str]],
    slices: Mapping[str, Sequence[str]], go_live: int,
) -> dict[str, Any]:  # fmt: skip
    a, b = _rows(one, seeds, desk), _rows(other, seeds, desk)
    told: dict[str, Any] = {"desk": desk, "rows": [len(a), len(b)]}
    kind = desk or next(iter(actions), "")
    both = a.merge(b, on=["seed", "id"], suffixes=("", "_b"))
    told["inBoth"] = len(both)
    if "action" not in a.columns and "action" not in b.columns:
        return told | _quotes(both)
    names = list(actions.get(kind, ()))
    flipped = both[both["action"] != both["action_b"]]
    only_a = _missing(a, b)
    only_b = _missing(b, a)
    told |= {
        "flipped": len(flipped),
        "rescored": int(_rescored(both)),
        "actedOnlyInOne": [len(only_a), len(only_b)],
        "moves": _moves(names, flipped, only_a, only_b),
        "segments": _segments(slices, a, flipped, only_a, only_b),
    }
    whole = [part["t"].min() for part in (flipped, only_a, only_b) if len(part)]
    told["firstDay"] = None if not whole else (int(min(whole)) - go_live) / DAY
    first: list[dict[Any, Any]] = (
        flipped.sort_values(["seed", "t", "id"]).head(MOST_EXAMPLES).to_dict("records")
    )
    told["examples"] = [
        {"event": int(row["id"]), "seed": int(row["seed"]), "day": (int(row["t"]) - go_live) / DAY,
         "one": _name(names, int(row["action"])), "other": _name(names, int(row["action_b"])),
         "scores": [_score(float(row["scored"])), _score(float(row["scored_b"]))]}
        for row in first
    ]  # fmt: skip
    return told


def _missing(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Rows acted on of which the other ledger has none."""
    acted = a[a["action"] > 0]
    known = b[["seed", "id"]].assign(there=True)
    found = acted.merge(known, on=["seed", "id"], how="left")
    return found[found["there"].isna()]


def _rescored(both: pd.DataFrame) -> int:
    x, y = both["scored"].to_numpy(), both["scored_b"].to_numpy()
    return int((~((x == y) | (np.isnan(x) & np.isnan(y)))).sum())


def _moves(
    names: Sequence[str], flipped: pd.DataFrame, only_a: pd.DataFrame, only_b: pd.DataFrame
) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = {}
    for one, other in zip(flipped["action"].tolist(), flipped["action_b"].tolist(), strict=True):
        key = _name(names, int(one)), _name(names, int(other))
        counts[key] = counts.get(key, 0) + 1
    for part, place in ((only_a, 0), (only_b, 1)):
        for code in part["action"].tolist():
            pair = (_name(names, int(code)), NO_ROW)
            key = pair if place == 0 else (pair[1], pair[0])
            counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"one": pair[0], "other": pair[1], "count": count} for pair, count in ordered]


def _segments(
    slices: Mapping[str, Sequence[str]], a: pd.DataFrame, *changed: pd.DataFrame
) -> list[dict[str, Any]]:
    """For each slice's labels: rows of the first run's ledger, and changed decisions among them; most changed first."""
    found = []
    for name, labels in slices.items():
        if name not in a.columns:
            continue
        rows = a[name].value_counts().to_dict()
        moved: dict[int, int] = {}
        for part in changed:
            for code in part[name].astype(int).tolist():
                moved[code] = moved.get(code, 0) + 1
        found += [
            {"slice": f"{name}={labels[code]}", "changed": count, "rows": int(rows.get(code, 0))}
            for code, count in moved.items()
        ]
    return sorted(found, key=lambda one: (-one["changed"], one["slice"]))


def _quotes(both: pd.DataFrame) -> dict[str, Any]:
    """Prices on the same rows: how many moved, by how much."""
    names = [name for name in ("p0", "p1", "p2") if name in both.columns and f"{name}_b" in both.columns]
    if not names or not len(both):
        return {"flipped": 0, "moved": 0, "meanMove": 0.0}
    moves = np.abs(both[names].to_numpy() - both[[f"{n}_b" for n in names]].to_numpy()).max(axis=1)
    shut = (
        both["suspended"] != both["suspended_b"]
        if "suspended_b" in both.columns
        else both["id"] != both["id"]
    )
    return {"flipped": int(shut.sum()), "moved": int((moves > 0).sum()), "meanMove": float(moves.mean())}


def _name(names: Sequence[str], code: int) -> str:
    return names[code] if code < len(names) else str(code)


def _score(value: float) -> float | None:
    return None if value != value else float(value)


def slices_of(folder: Path) -> dict[str, Sequence[str]]:
    """Labels by slice, as a run's facts have them."""
    found = results.read_json(folder / "facts.json")["slices"]
    return {str(name): labels for name, labels in found.items()}
