"""The verdict for a build server: JUnit XML, one suite per candidate, one case per clause.

Knows: clauses and their rulings. Does not know: pictures, pages.

PASS passes; FAIL is a failure; UNMEASURED is an error, since what was not measured may not look kept; UNDECIDED is an
error where the clause is critical (the run's exit code is 3, so its report may not be green) and skipped elsewhere.
A suite without a clause holds one case in error. There are no clocks in it: equal runs give equal files.
"""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from harness.report import words
from harness.report.record import Candidate, Clause, Run, mapping, text


def compose(run: Run) -> str:
    """The whole file."""
    root = Xml.Element("testsuites", name="windtunnel")
    suites = [_suite(run, candidate) for candidate in run.candidates]
    root.extend(suites)
    if not suites:
        root.append(_empty("no candidate", "the verdict names no candidate"))
    for kind in ("tests", "failures", "errors", "skipped"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(run: Run, candidate: Candidate) -> Xml.Element:
    if not candidate.clauses:
        return _empty(candidate.name, f"nothing was judged for {candidate.name}")
    suite = Xml.Element("testsuite", name=candidate.name)
    properties = Xml.SubElement(suite, "properties")
    scenario = mapping(run.manifest.get("scenario"))
    for key, value in (
        ("run", text(run.manifest.get("run"))),
        ("scenario", text(scenario.get("id")) or text(scenario.get("name"))),
        ("verdict", candidate.verdict),
        ("level", candidate.level),
        ("champion", "true" if candidate is run.champion else "false"),
    ):
        Xml.SubElement(properties, "property", name=key, value=value)
    for clause in candidate.clauses:
        suite.append(_case(candidate, clause))
    return _counted(suite)


def _case(candidate: Candidate, clause: Clause) -> Xml.Element:
    name = (
        clause.name
        if clause.slice in ("", "all") or clause.slice in clause.name
        else f"{clause.name} [{clause.slice}]"
    )
    case = Xml.Element("testcase", classname=candidate.name, name=name)
    asked = f"{words.value_text(clause)}, {words.limit_text(clause)}"
    message = f"{clause.ruling}: {clause.reason or asked}"
    kind = _kind(clause)
    if kind:
        found = Xml.SubElement(case, kind, message=message)
        if kind != "skipped":
            found.set("type", clause.ruling)
        lines = [
            f"value {words.value_text(clause)}",
            f"interval {words.interval_text(clause) or words.NONE}",
            f"charter {words.limit_text(clause)}",
            f"rung {clause.rung}",
            f"owner {clause.owner}" if clause.owner else "",
            f"because {clause.because}" if clause.because else "",
            f"would decide: {clause.would_decide}" if clause.would_decide else "",
        ]
        found.text = "\n".join(line for line in lines if line)
    return case


def _kind(clause: Clause) -> str:
    if clause.ruling == "PASS":
        return ""
    if clause.ruling == "FAIL":
        return "failure"
    return "skipped" if clause.ruling == "UNDECIDED" and not clause.critical else "error"


def _empty(name: str, reason: str) -> Xml.Element:
    suite = Xml.Element("testsuite", name=name)
    case = Xml.SubElement(suite, "testcase", classname=name, name="charter")
    Xml.SubElement(case, "error", message=reason, type="UNMEASURED").text = reason
    return _counted(suite)


def _counted(suite: Xml.Element) -> Xml.Element:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for kind, key in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(key, str(sum(1 for case in cases if case.find(kind) is not None)))
    return suite
