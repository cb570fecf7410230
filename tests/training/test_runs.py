import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from made_model import make_tiny_model
from peft import LoraConfig
from transformers import TrainerState
from trl import ModelConfig, SFTConfig

from tastetune.artifacts.digests import weights_digest
from tastetune.artifacts.run import read_record, run_settings
from tastetune.config.arguments import SftArguments
from tastetune.errors import InputError
from tastetune.files import refuse_unfinished_folder
from tastetune.training.configs import UNOBEYED, refuse_unobeyed
from tastetune.training.costs import CostRecorder
from tastetune.training.runs import adapter_settings, check_push, delete_run, held_run, is_done, resume_point

SETTINGS = {"learning_rate": 0.1, "targets": ("all-linear",)}


def checkpoint(folder, step):
    (folder / f"checkpoint-{step}").mkdir(parents=True)
    (folder / f"checkpoint-{step}" / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    (folder / f"checkpoint-{step}" / "cost.json").write_text(json.dumps({"steps": step}))


def finish(folder):
    (folder / "cost.json").write_text('{"steps": 10}')
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")


def test_only_whole_checkpoints_of_the_same_settings_are_resumed(tmp_path):
    assert resume_point(tmp_path, {"learning_rate": 0.1}) is None
    for step in (5, 10):
        checkpoint(tmp_path, step)
    checkpoint(tmp_path, "best")  # somebody's copy
    (tmp_path / "checkpoint-100").mkdir()  # its writing was cut off before the state
    (tmp_path / "checkpoint-15").mkdir()
    (tmp_path / "checkpoint-15" / "trainer_state.json").write_text('{"global_st')  # or in the middle of it
    checkpoint(tmp_path, 20)
    (tmp_path / "checkpoint-20" / "cost.json").unlink()  # or just before its costs
    assert resume_point(tmp_path, {"learning_rate": 0.1}) == str(tmp_path / "checkpoint-10")
    with pytest.raises(InputError, match=r"holds a run with learning_rate 0.1, this one has 0.2; choose another"):
        resume_point(tmp_path, {"learning_rate": 0.2})
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json: not a whole JSON file .*--force"):
        resume_point(tmp_path, {"learning_rate": 0.1})


def settings_of(folder, **keys):
    dataset = SimpleNamespace(name="made", fingerprint="0", task="like_dislike")
    data = SftArguments(dataset_train_split="train")
    return run_settings(
        dataset, data, SFTConfig(str(folder), use_cpu=True, **{"bf16": False} | keys), ModelConfig("base")
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_grad_norm", 0.5),
        ("adam_beta1", 0.5),
        ("adam_beta2", 0.5),
        ("label_smoothing_factor", 0.1),
        ("neftune_noise_alpha", 5.0),
        ("loss_type", "dft"),
        ("bf16", True),
        ("lr_scheduler_kwargs", {"num_cycles": 2}),
        ("packing_strategy", "wrapped"),
        ("dataloader_drop_last", True),
        ("full_determinism", True),
    ],
)
def test_a_run_goes_on_under_the_same_keys_alone(tmp_path, key, value):
    resume_point(tmp_path, settings_of(tmp_path))
    checkpoint(tmp_path, 5)
    assert resume_point(tmp_path, settings_of(tmp_path)) == str(tmp_path / "checkpoint-5")
    with pytest.raises(InputError, match=rf"holds a run with {key} .*, this one has "):
        resume_point(tmp_path, settings_of(tmp_path, **{key: value}))
    # And the other way round, whichever of the two says more
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(record | {"eval_steps": 5}))
    with pytest.raises(InputError, match="holds a run with eval_steps 5, this one has None"):
        resume_point(tmp_path, settings_of(tmp_path))


def test_dropout_of_the_projects_own_decides_what_a_run_learns_too(tmp_path):
    dataset = SimpleNamespace(name="made", fingerprint="0", task="like_dislike")
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    of = {
        share: run_settings(dataset, SftArguments(residual_dropout=share), args, ModelConfig("base"))
        for share in (0, 0.3)
    }
    assert of[0.3] == of[0] | {"residual_dropout": 0.3}
    none_dropped = run_settings(dataset, SftArguments(embedding_dropout=0.0), args, ModelConfig("base"))
    assert none_dropped == of[0] | {"embedding_dropout": 0.0}  # which is not residual_dropout's share


def test_what_a_record_without_a_key_of_streams_means(tmp_path):
    dataset = SimpleNamespace(name="made", fingerprint="0", task="stream_rating")
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    beside, alone = (
        run_settings(dataset, SftArguments(stream_item_tokens="svd", stream_item_text=text), args, ModelConfig("base"))
        for text in (True, False)
    )
    assert not {"stream_item_text", "stream_estimates"} & beside.keys()
    assert alone == beside | {"stream_item_text": False}
    told = run_settings(
        dataset, SftArguments(stream_item_tokens="svd", stream_estimates=True), args, ModelConfig("base")
    )
    assert told == beside | {"stream_estimates": True}


