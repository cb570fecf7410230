"""The card of a merged model: what it was made of, and how far its answers lie from the adapter's."""

from typing import Any

from tastetune import __version__
from tastetune.artifacts.dataset import BuiltDataset
from tastetune.hub.llama import licence_metadata
from tastetune.templates import environment


def merged_card(
    name: str, record: dict[str, Any], dataset: BuiltDataset, *, hub_base: str | None, stand_in: bool = False
) -> str:
    """The card of a merged model.

    Args:
        name: what the model is called.
        record: the content of `merged_from` in its configuration.
        dataset: the one whose rows were asked.
        hub_base: the base model's Hub id; None where it is a folder here, which nobody else could load.
        stand_in: whether the base model only stands in for a real one.
    """
    card = environment().get_template("merged_model_card.md")
    licence = licence_metadata(record["base_model"], stand_in=stand_in)
    return card.render(
        name=name,
        record=record,
        hub_base=hub_base,
        compared=record["compared"],
        licence=licence,
        citation=dataset.citation,
        settings={"stand_in": stand_in},
        version=__version__,
    )
