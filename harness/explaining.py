"""`windtunnel explain`: a run's decisions on single events, replayed and held against what the run recorded.

Knows: run folders, ledgers, dossiers. Does not know: how a dossier is taken down, how it is drawn.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness import dossier, keeping, registry, results, seals, verifying
from harness.dossier import Sought
from harness.jobs import INCUMBENT
from harness.report import dossiers
from sim.core.errors import UserError, closest
from sim.core.records import in_days
from sim.core.time import Micros

AGREES, DIFFERS = 0, 10
MOST_EVENTS = 10_000
_LARGEST = 2**63 - 1


def explain(
    folder: Path,
    events: Sequence[str],
    candidate: str,
    seed: int | None,
    desk: str,
    after: Micros,
    as_json: bool,
    page: Path | None,
    talk: Callable[[str], None],
) -> tuple[list[str], int]:
    """The dossiers of a run's events: lines to print (Markdown, or JSON), and 10 where one is not as recorded.

    page: also write them as a page. Raises UserError for a candidate, seed, desk or event that is not there.
    """
    folder = keeping.home(folder)
    manifest = results.read_finished(folder)
    whole(folder)
    name, number = asked_of(manifest, candidate, seed)
    ids = tuple(dict.fromkeys(_id(text) for text in events))
    if page is not None and page.suffix != ".html":
        raise UserError(f"--page: got {page}, expected a file that ends in .html")
    kept = recorded(folder, name, number, ids, desk)
    loaded = keeping.load(folder)
    found = dossier.gather(loaded, name, number, Sought(ids, desk, after, _hints(kept, ids)))
    _all_there(found, ids, folder, name, number, desk)
    models = _models(folder)
    agrees = True
    for one in found:
        agrees &= _compare(one, kept, models)
        _locate(one, folder)
        one["after"] = in_days(after)
    heading = f"{manifest['scenario']['id']}, run {manifest['run']}, charter {manifest['charter']['name']}"
    heading += f" {manifest['charter']['version']}."
    since = [f"since the run: {c.cause}: {c.what}" for c in verifying.changed(manifest, loaded)]
    for line in since:
        talk(f"warning: {line}")
    if page is not None:
        try:
            results.write_text(page, dossiers.page(heading, found))
        except OSError as error:
            raise UserError(f"--page: {page}: {results.unwritable(error)}") from error
        talk(f"{page}: written")
    if as_json:
        return [
            json.dumps(_plain({"run": manifest["run"], "dossiers": found}), indent=2, sort_keys=True)
        ], _code(agrees)
    lines = [line for one in found for line in (*dossiers.text(heading, one), "")]
    return lines, _code(agrees)


def _code(agrees: bool) -> int:
    return AGREES if agrees else DIFFERS


def whole(folder: Path) -> None:
    """Raises UserError where what a run is repeated from is not what made it."""
    results.read_said(folder / "manifest.json", results.SAID)
    for one in seals.broken(folder):
        if one.name.startswith(keeping.DOCUMENTS) or one.name == registry.FILE:
            if one.how == "missing":
                raise UserError(f"{folder / one.name}: missing: the run is not whole, repeat it with --force")
            raise UserError(f"{folder / one.name}: {one.words}; windtunnel verify {folder.name}")


def asked_of(manifest: Mapping[str, Any], candidate: str, seed: int | None) -> tuple[str, int]:
    """Candidate and seed, by default the champion on the first. Raises UserError for those that the run has not."""
    names = [*manifest["candidates"], INCUMBENT]
    name = candidate or names[0]
    if name not in names:
        raise UserError(f"--candidate: no candidate '{name}' in this run{closest(name, names)}")
    seeds = manifest["seeds"]
    number = seeds[0] if seed is None else seed
    if number not in seeds:
        told = ", ".join(str(each) for each in seeds[:10])
        raise UserError(f"--seed: no seed {number} in this run, expected one of {told}")
    return name, number


def _id(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= _LARGEST:
        raise UserError(
            f"EVENT: '{text}' is not an event's id, expected a whole number, as in the column id of ledger/"
        )
    return number


def recorded(
    folder: Path, candidate: str, seed: int, ids: Sequence[int], desk: str
) -> dict[tuple[str, int], Any]:
    """What the ledger kept of events: rows as mappings, by desk ("" where there is one) and id.

    Raises UserError for a desk that is not there, and for a ledger that is gone or not readable."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = folder / "ledger" / f"candidate={candidate}" / f"seed={seed}"
    if not place.is_dir():
        raise UserError(f"{place}: missing: the run is not whole, repeat it with --force")
    desks = {path.name.removeprefix("desk="): path for path in sorted(place.glob("desk=*"))} or {"": place}
    kinds = set(desks) if "" not in desks else {m["desk"] for m in _models(folder)}
    if desk and kinds and desk not in kinds:
        raise UserError(f"--desk: no desk '{desk}' in this run{closest(desk, sorted(kinds))}")
    rows: dict[tuple[str, int], Any] = {}
    for name, path in desks.items():
        if desk and name and name != desk:
            continue
        for part in sorted(path.glob("part-*.parquet")):
            try:
                table = pq.read_table(part, filters=[("id", "in", list(ids))])
            except (OSError, pa.ArrowException) as error:
                raise UserError(f"{part}: not readable as Parquet; repeat the run with --force") from error
            for row in table.to_pylist():
                rows[name, int(row["id"])] = row
    return rows


