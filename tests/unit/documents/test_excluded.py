"""Planted faults: what a charter excludes is refused by name, however a feature comes by it; a proxy is hunted down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import charter_rules, feature_rules
from harness.feature_rules import Ground
from harness.proxies import Hunt, attributes, examine
from sim.core import catalogue, rng
from sim.core.documents import Document, read
from sim.core.events import Field, Schema
from sim.core.time import DAY
from sim.core.world import Slice

WHY = "it stands for the size of the caller's carrier"
CALL = Schema("call", tuple(Field(n, "int64", "", "") for n in ("t", "id", "caller", "callee", "origin")))
RECORD = Schema(
    "call_record",
    (
        *(Field(n, "int64", "", "") for n in ("known_at", "id", "t", "caller", "origin")),
        Field("bill", "int64", "", "", purposes=("billing",)),
    ),
    order="known_at",
)
GROUND = Ground(
    {"signalling": CALL, "call_record": RECORD},
    {},
    28 * DAY,
    ("origin",),
    {"origin": WHY},
    {"call_record": ("fraud",)},
)


@dataclass(frozen=True)
class Planted:
    """A coded feature that looks at a carrier beside the number."""

    reads: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"call_record": ("caller", "origin")})

    def learn(self, feed: str, known: int, item: dict[str, int]) -> None:
        """Nothing."""

    def value(self, t: int, own: dict[str, Any]) -> float:
        """Nothing."""
        return 0.0


def features(folder: Path, entry: str) -> Document:
    path = folder / "features.yaml"
    about = "name: planted, concept: c, reading: r, owner: o"
    path.write_text(
        "apiVersion: windtunnel/v1\nkind: FeatureSet\nmetadata: {name: planted, version: 1.0.0}\n"
        f"spec:\n  features:\n    - {{{about}, {entry}}}\n",
        encoding="utf-8",
    )
    return read(path)


@pytest.mark.parametrize(
    ("way", "entry", "key"),
    [
        ("direct", "use: field, of: origin", "of"),
        ("counted by", "use: count, feed: signalling, by: origin, window: 1d", "by"),
        ("in a condition", "use: count, feed: signalling, by: caller, where: {origin: 2}, window: 1d", "where.origin"),
        ("by join", "use: distinct, feed: call_record, by: caller, of: origin, window: 1d", "of"),
        ("by join, in a condition", "use: count, feed: call_record, by: caller, where: {origin: 2}, window: 1d",
         "where.origin"),
        ("by join, looked up", "use: count, feed: call_record, by: caller, at: origin, window: 1d", "at"),
        ("by own code", f"use: '{__name__}:Planted'", ""),
    ],
)  # fmt: skip
def test_an_excluded_attribute_is_refused_whichever_way_it_comes(
    tmp_path: Path, way: str, entry: str, key: str
) -> None:
    specs, faults = feature_rules.examine_set(features(tmp_path, entry), GROUND)
    assert specs is None, way
    (fault,) = faults
    assert fault.key == "spec.features.0" + (f".{key}" if key else "")
    assert fault.what == f"'origin' is excluded by the charter: {WHY}"
    assert fault.line == 6


def test_a_field_is_not_used_for_what_it_is_not_held_for(tmp_path: Path) -> None:
    document = features(tmp_path, "use: sum, feed: call_record, by: caller, of: bill, window: 1d")
    _, (fault,) = feature_rules.examine_set(document, GROUND)
    assert "may be used for billing alone, and the charter holds it for fraud" in fault.what
    held = Ground(GROUND.streams, {}, 28 * DAY, held={"call_record": ("fraud", "billing")})
    assert feature_rules.examine_set(document, held)[0] is not None


def test_a_window_beyond_retention_is_refused(tmp_path: Path) -> None:
    document = features(tmp_path, "use: count, feed: signalling, by: caller, window: 29d")
    _, (fault,) = feature_rules.examine_set(document, GROUND)
    assert fault.what == "got 29d of signalling, expected at most 28d, for which the charter keeps it"


# --- by proxy -------------------------------------------------------------------------------------------------------

N = 3000
ORIGIN = Slice("origin", "origin", ("tier_1", "regional", "reseller"))
NAMES = ("noise", "size_of_the_carrier", "volume")


def sample(leak: float) -> dict[str, np.ndarray]:
    """A row each of `N` entities: the carrier, a feature that stands for it in so many rows, noise, and a score."""
    entity = np.arange(N)
    origin = (rng.uniform(rng.key(1, "origin"), entity) * 3).astype(np.int64)
    leaks = rng.uniform(rng.key(1, "leaks"), entity) < leak
    other = rng.normal(rng.key(1, "other"), entity)
    x = np.stack(
        [
            rng.normal(rng.key(1, "noise"), entity),
            np.where(leaks, origin, other),
            rng.normal(rng.key(1, "v"), entity),
        ],
        axis=1,
    ).astype(np.float32)
    return {"origin": origin, "x": x, "score": np.where(leaks, origin / 2, 0.5).astype(np.float32)}


def hunted(rows: dict[str, np.ndarray], folder: Path, limits: str) -> Hunt:
    document = catalogue.find("Charter", "telco/limited-stack-v1").document
    path = folder / "charter.yaml"
    path.write_text(
        document.text.replace("{name: origin, because:", f"{{name: origin, proxies: {limits}, because:")
    )
    charter = charter_rules.decode(read(path))
    slices = {"origin": ORIGIN}
    found, unmeasured = examine(rows, NAMES, attributes(charter, slices, ()), slices, charter, 7, 3)
    return Hunt("planted", "call", 1, N, NAMES, tuple(found), unmeasured)


def test_a_planted_proxy_is_found_by_name_and_breaks_its_limit(tmp_path: Path) -> None:
    found = hunted(sample(0.7), tmp_path, "{features: 0.8, feature: 0.7, score: 0.7}")
    assert [one.label for one in found.found] == list(ORIGIN.labels)
    for one in found.found:
        assert one.best[0] == "size_of_the_carrier"
        assert one.best[1].low > 0.7 > one.each["noise"].high
    reseller = found.found[2]
    assert dict(reseller.rulings) == {"features": "FAIL", "feature": "FAIL", "score": "FAIL"}
    assert found.exit_code == 10


def test_without_a_proxy_nothing_is_found_and_the_limits_hold(tmp_path: Path) -> None:
    """Nine features and three of each: at 5 % over all, a single false alarm would come once in some 20 seeds; this one
    is fixed."""
    found = hunted(sample(0.0), tmp_path, "{features: 0.6, feature: 0.6, score: 0.6}")
    assert found.exit_code == 0
    for one in found.found:
        assert abs(one.together.value - 0.5) < 0.05
        assert abs(one.together.chance - 0.5) < 0.05


def test_an_attribute_that_nobody_settles_is_unmeasured_and_no_pass(tmp_path: Path) -> None:
    rows = sample(0.0)
    del rows["origin"]
    found = hunted(rows, tmp_path, "{score: 0.6}")
    assert found.exit_code == 4
    assert "no column 'origin'" in found.unmeasured["origin"]
