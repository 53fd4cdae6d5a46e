"""What `windtunnel profile` does: read a scenario, measure, write the profile, and say with which code to end.

Knows: paths, exit codes. Does not know: how anything is timed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from harness import profile as profiling
from harness import results, trial
from harness.profile import PARTS
from harness.quantiles import fewest
from harness.service_profile import ServiceProfile, written
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
    lines = list(told(made))
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


def told(profile: ServiceProfile) -> Iterator[str]:
    """What a profile says, for a terminal: parts, paths, batches, how quiet it was."""
    spec = profile.spec
    yield f"{spec.scenario}: {spec.candidate}, desk {spec.desk}, {spec.features} features, {spec.protocol.rows} events"
    yield f"  microseconds {'n':>17} {'p50':>10} {'p95':>10} {'p99':>10} {'p99.9':>10}"
    named = [(name, getattr(spec.parts, name)) for name in (*PARTS, "reasons")]
    named += [(f"path {name}", path.times) for name, path in spec.paths.items()]
    named += [(f"block of {batch.rows}", batch.times) for batch in spec.batches]
    for name, times in named:
        if times is not None:
            cells = (f"{b.value / 1e3:>10.1f}" if b is not None else f"{'-':>10}" for b in times.all.values())
            yield f"  {name:<22} {times.n:>7} {' '.join(cells)}"
    for name, path in spec.paths.items():
        if path.compared:
            yield (
                f"  decisions by {name}: {path.differing} of {path.compared} unlike the replay's, scores within "
                f"{path.largest_difference:.2g}"
            )
    yield from (f"  no {name}: {why}" for name, why in spec.skipped.items())
    if spec.whole_to_booster is not None:
        yield f"  whole path / bare booster, p50: {spec.whole_to_booster:.2f}"
    agreed = spec.agreement
    yield f"  online path against replay: {agreed.differing} of {agreed.events} events differ ({agreed.acted} acted on)"
    least = ", ".join(
        f"{name} {fewest(q)}" for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999))
    )
    yield f"  fewest samples for a bound at 99 %: {least}"
    if profile.is_quiet:
        yield "  machine: quiet"
    else:
        yield "  machine: UNDECIDED, too noisy for any budget to be decided by these figures"
        yield from (f"    because {text}" for text in spec.noise.because)
        yield from (f"    do: {text}" for text in spec.noise.remedies)
