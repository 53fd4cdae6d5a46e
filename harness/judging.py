"""From a run's counts to verdict, measures and report, once after a run and again under another charter.

Knows: run folders, charters, the judge, the report. Does not know: how anything was replayed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import (
    aftermath,
    answers,
    charter_rules,
    decay,
    fairness,
    league,
    measure,
    readings,
    response_times,
    results,
    seals,
    tallies,
    terms,
    together,
    verdict,
)
from harness.charter import Charter
from harness.looks import Looks
from harness.report import render
from harness.trial import Loaded, charter_card
from sim.core import catalogue, plugins
from sim.core.errors import UserError
from sim.core.time import DAY
from sim.core.world import Slice

if TYPE_CHECKING:
    import pandas as pd


def judge_run(folder: Path, loaded: Loaded, look: int) -> str | None:
    """Judge what is on disk after a look (from 0; -1: the run was finished before). Answers "more" where seeds lack."""
    manifest = results.read_json(folder / "manifest.json")
    number = manifest["look"]["number"] if look < 0 else look + 1
    alpha = _alpha(loaded.charter, loaded.looks, number)
    manifest |= {
        "looks": list(loaded.looks),
        "charter": loaded.charter_card(),
        "warnings": list(loaded.scenario.warnings()),
    }
    results.write_json(folder / "manifest.json", manifest)
    card = charter_card(loaded.charter, loaded.charter_id, loaded.charter_file)
    settled = _judge(folder, manifest, loaded.charter, card, alpha, loaded.warnings)
    return None if settled or look < 0 else "more"


def judge_again(folder: Path, reference: str) -> Path:
    """Judge a finished run under another charter, into `judged/<charter>` below the run's folder.

    Raises UserError where the charter's operating part differs: that part changes what happens, so the run must be
    repeated under it.
    """
    manifest = results.read_finished(folder)
    if "judgedFrom" in manifest:
        folder = folder.resolve().parents[1]
        manifest = results.read_finished(folder)
    found = catalogue.find("Charter", reference)
    charter = charter_rules.decode(found.document)
    before = charter_rules.decode(catalogue.find("Charter", str(folder / "charter.yaml")).document)
    keys = before.differing_operating_keys(charter)
    if keys:
        raise UserError(
            f"{found.document.file}: its operating part differs from the run's in {', '.join(keys)}; "
            "that part changes what happens, so run the scenario again under this charter"
        )
    for name in ("counts.parquet", "timeline.parquet"):
        _table(folder / name)
    place = folder / "judged" / f"{charter.metadata.name}-{charter.metadata.version}"
    card = charter_card(charter, found.id, found.document.file)
    alpha = _alpha(charter, tuple(manifest["looks"]), manifest["look"]["number"])
    # Judged aside and moved as a whole: what stands in `judged` is never half of a judgement.
    aside = folder / "judged" / f".{place.name}.new"
    with results.claimed(aside), _removed_on_failure(aside):
        for name in ("counts.parquet", "timeline.parquet", "facts.json", "scenario.yaml"):
            shutil.copyfile(folder / name, aside / name)
        for name in (results.ADVERSARIES, readings.FILE, league.FILE):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, aside / name)
        results.write_text(aside / "charter.yaml", found.document.text)
        manifest |= {"charter": card, "judgedFrom": manifest["run"]}
        results.write_json(aside / "manifest.json", manifest)
        _judge(aside, manifest, charter, card, alpha, (*manifest["warnings"], *charter.warnings()))
        seals.seal(aside)
        show(aside)
        shutil.rmtree(place, ignore_errors=True)
        aside.replace(place)
    return place


def show(folder: Path) -> list[Path]:
    """Write a run's report, and seal it; answers its files."""
    written = render(folder)
    seals.seal(folder, seals.SHOWN)
    return written


def doubts(folder: Path) -> list[str]:
    """Files of a run that are not what was written, the report apart, which is written again; a sentence each."""
    manifest = results.read_json(folder / "manifest.json")
    if seals.SHOWN_KEY not in manifest:
        return []
    found = [one for one in seals.broken(folder) if one.name not in seals.SHOWN]
    return [f"{folder / one.name}: {one.words}; windtunnel verify {manifest.get('run')}" for one in found]


@contextmanager
def _removed_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # what is left of it stands for other judgements
            folder.parent.rmdir()
        raise


def _alpha(charter: Charter, looks: tuple[int, ...], number: int) -> float:
    """Two-sided level of a critical clause at a look (from 1), so that all looks together err as the charter allows."""
    alpha = 1.0 - charter.spec.confidence
    return Looks(looks, alpha).alpha_at(number) if len(looks) > 1 else alpha


