"""A command line that is asked for help answers at once.

Knows: which imports are slow. Does not know: the machine's speed (a module that is not loaded costs nothing anywhere).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("matplotlib", "numba", "pandas", "sklearn", "xgboost")
ASK = """
import json, sys
from harness.cli import main
sys.argv = ["windtunnel", *json.loads(sys.argv[1])]
try:
    main()
except SystemExit as leave:
    status = leave.code or 0
else:
    status = 0
print("LOADED", json.dumps([status, sorted(name for name in json.loads(sys.stdin.read()) if name in sys.modules)]))
"""


@pytest.mark.parametrize(
    "words",
    [["--help"], ["list", "scenarios"], ["check", "telco/midsize-carrier-quick-v1"]],
    ids=" ".join,
)
def test_slow_libraries_are_not_loaded(words: list[str], tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(words)],
        input=json.dumps(SLOW),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    last = result.stdout.strip().splitlines()[-1:] or [""]
    assert last[0].startswith("LOADED "), result.stdout + result.stderr
    status, loaded = json.loads(last[0].removeprefix("LOADED "))
    assert (status, loaded) == (0, []), result.stderr
