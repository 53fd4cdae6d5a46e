"""A made-up run folder with the shapes of docs/design/001-run-folder.md, for tests of the report alone.

Its figures mean nothing: three candidates and the incumbent, five seeds, twelve months, eight named
clauses (one of them by class), all four rulings, injections, a veil, campaigns, tactics, fits, rungs and actions.
actions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from harness import adversaries, measure
from sim.core.rng import stream
from sim.core.time import DAY

SEEDS = (11, 12, 13, 14, 15)
CANDIDATES = ("xgboost", "logistic_regression", "rule_list")
HORIZON, HISTORY, LAG_TAIL = 360, 90, 45
CLASSES = ("clinic", "debt_reminder", "school_alert", "small_business", "stranger")
METRICS: dict[str, dict[str, str]] = {
    "complaint_reduction": {
        "doc": "Complaints saved against the same world with nothing deployed.",
        "unit": "ratio",
        "better": "higher",
        "form": "reduction",
        "observedBy": "pre-launch baseline: the 28d before goLive, labels up to 14d old",
    },
    "hard_false_blocks": {
        "doc": "Share of lawful calls that were blocked.",
        "unit": "ratio",
        "better": "lower",
        "form": "rate",
    },
    "lawful_hindered": {
        "doc": "Share of lawful calls hindered in any way.",
        "unit": "ratio",
        "better": "lower",
        "form": "rate",
    },
    "lawful_answered_share": {
        "doc": "Share of lawful calls answered, less the incumbent's.",
        "unit": "ratio",
        "better": "higher",
        "form": "difference",
    },
    "detection_rate": {
        "doc": "Share of unwanted calls that were stopped.",
        "unit": "ratio",
        "better": "higher",
        "form": "rate",
    },
    "review_load": {
        "doc": "Calls that analysts verify.",
        "unit": "calls per day",
        "better": "lower",
        "form": "count",
    },
    "unwanted_reached": {
        "doc": "Unwanted calls that reached a subscriber.",
        "unit": "calls per day",
        "better": "lower",
        "form": "count",
    },
    "regulator_complaints": {
        "doc": "Complaints to the regulator.",
        "unit": "ratio",
        "better": "lower",
        "form": "rate",
    },
}
LEVEL = {
    "complaint_reduction": (0.43, 0.36, 0.21),
    "hard_false_blocks": (0.00052, 0.0009, 0.0021),
    "lawful_hindered": (0.0021, 0.0027, 0.0048),
    "lawful_answered_share": (-0.0031, -0.0042, -0.012),
    "detection_rate": (0.47, 0.39, 0.24),
    "review_load": (61.0, 58.0, 64.0),
    "unwanted_reached": (2210.0, 2480.0, 3105.0),
}
CLASS_FACTOR = {
    "clinic": 1.9,
    "debt_reminder": 11.5,
    "school_alert": 0.7,
    "small_business": 4.1,
    "stranger": 0.0,
}


def _windows() -> list[tuple[str, int, int]]:
    found = [("total", 0, HORIZON)]
    found += [(f"m{n + 1:02d}", 30 * n, min(30 * n + 30, HORIZON)) for n in range(12)]
    return found + [(f"w{n + 1:02d}", 7 * n, min(7 * n + 7, HORIZON)) for n in range(52)]


def _rows() -> Iterator[dict[str, Any]]:
    chance = stream(5, "synthetic run")
    for place, candidate in enumerate((*CANDIDATES, "incumbent")):
        for metric in METRICS:
            slices = ["all"] + (
                [f"caller_class={c}" for c in CLASSES]
                if metric in ("hard_false_blocks", "lawful_hindered")
                else []
            )
            for slice_ in slices:
                for view in ("true", "observed"):
                    for seed in (*SEEDS, -1):
                        for window, start, end in _windows():
                            if slice_ != "all" and window != "total":
                                continue
                            value = _value(place, metric, slice_, view, (start + end) / 2)
                            noise = 0.03 if window == "total" else 0.08 if window[0] == "m" else 0.2
                            noise *= abs(value) * (1 if seed == -1 else 2)
                            shown = value + noise * float(chance.standard_normal())
                            half = 2.2 * noise
                            yield {
                                "run": "5f0c2e7711aa",
                                "scenario": "telco/midsize-carrier-v1",
                                "candidate": candidate,
                                "seed": seed,
                                "window": window,
                                "slice": slice_,
                                "metric": metric,
                                "view": view,
                                "value": shown,
                                "low": shown - half if seed == -1 else math.nan,
                                "high": shown + half if seed == -1 else math.nan,
                                "n": float(9000 * (end - start)),
                            }


def _value(place: int, metric: str, slice_: str, view: str, day: float) -> float:
    if metric == "regulator_complaints" or (place == 3 and metric not in ("unwanted_reached", "review_load")):
        return math.nan
    if view == "observed" and metric in ("lawful_answered_share", "unwanted_reached"):
        return math.nan
    if place == 3:
        return {"unwanted_reached": 4020.0, "review_load": 0.0}[metric]
    value = LEVEL[metric][place]
    shift = -0.28 / (1 + math.exp(-(day - 190) / 9)) * math.exp(-max(day - 200, 0) / 110)
    value *= 1 + (shift if METRICS[metric]["better"] == "higher" else -shift) * (1 + 0.4 * place)
    if slice_ != "all":
        value *= CLASS_FACTOR[slice_.partition("=")[2]]
    if view == "observed":
        value *= 0.86 if day < HORIZON - LAG_TAIL else 0.6
    return value


def _clause(name: str, metric: str, ruling: str, value: float | None, **more: Any) -> dict[str, Any]:
    half = abs(value) * 0.07 if value is not None else None
    clause: dict[str, Any] = {
        "name": name,
        "metric": metric,
        "slice": "all",
        "critical": True,
        "ruling": ruling,
        "value": value,
        "low": value - half if value is not None and half is not None else None,
        "high": value + half if value is not None and half is not None else None,
        "n": 3_240_000.0,
        "seeds": len(SEEDS),
        "op": "lte",
        "threshold": 0.001,
        "halfWidth": None,
        "unit": "ratio",
        "rung": "none",
        "margin": None,
        "observed": value * 0.86 if value is not None else None,
        "firstBreachAt": None,
        "owner": "business: head of voice",
        "because": "filing to the regulator, 2026-03",
        "reason": "",
        "wouldDecide": "",
        "varianceRatio": 0.14,
        "adjusted": False,
        "perSeed": {str(seed): value * (0.96 + 0.02 * i) for i, seed in enumerate(SEEDS)}
        if value is not None
        else {},
        "rungs": {},
    }
    clause |= more
    if value is not None and clause["threshold"] is not None and clause["op"] != "within":
        sign = 1 if clause["op"] == "gte" else -1
        clause["margin"] = sign * (value - clause["threshold"])
    return clause


def _rule(value: float, threshold: float, op: str) -> str:
    low, high = value - abs(value) * 0.07, value + abs(value) * 0.07
    good = low >= threshold if op == "gte" else high <= threshold
    bad = high < threshold if op == "gte" else low > threshold
    return "PASS" if good else "FAIL" if bad else "UNDECIDED"


def _clauses(place: int) -> list[dict[str, Any]]:
    def asked(name: str, metric: str, threshold: float, op: str, **more: Any) -> dict[str, Any]:
        value = LEVEL[metric][place]
        ruling = _rule(value, threshold, op)
        told = {
            "reason": ""
            if ruling == "PASS"
            else "the interval lies wholly beyond the limit"
            if ruling == "FAIL"
            else "the interval holds the limit",
            "wouldDecide": "about 12 more seeds" if ruling == "UNDECIDED" else "",
            "rung": "retrain" if ruling == "FAIL" else "none",
        }
        return _clause(name, metric, ruling, value, threshold=threshold, op=op, **(told | more))

    found = [
        asked(
            "complaint_reduction",
            "complaint_reduction",
            0.40,
            "gte",
            firstBreachAt=203.0,
            rungs={"investigate": 0.35, "retrain": 0.30, "rollback": 0.10, "escalate": 0.05},
        ),
        asked(
            "hard_false_blocks",
            "hard_false_blocks",
            0.001,
            "lte",
            owner={"role": "operations", "name": "R. Okafor", "contact": "noc"},
            rungs={"investigate": 0.0012, "retrain": 0.0015, "rollback": 0.003, "escalate": 0.005},
        ),
        asked(
            "lawful_hindered",
            "lawful_hindered",
            0.003,
            "lte",
            because="customer care capacity",
            rungs={"investigate": 0.0032, "retrain": 0.004, "rollback": 0.008, "escalate": 0.012},
        ),
        _clause(
            "lawful_answered_share",
            "lawful_answered_share",
            "FAIL" if place == 2 else "PASS",
            LEVEL["lawful_answered_share"][place],
            op="within",
            threshold=0.0,
            halfWidth=0.01,
            form="difference",
            observed=None,
            rung="investigate" if place == 2 else "none",
            reason="the interval lies wholly beyond the limit" if place == 2 else "",
        ),
        asked(
            "detection_rate",
            "detection_rate",
            0.46,
            "gte",
            critical=False,
            adjusted=True,
            owner="model: fraud analytics",
        ),
        asked(
            "review_load", "review_load", 70.0, "lte", critical=False, unit="calls per day", owner="analysts"
        ),
        _clause(
            "regulator_complaints",
            "regulator_complaints",
            "UNMEASURED",
            None,
            critical=False,
            threshold=0.00005,
            low=None,
            high=None,
            n=0.0,
            reason="4 complaints over all seeds: too few to rule on at this size",
        ),
    ]
    for name in CLASSES:
        value = LEVEL["hard_false_blocks"][place] * CLASS_FACTOR[name]
        ruling = _rule(value, 0.005, "lte")
        found.append(
            _clause(
                "hard_false_blocks_by_class",
                "hard_false_blocks",
                ruling,
                value,
                slice=f"caller_class={name}",
                threshold=0.005,
                observed=None,
                rung="rollback" if ruling == "FAIL" else "none",
                because="no class may carry the cost of the rest",
                reason=""
                if ruling == "PASS"
                else "the interval lies wholly beyond the limit"
                if ruling == "FAIL"
                else "the interval holds the limit",
                wouldDecide="no number of seeds: the value sits on the threshold"
                if ruling == "UNDECIDED"
                else "",
                low=0.0 if value == 0 else value * 0.93,
                high=0.00004 if value == 0 else value * 1.07,
            )
        )
    return found


def verdict() -> dict[str, Any]:
    """A verdict in which the champion fails by one class; all four rulings occur."""
    candidates = []
    for place, name in enumerate(CANDIDATES):
        clauses = _clauses(place)
        rungs = [clause["rung"] for clause in clauses]
        level = "rollback" if "rollback" in rungs else "retrain" if "retrain" in rungs else "none"
        candidates.append(
            {"name": name, "champion": place == 0, "verdict": "FAIL", "level": level, "clauses": clauses}
        )
    return {
        "schemaVersion": 1,
        "run": "5f0c2e7711aa",
        "scenario": {"name": "midsize-carrier", "digest": "9b1d" * 16},
        "charter": {
            "name": "midsize-carrier",
            "version": "1.0.0",
            "digest": "77aa" * 16,
            "objective": "Reduce robocall complaints by 40 % in 12 months with under 0.1 % of legitimate calls blocked",
            "playbook": [
                {
                    "on": "retrain",
                    "owner": "model",
                    "timeBudget": "2d",
                    "steps": [
                        "confirm the drift on verified calls",
                        "train on the last 90 days",
                        "compare with the champion in shadow",
                    ],
                },
                {
                    "on": "rollback",
                    "owner": "operations",
                    "target": "previous_champion",
                    "timeBudget": "15m",
                    "steps": ["switch to the previous champion", "tell customer care"],
                },
                {
                    "on": "escalate",
                    "owner": "head of network",
                    "timeBudget": "1h",
                    "steps": ["call the incident bridge"],
                },
            ],
        },
        "verdict": "FAIL",
        "level": "rollback",
        "exitCode": 12,
        "actions": ["roll back to the previous champion within 15 minutes (operations)"],
        "candidates": candidates,
        "missing": ["regulator_complaints: too few complaints at this size"],
        "warnings": ["rungs retrain and rollback of hard_false_blocks are closer than 2 standard errors"],
    }


SMALL = ("complaint_reduction", "hard_false_blocks", "regulator_complaints")


def small_verdict() -> dict[str, Any]:
    """Two candidates and the clauses on three metrics: quick to draw."""
    whole = verdict()
    whole["candidates"] = whole["candidates"][:2]
    for candidate in whole["candidates"]:
        candidate["clauses"] = [clause for clause in candidate["clauses"] if clause["metric"] in SMALL]
    return whole


def small_rows() -> list[dict[str, Any]]:
    """The rows of metrics.parquet that go with it."""
    return [row for row in _rows() if row["metric"] in SMALL and row["candidate"] != "rule_list"]


def manifest() -> dict[str, Any]:
    """A manifest as the page 001 tells it."""
    return {
        "schemaVersion": 1,
        "run": "5f0c2e7711aa",
        "status": "finished",
        "identity": "5f0c2e7711aa" + "c3" * 26,
        "scenario": {
            "id": "telco/midsize-carrier-v1",
            "name": "midsize-carrier",
            "version": "1",
            "digest": "9b1d" * 16,
            "file": "scenarios/telco/midsize-carrier-v1.yaml",
        },
        "charter": {
            "id": "charters/midsize-carrier",
            "name": "midsize-carrier",
            "version": "1.0.0",
            "digest": "77aa" * 16,
        },
        "seeds": list(SEEDS),
        "candidates": list(CANDIDATES),
        "incumbent": "incumbent",
        "world": {
            "use": "telco",
            "lines": 20000,
            "closed": True,
            "days": {"history": HISTORY, "horizon": HORIZON, "lagTail": LAG_TAIL},
            "start": "2026-01-05",
        },
        "code": {"commit": "4f2a91c", "dirty": True, "version": "0.1.0", "digest": "e0" * 32},
        "packages": {"numpy": "2.1.0", "xgboost-cpu": "3.2.0"},
        "machine": {"cores": 2, "python": "3.11.7"},
        "command": "windtunnel run telco/midsize-carrier-v1 --jobs 2",
        "artifacts": {"counts.parquet": "ab" * 32},
        "metrics": METRICS,
        "startedAt": 1795000000.0,
        "seconds": 512.4,
        "rowsPerSecond": 181000,
    }


def timeline() -> list[dict[str, Any]]:
    """World events once, fits of every candidate and seed, rungs and actions of the champion, many campaigns."""

    def row(
        candidate: str,
        seed: int,
        day: float,
        kind: str,
        name: str,
        end: float | None = None,
        value: float = math.nan,
        **detail: Any,
    ) -> dict[str, Any]:
        return {
            "candidate": candidate,
            "seed": seed,
            "t": int((day + HISTORY) * DAY),
            "day": day,
            "kind": kind,
            "name": name,
            "end_day": day if end is None else end,
            "value": value,
            "detail": json.dumps(detail, sort_keys=True),
        }

    rows = [
        row("", -1, 90, "injection", "neighbour_spoofing ramp", 130, 0.4, entities=0),
        row("", -1, 185, "injection", "burner_rotation step", 360, 2.5, entities=0),
        row("", -1, 240, "injection", "wrong_reports pulse", 254, 1e-4, entities=0),
        row("", -1, 60, "veil", "late call records", 67, 6.0, entities=0),
        row("", -1, 300, "outage", "report feed", 303, 1.0, entities=0),
    ]
    for seed in SEEDS:
        rows += [
            row("xgboost", seed, 3.0 * n, "campaign", f"campaign-{n}", 3.0 * n + 20, 30.0, entities=30)
            for n in range(100)
        ]
        for place, candidate in enumerate(CANDIDATES[:2]):
            for number, day in enumerate(range(0, HORIZON, 30)):
                rows.append(
                    row(
                        candidate,
                        seed,
                        float(day),
                        "fit",
                        "fit",
                        None,
                        400_000.0,
                        rows=400_000 - 900 * number,
                        positives=1020 + 35 * number - 11 * seed,
                        hidden_positives=26_400 - 310 * number + 800 * place,
                        false_positives=(17 * number + seed) % 40,
                        verified=1900 + 20 * number,
                        **{"policy.threshold": 0.871234 + place / 100},
                    )
                )
        for day, rung in ((203.0, "investigate"), (211.0, "retrain")):
            rows.append(
                row(
                    "xgboost",
                    seed,
                    day + seed % 5,
                    "rung",
                    rung,
                    None,
                    0.33,
                    clause="complaint_reduction",
                    rung=rung,
                )
            )
        rows.append(
            row(
                "xgboost",
                seed,
                213.0 + seed % 5,
                "action",
                "retrain",
                None,
                math.nan,
                owner="model",
                budget="2d",
            )
        )
    return rows


TACTICS = {
    "plain": 40, "snowshoe": 20, "attested": 12, "toll_free": 8, "neighbour": 6, "aged": 4, "hacked_account": 4,
    "spoofed": 3, "premium_range": 2, "local_sim": 1,
}  # fmt: skip
"""New numbers a week with nothing deployed."""
RESPONSES = {
    "incumbent": (0, 0, "blocked"),
    "xgboost": (18, 40, "blocked"),
    "logistic_regression": (0, 1, "blocked"),
    "rule_list": (9, 25, "challenged"),
}
"""Numbers a week that go from plain to attested within a quarter; of 50 plain ones, how many are given up for what."""


def ground_truth(candidate: str, seed: int) -> list[dict[str, Any]]:
    """A replay's weeks as the telco world tells them, the answer to a candidate growing over a quarter."""
    moved, hit, cause = RESPONSES[candidate]
    rows: list[dict[str, Any]] = []

    def add(kind: str, name: str, week: int, magnitude: float, entities: int) -> None:
        begin, end = 7 * week * DAY, 7 * (week + 1) * DAY
        rows.append(
            {
                "kind": kind,
                "name": name,
                "onset": begin,
                "end": end,
                "magnitude": magnitude,
                "entities": entities,
            }
        )

    for week in range((HISTORY + HORIZON) // 7):
        chance = stream(seed, f"tactics {candidate} {week}")
        part = min(1.0, max(0.0, (week - HISTORY / 7) / 13))
        mean = TACTICS | {
            "plain": TACTICS["plain"] - moved * part,
            "attested": TACTICS["attested"] + moved * part,
        }
        taken = {name: int(chance.poisson(expected)) for name, expected in mean.items()}
        for name, count in taken.items():
            add("tactic", name, week, count / sum(taken.values()), count)
        lost = {cause: int(chance.binomial(50, hit * part / 50)), "unanswered": int(chance.poisson(2))}
        lost["worn out"] = 50 - sum(lost.values())
        for why, count in lost.items():
            add("lost", f"plain: {why}", week, count / 50, count)
        add("stopped", "plain", week, lost[cause] / 80, 50)
    return rows


@cache
def adversaries_record() -> dict[str, Any]:
    """adversaries.json, made of these weeks as a run makes it."""
    told = {(who, seed): ground_truth(who, seed) for who in RESPONSES for seed in SEEDS}
    found = adversaries.record(told, "incumbent", HISTORY * DAY, (HISTORY + HORIZON) * DAY)
    assert found is not None
    return found


def write_run(folder: Path, *, without: tuple[str, ...] = (), edits: Mapping[str, Any] | None = None) -> Path:
    """Write the folder. `edits` may replace manifest, verdict, metrics or timeline; `without` leaves files out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    changed = dict(edits or {})
    folder.mkdir(parents=True, exist_ok=True)
    for name, tree in (
        ("manifest.json", changed.get("manifest", manifest())),
        ("verdict.json", changed.get("verdict", verdict())),
    ):
        if name not in without:
            (folder / name).write_text(json.dumps(tree, indent=2, sort_keys=True), encoding="utf-8")
    schema = pa.schema(
        [(n, pa.string()) for n in ("run", "scenario", "candidate")]
        + [("seed", pa.int64())]
        + [(n, pa.string()) for n in ("window", "slice", "metric", "view")]
        + [(n, pa.float64()) for n in ("value", "low", "high", "n")]
    )
    happened = pa.schema(
        [
            ("candidate", pa.string()),
            ("seed", pa.int64()),
            ("t", pa.int64()),
            ("day", pa.float64()),
            ("kind", pa.string()),
            ("name", pa.string()),
            ("end_day", pa.float64()),
            ("value", pa.float64()),
            ("detail", pa.string()),
        ]
    )
    if "metrics.parquet" not in without:
        rows = changed["metrics"] if "metrics" in changed else list(_rows())
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "metrics.parquet")
    if "adversaries.json" not in without:
        told = changed.get("adversaries") or adversaries_record()
        (folder / "adversaries.json").write_text(measure.canonical(told), encoding="utf-8")
    if "timeline.parquet" not in without:
        rows = changed["timeline"] if "timeline" in changed else timeline()
        pq.write_table(pa.Table.from_pylist(rows, schema=happened), folder / "timeline.parquet")
    return folder


def metric_rows() -> list[dict[str, Any]]:
    """The rows of metrics.parquet, to be edited."""
    return list(_rows())
