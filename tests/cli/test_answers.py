"""`list`, `schema`, `check`, `doctor`, `--version`: what there is, said at once; schemas that our documents keep.

Knows: JSON Schema, as far as our schemas use it. Does not know: what is in a document.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from harness.listing import DOCUMENTS, PLUGIN_KINDS
from sim.core import plugins
from sim.core.documents import read
from tests.cli.calling import QUICK, Answer, Shell, environment, tree_of

Call = Callable[..., Answer]
ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "scenarios").rglob("*.yaml"))


# --- list ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [*PLUGIN_KINDS, *DOCUMENTS])
def test_everything_is_listed_with_a_line_about_it(what: str, call: Call) -> None:
    answer = call("list", what)
    assert (answer.code, answer.err) == (0, "")
    rows = json.loads(call("list", what, "--json").out)
    names = [row["name"] for row in rows]
    if what in PLUGIN_KINDS:
        assert names == list(plugins.names(PLUGIN_KINDS[what]))
    else:
        assert [line.split()[0] for line in answer.out.splitlines()] == names
        assert names
    assert all(len(row["says"]) > 10 for row in rows), "a name alone says nothing"


def test_scenarios_in_a_folder_of_ones_own_are_listed_found_and_run(call: Call, home: Path) -> None:
    (home / "scenarios" / "charters" / "our").mkdir(parents=True)
    (home / "scenarios" / "our").mkdir()
    text = (home / "tiny.yaml").read_text(encoding="utf-8")
    (home / "scenarios" / "our" / "first-v1.yaml").write_text(
        text.replace("charter: charter.yaml", "charter: our/first-v1"), encoding="utf-8"
    )
    (home / "charter.yaml").rename(home / "scenarios" / "charters" / "our" / "first-v1.yaml")
    (home / "scenarios" / "our" / "broken-v1.yaml").write_text("kind: [", encoding="utf-8")
    told = call("list", "scenarios")
    assert told.code == 0
    assert "our/first-v1" in told.out
    assert re.search(r"our/broken-v1 +cannot be read: scenarios/our/broken-v1.yaml:1:", told.out)
    assert "our/first-v1" in call("list", "charters").out
    assert call("run", "our/first-v1", "--dry-run").out.startswith("our/first-v1: 5 seeds")
    (line,) = call("check", "our/frst-v1").faults()
    assert "did you mean 'our/first-v1'?" in line


def test_an_answer_is_the_same_wherever_it_is_asked(tmp_path: Path) -> None:
    """From a folder that is not the checkout, by the console script."""
    answer = Shell(tmp_path)("list", "scenarios")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == Shell(ROOT)("list", "scenarios").out.splitlines()
    assert tree_of(tmp_path) == []


# --- schema -------------------------------------------------------------------------------------------------------

PLAIN = {
    "object": dict, "array": (list, tuple), "string": str, "number": (int, float), "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip
SAID_ONLY = {"title", "description", "examples", "default", "format", "$defs", "$schema"}


def misfits(value: Any, schema: Any, whole: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Where a value does not keep a schema. A keyword that is not known here is a misfit too: nothing passes unread."""
    if schema is True:
        return
    for keyword, wanted in schema.items():
        if keyword in SAID_ONLY:
            continue
        found: list[str] = []
        match keyword:
            case "$ref":
                found = list(misfits(value, whole["$defs"][wanted.removeprefix("#/$defs/")], whole, place))
            case "type":
                kinds = [wanted] if isinstance(wanted, str) else wanted
                fits = [
                    isinstance(value, PLAIN[k]) and (k == "boolean") == isinstance(value, bool) for k in kinds
                ]
                found = [] if any(fits) else [f"{place}: {value!r} is no {wanted}"]
            case "properties" if isinstance(value, dict):
                for name, inner in wanted.items():
                    found += misfits(value[name], inner, whole, f"{place}.{name}") if name in value else []
            case "required" if isinstance(value, dict):
                found = [f"{place}: lacks {name}" for name in wanted if name not in value]
            case "additionalProperties" if isinstance(value, dict):
                for name in value.keys() - schema.get("properties", {}).keys():
                    inner = (
                        [f"{place}: unknown {name}"]
                        if wanted is False
                        else misfits(value[name], wanted, whole, place)
                    )
                    found += inner
            case "items" if isinstance(value, list | tuple):
                for index, item in enumerate(value):
                    found += misfits(item, wanted, whole, f"{place}[{index}]")
            case "anyOf" | "oneOf":
                ways = [list(misfits(value, way, whole, place)) for way in wanted]
                good = sum(not way for way in ways)
                if good == 0 or (keyword == "oneOf" and good > 1):
                    found = [f"{place}: fits {good} of {len(ways)} ways", *min(ways, key=len)]
            case "not":
                found = [] if list(misfits(value, wanted, whole)) else [f"{place}: is what it may not be"]
            case "enum":
                found = [] if value in wanted else [f"{place}: {value!r} is none of {wanted}"]
            case "const":
                found = [] if value == wanted else [f"{place}: {value!r} is not {wanted!r}"]
            case "pattern" if isinstance(value, str):
                found = [] if re.search(wanted, value) else [f"{place}: {value!r} does not match {wanted}"]
            case "minLength" if isinstance(value, str):
                found = [] if len(value) >= wanted else [f"{place}: too short"]
            case "minProperties" if isinstance(value, dict):
                found = [] if len(value) >= wanted else [f"{place}: too few keys"]
            case "propertyNames" if isinstance(value, dict):
                for name in value:
                    found += misfits(name, wanted, whole, f"{place}.{name}")
            case "minItems" if isinstance(value, list | tuple):
                found = [] if len(value) >= wanted else [f"{place}: too few"]
            case "maxItems" if isinstance(value, list | tuple):
                found = [] if len(value) <= wanted else [f"{place}: too many"]
            case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" if isinstance(
                value, int | float
            ):
                keeps = {
                    "minimum": value >= wanted, "exclusiveMinimum": value > wanted,
                    "maximum": value <= wanted, "exclusiveMaximum": value < wanted,
                }  # fmt: skip
                found = [] if keeps[keyword] else [f"{place}: {value!r} beyond {keyword} {wanted}"]
            case (
                "properties" | "required" | "additionalProperties" | "items" | "pattern" | "minLength" | "minItems"
                | "minProperties" | "propertyNames"
                | "maxItems" | "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum"
            ):  # fmt: skip
                pass  # said of another type of value
            case _:
                found = [f"{place}: keyword {keyword} is not understood here"]
        yield from found


