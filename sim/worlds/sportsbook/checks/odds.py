"""Other books' prices against what comes true: checks 6, 7, 9, 10, 12 and 13.

Knows: what other books imply at the opening and at the close, results. Does not know: how they come by it.

The closing price is the consensus that the world shows; in it is what line-ups and news moved it by since the opening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.core.calibration import Check, Day, Figure, Measure
from sim.worlds.sportsbook.checks._prices import depowered, powered, scaled
from sim.worlds.sportsbook.checks._seasons import Seasons
from sim.worlds.sportsbook.checks._studies import PATHS, RESULTS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = Mapping[str, Sequence[float]]

SHARP, SOFT, DEAR = 0.023, 0.054, 0.082
"""Overrounds: Pinnacle's close, bet365, William Hill (Premier League)."""
MIXED = 0.0342
"""Pinnacle's, over 22 divisions."""
_ALL = "every match of the seasons played; a season of a league is one replicate"


def rps(p: Floats, result: Ints) -> Floats:
    """Ranked probability score (n,) of three ordered outcomes."""
    came = np.eye(3)[result]
    return np.asarray(((np.cumsum(p, axis=1) - np.cumsum(came, axis=1))[:, :2] ** 2).sum(axis=1) / 2.0)


def closing(day: Day) -> Counts:
    """Scores of the closing price."""
    rows = day.rows["match"]
    n = len(rows["result"])
    right = rows["close"][np.arange(n), rows["result"]]
    return {
        "RPS": (rps(rows["close"], rows["result"]).sum(), n),
        "log-loss": (-np.log(right).sum(), n),
    }


def gain(day: Day) -> Counts:
    """What the score of the price falls by from opening to close."""
    rows = day.rows["match"]
    fall = rps(rows["early"], rows["result"]) - rps(rows["close"], rows["result"])
    return {"RPS": (fall.sum(), len(fall))}


def against_base(day: Day) -> Counts:
    """Counts of the three results, and the close's score."""
    rows = day.rows["match"]
    results = np.bincount(rows["result"], minlength=3)
    return {"RPS": (len(rows["result"]), results[0], results[2], rps(rows["close"], rows["result"]).sum())}


def naive_less_close(sums: Floats) -> float:
    """Base rates' RPS, had they been known, less the close's."""
    n, home, away, close = sums
    h, a = home / n, away / n
    return float((h * (1.0 - h) + a * (1.0 - a)) / 2.0 - close / n)


def methods(day: Day) -> Counts:
    """RPS of the multiplicative method less that of the power method, on prices of three books."""
    rows = day.rows["match"]
    found = {}
    for name, overround in (("at 2.3 %", SHARP), ("at 5.4 %", SOFT), ("at 8.2 %", DEAR)):
        odds = powered(rows["close"], overround)
        less = rps(scaled(odds), rows["result"]) - rps(depowered(odds), rows["result"])
        found[name] = (less.sum(), len(less))
    return found


def clv(day: Day) -> Counts:
    """Closing-line value x of every pre-match price and its realised return y: what mean, sd and slope are made of."""
    rows = day.rows["match"]
    odds = powered(rows["early"], MIXED)
    x = (odds * rows["close"] - 1.0).ravel()
    y = (odds * np.eye(3)[rows["result"]] - 1.0).ravel()
    return {"x": (len(x), x.sum(), y.sum(), (x * x).sum(), (x * y).sum(), int((x > 0).sum()))}


def _named(name: str) -> Callable[[Day], Counts]:
    return lambda day: {name: clv(day)["x"]}


def sd(sums: Floats) -> float:
    """Of the closing-line value."""
    n, x, _, xx, _, _ = sums
    return float(np.sqrt(xx / n - (x / n) ** 2))


def slope(sums: Floats) -> float:
    """Of realised return on closing-line value."""
    n, x, y, xx, xy, _ = sums
    return float((xy - x * y / n) / (xx - x * x / n))


def positive(sums: Floats) -> float:
    """Share of prices better than the close."""
    return float(sums[5] / sums[0])


def best(day: Day) -> Counts:
    """Matches whose best prices add up to less than one."""
    over = day.rows["match"]["best"]
    return {"below 100 %": (int((over < 0.0).sum()), len(over)), "mean overround": (over.sum(), len(over))}


CHECKS = (
    Check(
        6,
        "score of the closing price, top league",
        "fitted",
        _ALL,
        "4,180 Premier League matches 2012-2023, Pinnacle's close: RPS 0.1935, log-loss 0.954",
        (
            Measure(
                RESULTS,
                (Figure("RPS", 0.190, 0.199), Figure("log-loss", 0.94, 0.98)),
                lambda: Seasons(closing),
            ),
        ),
    ),
    Check(
        7,
        "score of base rates less that of the closing price",
        "emergent",
        f"{_ALL}; base rates are those of the same matches",
        "Premier League: 0.2275 less 0.1935",
        (Measure(RESULTS, (Figure("RPS", 0.028, 0.038),), lambda: Seasons(against_base, naive_less_close)),),
    ),
    Check(
        9,
        "gain of the price from opening to close",
        "emergent",
        f"{_ALL}; the opening is three days before kick-off",
        "21,769 matches of 22 divisions, Pinnacle: 0.2092 to 0.2081",
        (Measure(RESULTS, (Figure("RPS", 0.0007, 0.0013),), lambda: Seasons(gain)),),
        weak="published prices are a day or two old, those of the world three",
    ),
    Check(
        10,
        "taking the margin off: multiplicative less power",
        "input",
        "closing probabilities under a margin that was put on by the power method, which is how books are taken to do "
        "it here; what remains to be seen is whether results tell the methods apart",
        "7,980 Premier League matches: 1.6e-4 (bet365, 5.4 %), 3.7e-4 (William Hill, 8.2 %), 1e-4 at Pinnacle's",
        (
            Measure(
                RESULTS,
                (
                    Figure("at 2.3 %", -1e-4, 1e-4, "RPS"),
                    Figure("at 5.4 %", 0.0, 5e-4, "RPS"),
                    Figure("at 8.2 %", 0.0, 5e-4, "RPS"),
                ),
                lambda: Seasons(methods),
            ),
        ),
        weak="circular where the power method is the margin's own: no other book of the world shows its margin",
    ),
    Check(
        12,
        "closing-line value of pre-match prices",
        "fitted",
        f"{_ALL}; all three prices at the opening, margin 3.4 % by the power method, against the close without one",
        "21,644 matches of 22 divisions, Pinnacle: sd 8.2 %, 29 % above zero, slope 1.07",
        (
            Measure(RESULTS, (Figure("sd", 0.07, 0.09),), lambda: Seasons(_named("sd"), sd)),
            Measure(
                RESULTS, (Figure("above zero", 0.25, 0.33),), lambda: Seasons(_named("above zero"), positive)
            ),
            Measure(RESULTS, (Figure("slope", 0.9, 1.2),), lambda: Seasons(_named("slope"), slope)),
        ),
    ),
    Check(
        13,
        "matches whose best prices leave an arbitrage",
        "fitted",
        "best price of all other books for each result, a second before kick-off",
        "best of the closing prices: 85 % of Premier League matches 2000-2023, 40 % of matches in 22 divisions",
        (Measure(PATHS, (Figure("below 100 %", 0.40, 0.85),), lambda: Seasons(best)),),
        weak="published maxima include prices that were stale",
    ),
)
