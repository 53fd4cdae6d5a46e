"""`windtunnel attribute` as a user meets it: a waterfall of causes, as a table, JSON and a picture.

Knows: attributions and their words, the trial with a well-set threshold. Does not know: how a part is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness import attribution, outcomes, trial
from harness.attribution import Attribution
from harness.report import waterfalls
from harness.shelf import Shelf
from sim.core.errors import UserError, closest

MOST_CAUSES = 6


def run_attribute(
    shelf: Shelf,
    reference: str,
    sets: Sequence[str],
    causes: Sequence[str],
    candidate: str,
    clause: str,
    threshold: Sequence[str],
    talk: Callable[[str], None],
) -> list[str]:
    """Split a candidate's loss by its causes; answers the lines to print, and writes the outcome's files.

    threshold: settings below the candidate, such as `policy.with.block_at=0.3`, that stand for a well-set threshold.
    Raises UserError.
    """
    loaded = shelf.loaded
    name = candidate or loaded.candidates[0]
    if name not in loaded.candidates:
        raise UserError(f"--candidate: no candidate '{name}'{closest(name, loaded.candidates)}")
    if clause:
        attribution.check_clause(shelf, clause)
    own = [f"trial.candidates.{name}.{text}" for text in threshold]
    settled = trial.load(reference, (*sets, *own), seeds=loaded.seeds) if threshold else None
    found_causes = attribution.causes_of(shelf, causes, bool(threshold))
    if len(found_causes) > MOST_CAUSES:
        raise UserError(f"--cause: {len(found_causes)} causes, expected at most {MOST_CAUSES}")
    shelf = attribution.with_trials(shelf, found_causes, settled)
    replays = 2 ** len(found_causes) * len(loaded.seeds)
    talk(f"{loaded.scenario_id}: {', '.join(found_causes)}; {replays} twins of {name}")
    found = attribution.attribute(shelf, found_causes, name, clause)
    told = lines(loaded.scenario_id, found)
    document = (
        outcomes.heading(loaded, "attribute") | attribution.document(found) | {"settings": list(threshold)}
    )
    settings = {
        "causes": list(found_causes),
        "candidate": name,
        "clause": found.terms.name,
        "threshold": list(threshold),
        "seeds": list(loaded.seeds),
    }
    place = outcomes.place(shelf.root, loaded, "attribute", settings)
    paths = outcomes.write(
        place, "attribution", document, told, waterfalls.picture(loaded.scenario_id, found)
    )
    talk(f"{shelf.replayed} replays done, {shelf.reused} were there")
    return [*told, *(str(path) for path in paths)]


def lines(scenario: str, found: Attribution) -> list[str]:
    """The waterfall as a table, from every cause off to all on."""
    terms = found.terms
    sign = -1.0 if terms.op == "lte" else 1.0
    what = "distance from the target" if terms.op == "within" else terms.metric
    if terms.op == "within":
        sign = -1.0
    rows = [("without any of them", f"{sign * float(found.without):.6g}", "")]
    rows += [
        (part.cause, f"{float(part.value):+.6g}", f"{part.low:+.4g} to {part.high:+.4g}")
        for part in found.parts
    ]
    rows.append(("loss, the sum", f"{float(found.loss):+.6g}", ""))
    rows.append(("as it is", f"{sign * float(found.actual):.6g}", ""))
    return [
        f"# {scenario}: what {found.candidate} loses on {terms.name}, by cause",
        "",
        f"{what}, {terms.unit}, whole horizon, mean of {len(found.seeds)} seeds; a positive part is a loss.",
        "",
        *outcomes.table(("", "value", "95 % interval"), rows),
    ]
