"""From a log to the dataset folder of the recommend-ten task: mined lists, prompts, splits by user, and the card."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from hashlib import sha256

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir
from tqdm import tqdm

from tastetune.config.flags import OutputArguments
from tastetune.data.card import Source, top_n_card
from tastetune.data.engine import ordered
from tastetune.data.folder import DatasetFolder, building
from tastetune.data.gold_lists import Mined, mine
from tastetune.data.interactions import INTERACTIONS
from tastetune.data.list_rule import Rule, on_scale
from tastetune.data.spark import on_engine
from tastetune.data.splits import SPLITS
from tastetune.errors import InputError
from tastetune.tasks.catalogue import Catalogue
from tastetune.tasks.order import BY_ITEM_ID, Order
from tastetune.tasks.top_n import TopN

CONFIG = "top_n"
ROWS_A_GROUP = 1 << 20
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("user_id", pa.string()),
        ("liked", pa.list_(pa.string())),
        ("gold", pa.list_(pa.string())),
        ("prompt", MESSAGES),
        ("completion", MESSAGES),
    ]
)


@dataclass(kw_only=True)
class ListArguments(Rule, OutputArguments):
    """What every builder of lists asks; the mining's constants come first."""

    train_share: float = field(default=0.7, metadata={"help": "Share of the users kept whose lists are for training."})
    validation_share: float = field(default=0.2, metadata={"help": "Share for validation; the rest is for the test."})

    def __post_init__(self):
        Rule.__post_init__(self)
        OutputArguments.__post_init__(self)
        if min(self.train_share, self.validation_share) <= 0 or self.train_share + self.validation_share >= 1:
            raise InputError(
                f"--train_share {self.train_share} and --validation_share {self.validation_share}: both must be above "
                "0 and leave something for the test"
            )

    @property
    def percent(self) -> int:
        """The share of neighbours who watched a gold film, as it stands in the names of datasets and folders."""
        return round(100 * self.watched_by)


def build_lists(
    interactions: ir.Table,
    items: pa.Table,
    source: Source,
    args: ListArguments,
    *,
    task: TopN | None = None,
    origin: Mapping | None = None,
    order: Order = BY_ITEM_ID,
) -> dict:
    """Mine lists and write the dataset folder, whole or not at all.

    Args:
        interactions: the columns of `tastetune.data.interactions.INTERACTIONS`, in any order, on any engine.
        items: `tastetune.data.interactions.ITEMS` with every interaction's item among them.
        task: the prompts' words.
        origin: what else the settings should say of where the interactions come from.
        order: of a user's ratings of one moment.

    Returns:
        The content of `tastetune.json`.

    Raises:
        InputError: nobody qualifies, a split without users, a licence that forbids the push, or something else than a
            dataset in the output folder.
    """
    task = task or TopN()
    with building(source, args, ROWS_A_GROUP) as folder, on_engine(interactions, args) as interactions:
        args = on_scale(interactions, args)
        mined = mine(interactions, args, order)
        parts = split_users(mined, args)
        titles = dict(zip(items["item_id"].to_pylist(), items["title"].to_pylist(), strict=True))
        rows = {name: render(part, task, titles) for name, part in parts.items()}
        for name, table in rows.items():
            folder.write(CONFIG, name, SCHEMA, [table])
        folder.write("items", "train", items.schema, [items])
        numbers = {name: len(table) for name, table in rows.items()}
        info = {
            "name": source.name,
            "fingerprint": fingerprint(rows.values()),
            "settings": _settings(args) | {"task": asdict(task), **source.terms, **(origin or {})},
            "counts": mined.counts
            | {"rows": numbers, "interactions": _write_interactions(folder, interactions, parts)}
            | _lengths(mined.lists, task.n)
            | {"items": len(items), "titles_shared": Catalogue(list(titles), list(titles.values())).ambiguous},
            "files": folder.files,
        }
        folder.describe(info, top_n_card(source, info))
        users = ", ".join(f"{number:,} {name}" for name, number in numbers.items())
        folder.summary = (
            f"{source.pretty_name}: lists of {users} users in {args.output_dir} (fingerprint "
            f"{info['fingerprint'][:12]}); set aside: {set_aside(mined.counts, args)}"
        )
    return info