def test_what_decides_nothing_may_change_when_a_run_goes_on(tmp_path):
    resume_point(tmp_path, settings_of(tmp_path))
    checkpoint(tmp_path, 5)
    harmless = {"logging_steps": 1, "save_steps": 7, "report_to": "none", "dataloader_num_workers": 1, "run_name": "a"}
    harmless |= {"activation_checkpointing": False, "push_to_hub": True, "hub_token": "hf_made_up"}
    # The same eight examples a step, in two passes
    harmless |= {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
    settings = settings_of(tmp_path / "moved", **harmless)
    assert resume_point(tmp_path, settings) == str(tmp_path / "checkpoint-5")
    assert "hf_made_up" not in (tmp_path / "run.json").read_text()


@pytest.mark.parametrize("key", UNOBEYED)
def test_keys_that_nothing_reads_are_refused_by_name(tmp_path, key):
    field = next(field for field in fields(SFTConfig) if field.name == key)
    value = True if field.default is False else {"a": 1} if key.endswith("kwargs") else "something"
    refuse_unobeyed(SFTConfig(str(tmp_path), use_cpu=True, bf16=False))
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    setattr(args, key, value)
    with pytest.raises(InputError, match=rf"^{key} is .*, which is not obeyed: .*; leave it out"):
        refuse_unobeyed(args)


def test_a_push_is_refused_before_training(tmp_path):
    args = SFTConfig(str(tmp_path / "adapter"), use_cpu=True, bf16=False, push_to_hub=True)
    with pytest.raises(InputError, match=r"push_to_hub: the base model '.*' is a folder of this machine"):
        check_push(args, str(tmp_path))
    with pytest.raises(InputError, match="push to Llama-adapter"):
        check_push(args, "meta-llama/Llama-3.2-1B")


def test_a_run_is_done_when_all_of_it_is_there_and_its_settings_are_the_same(tmp_path):
    assert not is_done(tmp_path, SETTINGS)
    resume_point(tmp_path, SETTINGS)
    checkpoint(tmp_path, 10)
    assert not is_done(tmp_path, SETTINGS)
    finish(tmp_path)
    assert is_done(tmp_path, SETTINGS)
    assert not is_done(tmp_path, SETTINGS | {"learning_rate": 0.2})
    (tmp_path / "adapter_model.safetensors").unlink()
    assert not is_done(tmp_path, SETTINGS)


def test_a_run_that_ended_in_the_middle_of_its_last_file_is_not_done(tmp_path):
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    with suppress(OSError), held_run(args, SETTINGS):
        finish(tmp_path)
        raise OSError("no space")
    assert not is_done(tmp_path, SETTINGS)
    with pytest.raises(InputError, match=r"run\.json: its writing was cut off, .*; run again what wrote it"):
        refuse_unfinished_folder(tmp_path)
    with held_run(args, SETTINGS):
        finish(tmp_path)
    assert is_done(tmp_path, SETTINGS)
    refuse_unfinished_folder(tmp_path)


def killed_deleting(folder, deleted):
    """What a process leaves that is killed after it has deleted so many files and folders."""
    if not (process := os.fork()):
        left = iter(range(deleted))

        def before(event, args):  # is told of every deletion before it happens
            if event in ("os.remove", "os.rmdir") and next(left, None) is None:
                os._exit(0)

        sys.addaudithook(before)
        delete_run(folder)
        os._exit(0)
    os.waitpid(process, 0)


def test_a_run_that_is_half_deleted_is_not_gone_on_from_with_other_settings(tmp_path):
    for deleted in range(8):
        folder = tmp_path / str(deleted)
        resume_point(folder, SETTINGS)
        checkpoint(folder, 10)
        finish(folder)
        killed_deleting(folder, deleted)
        if (folder / "adapter_config.json").is_file() or list(folder.glob("checkpoint-*/trainer_state.json")):
            with pytest.raises(InputError, match=r"holds a run with learning_rate 0\.1"):
                resume_point(folder, SETTINGS | {"learning_rate": 0.2})
        else:
            assert resume_point(folder, SETTINGS | {"learning_rate": 0.2}) is None


def test_only_what_a_run_wrote_is_deleted(tmp_path):
    resume_point(tmp_path, SETTINGS)
    checkpoint(tmp_path, 10)
    finish(tmp_path)
    checkpoint(tmp_path, "best")
    (tmp_path / "notes.txt").write_text("mine")
    delete_run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-best", "notes.txt"]
    with held_run(SFTConfig(str(tmp_path), use_cpu=True, bf16=False), SETTINGS | {"learning_rate": 0.2}) as begin:
        assert begin is None


def test_force_begins_anew_where_another_run_lies(tmp_path):
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    resume_point(tmp_path, SETTINGS)
    checkpoint(tmp_path, 10)
    other = SETTINGS | {"learning_rate": 0.2}
    with pytest.raises(InputError, match=r"this one has 0.2; choose another --output_dir, or start anew"):
        held_run(args, other).__enter__()
    with held_run(args, SETTINGS) as begin:
        assert begin == str(tmp_path / "checkpoint-10")
    with held_run(args, other, force=True) as begin:
        assert begin is None
    assert json.loads((tmp_path / "run.json").read_text()) == json.loads(json.dumps(other))


def test_a_second_run_in_the_same_folder_is_refused_while_the_first_goes_on(tmp_path):
    code = "import sys, tastetune.locks as f\nwith f.held(sys.argv[1]): print('held', flush=True), sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": Path(__file__).parents[2]}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], **pipes) as first:
        assert first.stdout.readline() == "held\n"
        args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
        with pytest.raises(InputError, match=rf"is held by process {first.pid} \("):
            held_run(args, SETTINGS, force=True).__enter__()
        assert not (tmp_path / "run.json").exists()
        first.stdin.close()
        assert first.wait() == 0
    with held_run(args, SETTINGS) as begin:
        assert begin is None


