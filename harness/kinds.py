"""The contracts of the team's side: features, candidates, policies, metrics; those of signals are in `signal_kinds`.

Knows: shapes that plugins share. Does not know: any plugin, the loop, a world's inside.
Every plugin is one file in its folder with `PLUGIN = TheClass`; a class's dataclass fields are its parameters in YAML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.core.events import Block
from sim.core.time import Micros

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]


# --- candidates -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrainingSet:
    """Units whose label was known at `as_of`, never later. Built by the replay, never by a candidate.

    x: (n, k) float32, feature values of one call of each unit as they stood when that call was decided on.
    y: (n,) int64, label (0/1, or outcome index for a Quote question).
    weight: (n,) float64, inverse of the probability with which the row is here.
    verified: (n,) bool, whether the label comes from a verification (audit) and not from reports and silence.
    audit_weight: (n,) float64, inverse propensity of the audit that verified the row; 0 where there was none.
    unit_t: (n,) int64, instant of the stored call.
    slice_code: (n,) int16, class that a verification revealed, -1 where none did.
    calls: (n,) float64, events of the unit on its day, as the operator counted them.
    outcomes: 2 asks for a score; more for a probability per outcome, y being the outcome's index. quotes: whether a
    probability per outcome is asked for, even of two.
    targets: (n, m) float64, what a regression may learn (a match's final score), columns named by `target_names`.
    """

    as_of: Micros
    names: tuple[str, ...]
    x: Matrix
    y: NDArray[np.int64]
    weight: Floats
    verified: NDArray[np.bool_]
    audit_weight: Floats
    unit_t: NDArray[np.int64]
    slice_code: NDArray[np.int16]
    calls: Floats
    outcomes: int = 2
    quotes: bool = False
    targets: Floats | None = None
    target_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.y)


@runtime_checkable
class Scorer(Protocol):
    """A fitted candidate: pure (law 6). Scores are rounded to 1e-6 by the desk, before the policy."""

    def score(self, x: Matrix) -> Floats:
        """(n,) scores in [0, 1], higher is more unwanted; (n, k) probabilities for k > 2 outcomes."""
        ...


@runtime_checkable
class Kept(Protocol):
    """A scorer that can be kept beside a run: its model in a native format (never a pickle that is loaded back)."""

    def save(self, folder: Path) -> Path:
        """Write the model into an existing folder; the file written. Equal models give equal bytes."""
        ...

    def card(self) -> Mapping[str, Any]:
        """What it is and what it was trained on, in JSON's own types; no clocks."""
        ...


@runtime_checkable
class Explained(Protocol):
    """A scorer that can say which features matter."""

    def importance(self) -> Mapping[str, float]:
        """Feature -> share of the whole, not negative, summing to 1 (or empty), in the training set's order."""
        ...


@runtime_checkable
class Candidate(Protocol):
    """A trainable way to score. A class attribute `forms` says which questions it answers: "act", "quote".
    Another, `abreast`, says that its fits share nothing and run in native code: then several run at a time."""

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit on what was known. Must answer a scorer for any set, even one with a single class."""
        ...


@runtime_checkable
class OnlineScorer(Scorer, Protocol):
    """A scorer that learns label by label, in the order in which labels arrive. `score` never changes it."""

    def learn(self, x: Matrix, y: NDArray[np.int64]) -> None:
        """Take in labelled rows (n, k), (n,), in order."""
        ...


@runtime_checkable
class OnlineCandidate(Candidate, Protocol):
    """A candidate that can also learn from every label as it arrives. Needs a question whose unit is the event."""

    def begin(self, features: int) -> OnlineScorer:
        """A learner that has seen nothing."""
        ...


@runtime_checkable
class Outside(Candidate, Protocol):
    """A candidate made elsewhere: it reads files of the scenario's folder, and is never fitted. `fit` answers it as it
    is. `watch`, `cost` and `close` are there where scoring runs somebody else's code."""

    shorthand: str
    """The parameter that `use: NAME:VALUE` gives; an attribute of the class."""

    def located(self, folder: Path, digests: Mapping[str, str]) -> Outside:
        """The same, standing in a folder; digests: SHA-256 by path of what must not have changed since."""
        ...

    def inputs(self) -> tuple[str, ...]:
        """Paths of the files that it reads, below the folder."""
        ...

    def check(self, given: tuple[str, ...] | None, outcomes: int | None) -> None:
        """Raise UserError where it cannot be read, or wants other features or outcomes than these; None: unknown."""
        ...


# --- policies -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PolicyState:
    """What a policy may know when it is set: verified units, scored by scorers not trained on them (crossfit).

    score, y, audit_weight, slice_code, calls: (n,), verified units only; in a share of calls, audit_weight * calls.
    training_*: (m,), the whole training set.
    entity: (n,) whose unit each is, since days of one number are not independent evidence; None takes them as such.
    """

    score: Floats
    y: NDArray[np.int64]
    audit_weight: Floats
    slice_code: NDArray[np.int16]
    calls: Floats
    training_score: Floats
    training_y: NDArray[np.int64]
    training_weight: Floats
    entity: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Verdicts:
    """A policy's answer before holdout and audits: action (n,) int8, propensity (n,) float32, and for how long an
    action lasts on the entity (n,) int64 Micros from the next tick; 0 for this event alone.

    review: (n,) bool, rows whose unit analysts shall look at, whatever the lot says; None for none."""

    action: NDArray[np.int8]
    propensity: NDArray[np.float32]
    lasts: NDArray[np.int64]
    review: NDArray[np.bool_] | None = None


@runtime_checkable
class Policy(Protocol):
    """Turns scores into actions. Stateless between ticks but for what `tune` set."""

    def tune(self, state: PolicyState) -> Policy:
        """A policy with thresholds set from verified units. Called after every fit; must not mutate self."""
        ...

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Actions for one question. `uniforms` (n,) are keyed per event; `actions` maps names to codes."""
        ...

    def facts(self) -> Mapping[str, float]:
        """Thresholds and budgets in force, for the timeline."""
        ...


@dataclass(frozen=True)
class Prices:
    """What is sold: decimal odds (n, k), margin included, and whether the market is suspended (n,)."""

    odds: Floats
    suspended: NDArray[np.bool_]


@runtime_checkable
class Pricing(Protocol):
    """The policy of a desk that quotes: puts the margin on probabilities and says when the market is closed."""

    def price(self, block: Block, probability: Floats) -> Prices:
        """Prices of one question's rows, each by its own columns and probabilities (n, k) alone."""
        ...


@runtime_checkable
class Acting(Protocol):
    """A policy that says beforehand which actions it may order, so that a wrong name is told on reading."""

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """Names of actions by the place of the parameter that names them; only those that may be ordered."""
        ...


@runtime_checkable
class Surveying(Protocol):
    """A policy that may choose among all scores of a refresh (the highest twenty), so that it needs a cadence."""

    @property
    def surveys(self) -> bool:
        """Whether it does, with these parameters."""
        ...

    def survey(self, score: Floats) -> Policy:
        """The same policy for the scores (m,) of one refresh; must not mutate self."""
        ...


# --- metrics --------------------------------------------------------------------------------------------------------

Form = Literal["rate", "mean", "reduction", "difference", "count", "quantile"]


@dataclass(frozen=True)
class MetricSpec:
    """What a metric is. Values are made from additive counts (numerator, denominator) over ledger rows:

    rate        n/d, a share of events (interval on the log scale, exact bound at zero events)
    mean        n/d, any real value (interval on the raw scale)
    reduction   1 - (n/d) / (n0/d0) against the incumbent on the same world and seed (interval on the log ratio)
    difference  n/d - n0/d0 against the incumbent on the same world and seed (raw scale)
    count       n per day (d counts the days of the rows, so it is additive over whole days)
    quantile    the end of the bin that holds it, from counts by bin (`Sketched`) that add up (interval on log scale)
    """

    name: str
    doc: str
    unit: str
    better: Literal["higher", "lower"]
    form: Form
    needs: tuple[str, ...]
    """Columns of the ledger (question, decision, outcome or truth) without which it cannot be measured."""
    slices: tuple[str, ...] = ()
    """Slices of the world by which it may be cut; "*" for any."""
    about: Literal["all", "lawful", "unlawful"] = "all"
    """Whose events the denominator counts: a charter's slice without `only` is held for the labels of these alone."""
    quantile: float = 0.0
    """Of form `quantile`: which."""
    money: str = ""
    """The currency that numerator and denominator are amounts of, such as EUR; empty where they are counts."""
    cluster: str = ""
    """The column whose events stand or fall together: intervals inside a seed are shown clustered by it."""
    blurred: str = ""
    """Why its interval stays wide however many events there are, where it does."""
    beside: tuple[str, ...] = ()
    """Metrics that say the same without that blur."""
    by_desk: bool = False
    """Whether acts and quotes are counted alike where a world asks both; else acts alone are."""


@dataclass(frozen=True)
class Counts:
    """Additive counts of one metric: numerator and denominator per slice code, shape (k,); k = 1 without a slice.
    entities: (k,) distinct entities seen is not additive and is kept by the ledger."""

    numerator: Floats
    denominator: Floats


@dataclass(frozen=True)
class Measurement:
    """A value with its interval, or None with a reason. n is the denominator (events), seeds the replicates."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: float = 0.0
    seeds: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Rows:
    """A slice of the ledger: columns (n,) of question, decision, outcomes and truth under their own names."""

    columns: Mapping[str, NDArray[Any]]
    size: int

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return self.size


@dataclass(frozen=True)
class Observed:
    """What production could see by the end of a day: news that became known that day and the desk's own decisions.

    decided: Rows of the day's own decisions (question and decision columns only: no outcome, no truth).
    news: stream name -> Rows of the items that became known on that day, joined with nothing.
    """

    day: int
    decided: Rows
    news: Mapping[str, Rows]


@runtime_checkable
class Metric(Protocol):
    """One business metric, true and observed. Counts are additive over days and seeds' replays."""

    @property
    def spec(self) -> MetricSpec:
        """What it is: a class attribute, readable without an instance."""
        ...

    def tally(self, rows: Rows, codes: NDArray[np.int64], k: int) -> Counts:
        """Counts per slice code (codes (n,) in 0..k-1) from settled rows, truth included."""
        ...

    def estimate(self, seen: Observed, by: str = "", k: int = 1) -> Counts | None:
        """Counts as production can make them from the day's news and own decisions; None where it cannot be seen.
        `by` names a column of the news with codes 0..k-1 by which to cut; None where that cut cannot be seen.
        For a reduction or difference: the treated in [0], the randomised holdout in [1]."""
        ...


BIN = "us="
"""How counts by bin are labelled: by the bin's upper end, whole microseconds."""


@runtime_checkable
class Sketched(Protocol):
    """A metric that is a quantile of times: what it counts, and in which bins."""

    def sketch(self, rows: Rows) -> Mapping[int, int]:
        """Rows by bin, named by its upper end, in microseconds; additive over any split of the rows."""
        ...


@runtime_checkable
class Compared(Protocol):
    """A reduction that can also be observed against the days before goLive (harness.baseline)."""

    @property
    def compares(self) -> tuple[str, str]:
        """What is counted, per whom: a news stream and a question's column, such as ("report", "callee")."""
        ...


@runtime_checkable
class Planner(Protocol):
    """A metric that can say, before any run, what it would count of a world's planning figures (`describe()`)."""

    def expects(self, planning: Mapping[str, Any], slice_: str) -> tuple[float, float, float] | None:
        """Per seed and day: denominator, and the incumbent's numerator (NaN where it has none); entities per seed.
        None where the world's planning figures do not say."""
        ...


# --- features -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FeatureSpec:
    """One declared feature. `use` names the operation (a file in harness/features); the rest are its parameters."""

    name: str
    use: str
    concept: str
    reading: str
    owner: str
    by: tuple[str, ...] = ()
    window: Micros = 0
    feed: str = ""
    of: str = ""
    where: tuple[tuple[str, float], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


def column_sums(values: NDArray[Any], codes: NDArray[np.int64], k: int) -> Floats:
    """Sum `values` (n,) by slice code into (k,). Integer-valued sums are exact in float64 and order-free."""
    return np.asarray(
        np.bincount(codes, weights=values.astype(np.float64), minlength=k)[:k], dtype=np.float64
    )


def need(spec: MetricSpec, present: Sequence[str]) -> str:
    """Why a metric cannot be measured on a ledger with these columns; empty when it can."""
    missing = [name for name in spec.needs if name not in present]
    return f"{spec.name} needs {', '.join(missing)}, which this world does not give" if missing else ""
