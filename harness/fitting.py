"""Fitting as a user meets it: a document of a team's own counts, a table, an overlay for scenarios, a picture.

Knows: counts and their words, calibration's table. Does not know: any world, how a lever is sought.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from harness import calibrating
from harness.report.calibration import draw
from sim.calibration import checks_of, measure
from sim.core.aggregates import Aggregate
from sim.core.calibration import Check, Estimate, Figure, Finding, Measure, Study
from sim.core.checking import validate
from sim.core.documents import Document, read
from sim.core.errors import BadDocument, Fault, UserError, closest
from sim.core.places import shown
from sim.core.records import Metadata, Record, Text
from sim.fitting import Fit, aggregates_of, fit, levers_of

SEEDS = (1, 2)
QUICK_SEEDS = (1,)


class CountsSpec(Record):
    """What a team counts of its own business."""

    world: Text = Field(description="the world that the counts are of")
    counts: Annotated[Mapping[str, float], Field(min_length=1)] = Field(description="a mapping of counts")


class Counts(Record):
    """A whole document of counts, decoded."""

    api_version: Literal["windtunnel/v1"]
    kind: Literal["Aggregates"]
    metadata: Metadata
    spec: CountsSpec


@dataclass(frozen=True)
class Fitted:
    """What was told, what came of it, and which checks hold at the team's own values."""

    world: str
    told: Mapping[str, float]
    fit: Fit
    within: float
    checks: Sequence[Finding]

    @property
    def holds(self) -> bool:
        """Whether every sought count is reached and every check holds."""
        held, count = calibrating.holding(self.checks)
        return not self.fit.stuck and held == count


def template(world: str) -> list[str]:
    """A document to be filled in: every count that a world takes, with unit and meaning, each commented out."""
    lines = [
        "# Your own counts: take away the # before those that you know, and put your number in.",
        f"# Then: windtunnel fit {world} --from this-file.yaml -o levers.yaml",
        "apiVersion: windtunnel/v1",
        "kind: Aggregates",
        f"metadata: {{name: my-{world.partition(':')[0].replace('_', '-')}, version: 1.0.0}}",
        "spec:",
        f"  world: {world}",
        "  counts:",
    ]
    for one in aggregates_of(world):
        sets = f"sets {', '.join(one.levers)}" if one.levers else "sets nothing"
        how = "searched" if one.sought else "searched, at a raised rate" if one.probe else "by a law"
        lines.append(
            f"    # {one.doc} [{one.unit}, {one.low:g} .. {one.high:g}; {sets}{', ' + how if one.levers else ''}]"
        )
        lines.append(f"    # {one.name}: {one.about:g}")
    return lines


def counts(world: str, path: Path) -> dict[str, float]:
    """The counts in a document. Raises BadDocument with all faults at once, UserError."""
    known = {one.name: one for one in aggregates_of(world)}
    document = read(path)
    found, faults = validate(document, Counts, ())
    named = document.at(("spec", "world"))
    if isinstance(named, str) and named != world:
        faults.append(
            document.fault(("spec", "world"), f"got {shown(named)}, the counts are asked for {shown(world)}")
        )
    faults += _count_faults(document, known)
    if faults or found is None:
        raise BadDocument(faults)
    return {name: float(value) for name, value in found.spec.counts.items()}


def _count_faults(document: Document, known: Mapping[str, Aggregate]) -> list[Fault]:
    told = document.at(("spec", "counts"))
    faults = []
    for name, value in told.items() if isinstance(told, dict) else ():
        key = ("spec", "counts", name)
        if name not in known:
            faults.append(document.fault(key, f"no such count{closest(str(name), known)}"))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            one = known[name]
            if not one.low <= value <= one.high:
                faults.append(
                    document.fault(key, f"got {value:g}, expected {one.low:g} to {one.high:g} {one.unit}")
                )
    return faults


def run_fit(
    world: str,
    path: Path,
    seeds: Sequence[int] | None,
    quick: bool,
    within: float,
    held: bool,
    out: Path | None,
    talk: Callable[[str], None],
) -> tuple[list[str], bool]:
    """Fit a world to the counts of a document, hold its checks against them, write the overlay and a picture beside it.

    Answers the table and whether everything is as told. held: whether checks are simulated at all. Raises UserError."""
    if not 0.0 < within <= 1.0:
        raise UserError(f"--within: got {within:g}, expected a share above 0, up to 1")
    if out is not None and out.suffix not in (".yaml", ".yml"):
        raise UserError(f"-o: got {out}, expected a file that ends in .yaml")
    if out is not None and not out.parent.is_dir():
        raise UserError(f"-o: {out.parent}: no such folder")
    told = counts(world, path)
    chosen = tuple(seeds or (QUICK_SEEDS if quick else SEEDS))
    found = fit(world, told, chosen, quick, talk)
    checks = own_checks(world, told, found.levers, within) if held else []
    if checks:
        talk(f"checks {', '.join(str(check.number) for check in checks)} at your values")
    findings = measure(checks, chosen, quick) if checks else []
    fitted = Fitted(world, told, found, within, findings)
    if out is not None:
        for written in write(out, fitted):
            talk(f"wrote {written}")
    return table(fitted, chosen, quick), fitted.holds


