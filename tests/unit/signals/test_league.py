"""The league's figures against values worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from harness import monitors, trial
from harness.league import Drift, Interval, Standing, league, median, metric_lost, rate, share
from sim.core.errors import BadDocument
from sim.core.time import DAY


def test_the_median_of_waits_counts_the_censored() -> None:
    # S: .8 at 2, .6 at 3 (one censored at 3.5), then 2 at risk: .3 at 5.
    waits = [(2.0, True), (3.0, True), (3.5, False), (5.0, True), (9.0, False)]
    assert median(waits).value == 5.0
    assert median([(9.0, False)] * 4).value is None
    assert median([(1.0, True), (9.0, False), (9.0, False)]).value is None


def test_exact_intervals() -> None:
    assert share(0, 10).high == pytest.approx(1.0 - 0.025 ** (1 / 10))
    assert rate(0, 1.0).high == pytest.approx(3.688879, abs=1e-5)
    assert rate(3, 10.0).value == pytest.approx(0.3)
    assert share(0, 0).value is None


def readings(alarms: dict[int, list[int]], days: int = 40) -> pd.DataFrame:
    """One signal and subject; an alarm lasts three days."""
    rows = []
    for seed, begun in alarms.items():
        for day in range(1, days + 1):
            on = any(b <= day < b + 3 for b in begun)
            rows.append(("model", seed, "call", "ks", "age", day, 2.0 if on else 0.5, 1.0, on, day in begun))
    names = ["candidate", "seed", "desk", "signal", "subject", "day", "value", "threshold", "alarm", "onset"]
    return pd.DataFrame(rows, columns=names)


def sparse_counts() -> pd.DataFrame:
    """Stakes of 100 a day, of which 2 are lost; from day 20 on 6, of 200, on every second day alone."""
    days = [(day, 2.0, 100.0) for day in range(20)] + [(day, 12.0, 200.0) for day in range(20, 40, 2)]
    names = ["candidate", "seed", "day", "metric", "slice", "view", "numerator", "denominator"]
    return pd.DataFrame([("model", 1, day, "loss", "all", "true", n, d) for day, n, d in days], columns=names)


def test_losses_are_money_where_the_metric_is_or_has_a_price() -> None:
    metric = {"name": "loss", "form": "mean", "better": "lower", "unit": "ratio"}
    counts = sparse_counts()
    # From day 20 to 24: two days of 200, .06 lost instead of .02.
    assert metric_lost(counts, metric | {"money": "EUR"}, "model", 1, 20.0, 24.0) == pytest.approx(16.0)
    priced = metric | {"money": "EUR", "price": 0.5}
    assert metric_lost(counts, priced, "model", 1, 20.0, 24.0) == pytest.approx(8.0)
    assert metric_lost(counts, metric, "model", 1, 20.0, 24.0) == pytest.approx(0.04 * 4)
    # A day on which nothing is asked loses nothing; without money it was not measured.
    assert metric_lost(counts, metric | {"money": "EUR"}, "model", 1, 21.0, 22.0) == 0.0
    assert metric_lost(counts, metric, "model", 1, 21.0, 22.0) is None
    # What gets better is a gain.
    better = metric | {"money": "EUR", "better": "higher"}
    assert metric_lost(counts, better, "model", 1, 20.0, 24.0) == pytest.approx(-16.0)


def test_the_heading_says_what_losses_are_told_in() -> None:
    metric = {"name": "loss", "form": "mean", "better": "lower", "unit": "ratio"}
    lost = Interval(1234.5, 1000.0, 2000.0)
    none = Interval(None)
    one = Standing("ks", False, 1, 1, none, none, 0, 10.0, none, none, lost)

    def told(extra: dict[str, object]) -> str:
        return "\n".join(monitors.table("model", [one], [], metric | extra))

    assert "EUR, the change of loss times the stakes" in told({"money": "EUR"})
    assert "lost before (EUR)" in told({"money": "EUR"})
    assert "1,234 [1,000, 2,000]" in told({"money": "EUR"})
    assert "EUR, the change of loss at 0.5 a unit (the charter's price)" in told(
        {"money": "EUR", "price": 0.5}
    )
    assert "loss, ratio x days (no money: its clause has no price)" in told({})
    assert "EUR" not in told({})


def test_alarms_are_joined_to_onsets_after_the_replay() -> None:
    timeline = pd.DataFrame(
        [("injection", "shift", 20.0, 400.0), ("campaign", "c", 3.0, 9.0)],
        columns=["kind", "name", "day", "end_day"],
    )
    counts = pd.DataFrame(
        [
            (who, seed, day, "hold", "all", "true", 10.0 - 4.0 * (who == "model" and day >= 20), 100.0)
            for who in ("model", "incumbent")
            for seed in (1, 2)
            for day in range(40)
        ],
        columns=["candidate", "seed", "day", "metric", "slice", "view", "numerator", "denominator"],
    )
    facts = {
        "world": {"horizon": 100 * DAY, "go_live": 60 * DAY},
        "rows": {"model/seed-1": 40_000, "model/seed-2": 40_000},
    }
    metric = {"name": "hold", "form": "rate", "better": "higher"}
    table = league(readings({1: [5, 24], 2: []}), timeline, counts, facts, metric, "model")
    found = {one.signal: one for one in table}
    ks = found["ks"]
    assert (ks.drifts, ks.detected, ks.false_alarms, ks.quiet_days) == (2, 1, 1, 40.0)
    assert ks.days_to_detect.value == 4.0
    assert ks.false_per_100k.value == pytest.approx(1 / 0.4)
    assert ks.lost.value == pytest.approx((0.04 * 4 + 0.04 * 20) / 2)
    assert found["always_fire"].detection_rate.value == 1.0
    assert found["always_fire"].false_per_month.value == pytest.approx(30.0)
    assert found["never_fire"].detected == 0
    assert found["never_fire"].days_to_detect.value is None
    assert metric_lost(counts, metric, "model", 1, 0.0, 5.0) is None
    assert Drift("shift", "injection", 20.0, 40.0).end == 40.0


PRICE = "{perUnit: 0.5, currency: EUR, because: test}"


def test_a_price_is_part_of_a_run_and_of_no_ruling() -> None:
    """Losses are told by it in the run's folder, so another price is another run; it rules on nothing."""
    plain = trial.load("sportsbook/drift-response-v1").charter
    priced = trial.load(
        "sportsbook/drift-response-v1", charter_sets=(f"clauses.held_up.price={PRICE}",)
    ).charter
    assert "prices" not in plain.operating()
    assert plain.operating_digest() != priced.operating_digest()
    assert plain.judged_digest() == priced.judged_digest()


def test_a_metric_that_is_money_takes_no_price() -> None:
    with pytest.raises(BadDocument, match="adverse_loss is counted in EUR already"):
        trial.load("sportsbook/drift-response-v1", charter_sets=(f"clauses.adverse_loss.price={PRICE}",))
