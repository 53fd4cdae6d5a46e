"""How long answers took, as one curve for each candidate and desk: the share that was slower than each time.

Knows: counts by bin, budgets of a charter. Does not know: queues, how a picture is drawn. The answer is
`response_times.json`; a run without a service has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.tallies import ALL, Sketch, Tallies
from harness.terms import ClauseTerms

FILE = "response_times.json"
METRIC = "response_p99"
"""Any metric made of bins of response times holds the same bins."""
DESK = "desk="


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
