"""`windtunnel verify`: a run repeated from its own folder and held against it, file by file, byte by byte.

Knows: run folders, seals, how a run is done and judged. Does not know: what any figure means.

Asked in this order: is every file what the run wrote (edited by hand, swapped)? What has changed since (code, packages,
machine, data)? Does the repeat give the same bytes? Where it does not, the first file that differs is told with its
first place, and what has changed is why. Where nothing has changed, the folder was edited together with its digests,
or the promise of equal bytes is broken.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from harness import judging, keeping, own_code, registry, results, seals
from harness.run import Order, execute
from harness.trial import Loaded
from sim.core.errors import UserError
from sim.core.records import digest

SAME, DIFFERENT = 0, 10
CLOCKS = ("command", "startedAt", "seconds", "fitSeconds", "rowsPerSecond", "scoring")
"""Keys of a manifest that no repeat can have."""
_CAUSES = ("identity", "code", "packages", "machine", seals.ARTIFACTS, seals.SHOWN_KEY)
"""Keys of a manifest that are compared as causes, or follow from files."""
_FIRST = (
    "facts.json",
    "counts.parquet",
    registry.FILE,
    "model/",
    "ledger/",
    "signals.parquet",
    "timeline.parquet",
)
"""In the order in which one follows from another."""
_LAST = ("verdict.json", *seals.SHOWN)


class Change(NamedTuple):
    """Something that is not as it was when the run was made. cause: one word, what: the rest of the sentence."""

    cause: str
    what: str


class Difference(NamedTuple):
    """A file that came out otherwise, and its first place that differs."""

    name: str
    where: str


def verify(folder: Path, jobs: int, quiet: bool, talk: Callable[[str], None]) -> tuple[list[str], int]:
    """Repeat the run of a folder; the lines to print and the exit code.

    Raises UserError for a run that is not finished, lacks files, or was made by a version that kept too little.
    """
    folder = keeping.home(folder)
    manifest = results.read_json(folder / "manifest.json")
    if manifest.get("status") != "finished":
        raise UserError(f"{folder}: this run is {manifest.get('status')}, not finished: nothing to verify")
    results.read_said(folder / "manifest.json", results.SAID)
    title = f"{manifest['scenario']['id']} {manifest['run']}"
    broken = seals.broken(folder)
    for one in broken:
        if one.how == "missing":
            raise UserError(f"{folder / one.name}: missing: the run is not whole, repeat it with --force")
    edited = [f"{one.name}: {one.words}" for one in broken] + list(_forged(folder, manifest))
    if edited:
        return [f"{title}: NOT AS WRITTEN", *(f"  edited by hand: {line}" for line in edited)], DIFFERENT
    loaded = keeping.load(folder)
    changes = list(changed(manifest, loaded))
    talk(f"{title}: every file is what the run wrote; repeating it")
    with tempfile.TemporaryDirectory(prefix="windtunnel-verify-") as place:
        again = _repeat(folder, manifest, loaded, Path(place), jobs, quiet)
        changes += _data(manifest, results.read_json(again / "manifest.json"))
        found = differences(folder, again)
    return _told(title, manifest, changes, found)


def _told(
    title: str, manifest: Mapping[str, Any], changes: list[Change], found: list[Difference]
) -> tuple[list[str], int]:
    count = len(manifest[seals.ARTIFACTS]) + len(manifest[seals.SHOWN_KEY])
    since = [f"  since then: {change.cause}: {change.what}" for change in changes]
    if not found:
        kept = [f"{line}; it makes no difference here" for line in since]
        return [f"{title}: SAME, {count} files and the manifest, byte by byte", *kept], SAME
    first, *others = found
    causes = list(dict.fromkeys(change.cause for change in changes))
    why = " and ".join(causes) or (
        "nothing that is recorded has changed: folder and digests were edited by hand, or equal bytes are broken"
    )
    lines = [f"{title}: DIFFERENT", f"  first: {first.name}: {first.where}", f"  why: {why}", *since]
    if others:
        more = ", ".join(one.name for one in others[:5]) + (", ..." if len(others) > 5 else "")
        lines.append(f"  {len(others)} more of {count} files: {more}")
    return lines, DIFFERENT


# --- edited by hand -------------------------------------------------------------------------------------------------


def _forged(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit together although each file has its digest: a model that is not the registry's, an identity
    that does not follow from what is recorded."""
    for model in registry.read(folder):
        champion = model["aliases"].get("champion")
        for version in model["versions"]:
            place, number = registry.place(model, version), version["version"]
            if place is None:
                continue
            path, whose = folder / place, f"version {number} of {model['name']}"
            if not path.is_file() and number != champion:
                continue  # the run of an earlier Windtunnel; where it was taken away, the repeat has it
            if not path.is_file() or results.content_digest(path) != version["artifact"]["sha256"]:
                yield f"{place}: not the file of {whose}: swapped"
    try:
        code = manifest["code"]
        asked = {
            "scenario": manifest["scenario"]["digest"],
            "operating": manifest["charter"]["operatingDigest"],
            "seeds": manifest["asked"]["seeds"],
            "looks": manifest["looks"],
            "code": code["digest"],
            "ownCode": code["own"],
            "packages": manifest["packages"],
        }
    except (KeyError, TypeError) as error:
        raise UserError(f"{folder / 'manifest.json'}: not what a run wrote (no {error}); repeat it") from None
    told = Order.digest_of(asked)
    if told != manifest.get("identity") or not told.startswith(str(manifest.get("run"))):
        yield "manifest.json: its identity does not follow from scenario, charter, seeds, code and packages in it"


