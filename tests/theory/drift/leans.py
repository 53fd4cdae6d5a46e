"""`python -m tests.theory.drift.leans [NAMES] [--seeds N] [--first K]`: how much a model leans on what a veil hits.

Fits the champion of a scenario at goLive, without its drift, and prints for each veil the features that read what it
veils, their part of the mean absolute contribution to the log-odds (exact Shapley values on the rows that it was
fitted on), and, for a field of the question, how many of those rows would change sides of the policy's lowest line if
every row came veiled. A veil that hits what the model hardly uses has little to break. `--every`: each feature's part
instead, by the feed that it is made of, for each champion that there is, so that a veil can be pointed at what is used.

Knows: veils, contributions of a booster. Does not know: what a replay under the veil does.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.assembly import build_replay
from harness.kinds import FeatureSpec
from harness.replay import replay
from harness.trainer import Fit
from harness.trial import Loaded
from tests.theory.drift.catalogue import Entry, at, entry, names

Floats = NDArray[np.float64]


class Fitted(Exception):
    """The model is there; the rest of the replay is not wanted."""


def first_fit(loaded: Loaded, seed: int, question: str) -> Fit:
    """What the champion's desk for a kind of question is fitted to at goLive."""
    setting = build_replay(loaded, loaded.trial.candidates[0], seed, None, [])
    found: list[Fit] = []

    def keep(fit: Fit) -> None:
        found.append(fit)
        raise Fitted

    for name, desk in setting.desks.items():
        desk.on_fit = keep if name == question else lambda fit: None
    try:
        replay(setting.world, setting.desks, setting.ledgers)
    except Fitted:
        return found[0]
    raise ValueError(f"{loaded.scenario_id}: no fit of {question}")


