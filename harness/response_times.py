"""How long answers took, as one curve for each candidate and desk: the share that was slower than each time.

Knows: counts by bin, budgets of a charter. Does not know: queues, how a picture is drawn. The answer is
`response_times.json`; a run without a service has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.tallies import ALL, Sketch, Tallies
from harness.terms import ClauseTerms

FILE = "response_times.json"
METRIC = "response_p99"
"""Any metric made of bins of response times holds the same bins."""
DESK = "desk="
TIMED = ("response_p50", "response_p99", "late_share")
"""Metrics that are only as good as a service's times."""


def document(
    counts: Tallies, clauses: Sequence[ClauseTerms], candidates: Sequence[str]
) -> dict[str, Any] | None:
    """response_times.json: of every desk with a service its budgets and the candidates' curves; None without any."""
    timed = {key[2] for key in counts.sketches if key[1] == METRIC}
    desks = sorted(slice_ for slice_ in timed if slice_.startswith(DESK)) or sorted(timed & {ALL})
    told = [
        {
            "desk": desk.removeprefix(DESK) if desk != ALL else "",
            "budgets": [
                {"clause": one.name, "quantile": counts.specs[one.metric].quantile, "ms": one.good_enough}
                for one in clauses
                if one.slice == desk and counts.specs[one.metric].form == "quantile"
            ],
            "candidates": [
                _curve(name, sketch, counts)
                for name in candidates
                if (sketch := counts.sketches.get((name, METRIC, desk))) is not None
            ],
        }
        for desk in desks
    ]
    return {"desks": told} if told else None


def doubts(services: Mapping[str, Any], clauses: Sequence[ClauseTerms]) -> dict[tuple[str, str], str]:
    """Clauses on times that cannot be ruled on, and why: times of a noisy machine, or too few for a quantile.
    What is assumed is taken at its word as far as it goes, and the run says whose word it is.

    services: of a scenario's card, by candidate and kind of question. Answers by candidate and a clause's title.
    """
    found: dict[tuple[str, str], str] = {}
    for name, by_desk in services.items():
        for one in clauses:
            if one.metric not in TIMED:
                continue
            wanted = one.slice.partition("=")[2]
            for kind, told in by_desk.items():
                if wanted not in ("", kind):
                    continue
                quantile = one.metric.rpartition("_")[2]
                if told["noise"] not in (None, "quiet"):
                    found[name, one.title] = (
                        f"{told['because']} was measured on a noisy machine: no budget is decided by it"
                    )
                elif quantile in ("p50", "p99") and quantile not in told["quantiles"]:
                    has = ", ".join(told["quantiles"])
                    found[name, one.title] = (
                        f"its times are known at {has} alone: too few samples to say anything of {quantile}"
                        if told["origin"] == "measured"
                        else f"its times are assumed at {has} alone, and say nothing of {quantile}"
                    )
    return found


def _curve(name: str, sketch: Sketch, counts: Tallies) -> dict[str, Any]:
    """ms: ends of bins, ascending. slower: the share of answers beyond each over all seeds; low, high: of seeds."""
    ends, below = sketch.counted(0, counts.days)
    own = []
    for place in range(len(counts.seeds)):
        mine, count = sketch.counted(0, counts.days, place)
        if len(count):
            up_to = np.concatenate([[0], count])[np.searchsorted(mine, ends, side="right")]
            own.append(1.0 - up_to / count[-1])
    shares = np.stack(own)
    return {
        "name": name,
        "questions": int(below[-1]),
        "ms": (ends / 1000.0).tolist(),
        "slower": (1.0 - below / below[-1]).tolist(),
        "low": shares.min(axis=0).tolist(),
        "high": shares.max(axis=0).tolist(),
    }
