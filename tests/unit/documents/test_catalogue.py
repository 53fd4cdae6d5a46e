"""The catalogue: the same documents by id from any folder, by path as written, and the closest where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.core import catalogue
from sim.core.errors import BadDocument, UserError

CARD = """apiVersion: windtunnel/v1
kind: Scenario
metadata: {name: mine, version: 1.0.0}
spec: {description: {purpose: own}}
"""


def test_shipped_documents_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = catalogue.ids("Scenario")
    assert "telco/midsize-carrier-v1" in here
    assert "telco/midsize-carrier-v1" in catalogue.ids("Charter")
    assert not [name for name in here if name.startswith(("charters/", "features/"))]
    monkeypatch.chdir(tmp_path)
    assert catalogue.ids("Scenario") == here
    found = catalogue.find("Charter", "telco/midsize-carrier-v1")
    assert (found.id, found.document.at(("kind",))) == ("telco/midsize-carrier-v1", "Charter")


def test_a_path_below_the_catalogue_has_its_id() -> None:
    path = Path(__file__).parents[3] / "scenarios" / "charters" / "telco" / "midsize-carrier-v1.yaml"
    found = catalogue.find("Charter", str(path))
    assert (found.id, found.document.file) == ("telco/midsize-carrier-v1", str(path))


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("telco/midsize-carier-v1", "did you mean 'telco/midsize-carrier-v1'?"),
        ("midsize-carrier-v1", "did you mean 'telco/midsize-carrier-v1'?"),
        ("../scenarios/telco/midsize-carrier-v1", "no scenario"),
        ("", "no scenario"),
        ("a\nb\x00", "no scenario 'a\\nb\\x00'"),
        ("x" * 5000, "no scenario"),
    ],
)
def test_what_is_not_there(reference: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        catalogue.find("Scenario", reference)
    assert says in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_a_folder_of_ones_own_is_a_catalogue_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios" / "mine").mkdir(parents=True)
    (tmp_path / "scenarios" / "mine" / "first-v1.yaml").write_text(CARD, encoding="utf-8")
    (tmp_path / "scenarios" / "mine" / "broken-v1.yaml").write_text("a: [", encoding="utf-8")
    assert catalogue.find("Scenario", "mine/first-v1").document.file == "scenarios/mine/first-v1.yaml"
    cards = {card.id: card for card in catalogue.cards() if card.id.startswith("mine/")}
    assert cards["mine/first-v1"].purpose == "own"
    assert cards["mine/broken-v1"].purpose.startswith("cannot be read: scenarios/mine/broken-v1.yaml:")


def test_the_shipped_one_is_not_shadowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios" / "telco").mkdir(parents=True)
    (tmp_path / "scenarios" / "telco" / "midsize-carrier-v1.yaml").write_text(CARD, encoding="utf-8")
    assert (
        catalogue.find("Scenario", "telco/midsize-carrier-v1").document.at(("metadata", "name"))
        == "midsize-carrier"
    )
    (card,) = [c for c in catalogue.cards() if (c.kind, c.id) == ("Scenario", "telco/midsize-carrier-v1")]
    assert card.name == "midsize-carrier"


def test_paths_in_a_document_start_at_its_folder(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(CARD, encoding="utf-8")
    assert catalogue.find("Scenario", "x.yaml", tmp_path).id == "x"


def test_every_document_has_a_card() -> None:
    cards = catalogue.cards()
    assert [(c.kind, c.id) for c in cards] == sorted({(c.kind, c.id) for c in cards})
    for card in cards:
        assert card.name
        assert card.version
        assert "cannot be read" not in card.purpose


def test_a_document_of_another_kind_is_told_as_that_alone() -> None:
    charter = Path(__file__).parents[3] / "scenarios" / "charters" / "telco" / "midsize-carrier-v1.yaml"
    with pytest.raises(BadDocument, match=r":2:1: kind: got 'Charter', expected a Scenario$"):
        catalogue.find("Scenario", str(charter))
    assert catalogue.find_any(str(charter)).id == "telco/midsize-carrier-v1"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("kind: Chartr\n", "did you mean 'Charter'?"),
        ("", "missing or not text"),
        ("kind: [Charter]\n", "not text"),
    ],
)
def test_an_unknown_kind(kind: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(f"apiVersion: windtunnel/v1\n{kind}", encoding="utf-8")
    with pytest.raises(BadDocument) as caught:
        catalogue.find_any(str(tmp_path / "x.yaml"))
    (fault,) = caught.value.faults
    assert fault.key == "kind"
    assert says in fault.what
