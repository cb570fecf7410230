"""Answers learnt a second by scripts/sft.py's trainer and by TRL's own, on a CPU, of the same rows at equal losses.

    python benchmarks/plain_trl.py --dataset_name outputs/quickstart/data --model_name_or_path outputs/quickstart/model

Both take the quickstart's recipe of prompts for so many steps, in turns. The losses of every step must be
the same. On a GPU there is nothing to compare: TRL's own loss leaves out what carries no label
wherever Triton runs, and is the one that is taken.
"""

import argparse
import tempfile
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import torch
from trl import SFTTrainer

from tastetune.speed import Comparison, in_turns, write_speed
from tastetune.training.trainers import CompactSFTTrainer, short_run

RECIPE = "recipes/quickstart/sft.yaml"

CLOSE = 1e-4
"""How far a step's loss may be from TRL's, relative to it."""

KINDS = {"TRL": SFTTrainer, "here": CompactSFTTrainer}


def main() -> None:
    args = parse()
    torch.set_num_threads(1)
    losses: dict[str, list[float]] = {name: [] for name in KINDS}

    def trains(name: str, folder: str) -> Callable[[], float]:
        keys = {"dataset_name": args.dataset_name, "model_name_or_path": args.model_name_or_path}
        keys |= {"output_dir": folder, "max_steps": args.steps, "logging_steps": 1, "save_strategy": "no"}
        keys |= {"warmup_steps": 0, "use_cpu": True, "per_device_train_batch_size": args.rows}
        trainer, answers = short_run(KINDS[name], RECIPE, keys)

        def train() -> float:
            trainer.train()  # anew, but for the weights, which go on from the turn before
            losses[name] += [line["loss"] for line in trainer.state.log_history if "loss" in line]
            return answers

        return train

    with tempfile.TemporaryDirectory() as folder:
        rates = in_turns({name: trains(name, folder) for name in KINDS}, args.turns)
    apart = float(np.abs(np.array(losses["here"]) / losses["TRL"] - 1).max())
    assert apart < CLOSE, f"a step's loss is {apart:.2g} of itself from TRL's"
    what, beside = f"Answers learnt from {args.rows} prompts at once", f"TRL {version('trl')}"
    equal = f"the loss of each step, within {apart:.0e} of it"
    made = Comparison(what, "labels/s", beside, rates["TRL"], rates["here"], equal)
    versions = {name: version(name) for name in ("torch", "transformers", "trl")}
    write_speed(f"plain_trl_{args.rows}", [made], versions, args.turns)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_name", required=True)
    parser.add_argument("--model_name_or_path", required=True)
    parser.add_argument("--steps", type=int, default=5, help="of each turn")
    parser.add_argument("--rows", type=int, default=8, help="that pass through the model together")
    parser.add_argument("--turns", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
