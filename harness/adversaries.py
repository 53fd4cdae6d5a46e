"""What adversaries did: their tactics week by week, and what changed beside the incumbent on the same seeds.

Knows: ground truth of the kinds KINDS, seeds, Student's t. Does not know: which world told it, how it is shown.
The answer is `adversaries.json` (docs/design/001-run-folder.md).

A week counts to the window in which its middle lies; before goLive, only whole weeks do. Shares are pooled over the
numbers of a window within a seed, and a mean over seeds after that. A change is the candidate's figure less the
incumbent's on the same seed; its interval is Student's t over the seeds, at a level shared after Bonferroni by all
tactics of the candidate, or by all causes of one tactic (of all tactics together alike), so that a world with many
tactics does not find a change by looking often: the intervals of one such family hold together with a confidence of
1 - ALPHA. Families do not share it: over many candidates, or the causes of many tactics, more are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations
from statistics import fmean, stdev
from typing import Any

from harness.evidence import Student
from sim.core.time import DAY, Micros

KINDS = ("tactic", "lost", "stopped")
"""Rows of a week each: new numbers by tactic, numbers given up by "tactic: cause", share of calls stopped by tactic."""
ALPHA = 0.05
NO_SPREAD = 1e-12
"""A standard error below this is rounding."""
LAST = 0.25
"""The last quarter: this share of the days from goLive to the horizon."""

Row = Mapping[str, Any]
Numbers = dict[str, float]
"""Name -> how many numbers."""


@dataclass
class Week:
    """One week of one replay; begin and end in Micros."""

    begin: Micros
    end: Micros
    taken: Numbers = field(default_factory=dict)
    lost: dict[str, Numbers] = field(default_factory=dict)
    stopped: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Tactic -> (share of calls stopped, numbers given up)."""

    def read(self, row: Row) -> None:
        """Add a row of ground truth."""
        name, entities = str(row["name"]), float(row["entities"])
        if row["kind"] == "tactic":
            self.taken[name] = entities
        elif row["kind"] == "stopped":
            self.stopped[name] = (float(row["magnitude"]), entities)
        else:
            tactic, _, cause = name.partition(": ")
            self.lost.setdefault(tactic, {})[cause] = entities


@dataclass(frozen=True)
class Course:
    """One replay's weeks by when they begin, and the windows that count."""

    weeks: Mapping[Micros, Week]
    live: Micros
    horizon: Micros

    def before(self) -> list[Week]:
        """Whole weeks before goLive."""
        return [week for week in self.weeks.values() if week.end <= self.live]

    def scored(self) -> list[Week]:
        """Weeks whose middle lies between goLive and the horizon."""
        return self._between(self.live)

    def last(self) -> list[Week]:
        """Weeks whose middle lies in the last quarter."""
        return self._between(self.horizon - LAST * (self.horizon - self.live))

    def _between(self, start: float) -> list[Week]:
        return [week for week in self.weeks.values() if start <= (week.begin + week.end) / 2 < self.horizon]


Replays = Mapping[tuple[str, int], Course]
"""(candidate, seed) -> its course."""


def record(
    told: Mapping[tuple[str, int], Iterable[Row]], incumbent: str, live: Micros, horizon: Micros
) -> dict[str, Any] | None:
    """adversaries.json from each replay's ground truth; None where no row tells of adversaries."""
    replays = {who: Course(_weeks(rows), live, horizon) for who, rows in told.items()}
    tactics = sorted({name for c in replays.values() for week in c.weeks.values() for name in week.taken})
    if not tactics:
        return None
    causes = sorted(
        {n for c in replays.values() for w in c.weeks.values() for cause in w.lost.values() for n in cause}
    )
    candidates = list(dict.fromkeys(candidate for candidate, _ in told))
    rivals = [name for name in candidates if name != incumbent]
    return {
        "schemaVersion": 1,
        "confidence": 1 - ALPHA,
        "tactics": tactics,
        "causes": causes,
        "lastFromDay": (1 - LAST) * (horizon - live) / DAY,
        "candidates": {
            name: {
                "weeks": _course(_of(replays, name), tactics, live),
                "tactics": {t: _standing(_of(replays, name), (t,), causes) for t in tactics},
                "all": _standing(_of(replays, name), tactics, causes),
            }
            for name in candidates
        },
        "changes": {
            name: _changes(_of(replays, name), _of(replays, incumbent), tactics, causes) for name in rivals
        },
        "distances": [
            _distance(a, b, _of(replays, a), _of(replays, b), tactics)
            for a, b in combinations([*rivals, *(n for n in candidates if n == incumbent)], 2)
        ],
    }


