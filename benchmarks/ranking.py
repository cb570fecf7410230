"""Time to score the whole catalogue for a user: every prompt alone against one shared history.

    python benchmarks/ranking.py
    python benchmarks/ranking.py --streams
    python benchmarks/ranking.py --titles 17770 --width 2048 --layers 16 --heads 32 --vocab 128256 --dtype bfloat16

The model has random weights: speed does not depend on them. Alone, each title stands behind a whole prompt of its own,
in batches; a sample of the titles is timed and scaled up. Prints both times, their ratio, and how far the scores of the
sample differ at most. With --streams each title is a question behind a user's past, answered by P(Yes); both ways take
turns on one thread, and what they do in a second of processor time is kept in results/speed.
"""

import argparse
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import torch
from accelerate import PartialState
from transformers import LlamaConfig, LlamaForCausalLM

from tastetune.language_models.batching import left_padded
from tastetune.language_models.lists.catalogue_ranking import last_log_probabilities, title_log_probabilities
from tastetune.language_models.lists.title_trie import TitleTrie
from tastetune.speed import Comparison, in_turns, write_speed

END = 0
NO, YES = 1, 2
CLOSE = 1e-4
"""How far a P(Yes) behind the shared past may be from that behind a prompt of its own."""


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
    if args.streams:
        torch.set_num_threads(1)
        versions = {library: version(library) for library in ("torch", "transformers")}
        write_speed("ranking_streams", [streams_compared(model, prompt, titles, sample, args)], versions, args.turns)
        return

    trie = TitleTrie(titles)
    shared, scores = timed(lambda: title_log_probabilities(model, [prompt], trie)[0])
    some, expected = timed(lambda: alone(model, prompt, sample, args.batch))
    every = some * len(titles) / len(sample)
    found = scores[[titles.index(title) for title in sample]]
    print(f"{len(titles)} titles, {len(trie.token)} nodes, a prompt of {args.prompt} tokens, on {device}")
    print(f"alone:  {every:8.2f} s a user (from {len(sample)} titles)")
    print(f"shared: {shared:8.2f} s a user, {every / shared:.1f} times as fast")
    print(f"largest difference of a score: {np.abs(found - expected).max():.1e}")


def streams_compared(
    model: LlamaForCausalLM, prompt: list[int], titles: list[tuple[int, ...]], sample: list, args: argparse.Namespace
) -> Comparison:
    """Both ways of P(Yes) in turns; an error if they differ in one."""
    trie = TitleTrie([[*title, answer] for title in titles for answer in (NO, YES)])
    found: dict[str, np.ndarray] = {}

    def shared() -> float:
        logs = last_log_probabilities(model, [prompt], trie)[0].reshape(-1, 2)
        found["shared"] = 1 / (1 + np.exp(logs[:, 0] - logs[:, 1]))
        return len(titles)

    def by_itself() -> float:
        found["alone"] = yes_alone(model, prompt, sample, args.batch)
        return len(sample)

    rates = in_turns({"alone": by_itself, "shared": shared}, args.turns)
    apart = float(np.abs(found["alone"] - found["shared"][[titles.index(title) for title in sample]]).max())
    assert apart < CLOSE, f"P(Yes) is {apart:.2g} from that of a prompt alone"
    size = f"{sum(weight.numel() for weight in model.parameters()):,} weights"
    what = f"Items ranked by P(Yes) behind a past of {len(prompt)} tokens, {len(titles):,} in all, by {size}"
    alike = f"P(Yes), within {apart:.0e}"
    return Comparison(what, "items/s", "each prompt alone", rates["alone"], rates["shared"], alike)


@torch.inference_mode()
def yes_alone(model: LlamaForCausalLM, prompt: list[int], titles: list[tuple[int, ...]], batch: int) -> np.ndarray:
    """P(Yes) of each title behind a prompt of its own, float64 (titles,)."""
    found = []
    for start in range(0, len(titles), batch):
        inputs = left_padded([[*prompt, *title] for title in titles[start : start + batch]], 0, END, model.device)
        logits = model(**inputs, use_cache=False, logits_to_keep=1).logits[:, -1].double()
        found += (1 / (1 + torch.exp(logits[:, NO] - logits[:, YES]))).tolist()
    return np.array(found)


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
    parser.add_argument("--streams", action="store_true", help="questions behind a past, answered by P(Yes)")
    parser.add_argument("--turns", type=int, default=3, help="of each way with --streams")
    parser.add_argument("--vocab", type=int, default=3000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
