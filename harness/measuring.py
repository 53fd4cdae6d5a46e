"""What `windtunnel profile` does: read a scenario, measure, write the profile, and say with which code to end.

Knows: paths, exit codes. Does not know: how anything is timed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from harness import profile as profiling
from harness import results, trial
from harness.service_profile import written
from sim.core.errors import UserError

KEPT, UNDECIDED, BROKEN = 0, 3, 10


def profile(
    scenario: str,
    candidate: str | None,
    desk: str | None,
    out: Path | None,
    rows: int,
    blocks: int,
    seed: int,
    sets: tuple[str, ...],
    force: bool,
    talk: Callable[[str], None],
) -> tuple[list[str], int]:
    """The lines to answer and the exit code: 3 where the machine was too noisy, 10 where the online path decided
    otherwise than the replay. Raises UserError before anything is measured, where it can be known then."""
    loaded = trial.load(scenario, sets)
    asked = profiling.wish(loaded, candidate, desk, seed=seed, rows=rows, blocks=blocks, overrides=sets)
    if out is not None:
        _refuse(out, force)
    made = profiling.measure(loaded, asked, _title(out, asked.candidate), talk)
    lines = list(profiling.told(made))
    if out is not None:
        try:
            results.write_text(out, written(made))
        except OSError as error:
            raise UserError(f"{out}: {results.unwritable(error)}; name another place with -o") from error
        lines.append(f"{out}  digest {made.spec.digest[:12]}")
    if made.spec.agreement.differing:
        return lines, BROKEN
    return lines, KEPT if made.is_quiet else UNDECIDED


def _refuse(out: Path, force: bool) -> None:
    if out.suffix not in (".yaml", ".yml"):
        raise UserError(f"{out}: expected a file that ends in .yaml")
    if out.is_dir():
        raise UserError(f"{out}: is a folder, expected a file")
    if out.exists() and not force:
        raise UserError(f"{out}: is there already; choose another with -o, or pass --force")
    nearest = next(place for place in out.absolute().parents if place.exists())
    if not nearest.is_dir():
        raise UserError(f"{out}: {nearest} is a file, expected a folder")


def _title(out: Path | None, candidate: str) -> str:
    """A name of a document, from the file's or the candidate's."""
    name = re.sub(r"[^a-z0-9]+", "-", (out.stem if out is not None else candidate).lower()).strip("-")
    return name[:64] if re.match(r"[a-z]", name) else f"profile-{name}"[:64].rstrip("-")
