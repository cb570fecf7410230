"""The flags of a builder of somebody's own log: what a person says of it. What is not said is found out."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tastetune.config.flags import BuildArguments
from tastetune.data.reading.dialect import Said
from tastetune.errors import InputError

NONE = "none"
"""The name of no column: what a person says of a log that has none of a kind."""


def _flag(meaning: str, default=None):
    return field(default=default, metadata={"help": meaning})


def _switch(meaning: str):
    """A flag that says yes by itself, and yes or no with a word behind it."""
    return field(default=None, metadata={"help": meaning, "nargs": "?", "const": True})


@dataclass(kw_only=True)
class LogArguments(BuildArguments):
    log: str | None = _flag("The log: CSV, TSV, parquet, JSON, Excel or RecBole's, packed or not.")
    format: Literal["letterboxd", "goodreads", "netflix_history", "myanimelist", "lastfm", "spotify"] | None = _flag(
        "--log is a folder of this service's exports, one a person."
    )
    train_log: str | None = _flag("Instead of --log, one file a split: train.")
    validation_log: str | None = _flag("The validation file; may be left away.")
    test_log: str | None = _flag("The test file.")
    items: str | None = _flag("The catalogue: ids, titles, perhaps categories. The log's own columns if none.")
    inspect: bool = _flag("Show what is understood of the files, and stop.", default=False)
    user_column: str | None = _flag("Column of the log: who. A number from 1 in a file without a header.")
    item_column: str | None = _flag("Column of the log: what.")
    rating_column: str | None = _flag("Column of the log: stars, points or counts; `none` for no such column.")
    like_column: str | None = _flag("Column of the log: 1 or true for a like, 0 if not; `none` for no such column.")
    time_column: str | None = _flag("Column of the log: when; `none` for no such column.")
    split_column: str | None = _flag("Column of the log: train, validation, test; `none` for no such column.")
    id_column: str | None = _flag("Column of the catalogue: the id.")
    title_column: str | None = _flag("Column of the catalogue, or of the log without one: the title.")
    genres_column: str | None = _flag("Column beside the title: categories; `none` for no such column.")
    genres_separator: str | None = _flag("What stands between two categories.")
    separator: str | None = _flag(r"What stands between two fields of a text file, such as ';', '::' or '\t'.")
    encoding: str | None = _flag("Encoding of a text file, such as utf-8, cp1252 or gbk.")
    no_header: bool | None = _switch("The first line holds data; columns are named by their numbers from 1.")
    no_quotes: bool | None = _switch("Quotes are part of the text and enclose no field.")
    items_separator: str | None = _flag("Of the catalogue, where it has another.")
    items_encoding: str | None = _flag("Of the catalogue, where it has another.")
    items_no_header: bool | None = _switch("Of the catalogue, where it is otherwise.")
    items_no_quotes: bool | None = _switch("Of the catalogue, where it is otherwise.")
    time_format: str | None = _flag("What times are: seconds, milliseconds, years, days since 1900 ... or %%d/%%m/%%Y.")
    rating_min: float | None = _flag("The lowest rating there can be.")
    rating_max: float | None = _flag("The highest rating there can be.")
    unrated: float | None = _flag("The number that stands for no rating; rows with it are set aside.")
    like_from: float | None = _flag("A rating of this much or more is a like; 4 on a scale from 1 to 5.")
    negatives: int | None = _flag("For clicks: dislikes to sample beside each click, items the user never clicked; 1.")
    negatives_by: Literal["uniform", "popularity"] = _flag(
        "How they are drawn: each item alike, or as often as it is clicked.", default="uniform"
    )
    ties: Literal["item_id", "hash"] = _flag(
        "What orders a user's ratings of one moment: `hash`, a lot; `item_id`, the ids as text.", default="hash"
    )
    repeats: Literal["refuse", "first", "last"] | None = _flag("Which row to keep where a user and an item meet again.")
    empty_ids: Literal["refuse", "drop"] | None = _flag("Rows without a user or an item: set them aside.")
    unknown_items: Literal["refuse", "drop", "id"] | None = _flag(
        "Items without a title in the catalogue: drop their ratings, or let the id stand for the title."
    )
    doubled_items: Literal["refuse", "first", "last"] | None = _flag(
        "Which of two lines of one id the catalogue keeps."
    )
    item_word: str | None = _flag("The prompt's word for one item, such as book.")
    items_word: str | None = _flag("The prompt's word for several.")
    user_word: str | None = _flag("The prompt's word for the person, such as reader.")
    verb: str = _flag("The prompt's verb of liking, such as enjoy.", default="like")
    licence: str = _flag("Terms of use, for the card.", default="The terms of use were not stated to the builder.")
    redistribution: bool = _flag("The terms let anybody have a copy.", default=False)

    def __post_init__(self):
        super().__post_init__()
        if bool(self.log) == bool(self.train_log or self.test_log):
            raise InputError("give the log as --log FILE, or as --train_log and --test_log (and --validation_log)")
        if not self.log and not (self.train_log and self.test_log):
            raise InputError("one file a split needs both --train_log and --test_log")
        if not self.log and _is_named(self.split_column):
            raise InputError("--split_column goes with --log; the files are the splits already")
        if (_is_named(self.split_column) or not self.log) and self.protocol != "per_user":
            raise InputError(f"--protocol {self.protocol}: the log brings its own split; leave one of the two away")
        if _is_named(self.rating_column) and _is_named(self.like_column):
            raise InputError("--rating_column and --like_column are two ways to say the same; name one")
        if self.negatives and (_is_named(self.rating_column) or _is_named(self.like_column)):
            kind = "ratings" if _is_named(self.rating_column) else "likes"
            raise InputError(
                f"--negatives samples dislikes for a log of clicks, and this one has {kind}; leave it away"
            )

    def default_run(self) -> str:
        return f"{self.log_name}{self.variant}"

    @property
    def log_name(self) -> str:
        """The log's file without its endings; of one file a split, their folder."""
        if self.log:
            return Path(self.log).stem.partition(".")[0]
        return Path(self.train_log or "log").resolve().parent.name

    @property
    def logs(self) -> dict[str, str]:
        """The log's files by their splits; a single one under the empty name."""
        parts = {"": self.log, "train": self.train_log, "validation": self.validation_log, "test": self.test_log}
        return {split: path for split, path in parts.items() if path}

    @property
    def said_of_log(self) -> Said:
        return Said(self.separator, self.encoding, self.no_header, self.no_quotes)

    @property
    def said_of_items(self) -> Said:
        """What is said of the catalogue: of the log's flags, the separator and the encoding go for both."""
        return Said(
            self.items_separator or self.separator,
            self.items_encoding or self.encoding,
            self.items_no_header,
            self.items_no_quotes,
        )


def _is_named(column: str | None) -> bool:
    return column is not None and column != NONE
