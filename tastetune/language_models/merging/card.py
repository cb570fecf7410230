"""The card of a merged model: what it was made of, and how far its answers lie from the adapter's."""

from pathlib import Path
from typing import Any

from tastetune import __version__
from tastetune.artifacts.dataset import BuiltDataset
from tastetune.hub.llama import licence_metadata
from tastetune.templates import environment


def merged_card(name: str, record: dict[str, Any], dataset: BuiltDataset, *, stand_in: bool = False) -> str:
    """The card of a merged model.

    Args:
        name: what the model is called.
        record: the content of `merged_from` in its configuration.
        dataset: the one whose rows were asked.
        stand_in: whether the base model only stands in for a real one.
    """
    card = environment().get_template("merged_model_card.md")
    licence = licence_metadata(record["base_model"], stand_in=stand_in)
    return card.render(
        name=name,
        record=record,
        is_base_here=Path(record["base_model"]).exists(),
        compared=record["compared"],
        licence=licence,
        citation=dataset.citation,
        settings={"stand_in": stand_in},
        version=__version__,
    )
