"""Answers learnt a second by scripts/sft.py's trainer and by TRL's own, on a CPU, of the same rows at equal losses.

    python benchmarks/plain_trl.py --dataset_name outputs/quickstart/data --model_name_or_path outputs/quickstart/model

Both take the quickstart's recipe of prompts for so many steps, in turns, each from the model as it comes. The losses of
every step are to be the same. On a GPU there is nothing to compare: TRL's own loss leaves out what carries no label
wherever Triton runs, and is the one that is taken.
"""

import argparse
import tempfile
from collections.abc import Callable
from importlib.metadata import version

from tastetune.speed import Comparison, in_turns, on_one_thread, write_speed

on_one_thread()  # before the libraries that compute are imported

import numpy as np
import torch
from trl import SFTTrainer, get_peft_config

from tastetune.artifacts.run import total_batch_size
from tastetune.config.recipe import parse_recipe
from tastetune.language_models.loading import load_model
from tastetune.training.data import count_examples
from tastetune.training.preparation import FineTuning
from tastetune.training.trainers import CompactSFTTrainer

RECIPE = "recipes/quickstart/sft.yaml"

CLOSE = 1e-4
"""How far a step's loss may be from TRL's, relative to it."""


def main() -> None:
    args = parse()
    torch.set_num_threads(1)
    losses: dict[str, list[float]] = {"TRL": [], "here": []}
    kinds = {"TRL": SFTTrainer, "here": CompactSFTTrainer}

    def trains(name: str, folder: str) -> Callable[[], float]:
        trainer, answers = trainer_of(kinds[name], args, folder)

        def train() -> float:
            trainer.train()  # anew, but for the weights, which go on from the turn before
            losses[name] += [line["loss"] for line in trainer.state.log_history if "loss" in line]
            return answers

        return train

    with tempfile.TemporaryDirectory() as folder:
        rates = in_turns({name: trains(name, folder) for name in kinds}, args.turns)
    apart = float(np.abs(np.array(losses["here"]) / losses["TRL"] - 1).max())
    assert apart < CLOSE, f"a step's loss is {apart:.2g} of itself from TRL's"
    equal = f"the loss of each step, within {apart:.0e} of it"
    beside = f"TRL {version('trl')}"
    made = Comparison("Answers learnt from prompts", "labels/s", beside, rates["TRL"], rates["here"], equal)
    write_speed("plain_trl", [made], {name: version(name) for name in ("torch", "transformers", "trl")}, args.turns)


def trainer_of(kind: type[SFTTrainer], args: argparse.Namespace, folder: str) -> tuple[SFTTrainer, float]:
    """A trainer of the recipe, and how many answers it learns each time it trains."""
    keys = {"dataset_name": args.dataset_name, "model_name_or_path": args.model_name_or_path, "output_dir": folder}
    keys |= {"max_steps": args.steps, "warmup_steps": 0, "logging_steps": 1, "save_strategy": "no", "use_cpu": True}
    flags = [f"--{key}={value}" for key, value in keys.items()]
    prepared = FineTuning(*parse_recipe(__doc__, FineTuning.arguments, [RECIPE, *flags], output=FineTuning.output), {})
    prepared.set_batch()
    rows = prepared.rows
    trainer = kind(
        model=load_model(prepared.model),
        args=prepared.training,
        train_dataset=rows,
        processing_class=prepared.tokenizer,
        peft_config=get_peft_config(prepared.model),
    )
    return trainer, args.steps * total_batch_size(prepared.training) * count_examples(rows) / len(rows)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_name", required=True)
    parser.add_argument("--model_name_or_path", required=True)
    parser.add_argument("--steps", type=int, default=5, help="of each turn")
    parser.add_argument("--turns", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
