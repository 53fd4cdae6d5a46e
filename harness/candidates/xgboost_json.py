"""A booster trained elsewhere, as XGBoost's own JSON: `use: xgboost-json:model.json`. It is never fitted here.

Knows: XGBoost's JSON of a model, its feature names. Does not know: how it was trained.

Its scores are those of the original to the bit: the same trees, walked by the same library. `names` gives the features
in the model's order where the file has none (a booster trained on a plain array); otherwise leave it out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.candidates._booster import BoosterScorer
from harness.candidates._outside import Standing, agreed, digest, fact_card, places, rearranged
from harness.candidates._trees import forest
from harness.kinds import Scorer, TrainingSet
from sim.core.errors import UserError

OBJECTIVES = ("binary:logistic", "multi:softprob")
LARGEST_FEATURES = 10_000


@dataclass
class XGBoostJson(Standing):
    """`path`: below the scenario's folder, as `Booster.save_model("model.json")` wrote it. `names`: of its features, in
    its order, where it tells none."""

    forms: ClassVar[tuple[str, ...]] = ("act", "quote")
    shorthand: ClassVar[str] = "path"
    path: str
    names: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The model, as a message names it."""
        return f"the model '{self.path}'"

    def inputs(self) -> tuple[str, ...]:
        """The files that it reads."""
        return (self.path,)

    def check(self, given: tuple[str, ...] | None, outcomes: int | None) -> None:
        """Raise UserError where the model cannot be read, or wants other features or outcomes than there are."""
        _, wanted, own = self._opened()
        if given is not None:
            places(wanted, given, self.who)
        if outcomes is not None and own != outcomes:
            raise UserError(f"{self.who} answers {own} outcomes, {outcomes} are asked for")

    def fit(self, past: TrainingSet, seed: int) -> Scorer:
        """The model as it is; nothing is learnt."""
        self.check(past.names, past.outcomes)
        booster, wanted, outcomes = self._opened()
        contents = self.contents(self.path)
        facts = fact_card("xgboost_json", past, wanted, file=Path(self.path).name, sha256=digest(contents))
        x = past.x[:, places(wanted, past.names, self.who)]
        scorer = LoadedBooster(booster, wanted, outcomes, facts, forest(booster, x), contents)
        return rearranged(scorer, wanted, past.names, self.who)

    def _opened(self) -> tuple[Any, tuple[str, ...], int]:
        """The booster, its features in order, and how many outcomes it tells apart. Raises UserError."""
        if "model" not in self.cache:
            self.cache["model"] = self._open()
        found: tuple[Any, tuple[str, ...], int] = self.cache["model"]
        return found

    def _open(self) -> tuple[Any, tuple[str, ...], int]:
        contents = self.contents(self.path)
        wrong = f"{self.who} is not in XGBoost's JSON, expected what booster.save_model('model.json') writes"
        try:
            learner = json.loads(contents)["learner"]
            objective = learner["objective"]["name"]
            told = learner["learner_model_param"]
            features, classes = int(told["num_feature"]), int(told.get("num_class", "0"))
            named = tuple(map(str, learner.get("feature_names") or ()))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise UserError(wrong) from None
        if objective not in OBJECTIVES:
            raise UserError(f"{self.who} has the objective {objective}, expected {' or '.join(OBJECTIVES)}")
        if not 0 < features <= LARGEST_FEATURES:
            raise UserError(f"{self.who} takes {features} features, expected 1 to {LARGEST_FEATURES}")
        wanted = agreed(named, self.names, features, self.who)
        import xgboost

        booster = xgboost.Booster({"nthread": 1})
        try:
            booster.load_model(bytearray(contents))
        except xgboost.core.XGBoostError:
            raise UserError(wrong) from None
        # Columns are put in order here, by the names just read.
        booster.feature_names = booster.feature_types = None
        booster.set_param({"nthread": 1})
        return booster, wanted, classes if objective == "multi:softprob" else 2


@dataclass(frozen=True)
class LoadedBooster(BoosterScorer):
    """A booster as it came. `contents`: its file, kept beside a run byte for byte."""

    contents: bytes = b""

    def save(self, folder: Path) -> Path:
        """Write the file that it was read from."""
        path = folder / "model.json"
        path.write_bytes(self.contents)
        return path

    def card(self) -> Mapping[str, Any]:
        """Where it came from."""
        return {**self.facts, "model": "xgboost", "trees": self.booster.num_boosted_rounds()}


PLUGIN = XGBoostJson