def _weeks(rows: Iterable[Row]) -> dict[Micros, Week]:
    weeks: dict[Micros, Week] = {}
    for row in rows:
        if row["kind"] in KINDS:
            weeks.setdefault(row["onset"], Week(row["onset"], row["end"])).read(row)
    return dict(sorted(weeks.items()))


def _of(replays: Replays, candidate: str) -> dict[int, Course]:
    return {seed: course for (name, seed), course in replays.items() if name == candidate}


# --- shares -----------------------------------------------------------------------------------------------------------


def _taken(weeks: Sequence[Week]) -> dict[str, float] | None:
    """Share of new numbers by tactic; None where there were none."""
    return _shares([week.taken for week in weeks])


def _lost(weeks: Sequence[Week], tactics: Sequence[str]) -> dict[str, float] | None:
    """Share of the tactics' numbers given up by cause; None where none was given up."""
    return _shares([week.lost.get(tactic, {}) for week in weeks for tactic in tactics])


def _stopped(weeks: Sequence[Week], tactics: Sequence[str]) -> float | None:
    """Share of the tactics' calls that were stopped, each week weighing as many as numbers were given up in it."""
    seen = [week.stopped[tactic] for week in weeks for tactic in tactics if tactic in week.stopped]
    numbers = math.fsum(count for _, count in seen)
    return math.fsum(share * count for share, count in seen) / numbers if numbers else None


def _shares(counted: Sequence[Numbers]) -> dict[str, float] | None:
    whole = math.fsum(count for each in counted for count in each.values())
    if not whole:
        return None
    names = sorted({name for each in counted for name in each})
    return {name: math.fsum(each.get(name, 0.0) for each in counted) / whole for name in names}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _share_of(shares: Mapping[str, float] | None, names: Sequence[str]) -> float | None:
    return None if shares is None else math.fsum(shares.get(name, 0.0) for name in names)


def _course(courses: Mapping[int, Course], tactics: Sequence[str], live: Micros) -> list[dict[str, Any]]:
    """Week by week the mean of the seeds' shares. A seed without a new number in a week takes no part in it."""
    begins = sorted({begin for course in courses.values() for begin in course.weeks})
    found = []
    for begin in begins:
        weeks = [course.weeks[begin] for course in courses.values() if begin in course.weeks]
        shares = [_taken([week]) for week in weeks]
        if any(share is not None for share in shares):
            found.append(
                {
                    "day": (begin - live) / DAY,
                    "endDay": (weeks[0].end - live) / DAY,
                    "numbers": math.fsum(count for week in weeks for count in week.taken.values()),
                    "shares": {t: _mean(_share_of(share, (t,)) for share in shares) for t in tactics},
                }
            )
    return found


def _standing(courses: Mapping[int, Course], tactics: Sequence[str], causes: Sequence[str]) -> dict[str, Any]:
    """Tactics with one candidate: share before goLive and in the last quarter; numbers a seed, calls stopped and what
    numbers were given up for since goLive."""
    each = courses.values()
    lost = [_lost(course.scored(), tactics) for course in each]
    return {
        "before": _mean(_share_of(_taken(course.before()), tactics) for course in each),
        "last": _mean(_share_of(_taken(course.last()), tactics) for course in each),
        "taken": _mean(_counted((week.taken for week in course.scored()), tactics) for course in each),
        "stopped": _mean(_stopped(course.scored(), tactics) for course in each),
        "lost": {cause: _mean(_share_of(shares, (cause,)) for shares in lost) for cause in causes},
    }


def _counted(numbers: Iterable[Numbers], tactics: Sequence[str]) -> float:
    return math.fsum(each.get(tactic, 0.0) for each in numbers for tactic in tactics)


# --- changes ----------------------------------------------------------------------------------------------------------