@pytest.fixture
def schema(call: Call) -> Callable[[str], dict[str, Any]]:
    def ask(what: str) -> dict[str, Any]:
        answer = call("schema", what)
        assert (answer.code, answer.err) == (0, "")
        found: dict[str, Any] = json.loads(answer.out)
        assert found["$schema"].startswith("https://json-schema.org/")
        return found

    return ask


@pytest.mark.parametrize("path", SHIPPED, ids=[p.relative_to(ROOT / "scenarios").as_posix() for p in SHIPPED])
def test_shipped_documents_keep_their_schema(path: Path, schema: Callable[[str], dict[str, Any]]) -> None:
    tree = dict(read(path).tree)
    form = schema(str(tree["kind"]).lower())
    assert list(misfits(tree, form, form)) == []
    assert list(misfits(tree | {"kind": "Other"}, form, form))
    assert list(misfits(tree | {"stray": 1}, form, form))
    assert list(misfits({k: v for k, v in tree.items() if k != "spec"}, form, form))


def test_a_real_verdict_keeps_its_schema(
    finished: tuple[Path, Answer], schema: Callable[[str], dict[str, Any]]
) -> None:
    form = schema("verdict")
    told = json.loads((finished[0] / "verdict.json").read_text(encoding="utf-8"))
    assert list(misfits(told, form, form)) == []
    assert told["candidates"][0]["clauses"], "a verdict without clauses would keep any schema"
    for key in told:
        if key in form["required"]:
            assert list(misfits({k: v for k, v in told.items() if k != key}, form, form)), key
    for wrong in ({"exitCode": 1}, {"verdict": "MAYBE"}, {"level": "worse"}, {"candidates": [{}]}):
        assert list(misfits(told | wrong, form, form)), wrong


# --- check, doctor, version ---------------------------------------------------------------------------------------


def test_check_says_what_each_rung_can_expect(call: Call, home: Path) -> None:
    before = tree_of(home)
    answer = call("check", "tiny.yaml", "charter.yaml")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == "tiny: reads well; 5 seeds of 4 days, 10 replays"
    assert "warning: the history is 3d, less than 90d: a test needs no season" in lines[1]
    for rung in ("investigate", "retrain", "rollback", "escalate"):
        (line,) = [line for line in lines if line.split()[:1] == [rung]]
        assert re.search(r"over \d+ days: about [\d.e+]+ events, standard error [\d.]+", line)
    told = lines[lines.index("charter.yaml: charter tiny 1.0.0 reads well") :]
    assert "  warning: no playbook step for the rung 'escalate', so nobody acts on it" in told
    assert tree_of(home) == before


