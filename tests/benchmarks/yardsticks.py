"""How fast this machine is beside the one on which limits in seconds were set: `python -m tests.benchmarks.yardsticks`.

A limit in seconds means nothing on another machine. The same notes that set ours say what well-known calls took there,
each in a median: here they are timed again, and the middle of their ratios says how much slower this machine is.

Knows: calls of libraries, what they took there. Does not know: this project.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

ROWS, FEATURES, TREES, DEPTH = 20_000, 15, 200, 6
TIMEOUTS = 200_000


class Yardstick(NamedTuple):
    """A call, what it took there in microseconds, and how often it is timed here."""

    there_us: float
    call: Callable[[], Any]
    times: int


def _simpy() -> None:
    """A thousand processes of timeouts."""
    import simpy

    stage = simpy.Environment()

    def wait(each: int) -> Any:
        for _ in range(TIMEOUTS // 1000):
            yield stage.timeout(1 + each % 7)

    for each in range(1000):
        stage.process(wait(each))
    stage.run()


def yardsticks() -> Mapping[str, Yardstick]:
    """The calls, by name: 200 trees of depth 6 on 15 features, one thread."""
    import pandas as pd
    import xgboost
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    random = np.random.Generator(np.random.Philox(key=7))
    x = random.standard_normal((ROWS, FEATURES)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] * x[:, 2] + random.standard_normal(ROWS) > 0).astype(int)
    boosted = xgboost.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, n_jobs=1).fit(x, y)
    booster = boosted.get_booster()
    histogram = HistGradientBoostingClassifier(max_iter=TREES, max_depth=DEPTH, early_stopping=False).fit(
        x, y
    )
    linear = LogisticRegression().fit(x, y)
    one, many = x[:1], np.tile(x, (1 + 8192 // ROWS, 1))[:8192]
    frame = pd.DataFrame(one, columns=[f"f{i}" for i in range(FEATURES)])
    return {
        "Booster.inplace_predict, 1 row": Yardstick(141, lambda: booster.inplace_predict(one), 2000),
        "Booster.inplace_predict, 8,192 rows": Yardstick(
            8192 / 0.578, lambda: booster.inplace_predict(many), 30
        ),
        "XGBClassifier.predict_proba, 1 row": Yardstick(180, lambda: boosted.predict_proba(one), 1000),
        "XGBClassifier.predict_proba, pandas row": Yardstick(759, lambda: boosted.predict_proba(frame), 500),
        "HistGradientBoosting, 1 row": Yardstick(1107, lambda: histogram.predict_proba(one), 300),
        "LogisticRegression, 1 row": Yardstick(73, lambda: linear.predict_proba(one), 2000),
        "SimPy, 200,000 timeouts": Yardstick(TIMEOUTS / 0.834, _simpy, 5),
    }


def slower() -> dict[str, dict[str, float]]:
    """By yardstick: microseconds there and here (median of wall time), and their ratio."""
    found = {}
    for name, one in yardsticks().items():
        one.call()
        took = []
        for _ in range(one.times):
            began = time.perf_counter()
            one.call()
            took.append(time.perf_counter() - began)
        here = statistics.median(took) * 1e6
        found[name] = {"there_us": one.there_us, "here_us": here, "ratio": here / one.there_us}
    return found


def main() -> None:
    """Print each, and the middle of the ratios."""
    found = slower()
    for name, one in found.items():
        print(
            f"{name:42} there {one['there_us']:10.0f} us  here {one['here_us']:10.0f} us  x {one['ratio']:.2f}"
        )
    print(f"{'median':42} x {statistics.median(one['ratio'] for one in found.values()):.2f}")


if __name__ == "__main__":
    main()
