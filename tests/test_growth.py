"""What stages take, measured in processes of their own, kept and shown."""

import json
import sys
from dataclasses import replace

import pytest

from tastetune.errors import InputError
from tastetune.growth import Use, exponent, growth_table, measured, read_growth, write_stage


def test_a_stage_is_a_process_whose_time_and_memory_are_its_own():
    """A hundred million bytes that are written to are in memory, whatever the interpreter takes beside them."""
    large = measured(["-c", "x = bytearray(b'1' * 100_000_000)"])
    small = measured(["-c", "pass"])
    assert large.bytes - small.bytes > 90_000_000
    assert small.seconds > 0
    assert small.processor_seconds > 0
    with pytest.raises(InputError, match="ended with status 3; see what it printed"):
        measured(["-c", "raise SystemExit(3)"])


def test_the_power_of_growth_by_hand():
    # Ten times the ratings, a hundred times the seconds: the square; ten times the seconds: linear
    assert exponent((1_000, Use(9, 1, 1)), (10_000, Use(9, 100, 1))) == pytest.approx(2)
    assert exponent((1_000, Use(9, 3, 1)), (10_000, Use(9, 30, 1))) == pytest.approx(1)


def test_what_was_measured_is_kept_and_shown_from_the_smallest_log_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [
        write_stage(10_000, "Built", Use(61.4, 100.2, 3 << 30)),
        write_stage(1_000, "Built", Use(7.0, 10.02, 1 << 29)),
    ]
    assert [path.as_posix() for path in paths] == ["results/scale/10000.json", "results/scale/1000.json"]
    assert json.loads(paths[0].read_text())["ratings"] == 10_000
    assert growth_table(paths).splitlines()[2:] == [
        "| Built | 1,000 | 7 | 10 | 0.5 | – |",
        "| Built | 10,000 | 61 | 100 | 3.0 | 1.00 |",
    ]


def test_a_stage_that_ended_stays_where_another_is_written_and_each_names_its_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, again, scored = Use(7.0, 10.0, 1), Use(6.0, 9.0, 1), Use(1.0, 1.0, 1)
    for stage, use, flag in (("Built", first, "--all"), ("Scored", scored, "--all"), ("Built", again, "--again")):
        monkeypatch.setattr(sys, "argv", ["scale.py", flag])
        path = write_stage(1_000, stage, use)
    assert read_growth(path) == {
        "Built": replace(again, command="python scale.py --again"),
        "Scored": replace(scored, command="python scale.py --all"),
    }


def test_what_is_no_benchmarks_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no file in results/scale; run benchmarks/scale"):
        growth_table([])
    (tmp_path / "1.json").write_text('{"ratings": 1}')
    with pytest.raises(InputError, match=r"1\.json: expected what benchmarks/scale\.py writes; run it anew"):
        growth_table([tmp_path / "1.json"])
