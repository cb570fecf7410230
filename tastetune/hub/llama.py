"""What the licence of Llama asks of whoever passes on a model that is made from one, and whether a model is.

Of Llama 3 and its successors, section 1.b, https://www.llama.com/llama3_2/license/: a copy of the licence and a notice
go along, the model's name begins with Llama, and its page says "Built with Llama".
"""

import re
from pathlib import Path

import yaml
from huggingface_hub import ModelCard

from tastetune.artifacts.json_files import read_json
from tastetune.errors import InputError

NAME = re.compile(r"(?:^|/)(?:meta-)?llama-?(3(?:\.\d)?|4)(?![\d.])[^/]*$", re.IGNORECASE)
LICENCE = re.compile(r"llama(3(?:\.\d)?|4)")
"""How a Llama is called, and its licence in a card's metadata, with the version."""

LICENCE_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md")


def llama_version(base_model: str | None) -> str | None:
    """Which Llama a base model is, `3.2` say, by its name; None for others.

    An architecture says nothing: SmolLM2 is of Llama's, and is no Llama.
    """
    named = NAME.search(base_model or "")
    return named[1] if named else None


def licence_metadata(base_model: str | None, *, stand_in: bool = False) -> dict[str, str]:
    """The licence in the card of a model that is derived from `base_model`, whose licence binds it.

    Args:
        stand_in: whether the base model was made of the ratings alone.
    """
    if (version := llama_version(base_model)) and not stand_in:
        return {"license": f"llama{version}"}
    terms = "terms-of-the-dataset" if stand_in else "terms-of-the-base-model"
    return {"license": "other", "license_name": terms}


def llama_of(folder: Path, bases: list[str], licence: str | None = None) -> str | None:
    """Which Llama the model in `folder` is made from; None where from none.

    A licence that a card states decides: of the folder's own card or of its base model's. Where none does, the base
    model's name.

    Args:
        bases: names of its base model, Hub ids or folders; of an adapter one, of a merged model what its record says.
        licence: what the base model's card on the Hub states, where that is known.
    """
    local = [Path(base) for base in bases if Path(base).is_dir()]
    of_bases = [licence, *map(stated_licence, local)]
    for stated in (*of_bases, stated_licence(folder)):
        if named := LICENCE.fullmatch(stated or ""):
            return named[1]
    is_free = any(stated not in (None, "other") for stated in of_bases)
    if is_free or any(_is_no_llama(place) for place in (folder, *local)):
        return None
    return next((version for base in bases if (version := llama_version(base))), None)


def stated_licence(folder: Path) -> str | None:
    """The licence in the metadata of a model's card; None where no card states one."""
    return licence_of_card(folder / "README.md")


def licence_of_card(path: Path | None) -> str | None:
    """The licence in a card's metadata; None where there is none."""
    if path is None or not path.is_file():
        return None
    try:
        licence = ModelCard(path.read_text(encoding="utf-8"), ignore_metadata_errors=True).data.to_dict().get("license")
    except (ValueError, yaml.YAMLError):
        return None
    return licence if isinstance(licence, str) else None


def _is_no_llama(folder: Path) -> bool:
    """Whether the configuration of a whole model says that it is a stand-in, or of another architecture."""
    path = folder / "config.json"
    config = read_json(path, "fetch the model anew") if path.is_file() else {}
    return isinstance(config, dict) and (
        config.get("stand_in") is True or "llama" not in str(config.get("model_type", "llama"))
    )


def check_name(repo_id: str, version: str) -> None:
    """Raise InputError unless a repository's name begins as the licence asks."""
    beginning = "Llama-3" if version == "3" else "Llama"
    owner, _, name = repo_id.rpartition("/")
    if not name.startswith(beginning):
        better = f"{owner}/{beginning}-{name}".lstrip("/")
        raise InputError(
            f"{repo_id!r}: the base model is Llama {version}, whose licence (section 1.b.i) asks that the name of a "
            f"model made from it begins with {beginning}; push to {better}"
        )


def notice(version: str) -> str:
    """The notice that goes along, as the licence words it (section 1.b.iii)."""
    name = "Meta Llama 3" if version == "3" else f"Llama {version}"
    return (
        f"{name} is licensed under the {name} Community License, Copyright © Meta Platforms, Inc. All Rights "
        "Reserved.\n"
    )


def built_with(version: str) -> str:
    """What the model's page has to say."""
    return "Built with Meta Llama 3" if version == "3" else "Built with Llama"


def licence_url(version: str) -> str:
    """Where the licence's text stands."""
    return f"https://www.llama.com/llama{version.replace('.', '_')}/license/"


def licence_text(folders: list[Path]) -> bytes | None:
    """The licence's text, out of the first of these folders that holds one; None where none does."""
    paths = [folder / name for folder in folders for name in LICENCE_FILES]
    return next((path.read_bytes() for path in paths if path.is_file()), None)