def test_no_secret_and_no_folder_of_this_machine_is_written_into_a_runs_record(tmp_path, monkeypatch):
    token = "hf_" + "x" * 34
    settings = {"hub_token": token, "model_name_or_path": "/srv/models/llama", "note": f"{Path.cwd()}/outputs/x"}
    resume_point(tmp_path, settings)
    assert json.loads((tmp_path / "run.json").read_text()) == {"model_name_or_path": "llama", "note": "outputs/x"}
    assert resume_point(tmp_path, settings) is None  # the same run, not one of other settings
    monkeypatch.setattr("sys.argv", [f"{Path.cwd()}/scripts/sft.py", "r.yaml", "--hub_token", "word", "--x", "/srv/y"])
    recorder, state = CostRecorder(None), TrainerState(global_step=5)
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    recorder.on_train_begin(args, state, None, train_dataloader=None)
    recorder.on_train_end(args, state, None)
    assert read_record(tmp_path).cost["command"] == "accelerate launch scripts/sft.py r.yaml --hub_token … --x y"


def test_the_rows_that_are_trained_on_stand_beside_the_settings_and_in_each_checkpoint(tmp_path):
    args = SFTConfig(str(tmp_path), use_cpu=True, bf16=False)
    keys = np.array([1, 5, 2**64 - 1], np.uint64)
    with held_run(args, SETTINGS, rows=keys):
        checkpoint(tmp_path, 10)
        recorder, state = CostRecorder(None), TrainerState(global_step=10)
        recorder.on_train_begin(args, state, None, train_dataloader=None)
        recorder.on_save(args, state, None)
    shutil.copytree(tmp_path / "checkpoint-10", tmp_path / "pushed")  # by itself, as to the Hub
    for folder in (tmp_path, tmp_path / "checkpoint-10", tmp_path / "pushed"):
        record = read_record(folder)
        assert (record.rows == keys).all()
        assert record.settings["learning_rate"] == 0.1
    assert record.cost["steps"] == 10
    delete_run(tmp_path)
    assert read_record(tmp_path).rows is None


def test_a_run_goes_on_from_an_adapter_of_its_own_base_model_alone(tmp_path):
    base, other = (make_tiny_model(tmp_path / f"base{seed}", seed=seed) for seed in (0, 1))
    adapter = tmp_path / "adapter"
    LoraConfig(r=2, task_type="CAUSAL_LM").save_pretrained(adapter)
    (adapter / "adapter_model.safetensors").write_bytes((base / "model.safetensors").read_bytes())
    record = {"fingerprint": "f", "dataset_train_split": "train", "base_weights": weights_digest(str(base))}
    (adapter / "run.json").write_text(json.dumps(record))
    settings = adapter_settings(str(adapter), ModelConfig(model_name_or_path=str(base)))
    assert (settings["lora_r"], settings["sft_train_split"], settings["sft_fingerprint"]) == (2, "train", "f")
    assert settings["sft_weights"] == weights_digest(str(base))
    with pytest.raises(InputError, match="adapter was trained on a base model with other weights"):
        adapter_settings(str(adapter), ModelConfig(model_name_or_path=str(other)))
