"""The life of features in words: tables of lives, of broken nights, of the price of each further feature, of skew.

Knows: what was measured of features, words. Does not know: how it was measured, files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness import outcomes
from harness.brittleness import Broken, Loss, Night
from harness.feature_cost import Cost
from harness.lifecycle import FeatureLife
from harness.scope_facts import span
from harness.simplicity import Step, Walk
from harness.skew import Agreement


def costs_told(lives: Sequence[FeatureLife], whole: Cost) -> Iterator[str]:
    """What each feature costs on this machine now: told, and never written down as an outcome."""
    yield "microseconds an event, this machine, now, in blocks, each feature alone (least .. most of the repeats):"
    for one in lives:
        yield f"  {one.spec.name:<28} {one.cost.middle:7.2f} ({one.cost.least:.2f} .. {one.cost.most:.2f})"
    yield (
        f"  {'all together':<28} {whole.middle:7.2f} ({whole.least:.2f} .. {whole.most:.2f}): "
        "they share what they count"
    )


def lives_told(
    title: str, lives: Sequence[FeatureLife], broken: Sequence[Broken], late: Mapping[str, str]
) -> Iterator[str]:
    """Each feature's life in a table, and its reading below. late: how late half of each stream's items are."""
    yield f"# {title}: the life of its features"
    yield ""
    rows = [
        (
            one.spec.name,
            one.spec.concept,
            one.spec.owner,
            ", ".join(f"{feed}{f' ({late[feed]} late)' if late.get(feed) else ''}" for feed in one.feeds),
            freshness_told(one),
            "" if one.shift is None else f"{one.shift:.3f}",
            "" if one.contribution is None else f"{100 * one.contribution:.0f} %",
            brittleness_of(one.spec.name, broken),
        )
        for one in lives
    ]
    head = ("feature", "concept", "owner", "feeds", "freshness", "PSI", "adds", "broken at night")
    yield from outcomes.table(head, rows)
    yield ""
    yield (
        "Freshness: the slowest cadence whose held value ranks as the fresh one does (0.9), with that correlation. "
        "PSI: nats, last weeks scored against the first. Adds: share of mean absolute contribution to the score."
    )
    yield ""
    yield from (f"* {one.spec.name}: {one.spec.reading}" for one in lives)


def freshness_told(one: FeatureLife) -> str:
    """The cadence, and the correlation behind it."""
    if not one.freshness:
        return ""
    known = one.agreement.get(one.freshness)
    return one.freshness if known is None else f"{one.freshness} ({known:.2f})"


def brittleness_of(feature: str, broken: Sequence[Broken]) -> str:
    """What its pipelines lose of the first critical clause; the worst of them."""
    mine = [one for one in broken if feature in one.pipeline.features]
    if not mine:
        return "" if broken else "not replayed"
    told = [one.losses[0] for one in mine if one.losses and one.losses[0].change is not None]
    if not told:
        return mine[0].pipeline.why or "not measured"
    return change_told(max(told, key=_harm))


def _harm(loss: Loss) -> float:
    change = loss.change or 0.0
    return -change if loss.better == "higher" else change


def change_told(loss: Loss) -> str:
    """A clause's change with its interval."""
    if loss.change is None:
        return "not measured"
    ends = "" if loss.low is None or loss.high is None else f" ({loss.low:+.4f} .. {loss.high:+.4f})"
    return f"{loss.clause} {loss.change:+.4f}{ends}"


def nights_told(broken: Sequence[Broken], night: Night, days: Sequence[int], seeds: int) -> Iterator[str]:
    """What each critical clause loses with each pipeline."""
    yield f"## Broken from {span(night.at)} after midnight for {span(night.lasts)}"
    yield ""
    yield (
        f"{len(days)} nights a week apart, {seeds} seeds, each replayed whole and broken; told of the day of the break "
        "and the next. Intervals of 95 % over seeds."
    )
    yield ""
    rows: list[tuple[str, ...]] = []
    for one in broken:
        names = ", ".join(one.pipeline.features)
        if not one.losses:
            rows.append((one.pipeline.name, names, one.pipeline.why, "", "", ""))
        for loss in one.losses:
            keeps = "" if loss.keeps is None else "yes" if loss.keeps else "no"
            values = ["" if v is None else f"{v:.4f}" for v in (loss.whole, loss.broken)]
            rows.append((one.pipeline.name, names, change_told(loss), *values, keeps))
    yield from outcomes.table(
        ("pipeline", "features that go with it", "loses", "whole", "broken", "kept"), rows
    )


