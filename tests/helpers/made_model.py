"""A made Llama of a few thousand parameters with its own tokenizer, saved as an ordinary model folder."""

from pathlib import Path

import torch

from tastetune.tasks.like_dislike import Item, LikeDislike
from tastetune.training.stand_in import make_model, train_tokenizer


def make_tiny_model(folder: str | Path, width: int = 64, layers: int = 1, seed: int = 0) -> Path:
    """Write a random Llama into `folder` and return it; its tokenizer knows the prompts of the like task."""
    films = [Item(f"Film {i} ({1990 + i})", ["Drama"]) for i in range(10)]
    prompts = [LikeDislike(genres=g).prompt(films[:i], [5.0] * i, films[i]) for i in range(10) for g in (False, True)]
    tokenizer = train_tokenizer(prompts, vocab_size=600)
    torch.manual_seed(seed)
    make_model(tokenizer, width, layers, heads=4).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Path(folder)
