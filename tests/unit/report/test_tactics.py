"""What adversaries did, on the page: only what the record holds, only where the intervals leave out no change."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.report import drawing, render, tactic_courses, tactics
from harness.report.reading import read_run


def text_of(folder: Path) -> str:
    source = (folder / "report.html").read_text(encoding="utf-8")
    body = re.sub(r"<svg.*?</svg>|<style>.*?</style>", "", source, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def told_of(folder: Path) -> dict[str, str]:
    return {shift.candidate: shift.told.replace("\u00a0", " ") for shift in tactics.shifts(read_run(folder))}


def test_the_sentence_names_the_move_and_the_decision_behind_it(
    rendered: Path, synthetic: ModuleType
) -> None:
    record = synthetic.adversaries_record()
    share = record["candidates"]["xgboost"]["tactics"]["plain"]["lost"]["blocked"]
    told = told_of(rendered)
    assert told["xgboost"].startswith("Campaigns moved from plain numbers (")
    assert "to attested ones (" in told["xgboost"]
    assert (
        f"Of the plain numbers given up, {100 * share:.0f} % went because their calls were blocked (0 % with"
        in (told["xgboost"])
    )
    assert "because their calls were challenged" in told["rule_list"]


def test_where_the_seeds_cannot_tell_it_is_said(rendered: Path) -> None:
    assert told_of(rendered)["logistic_regression"].startswith(
        "No change of tactics that these seeds can tell."
    )
    (still,) = (s for s in tactics.shifts(read_run(rendered)) if s.candidate == "logistic_regression")
    assert still.moved == ()


def test_every_figure_of_the_table_is_the_records(rendered: Path, synthetic: ModuleType) -> None:
    record = synthetic.adversaries_record()
    (shift,) = (s for s in tactics.shifts(read_run(rendered)) if s.candidate == "xgboost")
    rows = {row.name: row for row in shift.rows}
    assert set(rows) == {"all tactics"} | {name.replace("_", " ") for name in synthetic.TACTICS}
    change = record["changes"]["xgboost"]["shares"]["attested"]
    assert rows["attested"].change == "+" + tactics.POINTS.text(change["value"])
    assert rows["attested"].interval == tactics.POINTS.span(change["low"], change["high"])
    assert rows["attested"].clear
    assert rows["plain"].lost[0].cause in ("blocked", "worn out")
    assert rows["attested"].lost == ()
    page = text_of(rendered).replace("\u00a0", " ")
    for row in shift.rows:
        assert row.last.replace("\u00a0", " ") in page


def test_candidates_stand_apart_by_more_than_their_own_seeds(rendered: Path, synthetic: ModuleType) -> None:
    shown = {d.between: d for d in tactics.distances(read_run(rendered))}
    assert len(shown) == 6
    (kept,) = (
        d for d in synthetic.adversaries_record()["distances"] if d["between"] == ["xgboost", "incumbent"]
    )
    far = shown["xgboost and the incumbent"]
    assert far.other_seed == tactics.SHARE.text(kept["otherSeed"], 2)
    assert kept["otherSeed"] > max(kept["own"])


def test_the_summary_tells_it_in_short(rendered: Path) -> None:
    summary = (rendered / "summary.md").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "### What adversaries did" in summary
    assert "- **xgboost**: Campaigns moved from plain numbers" in summary
    assert re.search(r"^  - attested: .* of new numbers before go-live", summary, re.MULTILINE)


def test_a_world_that_tells_nothing_of_adversaries_shows_nothing(
    synthetic: ModuleType, tmp_path: Path
) -> None:
    folder = synthetic.write_run(tmp_path / "run", without=("adversaries.json",))
    render(folder)
    source = (folder / "report.html").read_text(encoding="utf-8")
    assert "adversaries" not in source
    assert "adversaries" not in (folder / "summary.md").read_text(encoding="utf-8")


def test_weekly_kinds_of_the_timeline_do_not_flood_the_page(synthetic: ModuleType, tmp_path: Path) -> None:
    base = synthetic.timeline()
    weekly = [
        base[0] | {"kind": kind, "name": name, "candidate": who, "seed": seed, "day": 7.0 * week}
        for kind, name in (("tactic", "plain"), ("lost", "plain: blocked"), ("stopped", "plain"))
        for who, seed in (("", -1), ("xgboost", 11))
        for week in range(50)
    ]
    bare, flooded = (
        read_run(
            synthetic.write_run(tmp_path / place, without=("metrics.parquet",), edits={"timeline": events})
        )
        for place, events in (("bare", base), ("flooded", base + weekly))
    )
    assert flooded.events == bare.events
    assert {event.kind for event in bare.events} >= {"injection", "fit", "rung"}


@pytest.mark.parametrize(
    "spoilt",
    [{}, {"changes": {"xgboost": {}}}, {"changes": {"xgboost": 3}, "tactics": "x", "distances": [4]}],
)
def test_a_record_with_pieces_missing_is_shown_as_far_as_it_goes(
    rendered: Path, spoilt: dict[str, Any]
) -> None:
    run = replace(read_run(rendered), adversaries=spoilt)
    shown = tactics.shifts(run)
    assert [shift.candidate for shift in shown] == list(spoilt.get("changes", {}))
    assert all(shift.told == "No change of tactics that these seeds can tell." for shift in shown)
    assert len(tactics.distances(run)) == len(spoilt.get("distances", ()))
    with drawing.drawing():
        assert tactic_courses.tactic_picture("spoilt", run, 0).startswith("<svg")


def test_names_in_the_record_are_shown_and_do_nothing(synthetic: ModuleType, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    source = synthetic.measure.canonical(synthetic.adversaries_record()).replace("plain", evil)
    folder = synthetic.write_run(tmp_path / "run", edits={"adversaries": synthetic.json.loads(source)})
    render(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<" not in (folder / "summary.md").read_text(encoding="utf-8")


def test_the_picture_marks_go_live_and_what_happened(rendered: Path) -> None:
    run = read_run(rendered)
    with drawing.drawing():
        svg = tactic_courses.tactic_picture("tactics-test", run, 0)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    for tactic in tactics.names(run)[: tactic_courses.MOST]:
        assert tactic.replace("_", " ") in texts
    letters = {"A", "B", "C", "D", "E"}
    assert letters <= set(texts)
    assert "0" in texts
    assert "with xgboost and with incumbent" in svg
