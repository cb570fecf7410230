"""What lies beside a trained model, and what may not be asked of it."""

import pytest

from tastetune.artifacts.run import RunRecord, read_record, refuse_other_base, whole_checkpoints
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


def test_a_checkpoint_is_described_by_the_run_it_lies_in_and_by_its_own_cost(tmp_path):
    (tmp_path / "run.json").write_text('{"dataset": "made"}')
    (tmp_path / "cost.json").write_text('{"examples": 80}')
    for name in ("checkpoint-5", "model"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkpoint-5" / "cost.json").write_text('{"examples": 40}')
    records = {name: read_record(tmp_path / name) for name in (".", "checkpoint-5", "model")}
    assert {name: (record.settings, record.cost) for name, record in records.items()} == {
        ".": ({"dataset": "made"}, {"examples": 80}),
        "checkpoint-5": ({"dataset": "made"}, {"examples": 40}),
        "model": ({}, {}),  # which another run may have made
    }


def test_what_is_neither_here_nor_can_be_asked_for_has_no_record_to_be_trusted(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: no folder of that name lies here, and the Hub cannot be asked"):
        read_record(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", "", r"run\.json: not a whole JSON file \(line 1: Expecting value\); train the adapter anew"),
        ("run.json", "[]", r"run\.json: its content is \[\], expected an object"),
        ("cost.json", "\udcff", r"cost\.json: byte 0 is not UTF-8"),
        ("cost.json", '{"seconds": [3]}', r"cost\.json: seconds\.\w+ is \[3\], expected"),
        ("cost.json", '{"seconds": NaN}', r"cost\.json: seconds is nan, expected a finite number"),
        ("trained_rows.parquet", "PAR1", r"trained_rows\.parquet: no whole parquet file of keys"),
    ],
)
def test_a_damaged_record_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match=message):
        read_record(tmp_path)


def test_the_splits_of_a_dataset_are_those_that_the_run_and_the_one_before_it_name_of_it():
    settings = {"fingerprint": "a", "dataset_train_split": "train", "sft_train_split": "train+validation"}
    assert RunRecord("adapter", settings, {}, None).splits("a") == ["train", "validation"]
    assert RunRecord("adapter", settings, {}, None).splits("b") == []
    with pytest.raises(InputError, match=r"run\.json has dataset_train_split \['train'\], expected splits"):
        RunRecord("adapter", {"fingerprint": "a", "dataset_train_split": ["train"]}, {}, None).splits("a")
    # Preference pairs of one dataset, after fine-tuning on another
    assert RunRecord("adapter", settings | {"sft_fingerprint": "b"}, {}, None).splits("a") == ["train"]
    assert RunRecord("adapter", settings | {"sft_fingerprint": "b"}, {}, None).splits("b") == ["train", "validation"]


def test_only_a_run_that_trained_a_whole_model_made_a_fine_tuned_one():
    made_by = {
        "an adapter": {"use_peft": True, "model_name_or_path": "m"},
        "a stand-in": {"vocab_size": 4000},
        "nobody": {},
        "a fine-tune": {"use_peft": False, "model_name_or_path": "m"},
    }
    fine_tuned = [name for name, settings in made_by.items() if RunRecord("m", settings, {}, None).is_fine_tuned]
    assert fine_tuned == ["a fine-tune"]


def test_an_adapter_goes_onto_the_weights_it_was_trained_on_alone():
    record = RunRecord("adapter", {"base_weights": "a" * 64, "model_name_or_path": "org/base"}, {}, None)
    refuse_other_base(record, "a" * 64)
    refuse_other_base(RunRecord("foreign", {}, {}, None), "b" * 64)  # nothing is recorded of it
    for weights in ("b" * 64, None):
        with pytest.raises(InputError, match=r"other weights than these \(its run names 'org/base', weights aaaa"):
            refuse_other_base(record, weights)
