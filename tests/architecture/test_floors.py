"""The floors of the house, as import-linter sees them.

Knows: the contracts in pyproject.toml. Does not know: what any module does.
Beside the contracts themselves, planted imports show that each of them bites: a contract that cannot fail is worse
than none.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
CONTRACTS = SETTINGS["contracts"]
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"

# Each row: a module that gets one more import, the import, and the first words of the contract that forbids it.
PLANTED = [
    ("sim/core/time.py", "import harness.kinds", "The world's side never imports"),
    ("sim/core/time.py", "import sim.engine", "The vocabulary stands below the engine"),
    ("sim/core/time.py", "import simpy", "Only sim.engine imports simpy"),
    ("sim/injections/__init__.py", "import sim.worlds", "The vocabulary stands below the engine"),
    ("sim/engine/__init__.py", "import sim.veils", "The vocabulary stands below the engine"),
    ("harness/metrics/__init__.py", "import simpy", "Only sim.engine imports simpy"),
    ("harness/kinds.py", "import sim.worlds.telco", "The team's side sees of the world's side"),
    ("harness/kinds.py", "import harness.metrics", "Records stand below plugins"),
    ("harness/candidates/__init__.py", "import harness.policies", "Records stand below plugins"),
    ("harness/features/__init__.py", "import sim.core.truth", "Features, candidates, policies"),
    (
        "harness/signals/__init__.py",
        "from sim.core.truth import Settlement",
        "Features, candidates, policies",
    ),
]


def lint(where: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the tree at `where`, whatever is installed."""
    command = [sys.executable, "-c", LINT, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=120, check=False)


def copy_of_the_house(target: Path) -> Path:
    """The source tree alone, so that a planted import touches nothing."""
    for package in SETTINGS["root_packages"]:
        shutil.copytree(ROOT / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def flat(text: str) -> str:
    """Output with its line breaks undone: long contract names are wrapped."""
    return " ".join(text.split())


def test_the_floors_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_contract_is_a_sentence() -> None:
    names = [contract["name"] for contract in CONTRACTS]
    assert len(set(names)) == len(names)
    for name in names:
        assert name[0].isupper(), name
        assert len(name.split()) >= 4, name


def test_every_module_of_the_team_has_a_floor() -> None:
    """A module that no layer names would be free to import anything."""
    placed = {
        name.strip(" ()")
        for contract in CONTRACTS
        if contract["type"] == "layers"
        for layer in contract["layers"]
        for name in layer.replace("|", ":").split(":")
    }
    modules = {
        f"harness.{path.stem}"
        for path in (ROOT / "harness").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }
    homeless = sorted(modules - placed)
    assert not homeless, f"name these in the layers of pyproject.toml: {homeless}"


@pytest.mark.parametrize(
    ("module", "statement", "contract"), PLANTED, ids=[f"{m}-{s}" for m, s, _ in PLANTED]
)
def test_a_planted_import_is_found(tmp_path: Path, module: str, statement: str, contract: str) -> None:
    house = copy_of_the_house(tmp_path)
    with (house / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{statement}\n")
    result = lint(house)
    assert result.returncode == 1, result.stdout + result.stderr
    told = flat(result.stdout)
    named = [c["name"] for c in CONTRACTS if c["name"].startswith(contract)]
    assert len(named) == 1
    assert f"{named[0]} BROKEN" in told, told
