"""JSON Schemas of what is written by people, and of the verdict, for editors and for whoever reads our files.

Knows: the records, docs/design/001-run-folder.md. Does not know: the rules that span several keys.
"""

from __future__ import annotations

from typing import Any

from harness.charter import Charter
from harness.lineups import DesksTrial
from harness.plans import FeatureSet, Trial
from harness.service_profile import ServiceProfile
from sim.core.errors import UserError, closest
from sim.core.scenario import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(what: str) -> dict[str, Any]:
    """The JSON Schema of a scenario, charter, featureset, serviceprofile or verdict. Raises UserError for another."""
    makers = {
        "scenario": _scenario,
        "charter": _charter,
        "featureset": _feature_set,
        "serviceprofile": _profile,
        "verdict": _verdict,
    }
    if what not in makers:
        raise UserError(f"no schema of '{what}'{closest(what, makers)}")
    return {"$schema": DIALECT, **makers[what]()}


def _scenario() -> dict[str, Any]:
    """Both halves: what `sim` leaves opaque is put in place, a trial of one desk or of several."""
    schema = Scenario.model_json_schema(by_alias=True)
    schema.setdefault("$defs", {})
    for form in (Trial, DesksTrial):
        trial = form.model_json_schema(by_alias=True)
        schema["$defs"] |= trial.pop("$defs", {}) | {form.__name__: trial}
    forms = [{"$ref": f"#/$defs/{form.__name__}"} for form in (Trial, DesksTrial)]
    schema["$defs"]["Spec"]["properties"]["trial"] = {"anyOf": forms}
    return schema


def _charter() -> dict[str, Any]:
    return Charter.model_json_schema(by_alias=True)


def _feature_set() -> dict[str, Any]:
    return FeatureSet.model_json_schema(by_alias=True)


def _profile() -> dict[str, Any]:
    return ServiceProfile.model_json_schema(by_alias=True)


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _verdict() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    number: dict[str, Any] = {"type": ["number", "null"]}
    flag: dict[str, Any] = {"type": "boolean"}
    whole: dict[str, Any] = {"type": "integer"}
    ruling = {"enum": ["PASS", "FAIL", "UNDECIDED", "UNMEASURED"]}
    level = {"enum": ["none", "good_enough", "investigate", "retrain", "rollback", "escalate"]}
    rung = {"enum": ["none", "investigate", "retrain", "rollback", "escalate", None]}
    clause = _object(
        {
            "name": text,
            "metric": text,
            "slice": text,
            "critical": flag,
            "ruling": ruling,
            "value": number,
            "low": number,
            "high": number,
            "n": number,
            "seeds": {"type": ["integer", "string", "array", "null"]},
            "op": {"enum": ["gte", "lte", "within"]},
            "threshold": number,
            "halfWidth": number,
            "unit": text,
            "rung": rung,
            "margin": number,
            "observed": number,
            "observedLow": number,
            "observedHigh": number,
            "observedRuling": ruling,
            "firstBreachAt": number,
            "owner": text,
            "because": text,
            "reason": text,
            "wouldDecide": {"type": ["string", "null"]},
            "varianceRatio": number,
            "adjusted": {},
            "perSeed": {},
        }
    )
    candidate = _object(
        {"name": text, "champion": flag, "verdict": ruling, "level": level, "clauses": _array(clause)}
    )
    schema = _object(
        {
            "schemaVersion": whole,
            "run": text,
            "scenario": _object({"name": text, "digest": text}),
            "charter": _object({"name": text, "version": text, "digest": text}),
            "verdict": ruling,
            "level": level,
            "exitCode": {"enum": [0, 3, 4, 10, 11, 12, 13]},
            "actions": _array({}),
            "candidates": _array(candidate),
            "missing": _array({}),
            "warnings": _array({}),
        }
    )
    return {"title": "Verdict", **schema}
