"""The card of a built dataset: its source's terms, every rule it was built by, and the counts."""

from dataclasses import dataclass
from pathlib import Path

import jinja2

from tastetune.data import splits
from tastetune.tasks.like_dislike import Item, LikeDislike

TEMPLATE = Path(__file__).parents[2] / "model_cards" / "dataset_card.md"


@dataclass(frozen=True)
class Source:
    """What a card says of the data: where they come from and what may be done with them.

    Attributes:
        name: the dataset's name.
        pretty_name: the same, for people.
        about: whose ratings these are.
        titles: what the builder did to the titles.
        licence: terms of use, in words.
        redistribution: whether they let a copy be shown to everybody.
        citation: what to cite.
        url: the source's home page.
    """

    name: str
    pretty_name: str
    about: str
    titles: str
    licence: str
    redistribution: bool
    citation: str = ""
    url: str = ""


def render(source: Source, info: dict) -> str:
    """The dataset card, from the template in model_cards/."""
    task = LikeDislike(**info["settings"]["task"])
    example = task.prompt(
        [Item("The First Made-up Title", ("Comedy",)), Item("The Second Made-up Title", ("Drama",))],
        [task.like_from, task.like_from - 1],
        Item("The Third Made-up Title", ("Drama",)),
    )
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(source=source, **info, example=example + task.completion(1), rules=splits.RULES) + "\n"
