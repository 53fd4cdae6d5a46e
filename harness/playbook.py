"""The playbook: what operations does, case by case, while a replay runs.

Knows: lines and what crosses them, a response, the charter's steps, crews by the keyhole, desks. Does not know: truth,
settlement, SimPy, how a desk decides (law 11: neither is ever handed to it).

It is shown what operations can see: news as each desk's records complete it, questions with the desk's own answers, its
monitors. At the start of a tick it takes what the crews have done since, lets that take effect, and once a day looks at
its lines. A case is told, begun, worked on; a retrain is trained, checked in the shadow, approved, and promoted or
refused; a rollback is done. Nothing is drawn by chance, and a playbook that never fires touches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.cases import Case
from harness.dashboard import Dashboard
from harness.desk import Desk
from harness.kinds import Rows
from harness.lines import ClauseLine, SignalLine
from harness.shadow import Aside, check
from harness.sight import EVERY_DESK, Call, Omniscient, Response, Sight
from harness.steps import RUNGS, PlaybookStep, Staff
from sim.core.decisions import Decisions, Quotes
from sim.core.errors import Defect
from sim.core.jobs import Crew, Jobs, Told
from sim.core.time import DAY, HOUR, Micros
from sim.core.world import Question

MACHINES = "training machines"
"""The crew that trains: no role is called so."""
OF_MODELS = ("retrain", "rollback")
"""Rungs of which one at a time is worked on at a desk, whichever line asks for it."""


@dataclass(frozen=True)
class Duties:
    """Who does what: the charter's steps by rung, its staff by role, and how much longer everything takes."""

    steps: Mapping[str, PlaybookStep]
    staff: Mapping[str, Staff]
    pace: float = 1.0

    def crews(self) -> tuple[Crew, ...]:
        """Everybody who may get work, machines among them."""
        roles = sorted(
            {step.owner for step in self.steps.values()}
            | {step.approval.owner for step in self.steps.values() if step.approval is not None}
        )
        people = (self.crew(role) for role in roles)
        named = tuple(Crew(one.role, one.people, one.opens, one.closes, one.days) for one in people)
        return (*named, Crew(MACHINES, 1, 0, 24, 7))

    def crew(self, role: str) -> Staff:
        """The people of a role; one in office hours where the charter does not say."""
        return self.staff.get(role) or Staff(role=role)

    def lasts(self, span: Micros) -> Micros:
        """How long something takes at this pace."""
        return round(span * self.pace)


