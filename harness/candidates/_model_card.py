"""Model cards: what a scorer is and what it was trained on, in JSON's own types. Knows no model and no clock."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.kinds import TrainingSet


def card(candidate: object, past: TrainingSet, seed: int, **facts: Any) -> dict[str, Any]:
    """The facts that every scorer's card begins with. Instants are scenario microseconds."""
    parameters = dataclasses.asdict(candidate) if dataclasses.is_dataclass(candidate) else {}  # type: ignore[arg-type]
    n = len(past)
    return {
        "candidate": type(candidate).__module__.rpartition(".")[2].lstrip("_"),
        "parameters": plain(parameters),
        "seed": seed,
        "as_of": past.as_of,
        "features": list(past.names),
        "rows": n,
        "rows_per_label": np.bincount(past.y, minlength=past.outcomes).tolist(),
        "weight_per_label": np.bincount(past.y, weights=past.weight, minlength=past.outcomes).tolist(),
        "verified_rows": int(past.verified.sum()),
        "first_unit_t": int(past.unit_t.min()) if n else None,
        "last_unit_t": int(past.unit_t.max()) if n else None,
        **facts,
    }


def plain(value: Any) -> Any:
    """`value` in JSON's own types; NaN and infinity become None, what JSON cannot say becomes its repr."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else repr(value)


def write_json(path: Path, document: Mapping[str, Any]) -> Path:
    """Write a document so that equal contents give equal bytes."""
    path.write_text(json.dumps(plain(document), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


def shares(names: tuple[str, ...], amount: Any) -> dict[str, float]:
    """Amounts (k,), not negative, as shares by feature; empty where all are zero."""
    values = np.abs(np.nan_to_num(np.asarray(amount, dtype=np.float64)))
    total = float(values.sum())
    return dict(zip(names, (values / total).tolist(), strict=True)) if total > 0.0 else {}
