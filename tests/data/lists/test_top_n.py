"""The dataset folder of the recommend-ten task: its promises (same input, same bytes), its splits and its card."""

from dataclasses import replace
from itertools import chain

import pyarrow.parquet as pq
import pytest
import yaml
from made_log import items_table, log_table

from tastetune.artifacts.dataset import open_dataset
from tastetune.data.card import Source
from tastetune.data.engine import connect
from tastetune.data.lists.rows import SCHEMA
from tastetune.data.top_n import ListArguments, build_lists
from tastetune.errors import InputError
from tastetune.tasks.top_n import TopN

SOURCE = Source("made", "A made log", "Made up.", "Titles as made.", "Do as you like.", redistribution=True)
SPLITS = ("train", "validation", "test")
FLAGS = {"liked": 3, "favourites_over": 0, "shared": 1}


def rows():
    """28 users in two camps, of films 1 to 10 and 11 to 20, each with eight ratings; and one user with two."""
    made = [
        (f"u{user}", str(10 * (user % 2) + (user * place) % 11), 5.0 if place < 4 else 3.0, 1_000 * user + place // 2)
        for user in range(1, 31)
        for place in range(1, 9)
        if (user * place) % 11
    ]
    return [*made, ("lone", "1", 5.0, 0), ("lone", "2", 5.0, 0)]


def built(folder, log=None, con=None, source=SOURCE, task=None, **flags):
    args = ListArguments(output_dir=str(folder), **FLAGS | flags)
    build_lists(log_table(log or rows(), con), items_table(), source, args, task=task)
    return open_dataset(folder)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return built(tmp_path_factory.mktemp("lists") / "made")


def test_every_user_kept_has_one_row_in_one_split(dataset):
    parts = {split: dataset.read("top_n", split) for split in SPLITS}
    users = list(chain.from_iterable(part["user_id"].to_pylist() for part in parts.values()))
    assert len(users) == len(set(users)) == dataset.info["counts"]["kept"]
    assert all(part.schema.equals(SCHEMA) for part in parts.values())
    assert dataset.info["counts"]["rows"] == {split: len(part) for split, part in parts.items()}


def test_users_are_split_70_20_10(dataset):
    """Of n lists, 0.7 n rounded down are train, 0.2 n rounded down validation, the rest test."""
    kept = dataset.info["counts"]["kept"]
    assert dataset.info["counts"]["rows"] == {
        "train": kept * 7 // 10,
        "validation": kept * 2 // 10,
        "test": kept - kept * 7 // 10 - kept * 2 // 10,
    }


def test_a_row_renders_its_own_lists(dataset):
    task = TopN(**dataset.info["settings"]["task"])
    titles = {row["item_id"]: row["title"] for row in dataset.read("items", "train").to_pylist()}
    for row in dataset.read("top_n", "test").to_pylist():
        assert row["example_id"] == row["user_id"]
        assert row["prompt"] == task.prompt([titles[item] for item in row["liked"]])
        assert row["completion"] == task.completion([titles[item] for item in row["gold"]])
        assert len(row["liked"]) == 3
        assert not set(row["liked"]) & set(row["gold"])


def test_interactions_of_validation_and_test_users_are_no_training_rows(dataset):
    lists = {split: set(dataset.read("top_n", split)["user_id"].to_pylist()) for split in SPLITS}
    users = {split: set(dataset.read("interactions", split)["user_id"].to_pylist()) for split in SPLITS}
    assert users["validation"] == lists["validation"]
    assert users["test"] == lists["test"]
    assert users["train"] == {user for user, *_ in rows()} - lists["validation"] - lists["test"]
    read = [tuple(row.values()) for split in SPLITS for row in dataset.read("interactions", split).to_pylist()]
    assert sorted(read) == sorted(rows())
    counted = dataset.info["counts"]["interactions"]
    assert counted == {split: len(dataset.read("interactions", split)) for split in SPLITS}


def test_interactions_stand_by_user_time_and_item(dataset):
    read = [
        (row["user_id"], row["timestamp"], row["item_id"]) for row in dataset.read("interactions", "train").to_pylist()
    ]
    assert read == sorted(read)


def test_the_same_log_gives_the_same_bytes_on_any_number_of_threads(dataset, tmp_path):
    again = built(tmp_path / "again", log=rows()[::-1], con=connect(threads=3))
    files = sorted(path.relative_to(dataset.folder) for path in dataset.folder.rglob("*") if path.is_file())
    assert len(files) == 10
    for file in files:
        assert (again.folder / file).read_bytes() == (dataset.folder / file).read_bytes(), file


def test_the_fingerprint_changes_with_the_lists(dataset, tmp_path):
    assert built(tmp_path / "other", watched_by=0.9).fingerprint != dataset.fingerprint


def test_load_dataset_gives_the_same_rows(dataset, tmp_path):
    from datasets import load_dataset

    loaded = load_dataset(str(dataset.folder), "top_n", split="test", cache_dir=str(tmp_path))
    assert loaded.to_list() == pq.read_table(dataset.path("top_n", "test")).to_pylist()


def test_the_card_states_rules_and_counts(dataset):
    card = (dataset.folder / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(card.split("---")[1])
    assert [config["config_name"] for config in head["configs"]] == ["top_n", "interactions", "items"]
    counts = dataset.info["counts"]
    assert counts["too_few_ratings"] == 1
    assert "| set aside: fewer than 3 ratings | 1 |" in card
    assert f"| kept | {counts['kept']} |" in card
    assert "at least 1 of the 3" in card
    assert TopN().instruction in card
    assert "Not to be passed on" not in card


def test_the_words_of_another_domain_reach_prompts_and_card(tmp_path):
    dataset = built(tmp_path / "books", task=TopN(item="book", items="books", user="reader"))
    assert "favourite books" in dataset.read("top_n", "test")["prompt"][0].as_py()[1]["content"]
    card = (dataset.folder / "README.md").read_text(encoding="utf-8")
    assert "| readers in the log |" in card
    assert "movie" not in card


def test_a_licence_that_forbids_it_is_not_pushed_to_everybody(tmp_path):
    source = replace(SOURCE, redistribution=False)
    with pytest.raises(InputError, match="the licence of made forbids redistribution"):
        built(tmp_path / "made", source=source, push_to_hub="org/name", public=True)
    dataset = built(tmp_path / "kept", source=source)
    assert dataset.info["settings"]["redistribution"] is False
    assert "Not to be passed on" in (dataset.folder / "README.md").read_text(encoding="utf-8")


def test_nothing_but_a_dataset_is_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"meow")
    for name in ("photos", "photos/cat.png"):
        with pytest.raises(InputError, match=f"{name}: holds something else than a dataset, which would be lost"):
            built(tmp_path / name)
    assert (tmp_path / "photos" / "cat.png").read_bytes() == b"meow"
    (tmp_path / "empty").mkdir()
    first = built(tmp_path / "empty").fingerprint
    assert built(tmp_path / "empty").fingerprint == first  # and again into the same folder
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "photos"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"train_share": 0.9, "validation_share": 0.1}, "--train_share 0.9 and --validation_share 0.1: both must be"),
        ({"users": 3}, "users have a gold list, too few for a validation split"),
        ({"min_neighbours": 30}, r"0 users have a gold list.*, 28 with fewer than 30 neighbours \(--min_neighbours"),
        ({"favourite": 6.0}, "none of 29 users has 3 ratings and more than 0 of 6 or above"),
        ({"public": True}, "--public says how to push; name the repository"),
    ],
)
def test_what_cannot_be_built_leaves_nothing_behind(flags, message, tmp_path):
    with pytest.raises(InputError, match=message):
        built(tmp_path / "made", **flags)
    assert list(tmp_path.iterdir()) == []
