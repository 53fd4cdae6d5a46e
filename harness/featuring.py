"""`windtunnel features` as a user meets it: lives of features, broken nights, the fewest that do, skew.

Knows: the parts of the command, outcomes and their files. Does not know: how anything is measured, words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness import brittleness, feature_lines, feature_rules, lifecycle, measure, outcomes, simplicity, trial
from harness.assembly import build_replay
from harness.brittleness import Broken, Night
from harness.feasibility import budget_of
from harness.feature_rules import Ground
from harness.kinds import FeatureSpec
from harness.prelaunch import DAILY, NEAR_REAL_TIME, PER_EVENT, History, Rhythm, history
from harness.report.feature_lives import lives_picture, walk_picture
from harness.scope_facts import delays_of, span
from harness.shelf import Shelf
from harness.skew import Agreement, Follower, compare
from harness.stress import require_critical
from harness.trial import Loaded
from sim import open_world
from sim.core import catalogue
from sim.core.errors import BadDocument, UserError, closest
from sim.core.time import DAY

Talk = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """Whose features: a candidate and a desk ("" for the first), on which seed what is not a replay is measured."""

    candidate: str = ""
    desk: str = ""
    seed: int = 1


def run_lives(shelf: Shelf, wish: Wish, night: Night | None, as_json: bool, talk: Talk) -> list[str]:
    """Each feature's life; with a night, what the charter loses when pipelines break on it. Writes the outcome's files
    and answers the lines to print, or the document as JSON."""
    loaded = shelf.loaded
    name, desk, plan = lifecycle.chosen(loaded, wish.candidate, wish.desk)
    specs = lifecycle.specs_of(loaded, desk, plan)
    hours = None if night is None else {"atHours": night.at / DAY * 24, "lastsHours": night.lasts / DAY * 24}
    settings = {"candidate": name, "desk": desk, "seed": wish.seed, "night": hours, "seeds": loaded.seeds}
    place = outcomes.place(shelf.root, loaded, "features", settings)
    outcomes.reserve(place)
    broken: tuple[Broken, ...] = ()
    if night is not None:
        require_critical(shelf)
        world = open_world(loaded.scenario, wish.seed)
        kind = world.kinds[desk or next(iter(world.kinds))]
        found = brittleness.pipelines(specs, kind, world.streams)
        talk(f"{loaded.scenario_id}: {name} with {len(found)} pipelines broken, {len(loaded.seeds)} seeds")
        broken = brittleness.measure(shelf, name, kind, found, night)
    talk(f"{loaded.scenario_id}: the history, a replay of {name}, and the cost of {len(specs)} features")
    seen = history(loaded, wish.seed)
    own = seen.desks[desk or next(iter(seen.desks))]
    lives, whole = lifecycle.lives(loaded, name, desk, specs, own, wish.seed)
    late = {stream: p50 for stream in seen.streams if (p50 := _late(seen, stream))}
    title = f"{loaded.scenario_id}, {name}"
    lines = list(feature_lines.lives_told(title, lives, broken, late))
    if night is not None:
        lines += ["", *feature_lines.nights_told(broken, night, night.days(shelf.days), len(loaded.seeds))]
    document = outcomes.heading(loaded, "features") | {
        "candidate": name,
        "seed": wish.seed,
        "features": [feature_lines.life_card(one, broken) for one in lives],
        "night": hours,
        "broken": [feature_lines.broken_card(one) for one in broken],
    }
    paths = outcomes.write(place, "features", document, lines, lives_picture(title, lives, broken))
    costs = list(feature_lines.costs_told(lives, whole))
    return (
        [measure.canonical(document).rstrip("\n")] if as_json else [*lines, "", *costs, "", *map(str, paths)]
    )


def _late(seen: History, stream: str) -> str:
    p50, _ = delays_of([seen], stream)
    return "" if p50 is None else span(p50)


def rhythm_of(every: int | None) -> Rhythm:
    """The cadence of the history's that is nearest to a plan's."""
    if every is None:
        return PER_EVENT
    return DAILY if every >= DAY // 2 else NEAR_REAL_TIME


def run_simplest(
    shelf: Shelf,
    reference: str,
    sets: Sequence[str],
    wish: Wish,
    width: int,
    least: int,
    held_out: Sequence[int],
    as_json: bool,
    talk: Talk,
) -> list[str]:
    """Search the smallest feature set that keeps the charter, and confirm it on other seeds."""
    loaded = shelf.loaded
    require_critical(shelf)
    if set(held_out) & set(loaded.seeds):
        raise UserError("--held-out: expected seeds that are not among the scenario's")
    name, desk, plan = lifecycle.chosen(loaded, wish.candidate, wish.desk)
    specs = lifecycle.specs_of(loaded, desk, plan)
    every = tuple(spec.name for spec in specs)
    talk(
        f"{loaded.scenario_id}: the history of seed {wish.seed}, by which {len(every)} features of {name} are ranked"
    )
    seen = history(loaded, wish.seed)
    own = seen.desks[desk or next(iter(seen.desks))]
    if not own.known:
        raise UserError(
            "--simplest: this desk does not act on entities day by day, so its features cannot be ranked"
        )
    key = f"trial.candidates.{name}." + (f"desks.{desk}." if desk else "")

    def trial_of(features: Sequence[str]) -> Loaded:
        return trial.load(reference, (*sets, f"{key}features=[{', '.join(features)}]"), seeds=loaded.seeds)

    budget, _ = budget_of(loaded.charter)
    rhythm = rhythm_of(plan.cadence.every if plan.cadence else None)
    found = simplicity.walk(shelf, name, every, own, rhythm, budget, wish.seed, width, least, trial_of)
    sets_held = [found.smallest.features, every] if found.smallest.features != every else [every]
    held = simplicity.confirmed(shelf, name, every, sets_held, held_out, trial_of) if held_out else []
    title = f"{loaded.scenario_id}, {name}"
    lines = list(feature_lines.walk_told(title, found, held, own.reads))
    document = outcomes.heading(loaded, "simplest") | {
        "candidate": name,
        "seeds": list(loaded.seeds),
        "heldOut": list(held_out),
        "steps": [feature_lines.step_card(one) for one in found.steps],
        "smallest": list(found.smallest.features),
        "confirmed": [feature_lines.step_card(one) for one in held],
        "replays": found.tried,
    }
    settings = {"candidate": name, "desk": desk, "seeds": loaded.seeds, "width": width, "least": least,
                "seed": wish.seed, "heldOut": list(held_out)}  # fmt: skip
    place = outcomes.place(shelf.root, loaded, "simplest", settings)
    paths = outcomes.write(place, "simplest", document, lines, walk_picture(title, found))
    talk(f"{shelf.replayed} replays done, {shelf.reused} were there")
    return [measure.canonical(document).rstrip("\n")] if as_json else [*lines, "", *map(str, paths)]


def run_skew(loaded: Loaded, wish: Wish, serving: str, events: int, talk: Talk) -> tuple[list[str], bool]:
    """Put so many events through the online path, and hold every feature and answer against the replay's. serving: a
    feature set by path or id whose definitions the online path uses instead, by name. Answers the lines and whether
    they agreed. Raises UserError."""
    name, desk, plan = lifecycle.chosen(loaded, wish.candidate, wish.desk)
    specs = lifecycle.specs_of(loaded, desk, plan)
    other = _served(specs, serving) if serving else ()
    talk(
        f"{loaded.scenario_id}: {name}, seed {wish.seed}: a replay, and {events} events one by one beside it"
    )
    setting = build_replay(loaded, loaded.candidate(name), wish.seed, None, [])
    follower = Follower(setting, desk or next(iter(setting.desks)), other)
    found = Agreement()
    for turn in follower.turns():
        compare(turn, follower.online, found)
        if found.events >= events:
            break
    names = [spec.name for spec in specs]
    return list(feature_lines.skew_told(f"{loaded.scenario_id}, {name}", found, names)), not found.differing


def _served(specs: Sequence[FeatureSpec], serving: str) -> tuple[FeatureSpec, ...]:
    """The same features as another set defines them. Raises UserError for what is no set, or lacks one."""
    read, faults = feature_rules.examine_set(catalogue.find("FeatureSet", serving).document, Ground())
    if read is None:
        raise BadDocument(faults)
    there = {spec.name: spec for spec in read}
    for spec in specs:
        if spec.name not in there:
            raise UserError(f"{serving}: no feature '{spec.name}'{closest(spec.name, there)}")
    return tuple(there[spec.name] for spec in specs)
