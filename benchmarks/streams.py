"""Labels a second in training and rows a second in answering: a prompt a rating against streams, same model and rows.

    python benchmarks/streams.py --dataset_name outputs/quickstart/data --model_name_or_path outputs/quickstart/model
    python benchmarks/streams.py --dataset_name outputs/smollm2/data --model_name_or_path models/smollm2 --steps 0
    python benchmarks/streams.py --dataset_name outputs/smollm2/data --model_name_or_path models/smollm2 --steps 0 \\
        --item_tokens

Training is by the quickstart's two recipes for so many steps a turn; the answers that carry loss are counted. Answering
is that of the first users' test rows by the model as it comes; with --item_tokens, streams name each item by a token
alone, as those of an adapter trained with `stream_item_text: false`: how fast is seen, how well is not.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from trl import ModelConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import ANSWERERS
from tastetune.language_models.item_tokens.tokens import add_vectors, with_item_tokens
from tastetune.language_models.item_tokens.vectors import rated_items
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.loading import load_model, load_tokenizer
from tastetune.speed import Comparison, in_turns, write_speed
from tastetune.tasks import TASKS
from tastetune.training.trainers import CompactSFTTrainer, short_run

RECIPES = {"like_dislike": "recipes/quickstart/sft.yaml", "stream": "recipes/quickstart/stream.yaml"}


def main() -> None:
    args = parse()
    torch.set_num_threads(1)
    base = ModelConfig(model_name_or_path=args.model_name_or_path, dtype="float32")
    model = LanguageModel(load_model(base).eval(), load_tokenizer(base))
    name = "the stand-in" if model.remarks["stand_in"] else Path(args.model_name_or_path).name
    comparisons = []
    if args.users:
        asked = {"like_dislike": model, "stream": of_tokens(model, args.dataset_name) if args.item_tokens else model}
        answering = {task: answers(asked[task], args, task) for task in RECIPES}
        what = f"Test rows answered by {name} in streams" + (" of item tokens" if args.item_tokens else "")
        comparisons.append(compared(what, "rows/s", answering, args.turns))
    if args.steps:
        with tempfile.TemporaryDirectory() as folder:
            training = {task: trains(args, task, folder) for task in RECIPES}
            what = f"Answers that {name} learns, streams of {args.stream_window}"
            comparisons.append(compared(what, "labels/s", training, args.turns))
    versions = {library: version(library) for library in ("torch", "transformers", "trl")}
    ending = ("_items" if args.item_tokens else "") + (f"_{args.stream_window}" if args.steps else "")
    write_speed(f"streams_{name.split()[-1]}{ending}", comparisons, versions, args.turns)


def compared(what: str, unit: str, ways: dict[str, Callable[[], float]], turns: int) -> Comparison:
    """Prompts and streams in turns."""
    rates = in_turns(ways, turns)
    return Comparison(what, unit, "a prompt a rating", rates["like_dislike"], rates["stream"], "model and rows")


def of_tokens(model: LanguageModel, dataset: str) -> LanguageModel:
    """The model, made longer in place, with a token in place of each rated item's text; their vectors are nought."""
    items = rated_items(open_dataset(dataset).ratings("train+validation"))
    tokenizer = with_item_tokens(model.tokenizer, items, alone=True)
    add_vectors(model.model, len(tokenizer))
    return replace(model, tokenizer=tokenizer)


def trains(args: argparse.Namespace, task: str, folder: str) -> Callable[[], float]:
    """What trains for so many steps and returns how many answers that taught."""
    keys = {"dataset_name": args.dataset_name, "model_name_or_path": args.model_name_or_path, "output_dir": folder}
    keys |= {"max_steps": args.steps, "warmup_steps": 0, "save_strategy": "no", "use_cpu": True}
    if task == "stream":
        keys |= {"stream_window": args.stream_window, "max_length": 4096, "stream_item_tokens": "none"}
    trainer, learnt = short_run(CompactSFTTrainer, RECIPES[task], keys)

    def train() -> float:
        trainer.train()
        return learnt

    return train


def answers(model: LanguageModel, args: argparse.Namespace, task: str) -> Callable[[], float]:
    """What answers the first users' test rows, all of them, and returns how many those are."""
    rows, answerer = TASKS[task].rows(open_dataset(args.dataset_name), "test"), ANSWERERS[task]
    rows = rows.at(np.flatnonzero(rows.users < args.users))

    def answer() -> float:
        answerer.answer(model, rows, Asking(answerer.modes[0]))
        return len(rows.table)

    return answer


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_name", required=True)
    parser.add_argument("--model_name_or_path", required=True)
    parser.add_argument("--users", type=int, default=20, help="whose test rows are answered; 0 for none")
    parser.add_argument("--steps", type=int, default=5, help="of each turn of training; 0 for none")
    parser.add_argument("--stream_window", type=int, default=40, help="ratings that training reads together")
    parser.add_argument("--item_tokens", action="store_true", help="name items in streams by a token alone")
    parser.add_argument("--turns", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
