"""What a run's services did, in words: who was asked how much, who came too late, and Little's law.

Knows: what worlds tell of their services, by replay. Does not know: charters, rulings, how a queue is walked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ANSWERED = "answered"


def record(facts: Mapping[tuple[str, int], Mapping[str, Any]]) -> dict[str, Any]:
    """Of each candidate and desk with a service, what its world told, by seed. `facts`: by candidate and seed."""
    found: dict[str, Any] = {}
    for (candidate, seed), told in facts.items():
        for kind, one in told.get("service", {}).items():
            found.setdefault(candidate, {}).setdefault(kind, {})[str(seed)] = dict(one)
    return found


def lines(services: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each candidate and desk: means over the seeds. Little's law holds those present, counted at even
    instants, against the rate of calls times their mean time, summed call by call: two ways to the same figure."""
    for candidate, by_desk in services.items():
        for kind, seeds in by_desk.items():
            every = list(seeds.values())
            asked = sum(one["asked"] for one in every)
            late = asked - sum(one["states"][ANSWERED] for one in every)
            present, spent, rate = (
                sum(one[name] for one in every) / len(every)
                for name in ("present", "rateTimesResponse", "callsPerSecond")
            )
            workers = every[0]["workers"]
            yield (
                f"answers of {candidate} [{kind}]: {rate:.4g} calls/s at {workers} worker{'s' if workers > 1 else ''}, "
                f"{late / max(asked, 1):.2%} of {asked:,} late; in the service {present:.4g}, "
                f"by Little's law {spent:.4g}"
            )
