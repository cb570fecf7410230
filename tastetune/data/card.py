"""The card of a built dataset: its source's terms, every rule it was built by, and the counts."""

from dataclasses import dataclass

from tastetune.data.audit.sentences import lesson_sentences
from tastetune.data.liking import RULES as LIKE_RULES
from tastetune.data.splits import RULES
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.order import Order
from tastetune.tasks.top_n import TopN
from tastetune.templates import environment


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
        clause: the words of the terms that forbid it; empty where they do not.
        citation: what to cite.
        url: the source's home page.
        language: of the titles, as the Hub abbreviates it; empty where nobody said.
    """

    name: str
    pretty_name: str
    about: str
    titles: str
    licence: str
    redistribution: bool
    clause: str = ""
    citation: str = ""
    url: str = ""
    language: str = ""

    @property
    def terms(self) -> dict[str, bool | str]:
        """What `tastetune.json` keeps of the terms, for whoever passes the data on, or what was made of them."""
        return {"redistribution": self.redistribution, "clause": self.clause, "citation": self.citation}


def like_dislike_card(source: Source, info: dict) -> str:
    """The card of a `like_dislike` dataset.

    Args:
        info: the content of its `tastetune.json`.
    """
    task = LikeDislike(**info["settings"]["task"])
    return _render(
        "dataset_card.md",
        source,
        info,
        example=task.made_up_prompt() + task.completion(1),
        rules=RULES,
        like_rule=LIKE_RULES[info["settings"]["like_rule"]].format(like_from=task.like_from),
        order=Order(info["settings"]["ties"]).words,
        lessons=lesson_sentences(info["counts"], info["settings"]),
    )


def top_n_card(source: Source, info: dict) -> str:
    """The card of a `top_n` dataset.

    Args:
        info: the content of its `tastetune.json`.
    """
    task = TopN(**info["settings"]["task"])
    titles = [f"Made-up Title {place} ({1960 + place})" for place in range(1, 15)]
    messages = task.prompt(titles[:4]) + task.completion(titles[4 : 4 + task.n])
    return _render("top_n_dataset_card.md", source, info, messages=messages)


def _render(template: str, source: Source, info: dict, **values: object) -> str:
    return environment().get_template(template).render(source=source, **info, **values) + "\n"
