"""The verdict: from a run's tallies and a charter's clauses to rulings, a level, an exit code and verdict.json.

Knows: critical and other clauses, candidates, what decides. Does not know: how a clause is ruled on (harness.rulings),
how a report looks, where a run's folder is.

Critical clauses are each ruled on at alpha and decide the verdict: any FAIL, else any UNMEASURED, else any UNDECIDED,
else PASS. The others share alpha by Holm's order and are told. Without a critical clause, or without a candidate,
nothing was measured that could decide: UNMEASURED, never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.charter import RUNGS
from harness.intervals import FEWEST_SEEDS, holm
from harness.kinds import MetricSpec
from harness.measure import rounded
from harness.rulings import NONE, ClauseRuling, Ruling, decisive_alpha, rule, warnings_of, why_unmeasured
from harness.tallies import TRUE, Tallies
from harness.terms import ClauseTerms

SCHEMA_VERSION = 1
Doubts = Mapping[tuple[str, str], str]
"""By candidate and a clause's title."""
GRAVEST: tuple[Ruling, ...] = ("FAIL", "UNMEASURED", "UNDECIDED", "PASS")


@dataclass(frozen=True)
class CandidateVerdict:
    """A candidate's rulings, in the charter's order. verdict and level are those of the critical clauses."""

    name: str
    champion: bool
    verdict: Ruling
    level: str
    clauses: tuple[ClauseRuling, ...]
    reason: str = ""

    @property
    def exit_code(self) -> int:
        """FAIL 10-13 by worst rung; 4 when any clause, critical or not, was not measured; 3 UNDECIDED; 0 PASS."""
        if self.verdict == "FAIL":
            return 10 + (RUNGS.index(self.level) if self.level in RUNGS else 0)
        if self.verdict == "UNMEASURED" or any(clause.ruling == "UNMEASURED" for clause in self.clauses):
            return 4
        return 3 if self.verdict == "UNDECIDED" else 0


@dataclass(frozen=True)
class Verdict:
    """Everything that was ruled; the champion is the first candidate."""

    candidates: tuple[CandidateVerdict, ...]
    seeds: tuple[int, ...]
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def champion(self) -> CandidateVerdict | None:
        """Whose verdict is the run's."""
        return self.candidates[0] if self.candidates else None

    @property
    def exit_code(self) -> int:
        """The champion's; 4 when nobody was judged."""
        return self.champion.exit_code if self.champion else 4

    @property
    def settled(self) -> bool:
        """Whether further seeds could change nothing that decides: no critical clause of any candidate is UNDECIDED."""
        return not any(
            c.terms.critical and c.ruling == "UNDECIDED" for one in self.candidates for c in one.clauses
        )


def judge(
    counts: Tallies,
    clauses: Sequence[ClauseTerms],
    candidates: Sequence[str],
    *,
    alpha: float = 0.05,
    unmeasured: Mapping[str, str] | None = None,
    doubts: Doubts | None = None,
) -> Verdict:
    """Rule on every clause for every candidate (champion first).

    alpha: two-sided level of a critical clause; a group-sequential plan hands over that of its look (harness.looks).
    unmeasured: metric -> why this world cannot give it. doubts: candidate and clause, with its slice -> why
    nothing that the seeds show could decide it.
    """
    found = tuple(
        _judge_candidate(counts, clauses, name, i == 0, alpha, unmeasured or {}, doubts or {})
        for i, name in enumerate(candidates)
    )
    missing, warnings = [], []
    for one in found:
        missing += [
            f"{one.name}: {c.terms.title}: {c.reason}" for c in one.clauses if c.ruling == "UNMEASURED"
        ]
        warnings += [f"{one.name}: {text}" for clause in one.clauses for text in warnings_of(clause)]
        if one.reason:
            missing.append(f"{one.name}: {one.reason}")
    if not found:
        missing.append("no candidate was judged")
    return Verdict(found, counts.seeds, tuple(missing), tuple(warnings))


