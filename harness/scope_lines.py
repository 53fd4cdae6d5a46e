"""A feasibility in words: what arrives, what it can carry, and a scope with figures.

Knows: histories, scopes, a charter's constraints, words. Does not know: how anything was measured, files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness import outcomes
from harness.feasibility import IN_TIME, KEEPS, DeskScope, FeedLoss, Figure, in_time
from harness.featurizer import SIGNALLING
from harness.lineups import Lineup
from harness.plans import CandidatePlan
from harness.prelaunch import RHYTHMS, History
from harness.scope_facts import all_feeds, columns_of, declared, delays_of, kept_for, permission, span
from harness.trial import Loaded
from sim.core.records import in_days

# --- in words -------------------------------------------------------------------------------------------------------


def told(loaded: Loaded, histories: Sequence[History], scopes: Sequence[DeskScope]) -> Iterator[str]:
    """The whole outcome, as Markdown."""
    spec = loaded.scenario
    yield f"# {loaded.scenario_id}: feasibility, before any model"
    yield ""
    yield (
        f"{in_days(spec.go_live)} of history, seeds {', '.join(map(str, loaded.seeds))}, the incumbent in place; "
        f"charter {loaded.charter_id}. Only what production sees."
    )
    yield ""
    yield from _arrivals_told(loaded, histories)
    yield from _labels_told(histories)
    for one in scopes:
        yield from _scope_told(one)
        yield from (f"* {line}" for line in recommendation(one, histories))
        yield ""
    for name, desk in histories[0].desks.items():
        if not desk.known:
            why = (
                "a price cannot wait: only per event"
                if desk.form == "quote"
                else "no features, or no unit a day"
            )
            yield f"* desk {name}: skill by cadence is not measured ({why})"
    yield from (f"* {line}" for line in warnings(loaded, histories))


HEAD = ("feed", "field", "may it be used", "late p50", "p95", "no value", "flicker", "PSI weeks", "worst")


def _arrivals_told(loaded: Loaded, histories: Sequence[History]) -> Iterator[str]:
    yield "## What arrives"
    yield ""
    rows = [
        (
            stream,
            column.name,
            permission(column, stream, loaded.charter),
            late[0],
            late[1],
            _percent(found.missing),
            "" if found.flicker is None else f"{found.flicker:.2f}",
            "" if found.median_shift is None else f"{found.median_shift:.3f}",
            "" if found.worst_shift is None else f"{found.worst_shift:.3f}",
        )
        for stream, schema, quality in all_feeds(loaded, histories)
        for late in [_lateness(histories, stream)]
        for column, found in columns_of(schema, quality)
    ]
    yield from outcomes.table(HEAD, rows)
    yield ""
    yield (
        "Flicker: how often a value changes between one entity's events, 0 never, 1 as if dealt anew. PSI: nats of "
        "each week against the first. Names of things (numbers, accounts) are not compared. First seed, but "
        "for lateness."
    )
    yield ""
    feeds: list[tuple[str, ...]] = []
    for stream, _, quality in all_feeds(loaded, histories):
        cells: list[float | None] = [1.0 if quality.items else None] * len(RHYTHMS)
        if len(quality.delays):
            cells = [in_time(histories, stream, r.patience) for r in RHYTHMS]
        swing = "" if quality.leanest is None else f"{quality.leanest:.2f} .. {quality.fattest:.2f}"
        feeds.append(
            (
                stream,
                kept_for(stream, loaded.charter),
                str(quality.items),
                swing,
                span(quality.silence),
                *(_percent(c) for c in cells),
                declared(loaded.charter, histories, stream),
            )
        )
    head = (
        "feed",
        "kept",
        "items",
        "week / usual",
        "longest silence",
        *(f"in {span(r.patience)}" for r in RHYTHMS),
    )
    yield from outcomes.table((*head, "as the charter says"), feeds)
    yield ""


def _labels_told(histories: Sequence[History]) -> Iterator[str]:
    rows = []
    for name, desk in histories[0].desks.items():
        for one in desk.labels:
            late = _lateness(histories, one.stream)
            rows.append(
                (
                    name, one.stream, str(one.items), str(one.positives), *late, _percent(one.wrong),
                    _percent(one.hidden), str(one.checked) if one.checked else "",
                )
            )  # fmt: skip
    if not rows:
        return
    yield "## Labels, held against what verification said"
    yield ""
    head = (
        "desk",
        "labels",
        "items",
        "positive",
        "late p50",
        "p95",
        "found wrong",
        "never told",
        "both told",
    )
    yield from outcomes.table(head, rows)
    yield ""


def _scope_told(one: DeskScope) -> Iterator[str]:
    yield f"## Desk {one.kind}: what each cadence can reach"
    yield ""
    if not one.told:
        yield f"{one.unwanted} verified unwanted units: too few to tell any skill."
        yield ""
        return
    yield (
        f"{one.verified} verified units, {one.unwanted} unwanted, {_percent(one.base)} of events. "
        "Cross-fitted quick model (60 trees of depth 4); "
        f"detection with at most {one.budget:.3g} of lawful events stopped"
        f"{f' (clause {one.from_clause})' if one.from_clause else ''}; intervals of 95 % over {one.blocks}."
    )
    yield ""
    rows = [
        (
            d.rhythm.name, str(len(d.features)), _words(dict.fromkeys(s for late in d.blocked.values() for s in late)),
            figure(d.precision), figure(d.detection), figure(d.kept, percent=True),
        )
        for d in one.designs
    ]  # fmt: skip
    rows.append(
        (
            "ceiling",
            str(len(set(one.designs[-1].features) | set(one.designs[-1].blocked))),
            "",
            figure(one.ceiling_precision),
            figure(one.ceiling),
            "100 %",
        )
    )
    yield from outcomes.table(
        ("cadence", "features", "too late", "average precision", "detection", "kept"), rows
    )
    yield ""
    yield (
        "Kept: share of the ceiling's detection. The ceiling reads every feature at each event, late as its feed is. "
        "Nobody has adapted to any of these scores yet: a replay says what is left once they do."
    )
    yield ""
    feeds = [(f.stream, ", ".join(f.blind), figure(f.lost, percent=True)) for f in one.feeds]
    yield from outcomes.table(("without the feed", "features that go blind", "detection lost"), feeds)
    yield ""
    yield "## Scope"
    yield ""


def recommendation(one: DeskScope, histories: Sequence[History]) -> Iterator[str]:
    """What to build first, and why not what is faster, a sentence each."""
    if not one.told:
        return
    for design in one.designs:
        if design.rhythm is one.supported:
            break
        late = {s for streams in design.blocked.values() for s in streams}
        losses = sorted((f for f in one.feeds if f.stream in late), key=_loss, reverse=True)
        kept = figure(design.kept, percent=True)
        if losses and _loss(losses[0]) > 0:
            worst = losses[0]
            yield (
                f"{design.rhythm.name} is not supported by these feeds: {_percent(_loss(worst))} of what can be "
                f"detected comes from {worst.stream}, which arrives {_lateness(histories, worst.stream)[0]} late; "
                f"{kept} would be kept"
            )
        else:
            yield f"{design.rhythm.name} is not supported: {kept} of what can be detected would be kept"
    if one.supported is None:
        yield "no cadence keeps enough: other feeds first, or another purpose"
        return
    design = next(d for d in one.designs if d.rhythm is one.supported)
    acting = (
        "decide on each event as it comes"
        if one.supported.cadence is None
        else "act by what lasts until the next score, or by review"
    )
    unsure = design.kept.low is not None and design.kept.low < KEEPS
    yield (
        f"first release: {one.supported.name} scores, which keep {figure(design.kept, percent=True)} of the benefit; "
        + acting
        + (f" (the interval does not clear {_percent(KEEPS)})" if unsure else "")
    )


def warnings(loaded: Loaded, histories: Sequence[History]) -> Iterator[str]:
    """Candidates that use a late feed as if it were fresh, and feeds that are later than the charter says."""
    plans: Sequence[CandidatePlan | Lineup] = loaded.trial.candidates
    for whole in plans:
        for kind, desk in histories[0].desks.items():
            plan = whole.plan(kind) if isinstance(whole, Lineup) else whole
            if plan is None or not plan.use:
                continue
            patience = plan.cadence.every if plan.cadence else RHYTHMS[0].patience
            for stream in dict.fromkeys(s for streams in desk.reads.values() for s in streams):
                names = [n for n in plan.features or desk.reads if stream in desk.reads.get(n, ())]
                share = None if stream == SIGNALLING else in_time(histories, stream, patience)
                if names and share is not None and share < IN_TIME:
                    often = "each event" if plan.cadence is None else f"every {span(patience)}"
                    yield (
                        f"stale feed used as fresh: candidate {whole.name} reads {stream} in {', '.join(names)} at "
                        f"{often}, and {_percent(share)} of it is there in {span(patience)}"
                    )
    for feed in dict.fromkeys(one.feed for one in loaded.charter.spec.data_constraints if one.feed):
        if "later" in (found := declared(loaded.charter, histories, feed)):
            yield f"feed {feed}: {found} of the charter"


def _lateness(histories: Sequence[History], stream: str) -> tuple[str, str]:
    if stream not in histories[0].streams:
        return "0", "0"
    p50, p95 = delays_of(histories, stream)
    return ("" if p50 is None else span(p50), "" if p95 is None else span(p95))


def _loss(feed: FeedLoss) -> float:
    return feed.lost.value or 0.0


def figure(one: Figure, percent: bool = False) -> str:
    """A value with its interval."""
    if one.value is None:
        return ""

    def shown(value: float) -> str:
        return f"{round(100 * value) + 0:d}" if percent else f"{value:.3f}"

    ends = "" if one.low is None or one.high is None else f" ({shown(one.low)} .. {shown(one.high)})"
    return f"{shown(one.value)}{' %' if percent else ''}{ends}"


def _percent(share: float | None) -> str:
    if share is None:
        return ""
    return f"{100 * share:.1f} %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def _words(names: Iterable[str]) -> str:
    return ", ".join(names)
