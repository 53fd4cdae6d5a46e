"""Candidates made elsewhere: a booster's file, an ONNX file, a function, a program. Same scores, or one clear line.

The ONNX tests need `windtunnel[onnx]` and skip without it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.candidates.command import PLUGIN as COMMAND
from harness.candidates.function import PLUGIN as FUNCTION
from harness.candidates.onnx import PLUGIN as ONNX
from harness.candidates.xgboost import PLUGIN as XGBOOST
from harness.candidates.xgboost_json import PLUGIN as XGBOOST_JSON
from harness.kinds import Outside
from sim.core.errors import UserError
from sim.core.time import SECOND
from tests.contracts.test_candidates import NAMES, changed, training_set

ROOT = Path(__file__).parents[2]
OBJECT = json.dumps(
    {
        "learner": {
            "objective": {"name": "reg:squarederror"},
            "learner_model_param": {"num_feature": str(len(NAMES))},
        }
    }
)


def saved(folder: Path, outcomes: int = 2, names: tuple[str, ...] | None = None) -> Any:
    """A booster fitted here and written as a stranger would; the native scorer."""
    scorer = XGBOOST(rounds=20).fit(training_set(600, outcomes), 3)
    scorer.booster.feature_names = list(names) if names else None
    scorer.booster.save_model(folder / "model.json")
    scorer.booster.feature_names = None
    return scorer


def standing(candidate: Any, folder: Path) -> Any:
    assert isinstance(candidate, Outside)
    return candidate.located(folder, {})


# --- a booster's JSON ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcomes", [2, 3])
def test_a_booster_read_from_its_file_scores_as_the_original_to_the_bit(
    tmp_path: Path, outcomes: int
) -> None:
    native = saved(tmp_path, outcomes, NAMES)
    past = training_set(50, outcomes, seed=9)
    read = standing(XGBOOST_JSON("model.json"), tmp_path).fit(past, 77)
    x = training_set(700, outcomes, seed=2).x
    for rows in (0, 1, 40, 700):
        assert read.score(x[:rows]).tobytes() == native.score(x[:rows]).tobytes()
    assert read.card()["fitted"] == "elsewhere"
    assert read.importance() == native.importance()
    (kept := tmp_path / "kept").mkdir()
    assert read.save(kept).read_bytes() == (tmp_path / "model.json").read_bytes()


def test_its_columns_are_found_by_name_whatever_their_order(tmp_path: Path) -> None:
    native = saved(tmp_path, names=NAMES)
    past = training_set(50, seed=9)
    order = [3, 0, 6, 1, 2, 5, 4]
    names = (*(NAMES[i] for i in order), "beside")
    x = np.column_stack([past.x[:, order], np.full(len(past), 7.0, dtype=np.float32)])
    read = standing(XGBOOST_JSON("model.json"), tmp_path).fit(changed(past, x=x, names=names), 1)
    assert read.score(x).tobytes() == native.score(past.x).tobytes()
    told, own = read.contributions(x), native.contributions(past.x)
    np.testing.assert_array_equal(told[:, :7], own[:, order])
    np.testing.assert_array_equal(told[:, 7:], np.column_stack([np.zeros(len(x)), own[:, -1]]))


def test_where_the_file_tells_no_names_the_scenario_does(tmp_path: Path) -> None:
    native = saved(tmp_path)
    past = training_set(50, seed=9)
    with pytest.raises(UserError, match=r"tells no names of its 7 features: write names"):
        standing(XGBOOST_JSON("model.json"), tmp_path).check(NAMES, 2)
    read = standing(XGBOOST_JSON("model.json", names=NAMES), tmp_path).fit(past, 1)
    assert read.score(past.x).tobytes() == native.score(past.x).tobytes()


def test_what_is_wrong_with_it_is_told_in_a_line(tmp_path: Path) -> None:
    saved(tmp_path, names=NAMES)

    def told(
        *wanted: str, path: str = "model.json", given: tuple[str, ...] = NAMES, outcomes: int = 2
    ) -> str:
        with pytest.raises(UserError) as caught:
            standing(XGBOOST_JSON(path, wanted), tmp_path).check(given, outcomes)
        return str(caught.value)

    assert told(given=(*NAMES[:-1], "ages")).endswith(
        "reads the feature 'age', which is not among those given, did you mean 'ages'?"
    )
    assert (
        told(*NAMES[:-1], "agee")
        == "the model 'model.json' says 'age' where names says otherwise, at place 6; leave names out"
    )
    assert told(outcomes=3) == "the model 'model.json' answers 2 outcomes, 3 are asked for"
    assert told(path="none.json") == "'none.json': no such file, seen from the scenario's folder"
    assert (
        told(path="../model.json")
        == "'../model.json' lies outside the scenario's folder, expected a path below it"
    )
    for name, contents in (
        ("pickle.json", b"\x80\x04\x95cos\nsystem\n"), ("list.json", b"[1]"), ("deep.json", b"[" * 100_000),
        ("cut.json", (tmp_path / "model.json").read_bytes()[:-200]), ("empty.json", b""),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(contents)
        assert told(path=name).endswith(
            "is not in XGBoost's JSON, expected what booster.save_model('model.json') writes"
        )
    (tmp_path / "other.json").write_text(OBJECT, encoding="utf-8")
    assert "has the objective reg:squarederror, expected binary:logistic" in told(path="other.json")
    document = json.loads((tmp_path / "model.json").read_text())
    document["learner"]["gradient_booster"]["model"]["trees"][0]["left_children"] = []
    (tmp_path / "spoilt.json").write_text(json.dumps(document), encoding="utf-8")
    assert "is not in XGBoost's JSON" in told(path="spoilt.json")


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, names=NAMES)
    candidate = XGBOOST_JSON("model.json").located(tmp_path, {"model.json": "0" * 64})
    with pytest.raises(UserError, match=r"'model.json' has changed since the scenario was read"):
        candidate.fit(training_set(50), 1)


# --- ONNX ---------------------------------------------------------------------------------------------------------


def exported(folder: Path) -> Any:
    """The same booster as ONNX, with its names in the metadata; the native scorer."""
    tools = pytest.importorskip("onnxmltools")
    pytest.importorskip("onnxruntime")
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    native = saved(folder)
    classifier = xgboost.XGBClassifier()
    classifier.load_model(folder / "model.json")
    model = tools.convert_xgboost(classifier, initial_types=[("x", FloatTensorType([None, len(NAMES)]))])
    entry = model.metadata_props.add()
    entry.key, entry.value = "feature_names", json.dumps(NAMES)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return native


def test_onnx_scores_within_the_stated_error(tmp_path: Path) -> None:
    native = exported(tmp_path)
    past = training_set(400, seed=9)
    read = standing(ONNX("model.onnx"), tmp_path).fit(past, 1)
    np.testing.assert_allclose(read.score(past.x), native.score(past.x), atol=1e-6, rtol=0)
    alone = np.concatenate([read.score(past.x[i : i + 1]) for i in range(50)])
    np.testing.assert_allclose(alone, read.score(past.x)[:50], atol=1e-6, rtol=0)
    (tmp_path / "kept").mkdir()
    assert read.save(tmp_path / "kept").read_bytes() == (tmp_path / "model.onnx").read_bytes()


def test_what_is_wrong_with_an_onnx_file_is_told_in_a_line(tmp_path: Path) -> None:
    exported(tmp_path)
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    for candidate, given, says in (
        (ONNX("bad.onnx"), NAMES, "is not read by ONNX Runtime"),
        (ONNX("model.onnx"), (*NAMES[:-1], "ages"), "did you mean 'ages'?"),
        (ONNX("model.onnx", output="probabilitys"), NAMES, "has no output 'probabilitys' of floats"),
        (ONNX("model.onnx", names=NAMES[:-1]), NAMES, "says 'age' where names says otherwise"),
    ):
        with pytest.raises(UserError, match=says.replace("?", r"\?")) as caught:
            standing(candidate, tmp_path).check(given, 2)
        assert "\n" not in str(caught.value)


def test_without_onnxruntime_the_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError) as caught:
        standing(ONNX("model.onnx"), tmp_path).check(NAMES, 2)
    assert str(caught.value) == "onnxruntime is not installed: pip install 'windtunnel[onnx]'"


# --- a function ---------------------------------------------------------------------------------------------------


def by_calls(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return 1.0 / (1.0 + np.exp(-np.nan_to_num(x[:, 0].astype(np.float64))))


def by_rank(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.argsort(np.argsort(x[:, 0])) / max(1, len(x) - 1)


def too_few(x: np.ndarray[Any, Any]) -> list[float]:
    return [0.5] * (len(x) - 1)


def beyond(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.full(len(x), 1.5)


def words(x: np.ndarray[Any, Any]) -> list[str]:
    return ["high"] * len(x)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's by name: this one."""
    monkeypatch.setitem(sys.modules, "own_scores", sys.modules[__name__])
    return "own_scores"


