"""A dossier as people read it: sections of tables, as text and as a page.

Knows: a dossier's plain values, words, HTML. Does not know: replays, models. Nothing is computed here.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harness.outcomes import table
from sim.core.records import in_days
from sim.core.time import DAY

Told = Mapping[str, Any]
MOST_REASONS = 12
NOBODY = "What nobody knew"

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .4rem}p{margin:.3rem 0 .8rem;max-width:60rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .6rem;
border-bottom:1px solid #d8dee4}th{font-weight:600}td:nth-child(-n+2){white-space:nowrap}
section.truth{background:#fdf3e7;border-left:4px solid #b35900;
padding:.2rem 1rem}td{overflow-wrap:break-word}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}td,th{border-color:#30363d}
section.truth{background:#2a1f10}}
"""


class Section(NamedTuple):
    """A title, sentences below it, a table's head and rows (none: sentences alone)."""

    title: str
    says: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(one: Told) -> list[Section]:
    """A dossier's sections, in the order in which things came to be."""
    return [
        _known(one),
        _items(one),
        _features(one),
        _model(one),
        *_reasons(one),
        _what_if(one),
        Section("Queue", (_queue(one),)),
        _later(one),
        _truth(one),
        Section("As the run recorded it", (str(one.get("recorded", "not compared")),)),
    ]


def title(one: Told) -> str:
    """What happened, in a line."""
    answer = one["answer"]
    if one["form"] == "quote":
        done = "suspended" if answer["suspended"] else _prices(answer)
    else:
        done = str(answer["action"])
    return f"{one['desk']} {one['event']}: {done}"


def lead(one: Told) -> tuple[str, ...]:
    """The sentences below the title."""
    when = _when(one, one["t"])
    who = f"candidate {one['candidate']}, seed {one['seed']}, day {_day(one, one['t'])} after goLive"
    agrees = "worked out again for this event alone: the same to the bit"
    if not one["agrees"]:
        agrees = "worked out again for this event alone: NOT the same"
    return (f"Asked at {when}; {who}.", f"Decided by: {one['decidedBy']}.", f"{agrees.capitalize()}.")


def text(heading: str, one: Told) -> list[str]:
    """A dossier as lines of Markdown."""
    lines = [f"# {title(one)}", "", heading, *lead(one)]
    for part in sections(one):
        lines += ["", f"## {part.title}", "", *part.says]
        if part.rows:
            lines += ["", *table(part.head, part.rows)] if part.says else table(part.head, part.rows)
    return lines


def page(heading: str, dossiers: Sequence[Told]) -> str:
    """Dossiers as one page that asks no network."""
    body = "".join(_article(heading, one) for one in dossiers)
    name = html.escape(title(dossiers[0]) if len(dossiers) == 1 else f"{len(dossiers)} decisions")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>{body}</body></html>\n'
    )


def _article(heading: str, one: Told) -> str:
    says = "".join(f"<p>{html.escape(line)}</p>" for line in (heading, *lead(one)))
    parts = "".join(_section(part) for part in sections(one))
    return f"<article><h1>{html.escape(title(one))}</h1>{says}{parts}</article>"


def _section(part: Section) -> str:
    mark = ' class="truth"' if part.title == NOBODY else ""
    says = "".join(f"<p>{html.escape(line)}</p>" for line in part.says)
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in part.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in part.rows
    )
    grid = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if part.rows else ""
    return f"<section{mark}><h2>{html.escape(part.title)}</h2>{says}{grid}</section>"


# --- the sections ---------------------------------------------------------------------------------------------------


def _known(one: Told) -> Section:
    rows = tuple(
        (
            f["name"],
            _value(f["value"]),
            f["feed"],
            f["doc"] + (" (not for features)" if f["sensitive"] else ""),
        )
        for f in one["fields"]
        if f["name"] not in ("t", "id")
    )
    return Section(
        "What was known at that instant: the event",
        (f"All of it became known with the event itself, at {_when(one, one['t'])}.",),
        ("field", "value", "feed", "meaning"),
        rows,
    )


