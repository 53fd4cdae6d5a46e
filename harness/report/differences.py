"""Two runs side by side, as people read it: what changed, whose decisions flipped, what made the difference.

Knows: the plain values that `harness.diffing` finds, words. Does not know: runs, replays. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.outcomes import table

Told = Mapping[str, Any]
MOST = 12
PART = {
    "data": "the world: its levers, drift, veils, size, time", "features": "the features", "labels": "the label rule",
    "incumbent": "the incumbent", "model": "the candidate and its settings", "threshold": "the policy",
    "charter": "the charter", "service": "the service profile", "code": "own code",
}  # fmt: skip


def lines(told: Told) -> list[str]:
    """Everything, as lines of Markdown; the cause comes first."""
    one, other = told["runs"]
    return [
        f"# {one['run']} and {other['run']}: {headline(told)}",
        "",
        *_runs(one, other, told),
        *_changes(told),
        *_models(told),
        *_flips(told),
        *_metrics(told),
        *_rulings(told),
    ]


def headline(told: Told) -> str:
    """What made the difference, in a few words."""
    found = told["cause"]
    shares = sorted(found["shares"].items(), key=lambda item: -item[1])
    if found["cause"] == "nothing":
        return "nothing that was asked differs" if not told["parts"] else "no difference in what is judged"
    many = ", ".join(f"{name} {share:.0%}" for name, share in shares if share >= 0.005)
    what = PART.get(found["cause"], found["cause"])
    return f"the cause is {found['cause']} ({what})" + (f"; of the change: {many}" if many else "")


def _runs(one: Told, other: Told, told: Told) -> list[str]:
    rows = [
        (name, str(one[name]), str(other[name]))
        for name in ("scenario", "candidate", "charter", "verdict", "commit")
    ]
    rows.append(("code", one["code"][:12], other["code"][:12]))
    return [
        f"Seeds in common: {', '.join(map(str, told['seeds']))}.",
        "",
        *table(("", one["run"], other["run"]), rows),
    ]


def _changes(told: Told) -> list[str]:
    rows = [(c["part"], c["key"], _short(c["one"]), _short(c["other"])) for c in told["changes"]]
    rows += [("made by", c["what"], _short(c["one"]), _short(c["other"])) for c in told["madeBy"]]
    if not rows:
        return ["", "## What was asked differently", "", "Nothing that changes what happens."]
    return ["", "## What was asked differently", "", *table(("part", "key", "first", "second"), rows)]


def _models(told: Told) -> list[str]:
    rows = [
        (str(m["seed"]), m["desk"] or "-", " / ".join(map(str, m["versions"])), str(m["sameFiles"]),
         "; ".join(f"{t['key']} {_short(t['one'])} -> {_short(t['other'])}" for t in m["lastThresholds"]) or "the same")
        for m in told["models"]
    ]  # fmt: skip
    head = ("seed", "desk", "versions", "same files", "what the policy was set to, last version in common")
    return ["", "## Models", "", *(table(head, rows) if rows else ["None."])]


def _flips(told: Told) -> list[str]:
    found = ["", "## Decisions that flipped"]
    for desk in told["flips"]:
        found += [
            "",
            f"{desk['desk'] or 'all'}: {desk['inBoth']} rows in both ledgers, {desk['flipped']} decided otherwise.",
        ]
        if "moves" not in desk:
            found.append(
                f"{desk['moved']} prices moved, by {desk['meanMove']:.2g} in probability on average."
            )
            continue
        only = desk["actedOnlyInOne"]
        found.append(
            f"Acted on in the first alone {only[0]}, in the second alone {only[1]}; "
            f"{desk['rescored']} scored otherwise."
        )
        if desk["moves"]:
            rows = [(m["one"], m["other"], str(m["count"])) for m in desk["moves"][:MOST]]
            found += ["", *table(("first", "second", "decisions"), rows)]
        if desk["segments"]:
            parts = [(s["slice"], str(s["changed"]), str(s["rows"])) for s in desk["segments"][:MOST]]
            found += ["", *table(("segment", "changed", "rows in the first ledger"), parts)]
        if desk["examples"]:
            some = [
                (str(e["event"]), str(e["seed"]), f"{e['day']:.2f}", f"{e['one']} ({_short(e['scores'][0])})",
                 f"{e['other']} ({_short(e['scores'][1])})")
                for e in desk["examples"]
            ]  # fmt: skip
            found += ["", *table(("event", "seed", "day", "first (score)", "second (score)"), some)]
            first = desk["examples"][0]
            run, who = told["runs"][0]["run"], told["runs"][0]["candidate"]
            found.append(
                f"windtunnel explain {run} {first['event']} --seed {first['seed']} --candidate {who}"
            )
    return found


def _metrics(told: Told) -> list[str]:
    parts = told["parts"]
    rows = []
    for row in told["metrics"]:
        shares = [_signed(row["parts"].get(part)) for part in parts]
        rows.append((row["metric"], _short(row["one"]), _short(row["other"]), _signed(row["change"]), *shares,
                     _signed(row["not swapped"])))  # fmt: skip
    head = ("metric", "first", "second", "change", *parts, "not swapped")
    return ["", "## Metrics, and what each change is worth", "", *table(head, rows)]


def _rulings(told: Told) -> list[str]:
    rows = [
        (r["clause"], *(_ruling(r[key]) for key in ("one", "oneByOthersCharter", "other")))
        for r in told["rulings"]
    ]
    head = ("clause", "first", "first, by the second charter", "second")
    return ["", "## Rulings", "", *table(head, rows)]


def _ruling(clause: Told | None) -> str:
    if clause is None:
        return "not asked"
    limit = f" (limit {clause['threshold']:.4g})" if clause.get("threshold") is not None else ""
    return f"{clause['ruling']}{limit}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4g}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    told = "none" if value is None else str(value)
    return told if len(told) <= 70 else f"{told[:67]}..."
