"""A model in training is watched on the validation split."""

import json

import numpy as np
import pytest
from made_lists import make_lists
from made_model import make_home
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import read_record, whole_checkpoints
from tastetune.config.arguments import DataArguments
from tastetune.config.validation import ValidationArguments
from tastetune.errors import InputError
from tastetune.training.configs import FineTuningConfig
from tastetune.training.validation import read_validation

RECIPE = "recipes/quickstart/sft.yaml"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 40, 30)


def train(home, output, *flags):
    """Steps of eight examples on the training split, evaluated after each second one, checkpoints where it was best."""
    fixed = ["--run_dir", home / output, "--dataset_name", home / "data", "--model_name_or_path", home / "model"]
    fixed += ["--dataset_train_split", "train", "--total_train_batch_size", 8, "--per_device_train_batch_size", 8]
    fixed += ["--max_steps", 6, "--warmup_steps", 0, "--eval_strategy", "steps", "--eval_steps", 2]
    fixed += ["--save_strategy", "best", "--load_best_model_at_end", "--eval_rows", 40]
    script("scripts/sft.py", RECIPE, *fixed, *flags)
    return home / output / "adapter"


def evaluations(adapter):
    state = json.loads((adapter / f"checkpoint-{max(whole_checkpoints(adapter))}" / "trainer_state.json").read_text())
    return state, {line["step"]: line for line in state["log_history"] if "eval_roc_auc" in line}


def arguments(tmp_path, **keys):
    return FineTuningConfig(
        str(tmp_path), use_cpu=True, bf16=False, **{"eval_strategy": "steps", "eval_steps": 2} | keys
    )


def auc_by_pairs(labels, scores):
    """The share of (like, dislike) pairs in the right order, ties half: ROC-AUC by its definition."""
    pairs = [
        (a, b)
        for a, label in zip(scores, labels, strict=True)
        if label
        for b, other in zip(scores, labels, strict=True)
        if not other
    ]
    return np.mean([(a > b) + (a == b) / 2 for a, b in pairs])


def test_the_best_checkpoint_by_roc_auc_on_validation_is_kept_and_becomes_the_adapter(home, capsys):
    adapter = train(home, "best", "--activation_checkpointing", "true")
    out = capsys.readouterr().out
    state, by_step = evaluations(adapter)
    assert out.count("'eval_roc_auc'") == 3
    best = max(by_step, key=lambda step: by_step[step]["eval_roc_auc"])
    assert state["best_global_step"] == best
    assert f"after 6 steps, as it was after {best}" in out
    kept = adapter / f"checkpoint-{best}" / "adapter_model.safetensors"
    assert (adapter / "adapter_model.safetensors").read_bytes() == kept.read_bytes()
    # A checkpoint stands where a new best was met, and nowhere else
    scores = [by_step[step]["eval_roc_auc"] for step in by_step]
    assert list(whole_checkpoints(adapter)) == [s for n, s in enumerate(by_step) if scores[n] > max([-1, *scores[:n]])]
    assert "eval_loss" in by_step[best]
    record = read_record(adapter).settings
    assert (record["metric_for_best_model"], record["eval_rows"]) == ("roc_auc", 40)


def test_its_roc_auc_is_that_of_predictions_made_afterwards(home):
    """The checkpoint, loaded for itself in full precision of its base as it was trained, answers the same rows."""
    from peft import PeftModel
    from trl import ModelConfig

    from tastetune.language_models.loading import load_model
    from tastetune.language_models.probabilities import yes_probabilities

    adapter = home / "best" / "adapter"
    _, by_step = evaluations(adapter)
    best = max(whole_checkpoints(adapter))
    quantised = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "use_bnb_nested_quant": True}
    model_args = ModelConfig(str(home / "model"), dtype="float32", **quantised)
    model = PeftModel.from_pretrained(load_model(model_args), adapter / f"checkpoint-{best}").eval()
    rows = open_dataset(home / "data").read("like_dislike", "validation").to_pydict()
    drawn = np.sort(np.random.default_rng(0).permutation(len(rows["prompt"]))[:40])
    prompts, labels = ([rows[column][place] for place in drawn] for column in ("prompt", "label"))
    scores = yes_probabilities(model, AutoTokenizer.from_pretrained(home / "model"), prompts, 8192).shares[:, 1]
    assert by_step[best]["eval_roc_auc"] == pytest.approx(auc_by_pairs(labels, scores), abs=1e-6)


