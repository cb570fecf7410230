"""From a log to the dataset folder of the recommend-ten task: gold lists, prompts, splits by user, and the card."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction

import ibis
import pyarrow as pa
from ibis.expr import types as ir
from tqdm import tqdm

from tastetune.artifacts.redaction import shareable
from tastetune.config.output import OutputArguments, build_command
from tastetune.data.card import Source, top_n_card
from tastetune.data.engine import ordered
from tastetune.data.engine.spark import on_engine
from tastetune.data.folder import DatasetFolder, building
from tastetune.data.gold_lists import mine
from tastetune.data.interactions import INTERACTIONS
from tastetune.data.list_rule import FUTURE, Rule, on_scale
from tastetune.data.lists.future import by_moment, read_futures
from tastetune.data.lists.rows import fingerprint, lengths, render
from tastetune.data.splits import SPLITS
from tastetune.errors import InputError
from tastetune.tasks.catalogue import Catalogue
from tastetune.tasks.order import BY_ITEM_ID, Order
from tastetune.tasks.top_n import TopN

CONFIG = "top_n"
ROWS_A_GROUP = 1 << 20


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
    def kind(self) -> str:
        """What names of datasets and folders say of the gold lists: `future`, or `lists50`, watched by 50%."""
        return FUTURE if self.gold == FUTURE else f"lists{round(100 * self.watched_by)}"


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
    """Make gold lists and write the dataset folder, whole or not at all.

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
    with building(source, args, ROWS_A_GROUP) as folder, on_engine(interactions, args) as computed:
        args = on_scale(computed, args)
        lists = (_futures if args.gold == FUTURE else _mined)(computed, args, order)
        titles = dict(zip(items["item_id"].to_pylist(), items["title"].to_pylist(), strict=True))
        rows = {name: render(part, task, titles) for name, part in lists.parts.items()}
        for name, table in rows.items():
            folder.write(CONFIG, name, table.schema, [table])
        folder.write("items", "train", items.schema, [items])
        numbers = {name: len(table) for name, table in rows.items()}
        info = {
            "name": source.name,
            "fingerprint": fingerprint(rows.values()),
            "command": shareable(build_command()),
            "settings": _settings(args) | lists.settings | {"task": asdict(task), **source.terms, **(origin or {})},
            "counts": lists.counts
            | {"rows": numbers, "interactions": _write_interactions(folder, lists.interactions)}
            | lengths(pa.concat_tables(lists.parts.values()), task.n)
            | {"items": len(items), "titles_shared": Catalogue(list(titles), list(titles.values())).ambiguous},
            "files": folder.files,
        }
        folder.describe(info, top_n_card(source, info))
        users = ", ".join(f"{number:,} {name}" for name, number in numbers.items())
        folder.summary = (
            f"{source.pretty_name}: lists of {users} users in {args.output_dir} (fingerprint "
            f"{info['fingerprint'][:12]}); set aside: {set_aside(lists.counts, args)}"
        )
    return info


@dataclass(frozen=True)
class _Lists:
    """Gold lists of three splits, whichever way they were made.

    Attributes:
        parts: the lists by split.
        interactions: the ratings by split.
        counts: of users, by what became of them.
        settings: what else is said of how they were made.
    """

    parts: dict[str, pa.Table]
    interactions: dict[str, ir.Table]
    counts: dict[str, int]
    settings: dict


def _mined(interactions: ir.Table, args: ListArguments, order: Order) -> _Lists:
    mined = mine(interactions, args, order)
    parts = split_users(mined.lists, args)
    refuse_empty(parts, mined.counts, args)
    return _Lists(parts, _by_user(interactions, parts), mined.counts, {})


def _futures(interactions: ir.Table, args: ListArguments, order: Order) -> _Lists:
    futures = read_futures(interactions, args, (args.train_share, args.validation_share), order)
    refuse_empty(futures.parts, futures.counts, args)
    first, second = futures.moments
    settings = {"validation_from": first, "test_from": second}
    return _Lists(futures.parts, by_moment(interactions, futures.moments), futures.counts, settings)


def split_users(lists: pa.Table, args: ListArguments) -> dict[str, pa.Table]:
    """The lists in train, validation and test: the first of the users as drawn, the next, and the rest."""
    train = int(Fraction(str(args.train_share)) * len(lists))
    tested_from = train + int(Fraction(str(args.validation_share)) * len(lists))
    return dict(zip(SPLITS, (lists[:train], lists[train:tested_from], lists[tested_from:]), strict=True))


def refuse_empty(parts: Mapping[str, pa.Table], counts: Mapping[str, int], args: ListArguments) -> None:
    """Raise InputError if a split has no list, with what became of the users."""
    for name, part in parts.items():
        if not len(part):
            raise InputError(
                f"{counts['kept']} users have a gold list, too few for a {name} split; set aside: "
                f"{set_aside(counts, args)}; lower what sets most aside, or give a larger log"
            )


def set_aside(counts: Mapping[str, int], args: ListArguments) -> str:
    """How many users have no list, by the rule that sets them aside."""
    past = " in the past" if args.gold == FUTURE else ""
    rules = {
        "too_few_ratings": f"with fewer than {args.liked} ratings{past} (--liked)",
        "too_few_favourites": f"without more than {args.favourites_over} of {args.favourite:g}{past} "
        "(--favourites_over)",
        "too_few_neighbours": f"with fewer than {args.min_neighbours} neighbours (--min_neighbours, --shared, --high)",
        "empty_gold": f"with nothing that {args.watched_by:g} of the neighbours watched (--watched_by)",
        "no_liked_future": "who went on to like nothing before their split ends (--past_share, --like_from)",
    }
    return ", ".join(f"{counts[name]:,} {rule}" for name, rule in rules.items() if name in counts)


def _settings(args: ListArguments) -> dict:
    return args.constants | {name: getattr(args, name) for name in ("train_share", "validation_share")}


def _by_user(interactions: ir.Table, parts: Mapping[str, pa.Table]) -> dict[str, ir.Table]:
    """Everything that users of the validation and test lists rated goes there, all else is train."""
    held = [
        part.select(["user_id"]).append_column("split", pa.array([name] * len(part))) for name, part in parts.items()
    ]
    held = ibis.memtable(pa.concat_tables(held[1:]))
    by_split = {name: interactions.semi_join(held.filter(held.split == name), "user_id") for name in SPLITS[1:]}
    return {"train": interactions.anti_join(held, "user_id"), **by_split}


def _write_interactions(folder: DatasetFolder, by_split: Mapping[str, ir.Table]) -> dict[str, int]:
    counts, ratings = {}, sum(int(part.count().execute()) for part in by_split.values())
    with tqdm(total=ratings, desc="writing", unit=" ratings", unit_scale=True) as progress:
        for name, part in by_split.items():
            tables = ordered(part.select(*INTERACTIONS.names), ROWS_A_GROUP)
            counts[name] = folder.write("interactions", name, INTERACTIONS, tables, progress.update)
    return counts
