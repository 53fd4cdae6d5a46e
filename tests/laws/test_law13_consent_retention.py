"""Law 13: no training set holds a subject that has withdrawn, nor a row older than the charter keeps such rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness import trial
from harness.assembly import build_replay
from harness.consent import Consent
from harness.trainer import Fit
from sim.core import catalogue
from sim.core.errors import BadDocument
from sim.core.time import DAY
from tests.laws.small import SMALL, load_small

PER_MONTH = 0.6
CONSENT = f"trial.labels.consent={{subject: callee, withdrawnPerMonth: {PER_MONTH}, because: a test}}"
WINDOW = "trial.labels.trainingWindow=10d"


def trained(consent: bool = True) -> list[tuple[Fit, np.ndarray]]:
    """Every training of a small replay, with the subjects of the rows that it used."""
    loaded = load_small(CONSENT, WINDOW)
    setting = build_replay(loaded, loaded.candidate("rules"), 1, None, [])
    (desk,) = setting.desks.values()
    if not consent:  # the planted leaker: a trainer that forgets to ask
        labels = replace(desk.plan.labels, consent=None)
        desk.trainer.plan = replace(desk.trainer.plan, labels=labels)
    found: list[tuple[Fit, np.ndarray]] = []

    def note(fit: Fit) -> None:
        subject = np.full(len(fit.keys.entity), -2)
        for number in np.unique(fit.keys.day).tolist():
            rows = fit.keys.day == number
            day = desk.units.days[number]
            subject[rows] = day.subject[day.find(fit.keys.entity[rows])]
        found.append((fit, subject))

    desk.on_fit = note
    setting.play()
    return found


def test_no_withdrawn_line_and_no_old_row_is_learned_from_and_a_leaker_is_seen() -> None:
    consent = Consent("callee", PER_MONTH)

    def broken(fits: list[tuple[Fit, np.ndarray]]) -> int:
        return sum(int(consent.withdrawn(subject, fit.as_of, 1).sum()) for fit, subject in fits)

    fits = trained()
    assert fits
    assert all(len(subject) > 100 and (subject >= 0).all() for _, subject in fits)
    assert broken(fits) == 0
    assert broken(trained(consent=False)) > 100
    for fit, _ in fits:
        assert fit.past.unit_t.min() >= fit.as_of - 10 * DAY


def kept_for(folder: Path, days: str) -> str:
    """The quick charter with rows to learn from kept for so long."""
    text = catalogue.find("Charter", "telco/midsize-carrier-quick-v1").document.text
    path = folder / "charter.yaml"
    more = f"  retention: 28d\n  trainingRetention: {days}\n"
    path.write_text(text.replace("  retention: 28d\n", more, 1), encoding="utf-8")
    return f"charter={path}"


def test_a_training_window_beyond_retention_is_refused_on_loading(tmp_path: Path) -> None:
    assert trial.load("telco/midsize-carrier-quick-v1", (*SMALL, WINDOW, kept_for(tmp_path, "10d")))
    with pytest.raises(
        BadDocument, match="got 10d, expected at most 9d, for which the charter keeps rows"
    ) as caught:
        trial.load("telco/midsize-carrier-quick-v1", (*SMALL, WINDOW, kept_for(tmp_path, "9d")))
    assert [fault.key for fault in caught.value.faults] == ["spec.trial.labels.trainingWindow"]
