"""Builders push: all of a dataset, in one file a split or several, or all but its rows."""

import io
from hashlib import blake2b
from itertools import product

import pyarrow.parquet as pq
import pytest
import yaml
from documents import ROOT
from huggingface_hub import DatasetCard
from made_log import made_rows, write_ml1m
from scored import run_in

from tastetune.artifacts.dataset import open_dataset
from tastetune.errors import InputError


@pytest.fixture
def source(tmp_path):
    return write_ml1m(tmp_path / "source", made_rows(40))


@pytest.fixture
def build(source, tmp_path, monkeypatch, capsys):
    """Build by the script, into a folder of its own unless told otherwise; the status and what is said last."""

    def built(*flags, folder=tmp_path / "made") -> tuple[int, str]:
        flags = ("--source", source, "--output_dir", folder, *flags)
        status, out, err = run_in(ROOT, monkeypatch, capsys, "../data_builders/ml1m.py", *flags)
        return status, (err if status else out).strip()

    return built


def card_of(hub, name: str) -> DatasetCard:
    return DatasetCard(hub.files("dataset", name)["README.md"].decode())


def test_the_card_holds_what_the_hub_asks_for(near_hub, build, tmp_path):
    assert build("--push_to_hub", "org/made", "--genres")[0] == 0
    card = card_of(near_hub, "org/made")
    assert card.data.license == "other"
    assert card.data.task_categories == ["text-classification"]
    assert card.data.source_datasets == ["original"]
    assert card.data.size_categories == ["n<1K"]
    assert [config["config_name"] for config in card.data.configs] == ["like_dislike", "interactions", "items"]
    assert "```bash\npython data_builders/ml1m.py --source source --genres\n```" in card.text
    assert "--output_dir" not in card.text
    assert str(tmp_path) not in str(card)
    assert f"fingerprint `{open_dataset(tmp_path / 'made').fingerprint}`" in card.text
    for part in ("Leakage report", "Terms and citation", "Harper and Joseph A. Konstan", "Build it yourself"):
        assert part in card.text
    clean = yaml.safe_load(str(card).split("---\n")[1])
    assert clean["dataset_info"][2]["features"] == [
        {"name": "item_id", "dtype": "string"},
        {"name": "title", "dtype": "string"},
        {"name": "genres", "list": "string"},
    ]


LOAD = """
import sys
from datasets import load_dataset, Features
from datasets.info import DatasetInfo, DatasetInfosDict
from huggingface_hub import DatasetCard
import pyarrow.parquet as pq
folder = sys.argv[1]
infos = DatasetInfosDict.from_dataset_card_data(DatasetCard.load(f"{folder}/README.md").data)
for config in ("like_dislike", "interactions", "items"):
    loaded = load_dataset(folder, config)
    assert loaded["train"].features == infos[config].features, config
    sizes = {name: split.num_examples for name, split in infos[config].splits.items()}
    assert {name: len(rows) for name, rows in loaded.items()} == sizes
    print(config, sum(len(rows) for rows in loaded.values()))
"""


def test_several_files_a_split_are_the_same_rows(near_hub, build, tmp_path, monkeypatch, hub):
    """At 2 kB a file, one group of 20 rows each; `datasets` reads them by the card, whose sizes it checks."""
    assert build()[0] == 0
    monkeypatch.setattr("tastetune.data.like_dislike.ROWS_A_GROUP", 20)
    status, _ = build("--max_shard_size", "2KB", "--push_to_hub", "org/made", folder=tmp_path / "several")
    one, several = open_dataset(tmp_path / "made"), open_dataset(tmp_path / "several")
    assert (status, one.fingerprint) == (0, several.fingerprint)
    assert len(several.paths("like_dislike", "train")) > 2
    for config, split in (("like_dislike", "train"), ("interactions", "train"), ("like_dislike", "test_sample")):
        assert one.read(config, split).equals(several.read(config, split))
    pushed = open_dataset("org/made")
    assert pushed.read("like_dislike", "train").equals(one.read("like_dislike", "train"))
    # A changed build replaces whole splits: no file of the older one stays
    assert build("--max_shard_size", "4KB", "--push_to_hub", "org/made", folder=tmp_path / "fewer")[0] == 0
    there = {name for name in near_hub.files("dataset", "org/made") if name.startswith("like_dislike/train")}
    assert there == {
        f"like_dislike/{path.name}" for path in open_dataset(tmp_path / "fewer").paths("like_dislike", "train")
    }
    loaded = hub.run("-c", LOAD, tmp_path / "several", HF_HUB_OFFLINE="1")
    assert loaded.returncode == 0, loaded.stderr