def _items(one: Told) -> Section:
    rows = []
    for item in one["known"]:
        newest = item["newest"]
        instants = (
            ("-", "-", "-")
            if newest is None
            else tuple(_when(one, newest[k]) for k in ("t", "knownAt", "delivered"))
        )
        key = ", ".join(f"{by} {value}" for by, value in zip(item["by"], item["key"].values(), strict=False))
        rows.append(
            (item["feed"], item["delay"], key, in_days(item["window"]), str(item["items"]), *instants)
        )
    says = () if rows else ("Nothing but the event itself: no feature reads any feed.",)
    head = ("feed", "arrives", "of", "within", "items", "newest: happened", "became known", "usable from")
    return Section("What was known at that instant: feeds", says, head, tuple(rows))


def _features(one: Told) -> Section:
    rows = tuple(
        (f["name"], _value(f["value"]), f["reading"], ", ".join(f["feeds"]), f["owner"])
        for f in one["features"]
    )
    says = () if rows else ("None.",)
    return Section("Features", says, ("feature", "value", "reading", "feeds", "owner"), rows)


def _model(one: Told) -> Section:
    model = one["model"]
    if model is None:
        return Section("Model", ("None: a rule without a score, or one that learns label by label.",))
    window = [_when(one, t) for t in model["window"]]
    kept = model["artifact"]
    rows = (
        ("model", f"{model['kind']}, version {model['version']}"),
        ("trained at", _when(one, model["trainedAt"])),
        ("on events from", f"{window[0]} to {window[1]} ({model['rows']} rows)" if window else "nothing"),
        ("settings", ", ".join(f"{k}={_value(v)}" for k, v in model["params"].items())),
        ("file", _file(model) if kept else "none is kept"),
        ("registry", str(model.get("recorded", "not compared"))),
    )
    return Section("Model", (), ("", ""), rows)


def _file(model: Told) -> str:
    """Where a model's file stands in the run's folder, and its digest, which may be its name."""
    name, digest = model["artifact"]["file"], model["artifact"]["sha256"]
    place = model.get("place") or name
    return f"{place}, named by its SHA-256" if digest in place else f"{place}, SHA-256 {digest}"


def _reasons(one: Told) -> list[Section]:
    answer, reasons = one["answer"], one.get("reasons", {"exact": False, "why": "nobody decided"})
    policy = one.get("policy", {"name": "none", "facts": {}})
    facts = ", ".join(f"{k} {_value(v)}" for k, v in policy["facts"].items())
    if one["form"] == "quote":
        told = ", ".join(f"{k} {v:.6f}" for k, v in answer["probability"].items())
        says = [f"Probabilities: {told}.", f"Sold at: {_prices(answer)}."]
    else:
        says = [f"Score {_value(answer['score'])}, propensity {_value(answer['propensity'])}."]
    says.append(f"Policy {policy['name']}: {facts or 'has no thresholds to tell'}.")
    if not reasons["exact"]:
        return [
            Section(
                "Score, threshold and reasons", (*says, f"Reasons: none that are exact: {reasons['why']}.")
            )
        ]
    head = ("feature", "value", "adds to the log-odds")
    if "outcomes" in reasons:
        first = Section("Score and prices", tuple(says))
        return [first, *(
            Section(f"Reasons: {name}", (_sum(each),), head, _added(each)) for name, each in reasons["outcomes"].items()
        )]  # fmt: skip
    return [Section("Score, threshold and reasons", (*says, _sum(reasons)), head, _added(reasons))]


def _sum(reasons: Told) -> str:
    total, base = reasons["logOdds"], reasons["base"]
    return f"Exact contributions: {base:+.4f} without features, {total:+.4f} with all of them."


