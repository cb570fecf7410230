"""A model is trained on streams, answers, and is scored by the scripts that know nothing of streams."""

import json

import numpy as np
import pytest
import torch
from datasets import Dataset
from documents import ROOT
from made_lists import make_lists
from made_model import make_home
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.artifacts.run import read_cost, read_record
from tastetune.artifacts.trained_rows import row_keys
from tastetune.config.windows import WindowLimits
from tastetune.language_models.answering import ANSWERERS
from tastetune.tasks import TASKS
from tastetune.training.trainers import CompactSFTTrainer

RECIPE = "recipes/quickstart/stream.yaml"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 30, 40)


def run(home):
    """The scripts in the order of the recipe, on the training split, with windows of 12 ratings; the run's folder."""
    folder, recipe = home / "stream", home / "stream.yaml"
    recipe.write_text(
        f"base: {ROOT}/{RECIPE}\nrun_dir: {folder}\ndataset_name: {home}/data\nmodel_name_or_path: {home}/model\n"
        "stream_window: 12\nstream_min_past: 4\nstream_item_tokens: none\ndataset_train_split: train\n"
        "max_steps: 4\nsave_steps: 2\nwarmup_steps: 0\neval_strategy: steps\neval_steps: 2\neval_rows: 20\n"
        "checkpoints: [2]\nbaselines: []\n"
    )
    for name in ("sft.py", "predict.py", "baseline.py"):
        script(f"scripts/{name}", recipe)
    script("scripts/learning_curve.py", recipe, "--resamples", 5, "--adapter", folder / "adapter")
    script("scripts/score.py", recipe, "--resamples", 5)
    return folder


@pytest.mark.usefixtures("one_thread")
def test_streams_are_trained_on_answered_and_scored_in_the_table_of_the_same_rows(home):
    folder, dataset = run(home), open_dataset(home / "data")
    # The record: exactly the training ratings, those included that no step came to; 8 windows a step
    assert np.array_equal(read_record(folder / "adapter").rows, row_keys(dataset, "like_dislike", "train"))
    settings = read_record(folder / "adapter").settings
    assert (settings["stream_window"], settings["stream_min_past"]) == (12, 4)
    rows = TASKS["stream"].rows(dataset, "train")
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    windows = ANSWERERS["stream"].training_rows(tokenizer, rows, WindowLimits(12, 4, 1024), context=4096, seed=0)
    assert read_cost(folder / "adapter")["examples"] == pytest.approx(4 * 8 * len(rows.table) / len(windows), rel=0.1)
    # Every token of those windows was read, and no padding
    drawn = windows.shuffle(seed=0).select(range(4 * 8))
    assert read_cost(folder / "adapter")["tokens"] == sum(len(ids) for ids in drawn["input_ids"])
    # The answers: to the frozen rows, and with what they were shown
    tested = TASKS["like_dislike"].rows(dataset, "test")
    found = {
        name: read_predictions(folder / "predictions" / f"{name}.parquet")
        for name in ("zero-shot-stream", "sft-2-stream", "sft-4-stream", "user_item_mean")
    }
    scores = {name: prediction.scores(tested.example_ids)[0] for name, prediction in found.items()}
    assert np.abs(scores["sft-4-stream"] - scores["zero-shot-stream"]).max() > 1e-3
    past = found["sft-4-stream"].meta.settings["past"]
    assert past["least"] == 4
    board = (folder / "leaderboard.md").read_text()
    assert f"| {past['least']} to {past['most']}, median {past['median']:g} |" in board
    assert "| user_item_mean | trivial |" in board
    assert "a line for each earlier rating" in (folder / "adapter" / "README.md").read_text()
    assert "Earlier ratings shown" in (folder / "report.html").read_text()
    curve = json.loads((folder / "learning_curve.json").read_text())
    (points,) = (curve["points"] for curve in curve["curves"] if curve["name"] == "sft-stream")
    assert [point["model"] for point in points] == ["zero-shot-stream", "sft-2-stream", "sft-4-stream"]
    # Watched while it was trained
    state = json.loads((folder / "adapter" / "checkpoint-4" / "trainer_state.json").read_text())
    assert {"eval_roc_auc", "eval_loss"} <= {key for line in state["log_history"] for key in line}


@pytest.mark.usefixtures("one_thread")
def test_stars_are_asked_in_streams_too(home):
    fixed = [RECIPE, "--run_dir", home / "stars", "--dataset_name", home / "data", "--dataset_config", "stream_rating"]
    fixed += ["--model_name_or_path", home / "model"]
    script("scripts/sft.py", *fixed, "--max_steps", 2, "--warmup_steps", 0)
    script("scripts/predict.py", *fixed)
    prediction = read_predictions(home / "stars" / "predictions" / "sft-stream_rating.parquet")
    scores = prediction.table["score"].to_numpy()
    assert ((scores >= 1) & (scores <= 5)).all()
    assert prediction.meta.threshold == 4.0


def test_a_stream_of_lists_is_refused_in_one_line(home, tmp_path):
    make_lists(tmp_path / "data")
    with pytest.raises(SystemExit, match="dataset_config is 'stream', which asks rows of 'like_dislike'"):
        script("scripts/sft.py", RECIPE, "--dataset_name", tmp_path / "data", "--model_name_or_path", home / "model")


def trainer_of(home, tmp_path, rows, **keys):
    args = SFTConfig(
        str(tmp_path),
        use_cpu=True,
        bf16=False,
        per_device_train_batch_size=len(rows),
        **{"max_length": 2048, "gradient_checkpointing": False} | keys,
    )
    return CompactSFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(home / "model", attn_implementation="eager"),
        args=args,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(home / "model"),
    )


def loss_of(home, tmp_path, rows, **keys):
    """The mean loss of all answers in one batch."""
    trainer = trainer_of(home, tmp_path, rows, **keys)
    with torch.no_grad():
        return trainer.compute_loss(trainer.model.eval(), next(iter(trainer.get_train_dataloader()))).item()


@pytest.mark.usefixtures("one_thread")
def test_no_user_leaks_into_anothers_loss_padded_or_packed(home, tmp_path):
    """The loss of windows of two users together is that of each by itself, weighted by its answers."""
    rows = TASKS["stream"].rows(open_dataset(home / "data"), "train")
    tokenizer = AutoTokenizer.from_pretrained(home / "model")
    made = ANSWERERS["stream"].training_rows(tokenizer, rows, WindowLimits(12, 4), context=None, seed=0).to_list()
    two = [made[0], made[-1]]
    assert len(two[0]["input_ids"]) != len(two[1]["input_ids"])
    alone = [loss_of(home, tmp_path, [row]) for row in two]
    counts = [row["answers"] for row in two]
    expected = np.average(alone, weights=counts)
    assert abs(alone[0] - alone[1]) > 1e-3
    assert loss_of(home, tmp_path, two) == pytest.approx(expected, rel=1e-5)
    assert loss_of(home, tmp_path, two, packing=True) == pytest.approx(expected, rel=1e-5)
