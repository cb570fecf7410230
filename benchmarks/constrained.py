"""Time to write lists freely against writing them within the catalogue: the same model, prompts and number of tokens.

    python benchmarks/constrained.py
    python benchmarks/constrained.py --titles 17770 --rows 32 --width 512 --layers 8

The model has random weights and titles are made: speed does not depend on their sense. Free answers are made as long
as the constrained ones of the same batch, for otherwise the shorter would win. Prints both times and their ratio.
"""

import argparse
import time

import numpy as np
import torch
from transformers import GenerationConfig, LogitsProcessorList

from tastetune.language_models.batching import left_padded
from tastetune.language_models.lists.constrained import ListConstraint, spell
from tastetune.training.stand_in import make_model, train_tokenizer

WORDS = (
    "Silent",
    "Golden",
    "Broken",
    "Hidden",
    "Distant",
    "Electric",
    "Paper",
    "Midnight",
    "River",
    "Garden",
    "Engine",
)


def main() -> None:
    args = parse()
    rng = np.random.default_rng(0)
    titles = sorted({made(rng) for _ in range(2 * args.titles)})
    titles = [titles[place] for place in rng.permutation(len(titles))[: args.titles]]
    tokenizer = train_tokenizer(titles[:5000], args.vocab)
    torch.manual_seed(0)
    model = make_model(tokenizer, args.width, args.layers, heads=4).eval()
    texts = ["\n".join(titles[place] for place in rng.integers(len(titles), size=10)) for _ in range(args.rows)]
    inputs = left_padded(tokenizer(texts)["input_ids"], 0, tokenizer.pad_token_id, model.device)
    began = time.perf_counter()
    spelling = spell(tokenizer, titles, 10, tokenizer.eos_token_id)
    print(f"{len(titles)} titles spelt in {time.perf_counter() - began:.1f} s, {len(spelling.inner.token)} nodes")

    def write(constraint: ListConstraint | None, tokens: int, least: int) -> torch.Tensor:
        model.generation_config = GenerationConfig(
            do_sample=False,
            max_new_tokens=tokens,
            min_new_tokens=least,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
        processors = LogitsProcessorList([constraint] if constraint else [])
        prompts = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            return model.generate(**prompts, logits_processor=processors)

    def constrained() -> torch.Tensor:
        own = [set(rng.integers(len(titles), size=10).tolist()) for _ in range(args.rows)]
        return write(ListConstraint(spelling, own, inputs["input_ids"].shape[1]), 2000, 0)

    new = constrained().shape[1] - inputs["input_ids"].shape[1]
    times = {"free": [], "constrained": []}
    for _ in range(args.repeats):  # in turns, so that what else the machine does hits both
        for name, work in {"free": lambda: write(None, new, new), "constrained": constrained}.items():
            began = time.perf_counter()
            length = work().shape[1] - inputs["input_ids"].shape[1]
            times[name].append((time.perf_counter() - began) / length)
    free, bound = (1000 * min(times[name]) for name in ("free", "constrained"))
    print(f"{args.rows} lists of {new} tokens: free {free:.1f} ms a token, constrained {bound:.1f} ms a token")
    print(f"constrained takes {bound / free:.2f} times as long")


def made(rng: np.random.Generator) -> str:
    words = " ".join(WORDS[place] for place in rng.integers(len(WORDS), size=rng.integers(1, 5)))
    return f"{words} ({1930 + rng.integers(90)})"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--titles", type=int, default=17770)
    parser.add_argument("--rows", type=int, default=16, help="lists written at once")
    parser.add_argument("--vocab", type=int, default=3000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
