"""Training that fails without an error: stopped, named, and without an adapter."""

import resource
import runpy
import signal
import sys
from types import SimpleNamespace

import pytest
import torch
from datasets import Dataset
from made_model import make_home
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig

from tastetune.errors import InputError
from tastetune.training.failures import FailureWatch, explained_disk_errors, refuse_unlabelled, warn_if_unrewarded
from tastetune.training.trainers import CompactSFTTrainer

ROWS = Dataset.from_list([{"prompt": f"Film {n}", "completion": " Yes" if n % 3 else " No"} for n in range(12)])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 20, 20)


def trainer_of(home, rows=ROWS, **keys):
    fixed = {"use_cpu": True, "bf16": False, "per_device_train_batch_size": 4, "max_steps": 4, "save_strategy": "no"}
    return CompactSFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(home / "model"),
        args=SFTConfig(str(home / "out"), report_to="none", **fixed | {"logging_steps": 1} | keys),
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(home / "model"),
        callbacks=[FailureWatch()],
    )


def test_a_run_that_diverges_stops_at_its_first_number_that_is_none(home):
    """Steps of 1e30 throw the weights away at once; the library logs a loss of 0 and goes on to the end."""
    trainer = trainer_of(home, learning_rate=1e30, max_grad_norm=0, warmup_steps=0, lr_scheduler_type="constant")
    with pytest.raises(
        InputError, match=r"no finite number at step 2: training has diverged, and no adapter .* --force"
    ):
        trainer.train()
    assert trainer.state.global_step == 1


def test_the_very_step_that_ends_a_run_is_looked_at_too(home):
    trainer = trainer_of(home, max_steps=1, learning_rate=float("1e39"), max_grad_norm=0, lr_scheduler_type="constant")
    with pytest.raises(InputError, match="no finite number at step 1"):
        trainer.train()


def test_a_loss_that_is_none_is_seen_where_gradients_are_not():
    args = SimpleNamespace(learning_rate=1.0, max_grad_norm=1.0)
    for logs in ({"loss": float("nan")}, {"eval_loss": float("inf")}):
        with pytest.raises(InputError, match=rf"^{next(iter(logs))} is no finite number at step 7"):
            FailureWatch().on_log(args, SimpleNamespace(global_step=7), None, logs=logs)
    FailureWatch().on_log(args, SimpleNamespace(global_step=7), None, logs={"loss": 0.5, "grad_norm": 1.0})


def test_weights_that_stand_still_are_an_error(home):
    with pytest.raises(InputError, match=r"no weight has changed in 4 steps; raise learning_rate \(0\.0\)"):
        trainer_of(home, learning_rate=0.0).train()
    trainer_of(home, learning_rate=1e-3).train()


def test_a_loss_that_does_not_move_is_an_error():
    """Weights do: those of a layer whose output goes nowhere."""
    model, args = torch.nn.Linear(2, 2), SimpleNamespace(learning_rate=1.0, max_grad_norm=1.0, fp16=False)
    for losses, stands in (([0.7, 0.7, 0.7], True), ([0.7, 0.7], False), ([0.7, 0.7, 0.6], False)):
        watch, state = FailureWatch(), SimpleNamespace(global_step=9, log_history=[{"loss": loss} for loss in losses])
        watch.on_train_begin(args, state, None, model=model)
        with torch.no_grad():
            model.weight += 1
        if stands:
            with pytest.raises(InputError, match=r"the loss is 0\.7 in all 3 lines of the log"):
                watch.on_train_end(args, state, None, model=model)
        else:
            watch.on_train_end(args, state, None, model=model)


def test_labels_truncated_away_are_counted(home):
    """Of 12 rows one is so long that its answer is cut off: the library drops it and trains on."""
    long = Dataset.from_list([*ROWS.select(range(11)), {"prompt": "Film " * 60, "completion": " Yes"}])
    trainer = trainer_of(home, long, max_length=32)
    with pytest.raises(InputError, match="1 of 12 rows have no token left that counts in the loss"):
        refuse_unlabelled(trainer, long)
    refuse_unlabelled(trainer_of(home), ROWS)
    refuse_unlabelled(trainer_of(home, packing=True, max_length=64), ROWS)


@pytest.mark.parametrize(("earned", "history", "warns"), [(0.0, [0.0], True), (0.1, [], False), (0.0, [0.2], False)])
def test_lists_that_never_earned_anything_are_told(earned, history, warns, capsys):
    state = SimpleNamespace(global_step=24, log_history=[{"reward": reward} for reward in history])
    trainer = SimpleNamespace(state=state, accelerator=SimpleNamespace(print=print))
    warn_if_unrewarded(SimpleNamespace(earned=earned), trainer)
    assert ("none of the lists written in 24 steps earned anything" in capsys.readouterr().out) is warns


def test_a_disk_that_takes_no_weights_is_one_message(home):
    """A limit on the size of files stands in for a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    flags = ["--dataset_name", home / "data", "--model_name_or_path", home / "model", "--output_dir", home / "full"]
    flags += ["--total_train_batch_size", 2, "--per_device_train_batch_size", 2, "--max_steps", 2, "--save_steps", 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["scripts/sft.py", "recipes/quickstart/sft.yaml", *map(str, flags), "--lora_r=512"])
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            with pytest.raises(SystemExit, match=r"error: .*full: the weights could not be written \(.*make room"):
                runpy.run_path("scripts/sft.py", run_name="__main__")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, handler)
    assert not (home / "full" / "adapter_model.safetensors").exists()


def test_other_faults_keep_their_traceback():
    with pytest.raises(RuntimeError, match="shapes"), explained_disk_errors("out"):
        raise RuntimeError("shapes cannot be multiplied")
