"""`windtunnel profile` on a small carrier: parts that add up, paths that agree, a verdict on the machine that follows.

Nothing is asserted on how long anything takes, only on how the figures hang together.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import measuring, noise, profile, trial
from harness.service_profile import QUIET, UNDECIDED, ServiceProfile, decode, written
from harness.trial import Loaded
from sim.core.documents import parse, read
from sim.core.errors import UserError
from tests.laws.small import load_small, load_small_book

SETS = ("world.history=8d", "world.horizon=5d", "trial.labels.maturity=2d")


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_small(*SETS)


@pytest.fixture(scope="module")
def made(loaded: Loaded) -> ServiceProfile:
    asked = profile.wish(loaded, None, None, rows=600, warm_up=50, blocks=12)
    return profile.measure(loaded, asked, "small", lambda text: None)


def test_parts_add_up(made: ServiceProfile) -> None:
    spec, parts = made.spec, made.spec.parts
    assert parts.whole.n == parts.features.n == parts.model.n == parts.decision.n == spec.protocol.rows >= 600
    assert parts.whole.p50 is not None
    for part in (parts.features, parts.model, parts.decision):
        assert part.p50 is not None
        assert 0 < part.p50.low <= part.p50.value <= parts.whole.p50.value
    assert parts.whole.p99 is not None, "459 samples are enough"
    assert parts.whole.p999 is None, "600 samples are not"
    assert parts.reasons is not None
    assert spec.whole_to_booster is not None


def test_paths_decide_as_the_replay(made: ServiceProfile) -> None:
    spec = made.spec
    assert (spec.agreement.differing, spec.agreement.events) == (0, spec.protocol.rows + 50)
    assert {"booster", "sklearn_numpy", "sklearn_pandas", "pipeline_pandas"} <= set(spec.paths)
    assert set(spec.paths) | set(spec.skipped) >= {"trees", "onnx"}
    for name, path in spec.paths.items():
        assert path.compared == path.times.n > 0, name
        assert path.differing == 0, name
    assert any(batch.rows == 4 for batch in spec.batches)


def test_it_reads_back_and_says_so(made: ServiceProfile) -> None:
    text = written(made)
    assert decode(parse(text.encode(), "small.yaml")) == made
    lines = list(measuring.told(made))
    assert any("whole path / bare booster" in line for line in lines)
    assert ("machine: quiet" in " ".join(lines)) == made.is_quiet


@pytest.mark.parametrize(
    ("weather", "twice", "verdict"),
    [
        (noise.Weather(1.0, 0.0, noise.Switches(0, 5), 10**9), (100, 100), QUIET),
        (noise.Weather(1.0, 0.0, noise.Switches(0, 5), 10**9), (100, 111), UNDECIDED),
        (noise.Weather(0.7, 0.0, noise.Switches(0, 5), 10**9), (100, 100), UNDECIDED),
        (noise.Weather(1.0, 0.0, noise.Switches(900, 5), 10**9), (100, 100), UNDECIDED),
    ],
)
def test_the_verdict_on_the_machine(
    loaded: Loaded, weather: noise.Weather, twice: tuple[int, int], verdict: str
) -> None:
    class Session:
        pass

    session = Session()
    session.weather, session.taken = weather, profile.Taken({"whole": [1] * 1000})  # type: ignore[attr-defined]
    session.twice = tuple([each] * 500 for each in twice)  # type: ignore[attr-defined]
    found = profile._noise(session)  # type: ignore[arg-type]
    assert found["verdict"] == verdict
    assert bool(found["because"]) == bool(found["remedies"]) == (verdict == UNDECIDED)


def test_the_command_writes_whole_or_not_at_all(
    made: ServiceProfile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(profile, "measure", lambda *given: made)
    scenario, out = "telco/midsize-carrier-quick-v1", tmp_path / "mine.yaml"

    def call(out: Path | None, candidate: str | None = None, force: bool = False) -> tuple[list[str], int]:
        return measuring.profile(scenario, candidate, None, out, 600, 12, 1, (), force, lambda text: None)

    lines, code = call(out)
    assert code == (0 if made.is_quiet else 3)
    assert decode(read(out)) == made
    assert made.spec.digest[:12] in lines[-1]
    for given, says in (
        (out, "is there already"),
        (tmp_path, "ends in .yaml"),
        (out / "x.yaml", "is a file"),
    ):
        with pytest.raises(UserError, match=says):
            call(given)
    assert call(out, force=True)[1] == code
    with pytest.raises(UserError, match="did you mean 'rules'"):
        call(None, "rule")


def test_what_cannot_be_measured_is_one_line() -> None:
    short = load_small(
        *SETS, "world.horizon=1d", "world.with.lines=200", "trial.candidates.xgboost.retrain.every=9d"
    )
    with pytest.raises(UserError, match=r"events followed the first fit.*fewer --rows"):
        profile.measure(short, profile.wish(short, None, None, rows=10**7), "small", lambda text: None)
    book = load_small_book()
    with pytest.raises(UserError, match="plays no desk 'bets', did you mean 'bet'"):
        profile.wish(book, "clock-and-risk", "bets")
    with pytest.raises(UserError, match="no candidate"):
        profile.wish(trial.load("telco/midsize-carrier-quick-v1"), "xgbost", None)