def _added(reasons: Told) -> tuple[tuple[str, ...], ...]:
    told = reasons["contributions"][:MOST_REASONS]
    return tuple((c["feature"], _value(c["value"]), f"{c['contribution']:+.4f}") for c in told)


def _what_if(one: Told) -> Section:
    title, found = "What would have changed the decision", one.get("whatIf")
    if not found:
        return Section(title, ("Not looked for: no score stood behind it.",))
    says, rows = [], []
    if one["form"] == "act":
        says = [
            f"A score {side['side']}: at {side['score']:.6f} ({side['distance']:.6f} away) the policy asks for "
            f"{side['action']}."
            for side in found["nearestScores"]
        ] or ["No score would have: the policy asks for the same whatever the score."]
        if one["decidedBy"].startswith(("the random", "left alone", "a standing")):
            says.insert(0, "This is about what the policy asked for; it was not what decided.")
    for move in found["features"]:
        after = f"{move['action']} (score {move['score']:.6f})" if "action" in move else _after(move)
        rows.append(
            (
                move["feature"],
                _value(move["from"]),
                _value(move["to"]),
                f"{move['steps']} of {move['of']}",
                after,
            )
        )
    if one["form"] == "quote":
        says.append(
            f"Moves of one feature that suspend the market, or move some price by {found['moved']:.0%}."
        )
    if not rows:
        says.append("No single feature, moved alone among the values of the training rows, changes it.")
    return Section(title, tuple(says), ("feature alone", "from", "to", "steps", "then"), tuple(rows))


def _after(move: Told) -> str:
    return ("suspended; " if move["suspended"] else "") + ", ".join(
        f"{k} {v:.4f}" for k, v in move["probability"].items()
    )


def _queue(one: Told) -> str:
    queue = one["queue"]
    if not queue:
        return "None: the answer was there at once; no service stands between question and answer in this scenario."
    took = f"{queue['response_us'] / 1000:.3f} ms from the question to what took effect"
    return f"The service: {queue['became']}; {took}, {queue['tookEffect']}."


def _later(one: Told) -> Section:
    rows = tuple(
        (_when(one, item["knownAt"]), item["stream"], item["about"],
         ", ".join(f"{k} {_value(v)}" for k, v in item["values"].items()))
        for item in sorted(one["later"], key=lambda item: item["knownAt"])
    )  # fmt: skip
    says = (f"Taken down for {one['after']} after the decision.",) if "after" in one else ()
    return Section(
        "What became known later",
        says if rows else (*says, "Nothing."),
        ("known at", "stream", "about", "says"),
        rows,
    )


def _truth(one: Told) -> Section:
    rows = tuple(
        (kind, name, _cell(one, name, cell), cell["doc"])
        for kind, part in (("settled", one["outcome"]), ("truth", one["truth"]))
        for name, cell in part.items()
    )
    named = ", ".join(f"{name}: {label}" for name, label in one["segments"].items())
    says = (
        "The simulated world's own record. No desk, model or playbook saw any of it; a real business has none.",
    )
    return Section(
        NOBODY, (*says, *([f"{named}."] if named else [])), ("", "field", "value", "meaning"), rows
    )


def _cell(one: Told, name: str, cell: Told) -> str:
    value = cell["value"]
    if cell["unit"] == "us" and isinstance(value, int):
        return "never" if value > 10**17 else _when(one, value)
    return _value(value)


def _prices(answer: Told) -> str:
    if answer["odds"] is None:
        return "nothing is sold"
    return (
        ", ".join(f"{k} {v:.3f}" for k, v in answer["odds"].items())
        + f", overround {answer['overround']:.4f}"
    )


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _when(one: Told, t: int) -> str:
    start = dt.datetime.fromisoformat(one["start"])
    return (start + dt.timedelta(microseconds=t)).isoformat(sep=" ", timespec="milliseconds")


def _day(one: Told, t: int) -> str:
    return f"{(t - one['goLive']) / DAY:.3f}"
