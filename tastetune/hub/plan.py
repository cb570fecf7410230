"""What a push sends: the files of a folder, and what licences ask to go along or to stand on the card."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tastetune.artifacts.dataset import INFO, open_any
from tastetune.artifacts.json_files import read_json
from tastetune.artifacts.run import COST, MERGED, RUN
from tastetune.errors import InputError
from tastetune.hub.base_model import ADAPTER_CONFIG, named_base, with_base_model
from tastetune.hub.llama import LICENCE_FILES, built_with, check_name, licence_text, licence_url, llama_of, notice
from tastetune.hub.screening import files_to_push

CARD = "README.md"
TITLE = re.compile(r"^# .*$", re.MULTILINE)
INDEXED = re.compile(r"^(model-index:\n- name: ).*$", re.MULTILINE)

RECORDED = {
    RUN: "train the model anew, or fetch it anew",
    COST: "train the model anew, or fetch it anew",
    "scores.json": "score it anew with scripts/score.py",
}
"""What is read of a run where it arrives, and what to do where it is damaged."""

PLACE = "path/or/hub-id"
"""Stands on a card that is written here for the repository that it may go to."""


@dataclass
class Push:
    """What is sent.

    Attributes:
        contents: by its path in the repository, a file here, or what goes in its place.
        left_out: files of the folder that stay.
        bases: names of a model's base model.
        llama: which Llama it is made from, `3.2` say; None where from none.
        licence_of: the model of the Hub whose licence's text goes along; None where it lies here, or none is asked for.
    """

    contents: dict[str, Path | bytes]
    left_out: list[str]
    bases: list[str] = field(default_factory=list)
    llama: str | None = None
    licence_of: str | None = None

    def size(self, name: str) -> int:
        """Bytes of what goes under a name."""
        content = self.contents[name]
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    @property
    def card(self) -> str:
        """The card as it is sent."""
        content = self.contents[CARD]
        return content.decode() if isinstance(content, bytes) else content.read_text(encoding="utf-8")

    def name_on_card(self, folder: Path, repo_id: str) -> None:
        """Have the card name the repository where it names the folder; the folder's own stays as it is."""
        name, card = repo_id.rpartition("/")[2], self.card
        if (title := TITLE.search(card)) and title[0] == f"# {folder.resolve().name}":
            card = TITLE.sub(lambda _: f"# {name}", card, count=1)
            card = INDEXED.sub(lambda index: f"{index[1]}{name}", card, count=1)
        if "/" in repo_id:
            card = card.replace(PLACE, repo_id)
        if card != self.card:
            self.contents[CARD] = card.encode()

    def note_on_card(self, note: str) -> None:
        """Put a paragraph under the card's title, unless the card says so already; the folder's stays as it is."""
        card = self.card
        if note not in card:
            title = TITLE.search(card)
            at = title.end() if title else len(card)
            self.contents[CARD] = f"{card[:at]}\n\n{note}{card[at:] or chr(10)}".encode()


def plan_push(
    folder: str | Path,
    repo_id: str,
    repo_type: str = "model",
    *,
    private: bool = True,
    ignore: Sequence[str] = (),
    checkpoints: bool = False,
    base_model: str | None = None,
    permission: str | None = None,
    dataset: str | None = None,
    licence: str | None = None,
) -> Push:
    """What a push sends; the Hub is not asked.

    Args: as for `tastetune.hub.push.push_folder`, and
        licence: of the base model, as its card on the Hub states it, where that is known.

    Raises:
        InputError: see `files_to_push`; a damaged record of a run; or a model made from a Llama whose repository is
            called otherwise than its licence asks.
    """
    folder = Path(folder)
    choice = {"private": private, "ignore": ignore, "checkpoints": checkpoints, "base_model": base_model}
    if repo_type == "dataset":
        _refuse_parts(folder)
    files, left_out = files_to_push(folder, repo_type, **choice, permission=permission, dataset=dataset)
    for name in set(files) & RECORDED.keys():
        read_json(folder / name, RECORDED[name])
    push = Push({name: folder / name for name in files}, left_out)
    if base_model:
        push.contents |= with_base_model(folder, files, base_model)
    push.name_on_card(folder, repo_id)
    if repo_type == "model":
        push.bases = [base_model] if base_model else _bases(folder)
        _keep_llamas_licence(push, folder, repo_id, licence)
    if permission:
        push.note_on_card(
            f"**Shared with permission.** The licence of these ratings forbids redistribution without separate "
            f"permission, which was given by {permission}."
        )
    return push


def _refuse_parts(folder: Path) -> None:
    if (folder / INFO).is_file() and not (dataset := open_any(folder)).has_prompts and not dataset.is_recipe_only:
        raise InputError(
            f"{folder}: built with --store parts, so its rows hold no prompts, and what is pushed holds them; build it "
            "anew without --store parts"
        )


def _bases(folder: Path) -> list[str]:
    """What the records in a model's folder call its base model."""
    if (folder / ADAPTER_CONFIG).is_file():
        return [name for name in [named_base(folder)] if name]
    bases = []
    for name, keys in (("config.json", (MERGED, "base_model")), (RUN, ("model_name_or_path",))):
        value = read_json(folder / name, "save the model anew") if (folder / name).is_file() else None
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        bases += [value] if isinstance(value, str) else []
    return bases


def _keep_llamas_licence(push: Push, folder: Path, repo_id: str, licence: str | None) -> None:
    push.llama = version = llama_of(folder, push.bases, licence)
    if version is None:
        return
    check_name(repo_id, version)
    push.note_on_card(f"**{built_with(version)}**")
    push.contents.setdefault("NOTICE", notice(version).encode())
    if push.contents.keys().isdisjoint(LICENCE_FILES):
        local = [Path(base) for base in push.bases if Path(base).is_dir()]
        elsewhere = [base for base in push.bases if not Path(base).is_dir()]
        if (text := licence_text(local)) is not None:
            push.contents["LICENSE"] = text
        elif elsewhere:
            push.licence_of = elsewhere[0]
        else:
            raise InputError(missing_licence(folder, version))


def missing_licence(folder: Path, version: str) -> str:
    """What to do where the text of Llama's licence is not at hand."""
    return (
        f"{folder}: its base model is Llama {version}, whose licence (section 1.b.i) asks that a copy of it goes "
        f"along, and none lies in the folder or with the base model; save {licence_url(version)} as "
        f"{folder / 'LICENSE'}"
    )
