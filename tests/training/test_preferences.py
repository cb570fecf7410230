"""Pairs by hand, and the script that trains on them."""

import json
import shutil

import pytest
import torch
from made import make_dataset
from made_lists import make_lists
from made_model import make_tiny_model
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from stages import script
from transformers import AutoModelForCausalLM

from tastetune.artifacts.dataset import open_dataset
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import Item, LikeDislike
from tastetune.training.preferences import candidate_pairs, list_pair, read_pairs


def row(label, seen, target, task):
    films = [Item(f"Film {number}") for number in seen]
    return {"label": label, "prompt": task.prompt(films, [5.0] * len(films), Item(f"Film {target}"))}


@pytest.mark.parametrize("task", [LikeDislike(), LikeDislike(item="book", user="reader", enjoy="enjoy")])
def test_a_like_and_a_dislike_after_the_history_of_the_earlier_one(task):
    """Rated in this order: 1 liked, 2 liked, 3 disliked. One pair, 1 over 3, after 1's empty history; 2 stays alone."""
    rows = [row(1, [], 1, task), row(1, [1], 2, task), row(0, [1, 2], 3, task)]
    (pair,) = candidate_pairs(rows, task)
    assert pair["prompt"].endswith(f"- (empty)\n\n## Target {task.item}:\n-")
    assert pair["chosen"] == ' "Film 1"\n\n## Response: Yes'
    assert pair["rejected"] == ' "Film 3"\n\n## Response: Yes'
    # Prompt and target together are a prompt of the task, so what is learnt is what is asked
    assert pair["prompt"] + pair["chosen"] == rows[0]["prompt"] + " Yes"


def test_a_title_cannot_move_the_cut():
    task = LikeDislike()
    before, after = task.parted(task.prompt([Item("## Target movie:\n- x")], [1.0], Item("## Target movie:\n- y")))
    assert before.endswith("## Target movie:\n-")
    assert after == ' "## Target movie: - y"\n\n## Response:'


def test_the_gold_list_over_the_same_with_every_other_line_spoilt():
    # Gold a, q, b of which three are asked; p is the user's own, q is gold: lines 1 and 3 become r and s
    popular = ["p", "q", "r", "s", "t"]
    assert list_pair(["p"], ["a", "q", "b"], popular, 3) == (["a", "q", "b"], ["r", "q", "s"])
    assert list_pair(["p"], ["a", "q", "b"], popular, 1) == (["a"], ["r"])
    # Three lines need two other films, and there is but r
    assert list_pair(["p"], ["a", "q", "b"], ["p", "q", "r"], 3) is None


def test_pairs_of_a_dataset_are_counted(tmp_path):
    data = open_dataset(make_dataset(tmp_path / "ratings", 20, 20))
    pairs, counts = read_pairs(data, "like_dislike", "train")
    assert counts["pairs"] == len(pairs)
    assert 2 * counts["pairs"] + counts["left_out"] == len(data.read("like_dislike", "train"))
    lists = open_dataset(make_lists(tmp_path / "lists"))
    pairs, counts = read_pairs(lists, "top_n", "train")
    assert counts["pairs"] + counts["left_out"] == len(lists.read("top_n", "train"))
    assert pairs[0]["chosen"][0]["content"] != pairs[0]["rejected"][0]["content"]
    with pytest.raises(
        InputError,
        match="dataset_config is 'items'; expected one of like_dislike, rating, stream, stream_rating, top_n",
    ):
        read_pairs(lists, "items", "train")


