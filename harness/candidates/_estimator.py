"""Any scikit-learn estimator as a candidate: `use: package.module:Name`.

Knows: scikit-learn's conventions (fit, sample_weight, predict_proba, decision_function, tags). Does not know: which
estimator it is. Missing values are filled where the estimator refuses them. One thread and, where a `random_state`
is open, the seed: forests that add trees in any order differ in the last bits. Values go in as float64: float32
sums would differ between a block and a single row by more than the desk's rounding.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness.candidates._imputation import Imputation
from harness.candidates._model_card import card, shares, write_json
from harness.candidates._prior import finite, learnable, prior, softmax, spread, weighty
from harness.candidates._threads import one_thread
from harness.kinds import Candidate, Floats, Matrix, Scorer, TrainingSet
from sim.core.errors import UserError, closest

METHODS = ("predict_proba", "decision_function", "predict")
SAMPLE_ROWS = 1_000


@dataclass(frozen=True)
class Estimator:
    """A user's estimator class (or a function that makes one) and its own parameters."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    make: Callable[..., Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """Fit a fresh estimator; an exception of its own becomes a UserError that names it."""
        return fit_estimator(self, lambda: self.make(**self.parameters), past, seed)


def adopt(thing: Any, parameters: Mapping[str, Any]) -> Candidate:
    """What `use:` named, as a candidate: one of ours is made of its parameters, an estimator is wrapped.

    Raises UserError where it is neither, or has no such parameter.
    """
    name = getattr(thing, "__qualname__", repr(thing))
    if not callable(thing):
        raise UserError(f"candidate '{name}': expected a class or a function that makes an estimator")
    ours = is_dataclass(thing) and hasattr(thing, "fit")
    if isinstance(thing, type) and not ours:
        lacking = [m for m in ("fit",) if not hasattr(thing, m)]
        if lacking or not any(hasattr(thing, method) for method in METHODS):
            raise UserError(f"candidate '{name}': expected a class with fit and one of {', '.join(METHODS)}")
    known = inspect.signature(thing).parameters
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
    for key in parameters:
        if key not in known and not open_ended:
            raise UserError(f"candidate '{name}': unknown parameter '{key}'{closest(key, known)}")
    candidate: Candidate = thing(**parameters) if ours else Estimator(thing, dict(parameters))
    return candidate


