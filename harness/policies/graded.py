"""Several bands of scores, each with its own action: block the worst, throttle or label what is less sure.

Knows: bands, budgets held against verified units. Does not know: how scores are made, what an action does.

The strongest band stands first, and each counts those before it: a budget of 0.1 % for `block` and of 1 % for `label`
leaves 1 % of lawful calls that may be blocked or labelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.kinds import Floats, Policy, PolicyState, Verdicts
from harness.policies._bands import Band
from harness.policies._guard import Terms, Unproven
from harness.policies._ladder import Ladder, check
from sim.core.events import Block

USUAL = (Band(action="block", budget=0.001), Band(action="label", budget=0.01))


@dataclass(frozen=True)
class Graded:
    """`bands`: each with `at`, `budget` or `top`, and `action`, `lasts`, `review` (see `_bands.Band`).

    confidence, least, unproven, caution, verify_error: how budgets are held against evidence, as in
    `false_block_budget`. Before it is tuned, bands with a budget hold nothing.
    """

    bands: tuple[Band, ...] = USUAL
    confidence: float = 0.8
    least: int = 200
    unproven: Unproven = "extrapolate"
    caution: float = 1.0
    verify_error: float = 0.0

    def __post_init__(self) -> None:
        check(self.bands, "graded")
        self._ladder.terms.check("graded")

    @property
    def _ladder(self) -> Ladder:
        return Ladder(
            self.bands, Terms(self.confidence, self.least, self.unproven, self.caution, self.verify_error)
        )

    @property
    def surveys(self) -> bool:
        """Whether a band takes the highest of a refresh."""
        return self._ladder.surveys

    def tune(self, state: PolicyState) -> Policy:
        """Set the thresholds of all budgets from the units verified as lawful."""
        return self._ladder.tune(state)

    def survey(self, score: Floats) -> Policy:
        """Set the thresholds of all tops from the scores of a refresh."""
        return self._ladder.survey(score)

    def decide(self, block: Block, score: Floats, uniforms: Floats, actions: Mapping[str, int]) -> Verdicts:
        """Only bands with a fixed score hold anything yet."""
        return self._ladder.decide(block, score, uniforms, actions)

    def acts(self) -> Mapping[tuple[str | int, ...], str]:
        """Actions of the bands."""
        return self._ladder.acts()

    def facts(self) -> Mapping[str, float]:
        """What each band was given."""
        return self._ladder.facts()


PLUGIN = Graded
