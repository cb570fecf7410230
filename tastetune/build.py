"""A builder's second half: interactions and items -> the dataset folder with its card.

The folder is laid out as its Hub repository; see the README for the columns of each config.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeVar

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.expr import types as ir
from tqdm import tqdm

from tastetune import rows, splits
from tastetune.dataset import INFO
from tastetune.errors import InputError
from tastetune.files import replacing
from tastetune.interactions import COLUMNS, keep
from tastetune.tasks.like_dislike import Item, LikeDislike
from tastetune.titles import neutral_title

ROWS_A_GROUP = 16_384
CARD = Path(__file__).parents[1] / "model_cards" / "dataset_card.md"
INTERACTIONS = pa.schema(
    [("user_id", pa.string()), ("item_id", pa.string()), ("rating", pa.float64()), ("timestamp", pa.int64())]
)


@dataclass
class BuildArguments:
    """What every builder asks."""

    output_dir: str = field(metadata={"help": "Folder to write the dataset to; an older one there is replaced."})
    history: Literal["prior", "train"] = field(
        default="prior",
        metadata={
            "help": "What a history may hold: `prior`, whatever the user rated before the target, earlier test ratings "
            "included; `train`, for validation and test targets only ratings of the training part."
        },
    )
    history_length: int = field(default=10, metadata={"help": "Ratings in a history, the last before the target."})
    genres: bool = field(default=False, metadata={"help": "Name the genres of every item in the prompt."})
    ratings: bool = field(default=False, metadata={"help": "Show the history as stars, not as likes and dislikes."})
    test_sample: int = field(default=2000, metadata={"help": "Rows drawn from the test split into test_sample."})
    seed: int = field(default=42, metadata={"help": "Seed of everything drawn."})
    max_prompt_tokens: int | None = field(
        default=None, metadata={"help": "Drop the oldest history from prompts of more tokens; needs --tokenizer."}
    )
    tokenizer: str | None = field(default=None, metadata={"help": "Folder or Hub id of the tokenizer that counts."})
    push_to_hub: str | None = field(default=None, metadata={"help": "Also push the folder to this org/name."})
    public: bool = field(default=False, metadata={"help": "Make the pushed repository public; it is private if not."})


@dataclass(frozen=True)
class Source:
    """What a card says of the data: where they come from and what may be done with them.

    Attributes:
        name: the dataset's name.
        pretty_name: the same, for people.
        about: a paragraph: whose ratings these are, and what the builder did to titles.
        licence: terms of use in words.
        citation: what to cite, one line.
        url: the source's home page.
        publishable: whether the licence lets a copy be shown to everybody.
    """

    name: str
    pretty_name: str
    about: str
    licence: str
    citation: str
    url: str
    publishable: bool = False


Arguments = TypeVar("Arguments", bound=BuildArguments)


def parse(arguments: type[Arguments], description: str) -> Arguments:
    """The command line as an `arguments` object; `description` heads its `--help`."""
    from transformers import HfArgumentParser

    return HfArgumentParser(arguments, description=description).parse_args_into_dataclasses()[0]


def build(interactions: ir.Table, items: pa.Table, source: Source, args: BuildArguments) -> dict:
    """Split, window and render; write the dataset folder whole or not at all.

    Args:
        interactions: `tastetune.interactions.COLUMNS`, in any order, on any engine.
        items: `tastetune.interactions.ITEMS`, every interaction's item among them.

    Returns:
        The content of `tastetune.json`.
    """
    task = LikeDislike(genres=args.genres, ratings=args.ratings)
    split = keep(splits.per_user(interactions))
    windows = keep(rows.with_histories(split, args.history_length, args.history))
    catalogue = {i: Item(t, tuple(g)) for i, t, g in zip(*(c.to_pylist() for c in items.columns), strict=True)}
    renderer = rows.Renderer(task, catalogue, args.max_prompt_tokens, _lengths(args))
    with replacing(args.output_dir) as folder:
        _write(folder / "items" / "train.parquet", items.schema, iter([items]))
        for name in splits.SPLITS:
            part = split.filter(split.split == name).select(*COLUMNS)
            _write(folder / "interactions" / f"{name}.parquet", INTERACTIONS, _ordered(part))
        fingerprint, counts = _write_rows(folder / "like_dislike", windows, renderer, args)
        info = {
            "name": source.name,
            "fingerprint": fingerprint,
            "settings": {
                "protocol": "per_user",
                "history": args.history,
                "history_length": args.history_length,
                "seed": args.seed,
                "max_prompt_tokens": args.max_prompt_tokens,
                "tokenizer": args.tokenizer,
                "task": asdict(task),
            },
            "counts": counts,
        }
        (folder / INFO).write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / "README.md").write_text(_card(source, info), encoding="utf-8")
    return info


def _write_rows(folder: Path, windows: ir.Table, renderer: rows.Renderer, args: BuildArguments) -> tuple[str, dict]:
    """Write the like_dislike config; returns the fingerprint and the counts."""
    digest, counts = sha256(), {}
    test = windows.filter(windows.split == "test").select("user_id", "item_id").to_pyarrow()
    ids = [rows.example_id(*pair) for pair in zip(*(c.to_pylist() for c in test.columns), strict=True)]
    chosen, sampled = pa.array(sorted(rows.sample(ids, args.test_sample, args.seed)), pa.string()), []
    progress = tqdm(total=windows.count().execute(), desc="prompts", unit=" rows")

    def rendered(name: str) -> Iterator[pa.Table]:
        for batch in _ordered(windows.filter(windows.split == name).drop("split")):
            table = renderer.table(batch)
            digest.update(rows.canonical(table))
            progress.update(len(table))
            if name == "test":
                sampled.append(table.filter(pc.is_in(table["example_id"], chosen)))
            yield table

    with progress:
        for name in splits.SPLITS:
            counts[name] = _write(folder / f"{name}.parquet", rows.SCHEMA, rendered(name))
    counts["test_sample"] = _write(folder / "test_sample.parquet", rows.SCHEMA, iter(sampled))
    return digest.hexdigest(), {"rows": counts, "shortened": renderer.shortened}


def _ordered(table: ir.Table) -> Iterator[pa.Table]:
    """The table by user, time and item, in parts of one size on every engine."""
    place = ibis.row_number().over(ibis.window(order_by=("user_id", *splits.ORDER)))
    placed = keep(table.mutate(place=place).order_by("place"))
    for start in range(0, placed.count().execute(), ROWS_A_GROUP):
        part = placed.filter(placed.place.between(start, start + ROWS_A_GROUP - 1)).order_by("place")
        yield part.drop("place").to_pyarrow()


def _write(path: Path, schema: pa.Schema, tables: Iterator[pa.Table]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.select(schema.names).cast(schema), row_group_size=ROWS_A_GROUP)
            count += len(table)
    return count


def _lengths(args: BuildArguments) -> Callable[[list[str]], list[int]] | None:
    if (args.max_prompt_tokens is None) != (args.tokenizer is None):
        raise InputError("--max_prompt_tokens and --tokenizer go together; give both or neither")
    if args.tokenizer is None:
        return None
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)
    return lambda prompts: [len(ids) for ids in tokenizer(prompts)["input_ids"]]


def _card(source: Source, info: dict) -> str:
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(CARD.read_text(encoding="utf-8")).render(source=source, **info)
