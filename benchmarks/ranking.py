"""Time to score the whole catalogue for a user: every prompt alone against one shared history.

    python benchmarks/ranking.py
    python benchmarks/ranking.py --titles 17770 --width 2048 --layers 16 --heads 32 --vocab 128256 --dtype bfloat16

The model has random weights: speed does not depend on them. Alone, each title stands behind a whole prompt of its own,
in batches; a sample of the titles is timed and scaled up. Prints both times, their ratio, and how far the scores of the
sample differ at most.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from accelerate import PartialState
from transformers import LlamaConfig, LlamaForCausalLM

from tastetune.language_models.batching import left_padded
from tastetune.language_models.lists.catalogue_ranking import title_log_probabilities
from tastetune.language_models.lists.title_trie import TitleTrie

END = 0


def main() -> None:
    args = parse()
    rng, device = np.random.default_rng(0), PartialState().device
    torch.manual_seed(0)
    model = make(args).to(device, getattr(torch, args.dtype)).eval()
    prompt = rng.integers(1, args.vocab, args.prompt).tolist()
    # First tokens of titles repeat a lot, later ones less
    titles = {tuple(1 + rng.zipf(1.3, rng.integers(4, 11)) % (args.vocab - 1)) for _ in range(2 * args.titles)}
    titles = [(*map(int, title), END) for title in sorted(titles)[::2][: args.titles]]
    sample = [titles[place] for place in rng.choice(len(titles), min(args.sample, len(titles)), replace=False)]

    trie = TitleTrie(titles)
    shared, scores = timed(lambda: title_log_probabilities(model, [prompt], trie)[0])
    some, expected = timed(lambda: alone(model, prompt, sample, args.batch))
    every = some * len(titles) / len(sample)
    found = scores[[titles.index(title) for title in sample]]
    print(f"{len(titles)} titles, {len(trie.token)} nodes, a prompt of {args.prompt} tokens, on {device}")
    print(f"alone:  {every:8.2f} s a user (from {len(sample)} titles)")
    print(f"shared: {shared:8.2f} s a user, {every / shared:.1f} times as fast")
    print(f"largest difference of a score: {np.abs(found - expected).max():.1e}")


def make(args: argparse.Namespace) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=args.vocab,
        hidden_size=args.width,
        intermediate_size=3 * args.width,
        num_hidden_layers=args.layers,
        num_attention_heads=args.heads,
        num_key_value_heads=max(1, args.heads // 4),
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config)


@torch.inference_mode()
def alone(model: LlamaForCausalLM, prompt: list[int], titles: list[tuple[int, ...]], batch: int) -> np.ndarray:
    """log P(title | prompt) of each title behind a prompt of its own, float64 (titles,)."""
    found = []
    for start in range(0, len(titles), batch):
        rows = [[*prompt, *title] for title in titles[start : start + batch]]
        inputs = left_padded(rows, 0, END, model.device)
        keep = 1 + max(map(len, titles))
        logits = model(**inputs, use_cache=False, logits_to_keep=keep).logits.float()
        logs = logits[:, :-1].gather(2, inputs["input_ids"][:, -keep + 1 :, None])[..., 0] - logits[:, :-1].logsumexp(2)
        found += [row[-len(title) :].double().sum().item() for row, title in zip(logs, titles[start:], strict=False)]
    return np.array(found)


def timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    work()  # once before, to warm up; both end in numbers on the CPU, so the accelerator has finished
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--titles", type=int, default=1682)
    parser.add_argument("--prompt", type=int, default=250, help="tokens of the history")
    parser.add_argument("--sample", type=int, default=128, help="titles timed alone")
    parser.add_argument("--batch", type=int, default=32, help="prompts at once, alone")
    parser.add_argument("--vocab", type=int, default=3000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