def walk_told(
    title: str, found: Walk, held: Sequence[Step], feeds: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """What each further feature buys, from the fewest on, and the smallest set that keeps the charter."""
    yield f"# {title}: what each further feature buys"
    yield ""
    rows = []
    before: set[str] = set()
    for place, step in enumerate(reversed(found.steps)):
        mine = {feed for name in step.features for feed in feeds.get(name, ())}
        new = "" if not place else next(n for n in step.features if n not in before)
        rows.append(
            (
                str(len(step.features)),
                f"+ {new}" if place else ", ".join(step.features),
                f"{step.margin:+.2f}",
                *(values_told(step)),
                ", ".join(sorted(mine)),
                "yes" if step.keeps else "no",
            )
        )
        before = set(step.features)
    clauses = list(found.steps[0].values)
    yield from outcomes.table(("features", "which", "margin", *clauses, "feeds", "kept"), rows)
    yield ""
    yield (
        f"{found.tried} replays. Margin: distance of the nearest critical clause from its threshold, in thresholds. "
        "Intervals of 95 % over seeds."
    )
    yield ""
    few = found.smallest
    if not found.steps[0].keeps:
        yield "all features do not keep the charter on these seeds; below, the fewest that are no further from it"
    yield f"smallest: {len(few.features)} of {len(found.steps[0].features)}: {', '.join(few.features)}"
    for step, which in zip(held, ("smallest", "all"), strict=False):
        yield f"on seeds that the walk never saw, {which}: margin {step.margin:+.2f}, " + ", ".join(
            f"{name} {text}" for name, text in zip(step.values, values_told(step), strict=True)
        )


def values_told(step: Step) -> list[str]:
    """Each clause's value with its interval."""
    return [
        "" if value is None else f"{value:.4g}" + ("" if low is None else f" ({low:.3g} .. {high:.3g})")
        for value, low, high in step.values.values()
    ]


def skew_told(title: str, found: Agreement, features: Sequence[str]) -> Iterator[str]:
    """Whether the online path and the replay made the same of the same events, and what differed first where not."""
    yield f"{title}: {found.events} events, {found.differing} unlike, {found.acted} acted on"
    if not found.differing:
        yield f"no skew: {len(features)} features and every answer are the same, bit for bit"
        return
    for name, first in found.firsts.items():
        what = "feature" if name in features else "answer"
        yield (
            f"skew in {what} {name}: {found.counts[name]} events; first at event {first.event}: "
            f"training {first.desk}, serving {first.online}"
        )


def life_card(one: FeatureLife, broken: Sequence[Broken]) -> dict[str, Any]:
    """A life as plain values, without its cost, which is another with every measurement."""
    return {
        "name": one.spec.name,
        "operation": one.spec.use,
        "concept": one.spec.concept,
        "reading": one.spec.reading,
        "owner": one.spec.owner,
        "feeds": list(one.feeds),
        "agreement": dict(one.agreement),
        "freshness": one.freshness or None,
        "psi": one.shift,
        "contribution": one.contribution,
        "pipelines": [b.pipeline.name for b in broken if one.spec.name in b.pipeline.features],
    }


def broken_card(one: Broken) -> dict[str, Any]:
    """A broken pipeline as plain values."""
    return {
        "pipeline": one.pipeline.name,
        "features": list(one.pipeline.features),
        "why": one.pipeline.why or None,
        "losses": [
            {"clause": x.clause, "whole": x.whole, "broken": x.broken, "change": x.change, "low": x.low,
             "high": x.high, "keeps": x.keeps}
            for x in one.losses
        ],
    }  # fmt: skip


def step_card(one: Step) -> dict[str, Any]:
    """A set of features as plain values."""
    return {
        "features": list(one.features),
        "margin": one.margin,
        "keeps": one.keeps,
        "values": {name: list(values) for name, values in one.values.items()},
        "gives": one.gives or None,
    }
