"""`windtunnel tune` as a user meets it: settings tried on training seeds, the cheapest confirmed on others.

Knows: trials under other settings, what a metric costs, how the answer is told. Does not know: how settings are
proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness import outcomes, searching, trial, verdict
from harness.report import overfits
from harness.searching import Knob, Score, Setting, Tried
from harness.shelf import Asked, Shelf
from harness.stress import margin, require_critical
from harness.tallies import ALL, TRUE, Tallies
from harness.trial import Loaded
from sim.core.errors import BadDocument, UserError, closest
from sim.core.variation import Variation

OPERATIONS = "playbook_cost"
"""As a cost: the money that the candidate's playbook spends on its cases, mean over the seeds."""
CHARTER = "charter."
LEVELS = ("clauses", "signals", "playbook", "staff")
"""Parts of a charter in which a level may be varied; of a clause its rungs alone, never what is judged."""
STRONGER = 1.5
"""Times which the scenario's drift is turned up where a setting is confirmed."""


@dataclass(frozen=True)
class Confirmed:
    """One of the cheapest: on training seeds, on those held out with its verdict there, and under stronger drift."""

    setting: Setting
    train: Score
    held_out: Score
    stronger: Score | None
    ruling: str


@dataclass(frozen=True)
class Quest:
    """What is sought: whose settings, over which knobs, at what cost, on which seeds, by which sampler."""

    candidate: str
    knobs: tuple[Knob, ...]
    cost: str
    train: tuple[int, ...]
    held_out: tuple[int, ...]
    trials: int
    sampler: str
    top: int


class Tuning:
    """Settings as trials of one scenario on one shelf."""

    def __init__(self, shelf: Shelf, reference: str, sets: Sequence[str], quest: Quest) -> None:
        self.shelf, self.reference, self.sets, self.quest = shelf, reference, tuple(sets), quest
        self.trials: dict[str, Loaded] = {}
        shelf.trials = self.trials

    def named(self, setting: Setting) -> str:
        """The name of the trial with a setting; the scenario's own for an empty one. Raises UserError where it is no
        setting of this candidate."""
        if not setting:
            return ""
        name = ", ".join(f"{key}={value}" for key, value in sorted(setting.items()))
        if name not in self.trials:
            self.trials[name] = self.read(setting)
        return name

    def read(self, setting: Setting) -> Loaded:
        """The scenario with a setting, read anew. Raises UserError where it is no setting of this candidate."""
        levels, own = [], []
        for key, value in setting.items():
            if key.startswith(CHARTER):
                levels.append(f"{key.removeprefix(CHARTER)}={value}")
            else:
                own.append(f"trial.candidates.{self.quest.candidate}.{key}={value}")
        return trial.load(self.reference, (*self.sets, *own), self.shelf.loaded.seeds, levels)

    def scores(
        self, settings: Sequence[Setting], seeds: Sequence[int], magnitude: float = 1.0
    ) -> list[tuple[Score, str]]:
        """What each setting did on some seeds, with the verdict there; all of them replayed at once."""
        vary = Variation(magnitude=magnitude)
        asked = [
            [Asked(self.quest.candidate, seed, vary, self.named(setting)) for seed in seeds]
            for setting in settings
        ]
        every = [one for own in asked for one in own]
        self.shelf.fetch([*every, *(one.incumbent() for one in every)])
        return [self._score(own) for own in asked]

    def _score(self, asked: Sequence[Asked]) -> tuple[Score, str]:
        counts, clauses = self.shelf.tallies(asked), self.shelf.clauses(asked[0])
        name = self.quest.candidate
        margins = [margin(counts, name, terms) for terms in clauses if terms.critical and terms.slice == ALL]
        least = min(margins)
        alpha = 1.0 - self.shelf.loaded.charter.spec.confidence
        ruling = verdict.judge(counts, clauses, [name], alpha=alpha).candidates[0].verdict
        return Score(self._cost(counts, asked), max(0.0, -least), least), ruling

    def _cost(self, counts: Tallies, asked: Sequence[Asked]) -> float:
        if self.quest.cost == OPERATIONS:
            spent = [case["cost"] for one in asked for case in self.shelf.facts(one).get("cases", ())]
            return float(sum(spent)) / len(asked)
        spec = self.shelf.specs[self.quest.cost]
        key = (self.quest.candidate, self.quest.cost, ALL, TRUE)
        value = counts.estimate(key, counts.total).value
        if value is None:
            raise UserError(f"--cost: {self.quest.cost} was not measured in this world")
        return value if spec.better == "lower" else -value


