"""`python -m tests.theory.service`: the queue beside theory, as the tables of docs/latency.md.

Knows: the grid of measured.py. Does not know: what is asserted.
"""

from __future__ import annotations

from sim.core.service_times import ServiceTimes
from tests.theory.service.measured import LOADS, WORKERS, cell, general, turned_away

QUESTIONS = 2_000_000
"""For each cell of the grid; four times as many near saturation."""
REFERENCE = ServiceTimes(((0.5, 325_000.0), (0.95, 400_000.0), (0.99, 570_000.0), (0.999, 2_000_000.0)))
"""A shape like a measured profile's, a thousand times as long."""


def main() -> None:
    print("| workers | load | waits, theory | found | ± | p99 wait, theory | found | ± | error |")
    print("|---|---|---|---|---|---|---|---|---|")
    worst = 0.0
    count = 0
    for workers in WORKERS:
        for load in LOADS:
            one = cell(workers, load, QUESTIONS)
            parts = [one.waits, *one.beyond.values()]
            worst, count = max([worst, *(part.sigmas for part in parts)]), count + len(parts)
            p99 = one.p99
            error = f"{p99.found / p99.theory - 1:+.1%}" if p99.theory else "–"
            print(
                f"| {workers} | {load} | {one.waits.theory:.4f} | {one.waits.found:.4f} | {one.waits.error:.4f} "
                f"| {p99.theory:.3f} | {p99.found:.3f} | {p99.error:.3f} | {error} |"
            )
    print(f"\n{count} comparisons, the furthest {worst:.1f} standard errors away\n")
    print("| M/G/1, times | load | mean wait, theory (ms) | found | ± |")
    print("|---|---|---|---|---|")
    for name, times in (("constant", ServiceTimes.constant(350_000.0)), ("like a profile", REFERENCE)):
        for load in (0.5, 0.8, 0.9):
            found = general(times, load)
            print(
                f"| {name} | {load} | {found.theory / 1e3:.1f} | {found.found / 1e3:.1f} | {found.error / 1e3:.1f} |"
            )
    print("\n| workers | room | load | refused, theory | found | ± |")
    print("|---|---|---|---|---|---|")
    for workers, room, load in ((1, 0, 0.7), (1, 4, 0.9), (1, 9, 1.2), (8, 4, 0.9), (16, 10, 1.1)):
        found = turned_away(workers, room, load)
        print(f"| {workers} | {room} | {load} | {found.theory:.5f} | {found.found:.5f} | {found.error:.5f} |")


if __name__ == "__main__":
    main()
