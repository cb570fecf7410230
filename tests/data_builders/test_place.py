"""Every builder finds out whether its dataset can be written, and holds that place, before it looks at a log."""

import os
from pathlib import Path

import pytest
from scored import run

from tastetune.locks import held_place

NOWHERE = {
    "csv_log.py": ("--log", "no/where/log.csv", "--items", "no/where/log.csv", "--rating_column", "stars"),
    "ml100k.py": ("--source", "no/where/else"),
    "ml1m.py": ("--source", "no/where/else"),
    "netflix.py": ("--source", "no/where/else"),
    "top_n.py": ("--source", "no/where/else"),
}
"""Flags of each builder that name no log."""


def refusal(monkeypatch, script: str, output: Path) -> str:
    with pytest.raises(SystemExit) as stop:
        run(script, monkeypatch, *NOWHERE[script], "--output_dir", output)
    assert str(stop.value).startswith("error: ")
    return str(stop.value)


@pytest.mark.parametrize("script", NOWHERE)
def test_a_place_that_cannot_be_written_is_seen_first_by_root_too(script, tmp_path, monkeypatch):
    """Modes of files do not stop root; a file in a folder's place, and a file system of the kernel's own, do."""
    (tmp_path / "file").write_text("mine")
    assert "cannot be written" in refusal(monkeypatch, script, tmp_path / "file" / "data")
    assert "cannot be written" in refusal(monkeypatch, script, Path("/proc/nowhere/data"))
    assert "holds something else than a dataset" in refusal(monkeypatch, script, tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("script", NOWHERE)
def test_a_place_that_another_process_holds_is_seen_first(script, tmp_path, monkeypatch):
    with held_place(tmp_path / "data"):
        assert f"data is held by process {os.getpid()} (" in refusal(monkeypatch, script, tmp_path / "data")
    assert "no/where" in refusal(monkeypatch, script, tmp_path / "data")  # free again, it comes to the log
    assert not list(tmp_path.iterdir())