def run_tune(
    shelf: Shelf, reference: str, sets: Sequence[str], quest: Quest, talk: Callable[[str], None]
) -> list[str]:
    """Search on the training seeds, confirm on the others; answers the lines to print, and writes the outcome's files.

    Raises UserError.
    """
    loaded = shelf.loaded
    _check(shelf, quest)
    tuning = Tuning(shelf, reference, sets, quest)
    _check_ends(tuning)

    def score(settings: Sequence[Setting]) -> list[Score]:
        return [found for found, _ in tuning.scores(settings, quest.train)]

    on = f"on {len(quest.train)} seeds, proposed by {quest.sampler}"
    talk(f"{loaded.scenario_id}: {quest.trials} settings of {quest.candidate} {on}")
    tried = searching.search(quest.knobs, quest.trials, min(quest.train), quest.sampler, score)
    own = tuning.scores([{}], quest.train)[0][0]
    few = [Tried({}, own), *searching.best(tried, quest.top)]
    settings = [one.setting for one in few]
    held = tuning.scores(settings, quest.held_out)
    drifts = bool(loaded.scenario.spec.world.injections)
    strong = tuning.scores(settings, quest.held_out, STRONGER) if drifts else [None] * len(few)
    confirmed = [
        Confirmed(one.setting, one.score, there[0], more[0] if more else None, there[1])
        for one, there, more in zip(few, held, strong, strict=True)
    ]
    told = lines(loaded.scenario_id, quest, tried, confirmed)
    document = outcomes.heading(loaded, "tune") | _document(quest, tried, confirmed)
    place = outcomes.place(shelf.root, loaded, "tune", document["asked"])
    picture = overfits.picture(loaded.scenario_id, quest.cost, tried, confirmed)
    paths = outcomes.write(place, "tune", document, told, picture)
    talk(f"{shelf.replayed} replays done, {shelf.reused} were there")
    return [*told, *(str(path) for path in paths)]


def _check(shelf: Shelf, quest: Quest) -> None:
    require_critical(shelf)
    if quest.candidate not in shelf.loaded.candidates:
        names = shelf.loaded.candidates
        raise UserError(f"--candidate: no candidate '{quest.candidate}'{closest(quest.candidate, names)}")
    if not 1 <= len(quest.knobs) <= len(searching.PRIMES):
        most = len(searching.PRIMES)
        raise UserError(f"--vary: expected 1 to {most} of them, such as policy.with.block_at=0.2..0.9")
    costs = (OPERATIONS, *shelf.specs)
    if quest.cost not in costs:
        near = closest(quest.cost, costs) or "; `windtunnel list metrics` lists them, or playbook_cost"
        raise UserError(f"--cost: no metric '{quest.cost}'{near}")
    for one in quest.knobs:
        _check_level(one.key)
    if set(quest.train) & set(quest.held_out):
        raise UserError("--held-out: expected seeds that are not among the training seeds")
    if quest.trials < 1:
        raise UserError(f"--trials: got {quest.trials}, expected at least 1")


def _check_ends(tuning: Tuning) -> None:
    """See that every end and every choice is a setting, beside the first and the last of all others, before anything is
    replayed. Raises UserError for the first that is none."""
    knobs = tuning.quest.knobs
    corners = [{one.key: one.ends[place] for one in knobs} for place in (0, -1)]
    every = [corner | {one.key: end} for corner in corners for one in knobs for end in one.ends]
    for setting in {tuple(sorted(one.items())): one for one in every}.values():
        try:
            tuning.read(setting)
        except BadDocument as error:  # the scenario and its --set were read before: this is the search's own
            named = (replace(one, file="--vary") if one.file == "--set" else one for one in error.faults)
            raise BadDocument(named) from None