@pytest.mark.parametrize("config", ["like_dislike", "top_n"])
def test_the_preferred_answer_becomes_likelier_than_under_the_adapter_it_started_from(tmp_path, config, capsys):
    make_data = {"like_dislike": make_dataset, "top_n": make_lists}[config]
    # Few users: after as many steps each pair was seen several times
    data, model = make_data(tmp_path / "data", n_users=10), make_tiny_model(tmp_path / "model")
    fixed = ["--dataset_name", data, "--dataset_config", config, "--model_name_or_path", model]
    small = ["--max_steps", 12, "--total_train_batch_size", 8, "--per_device_train_batch_size", 8, "--logging_steps", 1]
    script("scripts/sft.py", "recipes/quickstart/top_n.yaml", *fixed, *small, "--output_dir", tmp_path / "sft")
    flags = [*fixed, *small, "--sft_adapter", tmp_path / "sft", "--output_dir", tmp_path / "dpo"]
    steep = ["--learning_rate", 0.01, "--warmup_steps", 0, "--save_strategy", "steps", "--save_steps", 4]
    script("scripts/dpo.py", "recipes/quickstart/dpo.yaml", *flags, *steep)
    lines = [line for line in capsys.readouterr().out.splitlines() if "rewards/margins" in line]
    margins = [float(json.loads(line.replace("'", '"'))["rewards/margins"]) for line in lines]
    assert abs(margins[0]) < 1e-5  # the model is still its own reference
    assert margins[-1] > 0.01
    written = {path.name for path in (tmp_path / "dpo").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "cost.json", "run.json"} <= written
    assert "ref" not in written
    # Interrupted behind its last checkpoint, it goes on from there and ends the same, from the same reference
    shutil.copytree(tmp_path / "dpo", tmp_path / "killed")
    shutil.rmtree(tmp_path / "killed" / "checkpoint-12")
    (tmp_path / "killed" / "adapter_model.safetensors").unlink()
    again = [*flags[:-1], tmp_path / "killed"]
    script("scripts/dpo.py", "recipes/quickstart/dpo.yaml", *again, *steep)
    assert f"resuming from {tmp_path}/killed/checkpoint-8" in capsys.readouterr().out
    resumed, whole = (load_file(tmp_path / run / "adapter_model.safetensors") for run in ("killed", "dpo"))
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--sft_adapter="], "sft_adapter is empty"),
        (["--sft_adapter", "no/such"], "sft_adapter 'no/such': no adapter lies there"),
        (["--max_length", "20"], r"16 of 16 rows are longer than max_length 20 .* would lose their answer"),
        (["--push_to_hub", "true"], "push_to_hub: train first"),
    ],
)
def test_bad_input_ends_in_one_clear_message(tmp_path, flags, message):
    make_dataset(tmp_path / "data", 20, 20)
    model = make_tiny_model(tmp_path / "model")
    lora = LoraConfig(r=2, task_type="CAUSAL_LM", target_modules="all-linear")
    get_peft_model(AutoModelForCausalLM.from_pretrained(model), lora).save_pretrained(tmp_path / "sft")
    fixed = ["--dataset_name", tmp_path / "data", "--dataset_config", "like_dislike", "--model_name_or_path", model]
    fixed += ["--sft_adapter", tmp_path / "sft", "--output_dir", tmp_path / "dpo", "--max_steps", 2]
    with pytest.raises(SystemExit, match=message):
        script("scripts/dpo.py", "recipes/quickstart/dpo.yaml", *fixed, *flags)
    assert not (tmp_path / "dpo").exists()


@pytest.mark.parametrize(
    ("layers", "record", "message"),
    [
        (1, {"base_weights": "a" * 64}, "sft was trained on a base model with other weights than these"),
        (2, {}, r"no weights for 7 of 14 layers like its own, .* it was trained on a shallower model"),
    ],
)
def test_an_adapter_of_another_base_is_refused_before_the_model_is_loaded(tmp_path, layers, record, message):
    make_dataset(tmp_path / "data", 20, 20)
    lora = LoraConfig(r=2, task_type="CAUSAL_LM", target_modules="all-linear")
    own = AutoModelForCausalLM.from_pretrained(make_tiny_model(tmp_path / "own"))
    get_peft_model(own, lora).save_pretrained(tmp_path / "sft")
    (tmp_path / "sft" / "run.json").write_text(json.dumps(record))
    flags = ["--dataset_name", tmp_path / "data", "--dataset_config", "like_dislike", "--sft_adapter", tmp_path / "sft"]
    flags += ["--model_name_or_path", make_tiny_model(tmp_path / "model", layers=layers, seed=1)]
    with pytest.raises(SystemExit, match=message):
        script("scripts/dpo.py", "recipes/quickstart/dpo.yaml", *flags, "--output_dir", tmp_path / "dpo")
    assert not (tmp_path / "dpo").exists()