def test_a_function_scores_the_columns_that_it_names(own: str) -> None:
    past = training_set(100)
    scorer = FUNCTION(f"{own}:by_calls", names=("calls",)).fit(past, 1)
    np.testing.assert_array_equal(scorer.score(past.x), by_calls(past.x[:, 5:]))
    assert scorer.card()["function"] == "own_scores:by_calls"


def test_its_cost_is_counted_by_a_clock_that_is_lent(own: str) -> None:
    past, ticks = training_set(100), iter(range(1_000))
    candidate = FUNCTION(f"{own}:by_calls")
    candidate.watch(lambda: float(next(ticks)))
    scorer = candidate.fit(past, 1)
    before = candidate.cost()
    scorer.score(past.x)
    scorer.score(past.x[:20])
    after = candidate.cost()
    assert (after.rows - before.rows, after.calls - before.calls, after.seconds - before.seconds) == (
        120,
        2,
        2.0,
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("by_rank", "alone and beside others: a scorer must be pure"),
        ("too_few", "answered 15 scores for 16 rows"),
        ("beyond", "answered 1.5, expected scores from 0 to 1"),
        ("words", "answered no numbers"),
        ("nothing", "cannot load candidate"),
        ("Outside", "expected a function of rows"),
    ],
)
def test_what_is_wrong_with_a_function_is_told_in_a_line(own: str, name: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        FUNCTION(f"{own}:{name}").fit(training_set(16), 1)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


# --- a program ----------------------------------------------------------------------------------------------------

START = """
import sys, time
import numpy as np, pyarrow as pa
answers = pa.schema([("score", pa.float64())])
asked = pa.ipc.open_stream(sys.stdin.buffer)
told = pa.ipc.new_stream(sys.stdout.buffer, answers)
for n, block in enumerate(asked):
    score = np.full(block.num_rows, 0.25)
"""
ANSWER = """
    told.write_batch(pa.record_batch([pa.array(score)], schema=answers))
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Any]:
    """A candidate whose program does `does` to its score before it answers."""

    def make(does: str = "", whole: str = "", **more: Any) -> Any:
        (tmp_path / "score.py").write_text(whole or f"{START}    {does}\n{ANSWER}", encoding="utf-8")
        return standing(COMMAND("python score.py", **more), tmp_path)

    return make


def test_a_program_scores_block_after_block_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "score.py").write_bytes((ROOT / "scenarios/own/score_by_rule.py").read_bytes())
    candidate = standing(COMMAND("python score.py", names=("calls", "age")), tmp_path)
    assert candidate.inputs() == ("score.py",)
    past = training_set(300)
    candidate.watch(lambda: 0.0)
    scorer = candidate.fit(past, 1)
    wanted = 1.0 / (1.0 + np.exp(3.0 - np.log1p(np.nan_to_num(past.x[:, 5].astype(np.float64)))))
    for rows in (0, 1, 7, 300):
        np.testing.assert_allclose(scorer.score(past.x[:rows]), wanted[:rows], rtol=1e-12)
    (pipe,) = candidate.pipes.values()
    candidate.fit(past, 2)
    assert list(candidate.pipes.values()) == [pipe], "the process goes on from fit to fit"
    assert candidate.cost().rows > 300
    candidate.close()
    assert pipe._process.returncode == 0
    assert scorer.card()["files"].keys() == {"score.py"}


@pytest.mark.parametrize(
    ("does", "says"),
    [
        (
            "raise SystemExit('no model today')",
            "the command 'python score.py' ended with code 1: no model today",
        ),
        ("1 / 0", "ended with code 1: ZeroDivisionError: division by zero"),
        ("score = score[:-1]", "answered 15 scores for 16 rows"),
        ("score = score + 1", "answered 1.25, expected scores from 0 to 1"),
        ("score = score * np.nan", "answered a score that is no number"),
        ("score = score * (block.num_rows > 1)", "a scorer must be pure"),
    ],
)
def test_what_is_wrong_with_a_program_is_told_in_a_line(
    program: Callable[..., Any], does: str, says: str
) -> None:
    candidate = program(does)
    with pytest.raises(UserError) as caught:
        candidate.fit(training_set(16), 1)
    candidate.close()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_program_that_says_nothing_is_given_up(program: Callable[..., Any]) -> None:
    candidate = program("time.sleep(60)", timeout=3 * SECOND)
    with pytest.raises(
        UserError, match=r"^the command 'python score.py' answered nothing for 3 s \(timeout\)$"
    ):
        candidate.fit(training_set(16), 1)
    candidate.close()


def test_a_program_that_writes_text_is_told_so(program: Callable[..., Any]) -> None:
    candidate = program(
        timeout=20 * SECOND,
        whole="import sys\nprint('hello, I am a model' * 9, flush=True)\nsys.stdin.buffer.read()\n",
    )
    with pytest.raises(UserError, match="answered what is no Arrow stream: it begins with b'hell'"):
        candidate.fit(training_set(16), 1)
    candidate.close()


def test_a_program_that_is_not_there_is_told_before_any_run(tmp_path: Path) -> None:
    for run, says in (
        ("nosuchprogram --x", "no program 'nosuchprogram', on the path or in the scenario's folder"),
        ("python nosuch.py", "no file 'nosuch.py', seen from the scenario's folder"),
    ):
        with pytest.raises(UserError, match=says):
            standing(COMMAND(run), tmp_path).check(NAMES, 2)
    with pytest.raises(UserError, match=r"'weights\.bin': no such file"):
        standing(COMMAND("python -V", files=("weights.bin",)), tmp_path).check(NAMES, 2)
    with pytest.raises(UserError, match=r"No closing quotation"):
        COMMAND("python 'score.py")