def _check_level(key: str) -> None:
    """Raises UserError for a key of the charter that is not a level of its operating half."""
    if not key.startswith(CHARTER):
        return
    part, *rest = key.removeprefix(CHARTER).split(".")
    if part not in LEVELS or (part == "clauses" and rest[1:2] != ["rungs"]):
        raise UserError(
            f"--vary: '{key}' is no level of the playbook, expected charter.clauses.NAME.rungs.RUNG..., "
            "charter.signals..., charter.playbook... or charter.staff...; what is judged is not for the search"
        )


def lines(scenario: str, quest: Quest, tried: Sequence[Tried], confirmed: Sequence[Confirmed]) -> list[str]:
    """The few, on both sets of seeds, and in a sentence how much of what was found was the seeds'."""
    kept = sum(one.score.keeps for one in tried)
    intro = (
        f"{len(tried)} settings tried on seeds {_few(quest.train)}, {kept} keep the charter there; "
        f"confirmed on seeds {_few(quest.held_out)}."
    )
    told = [
        f"# {scenario}: settings of {quest.candidate}, by {quest.cost}, proposed by {quest.sampler}",
        "",
        intro,
        "",
    ]  # fmt: skip
    rows = [
        (
            _words(one.setting),
            f"{one.train.cost:.4g}",
            f"{one.train.margin:+.2f}",
            f"{one.held_out.cost:.4g}",
            f"{one.held_out.margin:+.2f}",
            one.ruling,
            "" if one.stronger is None else f"{one.stronger.margin:+.2f}",
        )
        for one in confirmed
    ]
    head = (
        "setting",
        "cost",
        "margin",
        "cost held out",
        "margin held out",
        "verdict held out",
        "margin, drift x 1.5",
    )
    told += [*outcomes.table(head, rows), ""]
    few = confirmed[1:]
    if not few:
        return [*told, "no setting keeps the charter on the training seeds: nothing to confirm"]
    holds = [one for one in few if one.held_out.keeps]
    gap = sum(one.train.margin - one.held_out.margin for one in few) / len(few)
    told.append(
        f"of the {len(few)} cheapest that keep it on the training seeds, {len(holds)} keep it on those held out; "
        f"the margin shrinks by {gap:+.2f} on average: that much was the seeds'"
    )
    chosen = choice(confirmed)
    told.append(
        f"chosen: {_words(chosen.setting)}"
        if chosen
        else "chosen: none, the held-out seeds keep none of them"
    )
    return told


def choice(confirmed: Sequence[Confirmed]) -> Confirmed | None:
    """The cheapest setting, the scenario's own among them, that keeps the charter everywhere it was looked at."""
    keeps = [
        one
        for one in confirmed
        if one.train.keeps
        and one.held_out.keeps
        and (one.stronger is None or one.stronger.keeps)
        and one.ruling != "FAIL"
    ]
    return min(keeps, key=lambda one: one.train.cost, default=None)


def _words(setting: Setting) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(setting.items())) or "as it is"


def _few(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds)) if len(seeds) <= 8 else f"{seeds[0]} to {seeds[-1]} ({len(seeds)})"


def _document(quest: Quest, tried: Sequence[Tried], confirmed: Sequence[Confirmed]) -> dict[str, Any]:
    chosen = choice(confirmed)
    return {
        "asked": {
            "candidate": quest.candidate,
            "knobs": [
                {"key": one.key, "choices": list(one.choices)}
                if one.choices
                else {"key": one.key, "low": one.low, "high": one.high, "scale": "log" if one.log else "linear"}
                for one in quest.knobs
            ],
            "cost": quest.cost,
            "train": list(quest.train),
            "heldOut": list(quest.held_out),
            "trials": quest.trials,
            "sampler": quest.sampler,
            "top": quest.top,
        },
        "tried": [{"setting": dict(one.setting), **_score(one.score)} for one in tried],
        "confirmed": [
            {"setting": dict(one.setting), "train": _score(one.train), "heldOut": _score(one.held_out),
             "stronger": None if one.stronger is None else _score(one.stronger), "verdict": one.ruling}
            for one in confirmed
        ],
        "chosen": dict(chosen.setting) if chosen else None,
    }  # fmt: skip


def _score(one: Score) -> Mapping[str, Any]:
    return {"cost": one.cost, "margin": one.margin, "keeps": one.keeps}
