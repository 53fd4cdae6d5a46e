"""Reading: YAML 1.2's core schema and nothing cleverer, every key with its place, no input that breaks the reader."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.documents import Document, parse, read
from sim.core.errors import BadDocument
from sim.core.places import dotted, printable, shorten, shown

ROOT = Path(__file__).parents[3]
DOCUMENTS = [
    *sorted((ROOT / "scenarios").rglob("*.yaml")),
    *sorted((ROOT / "tests/bad_input/good").glob("*.yaml")),
]


def read_text(text: str) -> Any:
    return parse(text.encode(), "x.yaml").tree


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"), ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("y", "y"), ("true", True), ("False", False),
        ("1e-3", 1e-3), ("1E3", 1000.0), (".5", 0.5), ("-.5", -0.5), ("1.", 1.0), ("+7", 7), ("007", 7),
        ("12:30", "12:30"), ("1_000", "1_000"), ("0x1F", 31), ("0o17", 15), ("0b1", "0b1"), ("1.0.0", "1.0.0"),
        ("2026-01-05", "2026-01-05"), ("~", None), ("null", None), ("nil", "nil"), (".inf", math.inf),
        ("-.inf", -math.inf),
        ("'1'", "1"), ('"true"', "true"), ("1e", "1e"), ("e3", "e3"), ("--", "--"), ("15m", "15m"),
    ],
)  # fmt: skip
def test_scalars(written: str, value: object) -> None:
    found = read_text(f"x: {written}\n")["x"]
    assert found == value
    assert type(found) is type(value)


def test_nan_is_read_as_such() -> None:
    assert math.isnan(read_text("x: .nan\n")["x"])


def test_lists_are_tuples_and_order_is_kept() -> None:
    assert read_text("b: [1, [2]]\na: {d: 1, c: 2}\n") == {"b": (1, (2,)), "a": {"d": 1, "c": 2}}
    assert list(read_text("b: 1\na: 2\n")) == ["b", "a"]


def test_a_byte_order_mark_is_not_text() -> None:
    assert parse(b"\xef\xbb\xbfkind: x\n", "x").tree == {"kind": "x"}


UNPRINTABLE = "".join(map(chr, range(0x7F, 0xA0))) + "\ufeff"  # in YAML's eyes; JSON writes them as they are
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cn", "Co"], exclude_characters=UNPRINTABLE), max_size=20
)
TREES = st.dictionaries(
    WORDS,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**30), 10**30)
        | st.floats(allow_nan=False, allow_infinity=False)
        | WORDS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
        max_leaves=20,
    ),
    min_size=1,
    max_size=4,
)


def frozen(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: frozen(child) for name, child in node.items()}
    return tuple(frozen(child) for child in node) if isinstance(node, list) else node


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_json_is_yaml(tree: dict[str, Any]) -> None:
    text = json.dumps(tree, indent=1, ensure_ascii=False)
    found = parse(text.encode(), "x").tree
    assert found == frozen(tree)
    assert json.dumps(found) == json.dumps(tree), "numbers keep their type"


def refusal(content: bytes) -> list[str]:
    """The lines that refuse a content; none where it is read."""
    try:
        tree = parse(content, "x.yaml").tree
    except BadDocument as error:
        return str(error).split("\n")
    return [] if isinstance(tree, dict) else ["read as something else"]


def test_half_a_character_is_refused() -> None:
    assert refusal(b'a: "\\ud800"\n') == ["x.yaml:1:4: a: half a character in '\\ud800', expected whole ones"]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused_in_the_form(content: bytes) -> None:
    for line in refusal(content):
        assert line.startswith("x.yaml:")
        assert line.isprintable()


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab:-? \n\t[]{},&*!|>'\"%@#~1."), max_size=60))
def test_any_grammar_is_read_or_refused(text: str) -> None:
    for line in refusal(text.encode()):
        assert line.startswith("x.yaml:")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_key_stands_at_its_place(path: Path) -> None:
    document, lines = read(path), path.read_text(encoding="utf-8").splitlines()
    named = [(key, place) for key, place in document.places.items() if key and isinstance(key[-1], str)]
    assert len(named) > 20
    for key, place in named:
        assert lines[place.line - 1][place.column - 1 :].lstrip("'\"").startswith(str(key[-1])), dotted(key)


def test_a_key_that_is_not_there_is_told_at_the_one_around_it() -> None:
    document = parse(b"a:\n  b: 1\n", "x")
    assert str(document.fault(("a", "c"), "missing")) == "x:1:1: a.c: missing"
    assert str(document.fault(("a", "b", 0), "odd")) == "x:2:3: a.b.0: odd"
    assert document.at(("a", "b", 0)) is None
    assert document.at(("a", -1)) is None


def test_a_fault_is_one_short_printable_line() -> None:
    document = Document("a\nb", {}, {}, Path())
    fault = str(document.fault(("k\x00" + "x" * 500,), "y\u2028z\x1b[2J"))
    assert fault.isprintable()
    assert len(fault) < 200
    assert printable("a\u202eb") == "a\\u202eb"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"), (True, "true"), (math.nan, ".nan"), (-math.inf, "-.inf"), (0.1, "0.1"), ("", "empty text"),
        ("a\nb", "'a\\nb'"), ({}, "a mapping"), ((), "a list"), ("x" * 100, f"'{shorten('x' * 100)}'"),
    ],
)  # fmt: skip
def test_values_are_shown_as_yaml_spells_them(value: object, words: str) -> None:
    assert shown(value) == words
    assert len(words) < 60