def own_checks(
    world: str, told: Mapping[str, float], levers: Mapping[str, float], within: float
) -> list[Check]:
    """The published checks that a team's counts have a value of their own for, held to that value instead, in their
    studies with the levers as they were fitted."""
    own = {
        one.check: (told[one.name] / one.scale)
        for one in aggregates_of(world)
        if one.name in told and one.check
    }
    found = []
    for check in checks_of(world):
        measures = []
        for item in check.measures:
            figures = tuple(
                replace(figure, low=target - within * abs(target), high=target + within * abs(target))
                for figure in item.figures
                if (target := own.get((check.number, figure.name))) is not None
            )
            if figures:
                measures.append(Measure(_laid(item.study, levers), figures, item.watch))
        if measures:
            source = f"your own count, within {100 * within:g} %"
            found.append(replace(check, measures=tuple(measures), source=source, weak="", note=""))
    return found


def _laid(study: Study, levers: Mapping[str, float]) -> Study:
    """A study with levers laid over it, but for those that it sets to isolate something."""
    more = tuple(
        f"world.levers.{name}={value!r}" for name, value in levers.items() if name not in study.levers
    )
    return replace(study, more=(*study.more, *more))


def table(fitted: Fitted, seeds: Sequence[int], quick: bool) -> list[str]:
    """What a fit found, as lines."""
    known = {one.name: one for one in aggregates_of(fitted.world)}
    specs = levers_of(fitted.world)
    lines = [f"{'count':<32}{'told':>10}{'simulated':>11}  95 % interval"]
    for name, value in fitted.told.items():
        lines.append(_row(name, value, fitted.fit))
    lines += ["", f"{'lever':<24}{'was':>10}{'is':>10}  from"]
    for lever, value in sorted(fitted.fit.levers.items()):
        by = ", ".join(name for name in fitted.told if lever in known[name].levers)
        lines.append(f"{lever:<24}{specs[lever].default:>10.4g}{value:>10.4g}  {by}")
    assumed = [name for name, spec in specs.items() if spec.confidence == "assumption"]
    left = [name for name in assumed if name not in fitted.fit.levers]
    lines += [
        "",
        f"{len(left)} of {len(specs)} levers stay assumed: nobody published them, and you told nothing of them",
    ]
    lines += textwrap.wrap(", ".join(left), 110, initial_indent="  ", subsequent_indent="  ")
    if fitted.checks:
        lines += ["", *calibrating.table(fitted.checks, seeds, quick)]
    else:
        lines += ["", "no check was held to these counts"]
    return lines


def _row(name: str, told: float, found: Fit) -> str:
    estimate = found.shown.get(name)
    if estimate is None:
        return f"{name:<32}{told:>10.4g}{'put in':>11}"
    if estimate.value is None:
        return f"{name:<32}{told:>10.4g}{'-':>11}  {estimate.reason}"
    why = f"  NOT REACHED: {found.stuck[name]}" if name in found.stuck else ""
    interval = f"{calibrating.number(estimate.low)} .. {calibrating.number(estimate.high)}"
    return f"{name:<32}{told:>10.4g}{estimate.value:>11.4g}  {interval}{why}"


def overlay(fitted: Fitted) -> str:
    """The levers as YAML to be laid over a scenario: `--set @FILE`, or its `levers` pasted into one."""
    lines = [f"# windtunnel fit {fitted.world}: lay it over a scenario with --set @THIS-FILE"]
    lines += [f"#   {name}: {value:g}" for name, value in fitted.told.items()]
    lines += ["world:", "  levers:"]
    lines += [f"    {name}: {float(f'{value:.6g}')!r}" for name, value in sorted(fitted.fit.levers.items())]
    return "\n".join(lines) + "\n"


def write(out: Path, fitted: Fitted) -> list[Path]:
    """Write the overlay, and a picture of told against simulated beside it. Raises UserError."""
    picture = out.with_suffix(".png")
    findings = _pictured(fitted)
    try:
        out.write_text(overlay(fitted), encoding="utf-8", newline="\n")
        if not findings:
            return [out]
        title = (
            f"{fitted.world}: your own counts against the fitted world, a band of {100 * fitted.within:g} %"
        )
        picture.write_bytes(draw(title, findings, calibrating_value, calibrating.target))
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({os.strerror(error.errno or 0).lower()})") from error
    return [out, picture]


def calibrating_value(finding: Finding) -> str:
    """A value with its interval, in a picture's words."""
    return f"{calibrating.number(finding.estimate.value or 0.0)}  ({calibrating.interval(finding)})"


def _pictured(fitted: Fitted) -> list[Finding]:
    """Told counts that were simulated, as findings of a check each, for the picture of calibrations."""
    rows: list[Finding] = []
    for place, one in enumerate(one for one in aggregates_of(fitted.world) if one.name in fitted.fit.shown):
        told = fitted.told[one.name]
        band = fitted.within * abs(told)
        figure = Figure(", ".join(one.levers) or "sets nothing", told - band, told + band)
        check = Check(place + 1, one.name.replace("_", " "), "fitted", one.doc, "your own count", ())
        assert one.study is not None
        rows.append(Finding(check, one.study, figure, fitted.fit.shown.get(one.name, Estimate(None))))
    return rows
