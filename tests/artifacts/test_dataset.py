"""Opening a built dataset, and what is said when it is none or no longer whole."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made import make_dataset, rewritten

from tastetune.artifacts.dataset import open_dataset
from tastetune.errors import InputError


@pytest.fixture
def folder(tmp_path):
    return make_dataset(tmp_path / "made", n_users=12)


def test_splits_joined_by_plus_stand_in_that_order(folder):
    dataset = open_dataset(folder)
    train, validation = (dataset.read("like_dislike", split) for split in ("train", "validation"))
    both = dataset.read("like_dislike", "train+validation", ["example_id", "label"])
    assert both.column_names == ["example_id", "label"]
    assert both["example_id"].to_pylist() == train["example_id"].to_pylist() + validation["example_id"].to_pylist()
    assert len(train) == dataset.info["counts"]["train"]


def test_what_it_is_stands_beside_the_card(folder):
    dataset = open_dataset(str(folder))
    assert (dataset.name, dataset.folder, dataset.source) == ("made", folder, str(folder))
    assert dataset.fingerprint == json.loads((folder / "tastetune.json").read_text())["fingerprint"]


def test_a_missing_split_names_those_that_are_there(folder):
    with pytest.raises(InputError, match=r"no split 'dev' in config 'interactions'; it has test, train, validation"):
        open_dataset(folder).read("interactions", "train+dev")
    with pytest.raises(InputError, match="no config 'top_n' either: rebuild"):
        open_dataset(folder).path("top_n", "train")


def test_a_missing_column_names_those_that_are_there(folder):
    with pytest.raises(InputError, match=r"train\.parquet: column 'year' is missing; it has item_id, title, genres"):
        open_dataset(folder).read("items", "train", ["title", "year"])


def test_a_cut_or_damaged_file_is_named_wherever_it_is_cut(folder):
    path, dataset = folder / "items" / "train.parquet", open_dataset(folder)
    whole = path.read_bytes()
    for kept in range(0, len(whole), 211):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match=r"items/train\.parquet: not the file that was built: .*; rebuild"):
            dataset.read("items", "train")
    path.write_bytes(whole[:4] + b"\xff" * 20 + whole[24:])
    with pytest.raises(InputError, match="not the file that was built"):
        dataset.read("items", "train")


def test_splits_of_different_columns_do_not_join(folder):
    rewritten(pa.table({"item_id": ["1"]}), folder / "interactions" / "validation.parquet")
    with pytest.raises(InputError, match=r"splits train\+validation .* have different columns .*; rebuild"):
        open_dataset(folder).read("interactions", "train+validation")


def info(**changed):
    """A whole tastetune.json, with other values."""
    return json.dumps({"name": "made", "fingerprint": "0", "settings": {}, "counts": {}, "files": {}} | changed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"name": "made",\n "fingerprint": ', r"not a whole JSON file \(line 2: Expecting value\)"),
        ("", r"not a whole JSON file \(line 1: Expecting value\)"),
        ("[" * 100_000, r"not a whole JSON file \(maximum recursion depth exceeded"),
        ("[" * 99 + "]" * 99, "nested more than 50 deep"),
        ("[]", r"its content is \[\], expected an object"),
        ("3", "its content is 3, expected an object"),
        ('{"name": "made", "settings": {}, "counts": {}}', "key 'fingerprint' is missing"),
        ("\udcff", "byte 0 is not UTF-8"),
        (info(name=3), "name is 3, expected a valid string"),
        (info(name=""), "name is '', String should have at least 1 character"),
        (info(fingerprint=None), "fingerprint is None, expected a valid string"),
        (info(settings=[]), r"settings is \[\], expected an object"),
        (info(counts=None), "counts is None, expected an object"),
        (info(settings={"task": []}), r"settings.task is \[\], expected an object"),
        (info(settings={"task": {"like_from": "4"}}), "settings.task.like_from is '4', expected a valid number"),
        (info(settings={"task": {"item": 3}}), "settings.task.item is 3, expected a valid string"),
        (info(settings={"task": {"n": 10**9}}), "settings.task.n is 1000000000, expected less than or equal to 1000"),
        (info(settings={"redistribution": "yes"}), "settings.redistribution is 'yes', expected a valid boolean"),
        (info(counts={"leakage": {"repeated_pairs": "0"}}), "counts.leakage.repeated_pairs.* is '0', expected"),
        (info(name="NAME").replace('"NAME"', "NaN"), "name is nan, expected a finite number"),
        (info(name="NAME").replace("NAME", r"\ud800"), r"name is '\\ud800', which is no text"),
        (info(files=[]), r"files is \[\], expected an object"),
        ('{"name": "made", "fingerprint": "f", "settings": {}, "counts": {}}', "key 'files' is missing"),
    ],
)
def test_a_corrupt_tastetune_json_is_named(folder, content, message):
    (folder / "tastetune.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match=rf"tastetune\.json: {message}.*; rebuild the dataset"):
        open_dataset(folder)


def test_what_no_builder_wrote_is_refused(tmp_path, folder):
    with pytest.raises(InputError, match=r"no tastetune\.json inside"):
        open_dataset(tmp_path)
    with pytest.raises(InputError, match=r"no tastetune\.json inside"):
        open_dataset(folder / "README.md")


def changed(name, values):
    """An edit that puts other values into a column; `values` takes the ones that are there."""

    def edit(table):
        place = table.column_names.index(name)
        column = pa.array(values(table[name].to_pylist()), table.schema.field(name).type)
        return table.set_column(place, table.schema.field(name), column)

    return edit


EDITS = {
    "labels flipped": changed("label", lambda labels: [1 - label for label in labels]),
    "one label": changed("label", lambda labels: [1 - labels[0], *labels[1:]]),
    "a rating": changed("rating", lambda ratings: [*ratings[:-1], 6.0 - ratings[-1]]),
    "users merged": changed("user_id", lambda users: ["u0"] * len(users)),
    "histories swapped": changed("history", lambda histories: histories[::-1]),
    "a prompt": changed("prompt", lambda prompts: [prompts[0] + " ", *prompts[1:]]),
    "rows doubled": lambda table: pa.concat_tables([table, table.slice(0, 5)]),
    "a row left out": lambda table: table.slice(1),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_rows_that_were_edited_are_refused_whoever_reads_them(folder, edit, split):
    dataset, path = open_dataset(folder), folder / "like_dislike" / f"{split}.parquet"
    dataset.read("like_dislike", split)
    pq.write_table(edit(pq.read_table(path)), path)
    for read in (dataset.read, dataset.path, open_dataset(folder).read):
        with pytest.raises(InputError, match=rf"{split}\.parquet: not the file that was built: .*rebuild the dataset"):
            read("like_dislike", split)
    with pytest.raises(InputError, match=rf"{split}\.parquet: not the file that was built"):
        dataset.check_files()
    dataset.read("interactions", split)  # which nobody edited


def test_a_file_that_no_builder_wrote_is_none_of_the_dataset(folder):
    shutil.copy(folder / "like_dislike" / "test.parquet", folder / "like_dislike" / "test2.parquet")
    with pytest.raises(InputError, match=r"test2\.parquet: cannot be verified: .* build the dataset anew"):
        open_dataset(folder).read("like_dislike", "test2")


def test_the_card_may_change(folder):
    (folder / "README.md").write_text("# Mine\n")
    open_dataset(folder).check_files()


@pytest.mark.parametrize(
    ("settings", "may"), [({}, False), ({"redistribution": True}, True), ({"redistribution": None}, False)]
)
def test_rows_may_be_shared_if_the_dataset_says_so_and_only_then(folder, settings, may):
    info = json.loads((folder / "tastetune.json").read_text())
    (folder / "tastetune.json").write_text(json.dumps(info | {"settings": settings}))
    assert open_dataset(folder).may_be_shared is may
