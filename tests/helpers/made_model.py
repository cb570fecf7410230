"""A made Llama of a few thousand parameters with its own tokenizer, and an adapter of it, saved as ordinary folders."""

import json
from pathlib import Path

import torch
import yaml
from made import make_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.digests import weights_digest
from tastetune.artifacts.trained_rows import ROWS, row_keys, write_row_keys
from tastetune.language_models.item_tokens.starting import start_item_tokens
from tastetune.language_models.item_tokens.tokens import train_item_tokens, with_item_tokens
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


def make_adapter(folder: Path, model: Path, dataset: Path, items: list[str] | None = None, **settings) -> Path:
    """A random adapter as a run leaves it, with a vector for each of `items`."""
    base, tokenizer = AutoModelForCausalLM.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    config = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    if items:
        tokenizer = with_item_tokens(tokenizer, items)
        rated = open_dataset(dataset).read("interactions", "train")
        start_item_tokens(base, tokenizer, rated, "svd", 0)
        config = train_item_tokens(config, tokenizer)
    torch.manual_seed(1)
    tuned = get_peft_model(base, config)
    tuned.peft_config["default"].base_model_name_or_path = str(model)
    tuned.save_pretrained(folder, save_embedding_layers=False)
    tokenizer.save_pretrained(folder)
    record = {"dataset": "made", "fingerprint": open_dataset(dataset).fingerprint, "dataset_config": "like_dislike"}
    record |= {
        "dataset_train_split": "train",
        "model_name_or_path": str(model),
        "base_weights": weights_digest(str(model)),
    }
    (folder / "run.json").write_text(json.dumps(record | {"use_peft": True, "dtype": "float32"} | settings))
    (folder / "cost.json").write_text('{"steps": 7}')
    write_row_keys(folder / ROWS, row_keys(open_dataset(dataset), "like_dislike", "train"))
    return folder


def make_home(folder: Path, n_users: int, n_items: int) -> Path:
    """Write a dataset into `folder`/data and a model into `folder`/model, and return `folder`."""
    make_dataset(folder / "data", n_users, n_items)
    make_tiny_model(folder / "model")
    return folder


def make_run(folder: Path, **keys) -> Path:
    """Write a run into `folder`: a dataset of 30 users and 60 films, a model, an adapter; return its recipe.

    Args:
        keys: further keys of the recipe.
    """
    make_dataset(folder / "run" / "data", 30, 60)
    make_tiny_model(folder / "model")
    make_adapter(folder / "run" / "adapter", folder / "model", folder / "run" / "data")
    recipe = {"run_dir": str(folder / "run"), "model_name_or_path": str(folder / "model"), "dtype": "float32"}
    recipe |= {"bf16": False, "use_cpu": True, "report_to": "none"} | keys
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return folder / "recipe.yaml"
