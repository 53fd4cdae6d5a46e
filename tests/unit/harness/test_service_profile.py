"""Service profiles: read back as written, refused when spoilt, and part of a run's identity.

Knows: the shipped reference profile. Does not know: how anything is timed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import service_profile, trial
from harness.service_profile import ServiceProfile, decode, examine, sealed, written
from sim.core import catalogue
from sim.core.documents import parse
from sim.core.errors import BadDocument
from tests.bad_input.conftest import HERE

REFERENCE = "telco/reference-xgboost-v1"
QUICK = "telco/midsize-carrier-quick-v1"


@pytest.fixture(scope="module")
def text() -> str:
    return catalogue.find("ServiceProfile", REFERENCE).document.text


def read(text: str) -> ServiceProfile:
    return decode(parse(text.encode(), "profile.yaml"))


def test_the_reference_ships_with_its_machine_and_how_quiet_it_was(text: str) -> None:
    profile = read(text)
    spec = profile.spec
    assert spec.machine.cores >= 1
    assert spec.noise.verdict in (service_profile.QUIET, service_profile.UNDECIDED)
    assert bool(spec.noise.because) == (not profile.is_quiet) == bool(profile.warnings())
    assert spec.agreement.differing == 0
    assert spec.agreement.events >= spec.protocol.rows >= 4_603, "enough for a p99.9"
    assert all(path.differing == 0 for path in spec.paths.values())
    assert spec.parts.whole.p999 is not None
    assert {batch.rows for batch in spec.batches} >= {4, 16, 64}


def test_written_and_read_it_is_the_same_bytes(text: str) -> None:
    profile = read(text)
    assert written(profile) == text
    assert read(written(profile)) == profile


def test_sealing_is_the_only_way_to_a_digest(text: str) -> None:
    profile = read(text)
    tree = profile.model_dump(mode="json", by_alias=True)
    del tree["spec"]["digest"]
    again = sealed(tree)
    assert again == profile
    tree["spec"]["features"] += 1
    assert sealed(tree).spec.digest != profile.spec.digest


SPOILT = [
    ("features: 15", "features: 16", "spec.digest", "changed after they were measured"),
    ("features: 15", "features: -1", "spec.features", "at least 0"),
    ("features: 15", "featurs: 15", "spec.featurs", "did you mean 'features'?"),
    ("schemaVersion: 1", "schemaVersion: 2", "spec.schemaVersion", "expected 1"),
    ('verdict: "quiet"', 'verdict: "PASS"', "spec.noise.verdict", "got 'PASS'"),
    ("interleaved: true", "interleaved: false", "spec.protocol.interleaved", "expected True"),
    ("confidence: 0.99", "confidence: 1.5", "spec.protocol.confidence", "less than 1"),
    ("cores: 2", 'cores: "two"', "spec.machine.cores", "expected a whole number"),
]


@pytest.mark.parametrize(("old", "new", "key", "says"), SPOILT, ids=[new for _, new, _, _ in SPOILT])
def test_a_spoilt_profile_is_one_line(text: str, old: str, new: str, key: str, says: str) -> None:
    assert text.count(old) >= 1
    with pytest.raises(BadDocument) as refused:
        read(text.replace(old, new, 1))
    (fault,) = refused.value.faults
    assert fault.key == key
    assert says in fault.what
    assert fault.line > 0


def test_quantiles_out_of_order_are_told(text: str) -> None:
    profile = read(text)
    bounds = profile.spec.parts.whole.p95
    assert bounds is not None
    line = f"value: {bounds.value}, low: {bounds.low}"
    assert text.count(line) == 1
    _, faults = examine(parse(text.replace(line, f"value: 1, low: {bounds.low}").encode(), "profile.yaml"))
    (fault,) = faults
    assert fault.key == "spec.parts.whole.p95"
    assert "low <= value <= high" in fault.what


def test_a_run_is_another_run_with_another_profile(text: str, tmp_path: Path) -> None:
    without = trial.load(QUICK)
    named = trial.load(QUICK, (f"trial.service={REFERENCE}",))
    assert without.service is None
    assert named.service is not None
    assert named.run_digest() != without.run_digest()
    assert named.scenario_card()["service"]["digest"] == named.service.spec.digest
    assert any("noisy machine" in line for line in named.warnings) == (not named.service.is_quiet)
    copy = tmp_path / "copy.yaml"
    copy.write_text(text, encoding="utf-8")
    by_path = trial.load(QUICK, (f"trial.service={copy}",))
    assert by_path.run_digest() == named.run_digest(), "what it says counts, not where it stands"
    tree = named.service.model_dump(mode="json", by_alias=True)
    del tree["spec"]["digest"]
    tree["spec"]["parts"]["whole"]["n"] += 1
    copy.write_text(written(sealed(tree)), encoding="utf-8")
    other = trial.load(QUICK, (f"trial.service={copy}",))
    assert other.run_digest() not in (named.run_digest(), without.run_digest())


def test_a_charter_is_no_service() -> None:
    with pytest.raises(BadDocument, match=r"got 'Charter', expected a ServiceProfile"):
        trial.load(QUICK, (f"trial.service={HERE / 'good' / 'charter.yaml'}",))
