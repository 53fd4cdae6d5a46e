"""The stage: SimPy's clock and heap behind a tick barrier.

Knows: SimPy, builtin-int instants. Does not know: what its processes do.

Between two barriers processes act; at a barrier the world acts, outside the event loop. `run(until=t)` leaves the
clock at t: ordinary events due exactly at t have not happened and belong to the next stretch. Nobody may rely on
the order in which processes due at one instant wake (SimPy orders them by when they were scheduled): they share
state only through SimPy's resources and events.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from sim.core.time import Micros, micros

Environment = simpy.Environment
Event = simpy.Event
Act = Generator[Any, Any, None]
"""What a process is made of: a generator that yields SimPy events."""


class Barriers(simpy.Environment):
    """SimPy's environment, run up to a barrier without an event of its own for each: most have nothing before them."""

    def reach(self, until: Micros) -> None:
        """As `run(until=until)`: what is due before `until` happens, and the clock stands there."""
        while self.peek() < until:
            self.step()
        self._now = until


class Stage:
    """A SimPy environment that only moves to builtin ints, and only forwards."""

    def __init__(self) -> None:
        self.environment = Barriers(initial_time=0)

    @property
    def now(self) -> Micros:
        """The clock, a builtin int."""
        return int(self.environment.now)

    def play(self, act: Act) -> simpy.Process:
        """Start a process now."""
        return self.environment.process(act)

    def pause(self, span: Micros) -> simpy.Timeout:
        """An event `span` from now. Raises TypeError for anything but a builtin int (trap: a numpy clock)."""
        return self.environment.timeout(micros(span))

    def until(self, instant: Micros) -> simpy.Timeout:
        """An event at an instant, at once if it has passed."""
        return self.environment.timeout(max(0, micros(instant) - self.now))

    def signal(self) -> simpy.Event:
        """An event that somebody will bring about."""
        return self.environment.event()

    def run(self, until: Micros) -> None:
        """Let processes act up to `until`, exclusive. Nothing happens if the clock is there already."""
        if micros(until) > self.now:
            self.environment.reach(until)

    def exhaust(self, until: Micros) -> None:
        """Let processes act up to `until`, inclusive, for whoever has no barrier there. The clock stays at the last
        event, so that more may be put in at that very instant."""
        while self.environment.peek() <= micros(until):
            self.environment.step()
