"""Stories and the table of responses: sentences in the order of time, delays from the onset, costs by seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.report import page, reading, responding, response_courses, stories
from harness.report.record import Event, Run


def event(kind: str, name: str, day: float, seed: str = "1", /, who: str = "xgboost", **detail: Any) -> Event:
    return Event(who, seed, day, detail.pop("end", day), kind, name, detail.pop("cost", 0.0), detail)


def world(name: str, day: float, end: float) -> Event:
    return Event("", "", day, end, "injection", name, 0.2, {})


CHECKED = (
    "On 153 units that neither was trained on the challenger would stop 69\xa0% of what is unwanted, the champion "
    "10\xa0%: version 2 passes the shadow check."
)
OWNERS = [{"role": "model", "name": "Fraud analytics"}, {"role": "legal", "name": "Regulatory affairs"}]


@pytest.fixture
def run(fresh: Path) -> Run:
    """Two candidates under responses on two seeds: one retrains after a drift on day 21, one does nothing."""
    found = reading.read_run(fresh)
    clause = next(c for c in found.candidates[0].clauses if c.critical)
    of = {"case": 1, "rung": "retrain", "source": "clause", "name": clause.name}
    case = {
        **of,
        "owner": "model",
        "notified": [],
        "value": 0.17,
        "line": 0.18,
        "outcome": "promoted",
        "late": True,
    }
    events = [world("low-and-slow", 21.0, 400.0)]
    for seed, later in (("1", 0.0), ("2", 4.0)):
        told = 23.0 + later
        events += [
            event("case", "retrain", told, seed, end=told + 3.5, cost=300.0 + later, **case),
            event("step", "told", told, seed, **of),
            event("step", "begun", told + 0.375, seed, **of),
            event("step", "training", told + 0.5, seed, **of, version=2, rows=5720, positives=267),
            event("step", "checked", told + 0.75, seed, **of, version=2, metric="stopped_unwanted", champion=0.1,
                  challenger=0.69, units=153, passed=True),
            event("step", "approved", told + 3.4, seed, **of, owner="legal"),
            event("step", "promoted", told + 3.5, seed, **of, version=2),
            event("step", "recovered", told + 6.0, seed, **of, value=0.2),
            event("step", "ended", told + 3.5, seed, **of, outcome="promoted"),
        ]  # fmt: skip
    names = [candidate.name for candidate in found.candidates]
    told = {names[0]: {"use": "observed", "pace": 1.0}, names[1]: {"use": "never", "pace": 2.0}}
    events = [replace(e, candidate=names[0]) if e.candidate == "xgboost" else e for e in events]
    charter = {**found.verdict["charter"], "owners": OWNERS}
    return replace(
        found,
        events=tuple(events),
        manifest={**found.manifest, "responses": told, "seeds": [1, 2]},
        verdict={**found.verdict, "charter": charter},
    )


def test_a_story_is_told_in_the_order_of_time(run: Run) -> None:
    story = stories.stories(run)[0]
    told = [f"{line.when}: {line.what}" for line in story.lines]
    assert (story.response, story.seed) == ("observed", "1")
    assert told[0] == "day 21: The drift “low-and-slow” (magnitude 0.2) begins."
    assert told[1].startswith("day 23: ")
    assert "beyond its line" in told[1]
    assert told[1].endswith("Fraud analytics (model) is told.")
    assert told[2:] == [
        "day 23, 09:00: Fraud analytics (model) prepares a retrain, 9 hours later.",
        "day 23, 12:00: A challenger, version 2, is trained on 5\u202f720 rows, 267 of them marked unwanted.",
        "day 23, 18:00: " + CHECKED,
        "day 26, 09:36: Regulatory affairs (legal) approves.",
        "day 26, 12:00: Version 2 takes over. The case cost 300. It took longer than its time budget.",
        told[7],
        "in all: 1 case, at a cost of 300.",
    ]
    assert told[7].startswith("day 29: ")
    assert told[7].endswith("6 days after somebody was told.")


def test_nothing_done_is_told_too(run: Run) -> None:
    last = stories.stories(run)[-1]
    assert last.response == "never, at 2 times the time"
    assert [line.what for line in last.lines][-1] == "Nobody was told of anything, and nothing was done."


def test_the_table_counts_days_from_the_onset_and_means_over_seeds(run: Run) -> None:
    names, (first, second) = responding.table(run)
    assert len(first.values) == len(names)
    assert (first.told, first.changed, first.clear) == (
        "4",
        "7.5",
        "10",
    )  # means of 2 and 6, 5.5 and 9.5, 8 and 12
    assert (first.retrained, first.refused, first.late, first.early, first.cost) == (
        "1",
        "0",
        "1",
        "0",
        "302",
    )
    assert (second.told, second.changed, second.cost) == ("–", "–", "0")


def test_what_is_begun_before_the_drift_and_ends_after_it_answers_it(run: Run) -> None:
    events = tuple(
        replace(e, day=20.0, end_day=22.0) if e.kind == "case" and e.seed == "1" else e for e in run.events
    )
    _, (first, _) = responding.table(replace(run, events=events))
    assert (first.told, first.changed) == ("3", "5.25")  # 0 and 6, 1 and 9.5
    assert first.early == "0.5"


def test_many_cases_of_an_oracle_are_one_sentence(run: Run) -> None:
    of = {"rung": "retrain", "source": "truth", "name": "low-and-slow", "outcome": "promoted"}
    name = run.candidates[0].name
    many = tuple(event("case", "retrain", 21.0 + day, who=name, case=day, **of) for day in range(9))
    story = stories.stories(replace(run, events=(run.events[0], *many)))[0]
    assert [line.what for line in story.lines][1] == (
        "The oracle, told of “low-and-slow” as it happens, retrains on every unit's true label 9 times, "
        "day 21 to day 29."
    )


def test_the_page_shows_table_picture_and_stories(run: Run) -> None:
    html, _ = page.compose(run)
    section = html[html.index('<section id="operations">') :]
    section = section[: section.index("</section>")]
    assert "<svg" in section
    assert section.count('<ol class="story">') == 4
    assert "is told." in section
    assert response_courses.metric_of(run) in run.metrics


def test_a_run_without_a_playbook_has_no_such_section(fresh: Path) -> None:
    html, _ = page.compose(reading.read_run(fresh))
    assert 'id="operations"' not in html