def test_training_stops_when_nothing_better_comes(home, capsys):
    """A learning rate of nothing: the second and the third evaluation are no better than the first."""
    train(home, "stopped", "--learning_rate", 1e-12, "--max_steps", 40, "--early_stopping_patience", 2)
    assert "after 6 steps, as it was after 2" in capsys.readouterr().out


def test_lists_are_watched_by_their_loss(tmp_path):
    dataset = open_dataset(make_lists(tmp_path / "data", n_users=30))
    args = arguments(tmp_path, save_strategy="best")
    data_args = DataArguments(dataset_config="top_n", dataset_train_split="train")
    validation = read_validation(dataset, data_args, args, ValidationArguments())
    assert (args.metric_for_best_model, args.greater_is_better) == ("loss", False)
    assert validation.metrics(None, None, 1) == {}
    assert len(validation.rows) == dataset.read("top_n", "validation").num_rows


@pytest.mark.parametrize("config", ["like_dislike", "rating"])
def test_answers_are_scored_against_likes(home, config):
    dataset = open_dataset(home / "data")
    args, data_args = arguments(home), DataArguments(dataset_config=config, dataset_train_split="train")
    validation = read_validation(dataset, data_args, args, ValidationArguments(eval_rows=50))
    assert (args.metric_for_best_model, args.greater_is_better, len(validation.rows)) == ("roc_auc", True, 50)
    model = AutoModelForCausalLM.from_pretrained(home / "model").eval()
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    found = validation.metrics(model, tokenizer, 4096)
    # One prompt at a time, by the model's own logits: P(Yes), or the expected stars
    answers = {0: " No", 1: " Yes"} if config == "like_dislike" else {star: f" {star}" for star in range(1, 6)}
    ids = {value: tokenizer(answer, add_special_tokens=False)["input_ids"] for value, answer in answers.items()}
    scores = []
    for prompt in validation.rows["prompt"]:
        odds = model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1].double().exp()
        mass = {value: odds[token].item() for value, (token,) in ids.items()}
        scores.append(sum(value * share for value, share in mass.items()) / sum(mass.values()))
    likes = {
        row["prompt"].split("## User")[1]: row["label"]
        for row in dataset.read("like_dislike", "validation").to_pylist()
    }
    labels = [likes[prompt.split("## User")[1]] for prompt in validation.rows["prompt"]]
    assert found == {"roc_auc": pytest.approx(auc_by_pairs(labels, scores), abs=1e-6)}


@pytest.mark.parametrize(
    ("keys", "split", "watch", "message"),
    [
        (
            {},
            "train+validation",
            {},
            r"eval_strategy is 'steps' and dataset_train_split 'train\+val",
        ),
        (
            {"eval_strategy": "no"},
            "train",
            {"early_stopping_patience": 2},
            "early_stopping_patience chooses by evaluations",
        ),
        ({"eval_strategy": "no", "save_strategy": "best"}, "train", {}, "save_strategy: best chooses by evaluations"),
        (
            {"metric_for_best_model": "f1"},
            "train",
            {},
            "metric_for_best_model is 'f1'; evaluations report roc_auc and loss",
        ),
        ({}, "train", {"eval_rows": 1}, "the 1 rows drawn of 'validation' hold (dis)?likes alone"),
        ({"fsdp": "full_shard"}, "train", {}, r"FSDP.* does not answer while it is trained"),
    ],
)
def test_what_cannot_be_chosen_by_is_refused(home, keys, split, watch, message):
    data_args = DataArguments(dataset_train_split=split)
    with pytest.raises(InputError, match=message):
        read_validation(open_dataset(home / "data"), data_args, arguments(home, **keys), ValidationArguments(**watch))


def test_without_evaluations_nothing_is_read(home, tmp_path):
    """And validation may be trained on."""
    args = arguments(tmp_path, eval_strategy="no")
    assert read_validation(open_dataset(home / "data"), DataArguments(), args, ValidationArguments()) is None


def test_the_metric_that_a_recipe_names_stays(home, tmp_path):
    args = arguments(tmp_path, metric_for_best_model="eval_loss")
    data_args = DataArguments(dataset_train_split="train")
    read_validation(open_dataset(home / "data"), data_args, args, ValidationArguments())
    assert (args.metric_for_best_model, args.greater_is_better) == ("eval_loss", False)
