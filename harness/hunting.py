"""`windtunnel proxies` as a user meets it: whom it is asked of, what it says, the outcome's files.

Knows: hunts and their words. Does not know: how proxies are found.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import outcomes
from harness.proxies import Found, Hunt, hunt
from harness.proxy_measures import Told
from harness.report import proxy_pictures
from harness.trial import Loaded
from sim.core.errors import UserError, closest

SHOWN = 5
"""Features that are told of each attribute, the best first."""
MEANING = (
    "Area under the curve (a code; 0.5 is chance) or R squared (a number), cross-validated, with its interval; in "
    "brackets the same with shuffled answers."
)


def run_proxies(
    loaded: Loaded,
    root: Path,
    candidate: str,
    seed: int | None,
    desk: str,
    most: int,
    shuffles: int,
    talk: Callable[[str], None],
) -> tuple[list[str], int]:
    """Hunt proxies of one candidate; the lines to print, and the exit code. Raises UserError."""
    name = candidate or loaded.candidates[0]
    if name not in loaded.candidates:
        raise UserError(f"--candidate: no candidate '{name}'{closest(name, loaded.candidates)}")
    own = loaded.seeds[0] if seed is None else seed
    if own not in loaded.seeds:
        some = ", ".join(str(each) for each in loaded.seeds[:10])
        raise UserError(f"--seed: no seed {own} in this scenario, expected one of {some}")
    talk(f"{loaded.scenario_id}: {name} on seed {own}")
    found = hunt(loaded, name, own, most, shuffles, desk)
    lines = told(loaded, found)
    settings = {"candidate": name, "seed": own, "desk": desk, "rows": most, "shuffles": shuffles}
    document = outcomes.heading(loaded, "proxies") | {"asked": settings} | card(found)
    picture = proxy_pictures.picture(loaded.scenario_id, found)
    place = outcomes.place(root, loaded, "proxies", settings)
    paths = outcomes.write(place, "proxies", document, lines, picture)
    return [*lines, *(str(path) for path in paths)], found.exit_code


def told(loaded: Loaded, found: Hunt) -> list[str]:
    """What was found, in lines."""
    head = ("attribute", "told from the rest", "share", "all features", "score", "best features", "limits")
    rows = [
        (
            one.attribute,
            one.label or "its value",
            "–" if math.isnan(one.share) else f"{one.share:.0%}",
            _told(one.together),
            _told(one.score),
            ", ".join(f"{name} {value.value:.2f}" for name, value in _best(one)),
            _limits(one),
        )
        for one in found.found
    ]
    whose = f"{found.candidate} decides by (desk {found.desk}, seed {found.seed}"
    lines = [
        f"{loaded.scenario_id}: proxies in what {whose}, {found.rows:,} lawful entities, a row each)",
        MEANING,
        *(outcomes.table(head, rows) if rows else []),
    ]
    lines += [f"UNMEASURED {name}: {why}" for name, why in found.unmeasured.items()]
    return lines


def _best(one: Found) -> list[tuple[str, Told]]:
    return sorted(one.each.items(), key=lambda item: (-item[1].value, item[0]))[:SHOWN]


def _told(one: Told) -> str:
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f}) [{one.chance:.3f}]"


def _limits(one: Found) -> str:
    if not one.rulings:
        return "none"
    plain = {} if one.limits is None else one.limits.model_dump()
    return ", ".join(f"{what} at most {plain[what]:g} {ruling}" for what, ruling in one.rulings.items())


def card(found: Hunt) -> dict[str, Any]:
    """proxies.json: everything, each feature among it."""
    return {
        "candidate": found.candidate,
        "desk": found.desk,
        "seed": found.seed,
        "rows": found.rows,
        "exitCode": found.exit_code,
        "unmeasured": dict(found.unmeasured),
        "attributes": [
            {
                "name": one.attribute,
                "label": one.label,
                "rows": one.n,
                "share": one.share,
                "features": one.together._asdict(),
                "score": one.score._asdict(),
                "each": {name: value._asdict() for name, value in one.each.items()},
                "rulings": dict(one.rulings),
            }
            for one in found.found
        ],
    }