# --- what has changed since -----------------------------------------------------------------------------------------


def changed(manifest: Mapping[str, Any], loaded: Loaded) -> Iterator[Change]:
    """Code, packages and machine, as recorded and as they are."""
    was, now = manifest["code"], results.code()
    for key, cause in (("digest", "code"), ("shown", "code of the report")):
        if was.get(key) != now[key]:
            places = [
                str(one.get("commit") or "no checkout")[:12] + ("+" if one.get("dirty") else "")
                for one in (was, now)
            ]
            yield Change(
                cause, f"{str(was.get(key))[:12]} ({places[0]}) is now {now[key][:12]} ({places[1]})"
            )
    own = results.own_code_digests(own_code.uses(loaded))
    yield from _pairs("code", "package ", was.get("own", {}), own)
    yield from _pairs("package", "", manifest["packages"], results.packages())
    same_machine = {key: value for key, value in results.machine().items() if key != "cores"}
    recorded = {key: value for key, value in manifest["machine"].items() if key != "cores"}
    yield from _pairs("machine", "", recorded, same_machine)


def _pairs(cause: str, kind: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            before, after = (str(one.get(name, "absent"))[:24] for one in (was, now))
            yield Change(cause, f"{kind}{name} {before} is now {after}")


def _data(manifest: Mapping[str, Any], again: Mapping[str, Any]) -> list[Change]:
    """Files that a recording was read from."""
    was, now = ((one.get("world") or {}).get("files") or {} for one in (manifest, again))
    return [Change("data", f"{name} has other bytes") for name in sorted(was) if was[name] != now.get(name)]


# --- the repeat -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Repeat(Order):
    """The same order in another place, under the name that the run has."""

    name: str = ""

    @property
    def folder(self) -> Path:
        return self.root / self.name


def _repeat(
    folder: Path, manifest: Mapping[str, Any], loaded: Loaded, place: Path, jobs: int, quiet: bool
) -> Path:
    order = _Repeat(loaded, place, jobs, quiet, name=str(manifest["run"]))
    again = execute(order, judging.judge_run)
    if (folder / judging.ROBUSTNESS).is_file():
        shutil.copyfile(folder / judging.ROBUSTNESS, again / judging.ROBUSTNESS)
        judging.keep_robustness(again, results.read_json(folder / judging.ROBUSTNESS))
    # The report tells of the command and its seconds, code and machine: the run's own, so that the rest is compared.
    repeated = results.read_json(again / "manifest.json")
    told = {
        key: manifest[key] for key in (*CLOCKS, "code", "packages", "machine", "identity") if key in manifest
    }
    shown = {key: value for key, value in repeated.items() if key not in told}
    results.write_json(again / "manifest.json", shown | told)
    judging.show(again)
    return again


def differences(folder: Path, again: Path) -> list[Difference]:
    """Files that differ, causes first, and what differs between the manifests."""
    names = sorted({*seals.files(folder), *seals.files(again)}, key=_rank)
    found = []
    for name in names:
        one, other = folder / name, again / name
        if not one.is_file() or not other.is_file():
            found.append(Difference(name, "the repeat writes none" if one.is_file() else "the run has none"))
        elif one.read_bytes() != other.read_bytes():
            found.append(Difference(name, _place(one, other)))
    left_out = (*CLOCKS, *_CAUSES)
    told = [
        {
            key: value
            for key, value in results.read_json(each / "manifest.json").items()
            if key not in left_out
        }
        for each in (folder, again)
    ]
    if digest(told[0]) != digest(told[1]):
        found.append(Difference("manifest.json", _in_json(told[0], told[1])))
    return found


def _rank(name: str) -> tuple[int, str]:
    for place, start in enumerate(_FIRST):
        if name.startswith(start):
            return place, name
    return len(_FIRST) + (1 + _LAST.index(name) if name in _LAST else 0), name


def _place(one: Path, other: Path) -> str:
    """The first place where two files differ, in the file's own terms."""
    if one.suffix == ".json":
        try:
            return _in_json(json.loads(one.read_text()), json.loads(other.read_text()))
        except (ValueError, RecursionError):
            return "not readable as JSON"
    if one.suffix == ".parquet":
        return _in_table(one, other)
    a, b = one.read_bytes(), other.read_bytes()
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return f"line {a[:at].count(10) + 1}"


def _in_json(one: Any, other: Any, key: str = "") -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            if one.get(name) != other.get(name):
                return _in_json(one.get(name), other.get(name), f"{key}.{name}" if key else name)
    if isinstance(one, list) and isinstance(other, list):
        for index, (a, b) in enumerate(zip(one, other, strict=False)):
            if a != b:
                return _in_json(a, b, f"{key}[{index}]")
        return f"{key}: {len(one)} items, repeated {len(other)}"
    return f"{key or 'all of it'}: {_short(one)}, repeated {_short(other)}"


def _in_table(one: Path, other: Path) -> str:
    import pandas as pd
    import pyarrow as pa

    try:
        a, b = pd.read_parquet(one), pd.read_parquet(other)
    except (OSError, pa.ArrowException):
        return "not readable as Parquet"
    if list(a.columns) != list(b.columns):
        return f"columns {', '.join(a.columns)}, repeated {', '.join(b.columns)}"
    size = min(len(a), len(b))
    firsts = []
    for name in a.columns:
        x, y = a[name].to_numpy()[:size], b[name].to_numpy()[:size]
        unlike = np.flatnonzero(~((x == y) | (pd.isna(x) & pd.isna(y))))
        if len(unlike):
            firsts.append((int(unlike[0]), name))
    if firsts:
        row, name = min(firsts, key=lambda each: each[0])
        return f"row {row}, {name}: {_short(a[name].iloc[row])}, repeated {_short(b[name].iloc[row])}"
    return f"{len(a)} rows, repeated {len(b)}" if len(a) != len(b) else "same values, other bytes"


def _short(value: Any) -> str:
    told = str(value)
    return told if len(told) <= 60 else f"{told[:57]}..."
