"""The ranking of designs on a log and in a world: its arithmetic, and the page's figures where the log is at hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from sim.core.rng import stream
from tests.theory import ranking

LOG = ranking.file()
needs_log = pytest.mark.skipif(not LOG.is_file(), reason="no WINDTUNNEL_EPL and no ../shared/data")
PAGE = (ranking.Path(__file__).parents[2] / "docs/own-business.md").read_text(encoding="utf-8")


def test_tau_is_kendalls() -> None:
    chance = stream(1, "tests", "tau")
    for _ in range(50):
        one, other = chance.integers(0, 6, size=(2, 8)).astype(float)
        assert ranking.kendall(one, other) == pytest.approx(kendalltau(one, other).statistic)
    assert ranking.kendall(np.arange(5.0), -np.arange(5.0)) == -1.0


def test_designs_that_lie_apart_are_ranked_surely_and_equal_ones_are_not() -> None:
    """Eight designs a tenth apart on 400 matches with noise of a tenth: every draw agrees. The same design eight times:
    draws scatter around no agreement, with the spread of a tau of eight ranks at random, 0.29."""
    chance = stream(2, "tests", "ranked")
    noise = chance.normal(size=(3, 400, 8)) * 0.1
    apart = ranking.ranked(
        0.1 * np.arange(8) + noise[0], [0.1 * np.arange(8) + n for n in noise[1:]], draws=200
    )
    assert apart.tau == 1.0
    assert apart.interval == (1.0, 1.0)
    equal = ranking.ranked(noise[0], list(noise[1:]), draws=400)
    low, high = equal.interval
    assert high - low > 0.5


def test_a_match_is_read_as_it_was_played() -> None:
    n = 3
    zeros = np.zeros((n, len(ranking.MINUTES)), dtype=np.int64)
    made = ranking.Matches(
        np.full(n, 1.5), np.full(n, 1.1), zeros + 1, zeros, np.zeros(n, dtype=np.int64), 3, 0, 3
    )
    x = made.rows()
    assert x.shape == (n * 13, 5)
    np.testing.assert_array_equal(x[:13, 0], np.arange(15, 76, 5))
    assert x[0].tolist() == [15.0, 1.0, 0.0, 1.5, np.float32(1.1)]
    assert len(ranking.training_set(made)) == n * 13


@needs_log
def test_counts_of_the_first_half_are_those_of_the_page() -> None:
    first, second = ranking.read(LOG, 0.0, 0.5), ranking.read(LOG, 0.5, 1.0)
    assert (len(first.result), len(second.result)) == (1_651, 1_652)
    for name, value in ranking.counts(first).items():
        assert f"| `{name}` | {value:.4f} |" in PAGE, (name, value)


@needs_log
@pytest.mark.slow
def test_the_page_says_what_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["ranking", str(LOG)])
    ranking.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ") or "tau" in line]
    assert len(lines) > 10
    for line in lines:
        told = line if line.startswith("| ") else line.partition(" over ")[0].removeprefix("Kendall's ")
        assert told in PAGE, line
