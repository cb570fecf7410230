"""What QLoRA of a model of Llama 3.2 1B's size takes on one GPU, by prompts and by streams.

    python benchmarks/true_size.py --dataset_name outputs/ml1m/data --tokenizer models/smollm2
    python benchmarks/readme_table.py results/gpu docs/scale.md

The model has the shape of Llama 3.2 1B and weights drawn by lot: how fast it learns and what memory it takes do not
depend on them. It is trained as recipes/ml1m.yaml says, on prompts and on streams of 40 ratings, each as the recipe
stands and without activation checkpointing. Another tokenizer than Llama's makes other tokens of a prompt, so compare
tokens a second; labels a second are of that tokenizer.

The share of the peak is that of the operations which a step cannot do without: two for each weight and token forwards,
and two backwards, for the weights themselves learn nothing; what is computed twice to save memory is not counted. The
peak is what a product of large bfloat16 matrices reaches on the same GPU.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from statistics import mean, median

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, TrainerCallback

from tastetune.artifacts.run import total_batch_size
from tastetune.errors import InputError, run
from tastetune.training.trainers import CompactSFTTrainer, short_run
from tastetune.true_size import StepUse, write_steps

RECIPE = "recipes/ml1m.yaml"
LLAMA = {
    "vocab_size": 128_256,
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131_072,
    "tie_word_embeddings": True,
}
"""The shape of meta-llama/Llama-3.2-1B: 1,235,814,400 weights."""

STREAM = {"dataset_config": "stream", "stream_window": 40, "stream_min_past": 10, "total_train_batch_size": 16}
WAYS = {
    "64 prompts, 16 at once, as the recipe stands": {},
    "64 prompts at once, without checkpointing": {"per_device_train_batch_size": 64, "activation_checkpointing": False},
    "16 streams of 40 ratings at once": STREAM,
    "16 streams of 40 ratings at once, without checkpointing": STREAM | {"activation_checkpointing": False},
}
"""From a row of the table to the keys that differ from the recipe."""


class StepTimes(TrainerCallback):
    """The seconds between the ends of steps, once the GPU has done its work."""

    def __init__(self):
        self.ends: list[float] = []

    def on_step_end(self, args, state, control, **kwargs):
        torch.cuda.synchronize()
        self.ends.append(time.perf_counter())

    def median(self, warm_up: int) -> float:
        """Of the steps after the first `warm_up`."""
        return median(b - a for a, b in zip(self.ends[warm_up:], self.ends[warm_up + 1 :], strict=False))


def main() -> None:
    args = parse()
    if not torch.cuda.is_available():
        raise InputError("no GPU: this benchmark measures one; on a CPU benchmarks/plain_trl.py and streams.py do")
    with tempfile.TemporaryDirectory() as folder:
        save_model(f"{folder}/model", args.tokenizer)
        keys = {"dataset_name": args.dataset_name, "model_name_or_path": f"{folder}/model"}
        keys |= {"output_dir": f"{folder}/run", "max_steps": args.steps, "save_strategy": "no", "warmup_steps": 0}
        for uses in measured(keys, args.warm_up):
            write_steps(uses, torch.cuda.get_device_name(), peak(), tokenizer=args.tokenizer, steps_timed=args.steps)


def save_model(folder: str, tokenizer: str) -> None:
    """Weights by lot in the shape of Llama 3.2 1B, with another model's tokenizer."""
    torch.manual_seed(0)
    of_text = AutoTokenizer.from_pretrained(tokenizer)
    special = {"bos_token_id": of_text.bos_token_id, "eos_token_id": of_text.eos_token_id}
    with torch.device("cuda"):
        model = LlamaForCausalLM(LlamaConfig(**LLAMA, **special, pad_token_id=of_text.pad_token_id))
    model.to(torch.bfloat16).save_pretrained(folder)
    of_text.save_pretrained(folder)


def measured(keys: dict, warm_up: int) -> Iterator[list[StepUse]]:
    """What a step takes in each of the ways, one more each time."""
    uses = []
    for rows, differing in WAYS.items():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        trainer, labels = short_run(CompactSFTTrainer, RECIPE, keys | differing)
        times = StepTimes()
        trainer.add_callback(times)
        trainer.train()
        labels = labels / keys["max_steps"]
        tokens = mean(map(len, trainer.train_dataset["input_ids"])) * total_batch_size(trainer.args)
        operations = 4 * (tokens * body_weights(trainer.model) + labels * LLAMA["vocab_size"] * LLAMA["hidden_size"])
        uses.append(StepUse(rows, tokens, labels, times.median(warm_up), torch.cuda.max_memory_allocated(), operations))
        del trainer
        yield uses


def body_weights(model: torch.nn.Module) -> int:
    """Weights that every token is multiplied with: those of the layers, without the adapter's."""
    layers = (
        module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and "layers." in name and "lora_" not in name
    )
    return sum(layer.in_features * layer.out_features for layer in layers)


def peak(size: int = 8192, turns: int = 20) -> float:
    """Floating-point operations a second of a product of two bfloat16 matrices, the median."""
    a, b = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    seconds = []
    for _ in range(turns):
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        began.record()
        a @ b
        ended.record()
        torch.cuda.synchronize()
        seconds.append(began.elapsed_time(ended) / 1000)
    return 2 * size**3 / median(seconds)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_name", required=True)
    parser.add_argument("--tokenizer", required=True, help="folder or id of a model with one")
    parser.add_argument("--steps", type=int, default=10, help="of each way")
    parser.add_argument("--warm_up", type=int, default=3, help="of them, that are not timed")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
