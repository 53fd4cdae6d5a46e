"""Turns: a world answers in one order only, and says so when it is asked in another.

Knows: the three states of a world. Does not know: what a tick contains.
"""

from __future__ import annotations

from sim.core.errors import OutOfTurn
from sim.core.time import Micros, micros


class Turns:
    """Ready for news and advance; asked, waiting for an answer; or over, when only news is left."""

    def __init__(self) -> None:
        self._waiting: tuple[str, ...] = ()
        self._heard: Micros = -1

    @property
    def asked(self) -> bool:
        """Whether questions wait for their answers."""
        return bool(self._waiting)

    def hear(self, until: Micros, latest: Micros) -> None:
        """Check a call of `news(until)`: between ticks, not backwards, not beyond what has happened."""
        micros(until)
        if self._waiting:
            raise OutOfTurn(f"news(until={until}) while '{self._waiting[0]}' waits for its answer")
        if until < self._heard:
            raise OutOfTurn(f"news(until={until}) after news(until={self._heard})")
        if until > latest:
            raise OutOfTurn(f"news(until={until}) beyond {latest}: that has not happened yet")
        self._heard = until

    def ask(self, *kinds: str) -> None:
        """Check a call of `advance`, and wait for answers to `kinds` in this order."""
        if self._waiting:
            raise OutOfTurn(f"advance() while '{self._waiting[0]}' waits for its answer")
        self._waiting = kinds

    def answer(self, kind: str, call: str) -> None:
        """Check a call of `settle` or `publish` that answers `kind`."""
        if not self._waiting:
            raise OutOfTurn(f"{call}() without a question: advance() comes first")
        if self._waiting[0] != kind:
            raise OutOfTurn(f"{call}() answers '{kind}' while '{self._waiting[0]}' waits for its answer")
        self._waiting = self._waiting[1:]
