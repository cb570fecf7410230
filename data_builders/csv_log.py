r"""A log of your own as a dataset folder: CSV, TSV, parquet or JSON lines, with ratings, likes or plain clicks.

python data_builders/csv_log.py --log loans.csv --items books.csv \
    --user_column reader --item_column book --rating_column stars --time_column date \
    --item_word book --items_word books --user_word reader --verb enjoy

It goes into outputs/loans/data, by the log's name; --output_dir names another folder.
The flags may stand in a YAML file instead: python data_builders/csv_log.py books.yaml
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import ibis

from tastetune.config.flags import BuildArguments, parse
from tastetune.data import formats, negatives
from tastetune.data import intake as own_data
from tastetune.data.card import Source
from tastetune.data.engine import connect
from tastetune.data.exports.log import one_log
from tastetune.data.folder import held_output
from tastetune.data.interactions import refuse_unknown_items, to_interactions, to_items
from tastetune.data.like_dislike import build
from tastetune.data.logs import RawLog, joined
from tastetune.errors import InputError, run


@dataclass(kw_only=True)
class Arguments(BuildArguments):
    log: str | None = field(default=None, metadata={"help": "The log: .csv, .tsv, .parquet or .jsonl."})
    format: Literal["letterboxd", "goodreads", "netflix_history", "myanimelist", "lastfm", "spotify"] | None = field(
        default=None, metadata={"help": "--log is a folder of this service's exports, one a person."}
    )
    train_log: str | None = field(default=None, metadata={"help": "Instead of --log, one file a split: train."})
    validation_log: str | None = field(default=None, metadata={"help": "The validation file; may be left away."})
    test_log: str | None = field(default=None, metadata={"help": "The test file."})
    items: str | None = field(default=None, metadata={"help": "The catalogue: ids, titles, perhaps categories."})
    user_column: str = field(default="user_id", metadata={"help": "Column of the log: who."})
    item_column: str = field(default="item_id", metadata={"help": "Column of the log: what."})
    rating_column: str | None = field(default=None, metadata={"help": "Column of the log: stars or points."})
    like_column: str | None = field(
        default=None, metadata={"help": "Column of the log: 1 or true for a like, 0 if not."}
    )
    time_column: str | None = field(
        default=None, metadata={"help": "Column of the log: seconds (or ms, us, ns) since 1970, or ISO dates."}
    )
    split_column: str | None = field(default=None, metadata={"help": "Column of the log: train, validation, test."})
    id_column: str = field(default="item_id", metadata={"help": "Column of the catalogue: the id."})
    title_column: str = field(default="title", metadata={"help": "Column of the catalogue: the title."})
    genres_column: str | None = field(default=None, metadata={"help": "Column of the catalogue: categories."})
    genres_separator: str = field(default="|", metadata={"help": "What stands between two categories."})
    separator: str | None = field(default=None, metadata={"help": "What stands between two fields of a text file."})
    items_separator: str | None = field(default=None, metadata={"help": "Of the catalogue, where it has another."})
    encoding: Literal["utf-8", "latin-1"] = field(default="utf-8", metadata={"help": "Encoding of text files."})
    rating_min: float = field(default=1.0, metadata={"help": "The lowest rating there can be."})
    rating_max: float = field(default=5.0, metadata={"help": "The highest rating there can be."})
    like_from: float | None = field(
        default=None, metadata={"help": "A rating of this much or more is a like; 4 on a scale from 1 to 5."}
    )
    negatives: int = field(
        default=0, metadata={"help": "For clicks: dislikes to sample beside each click, items the user never clicked."}
    )
    repeats: Literal["refuse", "first", "last"] = field(
        default="refuse", metadata={"help": "Which row to keep where a user and an item meet again."}
    )
    item_word: str = field(default="item", metadata={"help": "The prompt's word for one item, such as book."})
    items_word: str = field(default="items", metadata={"help": "The prompt's word for several."})
    user_word: str = field(default="user", metadata={"help": "The prompt's word for the person, such as reader."})
    verb: str = field(default="like", metadata={"help": "The prompt's verb of liking, such as enjoy."})
    licence: str = field(
        default="The terms of use were not stated to the builder.", metadata={"help": "Terms of use, for the card."}
    )
    redistribution: bool = field(default=False, metadata={"help": "The terms let anybody have a copy."})

    def default_run(self) -> str:
        return f"{Path(self.log or self.train_log or 'log').stem}{self.variant}"


def feedback(args: Arguments) -> str:
    """What the log holds, `ratings`, `likes` or `clicks`; refuses flags that do not go together."""
    if bool(args.log) == bool(args.train_log or args.test_log):
        raise InputError("give the log as --log FILE, or as --train_log and --test_log (and --validation_log)")
    if not args.log and not (args.train_log and args.test_log):
        raise InputError("one file a split needs both --train_log and --test_log")
    if not args.log and args.split_column:
        raise InputError("--split_column goes with --log; the files are the splits already")
    if (args.split_column or not args.log) and args.protocol != "per_user":
        raise InputError(f"--protocol {args.protocol}: the log brings its own split; leave one of the two away")
    if not args.items:
        raise InputError("--items: a prompt needs titles; name the file with ids and titles")
    if args.genres and not args.genres_column:
        raise InputError("--genres names categories in the prompt; say where they stand with --genres_column")
    if args.rating_column and args.like_column:
        raise InputError("--rating_column and --like_column are two ways to say the same; name one")
    kind = "ratings" if args.rating_column else "likes" if args.like_column else "clicks"
    if kind == "clicks" and args.negatives < 1:
        raise InputError(
            "a log of clicks has likes alone, so there is nothing to tell apart: name the column that tells "
            "(--rating_column or --like_column), or sample dislikes with --negatives 1 or more"
        )
    if kind != "clicks" and args.negatives:
        raise InputError(f"--negatives samples dislikes for a log of clicks, and this one has {kind}; leave it away")
    if kind != "ratings" and args.ratings:
        raise InputError(f"--ratings shows stars, and this log has {kind} alone; leave it away")
    if args.times and not args.time_column:
        raise InputError("--times says how long ago an item was rated, and this log has no times; name --time_column")
    if kind == "ratings" and args.like_from is None and (args.rating_min, args.rating_max) != (1, 5):
        raise InputError("--like_from: say which rating is a like on your own scale")
    return kind


def read_log(con: ibis.BaseBackend, args: Arguments) -> RawLog:
    """The log's files as one, columns by the contract's names, with a `split` column if it has a split of its own."""
    wanted = {
        "user_id": args.user_column,
        "item_id": args.item_column,
        "rating": args.rating_column or args.like_column,
        "timestamp": args.time_column,
        "split": args.split_column,
    }
    columns = {ours: theirs for ours, theirs in wanted.items() if theirs}
    if args.log:
        log = formats.read(con, args.log, columns, args.separator, args.encoding)
        return own_data.splits_in_our_words(log) if args.split_column else log
    parts = {"train": args.train_log, "validation": args.validation_log, "test": args.test_log}
    logs = []
    for split, path in parts.items():
        if path:
            part = formats.read(con, path, columns, args.separator, args.encoding)
            logs.append(RawLog(part.table.mutate(split=ibis.literal(split)), part.files))
    return joined(logs)


def read_items(con: ibis.BaseBackend, args: Arguments):
    """The catalogue as the items table."""
    columns = {"item_id": args.id_column, "title": args.title_column}
    columns |= {"genres": args.genres_column} if args.genres_column else {}
    raw, _ = own_data.trimmed(
        formats.read(con, args.items, columns, args.items_separator or args.separator, args.encoding)
    )

    def item(row: dict) -> tuple[str, str, list[str]]:
        listed = own_data.listed(row.get("genres") or "", args.genres_separator)
        return row["item_id"], row["title"].strip(), listed

    return to_items(raw, item)


def card_source(args: Arguments, kind: str, times: str) -> Source:
    """What the card says of the log."""
    name = args.name or Path(args.log or args.train_log).stem
    rest = {
        own_data.NO_TIMES: ", so that order, and the leakage report with it, is that of the log's rows",
        own_data.NO_ZONE: ", taken as UTC",
    }.get(times, "")
    sampled = f" Dislikes are sampled, {args.negatives} beside each click. {negatives.POLICY}" if args.negatives else ""
    return Source(
        name=name,
        pretty_name=name,
        about=f"A log of {kind}; its times were {times}{rest}.{sampled}",
        titles="As the catalogue has them.",
        licence=args.licence,
        redistribution=args.redistribution,
    )


def prompt_words(args: Arguments, kind: str) -> dict:
    """The domain's words and what a like is; likes and clicks are rated 1, dislikes 0."""
    stars = 4.0 if args.like_from is None else args.like_from
    return {
        "item": args.item_word,
        "items": args.items_word,
        "user": args.user_word,
        "enjoy": args.verb,
        "like_from": stars if kind == "ratings" else 0.5,
    }


def main() -> None:
    args = parse(Arguments, __doc__)
    with held_output(args):
        args = one_log(args)
        kind, con = feedback(args), connect()
        log, times, notes = own_data.normalised(read_log(con, args), kind, args.repeats)
        low, high = (args.rating_min, args.rating_max) if kind == "ratings" else (0, 1)
        interactions = to_interactions(log, low, high)
        items = read_items(con, args)
        refuse_unknown_items(interactions, items, args.items)
        source, wording = card_source(args, kind, times), prompt_words(args, kind)
        build(interactions, items, source, args, wording=wording, negatives=args.negatives, notes=notes)


if __name__ == "__main__":
    run(main)
