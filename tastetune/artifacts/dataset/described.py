"""What a built dataset says of itself: its settings, and by which rules its rows came about."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tastetune.config.flags import PARTS
from tastetune.errors import InputError

Wording = TypeVar("Wording")

INFO = "tastetune.json"
"""Beside the card: the settings a dataset was built with, its counts, the fingerprint of its rows, and its files."""

LIKE_FROM = 4.0
"""A rating of this many stars or more is a like, unless the dataset says otherwise."""


@dataclass(frozen=True, eq=False)
class DescribedDataset:
    """A dataset's folder and what its `tastetune.json` says; two that were opened apart are two.

    Attributes:
        folder: where its files lie (for a Hub dataset, the snapshot in the Hub cache).
        source: the folder or Hub id it was opened by.
        info: the content of `tastetune.json`: `name`, `fingerprint`, `settings`, `counts`, and in `files` the SHA-256
            of each parquet file by its path in the folder.
    """

    folder: Path
    source: str
    info: dict

    @property
    def name(self) -> str:
        return self.info["name"]

    @property
    def fingerprint(self) -> str:
        return self.info["fingerprint"]

    @property
    def wording(self) -> dict:
        """What its prompts were written with: the fields of the class in `tastetune.tasks` that wrote them."""
        return self.info["settings"].get("task", {})

    def worded(self, kind: type[Wording]) -> Wording:
        """`kind`, a class in `tastetune.tasks`, with this wording.

        Raises:
            InputError: `kind` knows no such wording.
        """
        try:
            return kind(**self.wording)
        except TypeError as error:
            raise InputError(f"{self.source}: settings.task of its {INFO}: {error}; rebuild the dataset") from error

    @property
    def like_from(self) -> float:
        """The rating from which on a row is a like."""
        return self.wording.get("like_from") or self.info["settings"].get("like_from") or LIKE_FROM

    @property
    def seen(self) -> str:
        """The column of a row that asks for a list which holds what the user saw: `past`, or `liked`, the favourites.

        Where the gold list is the user's own future, what lies before it stands in the row.
        """
        return "past" if self.info["settings"].get("gold") == "future" else "liked"

    @property
    def has_prompts(self) -> bool:
        """Whether its rows hold their prompts; if not, `tastetune.tasks.prompts.read_rows` writes them."""
        return self.info["settings"].get("store") != PARTS

    @property
    def may_be_shared(self) -> bool:
        """Whether the licence of its ratings lets a copy be shown to everybody; not unless the dataset says so."""
        return self.info["settings"].get("redistribution") is True

    @property
    def clause(self) -> str:
        """The words of that licence that forbid it; empty where it does not, or the dataset does not say."""
        return self.info["settings"].get("clause") or ""

    @property
    def citation(self) -> str:
        """The acknowledgement that the source of its ratings asks for; empty where it asks for none."""
        return self.info["settings"].get("citation") or ""

    @property
    def history(self) -> str:
        """The rule for what may stand before a target, see `tastetune.tasks.task.KNOWN`."""
        return self.info["settings"].get("history") or "prior"

    @property
    def ties(self) -> str:
        """What orders a user's ratings of one moment, see `tastetune.tasks.order.Order`; the item id unless it says."""
        return self.info["settings"].get("ties") or "item_id"

    @property
    def seed(self) -> int:
        """Of everything drawn when it was built."""
        return self.info["settings"].get("seed") or 0

    @property
    def language(self) -> str:
        """Of its titles; empty where nobody said."""
        return self.info["settings"].get("language") or ""

    @property
    def has_sampled_dislikes(self) -> bool:
        """Whether dislikes were drawn beside its ratings, which are targets only."""
        return bool(self.info["settings"].get("negatives"))

    @property
    def has_neutral_titles(self) -> bool:
        """Whether its titles are names made of the ids."""
        return bool(self.info["settings"].get("neutral_titles"))

    @property
    def has_titles(self) -> bool:
        """Whether its titles are more than the ids that stand in for them; neutral names are asked for."""
        return self.info["settings"].get("titles") != "ids" or self.has_neutral_titles

    @property
    def is_recipe_only(self) -> bool:
        """Whether its rows were left out, so that they are to be built from the source."""
        return self.info.get("recipe_only") is True

    @property
    def build_command(self) -> str:
        """The command that builds it; empty where nobody kept it."""
        return self.info.get("command") or ""
