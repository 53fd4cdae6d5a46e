"""Seals: the digest of every file that a run wrote, so that one edited by hand or swapped is caught by name.

Knows: a run's folder, its manifest. Does not know: what is in any file, who wrote it, why.

`artifacts` in manifest.json has a digest for each file that comes out the same however often the run is repeated;
`shown` for the report, which tells of clocks and folders. Whoever writes a file anew seals it anew, and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness import results
from sim.core.errors import UserError

JUDGED = (
    "verdict.json",
    "metrics.json",
    "metrics.parquet",
    "decay.json",
    "fairness.json",
    "timeline.parquet",
)
"""What a judgement writes."""
SHOWN = ("report.html", "summary.md", "junit.xml")
"""What a report writes."""
_NOT_SEALED = ("manifest.json", "failure.txt")
_APART = ("parts", "judged")
ARTIFACTS, SHOWN_KEY = "artifacts", "shown"


class Broken(NamedTuple):
    """A file that is not what the run wrote. how: changed, missing or added."""

    name: str
    how: str

    @property
    def words(self) -> str:
        """What is wrong with it."""
        told = {"changed": "not what the run wrote: edited by hand or swapped", "missing": "missing"}
        return told.get(self.how, "no file of the run's: added by hand")


def files(folder: Path) -> list[str]:
    """Every file (or link) of a run but its manifest, what is still being made, and other judgements; sorted."""
    there = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    found = (path.relative_to(folder) for path in there)
    return sorted(
        path.as_posix()
        for path in found
        if path.parts[0] not in _APART
        and path.as_posix() not in _NOT_SEALED
        and not path.name.startswith(".")
        and path.suffix not in (".part", ".pyc")
    )


def seal(folder: Path, names: Iterable[str] | None = None) -> None:
    """Take down the digests of these files, of all without `names`. A name with `/` at its end is a folder; what is no
    longer there is forgotten."""
    manifest = results.read_json(folder / "manifest.json")
    found = files(folder)
    sealed = _sealed(manifest)
    if names is None:
        sealed, chosen = {}, found
    else:
        asked = tuple(names)
        sealed = {name: digest for name, digest in sealed.items() if not _asked(name, asked)}
        chosen = [name for name in found if _asked(name, asked)]
    sealed |= {name: results.content_digest(folder / name) for name in chosen}
    manifest[ARTIFACTS] = {name: digest for name, digest in sealed.items() if name not in SHOWN}
    manifest[SHOWN_KEY] = {name: digest for name, digest in sealed.items() if name in SHOWN}
    results.write_json(folder / "manifest.json", manifest)


def _asked(name: str, asked: tuple[str, ...]) -> bool:
    return any(name == one or (one.endswith("/") and name.startswith(one)) for one in asked)


def broken(folder: Path) -> list[Broken]:
    """Files that are not what the run wrote, by name. Raises UserError for a run that was never sealed."""
    manifest = results.read_json(folder / "manifest.json")
    if SHOWN_KEY not in manifest:
        raise UserError(
            f"{folder / 'manifest.json'}: holds no digests of the run's files: an earlier version wrote it, or the run "
            "was not finished; repeat it with --force"
        )
    return list(_broken(folder, _sealed(manifest)))


def _broken(folder: Path, sealed: Mapping[str, str]) -> Iterator[Broken]:
    there = set(files(folder))
    for name in sorted({*there, *sealed}):
        if name not in sealed:
            yield Broken(name, "added")
        elif name not in there or not (folder / name).is_file():
            yield Broken(name, "missing")
        elif results.content_digest(folder / name) != sealed[name]:
            yield Broken(name, "changed")


def _sealed(manifest: Mapping[str, Any]) -> dict[str, str]:
    both = (manifest.get(ARTIFACTS), manifest.get(SHOWN_KEY))
    return {str(k): str(v) for one in both if isinstance(one, Mapping) for k, v in one.items()}
