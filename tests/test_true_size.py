"""What training steps take on a GPU, kept and shown."""

import json

import pytest

from tastetune.errors import InputError
from tastetune.true_size import StepUse, steps_table, write_steps

USE = StepUse("16 streams at once", tokens=8000.0, labels=400.0, seconds=0.5, bytes=3 << 30, operations=5e13)


def test_rates_are_of_a_second_and_the_share_is_of_the_measured_peak(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = write_steps([USE], "A GPU", peak=4e14, tokenizer="models/smollm2")
    assert path.as_posix() == "results/gpu/true_size.json"
    content = json.loads(path.read_text())
    assert (content["tokenizer"], content["processor"][:25]) == ("models/smollm2", "A GPU and one process of ")
    # 8000 / 0.5 = 16,000 tokens; 400 / 0.5 = 800 labels; 5e13 / 0.5 / 4e14 = 25%
    line = "| 16 streams at once | 8,000 | 16,000 | 800.0 | 3.0 | 25% |"
    assert steps_table(path).splitlines()[2:] == [line]
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", '{"peak": 1, "steps": [{"rows": "x"}]}', '{"steps": []}', "[]"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a.json: expected what benchmarks/true_size.py writes; run it anew"):
        steps_table(tmp_path / "a.json")
