"""A browser, where there is one, and the made-up run's report."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

MADE_UP = Path(__file__).parents[1] / "unit" / "report" / "synthetic_run.py"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)

Browse = Callable[..., str]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browse:
    """Open a page at a width and answer the document as it then stands; or write a picture of it."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")

    def browse(
        page: Path, width: int, height: int = 1000, picture: Path | None = None, dark: bool = False
    ) -> str:
        home = tmp_path_factory.mktemp("browser")
        task = [f"--screenshot={picture}"] if picture else ["--virtual-time-budget=5000", "--dump-dom"]
        look = ["--blink-settings=preferredColorScheme=0"] if dark else []
        place = [f"--user-data-dir={home}", f"--window-size={width},{height}", *task, page.as_uri()]
        done = subprocess.run(
            [program, *FLAGS, *look, *place],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
            env=os.environ | {"HOME": str(home)},
        )
        return done.stdout

    return browse


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the made-up run, or of the run folder that WINDTUNNEL_REPORT_RUN names."""
    from harness.report import render

    given = os.environ.get("WINDTUNNEL_REPORT_RUN")
    folder = tmp_path_factory.mktemp("report") / "run"
    if given:
        shutil.copytree(given, folder, ignore=shutil.ignore_patterns("ledger", "parts", "model"))
    else:
        spec = importlib.util.spec_from_file_location("synthetic_run", MADE_UP)
        assert spec is not None
        assert spec.loader is not None
        made_up = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made_up)
        made_up.write_run(folder)
    return render(folder)[0]


FRAME = """<!doctype html><body style="margin: 0"><script>
addEventListener('message', told => document.documentElement.setAttribute('data-told', told.data));
</script><iframe src="measured.html" style="border: 0; width: {width}px; height: 900px"></iframe></body>"""


@pytest.fixture
def measure(browser: Browse, report: Path, tmp_path: Path) -> Callable[[int, str], dict[str, Any]]:
    """Run a script in a copy of the page at a width and answer what it returns.

    The page stands in a frame of that width, since a browser's own window is never narrower than 500 pixels. The copy
    lacks the page's policy, which would stop the script; nothing else differs.
    """

    def run(width: int, script: str) -> dict[str, Any]:
        source = report.read_text(encoding="utf-8")
        bare, times = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", source)
        assert times == 1
        told = (
            f"addEventListener('load', () => parent.postMessage(JSON.stringify((() => {{{script}}})()), '*'))"
        )
        (tmp_path / "measured.html").write_text(
            bare.replace("</body>", f"<script>{told}</script></body>"), encoding="utf-8"
        )
        frame = tmp_path / "frame.html"
        frame.write_text(FRAME.format(width=width), encoding="utf-8")
        found = re.search(r'data-told="([^"]*)"', browser(frame, max(width, 800)))
        assert found is not None, "the script did not run"
        answer: dict[str, Any] = json.loads(unescape(found[1]))
        return answer

    return run
