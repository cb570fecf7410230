"""Labels a second in training and rows a second in answering: a prompt a rating against streams, same model and rows.

    python benchmarks/streams.py --dataset_name outputs/quickstart/data --model_name_or_path outputs/quickstart/model

Training is scripts/sft.py by the quickstart's two recipes for so many steps: its own record says how many answers were
learnt in how many seconds. Answering is that of the first users' test rows by the model as it comes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from trl import ModelConfig

from tastetune.artifacts.dataset import BuiltDataset, open_dataset
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.loading import load_model, load_tokenizer
from tastetune.tasks import TASKS

SFT = Path(__file__).parents[1] / "scripts" / "sft.py"
RECIPES = {"like_dislike": "recipes/quickstart/sft.yaml", "stream": "recipes/quickstart/stream.yaml"}


def main() -> None:
    args = parse()
    dataset = open_dataset(args.dataset_name)
    base = ModelConfig(model_name_or_path=args.model_name_or_path, dtype="float32")
    model = LanguageModel(load_model(base).eval(), load_tokenizer(base))
    learnt = {task: labels_a_second(args, recipe) for task, recipe in RECIPES.items()}
    answered = {task: rows_a_second(model, dataset, task, args.users) for task in RECIPES}
    for name, rates in (("training, labels a second", learnt), ("answering, rows a second", answered)):
        prompts, streams = rates.values()
        print(f"{name}: prompts {prompts:.1f}, streams {streams:.1f}, {streams / prompts:.1f} times as many")


def labels_a_second(args: argparse.Namespace, recipe: str) -> float:
    """The answers that a short run learns, by the seconds that it says it took."""
    keys = {"dataset_name": args.dataset_name, "model_name_or_path": args.model_name_or_path, "max_steps": args.steps}
    with tempfile.TemporaryDirectory() as folder:
        flags = [f"--{key}={value}" for key, value in (keys | {"output_dir": f"{folder}/adapter"}).items()]
        subprocess.run([sys.executable, SFT, recipe, *flags, "--use_cpu", "--warmup_steps=0"], check=True)
        cost = json.loads(Path(folder, "adapter", "cost.json").read_text())
    return cost["examples"] / cost["seconds"]


def rows_a_second(model: LanguageModel, dataset: BuiltDataset, task: str, users: int) -> float:
    """The first users' test rows, all of them, by the seconds that it takes to answer them."""
    rows, answerer = TASKS[task].rows(dataset, "test"), ANSWERERS[task]
    rows = rows.at(np.flatnonzero(rows.users < users))
    began = time.perf_counter()
    answerer.answer(model, rows, Asking(answerer.modes[0]))
    return len(rows.table) / (time.perf_counter() - began)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_name", required=True)
    parser.add_argument("--model_name_or_path", required=True)
    parser.add_argument("--users", type=int, default=100, help="whose test rows are answered")
    parser.add_argument("--steps", type=int, default=20, help="of each training run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