def _models(folder: Path) -> list[Any]:
    return registry.read(folder)


def _hints(kept: Mapping[tuple[str, int], Any], ids: Sequence[int]) -> dict[str, np.ndarray[Any, Any]] | None:
    """The values of whole-numbered columns of these events, where the ledger has every one of them."""
    if {event for _, event in kept} != set(ids) or len(kept) != len(ids):
        return None
    columns: dict[str, set[int]] = {}
    for row in kept.values():
        for name, value in row.items():
            if isinstance(value, int) and not isinstance(value, bool):
                columns.setdefault(name, set()).add(value)
    return {name: np.array(sorted(values), dtype=np.int64) for name, values in columns.items()}


def _all_there(
    found: Sequence[Mapping[str, Any]], ids: Sequence[int], folder: Path, name: str, seed: int, desk: str
) -> None:
    for event in ids:
        desks = [one["desk"] for one in found if one["event"] == event]
        if len(desks) > 1:
            raise UserError(f"event {event} is of several desks, choose one with --desk: {', '.join(desks)}")
        if not desks:
            some = ", ".join(str(each) for each in examples(folder, name, seed, desk))
            raise UserError(
                f"no event {event} for candidate '{name}' on seed {seed}; the ledger has, among others, {some}"
            )


def examples(folder: Path, candidate: str, seed: int, desk: str, most: int = 3) -> list[int]:
    """Ids of a few events that the ledger kept."""
    import pyarrow.parquet as pq

    place = folder / "ledger" / f"candidate={candidate}" / f"seed={seed}"
    pattern = (
        f"desk={desk}/part-*.parquet" if desk and (place / f"desk={desk}").is_dir() else "**/part-*.parquet"
    )
    for part in sorted(place.glob(pattern)):
        ids = pq.read_table(part, columns=["id"])["id"].to_pylist()
        if ids:
            return [int(ids[len(ids) * i // most]) for i in range(most)]
    return []


def _compare(one: dict[str, Any], kept: Mapping[tuple[str, int], Any], models: Sequence[Any]) -> bool:
    """Hold a dossier against the run's ledger and registry; its words go into it."""
    row = kept.get((one["desk"], one["event"])) or kept.get(("", one["event"]))
    unlike = [] if row is None else list(_unlike(one, row))
    if row is None:
        one["recorded"] = (
            "The ledger kept no row of it: it keeps all that were acted on or labelled, and a sample of the rest."
        )
    elif unlike:
        one["recorded"] = f"NOT as the ledger has it: {'; '.join(unlike)}."
    else:
        one["recorded"] = "The ledger has the same, bit for bit."
    same_model = _same_model(one, models)
    return not unlike and same_model and bool(one["agrees"])


def _unlike(one: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    answer = one["answer"]
    if one["form"] == "act":
        mine = {
            "action": answer["actionCode"],
            "scored": math.nan if answer["score"] is None else answer["score"],
            "propensity": answer["propensity"],
            "exempt": int(answer["exempt"]),
        }
    else:
        mine = {f"p{i}": p for i, p in enumerate(answer["probability"].values())}
        if answer["odds"] is not None:
            mine |= {f"o{i}": o for i, o in enumerate(answer["odds"].values())}
            mine["suspended"] = int(answer["suspended"])
    fields = {f["name"]: f["value"] for f in one["fields"]}
    return [
        f"{name} {row[name]}, replayed {value}"
        for name, value in (*fields.items(), *mine.items())
        if name in row and not (row[name] == value or (row[name] != row[name] and value != value))
    ]


def _same_model(one: Mapping[str, Any], models: Sequence[Any]) -> bool:
    model = one["model"]
    if model is None:
        return True
    of = (one["candidate"], one["seed"], one["desk"])
    known = [
        (version, registry.place(each, version))
        for each in models
        if (each["candidate"], each["seed"], each["desk"]) == of
        for version in each["versions"]
        if version["version"] == model["version"]
    ]
    if not known or one.get("plan") != one["candidate"]:
        model["recorded"] = "not among this candidate's models: another plan decided"
        return True
    version, model["place"] = known[0]
    same = version["artifact"] == model["artifact"]
    model["recorded"] = f"the run's version {model['version']}" if same else "NOT the run's: another digest"
    return bool(same)


def _locate(one: dict[str, Any], folder: Path) -> None:
    """Forget where the model's file stands if it does not: an earlier Windtunnel kept the champion's alone."""
    model = one["model"]
    if model is not None and not (folder / (model.get("place") or "-")).is_file():
        model["place"] = None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
