"""The base model that an adapter is pushed with: one that others can load, or another name in its place."""

import json
from collections.abc import Iterable
from pathlib import Path

import yaml
from huggingface_hub import HfApi, ModelCard
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from tastetune.artifacts.hub_errors import hub_errors, patiently
from tastetune.errors import InputError

ADAPTER_CONFIG, BASE = "adapter_config.json", "base_model_name_or_path"
REMEDY = "push the base model first, and name its Hub id with --base_model ORG/NAME"


def named_base(folder: Path) -> str:
    """The base model that the adapter in `folder` names; empty where it names none.

    Raises:
        InputError: no adapter lies there, or its configuration is damaged.
    """
    path = folder / ADAPTER_CONFIG
    if not path.is_file():
        raise InputError(f"--base_model names an adapter's base model, and no {ADAPTER_CONFIG} lies in {folder}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not a whole JSON file ({error}); save the adapter anew") from error
    return (config.get(BASE) if isinstance(config, dict) else None) or ""


def refuse_local_base(folder: Path) -> None:
    """Raise InputError if the adapter in `folder` names a base model that cannot be a Hub id, or is a folder here."""
    base = named_base(folder)
    if not _is_hub_id(base) or Path(base).exists():
        raise InputError(
            f"{folder / ADAPTER_CONFIG}: {BASE} is {base!r}, a folder of this machine, so nobody else could load the "
            f"adapter; {REMEDY}"
        )


def refuse_unknown_base(api: HfApi, base: str) -> None:
    """Raise InputError if the Hub has no model `base`: a relative folder such as `models/x` looks like an id too."""
    with hub_errors(base, "model"):
        validate_repo_id(base)
        is_there = patiently(lambda: api.repo_exists(base))
    if not is_there:
        raise InputError(
            f"the adapter's base model {base!r}: the Hub shows no such model, so it is a folder of the machine that "
            f"trained the adapter, or private to others, and nobody could load the adapter; {REMEDY}"
        )


def with_base_model(folder: Path, files: Iterable[str], base_model: str) -> dict[str, bytes]:
    """What to send in place of an adapter's files that name its base model, by name; the folder stays as it is.

    `base_model` takes the old one's place in each `adapter_config.json`, and in each card's metadata and text.

    Raises:
        InputError: a card's metadata, or a configuration, is damaged.
    """
    before, contents = named_base(folder), {}
    for name in files:
        text = (folder / name).read_text(encoding="utf-8") if Path(name).name in (ADAPTER_CONFIG, "README.md") else ""
        try:
            if Path(name).name == ADAPTER_CONFIG:
                contents[name] = json.dumps(json.loads(text) | {BASE: base_model}, indent=2).encode()
            elif text:
                contents[name] = _card_of(text, before, base_model).encode()
        except (ValueError, TypeError, yaml.YAMLError) as error:
            raise InputError(f"{folder / name}: cannot be read ({error}); mend it, or save the adapter anew") from error
    return contents


def _card_of(text: str, before: str, base_model: str) -> str:
    card = ModelCard(text)
    card.data.base_model = base_model
    card.data.tags = [base_model.join(tag.rsplit(before, 1)) for tag in card.data.tags or [] if before] or None
    card.text = card.text.replace(f"`{before}`", f"`{base_model}`")
    return str(card)


def _is_hub_id(name: str) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True