def _judge_candidate(
    counts: Tallies,
    clauses: Sequence[ClauseTerms],
    name: str,
    champion: bool,
    alpha: float,
    unmeasured: Mapping[str, str],
    doubts: Doubts,
) -> CandidateVerdict:
    estimates = [counts.estimate((name, terms.metric, terms.slice, TRUE), counts.total) for terms in clauses]
    reasons = [
        why_unmeasured(counts, name, t, e, unmeasured) for t, e in zip(clauses, estimates, strict=True)
    ]
    shared = [
        i for i, terms in enumerate(clauses)
        if not terms.critical and not reasons[i] and estimates[i].seeds >= FEWEST_SEEDS
    ]  # fmt: skip
    levels = holm([decisive_alpha(estimates[i], clauses[i].good) for i in shared], alpha)
    alphas = dict(zip(shared, levels, strict=True))
    rulings = tuple(
        rule(
            counts,
            name,
            terms,
            estimates[i],
            alphas.get(i, alpha),
            i in alphas,
            reasons[i],
            doubts.get((name, terms.title), ""),
        )
        for i, terms in enumerate(clauses)
    )
    rulings = tuple(_explained(one, rulings, counts.specs[one.terms.metric]) for one in rulings)
    critical = [one for one in rulings if one.terms.critical]
    if not critical:
        return CandidateVerdict(
            name, champion, "UNMEASURED", NONE, rulings, "the charter has no critical clause to decide by"
        )
    verdict = min((one.ruling for one in critical), key=GRAVEST.index)
    level = max((one.rung for one in critical), key=lambda rung: (NONE, *RUNGS).index(rung))
    return CandidateVerdict(name, champion, verdict, level, rulings)


def _explained(one: ClauseRuling, rulings: Sequence[ClauseRuling], spec: MetricSpec) -> ClauseRuling:
    """The ruling, its reason with why the metric is blurred, and with what rules in its place."""
    if one.ruling != "UNDECIDED" or not spec.blurred:
        return one
    clear = [
        f"{other.terms.title} rules: {other.ruling} at {other.estimate.value:.4g}"
        for other in rulings
        if other.terms.metric in spec.beside
        and other.terms.slice == one.terms.slice
        and other.ruling in ("PASS", "FAIL")
    ]
    return replace(one, reason="; ".join([one.reason, spec.blurred, *clear]))


# --- verdict.json ---------------------------------------------------------------------------------------------------


def document(
    verdict: Verdict,
    *,
    run: str,
    scenario: Mapping[str, Any],
    charter: Mapping[str, Any],
    actions: Sequence[Any] = (),
) -> dict[str, Any]:
    """verdict.json, as docs/design/001-run-folder.md says; numbers rounded to 10 digits, None for what there is not."""
    champion = verdict.champion
    whole = {
        "schemaVersion": SCHEMA_VERSION,
        "run": run,
        "scenario": scenario,
        "charter": charter,
        "verdict": champion.verdict if champion else "UNMEASURED",
        "level": champion.level if champion else NONE,
        "exitCode": verdict.exit_code,
        "actions": list(actions),
        "candidates": [_candidate(one, verdict.seeds) for one in verdict.candidates],
        "missing": verdict.missing,
        "warnings": verdict.warnings,
    }
    plain: dict[str, Any] = rounded(whole)
    return plain


def _candidate(one: CandidateVerdict, seeds: Sequence[int]) -> dict[str, Any]:
    return {
        "name": one.name,
        "champion": one.champion,
        "verdict": one.verdict,
        "level": one.level,
        "exitCode": one.exit_code,
        "reason": one.reason,
        "clauses": [_clause(clause, seeds) for clause in one.clauses],
    }


def _clause(one: ClauseRuling, seeds: Sequence[int]) -> dict[str, Any]:
    terms, found = one.terms, one.estimate
    within = terms.op == "within"
    return {
        "name": terms.name,
        "metric": terms.metric,
        "slice": terms.slice,
        "critical": terms.critical,
        "ruling": one.ruling,
        "value": found.value,
        "low": one.low,
        "high": one.high,
        "n": found.n,
        "seeds": found.seeds,
        "op": terms.op,
        "threshold": terms.target if within else terms.good_enough,
        "halfWidth": terms.half_width if within else None,
        "unit": terms.unit,
        "rung": one.rung,
        "rungs": {rung.name: rung.value for rung in terms.ladder},
        "margin": one.margin,
        "observed": one.observed,
        "observedLow": one.observed_low,
        "observedHigh": one.observed_high,
        "observedRuling": one.observed_ruling,
        "view": terms.view,
        "firstBreachAt": one.first_breach_day,
        "firstBreachSeeds": dict(zip(seeds, one.breaches, strict=False)),
        "owner": terms.owner,
        "because": terms.because,
        "reason": one.reason,
        "wouldDecide": one.would_decide,
        "varianceRatio": found.variance_ratio,
        "adjusted": one.adjusted,
        "confidence": 1 - one.alpha,
        "perSeed": dict(zip(seeds, found.per_seed, strict=False)),
    }
