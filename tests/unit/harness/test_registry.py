"""The registry's files: the champion's under its own name, every other version's once, whoever decides in the end.

Knows: trainings and reigns by hand. Does not know: candidates, replays.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from harness import registry, results
from harness.registry import Registry
from harness.trainer import Fit
from sim.core.time import DAY, Clock

TOLD = {"version": 0, "features": ["a"], "model": {"model": "text", "parameters": {}}}


@dataclass(frozen=True)
class Scorer:
    """A model whose file is a word; without one it has no file."""

    word: str

    def save(self, folder: Path) -> Path:
        path = folder / "model.txt"
        path.write_text(self.word, encoding="utf-8")
        return path


def trained(version: int, scorer: Any, in_force: bool = True) -> Fit:
    past = SimpleNamespace(names=("a",), unit_t=np.array([0, DAY]))
    return Fit(
        version * DAY, cast("Any", past), cast("Any", None), scorer, {}, version=version, in_force=in_force
    )


def after(
    place: Path, fits: list[Fit], reigns: list[tuple[int, int, str]], model: int
) -> tuple[dict[str, Any], Path]:
    """What models.json says, and the run's folder, after these trainings and reigns; `model`: whose scorer stands."""
    one = Registry(place / "part", "call", Clock(dt.date(2026, 1, 5)), 0)
    for fit in fits:
        one.take(fit, {}, TOLD)
    standing = next(fit for fit in fits if fit.version == model)
    desk = SimpleNamespace(
        reigns=reigns,
        standing=False,
        model=SimpleNamespace(version=model, scorer=standing.scorer, as_of=standing.as_of),
    )
    told = one.document(cast("Any", desk), cast("Any", SimpleNamespace(end=30 * DAY)))
    told |= {"path": "model/one/seed-1", "name": "one/seed-1/call"}
    registry.gather(place / "part", place / "run", "one/seed-1")
    return told, place / "run"


def kept(told: dict[str, Any], run: Path) -> dict[int, str]:
    """The words in the files of all versions, each held against its digest."""
    found = {}
    for version in told["versions"]:
        path = run / str(registry.place(told, version))
        assert results.content_digest(path) == version["artifact"]["sha256"]
        found[version["version"]] = path.read_text(encoding="utf-8")
    return found


@pytest.mark.parametrize(
    ("reigns", "champion"),
    [
        ([(DAY, 1, "trained"), (2 * DAY, 2, "trained")], 2),
        ([(DAY, 1, "trained"), (2 * DAY, 2, "trained"), (5 * DAY, 1, "rolled back")], 1),
    ],
)
def test_every_version_has_its_file_after_a_rollback_too(
    reigns: list[tuple[int, int, str]], champion: int, tmp_path: Path
) -> None:
    fits = [
        trained(1, Scorer("first")),
        trained(2, Scorer("second")),
        trained(3, Scorer("third"), in_force=False),
    ]
    told, run = after(tmp_path, fits, reigns, champion)
    assert told["aliases"] == {"champion": champion, "challenger": 3}
    assert kept(told, run) == {1: "first", 2: "second", 3: "third"}
    assert (run / "model/one/seed-1/model.txt").read_text(encoding="utf-8") == {1: "first", 2: "second"}[
        champion
    ]
    assert len(list((run / "model/versions").iterdir())) == 2


def test_two_versions_of_the_same_bytes_share_a_file(tmp_path: Path) -> None:
    fits = [trained(1, Scorer("same")), trained(2, Scorer("other")), trained(3, Scorer("same"))]
    told, run = after(
        tmp_path, fits, [(DAY, 1, "trained"), (2 * DAY, 2, "trained"), (3 * DAY, 3, "trained")], 3
    )
    assert kept(told, run) == {1: "same", 2: "other", 3: "same"}
    assert len(list((run / "model/versions").iterdir())) == 1
    registry.gather(tmp_path / "part", tmp_path / "run", "two/seed-1")
    assert len(list((run / "model/versions").iterdir())) == 1, (
        "another replay with the same version adds none"
    )


def test_a_model_without_a_file_has_no_place(tmp_path: Path) -> None:
    told, run = after(tmp_path, [trained(1, object())], [(DAY, 1, "trained")], 1)
    assert [registry.place(told, version) for version in told["versions"]] == [None]
    assert not (run / "model/versions").exists()
