"""The page and its short form: complete, quiet, escaped, the same bytes every time."""

from __future__ import annotations

import copy
import html
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.report import render

ROOT = Path(__file__).parents[3]
VOID = {"meta", "link", "br", "hr", "img", "input", "source"}
RULINGS = ("PASS", "FAIL", "UNDECIDED", "UNMEASURED")


class Page(HTMLParser):
    """Elements, attributes and text of a page; told when its elements do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, text: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page_of(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def made(synthetic: ModuleType, folder: Path, **edits: Any) -> Path:
    """A small run with its report."""
    edits = {"verdict": synthetic.small_verdict(), "metrics": synthetic.small_rows()} | edits
    synthetic.write_run(folder, edits=edits)
    render(folder)
    return folder


# --- complete ---


def test_three_files_are_written_and_nothing_else_is_touched(fresh: Path) -> None:
    before = {path.name: path.read_bytes() for path in fresh.iterdir()}
    written = render(fresh)
    assert [path.name for path in written] == ["report.html", "summary.md", "junit.xml"]
    assert {path.parent for path in written} == {fresh.resolve()}
    after = {path.name: path.read_bytes() for path in fresh.iterdir()}
    assert set(after) == {*before, "report.html", "summary.md", "junit.xml"}
    assert all(after[name] == content for name, content in before.items())


def test_every_clause_and_ruling_is_told(rendered: Path, synthetic: ModuleType) -> None:
    text = page_of(rendered).text
    for candidate in synthetic.verdict()["candidates"]:
        assert candidate["name"] in text
        for clause in candidate["clauses"]:
            assert clause["name"] in text
            assert clause["because"] in text
            assert clause["slice"] == "all" or clause["slice"] in text
    told = {clause["ruling"] for c in synthetic.verdict()["candidates"] for clause in c["clauses"]}
    assert told == set(RULINGS), "the made-up run should hold all four"
    for ruling in RULINGS:
        assert ruling in text


def test_each_ruling_of_the_champion_stands_in_its_own_row(rendered: Path, synthetic: ModuleType) -> None:
    source = (rendered / "report.html").read_text(encoding="utf-8")
    table = source[source.index('<section id="clauses">') :]
    table = table[: table.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL)[1:]
    clauses = synthetic.verdict()["candidates"][0]["clauses"]
    assert len(rows) == len(clauses)
    for row, clause in zip(rows, clauses, strict=True):
        badge = re.search(r'class="ruling (\w+)"><span aria-hidden="true">(.)</span> (\w+)<', row)
        assert badge is not None
        assert badge[1] == badge[3] == clause["ruling"]
        assert badge[2] == {"PASS": "✓", "FAIL": "✕", "UNDECIDED": "?", "UNMEASURED": "∅"}[clause["ruling"]]
        assert f"<dd>{clause['name']}</dd>" in row


def test_the_head_says_verdict_level_reason_and_objective(rendered: Path) -> None:
    text = page_of(rendered).text.replace("\u00a0", " ")
    head = text[: text.index("The verdict, clause by clause")]
    assert "FAIL" in head
    assert "worst rung: roll back" in head
    assert "xgboost breaks the charter." in head
    assert "“Hard false blocks by class: debt reminder” is 0.598 %" in head
    assert "at most 0.5 % is allowed" in head
    assert "Reduce robocall complaints by 40 % in 12 months" in head
    assert "telco/midsize-carrier-v1" in head


def test_units_are_those_of_people(rendered: Path) -> None:
    text = page_of(rendered).text.replace("\u00a0", " ")
    assert "at most 0.1 %" in text
    assert "within 1 p. p. of 0" in text
    assert "−0.31 p. p." in text
    assert "70 calls per day" in text
    assert "0.001" not in text[: text.index("How to repeat")].replace("0.0001", "")


def test_what_was_learnt_from_is_told(rendered: Path) -> None:
    text = page_of(rendered).text.replace("\u202f", " ").replace("\u00a0", " ")
    assert (
        "At its last training with seed 11 (day 330), xgboost learnt from 390 100 rows, 1 284 of them" in text
    )
    assert "38 of these marks were wrong. 22 990 unwanted ones stood among the lawful" in text
    assert text.count("day 330") >= 10, "one row per candidate and seed"


def test_playbook_events_and_repetition_are_told(rendered: Path) -> None:
    text = page_of(rendered).text
    for words in (
        "switch to the previous champion",
        "Burner rotation step",
        "windtunnel run telco/midsize-carrier-v1",
    ):
        assert words in text
    assert "e0" * 32 in text
    assert "docs/known-limits.md" in text
    assert "campaign-7" not in text, "campaigns are too many to list"


def test_open_loop_is_told_only_where_it_is(rendered: Path, synthetic: ModuleType, tmp_path: Path) -> None:
    manifest = synthetic.manifest()
    manifest["world"]["closed"] = False
    folder = made(synthetic, tmp_path / "open", manifest=manifest)
    assert "Feedback is not represented." in page_of(folder).text
    assert "**Open loop:**" in (folder / "summary.md").read_text(encoding="utf-8")
    assert "Feedback is not represented." not in page_of(rendered).text


def test_the_tail_in_which_labels_still_arrive_is_hatched(
    rendered: Path, synthetic: ModuleType, tmp_path: Path
) -> None:
    manifest = synthetic.manifest()
    manifest["world"]["days"]["lagTail"] = 0
    settled = made(synthetic, tmp_path / "settled", manifest=manifest)
    hatched = {
        folder: (folder / "report.html").read_text().count("fill: url(#h") for folder in (rendered, settled)
    }
    assert hatched[rendered] >= 6
    assert hatched[settled] == 0


def test_days_are_read_from_instants_too(synthetic: ModuleType, tmp_path: Path) -> None:
    """What harness.run writes today: go_live, horizon and end in microseconds."""
    day = 86_400_000_000
    manifest = synthetic.manifest()
    del manifest["world"]["days"]
    manifest["world"] |= {"go_live": 90 * day, "horizon": 450 * day, "end": 495 * day}
    folder = made(synthetic, tmp_path / "instants", manifest=manifest)
    assert "360 days after go-live" in page_of(folder).text
    assert (folder / "report.html").read_text().count("fill: url(#h") >= 2


# --- quiet ---


def test_the_page_asks_no_network_and_runs_nothing(rendered: Path) -> None:
    source = (rendered / "report.html").read_text(encoding="utf-8")
    page = Page(source)
    assert not {tag for tag, _ in page.elements} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
    }
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "xlink:href", "action", "srcset"):
                assert value.startswith("#"), (tag, name, value)
    assert "@import" not in source
    assert not re.search(r"url\((?!#)", source)
    policy = [a["content"] for tag, a in page.elements if tag == "meta" and a.get("http-equiv")]
    assert policy
    assert policy[0].startswith("default-src 'none'")


def test_ids_are_unique_and_references_hold(rendered: Path) -> None:
    page = page_of(rendered)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    source = (rendered / "report.html").read_text(encoding="utf-8")
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', source))
    assert used <= set(ids)


def test_pictures_speak_to_screen_readers_and_follow_the_theme(rendered: Path) -> None:
    source = (rendered / "report.html").read_text(encoding="utf-8")
    pictures = [attributes for tag, attributes in page_of(rendered).elements if tag == "svg"]
    assert len(pictures) > 20
    assert all(picture.get("role") == "img" and picture.get("aria-label") for picture in pictures)
    drawn = "".join(re.findall(r"<svg.*?</svg>", source, flags=re.DOTALL))
    assert not re.findall(r"#[0-9a-f]{6}", re.sub(r'(url\(#|href="#)\w+', "", drawn)), (
        "a colour that no theme can change"
    )
    used = set(re.findall(r"var\(--([\w-]+)\)", source))
    style = source[source.index("<style>") : source.index("</style>")]
    light, dark = style.split("prefers-color-scheme: dark")[:2]
    for name in used - {"ruling", "tint"}:
        assert f"--{name}:" in light, name
        assert f"--{name}:" in dark, name


# --- the same bytes ---


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("report.html", "summary.md", "junit.xml")}


def test_rendering_again_changes_no_byte(fresh: Path) -> None:
    render(fresh)
    first = bytes_of(fresh)
    render(fresh)
    assert bytes_of(fresh) == first


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_another_process_in_another_place_gives_the_same_bytes(
    rendered: Path, tmp_path: Path, seed: str
) -> None:
    elsewhere = tmp_path / "somewhere else" / "run"
    shutil.copytree(rendered, elsewhere, ignore=shutil.ignore_patterns(*bytes_of(rendered)))
    taste = tmp_path / "matplotlibrc"
    taste.write_text("axes.facecolor: red\nfont.size: 30\nsvg.fonttype: path\n")
    code = "import sys, pathlib; from harness.report import render; render(pathlib.Path(sys.argv[1]))"
    home = {"PYTHONHASHSEED": seed, "MATPLOTLIBRC": str(taste), "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    command = [sys.executable, "-c", code, str(elsewhere)]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | home, timeout=120)
    assert bytes_of(elsewhere) == bytes_of(rendered)


def test_our_style_does_not_leak(fresh: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    render(fresh)
    assert dict(matplotlib.rcParams) == before


def test_importing_the_report_loads_nothing_heavy() -> None:
    code = """if True:
        import sys, harness.report
        print([name for name in ("matplotlib", "jinja2", "pyarrow", "pandas") if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


# --- escaped ---

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>*{display:none}</style>",
    "</svg><script>1</script>",
    "{{ 7*7 }}",
    "| a | b |\n# heading",
    "$\\frac{1$ ]]> &amp; --><!--",
    "bell \x07 null \x00 half \ud800 end",
)


def _poisoned(tree: Any, text: str, keep: tuple[str, ...]) -> Any:
    """Every text of a tree replaced, but for what gives it its shape."""
    if isinstance(tree, dict):
        return {k: v if k in keep else _poisoned(v, text, keep) for k, v in tree.items()}
    if isinstance(tree, list):
        return [_poisoned(item, text, keep) for item in tree]
    return text if isinstance(tree, str) else tree


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(synthetic: ModuleType, tmp_path: Path, text: str) -> None:
    shape = ("ruling", "verdict", "op", "unit", "slice", "form", "days", "metrics")
    written = text.encode("utf-8", "replace").decode().replace("\x00", "")
    rows = [
        row for row in synthetic.small_rows() if row["window"] in ("total", "m01", "m02", "m03", "m04", "m05")
    ]
    for row in rows:
        row["metric"] = written if row["metric"] == "complaint_reduction" else row["metric"]
        row["candidate"] = written if row["candidate"] == "xgboost" else row["candidate"]
        row["slice"] = f"caller_class={written}" if row["slice"] == "caller_class=clinic" else row["slice"]
    events = [
        e | {"name": written, "candidate": written if e["candidate"] == "xgboost" else e["candidate"]}
        for e in synthetic.timeline()
        if e["kind"] != "campaign"
    ]
    verdict = _poisoned(synthetic.small_verdict(), text, shape)
    verdict["candidates"][0]["clauses"][0]["slice"] = f"caller_class={text}"
    folder = made(
        synthetic, tmp_path / "run", manifest=_poisoned(synthetic.manifest(), text, shape), verdict=verdict,
        metrics=rows, timeline=events,
    )  # fmt: skip
    page = page_of(folder)
    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    assert sum(tag == "style" for tag, _ in page.elements) == 1
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    if text.isprintable():
        assert " ".join(text.split()) in page.text
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert "<" not in summary
    assert not [line for line in summary.splitlines() if line.startswith("# ")]
    assert "49" not in page.text.split("xgboost")[0][:200] or "7*7" not in text
    import xml.etree.ElementTree as Xml

    cases = Xml.fromstring((folder / "junit.xml").read_bytes()).findall(".//testcase")
    assert len(cases) == sum(len(c["clauses"]) for c in verdict["candidates"])


# --- pieces missing ---


def test_files_that_are_not_there_are_told(synthetic: ModuleType, tmp_path: Path) -> None:
    folder = synthetic.write_run(tmp_path / "run", without=("metrics.parquet", "timeline.parquet"))
    render(folder)
    text = page_of(folder).text
    assert "No metric of the charter was recorded over time." in text
    assert "No training was recorded in this run." in text
    for clause in synthetic.verdict()["candidates"][0]["clauses"]:
        assert clause["name"] in text, "clauses are shown whatever else is missing"


def _only(rows: list[dict[str, Any]], **wanted: Any) -> list[dict[str, Any]]:
    return [row for row in rows if all(row[key] in values for key, values in wanted.items())]


def test_tables_without_rows_render(synthetic: ModuleType, tmp_path: Path) -> None:
    folder = made(synthetic, tmp_path / "run", metrics=[], timeline=[])
    assert "No metric of the charter was recorded over time." in page_of(folder).text


@pytest.mark.parametrize(
    "wanted",
    [
        {"view": ("true",)},
        {"view": ("observed",)},
        {"window": ("total",)},
        {"window": ("total", "m01")},
        {"window": ("total", "w01", "w02")},
        {"candidate": ("incumbent",)},
        {"slice": ("caller_class=clinic",)},
        {"seed": (11,)},
    ],
    ids=lambda wanted: "-".join(f"{k}={'+'.join(map(str, v))}" for k, v in wanted.items()),
)
def test_part_of_the_measurements_renders(
    synthetic: ModuleType, tmp_path: Path, wanted: dict[str, Any]
) -> None:
    folder = made(synthetic, tmp_path / "run", metrics=_only(synthetic.small_rows(), **wanted))
    text = page_of(folder).text
    assert "xgboost breaks the charter." in text


def test_nothing_measured_anywhere_renders(synthetic: ModuleType, tmp_path: Path) -> None:
    verdict = copy.deepcopy(synthetic.small_verdict())
    verdict |= {"verdict": "UNMEASURED", "level": "none", "exitCode": 4}
    for candidate in verdict["candidates"]:
        candidate |= {"verdict": "UNMEASURED", "level": "none"}
        for clause in candidate["clauses"]:
            clause |= {"ruling": "UNMEASURED", "reason": "no calls", "perSeed": {}, "rung": "none"}
            clause |= dict.fromkeys(("value", "low", "high", "n", "observed", "margin", "varianceRatio"))
    rows = [
        row | {"value": float("nan"), "low": float("nan"), "high": float("nan")}
        for row in synthetic.small_rows()
    ]
    folder = made(synthetic, tmp_path / "run", verdict=verdict, metrics=rows)
    page = page_of(folder)
    assert "Not everything could be measured for xgboost" in page.text
    badges = [
        attributes["class"]
        for tag, attributes in page.elements
        if attributes.get("class", "").startswith("ruling ")
    ]
    assert badges
    assert set(badges) == {"ruling UNMEASURED"}


@pytest.mark.parametrize(
    "candidates", [[], [{"name": "lonely", "champion": True, "verdict": "UNMEASURED", "clauses": []}]]
)
def test_a_verdict_on_nothing_is_no_pass(
    synthetic: ModuleType, tmp_path: Path, candidates: list[Any]
) -> None:
    verdict = synthetic.small_verdict() | {"candidates": candidates, "verdict": "UNMEASURED", "level": "none"}
    folder = made(synthetic, tmp_path / "run", verdict=verdict)
    text = page_of(folder).text
    assert "UNMEASURED" in text
    assert "PASS" not in text
    assert "FAIL" not in text


def test_the_barest_documents_render(synthetic: ModuleType, tmp_path: Path) -> None:
    clause = {"name": "only_clause", "metric": "m", "ruling": "PASS"}
    verdict = {"verdict": "PASS", "candidates": [{"name": "c", "verdict": "PASS", "clauses": [clause]}]}
    folder = synthetic.write_run(
        tmp_path / "run",
        without=("metrics.parquet", "timeline.parquet"),
        edits={"manifest": {}, "verdict": verdict},
    )
    render(folder)
    assert "only_clause" in page_of(folder).text
    assert "c keeps the charter's one clause" in html.unescape(
        (folder / "summary.md").read_text(encoding="utf-8")
    )


def test_odd_details_of_events_render(synthetic: ModuleType, tmp_path: Path) -> None:
    events = [row for row in synthetic.timeline() if row["kind"] in ("fit", "injection", "rung")][:40]
    odd = [
        "not json",
        "[1, 2]",
        "null",
        "",
        None,
        '{"rows": "many", "positives": null}',
        '{"rung": 7, "clause": [1]}',
    ]
    events = [row | {"detail": odd[i % len(odd)], "end_day": None} for i, row in enumerate(events)]
    folder = made(synthetic, tmp_path / "run", timeline=events)
    assert "its training sets were not described" in page_of(folder).text


def test_what_happened_before_go_live_is_not_drawn_on_it(synthetic: ModuleType, tmp_path: Path) -> None:
    events = [row for row in synthetic.timeline() if row["kind"] == "injection"][:1]
    past = [row | {"day": -40.0, "end_day": -10.0, "name": "an old story"} for row in events]
    folder = made(synthetic, tmp_path / "run", timeline=past)
    source = (folder / "report.html").read_text(encoding="utf-8")
    assert "An old story" in Page(source).text
    course = source[source.index('id="time"') : source.index('id="classes"')]
    assert ">A</text>" not in course


def test_an_observed_reduction_names_its_estimator(rendered: Path) -> None:
    """In the row of its clause and above its pictures, and beside no metric that has none."""
    text = " ".join((rendered / "report.html").read_text(encoding="utf-8").split())
    named = "pre-launch baseline: the 28d before goLive, labels up to 14d old"
    assert f"by {named}</div>" in text
    assert f"Observed by {named}.</p>" in text
    rows = re.findall(r"<tr>.*?</tr>", text)
    assert {"complaint reduction" in row.lower() for row in rows if named in row} == {True}
