"""A builder's second half: interactions and items -> the dataset folder with its card, on the Hub if asked."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.expr import types as ir
from tqdm import tqdm

from tastetune.artifacts.dataset import INFO, refuse_foreign
from tastetune.config.flags import BuildArguments
from tastetune.data import card as dataset_card
from tastetune.data import histories as rows
from tastetune.data import splits
from tastetune.data.audit import leakage
from tastetune.data.card import Source
from tastetune.data.counts import by_split, count
from tastetune.data.interactions import COLUMNS, INTERACTIONS
from tastetune.data.logs import keep
from tastetune.data.negatives import MISSING, beside, draw
from tastetune.errors import InputError
from tastetune.files import replacing
from tastetune.tasks.like_dislike import Item, LikeDislike
from tastetune.tasks.titles import neutral_title

ROWS_A_GROUP = 16_384


def build(
    interactions: ir.Table,
    items: pa.Table,
    source: Source,
    args: BuildArguments,
    *,
    words: Mapping | None = None,
    negatives: int = 0,
    notes: Mapping[str, int] | None = None,
) -> dict:
    """Split, window and render; write the dataset folder whole or not at all, and push it if asked.

    Args:
        interactions: `tastetune.data.interactions.COLUMNS`, in any order, on any engine; with a `split` column the
            protocol is `predefined`.
        items: `tastetune.data.interactions.ITEMS`, every interaction's item among them.
        words: further fields of `LikeDislike`: the domain's words and what a like is.
        negatives: dislikes to sample beside each rating (`tastetune.data.negatives`).
        notes: rows of the source that were set aside or mended: what was done, and to how many.

    Returns:
        The content of `tastetune.json`.

    Raises:
        InputError: a split without rows, likes or dislikes alone, a licence that forbids the push, or something else
            than a dataset in the output folder.
    """
    _check_push(source, args)
    refuse_foreign(args.output_dir)
    task = LikeDislike(genres=args.genres, ratings=args.ratings, **(words or {}))
    lengths, items = _lengths(args.tokenizer), _catalogue(items, task, args.neutral_titles)
    renderer = rows.Renderer(task, _by_id(items), args.max_prompt_tokens, lengths)
    protocol = "predefined" if "split" in interactions.columns else args.protocol
    split = keep(splits.split(interactions, protocol))
    counts = count(split, items) | {"notes": dict(notes or {})}
    windows = keep(rows.with_histories(split, args.history_length, args.history))
    if negatives:
        drawn = draw(split, negatives, args.seed)
        counts["notes"][MISSING] = negatives * _number(split) - _number(drawn)
        split, windows = beside(split, drawn), beside(windows, drawn)
    counts["splits"] = by_split(split, task.like_from)
    _check(counts["splits"], task)
    with replacing(args.output_dir) as folder:
        _write(folder / "items" / "train.parquet", items.schema, iter([items]))
        for name in splits.SPLITS:
            part = split.filter(split.split == name).select(*COLUMNS)
            _write(folder / "interactions" / f"{name}.parquet", INTERACTIONS, _ordered(part))
        fingerprint, rendered = _write_rows(folder / "like_dislike", windows, renderer, args)
        settings = {"protocol": protocol, "negatives": negatives, **_settings(source, task, args)}
        counts |= rendered | {"leakage": leakage(folder)}
        info = {"name": args.name or source.name, "fingerprint": fingerprint, "settings": settings, "counts": counts}
        (folder / INFO).write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / "README.md").write_text(dataset_card.render(source, info), encoding="utf-8")
    _announce(info, source, args)
    return info


def _announce(info: dict, source: Source, args: BuildArguments) -> None:
    made = ", ".join(f"{number:,} {name}" for name, number in info["counts"]["rows"].items())
    print(f"{source.pretty_name}: {made} rows in {args.output_dir} (fingerprint {info['fingerprint'][:12]})")
    if args.push_to_hub:
        from tastetune.hub.push import push_folder

        print(push_folder(args.output_dir, args.push_to_hub, repo_type="dataset", private=not args.public))


def _catalogue(items: pa.Table, task: LikeDislike, is_neutral: bool) -> pa.Table:
    items = items.sort_by("item_id")
    if is_neutral:
        neutral = [neutral_title(item, task.item) for item in items["item_id"].to_pylist()]
        items = items.set_column(1, "title", pa.array(neutral))
    return items


def _by_id(items: pa.Table) -> dict[str, Item]:
    columns = (column.to_pylist() for column in items.columns)
    return {item_id: Item(title, tuple(genres)) for item_id, title, genres in zip(*columns, strict=True)}


def _number(table: ir.Table) -> int:
    return int(table.count().execute())


def _check_push(source: Source, args: BuildArguments) -> None:
    if args.public and not source.redistribution:
        raise InputError(
            f"--public: the licence of {source.name} forbids redistribution; leave --public away, a private repository "
            "of your own is allowed"
        )


def _check(found: dict, task: LikeDislike) -> None:
    for name in splits.SPLITS:
        if name not in found:
            raise InputError(
                f"no rating is left for the {name} split; per_user needs users with 3 ratings or more, timeline a log "
                "of more than one moment, a predefined split rows in each of its three parts"
            )
    shares = {part["likes"] for part in found.values()}
    if shares in ({0.0}, {1.0}):
        raise InputError(
            f"every rating is a {'like' if shares == {1.0} else 'dislike'} (a like is {task.like_from:g} or more), so "
            "there is nothing to tell apart; give dislikes too, or move the threshold"
        )


def _settings(source: Source, task: LikeDislike, args: BuildArguments) -> dict:
    names = ("history", "history_length", "neutral_titles", "seed", "max_prompt_tokens", "tokenizer")
    return {
        **{name: getattr(args, name) for name in names},
        "task": asdict(task),
        "redistribution": source.redistribution,
    }


def _write_rows(folder: Path, windows: ir.Table, renderer: rows.Renderer, args: BuildArguments) -> tuple[str, dict]:
    """Write the like_dislike config; returns the fingerprint and what was counted on the way."""
    test = windows.filter(windows.split == "test").select("user_id", "item_id").to_pyarrow()
    ids = [rows.example_id(*pair) for pair in zip(*(c.to_pylist() for c in test.columns), strict=True)]
    chosen, sampled = pa.array(sorted(rows.sample(ids, args.test_sample, args.seed))), []
    digest, numbers, empty = sha256(), {}, 0
    progress = tqdm(total=_number(windows), desc="prompts", unit=" rows")

    def rendered(name: str) -> Iterator[pa.Table]:
        nonlocal empty
        for batch in _ordered(windows.filter(windows.split == name).drop("split")):
            table = renderer.table(batch)
            digest.update(rows.canonical(table))
            empty += pc.sum(pc.equal(pc.list_value_length(table["history"]), 0)).as_py()
            progress.update(len(table))
            if name == "test":
                sampled.append(table.filter(pc.is_in(table["example_id"], chosen)))
            yield table

    with progress:
        for name in splits.SPLITS:
            numbers[name] = _write(folder / f"{name}.parquet", rows.SCHEMA, rendered(name))
    numbers["test_sample"] = _write(folder / "test_sample.parquet", rows.SCHEMA, iter(sampled))
    return digest.hexdigest(), {"rows": numbers, "empty_histories": empty, "shortened_prompts": renderer.shortened}


def _ordered(table: ir.Table) -> Iterator[pa.Table]:
    """The table by user, time and item, in parts of one size on every engine."""
    place = ibis.row_number().over(ibis.window(order_by=("user_id", *splits.ORDER)))
    placed = keep(table.mutate(place=place).order_by("place"))
    for start in range(0, _number(placed), ROWS_A_GROUP):
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


def _lengths(tokenizer: str | None) -> Callable[[list[str]], list[int]] | None:
    if tokenizer is None:
        return None
    from transformers import AutoTokenizer

    try:
        loaded = AutoTokenizer.from_pretrained(tokenizer)
    except (OSError, ValueError) as error:
        raise InputError(f"--tokenizer {tokenizer}: {str(error).splitlines()[0]}; name a folder or a Hub id") from error
    return lambda prompts: [len(ids) for ids in loaded(prompts)["input_ids"]]
