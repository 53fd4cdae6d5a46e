"""The wheel, in an empty environment and an empty folder: what a stranger installs is what was tested here.

Knows: how the wheel is built and where its parts must be. Does not know: what the commands compute.
No network: the wheel is built without isolation, and the locked dependencies of this environment are shown to the
empty one by a path file, which shows neither the checkout nor the editable install.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
QUICK = "telco/midsize-carrier-quick-v1"


def call(command: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command from `cwd`, with nothing in the environment that points back at the checkout."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "WINDTUNNEL_", "VIRTUAL_ENV", "COV_", "PYTEST_"))
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, "COLUMNS": "200", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    result = call(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], cwd=folder
    )
    assert result.returncode == 0, result.stdout + result.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment that holds the wheel and sees the locked dependencies."""
    home = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    where = {"base": str(home), "platbase": str(home)}
    commands = Path(sysconfig.get_path("scripts", "venv", where))
    library = Path(sysconfig.get_path("purelib", "venv", where))
    pip = [sys.executable, "-m", "pip", "--python", home, "--quiet", "--disable-pip-version-check"]
    result = call([*pip, "install", "--no-index", "--no-deps", wheel], cwd=home)
    assert result.returncode == 0, result.stdout + result.stderr
    (library / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return commands


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "somewhere else"
    folder.mkdir()
    return folder


def test_it_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = f"windtunnel-{PROJECT['version']}.dist-info"
    assert {name.split("/")[0] for name in names} == {"sim", "harness", "scenarios", info}
    assert f"{info}/licenses/LICENSE" in names
    assert not {name for name in names if "__pycache__" in name}


def test_every_scenario_and_charter_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    written = {path.relative_to(ROOT).as_posix() for path in (ROOT / "scenarios").rglob("*.yaml")}
    assert written
    assert not written - shipped


def test_it_says_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        told = Parser().parsestr(archive.read(name).decode())
    assert told["Requires-Python"].replace(" ", "") in {">=3.11,<3.15", "<3.15,>=3.11"}
    assert set(told.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])
    light = [text for text in told.get_all("Requires-Dist", []) if "extra ==" not in text]
    assert len(light) == len(PROJECT["dependencies"])


def test_the_installed_code_is_the_wheels(scripts: Path, empty: Path) -> None:
    ask = "import sim, harness, scenarios; print(sim.__file__, harness.__file__, scenarios.__path__[0], sep='\\n')"
    result = call([scripts / "python", "-c", ask], cwd=empty)
    assert result.returncode == 0, result.stderr
    for place in result.stdout.split("\n")[:3]:
        assert Path(place).is_relative_to(scripts.parent), place


def test_list_names_the_shipped_scenarios(scripts: Path, empty: Path) -> None:
    result = call([scripts / "windtunnel", "list", "scenarios"], cwd=empty)
    assert result.returncode == 0, result.stderr
    assert QUICK in result.stdout


def test_check_reads_a_shipped_scenario_by_its_id(scripts: Path, empty: Path) -> None:
    result = call([scripts / "windtunnel", "check", QUICK], cwd=empty)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not list(empty.iterdir()), "check writes nothing"


def test_run_explains_itself(scripts: Path, empty: Path) -> None:
    result = call([scripts / "windtunnel", "run", QUICK, "--help"], cwd=empty)
    assert result.returncode == 0, result.stderr
    assert "--fail-on" in result.stdout
    assert not list(empty.iterdir())
