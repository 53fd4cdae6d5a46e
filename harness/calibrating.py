"""Calibration as a user meets it: which checks, told as a table, written as files.

Knows: findings and their words. Does not know: any world, how a study is played, how a picture is drawn.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from harness.report.calibration import draw
from sim.calibration import Progress, checks_of, measure
from sim.core.calibration import Check, Figure, Finding
from sim.core.errors import UserError

SEEDS = (1, 2, 3)
JSON, CSV, MARKDOWN, PICTURE = "calibration.json", "calibration.csv", "calibration.md", "calibration.png"
HOLDS, FAILS, MISSING = "holds", "does not hold", "UNMEASURED"


def foretell(world: str, wanted: str | None, quick: bool) -> list[str]:
    """What `calibrate` would look at, as lines. Raises UserError."""
    return listed(choose(checks_of(world), wanted), quick)


def calibrate(
    world: str,
    wanted: str | None,
    seeds: Sequence[int],
    quick: bool,
    sets: Sequence[str],
    out: Path | None,
    talk: Callable[[str], None],
) -> tuple[list[str], bool]:
    """Measure a world's checks (all of them, or those that `wanted` lists) and write what was found to `out`, by
    default `results/calibration/<world>`. Answers the table and whether every check holds. Raises UserError."""
    folder = out or Path("results") / "calibration" / world.replace(":", "-")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file; choose a folder with -o")

    def tell(at: Progress) -> None:
        if at.share >= 1.0:
            talk(f"simulated {at.study.name}, seed {at.seed} (study {at.place + 1} of {at.studies})")

    findings = measure(choose(checks_of(world), wanted), seeds, quick, sets, tell)
    found = document(world, findings, seeds, quick, sets)
    for path in write(folder, found, findings, quick):
        talk(f"wrote {path}")
    return table(findings, seeds, quick), found["hold"] == found["checks"]


def choose(checks: Sequence[Check], wanted: str | None) -> tuple[Check, ...]:
    """The checks whose numbers `wanted` lists, such as `7,8`; all of them for None. Raises UserError."""
    if wanted is None:
        return tuple(checks)
    known = {check.number: check for check in checks}
    chosen = []
    for part in wanted.split(","):
        if not part.strip().isdecimal() or int(part) not in known:
            numbers = ", ".join(str(number) for number in known)
            raise UserError(f"--check: no check '{part.strip()}', expected numbers such as 7,8 of: {numbers}")
        chosen.append(known[int(part)])
    if len({check.number for check in chosen}) != len(chosen):
        raise UserError(f"--check: '{wanted}' names a check twice")
    return tuple(sorted(chosen, key=lambda check: check.number))


def by_check(findings: Sequence[Finding]) -> Iterator[tuple[Check, list[Finding]]]:
    """Each check with its findings, in order."""
    for _, group in groupby(findings, key=lambda finding: finding.check.number):
        own = list(group)
        yield own[0].check, own


def holding(findings: Sequence[Finding]) -> tuple[int, int]:
    """How many checks hold in all of their figures, and how many there are."""
    verdicts = [all(finding.holds for finding in own) for _, own in by_check(findings)]
    return sum(verdicts), len(verdicts)


def last_line(findings: Sequence[Finding]) -> str:
    """The line that a table ends with."""
    return "{} of {} checks hold".format(*holding(findings))


def ruling(finding: Finding) -> str:
    """What is said of a figure; `, near` where its interval reaches over a bound of the target."""
    if finding.holds is None:
        return MISSING
    return (HOLDS if finding.holds else FAILS) + ("" if finding.settled else ", near")


def ruling_of(own: Sequence[Finding]) -> str:
    """What is said of a check."""
    if any(finding.holds is False for finding in own):
        return FAILS
    return MISSING if any(finding.holds is None for finding in own) else HOLDS


def number(value: float) -> str:
    """A number to three significant digits, without an exponent where it can be."""
    if not math.isfinite(value):
        return "-" if math.isnan(value) else ("-inf" if value < 0 else "inf")
    if value and abs(value) < 1e-3:
        return f"{value:.1e}".replace("e-0", "e-")
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def target(figure: Figure) -> str:
    """The interval in which the published figure lies."""
    unit = f" {figure.unit}" if figure.unit else ""
    if math.isinf(figure.high):
        return f"{number(figure.low)} or more{unit}"
    return f"{number(figure.low)} .. {number(figure.high)}{unit}"


def interval(finding: Finding) -> str:
    """The measured value's interval."""
    found = finding.estimate
    return f"{number(found.low)} .. {number(found.high)}"


def listed(checks: Sequence[Check], quick: bool) -> list[str]:
    """The checks with vantage, source and targets, nothing measured."""
    lines = []
    for check in checks:
        lines += _head(check, "")
        for item in check.measures:
            where = f"{item.study.name}: {item.study.described(quick)}"
            lines += [
                f"    {figure.name:<26}  target {target(figure):<22}  {where}" for figure in item.figures
            ]
    return lines


