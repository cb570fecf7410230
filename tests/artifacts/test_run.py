import json

import pytest

from tastetune.artifacts.run import read_cost, read_settings, refuse_seen, trained_on, whole_checkpoints
from tastetune.errors import InputError


def state(folder, name, text="{}"):
    (folder / name).mkdir(parents=True)
    (folder / name / "trainer_state.json").write_text(text, encoding="utf-8")


def test_whole_checkpoints_are_those_with_a_step_and_a_state_that_can_be_read(tmp_path):
    for name in ("checkpoint-100", "checkpoint-5", "checkpoint-best", "checkpoint-", "checkpoint-1.5", "final-3"):
        state(tmp_path, name)
    state(tmp_path, "checkpoint-200", '{"global_st')  # cut off
    (tmp_path / "checkpoint-300").mkdir()  # before its state was written
    (tmp_path / "checkpoint-400").write_text("a file")
    (tmp_path / "checkpoint-500").mkdir()
    (tmp_path / "checkpoint-500" / "trainer_state.json").write_bytes(b"\xff\xfe")
    # By number, not by name: 5 before 100
    assert list(whole_checkpoints(tmp_path).items()) == [
        (5, tmp_path / "checkpoint-5"),
        (100, tmp_path / "checkpoint-100"),
    ]
    assert whole_checkpoints(tmp_path / "nowhere") == {}


def test_a_checkpoint_is_described_by_the_run_it_lies_in(tmp_path):
    (tmp_path / "run.json").write_text(
        json.dumps({"dataset_train_split": "train", "sft_train_split": "train+validation"})
    )
    (tmp_path / "checkpoint-5").mkdir()
    (tmp_path / "checkpoint-5" / "cost.json").write_text('{"examples": 40}')
    assert read_settings(tmp_path / "checkpoint-5") == read_settings(tmp_path) != {}
    assert trained_on(tmp_path / "checkpoint-5") == ["train", "validation"]
    assert (read_cost(tmp_path / "checkpoint-5"), read_cost(tmp_path), read_cost(None)) == ({"examples": 40}, {}, {})
    refuse_seen(tmp_path, "test")
    with pytest.raises(InputError, match=r"was trained on train\+validation, so its answers to validation"):
        refuse_seen(tmp_path, "test+validation")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", "", r"run\.json: not a whole JSON file \(line 1: Expecting value\); train the adapter anew"),
        ("run.json", "[]", r"run\.json: its content is \[\], expected an object"),
        ("run.json", '{"dataset_train_split": ["train"]}', r"run\.json has dataset_train_split \['train'\], expected"),
        ("cost.json", '{"seconds": [', r"cost\.json: not a whole JSON file"),
        ("cost.json", '{"seconds": [3]}', r"cost\.json: seconds\.\w+ is \[3\], expected"),
        ("cost.json", '{"seconds": NaN}', r"cost\.json: seconds is nan, expected a finite number"),
    ],
)
def test_a_damaged_record_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        trained_on(tmp_path), read_cost(tmp_path)
