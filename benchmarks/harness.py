"""Prompts scored a second, and P(Yes) of each: here, and by lm-evaluation-harness, on the same model and prompts.

    pip install lm_eval
    python benchmarks/harness.py --dataset_name outputs/smollm2/data --model_name_or_path models/smollm2
    python benchmarks/harness.py --dataset_name outputs/smollm2/data --model_name_or_path models/smollm2 --shots 3

Both are given ` Yes` and ` No` alone, and must agree on P(Yes). The first rows of the test split are asked.
Needs lm_eval (0.4.13 was measured), which this package's own versions go along with.
"""

import argparse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from trl import ModelConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.language_models.answerer import Asking
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.like_dislike import LikeDislikeAnswerer
from tastetune.language_models.loading import load_model, load_tokenizer
from tastetune.language_models.probabilities import yes_probabilities
from tastetune.speed import Comparison, in_turns, write_speed
from tastetune.tasks import TASKS
from tastetune.tasks.like_dislike import NO, YES

CLOSE = 1e-3
"""How far a P(Yes) may be from the harness's."""


def main() -> None:
    args = parse()
    torch.set_num_threads(1)
    base = ModelConfig(model_name_or_path=args.model_name_or_path, dtype="float32")
    model = LanguageModel(load_model(base).eval(), load_tokenizer(base))
    rows = TASKS["like_dislike"].rows(open_dataset(args.dataset_name), "test")
    rows = rows.at(np.arange(args.rows))
    prompts = LikeDislikeAnswerer().prompts(rows, Asking("probability", shots=args.shots))
    versions = {name: version(name) for name in ("torch", "transformers", "lm_eval")}
    write_speed(f"harness_{args.shots}-shot", [compared(model, prompts, args)], versions, args.turns)


def compared(model: LanguageModel, prompts: list[str], args: argparse.Namespace) -> Comparison:
    """Both ways in turns; an error if they differ in a probability."""
    scored: dict[str, np.ndarray] = {}

    def timed(name: str, score: Callable[[], np.ndarray]) -> Callable[[], float]:
        def work() -> float:
            scored[name] = score()
            return len(prompts)

        return work

    harness = HFLM(model.model, tokenizer=model.tokenizer, device="cpu", batch_size=args.batch_size)
    ways = {
        "harness": lambda: by_harness(harness, prompts),
        "here": lambda: yes_probabilities(model.model, model.tokenizer, prompts, args.max_batch_tokens).shares[:, 1],
    }
    rates = in_turns({name: timed(name, score) for name, score in ways.items()}, args.turns)
    apart = float(np.abs(scored["harness"] - scored["here"]).max())
    assert apart < CLOSE, f"P(Yes) is {apart:.2g} from the harness's"
    beside = f"lm-evaluation-harness {version('lm_eval')}"
    what = f"Prompts scored by {Path(args.model_name_or_path).name}, {args.shots or 'no'} worked examples"
    return Comparison(what, "rows/s", beside, rates["harness"], rates["here"], f"P(Yes), within {apart:.0e}")


def by_harness(harness: HFLM, prompts: list[str]) -> np.ndarray:
    """P(Yes) of each prompt, from the harness's log-likelihoods of both answers."""
    asked = [(prompt, answer) for prompt in prompts for answer in (NO, YES)]
    requests = [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(asked)]
    logs = np.array([log for log, _ in harness.loglikelihood(requests)]).reshape(-1, 2)
    return 1 / (1 + np.exp(logs[:, 0] - logs[:, 1]))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_name", required=True)
    parser.add_argument("--model_name_or_path", required=True)
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--shots", type=int, default=0, help="worked examples before each prompt")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--batch_size", type=int, default=1, help="the harness's")
    parser.add_argument("--max_batch_tokens", type=int, default=16384)
    return parser.parse_args()


if __name__ == "__main__":
    main()
