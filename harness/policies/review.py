"""Nothing is done with an event; the worst numbers go to analysts, and what they find may have consequences.

Knows: scores. Does not know: analysts, how many there are, what is done with a finding (the candidate's `onVerified`).
A unit that is reviewed is selected with certainty, so it weighs one in every estimate from audits; the randomised
audits beside it go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.kinds import Floats, Policy, PolicyState, Verdicts
from harness.policies._bands import Band
from harness.policies._guard import Terms
from harness.policies._ladder import Ladder
from sim.core.errors import UserError
from sim.core.events import Block

_TERMS = Terms(confidence=0.8, least=0, unproven="pass", caution=1.0, verify_error=0.0)


@dataclass(frozen=True)
class Review:
    """`at`: least score (inclusive) that is looked at. `top`: the so many highest of each refresh, which needs a
    cadence; where both stand, none of them below `at`."""

    at: float = 0.5
    top: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.at <= 1.0:
            raise UserError(f"review.at: {self.at}, expected a score from 0 to 1")
        if self.top is not None and self.top < 1:
            raise UserError(f"review.top: {self.top}, expected at least 1")

    @property
    def _ladder(self) -> Ladder:
        return Ladder((Band(review=True, at=self.at, top=self.top),), _TERMS)

    @property
    def surveys(self) -> bool:
        """Whether the highest of a refresh are looked at."""
        return self.top is not None

    def tune(self, state: PolicyState) -> Policy:
        """Nothing to set."""
        return self

    def survey(self, score: Floats) -> Policy:
        """Set the least score of the `top` highest."""
        return self._ladder.survey(score)

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Everything passes; of `top`, nothing is looked at before a refresh."""
        return self._ladder.decide(block, score, uniforms, actions)

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """None."""
        return {}

    def facts(self) -> Mapping[str, float]:
        """What was chosen."""
        return self._ladder.facts()


PLUGIN = Review
