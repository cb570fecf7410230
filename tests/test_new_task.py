"""The worked example of docs/new_task.md, run as it stands: a third way of asking needs no change elsewhere."""

import re
import runpy
import sys
from types import ModuleType

import numpy as np
import pytest
from documents import ROOT
from made import make_dataset
from made_model import make_tiny_model

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.language_models.answering import ANSWERERS
from tastetune.tasks import TASKS


def modules() -> list[ModuleType]:
    """The page's Python blocks, each as a module."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "new_task.md").read_text(encoding="utf-8"), re.DOTALL)
    made = []
    for number, block in enumerate(blocks):
        module = ModuleType(f"new_task_{number}")
        exec(compile(block, "docs/new_task.md", "exec"), module.__dict__)
        made.append(module)
    return made


def script(name, *words):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [name, *map(str, words)])
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        runpy.run_path(str(ROOT / "scripts" / name), run_name="__main__")


@pytest.mark.usefixtures("one_thread")
def test_a_new_task_is_trained_answered_and_scored_by_the_same_scripts(tmp_path, monkeypatch):
    tasks, language_models = modules()
    monkeypatch.setitem(TASKS, "thumbs", tasks.ThumbsTask())
    monkeypatch.setitem(ANSWERERS, "thumbs", language_models.ThumbsAnswerer())
    run = tmp_path / "run"
    dataset = open_dataset(make_dataset(run / "data", 20, 20, 0))
    recipe = tmp_path / "thumbs.yaml"
    recipe.write_text(
        f"base: {ROOT}/recipes/quickstart/sft.yaml\nrun_dir: {run}\ndataset_config: thumbs\nshots: [0]\n"
        f"checkpoints: [2]\nmodel_name_or_path: {make_tiny_model(tmp_path / 'model')}\nmax_steps: 4\nsave_steps: 2\n"
        "warmup_steps: 0\nlearning_rate: 0.01\nbaselines: []\n"
    )
    for name in ("sft.py", "predict.py", "baseline.py", "score.py"):
        script(name, recipe, *(["--resamples", 5] if name == "score.py" else []))
    rows = TASKS["thumbs"].rows(dataset, "test")
    assert rows.task.prompts(rows)[0].startswith("Thumb up or down for the last one?")
    scores = {
        name: read_predictions(run / "predictions" / f"{name}.parquet").scores(rows.example_ids)[0]
        for name in ("zero-shot", "sft-2", "sft-4", "user_item_mean")
    }
    assert ((scores["zero-shot"] >= 0) & (scores["zero-shot"] <= 1)).all()
    assert np.abs(scores["sft-4"] - scores["zero-shot"]).max() > 1e-3
    board = (run / "leaderboard.md").read_text()
    assert all(f"| {name} | " in board for name in scores)