def test_check_reckons_with_an_earlier_run_where_the_world_does_not_say(
    call: Call, run: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is said of a metric that the world has no figures of; a run of this very scenario says it, no other."""
    charter = home / "charter.yaml"
    text = charter.read_text(encoding="utf-8")
    charter.write_text(text.replace("metric: hard_false_blocks", "metric: precision").replace("lte", "gte"))
    charter.write_text(re.sub(r"rungs: {.*}", "rungs: {investigate: 0.005}", charter.read_text()))
    blank = call("check", "tiny.yaml")
    assert blank.code == 0, blank.err
    assert "no planning numbers: what these seeds can resolve is not known before a run" in blank.out
    assert "without planning numbers: 1 of 1 clauses; world 'telco' does not say" in blank.out
    monkeypatch.setenv("WINDTUNNEL_OUT", "runs")
    seen = call("check", "tiny.yaml").out
    assert "no planning numbers" not in seen
    assert re.search(r"these seeds PASS from [\d.]+, FAIL from [\d.]+, and cannot tell between", seen)
    assert "reckoned with: counts from an earlier run of 5 seeds" in seen
    other = call("check", "tiny.yaml", "--set", "world.with.lines=300").out
    assert "without planning numbers: 1 of 1 clauses" in other


def test_check_reads_what_ships(call: Call) -> None:
    answer = call("check", QUICK, "telco/midsize-carrier-v1", "telco/robocall-v1")
    assert (answer.code, answer.err) == (0, "")
    assert "feature set of " in answer.out


def test_a_scenario_of_a_day_reads_and_says_so(call: Call) -> None:
    answer = call("check", "tiny.yaml", "--set", "world.horizon=1d", "--set", "seeds=[7]")
    assert answer.code == 0
    assert answer.out.startswith("tiny: reads well; 1 seeds of 1 days")
    assert "at least 5 are needed" in answer.out


def test_the_seed_nought_is_a_seed_on_the_command_line_as_in_a_document(call: Call) -> None:
    for words in (("--seeds", "0"), ("--set", "seeds=[0]")):
        answer = call("run", "tiny.yaml", *words, "--dry-run")
        assert (answer.code, answer.out) == (0, "tiny: 1 seeds, 2 replays each; reads well\n"), words
    assert call("run", "tiny.yaml", "--set", "seeds=[-1]", "--dry-run").faults()


def test_looks_that_can_rule_on_nothing_are_refused_before_a_run(call: Call) -> None:
    from harness.intervals import FEWEST_SEEDS
    from harness.trial_rules import FIRST_LOOK

    assert FIRST_LOOK == FEWEST_SEEDS
    (line,) = call("run", "tiny.yaml", "--set", "plan={looks: [2, 5]}").faults()
    assert "spec.plan.looks.0: got 2, expected at least 5 seeds" in line


def test_doctor_finds_what_is_here(call: Call) -> None:
    answer = call("doctor")
    assert (answer.code, answer.err) == (0, "")
    assert all(line.startswith("ok ") for line in answer.out.splitlines())
    assert any("numpy" in line for line in answer.out.splitlines())


def test_doctor_finds_what_is_missing(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    monkeypatch.setenv("WINDTUNNEL_OUT", "charter.yaml/runs")
    answer = call("doctor")
    assert answer.code == 2
    failing = [line for line in answer.out.splitlines() if line.startswith("FAIL")]
    assert len(failing) == 2
    assert "xgboost does not import" in failing[0]
    assert "charter.yaml cannot be written" in failing[1]


def test_the_version_is_the_packages(call: Call) -> None:
    assert call("--version").out == f"windtunnel {version('windtunnel')}\n"


# --- start-up -----------------------------------------------------------------------------------------------------

SLOW = {"matplotlib", "numba", "pandas", "pyarrow", "scipy", "sklearn", "xgboost", "numpy", "simpy", "joblib"}
WATCH = """
import sys
sys.argv[:1] = ['windtunnel']
from harness.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ("--help", set()),
        ("--version", set()),
        ("run --help", set()),
        ("list scenarios", set()),
        ("list candidates", set()),
        ("list runs", set()),
        ("check charter.yaml", {"numpy"}),
    ],
)
def test_an_answer_loads_what_it_needs(words: str, allowed: set[str], home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *words.split()],
        cwd=home, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert SLOW & set(done.stderr.split()) == allowed