def _changes(
    own: Mapping[int, Course], base: Mapping[int, Course], tactics: Sequence[str], causes: Sequence[str]
) -> dict[str, Any]:
    """What differs from the incumbent: shares of tactics, what numbers were given up for, and the largest moves."""

    def paired(value: Callable[[Course], float | None]) -> list[float]:
        both = [(value(own[seed]), value(base[seed])) for seed in sorted(own) if seed in base]
        return [mine - theirs for mine, theirs in both if mine is not None and theirs is not None]

    def share_of(tactic: str) -> list[float]:
        return paired(lambda course: _share_of(_taken(course.last()), (tactic,)))

    def lost_to(names: Sequence[str], cause: str) -> list[float]:
        return paired(lambda course: _share_of(_lost(course.scored(), names), (cause,)))

    shares = _tested({tactic: share_of(tactic) for tactic in tactics})
    lost = {tactic: _tested({cause: lost_to((tactic,), cause) for cause in causes}) for tactic in tactics}
    every = _tested({cause: lost_to(tactics, cause) for cause in causes})
    left = _grown(shares, -1)
    return {
        "shares": shares,
        "lost": lost,
        "allLost": every,
        "left": left,
        "came": _grown(shares, 1),
        "cause": _grown(lost[left] if left else every, 1),
    }


def _grown(changes: Mapping[str, Mapping[str, Any]], sign: int) -> str | None:
    """What changed most in one direction (1 up, -1 down), of what the seeds are sure of; None where nothing did."""
    sure = {name: sign * each["value"] for name, each in changes.items() if each["clear"]}
    grown = {name: value for name, value in sure.items() if value > 0}
    return max(grown, key=lambda name: (grown[name], name), default=None)


def _tested(differences: Mapping[str, Sequence[float]]) -> dict[str, dict[str, Any]]:
    """Name -> mean, interval, seeds, and whether the interval leaves out 0; the names share ALPHA."""
    return {name: _change(values, ALPHA / len(differences)) for name, values in differences.items()}


def _student(values: Sequence[float]) -> Student | None:
    """Evidence where at least two seeds were seen to differ at all; equal differences show no spread to go by."""
    if len(values) < 2:
        return None
    error = stdev(values) / math.sqrt(len(values))
    return Student(fmean(values), error, len(values) - 1, "raw") if error > NO_SPREAD else None


def _change(values: Sequence[float], alpha: float) -> dict[str, Any]:
    found = _student(values)
    low, high = (None, None) if found is None else found.bounds(alpha)
    clear = low is not None and high is not None and (low > 0 or high < 0)
    return {
        "value": _mean(values), "low": low, "high": high, "seeds": len(values), "clear": clear,
        "confidence": 1 - alpha,
    }  # fmt: skip


# --- distances --------------------------------------------------------------------------------------------------------


def _distance(
    a: str, b: str, own: Mapping[int, Course], other: Mapping[int, Course], tactics: Sequence[str]
) -> dict[str, Any]:
    """Total variation between two candidates' shares in the last quarter.

    `sameSeed` pairs the seeds. `otherSeed` sets each seed beside every other of the other candidate: only that
    compares with `own`, how far one candidate's seeds lie from one another (A/A).
    """
    here, there = ({seed: _taken(c.last()) for seed, c in each.items()} for each in (own, other))

    def mean(
        one: Mapping[int, Mapping[str, float] | None],
        two: Mapping[int, Mapping[str, float] | None],
        pairs: Iterable[tuple[int, int]],
    ) -> float | None:
        return _mean(variation(one.get(i), two.get(j), tactics) for i, j in pairs)

    seeds = sorted(set(here) & set(there))
    crossed = list(permutations(seeds, 2))
    return {
        "between": [a, b],
        "sameSeed": mean(here, there, [(seed, seed) for seed in seeds]),
        "otherSeed": mean(here, there, crossed),
        "own": [mean(here, here, crossed), mean(there, there, crossed)],
        "seeds": len(seeds),
    }


def variation(
    one: Mapping[str, float] | None, two: Mapping[str, float] | None, tactics: Sequence[str]
) -> float | None:
    """Total variation of two shares, in [0, 1]: the least share that must move to make one the other."""
    if one is None or two is None:
        return None
    return math.fsum(abs(one.get(t, 0.0) - two.get(t, 0.0)) for t in tactics) / 2
