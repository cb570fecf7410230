"""The page as a Space of the Hub: its code and the names of its models and dataset, none of whose files go along."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub.utils import validate_repo_id

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.files import bundled
from tastetune.hub.plan import plan_push
from tastetune.hub.push import push_folder
from tastetune.hub.screening import APP
from tastetune.language_models.language_model import LOADED_BY
from tastetune.templates import environment

RECIPE = "recipe.yaml"

START = '''"""Starts the page of tastetune as a Space."""

import runpy
import sys

sys.argv = ["demo.py", "{recipe}", "--adapter", "{adapter}", "--host", "0.0.0.0"]
runpy.run_path("demo.py", run_name="__main__")
'''

OF_TOKENS = ("stream_item_tokens", "stream_item_text", "stream_told_tokens", "stream_estimates")
OF_STREAMS = ("stream_window", "stream_min_past", *OF_TOKENS)
OF_DATA = ("dataset_config", *OF_STREAMS)
OF_TRAINING = ("max_length", "seed")
"""Keys of a recipe that decide how its adapter is asked."""


@dataclass(frozen=True)
class SpaceParts:
    """What a Space loads, by Hub ids.

    Raises:
        InputError: one of them is no Hub id.
    """

    adapter: str
    base_model: str
    dataset: str

    def __post_init__(self):
        flags = {"adapter": "--adapter", "base_model": "--base_model", "dataset": "--dataset"}
        for name, value in asdict(self).items():
            if Path(value).exists() or value.count("/") != 1 or value.startswith((".", "/")):
                raise InputError(
                    f"a Space loads its {name.replace('_', ' ')} from the Hub, and {value!r} is none there; push it "
                    f"with scripts/push.py, and name its Hub id with {flags[name]} ORG/NAME"
                )
            validate_repo_id(value)


def write_space(
    folder: Path, parts: SpaceParts, dataset: BuiltDataset, settings: Mapping[str, Any], *, private: bool
) -> None:
    """Write a Space's files into `folder`, which is new.

    Args:
        dataset: the one that `parts` names, as it lies here; no file of it is written.
        settings: the recipe's keys and values.
        private: whether nobody else sees the Space.

    Raises:
        InputError: the licence of the dataset's ratings forbids that everybody sees the Space.
    """
    if not private and not dataset.may_be_shared:
        clause = f': "{dataset.clause}"' if dataset.clause else ", or it does not say that it allows it"
        raise InputError(
            f"{dataset.source}: the licence of its ratings forbids redistribution{clause}; a Space that everybody sees "
            "would load them, so push it without --public"
        )
    leave = shutil.ignore_patterns("__pycache__", "bundled")
    shutil.copytree(Path(__file__).parents[1], folder / "tastetune", ignore=leave)
    shutil.copyfile(bundled("scripts") / "demo.py", folder / "demo.py")
    files = {
        APP: START.format(recipe=RECIPE, adapter=parts.adapter),
        RECIPE: yaml.safe_dump(_recipe(parts, settings), sort_keys=False),
        "requirements.txt": "".join(f"{line}\n" for line in requirements()),
        "README.md": _card(parts, dataset),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def push_space(folder: Path, repo_id: str, *, private: bool, dry_run: bool = False) -> None:
    """List what goes to a Space, and push it unless that is all that is wanted.

    Raises:
        InputError: see `tastetune.hub.push.push_folder`.
    """
    plan = plan_push(folder, repo_id, "space", private=private)
    for name in plan.contents:
        print(f"goes   {plan.size(name):>12,} bytes  {name}")
    if not dry_run:
        url = push_folder(folder, repo_id, "space", private=private)
        print(f"pushed {len(plan.contents)} files to {url}")


def requirements() -> list[str]:
    """What the page needs beside Gradio, which the Space brings along: each package in the version that is here."""
    wanted = (line for line in requires("tastetune") or () if _extra(line) in ("", "train"))
    names = {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in wanted} - {"tastetune"}
    return [f"{name}=={version(name)}" for name in sorted(names) if _is_installed(name)]


def _extra(requirement: str) -> str:
    """The extra that a requirement belongs to; empty for one of the core."""
    found = re.search(r"""extra *== *['"]([\w-]+)""", requirement)
    return found[1] if found else ""


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _recipe(parts: SpaceParts, settings: Mapping[str, Any]) -> dict[str, Any]:
    keys = (*OF_DATA, *OF_TRAINING, *(key for key in LOADED_BY if key not in ("base_weights", "model_name_or_path")))
    asked = {key: settings[key] for key in keys if settings.get(key) is not None}
    named = {"run_dir": "run", "dataset_name": parts.dataset, "model_name_or_path": parts.base_model}
    return named | asked | {"use_cpu": True, "bf16": False, "report_to": "none"}


def _card(parts: SpaceParts, dataset: BuiltDataset) -> str:
    front = {
        "title": f"What would you like? {dataset.name}"[:60],
        "colorFrom": "green",
        "colorTo": "blue",
        "sdk": "gradio",
        "sdk_version": version("gradio"),
        "python_version": "3.11",
        "app_file": APP,
        "license": "apache-2.0",
        "short_description": "A fine-tuned language model beside recommenders",
        "models": [parts.adapter, parts.base_model],
        "datasets": [parts.dataset],
        "tags": ["tastetune", "recommendation"],
    }
    text = environment(Path(__file__).parent / "templates").get_template("space.md")
    body = text.render(
        word=dataset.wording.get("items", "items"),
        model=f"[{parts.adapter}](https://huggingface.co/{parts.adapter})",
        dataset=parts.dataset,
        private=not dataset.may_be_shared,
        citation=dataset.citation,
    )
    return f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n{body}"
