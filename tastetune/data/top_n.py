"""From a log to the dataset folder of the recommend-ten task: mined lists, prompts, splits by user, and the card."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path

import ibis
import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.expr import types as ir
from tqdm import tqdm

from tastetune.artifacts.dataset import INFO
from tastetune.data.batches import batches, even
from tastetune.data.card import Source
from tastetune.data.gold_lists import Rule, mine
from tastetune.data.interactions import INTERACTIONS
from tastetune.data.list_arguments import ListArguments
from tastetune.data.list_splits import set_aside, split_users
from tastetune.data.splits import ORDER, SPLITS
from tastetune.errors import InputError
from tastetune.files import replacing
from tastetune.tasks.catalogue import Catalogue
from tastetune.tasks.top_n import TopN

TEMPLATE = Path(__file__).parents[2] / "model_cards" / "top_n_dataset_card.md"
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


def build_lists(
    interactions: ir.Table,
    items: pa.Table,
    source: Source,
    args: ListArguments,
    *,
    task: TopN | None = None,
    origin: Mapping | None = None,
) -> dict:
    """Mine lists and write the dataset folder whole or not at all, and push it if asked.

    Args:
        interactions: the columns of `tastetune.data.interactions.INTERACTIONS`, in any order, on any engine.
        items: `tastetune.data.interactions.ITEMS` with every interaction's item among them.
        task: the prompts' words.
        origin: what else the settings should say of where the interactions come from.

    Returns:
        The content of `tastetune.json`.

    Raises:
        InputError: arguments that cannot be, nobody qualifies, a split without users, a licence that forbids the push.
    """
    args.check()
    if args.public and not source.redistribution:
        raise InputError(
            f"--public: the licence of {source.name} forbids redistribution; leave --public away, a private repository "
            "of your own is allowed"
        )
    task = task or TopN()
    mined = mine(interactions, args)
    parts = split_users(mined, args)
    catalogue = dict(zip(items["item_id"].to_pylist(), items["title"].to_pylist(), strict=True))
    with replacing(args.output_dir) as folder:
        rendered = {name: render(part, task, catalogue) for name, part in parts.items()}
        for name, table in rendered.items():
            _write(folder / "top_n" / f"{name}.parquet", SCHEMA, iter([table]))
        _write(folder / "items" / "train.parquet", items.schema, iter([items]))
        info = {
            "name": source.name,
            "fingerprint": fingerprint(rendered.values()),
            "settings": _settings(args)
            | {"task": asdict(task), "redistribution": source.redistribution, **(origin or {})},
            "counts": mined.counts
            | {"rows": {name: len(table) for name, table in rendered.items()}}
            | {"interactions": _write_interactions(folder / "interactions", interactions, parts)}
            | _lengths(mined.lists, task.n)
            | {"items": len(items), "titles_shared": Catalogue(list(catalogue), list(catalogue.values())).ambiguous},
        }
        (folder / INFO).write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / "README.md").write_text(card(source, info), encoding="utf-8")
    made = ", ".join(f"{number:,} {name}" for name, number in info["counts"]["rows"].items())
    print(
        f"{source.pretty_name}: lists of {made} users in {args.output_dir} (fingerprint {info['fingerprint'][:12]}); "
        f"set aside: {set_aside(mined.counts, args)}"
    )
    if args.push_to_hub:
        from tastetune.hub.push import push_folder

        print(push_folder(args.output_dir, args.push_to_hub, repo_type="dataset", private=not args.public))
    return info


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


def fingerprint(tables: Iterator[pa.Table]) -> str:
    """SHA-256 of the rows' content, one JSON array a row."""
    digest = sha256()
    for table in tables:
        for row in table.to_pylist():
            digest.update(json.dumps(list(row.values()), separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


def card(source: Source, info: dict) -> str:
    """The dataset card, from the template in model_cards/."""
    task = TopN(**info["settings"]["task"])
    made = [f"Made-up Title {place} ({1960 + place})" for place in range(1, 15)]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    messages = task.prompt(made[:4]) + task.completion(made[4 : 4 + task.n])
    return template.render(source=source, messages=messages, **info) + "\n"


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


def _write_interactions(folder: Path, interactions: ir.Table, parts: Mapping[str, pa.Table]) -> dict[str, int]:
    """Everything that users of the validation and test lists rated goes there, all else is train."""
    con, counts = interactions.get_backend(), {}
    held = pa.concat_tables(
        [
            parts[name].select(["user_id"]).append_column("split", pa.array([name] * len(parts[name])))
            for name in SPLITS[1:]
        ]
    )
    held = con.create_table(ibis.util.gen_name("held"), held, temp=True)
    with tqdm(total=int(interactions.count().execute()), desc="writing", unit=" ratings", unit_scale=True) as progress:
        for name in SPLITS:
            part = (
                interactions.anti_join(held, "user_id")
                if name == "train"
                else interactions.semi_join(held.filter(held.split == name), "user_id")
            )
            ordered = part.select(*INTERACTIONS.names).order_by("user_id", *ORDER)
            stream = even(batches(ordered), ROWS_A_GROUP)
            counts[name] = _write(folder / f"{name}.parquet", INTERACTIONS, stream, progress.update)
    return counts


def _write(path: Path, schema: pa.Schema, tables: Iterator[pa.Table], done=lambda rows: None) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.cast(schema), row_group_size=ROWS_A_GROUP)
            done(len(table))
            count += len(table)
    return count
