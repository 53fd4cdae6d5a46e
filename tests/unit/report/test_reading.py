"""Reading a run's folder: what is refused, in one line, and that nothing outside the folder is touched."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from harness.report import render
from sim.core.errors import UserError


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as told:
        render(folder)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_no_folder(tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "nowhere")


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    assert "manifest.json" in refused(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_that_was_not_judged(fresh: Path) -> None:
    (fresh / "verdict.json").unlink()
    assert "has not been judged" in refused(fresh)
    assert not (fresh / "report.html").exists()


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b""])
def test_a_broken_document(fresh: Path, content: bytes) -> None:
    (fresh / "verdict.json").write_bytes(content)
    assert "verdict.json" in refused(fresh)


@pytest.mark.parametrize("content", [b"", b"PAR1 not really"])
def test_a_broken_table(fresh: Path, content: bytes) -> None:
    (fresh / "metrics.parquet").write_bytes(content)
    assert "metrics.parquet" in refused(fresh)


def test_a_table_without_its_columns(fresh: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"seed": [-1]}), fresh / "metrics.parquet")
    assert "metrics.parquet" in refused(fresh)
    assert "window" in refused(fresh)


def test_a_link_out_of_the_folder_is_not_read(fresh: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_bytes((fresh / "verdict.json").read_bytes())
    (fresh / "verdict.json").unlink()
    (fresh / "verdict.json").symlink_to(secret)
    assert "leads out of the run's folder" in refused(fresh)


def test_a_link_out_of_the_folder_is_not_written_through(fresh: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    for name in ("report.html", ".report.html.new"):
        (fresh / name).symlink_to(precious)
    render(fresh)
    assert precious.read_text() == "mine"
    assert not (fresh / "report.html").is_symlink()


def test_only_the_rows_over_seeds_are_kept(rendered: Path, synthetic: ModuleType) -> None:
    from harness.report.reading import read_run

    run = read_run(rendered)
    curve = run.points("xgboost", "complaint_reduction")
    assert len(curve) == len({point.window for point in curve}) == 1 + 12 + 52
    wanted = {
        "candidate": "xgboost",
        "metric": "complaint_reduction",
        "view": "true",
        "slice": "all",
        "seed": -1,
        "window": "m07",
    }
    row = next(row for row in synthetic.metric_rows() if wanted.items() <= row.items())
    month = next(point for point in curve if point.window == "m07")
    assert (month.start, month.end, month.value) == (180, 210, row["value"])
    last = next(point for point in curve if point.window == "w52")
    assert (last.start, last.end) == (357, 360)
