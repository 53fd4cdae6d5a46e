"""The verdict for a build server: what is a failure, what an error, what is skipped."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from pathlib import Path
from types import ModuleType

from harness.report import render


def cases_of(folder: Path) -> dict[tuple[str, str], Xml.Element]:
    root = Xml.fromstring((folder / "junit.xml").read_bytes())
    return {(case.get("classname", ""), case.get("name", "")): case for case in root.iter("testcase")}


def kind_of(case: Xml.Element) -> str:
    return next((child.tag for child in case), "passed")


def test_each_clause_of_each_candidate_is_one_case_by_its_ruling(
    rendered: Path, synthetic: ModuleType
) -> None:
    cases = cases_of(rendered)
    seen = set()
    for candidate in synthetic.verdict()["candidates"]:
        for clause in candidate["clauses"]:
            name = clause["name"] if clause["slice"] == "all" else f"{clause['name']} [{clause['slice']}]"
            kind = kind_of(cases.pop((candidate["name"], name)))
            expected = {
                "PASS": "passed",
                "FAIL": "failure",
                "UNMEASURED": "error",
                "UNDECIDED": "error" if clause["critical"] else "skipped",
            }
            assert kind == expected[clause["ruling"]], name
            seen.add(kind)
    assert not cases
    assert seen == {"passed", "failure", "error", "skipped"}, "the made-up run should hold all four"


def test_the_counts_are_those_of_the_cases(rendered: Path) -> None:
    root = Xml.fromstring((rendered / "junit.xml").read_bytes())
    for suite in [*root.findall("testsuite"), root]:
        kinds = [kind_of(case) for case in suite.iter("testcase")]
        assert int(suite.get("tests", "-1")) == len(kinds)
        assert int(suite.get("failures", "-1")) == kinds.count("failure")
        assert int(suite.get("errors", "-1")) == kinds.count("error")
        assert int(suite.get("skipped", "-1")) == kinds.count("skipped")


def test_a_failure_says_why_and_whom_to_ask(rendered: Path) -> None:
    case = cases_of(rendered)["xgboost", "hard_false_blocks_by_class [caller_class=debt_reminder]"]
    failure = case.find("failure")
    assert failure is not None
    assert "the interval lies wholly beyond the limit" in failure.get("message", "")
    told = (failure.text or "").replace("\u00a0", " ")
    for words in ("0.598 %", "at most 0.5 %", "head of voice", "no class may carry the cost of the rest"):
        assert words in told


def test_nothing_judged_is_an_error_and_not_an_empty_success(synthetic: ModuleType, tmp_path: Path) -> None:
    for name, candidates in (
        ("none", []),
        ("bare", [{"name": "bare", "champion": True, "verdict": "UNMEASURED", "clauses": []}]),
    ):
        verdict = synthetic.verdict() | {"candidates": candidates}
        folder = synthetic.write_run(
            tmp_path / name, edits={"verdict": verdict, "metrics": [], "timeline": []}
        )
        render(folder)
        assert [kind_of(case) for case in cases_of(folder).values()] == ["error"]
