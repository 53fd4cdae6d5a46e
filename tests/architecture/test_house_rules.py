"""The habits of the design that no linter knows: heads, sizes, names, and what only some modules may touch.

Knows: the source files as text and syntax. Does not know: what they do.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for side in ("sim", "harness") for path in (ROOT / side).rglob("*.py"))
PLUGIN_FOLDERS = [
    "sim/worlds",
    "sim/injections",
    "sim/veils",
    "harness/features",
    "harness/candidates",
    "harness/policies",
    "harness/signals",
    "harness/responses",
    "harness/metrics",
]
BLIND = [
    "harness/features",
    "harness/candidates",
    "harness/policies",
    "harness/signals",
    "harness/responses",
    "harness/playbook.py",
    "harness/lines.py",
    "harness/dashboard.py",
    "harness/shadow.py",
    "harness/trainer.py",
    "harness/cases.py",
    "harness/training.py",
]
"""What must not receive truth or settlement (law 11): these may not even name the module."""

LONG, TOO_LONG = 300, 450
BANNED_WORDS = {"util", "utils", "manager", "helper", "helpers"}
TRUTH = {"sim.core.truth"}


class LongModule(UserWarning):
    """A module that has grown past what is read in one sitting."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def every(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[name_of(path) for path in paths])


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(path: Path) -> set[str]:
    """Every dotted name that a module imports, inside functions too; `from a import b` counts as a and as a.b."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def plugin_files() -> list[Path]:
    """One file, or one package, per plugin; names with a leading underscore are shared parts, not plugins."""
    files: list[Path] = []
    for folder in PLUGIN_FOLDERS:
        for path in sorted((ROOT / folder).iterdir()):
            if path.stem.startswith("_"):
                continue
            if path.suffix == ".py":
                files.append(path)
            elif (path / "__init__.py").exists():
                files.append(path / "__init__.py")
    return files


def words_of(identifier: str) -> set[str]:
    """`RunManager` and `run_manager` are both run and manager."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


@every(MODULES)
def test_a_module_says_what_it_knows_and_does_not_know(path: Path) -> None:
    tree = tree_of(path)
    if path.name == "__init__.py" and not tree.body[1:]:
        return  # a folder without code of its own
    head = " ".join((ast.get_docstring(tree) or "").split())
    assert re.search(r"\bKnows\b", head), f"{name_of(path)}: the docstring does not say what it knows"
    assert re.search(r"\b(Does not know|Knows no|Knows nothing)\b", head), (
        f"{name_of(path)}: the docstring does not say what it does not know"
    )


@every(plugin_files())
def test_a_plugin_is_one_file_with_one_marked_name(path: Path) -> None:
    assigned = {
        target.id
        for node in tree_of(path).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    imported = {
        alias.asname or alias.name
        for node in tree_of(path).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert "PLUGIN" in assigned | imported, f"{name_of(path)}: no PLUGIN = TheClass"


@every(plugin_files())
def test_a_plugin_imports_no_plugin_beside_it(path: Path) -> None:
    """A plugin may share parts with its neighbours (files with a leading underscore), never lean on one of them."""
    home = path.parent if path.name == "__init__.py" else path
    package = home.parent.relative_to(ROOT).as_posix().replace("/", ".")
    own = f"{package}.{home.stem}"
    beside = {
        name
        for name in imports_of(path)
        if name.startswith(f"{package}.")
        and not name.removeprefix(f"{package}.").startswith("_")
        and name != own
        and not name.startswith(f"{own}.")
    }
    assert not beside, f"{name_of(path)} imports {sorted(beside)}"


@pytest.mark.filterwarnings("default::UserWarning")
def test_modules_are_short() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    long = {name: count for name, count in lines.items() if count > LONG}
    if long:
        warnings.warn(LongModule(f"over {LONG} lines: {long}"), stacklevel=1)
    assert not {name: count for name, count in long.items() if count > TOO_LONG}, f"over {TOO_LONG} lines"


@every([path for path in MODULES if not name_of(path).startswith("sim/engine/")])
def test_only_the_engine_imports_simpy(path: Path) -> None:
    assert not {name for name in imports_of(path) if name.split(".")[0] == "simpy"}


@every([path for path in MODULES if name_of(path).startswith(tuple(BLIND))])
def test_who_decides_cannot_name_truth(path: Path) -> None:
    imported = imports_of(path)
    assert not {name for name in imported if name in TRUTH or name.rpartition(".")[0] in TRUTH}
    assert not {name for name in imported if name.rpartition(".")[2] in {"Settlement", "Truth", "Outcomes"}}


@every(MODULES)
def test_names_say_what_a_thing_is(path: Path) -> None:
    named = [path.parent.name if path.name == "__init__.py" else path.stem]
    named += [
        node.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    vague = sorted(name for name in named if words_of(name) & BANNED_WORDS)
    assert not vague, f"{name_of(path)}: {vague}"


@every(MODULES)
def test_nothing_depends_on_the_hash_seed(path: Path) -> None:
    """The builtin hash of text changes with PYTHONHASHSEED: keys come from sim.core.rng or from a digest.

    A set may be asked and counted, but a loop over one runs in the hash's order; `sorted(...)` gives it an order.
    """
    faults = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hash":
            faults.append(f"line {node.lineno}: hash()")
        loops = [node] if isinstance(node, ast.For) else getattr(node, "generators", [])
        for loop in loops:
            over = loop.iter
            is_call = isinstance(over, ast.Call) and isinstance(over.func, ast.Name)
            if isinstance(over, ast.Set | ast.SetComp) or (is_call and over.func.id in {"set", "frozenset"}):
                faults.append(f"line {over.lineno}: a loop over a set")
    assert not faults, f"{name_of(path)}: {faults}"
