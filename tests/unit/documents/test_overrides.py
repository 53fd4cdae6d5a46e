"""`--set` and `${env:NAME}`: what lies over a document, and what is told where it does not fit."""

from __future__ import annotations

import pytest

from sim.core.documents import Document, parse
from sim.core.errors import BadDocument
from sim.core.overrides import expand, override, strays

TEXT = b"""spec:
  world:
    with: {lines: 10, path: "${env:HERE}/log.csv"}
    injections:
      - {name: wave, use: step, start: 1d}
      - {name: creep, use: ramp, start: 2d}
  seeds: [1, 2]
"""


@pytest.fixture
def document() -> Document:
    return parse(TEXT, "x.yaml")


@pytest.mark.parametrize(
    ("assignment", "key", "value"),
    [
        ("world.with.lines=1000", ("spec", "world", "with", "lines"), 1000),
        ("world.with.lines = 1000", ("spec", "world", "with", "lines"), 1000),
        ("world.injections.creep.start=-3d", ("spec", "world", "injections", 1, "start"), "-3d"),
        ("world.injections.0.start=3d", ("spec", "world", "injections", 0, "start"), "3d"),
        ("seeds.1=7", ("spec", "seeds", 1), 7),
        ("seeds=[4, 5, 6]", ("spec", "seeds"), (4, 5, 6)),
        ("seeds={first: 1, count: 9}", ("spec", "seeds"), {"first": 1, "count": 9}),
        ("world.with.path=/a=b.csv", ("spec", "world", "with", "path"), "/a=b.csv"),
        ("world.with.hub=NO", ("spec", "world", "with", "hub"), "NO"),
        ("new.key=1", ("spec", "new", "key"), 1),
    ],
)
def test_a_value_is_put_in_place(
    document: Document, assignment: str, key: tuple[str | int, ...], value: object
) -> None:
    changed = override(document, assignment)
    assert changed.at(key) == value
    assert str(changed.fault(key, "odd")).startswith("--set:0:0: spec.")
    assert document.at(key) != value, "the document itself does not change"
    assert str(changed.fault(("spec", "world", "with"), "odd")).startswith("x.yaml:3:5")


def test_only_what_is_set_changes(document: Document) -> None:
    changed = override(document, "world.injections.creep.start=3d")
    assert changed.at(("spec", "world", "injections", 0)) == document.at(("spec", "world", "injections", 0))
    assert changed.at(("spec", "world", "injections", 1, "use")) == "ramp"


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("world.with.lines", "expected KEY=VALUE"),
        ("=3", "expected KEY=VALUE"),
        ("a..b=3", "expected KEY=VALUE"),
        ("world.with.lines=", "no value"),
        ("world.injections.crep.start=3d", "did you mean 'creep'?"),
        ("world.injections.2.start=3d", "one of its 2 items"),
        ("seeds.-1=3", "one of its 2 items"),
        ("world.injections.0.start.deep=3d", "expected a mapping or list"),
        ("seeds=[1, 2", "not YAML"),
        ("seeds=*x", "alias"),
        ("seeds=\x07", "expected printable text"),
    ],
)
def test_what_does_not_fit_is_one_fault_at_the_option(document: Document, assignment: str, says: str) -> None:
    with pytest.raises(BadDocument) as caught:
        override(document, assignment)
    (fault,) = caught.value.faults
    assert fault.file == "--set"
    assert says in fault.what
    assert str(fault).isprintable()


def test_variables_are_read_inside_with_alone(document: Document) -> None:
    under = ("spec", "world", "with")
    assert expand(document, under, {"HERE": "/data"}) == ({"lines": 10, "path": "/data/log.csv"}, [])
    assert strays(document, under) == []
    value, faults = expand(document, under, {})
    assert value["path"] == "${env:HERE}/log.csv"
    (fault,) = faults
    assert str(fault).startswith(
        "x.yaml:3:23: spec.world.with.path: the environment variable HERE is not set, "
    )
    assert str(fault).endswith("expected HERE=... or --set world.with.path=...")
    elsewhere = override(document, "world.injections.0.use=${env:HERE}")
    assert [fault.key for fault in strays(elsewhere, under)] == ["spec.world.injections.0.use"]


def test_a_variable_is_text_whatever_it_holds(document: Document) -> None:
    assert (
        expand(document, ("spec", "world", "with"), {"HERE": "${env:HERE}"})[0]["path"]
        == "${env:HERE}/log.csv"
    )