def _judge(
    folder: Path,
    manifest: Mapping[str, Any],
    charter: Charter,
    card: Mapping[str, Any],
    alpha: float,
    warnings: Sequence[str],
) -> bool:
    facts = results.read_json(folder / "facts.json")
    counts, timeline = (_table(folder / name) for name in ("counts.parquet", "timeline.parquet"))
    specs = {name: plugins.load("metric", name).spec for name in sorted(counts["metric"].unique())}
    named = {c.metric for c in charter.spec.every_clause}
    named |= {metric for limit in charter.spec.latency or () for _, metric, _, _ in limit.budgets}
    specs |= {name: plugins.load("metric", name).spec for name in sorted(named)}
    world = facts["world"]
    days = (world["horizon"] - world["go_live"]) // DAY
    seeds = tuple(manifest["seeds"])
    told = tallies.tallies(counts, specs, seeds, int(days))
    lawful = facts.get("lawful", {})  # a run of an earlier version does not tell
    slices = {
        name: Slice(name, "", tuple(labels), tuple(lawful.get(name, ())))
        for name, labels in facts["slices"].items()
    }
    clauses = terms.terms(charter, slices, specs)
    found = verdict.judge(
        told,
        clauses,
        manifest["candidates"],
        alpha=alpha,
        unmeasured=facts["unmeasured"],
        doubts=response_times.doubts(manifest["scenario"].get("services", {}), clauses),
    )
    document = verdict.document(
        found,
        run=manifest["run"],
        scenario={"name": manifest["scenario"]["name"], "digest": manifest["scenario"]["digest"]},
        charter={key: card[key] for key in ("name", "version", "digest", "objective")},
        actions=_actions(found, charter),
    )
    document["warnings"] = [*document["warnings"], *warnings]
    _put_clusters(document, facts.get("clustered", {}))
    if weighed := _weighed(folder, card):
        document["robustness"] = weighed
    results.write_text(folder / "verdict.json", measure.canonical(document))
    _measures(folder, manifest, told, alpha)
    lost = decay.document(told, clauses, manifest["candidates"])
    responses = {name: str(one["use"]) for name, one in manifest.get("responses", {}).items()}
    aftermath.put(lost, told, clauses, timeline, readings.read(folder), responses)
    results.write_text(folder / "decay.json", measure.canonical(lost))
    compared = fairness.document(told, clauses, manifest["candidates"], alpha)
    if compared is None:
        (folder / fairness.FILE).unlink(missing_ok=True)
    else:
        results.write_text(folder / fairness.FILE, measure.canonical(compared))
    spans = response_times.document(told, clauses, manifest["candidates"])
    if spans is not None:
        results.write_text(folder / response_times.FILE, measure.canonical(spans))
    _mark_rungs(timeline, document, int(world["go_live"])).to_parquet(
        folder / "timeline.parquet", index=False, compression="zstd"
    )
    return found.settled


def _put_clusters(document: Mapping[str, Any], clustered: Mapping[str, Any]) -> None:
    """What each seed says by itself, clustered by what its events have in common: `inside`, in the whole's clauses."""
    for candidate in document["candidates"]:
        for clause in candidate["clauses"]:
            if clause["slice"] != tallies.ALL:
                continue
            own = {seed: clustered.get(f"{candidate['name']}/seed-{seed}", {}) for seed in clause["perSeed"]}
            inside = {seed: told[clause["metric"]] for seed, told in own.items() if clause["metric"] in told}
            if inside:
                clause["inside"] = measure.rounded(inside)


def _actions(found: verdict.Verdict, charter: Charter) -> list[dict[str, Any]]:
    """What the playbook says for the champion's level: the steps of that rung and their owner."""
    level = found.champion.level if found.champion else "none"
    return [
        {"on": step.on, "owner": step.owner, "steps": list(step.steps)}
        for step in charter.spec.playbook
        if step.on == level
    ]


def _measures(folder: Path, manifest: Mapping[str, Any], told: tallies.Tallies, alpha: float) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = measure.measure(told, alpha)
    named = [{"run": manifest["run"], "scenario": manifest["scenario"]["name"], **row} for row in rows]
    columns = ("run", "scenario", *measure.COLUMNS)
    texts = {"run", "scenario", "candidate", "window", "slice", "metric", "view"}
    table = {
        name: pa.array(
            [row[name] for row in named],
            pa.string() if name in texts else pa.int64() if name == "seed" else pa.float64(),
        )
        for name in columns
    }
    pq.write_table(pa.table(table), folder / "metrics.parquet", compression="zstd")
    results.write_text(folder / "metrics.json", measure.canonical(measure.document(rows)))


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # Arrow's errors are of these two kinds
        raise UserError(f"{path}: not readable as Parquet; repeat the run with --force") from error


