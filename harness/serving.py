"""Serving paths: ways to put one fitted model behind a call for a single row.

Knows: XGBoost's interfaces, scikit-learn's pipelines, ONNX where it is installed. Does not know: clocks, policies.

All take features (1, k) float32 as they were assembled and answer one probability, made of the very trees that the
replay scored with. What differs is the plumbing, which often costs more than the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from harness.kinds import Matrix, Scorer

Call = Callable[[Matrix], float]
BARE = "booster"
"""The bare call that paths are compared with: `Booster.inplace_predict` on one row."""
DESK = "desk"
"""The desk's own scorer: the one that a replay scores with."""
NAMES = (DESK, BARE, "trees", "sklearn_numpy", "sklearn_pandas", "pipeline_pandas", "onnx")


class Serving(NamedTuple):
    """The paths that there are for a model by name, and why others are not there."""

    calls: Mapping[str, Call]
    skipped: Mapping[str, str]


def paths(scorer: Scorer, names: Sequence[str], sample: Matrix) -> Serving:
    """Every path for a fitted scorer. `names`: its features; `sample`: a few rows (n, k), for what must be fitted.

    A scorer that is no booster with one score has its own path alone; of several probabilities the first is told."""
    calls: dict[str, Call] = {DESK: lambda x: float(np.ravel(scorer.score(x))[0])}
    booster = getattr(scorer, "booster", None)
    if booster is None or getattr(scorer, "outcomes", 2) != 2:
        why = f"{type(scorer).__name__} is no booster of one score"
        return Serving(calls, dict.fromkeys(NAMES[1:], why))
    calls[BARE] = lambda x: float(booster.inplace_predict(x, validate_features=False)[0])
    skipped: dict[str, str] = {}
    trees = getattr(scorer, "trees", None)
    if trees is None:
        skipped["trees"] = (
            "the kernel that walks trees does not answer this booster's bits, or is not compiled"
        )
    else:
        calls["trees"] = lambda x: float(trees.predict(x)[0])
    classifier = _classifier(booster, names)
    calls |= _scikit_learn(classifier, tuple(names), sample)
    onnx = _onnx(classifier, len(names))
    if isinstance(onnx, str):
        skipped["onnx"] = onnx
    else:
        calls["onnx"] = onnx
    return Serving(calls, skipped)


def _classifier(booster: Any, names: Sequence[str]) -> Any:
    """The same trees behind scikit-learn's interface, on one thread."""
    import xgboost

    made = xgboost.XGBClassifier(n_jobs=1)
    made.load_model(bytearray(booster.save_raw("json")))
    made.set_params(n_jobs=1)
    made.get_booster().set_param({"nthread": 1})
    return made


def _scikit_learn(classifier: Any, names: tuple[str, ...], sample: Matrix) -> dict[str, Call]:
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    columns = list(names)
    transformer = ColumnTransformer(
        [("as_they_are", "passthrough", columns)], verbose_feature_names_out=False
    )
    transformer.fit(pd.DataFrame(sample, columns=columns))
    pipeline = Pipeline([("columns", transformer), ("model", classifier)])

    def on_numpy(x: Matrix) -> float:
        return float(classifier.predict_proba(x)[0, 1])

    def on_pandas(x: Matrix) -> float:
        return float(classifier.predict_proba(pd.DataFrame(x, columns=columns))[0, 1])

    def in_a_pipeline(x: Matrix) -> float:
        return float(pipeline.predict_proba(pd.DataFrame(x, columns=columns))[0, 1])

    return {"sklearn_numpy": on_numpy, "sklearn_pandas": on_pandas, "pipeline_pandas": in_a_pipeline}


def _onnx(classifier: Any, features: int) -> Call | str:
    """The path by ONNX Runtime, or why there is none."""
    try:
        import onnxruntime
        from onnxmltools import convert_xgboost
        from onnxmltools.convert.common.data_types import FloatTensorType
    except ImportError as error:
        missing = error.name or "onnxruntime"
        return f"{missing} is not installed: pip install 'windtunnel[onnx]'"
    try:
        model = convert_xgboost(classifier, initial_types=[("x", FloatTensorType([None, features]))])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        output = session.get_outputs()[1].name
        answer = np.asarray(session.run([output], {"x": np.zeros((1, features), dtype=np.float32)})[0])
    except Exception as error:
        return f"onnx does not take this booster: {type(error).__name__}: {str(error).splitlines()[0][:160]}"
    if answer.shape != (1, 2):
        return f"onnx answered an array {answer.shape}, expected (1, 2)"

    def on_onnx(x: Matrix) -> float:
        return float(session.run([output], {"x": x})[0][0, 1])

    return on_onnx
