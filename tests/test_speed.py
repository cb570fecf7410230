"""Two ways of doing the same, timed in turns, kept and shown."""

import json

import pytest

from tastetune.errors import InputError
from tastetune.speed import Comparison, in_turns, speed_table, write_speed

TWICE = Comparison("Rows read", "rows/s", "pandas 2.3", 12.34567, 30.0, "every value")


def test_ways_take_turns_and_more_work_in_the_same_time_is_a_higher_rate():
    ran = []

    def work(name, done):
        def run():
            ran.append(name)
            sum(range(200_000))
            return done

        return run

    rates = in_turns({"a": work("a", 1.0), "b": work("b", 100.0)}, turns=3)
    assert ran == ["a", "b"] * 3
    assert 0 < rates["a"] < rates["b"]


def test_what_was_measured_is_kept_with_its_circumstances_and_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = write_speed("reading", [TWICE], {"pandas": "2.3"}, turns=3)
    assert path.as_posix() == "results/speed/reading.json"
    content = json.loads(path.read_text())
    assert (content["turns"], content["versions"]["pandas"]) == (3, "2.3")
    assert content["processor"].startswith("one thread of ")
    # 30 / 12.34567 = 2.43
    line = "| Rows read | pandas 2.3 | 12.3 rows/s | 30 rows/s | 2.4 | every value |"
    assert speed_table([path, path]).splitlines()[2:] == [line, line]
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", '{"comparisons": [{"what": "Rows"}]}', '{"comparisons": 1}', "[]"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a.json: expected what a script of benchmarks/ writes; run it anew"):
        speed_table([tmp_path / "a.json"])


def test_no_file_is_refused():
    with pytest.raises(InputError, match="no file of a benchmark there"):
        speed_table([])