def reads(spec: FeatureSpec, of: str, field: str) -> bool:
    """Whether a feature reads a veiled feed, or one field of it (a question's own: as it is, or of earlier ones)."""
    told = {spec.of, *(name for name, _ in spec.where), *_words(spec.parameters)}
    if spec.use == "field" or spec.feed == "signalling":
        return bool(field) and field in told
    return spec.feed == of and (not field or field in told)


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, child in node.items():
            yield str(key)
            yield from _words(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _words(child)
    elif isinstance(node, str):
        yield node


def veiled(use: str, given: dict[str, Any], column: Floats) -> Floats | None:
    """A feature that is the field itself, as if every row of it came veiled; None where a veil has no such reading."""
    if use == "nulls":
        return np.full_like(column, given.get("code", np.nan))
    if use == "category_rename":
        out = column.copy()
        for was, now in zip(given["was"], given["now"], strict=True):
            out[column == was] = now
        return out
    if use == "unit_change":
        return column * float(given.get("times", 1.0)) + float(given.get("plus", 0.0))
    return None


def line_of(one: Entry, question: str) -> float:
    """The lowest score at which the champion's policy does something."""
    plan: Any = one.loaded.trial.candidates[0]
    policy = (plan.desks[question] if hasattr(plan, "desks") else plan).policy.with_
    return float(policy["block_at"] if "block_at" in policy else min(band.at for band in policy["bands"]))


def row(
    one: Entry,
    seeds: range,
    question: str,
    features: tuple[FeatureSpec, ...],
    fits: dict[tuple[str, int], Fit],
) -> str:
    """A line of the table. `fits`: by champion and seed, filled here: without its drift a world's are one world."""
    (veil,) = one.loaded.scenario.spec.world.veils
    of, field = str(veil.parameters["of"]), str(veil.parameters.get("field", ""))
    hit = [spec.name for spec in features if reads(spec, of, field)]
    line, parts, held, up, down = line_of(one, question), [], [], [], []
    for seed in seeds:
        alike = (f"{question} {one.loaded.trial.candidates[0]!r}", seed)
        if alike not in fits:
            fits[alike] = first_fit(at(one, 0.0), seed, question)
        fit = fits[alike]
        past, scorer = fit.past, fit.scorer
        place = [past.names.index(name) for name in hit]
        weight = np.abs(scorer.contributions(past.x)[:, :-1]).mean(axis=0)  # type: ignore[attr-defined]
        parts.append(weight[place] / weight.sum())
        spec = next((s for s in features if s.name in hit and s.use == "field"), None)
        if spec is None:
            continue
        column = past.names.index(spec.name)
        other = veiled(veil.use, dict(veil.parameters), past.x[:, column].astype(np.float64))
        if other is None:
            continue
        x = past.x.copy()
        x[:, column] = other
        before, after = scorer.score(past.x) >= line, scorer.score(x) >= line
        held.append(float((past.x[:, column] != x[:, column]).mean()))
        up.append(float((after & ~before)[past.y == 0].mean()))
        down.append(float((before & ~after)[past.y == 1].mean()))
    mean = np.mean(parts, axis=0) if hit else np.zeros(0)
    told = ", ".join(f"{name} {part:.1%}" for name, part in zip(hit, mean, strict=True)) or "none"
    sides = f"{np.mean(held):.1%} | {np.mean(up):.2%} | {np.mean(down):.1%}" if held else "– | – | –"
    return f"| `{one.name}` | {told} | {mean.sum():.1%} | {sides} |"


def parts(one: Entry, seeds: range, question: str, features: tuple[FeatureSpec, ...]) -> list[str]:
    """Lines of the table of what a champion uses: each feature's mean part over the seeds, the largest first."""
    found: dict[str, list[float]] = {}
    for seed in seeds:
        fit = first_fit(at(one, 0.0), seed, question)
        weight = np.abs(fit.scorer.contributions(fit.past.x)[:, :-1]).mean(axis=0)  # type: ignore[attr-defined]
        for name, part in zip(fit.past.names, weight / weight.sum(), strict=True):
            found.setdefault(name, []).append(float(part))
    feeds = {spec.name: spec.feed if spec.use != "field" else "the question" for spec in features}
    ranked = sorted(found, key=lambda name: -float(np.mean(found[name])))
    return [f"| {name} | {feeds[name]} | {np.mean(found[name]):.1%} |" for name in ranked]


def every(wanted: Sequence[str], seeds: range) -> None:
    """What the champions of the scenarios use, those that are alike once."""
    seen = set()
    for name in names():
        one = entry(name)
        champion = repr(one.loaded.trial.candidates[0])
        if (wanted and not any(part in name for part in wanted)) or champion in seen:
            continue
        seen.add(champion)
        question = "bet" if one.world == "sportsbook" else "call"
        specs = one.loaded.desk_features.get(question, one.loaded.features)
        print(
            "\n".join(
                (
                    f"{name}",
                    "",
                    "| feature | feed | part |",
                    "|---|---|--:|",
                    *parts(one, seeds, question, specs),
                )
            )
        )


def main() -> None:
    """Entry point."""
    read = argparse.ArgumentParser(prog="python -m tests.theory.drift.leans", description=__doc__)
    read.add_argument("names", nargs="*")
    read.add_argument("--seeds", type=int, default=3)
    read.add_argument("--first", type=int, default=1)
    read.add_argument("--every", action="store_true", help="all features of each champion, by feed")
    given = read.parse_args()
    if given.every:
        every(given.names, range(given.first, given.first + given.seeds))
        return
    print(
        "| scenario | reads what is veiled | together | rows changed | lawful over the line | unwanted below |"
    )
    print("|---|---|--:|--:|--:|--:|", flush=True)
    fits: dict[tuple[str, int], Fit] = {}
    for name in names():
        one = entry(name)
        if not one.loaded.scenario.spec.world.veils or not (
            not given.names or any(part in name for part in given.names)
        ):
            continue
        question = "bet" if one.world == "sportsbook" else "call"
        specs = one.loaded.desk_features.get(question, one.loaded.features)
        print(row(one, range(given.first, given.first + given.seeds), question, specs, fits), flush=True)


if __name__ == "__main__":
    main()