def test_a_recipe_has_no_row_and_tells_whether_another_build_is_the_same(
    near_hub, build, tmp_path, monkeypatch, capsys
):
    assert build("--push_to_hub", "org/recipe", "--public", "--recipe_only")[0] == 0
    assert not near_hub.repositories["dataset", "org/recipe"].private
    files = near_hub.files("dataset", "org/recipe")
    assert sorted(files) == [
        "README.md",
        *(f"row_keys/{s}.parquet" for s in ("test", "train", "validation")),
        "tastetune.json",
    ]
    rows = open_dataset(tmp_path / "made").read("like_dislike", "train")
    titles = open_dataset(tmp_path / "made").read("items", "train")["title"].to_pylist()
    for content in files.values():
        assert not any(text.encode() in content for text in {*titles, *rows["example_id"].to_pylist()})
    card = card_of(near_hub, "org/recipe")
    assert "**The rows are not here**" in card.text
    assert "python data_builders/compare_rows.py path/to/data org/recipe" in card.text

    def compare(folder, *other) -> tuple[int, str]:
        status, out, err = run_in(
            ROOT, monkeypatch, capsys, "../data_builders/compare_rows.py", folder, *(other or ["org/recipe"])
        )
        return status, out + err

    status, said = compare(tmp_path / "made")
    assert (status, "same rows, same prompts: fingerprint" in said) == (0, True)
    build("--genres", folder=tmp_path / "genres")
    status, said = compare(tmp_path / "genres")
    assert (status, "same rows, but what was known or asked of them differs" in said) == (1, True)
    assert '"genres": true' in said
    build("--protocol", "timeline", folder=tmp_path / "other")
    status, said = compare(tmp_path / "other")
    assert (status, "not the same rows" in said) == (1, True)
    assert 'protocol is "timeline" here, "per_user" there' in said
    assert compare(tmp_path / "made", tmp_path / "made")[0] == 0
    with pytest.raises(InputError, match=r"holds no rows, .*; build them with python data_builders/ml1m\.py"):
        open_dataset("org/recipe")


def test_hashes_of_rows_without_a_time_are_not_shown_for_they_can_be_found_by_trying(near_hub, build, source):
    """The hash of a row is that of user, item and time. Without times 40 users and 20 items are 800 hashes to try.

    (A row's time is then the number of its split.)
    """
    timeless = [(user, item, stars, 0) for user, item, stars, _ in made_rows(40)]
    write_ml1m(source, timeless)
    assert build("--push_to_hub", "org/recipe", "--recipe_only")[0] == 0
    key_file = near_hub.files("dataset", "org/recipe")["row_keys/train.parquet"]
    keys = set(pq.read_table(io.BytesIO(key_file))["key"].to_pylist())
    tried = product(map(str, range(1, 41)), map(str, range(1, 21)))
    found = {(user, item) for user, item in tried if key_of(user, item, 0) in keys}
    assert len(found) == len(keys)
    assert found <= {(user, item) for user, item, _, _ in timeless}

    status, said = build("--push_to_hub", "org/other", "--recipe_only", "--public")
    assert (status, "its rows have no time, so their hashes can be found by trying" in said) == (1, True)
    assert ("dataset", "org/other") not in near_hub.repositories


def key_of(*row) -> int:
    return int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest(), "little")


def test_a_recipe_needs_a_place_to_go_to(build):
    status, said = build("--recipe_only")
    assert (status, "name the repository with --push_to_hub" in said) == (1, True)
    assert "push all but the rows with --recipe_only" in build("--public", "--push_to_hub", "org/made")[1]
