"""What a built dataset holds, teaches, and lets a model know that it should not, counted in the files as written."""

from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr import types as ir

from tastetune.artifacts.dataset import split_files
from tastetune.data.audit.counts import by_split, count
from tastetune.data.audit.leakage import leakage, number
from tastetune.data.audit.lessons import lessons
from tastetune.data.engine import connect, read_parquet
from tastetune.data.splits import SPLITS


def audit(
    folder: str | Path,
    like_from: float,
    *,
    duplicate_prompts: int,
    has_sampled_dislikes: bool = False,
    has_times: bool = True,
) -> dict:
    """The counts of a `like_dislike` dataset for its card: see `count`, `by_split` (`splits`), `leakage` and `lessons`.

    `empty_histories` is the number of rows whose history is empty.

    Args:
        folder: the dataset's.
        like_from: the rating from which on a row is a like.
        duplicate_prompts: test rows whose prompt is a training row's, see `PromptCopies`; stands with `leakage`.
        has_sampled_dislikes: whether rows rated 0 were sampled, and are no part of the log (`negatives`).
        has_times: whether the log has times, so that what is counted in time means something.
    """
    table = splits_of(folder, "interactions")
    items = pa.concat_tables(
        pq.read_table(path, partitioning=None) for path in split_files(Path(folder), "items", "train")
    )
    log = table.filter(table.rating > 0) if has_sampled_dislikes else table
    rows = splits_of(folder, "like_dislike")
    counts = count(log, items)
    if not has_times:
        del counts["ties_in_time"]
    return {
        **counts,
        "empty_histories": number(rows.filter(rows.history.length() == 0).count()),
        "splits": by_split(table, like_from),
        "leakage": leakage(rows, has_times=has_times) | {"duplicate_prompts": duplicate_prompts},
        "lessons": lessons(rows, log),
    }


def splits_of(folder: str | Path, config: str) -> ir.Table:
    """The rows of `SPLITS` with their `split`; of like_dislike's, test_sample is a part of test already."""
    con = connect()
    files = {name: read_parquet(con, *split_files(Path(folder), config, name)) for name in SPLITS}
    return ibis.union(*(table.mutate(split=ibis.literal(name)) for name, table in files.items()))