def fit_estimator(
    candidate: object,
    make: Callable[[], Any],
    past: TrainingSet,
    seed: int,
    native: Callable[[Any, tuple[str, ...]], Mapping[str, Any]] | None = None,
) -> Scorer:
    """Fit what `make` makes on the rows of positive weight; the prior where there is one class.

    `native` writes the fitted model as JSON; without it, joblib keeps it (for keeping: it is never loaded back).
    """
    if not learnable(past):
        return prior(past, seed, candidate)
    x, y, weight = weighty(past)
    try:
        model = make()
        name = type(model).__name__
        _pin(model, seed)
        imputation = Imputation.of_blanks(x) if _takes_missing(model) else Imputation.of(x)
        columns = imputation.fill(x).astype(np.float64)
        fitted_with = _weight_parameter(model)
        with one_thread():
            model.fit(columns, y, **({fitted_with: weight} if fitted_with else {}))
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"candidate {_name(candidate)}: {type(error).__name__}: {error}") from error
    method = next((m for m in METHODS if hasattr(model, m)), None)
    if method is None:
        raise UserError(f"candidate {name}: expected one of {', '.join(METHODS)}")
    facts = card(candidate, past, seed, estimator=name, answers_by=method, weights_used=bool(fitted_with))
    classes = tuple(int(c) for c in getattr(model, "classes_", np.unique(y)))
    sample = x[:: max(1, len(x) // SAMPLE_ROWS)][:SAMPLE_ROWS].copy()
    return EstimatorScorer(
        model, method, imputation, past.names, past.outcomes, classes, sample, facts, native
    )


@dataclass(frozen=True)
class EstimatorScorer:
    """A fitted estimator. `sample`: training rows kept to tell which features matter."""

    model: Any
    method: str
    imputation: Imputation
    names: tuple[str, ...]
    outcomes: int
    classes: tuple[int, ...]
    sample: Matrix
    facts: Mapping[str, Any]
    native: Callable[[Any, tuple[str, ...]], Mapping[str, Any]] | None = None

    def score(self, x: Matrix) -> Floats:
        """(n,) or (n, outcomes): probabilities, or the decision function through the logistic function."""
        if not len(x):
            return np.empty((0, self.outcomes) if self.outcomes > 2 else 0)
        x = finite(x)
        columns = self.imputation.fill(x).astype(np.float64)
        with one_thread():
            answer = np.asarray(getattr(self.model, self.method)(columns), dtype=np.float64)
        if self.method == "decision_function":
            answer = self._squashed(answer)
        elif self.method == "predict":
            answer = self._certain(answer)
        return spread(answer, np.array(self.classes), self.outcomes)

    def _squashed(self, distance: Floats) -> Floats:
        from scipy.special import expit
        from sklearn.base import is_outlier_detector

        if distance.ndim == 2:
            return softmax(distance)
        # Outlier detectors call the ordinary positive; a score calls the unwanted so.
        p = np.asarray(expit(-distance if is_outlier_detector(self.model) else distance), dtype=np.float64)
        return np.column_stack([1.0 - p, p])

    def _certain(self, answer: Floats) -> Floats:
        if self.outcomes > 2:
            return np.asarray(answer[:, None] == np.array(self.classes)[None, :], dtype=np.float64)
        p = np.clip(answer, 0.0, 1.0)
        return np.column_stack([1.0 - p, p])

    def importance(self) -> Mapping[str, float]:
        """The estimator's own importances, else how far scores move when a feature's values change rows."""
        own = getattr(self.model, "feature_importances_", None)
        k = len(self.names)
        indicated = self.imputation.indicated
        if own is not None and len(own) == k + len(indicated):
            amount = np.array(own[:k], dtype=np.float64)
            np.add.at(amount, np.array(indicated, dtype=np.int64), own[k:])
            return shares(self.names, amount)
        usual = self.score(self.sample)
        amount = np.zeros(k)
        for column in range(k):
            moved = self.sample.copy()
            moved[:, column] = np.roll(moved[:, column], len(moved) // 2)
            amount[column] = np.abs(self.score(moved) - usual).mean()
        return shares(self.names, amount)

    def save(self, folder: Path) -> Path:
        """Write the native JSON where there is one, else a joblib file that nothing loads back."""
        if self.native is not None:
            return write_json(folder / "model.json", self.native(self.model, self.names))
        import joblib

        path = folder / "model.joblib"
        joblib.dump(self.model, path)
        return path

    def card(self) -> Mapping[str, Any]:
        """Training facts; `weights_used` is False where the estimator takes no weights."""
        return {**self.facts, "model": "estimator"}


def _name(candidate: object) -> str:
    make = candidate.make if isinstance(candidate, Estimator) else type(candidate)
    return str(getattr(make, "__qualname__", make))


def _pin(model: Any, seed: int) -> None:
    if not hasattr(model, "get_params"):
        return
    settings: dict[str, Any] = {}
    for name, value in model.get_params(deep=True).items():
        last = name.rpartition("__")[2]
        if last == "n_jobs" and value not in (None, 1):
            settings[name] = 1
        elif last == "random_state" and value is None:
            settings[name] = seed % 2**32
    if settings:
        model.set_params(**settings)


def _takes_missing(model: Any) -> bool:
    from sklearn.utils import get_tags

    try:
        return bool(get_tags(model).input_tags.allow_nan)
    except (AttributeError, TypeError, ValueError):
        return False


def _weight_parameter(model: Any) -> str:
    """The name under which `fit` takes weights, "" where it takes none."""
    from sklearn.utils.validation import has_fit_parameter

    if has_fit_parameter(model, "sample_weight"):
        return "sample_weight"
    steps = getattr(model, "steps", None)
    if steps and has_fit_parameter(steps[-1][1], "sample_weight"):
        return f"{steps[-1][0]}__sample_weight"
    return ""