def _mark_rungs(timeline: pd.DataFrame, document: Mapping[str, Any], go_live: int) -> pd.DataFrame:
    """The timeline with rows of kind `rung`: when what operations watch first crossed each clause's first rung."""
    import pandas as pd

    rows = [
        {
            "candidate": one["name"], "seed": -1, "t": go_live + int(clause["firstBreachAt"]) * DAY,
            "day": float(clause["firstBreachAt"]), "kind": "rung", "name": next(iter(clause["rungs"])),
            "end_day": float(clause["firstBreachAt"]), "value": 0.0,
            "detail": json.dumps({"clause": clause["name"], "rung": next(iter(clause["rungs"]))}, sort_keys=True),
        }
        for one in document["candidates"]
        for clause in one["clauses"]
        if clause["firstBreachAt"] is not None and clause["rungs"]
    ]  # fmt: skip
    kept = timeline[timeline["kind"] != "rung"]
    if rows:
        kept = pd.concat([kept, pd.DataFrame(rows, columns=kept.columns)], ignore_index=True)
    return kept


ROBUSTNESS = "robustness.json"
"""What `windtunnel robustness` found of a run; absent where nobody asked."""


def keep_robustness(folder: Path, document: Mapping[str, Any]) -> None:
    """Put what was found beside a run's verdict, and its words into it."""
    results.write_text(folder / ROBUSTNESS, measure.canonical(document))
    verdict_now = results.read_json(folder / "verdict.json")
    verdict_now["robustness"] = _words(document)
    results.write_text(folder / "verdict.json", measure.canonical(verdict_now))
    seals.seal(folder, (ROBUSTNESS, "verdict.json"))


def _weighed(folder: Path, card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The words of an earlier examination, where it was under this very charter."""
    if not (folder / ROBUSTNESS).is_file():
        return []
    document = results.read_json(folder / ROBUSTNESS)
    same = document.get("charter", {}).get("digest") == card["digest"]
    return _words(document) if same else []


def _words(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each candidate: the word, and the levers that its verdict depends on, with their break-even values."""
    kept = ("lever", "clause", "central", "breakEven", "low", "high")
    return [
        {
            "name": one["name"],
            "word": one["word"],
            "drawn": one["drawn"],
            "dependsOn": [{key: item[key] for key in kept if key in item} for item in one["dependsOn"]],
            **({"together": one["together"]} if "together" in one else {}),
        }
        for one in document["candidates"]
    ]


def told_robustness(candidate: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """A candidate's verdict with the word in it: `PASS (assumption-bound), depends on report_rate (0.0012)`."""
    weighed = {one["name"]: one for one in found.get("robustness", ())}
    one = weighed.get(candidate["name"])
    ruling = str(candidate["verdict"])
    if one is None or ruling not in ("PASS", "FAIL"):
        return ruling
    levers = [
        item["lever"]
        + (f" (break-even {item['breakEven']:.4g})" if item.get("breakEven") is not None else "")
        for item in one["dependsOn"]
    ]
    if "together" in one:
        levers.append(together.words(one["together"]))
    return f"{ruling} ({one['word']})" + (f", depends on {', '.join(levers)}" if levers else "")


def outcome(folder: Path) -> int:
    """The exit code that a verdict stands for. Raises UserError where the file holds none."""
    code = results.read_json(folder / "verdict.json").get("exitCode")
    if not isinstance(code, int):
        raise UserError(f"{folder / 'verdict.json'}: holds no exit code; repeat the run's command")
    return code


def headline(folder: Path) -> list[str]:
    """The verdict in a few lines: one per candidate and clause, then where the report is."""
    found = results.read_json(folder / "verdict.json")
    manifest = results.read_json(folder / "manifest.json")
    title = f"{manifest['scenario']['id']}: {found['verdict']}, level {found['level']}"
    lines = [f"{title} (exit code {found['exitCode']})"]
    for candidate in found["candidates"]:
        mark = "champion" if candidate["champion"] else "beside it"
        lines.append(f"  {candidate['name']} ({mark}): {told_robustness(candidate, found)}")
        for clause in candidate["clauses"]:
            name = clause["name"] if clause["slice"] == "all" else f"{clause['name']} [{clause['slice']}]"
            lines.append(f"    {clause['ruling']:<10} {name:<46} {_figure(clause)}")
    lines += [
        f"  {line}" for line in answers.lines(results.read_json(folder / "facts.json").get("services", {}))
    ]
    lines += [f"  not measured: {line}" for line in found["missing"]]
    if "robustness" not in found and "judgedFrom" not in manifest:
        lines.append(
            f"  robust or assumption-bound: not examined; windtunnel robustness {manifest['scenario']['id']}"
        )
    return [*lines, f"report: {folder / 'report.html'}"]


def _figure(clause: Mapping[str, Any]) -> str:
    if clause["value"] is None:
        return str(clause["reason"])
    sign = {"gte": ">=", "lte": "<=", "within": "within"}[clause["op"]]
    band = (
        ""
        if clause["low"] is None or clause["high"] is None
        else f" [{clause['low']:.4g}, {clause['high']:.4g}]"
    )
    return f"{clause['value']:.4g}{band} {sign} {clause['threshold']:.4g} {clause['unit']}"