def split_users(mined: Mined, args: ListArguments) -> dict[str, pa.Table]:
    """The lists in train, validation and test: the first of the users as drawn, the next, and the rest.

    Raises:
        InputError: a split would be empty.
    """
    lists = mined.lists
    train = int(Fraction(str(args.train_share)) * len(lists))
    tested_from = train + int(Fraction(str(args.validation_share)) * len(lists))
    parts = dict(zip(SPLITS, (lists[:train], lists[train:tested_from], lists[tested_from:]), strict=True))
    for name, part in parts.items():
        if not len(part):
            raise InputError(
                f"{len(lists)} users have a gold list, too few for a {name} split; set aside: "
                f"{set_aside(mined.counts, args)}; lower what sets most aside, or give a larger log"
            )
    return parts


def set_aside(counts: Mapping[str, int], args: ListArguments) -> str:
    """How many users have no list, by the rule that sets them aside."""
    rules = {
        "too_few_ratings": f"with fewer than {args.liked} ratings (--liked)",
        "too_few_favourites": f"without more than {args.favourites_over} of {args.favourite:g} (--favourites_over)",
        "too_few_neighbours": f"with fewer than {args.min_neighbours} neighbours (--min_neighbours, --shared, --high)",
        "empty_gold": f"with nothing that {args.watched_by:g} of the neighbours watched (--watched_by)",
    }
    return ", ".join(f"{counts[name]:,} {rule}" for name, rule in rules.items())


def render(lists: pa.Table, task: TopN, titles: Mapping[str, str]) -> pa.Table:
    """Mined lists as rows of the `top_n` config (see `SCHEMA`), in the same order."""
    liked, gold = ([[titles[item] for item in row] for row in lists[name].to_pylist()] for name in ("liked", "gold"))
    columns = {
        "example_id": lists["user_id"],
        "user_id": lists["user_id"],
        "liked": lists["liked"],
        "gold": lists["gold"],
        "prompt": [task.prompt(films) for films in liked],
        "completion": [task.completion(films) for films in gold],
    }
    return pa.table(columns, schema=SCHEMA)


def fingerprint(tables: Iterable[pa.Table]) -> str:
    """SHA-256 of the rows' content, one JSON array a row."""
    digest = sha256()
    for table in tables:
        for row in table.to_pylist():
            digest.update(json.dumps(list(row.values()), separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


def _settings(args: ListArguments) -> dict:
    names = [entry.name for entry in fields(Rule)] + ["train_share", "validation_share"]
    return {name: getattr(args, name) for name in names}


def _lengths(lists: pa.Table, n: int) -> dict:
    """Least, quartiles and most of the gold lists' lengths and of the users' neighbours; lists shorter than `n`."""
    columns = {
        "gold_length": pc.list_value_length(lists["gold"]).to_numpy(),
        "neighbours": lists["neighbours"].to_numpy(),
    }
    names = ("least", "quarter", "median", "three_quarters", "most")
    spreads = {
        column: dict(zip(names, np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist(), strict=True))
        for column, values in columns.items()
    }
    return spreads | {"short_gold": int((columns["gold_length"] < n).sum())}


def _write_interactions(folder: DatasetFolder, interactions: ir.Table, parts: Mapping[str, pa.Table]) -> dict[str, int]:
    """Everything that users of the validation and test lists rated goes there, all else is train."""
    counts = {}
    held = [
        part.select(["user_id"]).append_column("split", pa.array([name] * len(part))) for name, part in parts.items()
    ]
    held = ibis.memtable(pa.concat_tables(held[1:]))
    by_split = {name: interactions.semi_join(held.filter(held.split == name), "user_id") for name in SPLITS[1:]}
    by_split = {"train": interactions.anti_join(held, "user_id"), **by_split}
    with tqdm(total=int(interactions.count().execute()), desc="writing", unit=" ratings", unit_scale=True) as progress:
        for name, part in by_split.items():
            tables = ordered(part.select(*INTERACTIONS.names), ROWS_A_GROUP)
            counts[name] = folder.write("interactions", name, INTERACTIONS, tables, progress.update)
    return counts