def table(findings: Sequence[Finding], seeds: Sequence[int], quick: bool) -> list[str]:
    """The findings as lines, check by check; the last says how many hold."""
    lines = []
    for check, own in by_check(findings):
        said = ruling_of(own)
        lines += _head(check, said)
        if said != HOLDS and check.note:
            lines.append(f"    why: {check.note}")
        for _, part in groupby(own, key=lambda finding: finding.study):
            rows = list(part)
            lines.append(f"    {_where(rows[0], seeds, quick)}")
            lines += [_row(finding) for finding in rows]
    if any(finding.holds is not None and not finding.settled for finding in findings):
        lines.append("near: the interval reaches over a bound of the target")
    return [*lines, last_line(findings)]


def _head(check: Check, said: str) -> list[str]:
    lines = [f"{check.number:>2}  {check.statistic}  [{check.kind}]" + (f"  {said}" if said else "")]
    lines.append(f"    seen at: {check.vantage}")
    lines.append(f"    source: {check.source}" + (f"; weak: {check.weak}" if check.weak else ""))
    return lines


def _where(finding: Finding, seeds: Sequence[int], quick: bool) -> str:
    found = finding.estimate
    size = f"{finding.study.name}: {_sized(finding, seeds, quick)}"
    return size if found.value is None else f"{size}; 95 % intervals: {found.method}"


def _sized(finding: Finding, seeds: Sequence[int], quick: bool) -> str:
    """The size of the study's world and on how many seeds it was played."""
    played = _played(finding, seeds)
    return f"{finding.study.described(quick)} x {played} seed{'s' * (played > 1)}"


def _played(finding: Finding, seeds: Sequence[int]) -> int:
    return len(seeds[: finding.study.seeds or len(seeds)])


def _row(finding: Finding) -> str:
    figure, found = finding.figure, finding.estimate
    if found.value is None:
        return f"      {figure.name:<24}  {MISSING}: {found.reason}  (target {target(figure)})"
    value = f"{number(found.value):>8}  ({interval(finding)})"
    return f"      {figure.name:<24}{value:<32} n {found.n:<7} target {target(figure):<20} {ruling(finding)}"


def document(
    world: str, findings: Sequence[Finding], seeds: Sequence[int], quick: bool, sets: Sequence[str]
) -> dict[str, Any]:
    """All that was found, for machines. A bound that is not finite is null."""
    held, count = holding(findings)
    return {
        "world": world,
        "seeds": list(seeds),
        "quick": quick,
        "sets": list(sets),
        "hold": held,
        "checks": count,
        "findings": [_record(finding, seeds, quick) for finding in findings],
    }


def _record(finding: Finding, seeds: Sequence[int], quick: bool) -> dict[str, Any]:
    check, study, figure, found = finding.check, finding.study, finding.figure, finding.estimate
    return {
        "number": check.number,
        "statistic": check.statistic,
        "figure": figure.name,
        "unit": figure.unit,
        "kind": check.kind,
        "vantage": check.vantage,
        "study": study.name,
        "size": study.described(quick),
        "seeds": _played(finding, seeds),
        "targetLow": _finite(figure.low),
        "targetHigh": _finite(figure.high),
        "value": found.value,
        "low": _finite(found.low),
        "high": _finite(found.high),
        "n": found.n,
        "interval": found.method,
        "holds": finding.holds,
        "settled": finding.settled,
        "unmeasured": found.reason,
        "source": check.source,
        "weak": check.weak,
        "note": check.note,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def markdown(findings: Sequence[Finding], seeds: Sequence[int], quick: bool) -> list[str]:
    """The findings as a Markdown table, a row per figure."""
    lines = [
        "| # | statistic | figure | kind | target | value | 95 % interval | | where | source |",
        "|--:|---|---|---|---|--:|---|---|---|---|",
    ]
    for finding in findings:
        check, found, study = finding.check, finding.estimate, finding.study
        value = ("", found.reason) if found.value is None else (number(found.value), interval(finding))
        source = check.source + (f" (weak: {check.weak})" if check.weak else "")
        said = ruling(finding)
        cells = [
            str(check.number),
            check.statistic,
            finding.figure.name,
            check.kind,
            target(finding.figure),
            *value,
        ]
        cells += [
            said if finding.holds else f"**{said}**",
            f"{study.name}, {_sized(finding, seeds, quick)}",
            source,
        ]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return lines


def write(folder: Path, found: Mapping[str, Any], findings: Sequence[Finding], quick: bool) -> list[Path]:
    """Write the findings as JSON, CSV, Markdown and a picture into a folder, made if missing. Answers the paths.

    Equal findings give equal bytes. Raises UserError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lines = [*markdown(findings, found["seeds"], quick), "", last_line(findings)]
        texts = {
            JSON: json.dumps(found, indent=2, allow_nan=False) + "\n",
            CSV: _csv(found["findings"]),
            MARKDOWN: "\n".join(lines) + "\n",
        }
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        title = f"{found['world']}: {last_line(findings)}" + (" (quick)" if quick else "")
        (folder / PICTURE).write_bytes(draw(title, findings, _valued, target))
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({os.strerror(error.errno or 0).lower()})") from error
    return [folder / name for name in (*texts, PICTURE)]


def _valued(finding: Finding) -> str:
    return f"{number(finding.estimate.value or 0.0)}  ({interval(finding)})"


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
