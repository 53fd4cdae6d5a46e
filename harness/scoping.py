"""`windtunnel feasibility` as a user meets it: histories lived through, an outcome in lines, JSON and a picture.

Knows: histories, scopes, files. Does not know: how anything was measured, words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness import measure, outcomes
from harness.feasibility import DeskScope, Figure, in_time, scope
from harness.jobs import quiet_tracker
from harness.prelaunch import RHYTHMS, History, history
from harness.report.scopes import scope_picture
from harness.scope_facts import all_feeds, arrivals, columns_of, delays_of, kept_for, permission
from harness.scope_lines import recommendation, told, warnings
from harness.trial import Loaded
from sim.core.time import SECOND


def run_feasibility(
    loaded: Loaded, root: Path, jobs: int, as_json: bool, talk: Callable[[str], None]
) -> list[str]:
    """Live through the history of each seed, say what its feeds can carry, write the outcome's files. Answers the lines
    to print, or the document as JSON."""
    folder = outcomes.place(root, loaded, "feasibility", {"seeds": list(loaded.seeds)})
    outcomes.reserve(folder)
    talk(f"{loaded.scenario_id}: the history of {len(loaded.seeds)} seeds, with nothing new deployed")
    histories = _histories(loaded, jobs)
    scopes = [
        one for kind in histories[0].desks if (one := scope(loaded, histories, kind)) is not None
    ]  # fmt: skip
    lines = list(told(loaded, histories, scopes))
    document = outcomes.heading(loaded, "feasibility") | _document(loaded, histories, scopes)
    picture = scope_picture(loaded.scenario_id, arrivals(histories), scopes)
    paths = outcomes.write(folder, "feasibility", document, lines, picture)
    return [measure.canonical(document).rstrip("\n")] if as_json else [*lines, "", *map(str, paths)]


def _histories(loaded: Loaded, jobs: int) -> list[History]:
    from joblib import Parallel, delayed

    at_once = min(jobs, len(loaded.seeds))
    if at_once <= 1:
        return [history(loaded, seed) for seed in loaded.seeds]
    with quiet_tracker():
        made = Parallel(n_jobs=at_once, backend="loky", batch_size=1)(
            delayed(history)(loaded, seed) for seed in loaded.seeds
        )
    return list(made)


# --- feasibility.json -----------------------------------------------------------------------------------------------


def _document(loaded: Loaded, histories: Sequence[History], scopes: Sequence[DeskScope]) -> dict[str, Any]:
    feeds = {}
    for stream, schema, quality in all_feeds(loaded, histories):
        p50, p95 = delays_of(histories, stream)
        feeds[stream] = {
            "items": quality.items,
            "keptFor": kept_for(stream, loaded.charter) or None,
            "lateSeconds": {
                "p50": None if p50 is None else p50 / SECOND,
                "p95": None if p95 is None else p95 / SECOND,
            },
            "inTime": {r.name: in_time(histories, stream, r.patience) for r in RHYTHMS}
            if len(quality.delays)
            else None,
            "longestSilenceSeconds": quality.silence / SECOND,
            "weekToUsual": [quality.leanest, quality.fattest],
            "fields": {
                column.name: {
                    "use": permission(column, stream, loaded.charter),
                    "noValue": found.missing,
                    "flicker": found.flicker,
                    "psi": {"median": found.median_shift, "worst": found.worst_shift},
                }
                for column, found in columns_of(schema, quality)
            },
        }
    return {
        "seeds": list(loaded.seeds),
        "feeds": feeds,
        "labels": {
            name: [
                {"stream": q.stream, "items": q.items, "positives": q.positives, "wrong": q.wrong, "hidden": q.hidden,
                 "checked": q.checked}
                for q in desk.labels
            ]
            for name, desk in histories[0].desks.items()
        },
        "desks": {one.kind: _desk(one, histories) for one in scopes},
        "warnings": list(warnings(loaded, histories)),
    }  # fmt: skip


def _desk(one: DeskScope, histories: Sequence[History]) -> dict[str, Any]:
    return {
        "verified": one.verified,
        "unwanted": one.unwanted,
        "base": one.base,
        "budget": {"share": one.budget, "clause": one.from_clause or None},
        "ceiling": {"detection": _figure(one.ceiling), "averagePrecision": _figure(one.ceiling_precision)},
        "cadences": [
            {
                "name": d.rhythm.name,
                "patienceSeconds": d.rhythm.patience / SECOND,
                "features": list(d.features),
                "tooLate": {name: list(late) for name, late in d.blocked.items()},
                "averagePrecision": _figure(d.precision),
                "detection": _figure(d.detection),
                "kept": _figure(d.kept),
            }
            for d in one.designs
        ],
        "feeds": [{"stream": f.stream, "blind": list(f.blind), "lost": _figure(f.lost)} for f in one.feeds],
        "supported": one.supported.name if one.supported else None,
        "scope": list(recommendation(one, histories)),
    }


def _figure(one: Figure) -> dict[str, float | None]:
    return {"value": one.value, "low": one.low, "high": one.high}