@dataclass
class Playbook:
    """The operations of one replay. lines: of clauses and signals; dashboards, desks: by kind of question."""

    duties: Duties
    response: Response
    desks: Mapping[str, Desk]
    dashboards: Mapping[str, Dashboard]
    clause_lines: Sequence[ClauseLine]
    signal_lines: Sequence[SignalLine]
    jobs: Jobs
    go_live: Micros
    seed: int

    def __post_init__(self) -> None:
        if isinstance(self.response, Omniscient):
            raise Defect("the playbook was given an arm that sees truth: harness.oracle plays it")
        self.cases: list[Case] = []
        self._last = self.go_live
        self._looked: dict[str, Micros] = {}
        self._readings: dict[str, Sequence[Any]] = {}
        self._job = 0
        self._of_job: dict[int, Case] = {}
        self._rests: dict[tuple[str, ...], Micros] = {}

    # --- what it is shown --------------------------------------------------------------------------------------------

    def hear(self, kind: str, stream: str, rows: Rows) -> None:
        """News of a stream as the desk of a kind remembers it."""
        if kind in self.dashboards:
            self.dashboards[kind].hear(stream, rows)

    def decided(self, question: Question, answer: Decisions | Quotes) -> None:
        """A question and its desk's answer."""
        if question.kind in self.dashboards:
            self.dashboards[question.kind].decided(question, answer)

    # --- what it does ------------------------------------------------------------------------------------------------

    def act(self, now: Micros) -> None:
        """At a tick's start, after the news: let work that is done take effect, then look at the lines."""
        while news := tuple(self.jobs.until(now)):  # what is done now may be followed by what begins now
            for told in news:
                self._hear_of(told, now)
        if self._look(now):
            crossed = tuple(
                c for line in (*self.clause_lines, *self.signal_lines) if (c := line.call) is not None
            )
            calls = self.response.calls(Sight(now, self._last, self.go_live, crossed))
            for call in sorted(
                calls, key=lambda call: (-RUNGS.index(call.rung), call.source, call.name, call.desk)
            ):
                self._answer(call, now)
            self._note_recoveries(now)
            self._last = now

    def _hear_of(self, told: Told, now: Micros) -> None:
        case = self._of_job[told.job]
        if told.what == "begun":
            self._begin(case, told.t, now)
        else:
            del self._of_job[told.job]
            self._go_on(case, told.t, now)

    def _look(self, now: Micros) -> bool:
        """Look at every line of which there is something new; whether a day is over, or a monitor has looked."""
        closed = [kind for kind, board in self.dashboards.items() if board.close(now)]
        for line in self.clause_lines:
            if line.desk in closed:
                line.at(now, self.dashboards[line.desk].value(line.metric, line.span, line.slice))
        looked = [kind for kind, desk in self.desks.items() if self._monitored(kind, desk)]
        for signal in self.signal_lines:
            if signal.desk in looked:
                signal.at(now, self._readings[signal.desk])
        return bool(looked) or now // DAY > self._last // DAY

    def _monitored(self, kind: str, desk: Desk) -> bool:
        """Whether a desk's monitor has looked since it was last asked."""
        monitor: Any = getattr(desk, "monitor", None)
        if monitor is None or monitor.look_at <= self._looked.get(kind, -1):
            return False
        self._looked[kind], self._readings[kind] = monitor.look_at, monitor.readings
        return True

    def _answer(self, call: Call, now: Micros) -> None:
        step = self.duties.steps.get(call.rung)
        if step is None:
            return
        if call.desk != EVERY_DESK or call.rung not in OF_MODELS:
            asked = [call.desk]
        else:
            asked = [kind for kind, desk in self.desks.items() if desk.trains]
        for desk in asked:
            key = _key(call, desk)
            busy = any(case.open and _key(case.call, case.desk) == key for case in self.cases)
            if not busy and now >= self._rests.get(key, 0):
                self._open(call, desk, step, now)

    def _open(self, call: Call, desk: str, step: PlaybookStep, now: Micros) -> None:
        case = Case(len(self.cases) + 1, call, desk, step.owner, now)
        self.cases.append(case)
        case.took(now, "told", owner=step.owner, notified=list(call.notify), value=call.value, line=call.line)
        case.cost += step.cost
        if call.rung == "retrain" and not (desk in self.desks and self.desks[desk].trains):
            self._end(case, now, "no model to train")
            return
        self._submit(case, "work", step.owner, step.takes, now)

    def _submit(self, case: Case, stage: str, crew: str, takes: Micros, now: Micros) -> None:
        self._job += 1
        case.stage, self._of_job[self._job] = stage, case
        self.jobs.submit(self._job, crew, self.duties.lasts(takes), now)

    def _begin(self, case: Case, at: Micros, now: Micros) -> None:
        step = self.duties.steps[case.call.rung]
        if case.stage == "work":
            case.begun = at
            case.took(at, "begun", owner=case.owner)
        elif case.stage == "train":
            training = step.training
            aside = None if step.shadow is None else Aside(step.shadow, self.seed)
            desk = self.desks[case.desk]
            case.trained = desk.trainer.train(now, training.window if training else None, aside)
            case.version = case.trained.model.version
            case.took(now, "training", version=case.version, rows=len(case.trained.fit.past),
                      positives=int((case.trained.fit.past.y > 0).sum()))  # fmt: skip

    def _go_on(self, case: Case, at: Micros, now: Micros) -> None:
        """The work of a stage is done `at`; whatever it changes changes `now`."""
        step = self.duties.steps[case.call.rung]
        if case.stage == "work":
            self._charge(case, self.duties.crew(case.owner).cost_per_hour, step.takes)
            self._worked(case, step, at, now)
        elif case.stage == "train":
            training = step.training
            self._charge(case, training.cost_per_hour if training else 0.0, _training(step))
            self._trained(case, step, now)
        else:
            approval = step.approval
            assert approval is not None
            self._charge(case, self.duties.crew(approval.owner).cost_per_hour, approval.takes)
            case.took(at, "approved", owner=approval.owner)
            self._promote(case, now)

    def _charge(self, case: Case, per_hour: float, takes: Micros) -> None:
        case.cost += per_hour * self.duties.lasts(takes) / HOUR

    def _worked(self, case: Case, step: PlaybookStep, at: Micros, now: Micros) -> None:
        if step.on == "retrain":
            self._submit(case, "train", MACHINES, _training(step), now)
        elif step.on == "rollback":
            self._end(case, now, self._roll_back(case, step, now))
        else:
            self._end(case, at, "looked into" if step.on == "investigate" else "escalated")

    def _roll_back(self, case: Case, step: PlaybookStep, now: Micros) -> str:
        desk = self.desks.get(case.desk)
        if desk is None:
            return "nothing to roll back"
        if step.target in (None, "previous_champion"):
            model = desk.roll_back(now)
            if model is None:
                return "no previous champion"
            case.version = model.version
            case.took(now, "rolled back", version=model.version, to="previous champion")
            return "rolled back"
        if not desk.stand_down(now):
            return "rolled back before"
        case.took(now, "rolled back", to=step.target)
        return "rolled back"

    def _trained(self, case: Case, step: PlaybookStep, now: Micros) -> None:
        desk, trained = self.desks[case.desk], case.trained
        assert trained is not None
        if step.shadow is not None and trained.aside is not None and desk.model is not None:
            found = check(step.shadow, desk.kind, desk.model, trained.model, trained.aside, desk.plan.name)
            case.shadow = found.plain()
            case.took(now, "checked", version=case.version, **case.shadow)
            if not found.passed:
                desk.refuse(trained)
                self._end(case, now, f"refused: {found.why}")
                return
        if step.approval is not None:
            self._submit(case, "approve", step.approval.owner, step.approval.takes, now)
        else:
            self._promote(case, now)

    def _promote(self, case: Case, now: Micros) -> None:
        assert case.trained is not None
        self.desks[case.desk].promote(case.trained, now)
        case.took(now, "promoted", version=case.version)
        self._end(case, now, "promoted")

    def _end(self, case: Case, at: Micros, outcome: str) -> None:
        step = self.duties.steps[case.call.rung]
        case.end(at, outcome, step.time_budget)
        self._rests[_key(case.call, case.desk)] = at + step.rest

    def _note_recoveries(self, now: Micros) -> None:
        """The first look at which the line of a case is clear, and has a value."""
        clear = {
            (line.source, line.name, line.rung, line.desk): line.value
            for line in (*self.clause_lines, *self.signal_lines)
            if not line.crossed and line.value == line.value
        }
        for case in self.cases:
            key = (case.call.source, case.call.name, case.call.rung, case.call.desk)
            if case.recovered is None and now > case.told and key in clear:
                case.recovered = now
                case.took(now, "recovered", value=clear[key])

    def record(self) -> list[dict[str, Any]]:
        """Every case, as plain values."""
        return [case.record() for case in self.cases]


def _key(call: Call, desk: str) -> tuple[str, ...]:
    """What one case at a time is about: a model for a rung that changes it, else the line."""
    return (call.rung, desk) if call.rung in OF_MODELS else (call.rung, desk, call.source, call.name)


def _training(step: PlaybookStep) -> Micros:
    return step.training.takes if step.training is not None else 0


__all__ = ["MACHINES", "Duties", "Playbook"]
