"""The small book's documents, replays of it by name, and documents that are spoilt.

Knows: a scenario of a few seconds. Does not know: what is asserted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness import trial
from harness.assembly import Setting, build_replay
from harness.desk import Desk, Fit
from harness.lineups import INCUMBENT
from harness.replay import replay
from harness.trial import Loaded

DOCUMENTS = Path(__file__).parent / "documents"
SCENARIO = DOCUMENTS / "book.yaml"


@dataclass
class Played:
    """A replay at its end; fits: records as they are kept; trained: every fit of each desk and of who was before it."""

    setting: Setting
    fits: list[dict[str, Any]]
    trained: dict[str, list[Fit]] = field(default_factory=dict)


def play(loaded: Loaded, name: str, seed: int = 1, folder: Path | None = None) -> Played:
    """Replay a candidate, or the incumbent, on one seed."""
    plan = loaded.trial.incumbent if name == INCUMBENT else loaded.candidate(name)
    fits: list[dict[str, Any]] = []
    setting = build_replay(loaded, plan, seed, folder, fits, folder / "model" if folder else None)
    played = Played(setting, fits)
    for kind, desk in setting.desks.items():
        _listen(desk, played.trained.setdefault(kind, []))
    replay(setting.world, setting.desks, setting.ledgers)
    return played


def _listen(desk: Desk, fits: list[Fit]) -> None:
    told = desk.on_fit

    def on_fit(fit: Fit) -> None:
        fits.append(fit)
        told(fit)

    desk.on_fit = on_fit
    if desk.before is not None:
        _listen(desk.before, fits)


@pytest.fixture(scope="session")
def loaded() -> Loaded:
    """The scenario of the small book."""
    return trial.load(str(SCENARIO))


@pytest.fixture(scope="session")
def played(loaded: Loaded) -> Callable[[str], Played]:
    """Replays of seed 1 by name, each done once."""
    done: dict[str, Played] = {}

    def of(name: str) -> Played:
        if name not in done:
            done[name] = play(loaded, name)
        return done[name]

    return of
