"""Rows that are scored are the rows that were answered, each once."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made import make_dataset, rewritten
from made_lists import make_lists

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import Meta, Predictions
from tastetune.artifacts.score_table import score_table
from tastetune.errors import InputError
from tastetune.tasks import TASKS

LIKES = TASKS["like_dislike"]


@pytest.mark.parametrize(("make", "config", "first"), [(make_dataset, "like_dislike", ":"), (make_lists, "top_n", "u")])
def test_rows_that_stand_twice_are_refused_before_anything_is_answered(tmp_path, make, config, first):
    path = make(tmp_path / "made") / config / "test.parquet"
    rewritten(pa.concat_tables([pq.read_table(path), pq.read_table(path).slice(0, 2)]), path)
    with pytest.raises(InputError, match=rf"2 example_ids of split 'test' stand more than once, first '.*{first}"):
        TASKS[config].rows(open_dataset(tmp_path / "made"), "test")


def test_rows_built_anew_with_other_labels_are_not_those_that_were_answered(tmp_path):
    """Even if somebody wrote new digests of the files: the fingerprint alone is read, not computed."""
    folder = make_dataset(tmp_path / "made", 12)
    rows = LIKES.rows(open_dataset(folder), "test")
    about = {"dataset": "made", "config": "like_dislike", "split": "test", "fingerprint": rows.dataset.fingerprint}
    table = score_table(rows.example_ids, [0.5] * len(rows.table))
    digested, undigested = (
        Predictions(Meta("m", "base", **about, rows_digest=digest), table) for digest in (rows.digest, None)
    )
    LIKES.answers(rows, digested)
    path = folder / "like_dislike" / "test.parquet"
    edited = pq.read_table(path)
    flipped = pa.array([1 - label for label in edited["label"].to_pylist()])
    rewritten(edited.set_column(edited.column_names.index("label"), "label", flipped), path)
    rows = LIKES.rows(open_dataset(folder), "test")
    with pytest.raises(InputError, match=r"rows_digest is '.*; predict on these rows"):
        LIKES.answers(rows, digested)
    LIKES.answers(rows, undigested)  # a table of somebody's own need not say it


def test_the_digest_is_that_of_the_content_not_of_the_file(tmp_path):
    folder = make_dataset(tmp_path / "made", 12)
    before = LIKES.rows(open_dataset(folder), "test").digest
    path = folder / "like_dislike" / "test.parquet"
    table = pq.read_table(path)
    pq.write_table(table, path, compression="gzip", row_group_size=3)  # as another version of the library might
    rewritten(pq.read_table(path), path)
    assert LIKES.rows(open_dataset(folder), "test").digest == before
