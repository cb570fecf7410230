"""From a log to the dataset folder of the like-or-dislike task: splits, histories, prompts, counts and the card."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir
from tqdm import tqdm

from tastetune.artifacts.redaction import shareable
from tastetune.config.flags import PARTS, BuildArguments
from tastetune.config.output import SPARK, build_command
from tastetune.data.audit import audit
from tastetune.data.audit.copies import PromptCopies
from tastetune.data.audit.sentences import lesson_sentences
from tastetune.data.card import Source, like_dislike_card
from tastetune.data.engine import batches
from tastetune.data.engine.spark import on_engine
from tastetune.data.engine.threads import in_order
from tastetune.data.folder import DatasetFolder, building
from tastetune.data.histories import Histories
from tastetune.data.interactions import INTERACTIONS
from tastetune.data.liking import LOG, THRESHOLD, with_rule
from tastetune.data.negatives import MISSING, UNIFORM, with_sampled
from tastetune.data.rows import SCHEMA, Renderer, canonical, example_id, parts_schema, sample
from tastetune.data.splits import SPLITS, split, timed_by_split
from tastetune.data.targets import Targets
from tastetune.errors import InputError
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.order import Order
from tastetune.tasks.prompts import items_by_id
from tastetune.tasks.titles import neutral_title

ROWS_A_GROUP = 16_384
CONFIG = "like_dislike"
SETTINGS = ("ties", "history", "history_length", "neutral_titles", "seed", "max_prompt_tokens", "tokenizer")
"""Arguments that stand in `tastetune.json`."""


def build(
    interactions: ir.Table,
    items: pa.Table,
    source: Source,
    args: BuildArguments,
    *,
    wording: Mapping | None = None,
    negatives: int = 0,
    negatives_by: str = UNIFORM,
    notes: Mapping[str, int] | None = None,
    has_titles: bool = True,
) -> dict:
    """Split a log, give every rating its history, and write the dataset folder, whole or not at all.

    Args:
        interactions: `tastetune.data.interactions.COLUMNS`, in any order, on any engine; with a `split` column the
            protocol is `predefined`.
        items: `tastetune.data.interactions.ITEMS`, every interaction's item among them.
        wording: further fields of `LikeDislike`: the domain's words and what a like is.
        negatives: dislikes to sample beside each rating (`tastetune.data.negatives`).
        negatives_by: how they are drawn.
        notes: rows of the source that were set aside or mended: what was done, and to how many.
        has_titles: the items' titles say something; otherwise they are ids, from which a language model learns nothing.

    Returns:
        The content of `tastetune.json`.

    Raises:
        InputError: a split without rows, likes or dislikes alone, a licence that forbids the push, an engine that is
            not there or not exact, or something else than a dataset in the output folder.
    """
    task = LikeDislike(args.genres, args.ratings, style=args.prompt_style, times=args.times, **(wording or {}))
    protocol, notes = "predefined" if "split" in interactions.columns else args.protocol, dict(notes or {})
    if args.engine == SPARK and args.like_rule == LOG:
        raise InputError("--like_rule log: engines differ in the last digit of a logarithm; leave --engine spark out")
    with building(source, args, ROWS_A_GROUP) as folder, on_engine(interactions, args) as computed:
        order, has_times = _order(args), int(computed.timestamp.nunique().execute()) > 1
        splits = split(computed, protocol, order)
        splits = splits if has_times else timed_by_split(splits)
        splits, like_from = with_rule(splits, args.like_rule or THRESHOLD, task.like_from)
        task = replace(task, like_from=like_from)
        items = _catalogue(items, task, args.neutral_titles)
        renderer = Renderer(
            task,
            items_by_id(items),
            args.max_prompt_tokens,
            _token_counter(args.tokenizer),
            quoted=args.store == PARTS and args.max_prompt_tokens is None,
        )
        if negatives:
            splits, notes[MISSING] = with_sampled(splits, negatives, args.seed, negatives_by)
        targets = Targets(splits, order, ROWS_A_GROUP, Histories(args.history_length, args.history))
        _refuse_one_answer(splits, task)
        fingerprint, written, copies = _write(folder, targets, items, renderer, args)
        counts = audit(
            folder.path,
            like_from,
            duplicate_prompts=copies,
            has_sampled_dislikes=bool(negatives),
            has_times=has_times,
        )
        info = {
            "name": args.name or source.name,
            "fingerprint": fingerprint,
            "command": shareable(build_command()),
            "settings": {
                "protocol": protocol,
                "negatives": negatives,
                "negatives_by": negatives_by if negatives else None,
                "has_times": has_times,
                "like_rule": args.like_rule or THRESHOLD,
                **shareable({name: getattr(args, name) for name in SETTINGS}),
                **({} if has_titles else {"titles": "ids"}),
                **({"store": PARTS} if args.store == PARTS else {}),
                "task": asdict(task),
                "language": source.language,
                **source.terms,
            },
            "counts": counts | {"notes": notes} | written,
            "files": folder.files,
        }
        folder.describe(info, like_dislike_card(source, info))
        rows = ", ".join(f"{number:,} {name}" for name, number in written["rows"].items())
        lessons = lesson_sentences(info["counts"], info["settings"])
        built = f"{source.pretty_name}: {rows} rows in {args.output_dir} (fingerprint {fingerprint[:12]})"
        folder.summary = "\n".join([*lessons, built])
    return info


def _order(args: BuildArguments) -> Order:
    return Order(args.ties, args.seed)


def _catalogue(items: pa.Table, task: LikeDislike, is_neutral: bool) -> pa.Table:
    items = items.sort_by("item_id")
    if is_neutral:
        neutral = [neutral_title(item, task.item) for item in items["item_id"].to_pylist()]
        items = items.set_column(1, "title", pa.array(neutral))
    return items


def _token_counter(tokenizer: str | None) -> Callable[[list[str]], list[int]] | None:
    if tokenizer is None:
        return None
    from transformers import AutoTokenizer

    try:
        loaded = AutoTokenizer.from_pretrained(tokenizer, trust_remote_code=False)
    except Exception as error:  # tokenizers raises plain ones over a file that is none
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"--tokenizer {tokenizer}: {reason}; name a folder or a Hub id") from error
    return lambda prompts: [len(ids) for ids in loaded(prompts)["input_ids"]]


def _refuse_one_answer(targets: ir.Table, task: LikeDislike) -> None:
    rows, likes = (int(number.execute()) for number in (targets.count(), (targets.rating >= task.like_from).sum()))
    if likes in (0, rows):
        raise InputError(
            f"every rating is a {'like' if likes else 'dislike'} (a like is {task.like_from:g} or more), so there is "
            "nothing to tell apart; give dislikes too, or move the threshold"
        )


def _write(
    folder: DatasetFolder, targets: Targets, items: pa.Table, renderer: Renderer, args: BuildArguments
) -> tuple[str, dict, int]:
    """Write all three configs; returns the fingerprint, what was counted on the way, and the copies among prompts."""
    folder.write("items", "train", items.schema, [items])
    for name in SPLITS:
        folder.write("interactions", name, INTERACTIONS, targets.log(name))
    schema = parts_schema(renderer.task) if args.store == PARTS else SCHEMA
    drawn, sampled, digest, copies = _drawn(targets.rows, args), [], sha256(), PromptCopies()

    def rendered(part: pa.Table) -> tuple[pa.Table, bytes]:
        table = renderer.table(part)
        return table, canonical(table, quoted=renderer.quoted)

    def rows(name: str) -> Iterator[pa.Table]:
        for table, content in in_order(rendered, targets.with_histories(name)):
            digest.update(content)
            copies.add(name, table["prompt"])
            if name == "test":
                sampled.append(table.filter(pc.is_in(table["example_id"], drawn)))
            yield table

    with tqdm(total=int(targets.rows.count().execute()), desc="prompts", unit=" rows") as progress:
        numbers = {name: folder.write(CONFIG, name, schema, rows(name), progress.update) for name in SPLITS}
    numbers["test_sample"] = folder.write(CONFIG, "test_sample", schema, sampled)
    return digest.hexdigest(), {"rows": numbers, "shortened_prompts": renderer.shortened}, copies.count()


def _drawn(rows: ir.Table, args: BuildArguments) -> pa.Array:
    """The example ids of the test rows that stand in test_sample too."""
    test = rows.filter(rows.split == "test").select("user_id", "item_id")
    pairs = (batch.to_pydict().values() for batch in batches(test, ROWS_A_GROUP))
    ids = (example_id(*pair) for columns in pairs for pair in zip(*columns, strict=True))
    return pa.array(sorted(sample(ids, args.test_sample, args.seed)))
