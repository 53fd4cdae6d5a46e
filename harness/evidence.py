"""Evidence: what the seeds say of one value, and the interval that follows.

Knows: Student's t and exact bounds on the scale they hold on, how to see them with more seeds. Does not know: how
counts become evidence (harness.intervals), thresholds, charters.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Literal

from harness.kinds import Measurement

Band = tuple[float, float]
Link = Literal["raw", "log", "gap"]
"""How a working scale is carried back: raw y; log exp(y); gap 1 - exp(y)."""


@dataclass(frozen=True)
class Student:
    """A mean over seeds on a working scale: centre, standard error, degrees of freedom."""

    centre: float
    error: float
    df: int
    link: Link

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Two-sided interval of confidence 1 - alpha, on the value's own scale."""
        from scipy.special import stdtrit

        reach = -float(stdtrit(self.df, alpha / 2)) * self.error
        ends = (carry(self.centre - reach, self.link), carry(self.centre + reach, self.link))
        return min(ends), max(ends)

    def projected(self, seeds: int, onto: int) -> Student:
        """The same spread between seeds, seen with `onto` of them."""
        return replace(self, error=self.error * math.sqrt(seeds / onto), df=onto - 1)


@dataclass(frozen=True)
class Exact:
    """Few events among independent units. `units` are trials (share), exposure (count), or both counts (ratio)."""

    model: Literal["share", "count", "ratio"]
    events: float
    units: float
    factor: float = 1.0
    complement: bool = False

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Two-sided interval of confidence 1 - alpha, on the value's own scale."""
        from scipy.special import betainccinv, betaincinv, gammainccinv, gammaincinv

        x, n = self.events, self.units
        if self.model == "count":
            low = float(gammaincinv(x, alpha / 2)) / n if x > 0 else 0.0
            high = float(gammainccinv(x + 1, alpha / 2)) / n
        else:
            low = float(betaincinv(x, n - x + 1, alpha / 2)) if x > 0 else 0.0
            high = float(betainccinv(x + 1, n - x, alpha / 2)) if x < n else 1.0
        if self.model == "ratio":
            low, high = (self.factor * p / (1 - p) if p < 1 else math.inf for p in (low, high))
        return (1 - high, 1 - low) if self.complement else (low, high)

    def projected(self, seeds: int, onto: int) -> Exact:
        """As many events and units a seed, seen with `onto` seeds."""
        return replace(self, events=self.events * onto / seeds, units=self.units * onto / seeds)


@dataclass(frozen=True)
class Ranked:
    """A quantile of counted times by its order statistics, whatever their law: bins' ends (m,) ascending, and how many
    (m,) lie up to each. Too few of them bound nothing from above, and the bound is infinite."""

    ends: tuple[float, ...]
    below: tuple[int, ...]
    quantile: float

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Two-sided interval of confidence 1 - alpha: ranks that a binomial count of times below the quantile falls
        outside of with probability alpha / 2 on each side."""
        from scipy.special import bdtrik

        n = self.below[-1]
        low = math.floor(float(bdtrik(alpha / 2, n, self.quantile)))
        high = math.ceil(float(bdtrik(1 - alpha / 2, n, self.quantile))) + 1
        return self._at(max(low, 1)), self._at(high) if high <= n else math.inf

    def _at(self, rank: int) -> float:
        return self.ends[bisect_left(self.below, rank)]

    def projected(self, seeds: int, onto: int) -> Ranked:
        """As many times a seed, seen with `onto` seeds."""
        return replace(self, below=tuple(round(count * onto / seeds) for count in self.below))


@dataclass(frozen=True)
class Estimate:
    """A value over seeds with its evidence, or None with a reason.

    n: denominator over the seeds. seeds: how many have a value. per_seed: (k,) values, NaN where a seed has none.
    error: standard error on the working scale `link`, NaN where no spread was seen. variance_ratio: variance of
    paired over unpaired differences, None where nothing is compared. unmeasured: positions of seeds not measured.
    """

    value: float | None
    n: float
    seeds: int
    per_seed: tuple[float, ...] = ()
    evidence: tuple[Student | Exact | Ranked, ...] = ()
    support: tuple[float, float] = (-math.inf, math.inf)
    error: float = math.nan
    link: Link = "raw"
    variance_ratio: float | None = None
    unmeasured: tuple[int, ...] = ()
    reason: str = ""

    def bounds(self, alpha: float) -> tuple[float, float]:
        """The hull of the evidence at confidence 1 - alpha; NaN where there is none. Nested: smaller alpha, wider."""
        if not self.evidence:
            return math.nan, math.nan
        lows, highs = zip(*(item.bounds(alpha) for item in self.evidence), strict=True)
        return max(min(lows), self.support[0]), min(max(highs), self.support[1])

    def apart(self, one: tuple[float, float], other: tuple[float, float]) -> float:
        """How far two bands' edges are from each other on the working scale; infinite without a common edge."""
        gaps = [abs(lay(a, self.link) - lay(b, self.link)) for a, b in zip(one, other, strict=True)]
        return min((gap for gap in gaps if math.isfinite(gap)), default=math.inf)

    def projected(self, seeds: int) -> Estimate:
        """The same estimate as `seeds` seeds with the present spread would show it."""
        return replace(
            self, seeds=seeds, evidence=tuple(item.projected(self.seeds, seeds) for item in self.evidence)
        )

    def measurement(self, alpha: float) -> Measurement:
        """The record that reports and tables use."""
        low, high = self.bounds(alpha)
        seen = math.isfinite(low) or math.isfinite(high)
        return Measurement(
            self.value, low if seen else None, high if seen else None, self.n, self.seeds, self.reason
        )


def carry(y: float, link: Link) -> float:
    """From the working scale to the value's own."""
    if link == "raw":
        return y
    return math.exp(min(y, 700.0)) if link == "log" else -math.expm1(min(y, 700.0))


def lay(value: float, link: Link) -> float:
    """The inverse of carry; NaN outside its range."""
    if link == "raw":
        return value
    inner = value if link == "log" else 1 - value
    return math.log(inner) if 0 < inner < math.inf else math.nan
