"""The script that rewards a model's own lists, run as a person runs it."""

import json
import re
import shutil

import pytest
import torch
from made_lists import make_lists
from safetensors.torch import load_file
from stages import script
from transformers import AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import read_cost, read_record
from tastetune.artifacts.trained_rows import refuse_trained, row_keys
from tastetune.errors import InputError
from tastetune.language_models.chat import plain_text
from tastetune.tasks.top_n import TopN
from tastetune.training.configs import TotalBatchGRPOConfig
from tastetune.training.stand_in import make_model, train_tokenizer

RECIPE = "recipes/quickstart/grpo.yaml"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Lists of three lines, and an adapter that writes them more often than not."""
    folder = tmp_path_factory.mktemp("home")
    data = open_dataset(make_lists(folder / "data", n_users=12, n_items=60, task=TopN(n=3)))
    rows = data.read("top_n", "train").to_pylist()
    tokenizer = train_tokenizer([plain_text(row[side]) for row in rows for side in ("prompt", "completion")], 600)
    torch.manual_seed(0)
    make_model(tokenizer, 64, 1, heads=4).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    flags = ["--max_steps", 40, "--total_train_batch_size", 4, "--per_device_train_batch_size", 4]
    flags += ["--learning_rate", 0.02, "--output_dir", folder / "sft"]
    script("scripts/sft.py", "recipes/quickstart/top_n.yaml", *fixed(folder), *flags)
    return folder


def fixed(home):
    return ["--dataset_name", home / "data", "--model_name_or_path", home / "model"]


def small(home, output):
    """Four steps of two groups of four short lists in two passes, a checkpoint in the middle."""
    flags = ["--sft_adapter", home / "sft", "--output_dir", home / output, "--num_generations", 4]
    flags += ["--total_train_batch_size", 8, "--per_device_train_batch_size", 4, "--max_completion_length", 32]
    flags += ["--max_steps", 4, "--save_strategy", "steps", "--save_steps", 2, "--warmup_steps", 0]
    return [*fixed(home), *flags, "--learning_rate", 0.01]


def logged(text):
    return [json.loads(line.replace("'", '"')) for line in re.findall(r"\{'loss.*\}", text)]


@pytest.fixture(scope="module")
def trained(home):
    script("scripts/grpo.py", RECIPE, *small(home, "grpo"))
    return home / "grpo"


def test_it_starts_as_its_reference_and_writes_an_adapter(home, trained, capsys):
    script("scripts/grpo.py", RECIPE, *small(home, "again"), "--max_steps", 2, "--save_strategy", "no")
    steps = logged(capsys.readouterr().out)
    assert len(steps) == 2
    # Held to the fine-tuned adapter and still equal to it; after one step no more
    assert abs(float(steps[0]["kl"])) < 1e-6 < float(steps[1]["kl"])
    assert 0 < float(steps[0]["reward"]) <= 1
    assert steps[0]["reward"] == steps[0]["rewards/gold_share/mean"]
    written = {path.name for path in trained.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "cost.json", "run.json"} <= written
    assert "ref" not in written
    # Two groups of four lists a step
    assert [read_cost(trained / name)["examples"] for name in ("checkpoint-2", "")] == [16, 32]
    after, before = (load_file(folder / "adapter_model.safetensors") for folder in (trained, home / "sft"))
    assert after.keys() == before.keys()
    assert {weight.dtype for weight in after.values()} == {torch.float32}
    assert max((after[name] - before[name]).abs().max() for name in after) > 1e-3


def test_an_interrupted_run_goes_on_and_ends_the_same(home, trained, capsys):
    shutil.copytree(trained, home / "killed")
    shutil.rmtree(home / "killed" / "checkpoint-4")  # as if killed before it
    (home / "killed" / "adapter_model.safetensors").unlink()
    script("scripts/grpo.py", RECIPE, *small(home, "killed"))
    assert f"resuming from {home}/killed/checkpoint-2" in capsys.readouterr().out
    resumed, whole = (load_file(folder / "adapter_model.safetensors") for folder in (home / "killed", trained))
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight, rtol=1e-3, atol=1e-5)
    with pytest.raises(SystemExit, match=r"holds a run with temperature 0\.7, this one has 0\.5"):
        script("scripts/grpo.py", RECIPE, *small(home, "killed"), "--temperature", 0.5)


def test_a_run_interrupted_in_its_second_pass_goes_on_in_the_same_order(home):
    """Four steps of two users each ask the eight users once; the sixth step is the second one of the second pass."""
    flags = ["--max_steps", 6, "--save_steps", 5]
    script("scripts/grpo.py", RECIPE, *small(home, "whole"), *flags)
    shutil.copytree(home / "whole", home / "stopped")
    shutil.rmtree(home / "stopped" / "checkpoint-6")
    (home / "stopped" / "adapter_model.safetensors").unlink()
    script("scripts/grpo.py", RECIPE, *small(home, "stopped"), *flags)
    resumed, whole = (load_file(home / name / "adapter_model.safetensors") for name in ("stopped", "whole"))
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight, rtol=1e-3, atol=1e-5)


def test_what_the_model_brings_along_decides_nothing(home, tmp_path, capsys):
    """A generation config that ends every answer after one token would leave nothing to reward."""
    shutil.copytree(home / "model", tmp_path / "model")
    brought = {"max_length": 5, "forced_eos_token_id": 1, "suppress_tokens": list(range(2, 300)), "num_beams": 2}
    (tmp_path / "model" / "generation_config.json").write_text(json.dumps(brought), encoding="utf-8")
    rewards = []
    for model in (home / "model", tmp_path / "model"):
        flags = ["--model_name_or_path", model, "--output_dir", tmp_path / f"out{len(rewards)}"]
        script("scripts/grpo.py", RECIPE, *small(home, "unused"), *flags, "--max_steps", 1, "--beta", 0)
        rewards += [step["reward"] for step in logged(capsys.readouterr().out)]
    assert rewards[0] == rewards[1]


def test_what_it_went_on_from_counts_as_trained_on(home, trained, tmp_path):
    record, dataset = read_record(trained), open_dataset(home / "data")
    settings = record.settings
    assert (settings["sft_adapter"], settings["sft_train_split"]) == ("sft", "train")  # no folder of this machine
    assert (settings["lora_r"], settings["use_peft"]) == (16, True)
    assert (record.rows == row_keys(dataset, "top_n", "train")).all()
    (tmp_path / "run.json").write_text(
        json.dumps({"dataset_train_split": "train", "sft_train_split": "train+validation"}), encoding="utf-8"
    )
    refuse_trained([record], dataset, "top_n", "validation")
    with pytest.raises(InputError, match=r"was trained on train\+validation, so its answers to validation"):
        refuse_trained([read_record(tmp_path)], dataset, "top_n", "validation")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--sft_adapter="], "sft_adapter is empty; name a folder, or leave the key out"),
        (["--sft_adapter", "no/such"], r"sft_adapter 'no/such': no adapter lies there, nor could one be fetched"),
        (["--dataset_config", "like_dislike"], r"dataset_config is 'like_dislike', which asks rows of"),
        (["--num_generations", 3], "total_train_batch_size is 8 answers, and num_generations 3 does not divide it"),
        (["--num_generations", 1], "num_generations is 1; an answer is compared with others"),
        (["--total_train_batch_size", 6], "total_train_batch_size is 6, and .* does not divide it"),
        (["--total_train_batch_size", 64], "split 'train' has 8 lists, and a step asks for 16"),
        (["--generation_batch_size", 8], "generation_batch_size follows from total_train_batch_size; leave it out"),
        (["--push_to_hub", "true"], r"push_to_hub: train first, then push the folder with scripts/push\.py"),
    ],
)
def test_bad_input_ends_in_one_clear_message(home, flags, message):
    with pytest.raises(SystemExit, match=message):
        script("scripts/grpo.py", RECIPE, *small(home, "refused"), *flags)
    assert not (home / "refused").exists()


def test_a_run_whose_lists_earn_nothing_says_so_and_ends_with_status_0(home, capsys):
    """One token names no film: no reward, no gradient, and the adapter it started from."""
    script("scripts/grpo.py", RECIPE, *small(home, "unrewarded"), "--max_completion_length", 1, "--max_steps", 1)
    printed = capsys.readouterr().out
    assert "warning: none of the lists written in 1 steps earned anything, so nothing was learnt" in printed
    assert f"adapter: {home / 'unrewarded'} after 1 steps" in printed  # no SystemExit: status 0
    after, before = (load_file(home / name / "adapter_model.safetensors") for name in ("unrewarded", "sft"))
    for name, weight in before.items():
        torch.testing.assert_close(after[name], weight, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("layers", "has_record", "message"),
    [(1, True, "was trained on a base model with other weights"), (2, False, "so it was trained on a shallower model")],
)
def test_an_adapter_of_another_base_is_refused_before_the_model_is_loaded(home, tmp_path, layers, has_record, message):
    torch.manual_seed(1)
    make_model(AutoTokenizer.from_pretrained(home / "model"), 64, layers, heads=4).save_pretrained(tmp_path / "model")
    shutil.copytree(
        home / "model", tmp_path / "model", dirs_exist_ok=True, ignore=shutil.ignore_patterns("*onfig.json", "*.saf*")
    )
    shutil.copy(home / "model" / "tokenizer_config.json", tmp_path / "model")
    shutil.copytree(home / "sft", tmp_path / "sft")
    if not has_record:
        (tmp_path / "sft" / "run.json").unlink()
    flags = ["--model_name_or_path", tmp_path / "model", "--sft_adapter", tmp_path / "sft"]
    with pytest.raises(SystemExit, match=message):
        script("scripts/grpo.py", RECIPE, *small(home, "refused"), *flags)
    assert not (home / "refused").exists()


@pytest.mark.parametrize(("total", "passes"), [(None, 1), (8, 4), (16, 8)])
def test_a_batch_smaller_than_a_group_is_accumulated(tmp_path, total, passes):
    """Two answers a pass and groups of four: two passes at least make a group; without a total, they are asked for."""
    made = {"per_device_train_batch_size": 2, "num_generations": 4, "use_cpu": True, "bf16": False}
    if total is None:
        with pytest.raises(InputError, match="a step is 2 answers, and num_generations 4 does not divide it"):
            TotalBatchGRPOConfig(str(tmp_path), **made)
        return
    config = TotalBatchGRPOConfig(str(tmp_path), total_train_batch_size=total, **made)
    assert (config.generation_batch_size, config.steps_per_generation) == (total, passes)
    assert config.gradient_accumulation_steps == passes
