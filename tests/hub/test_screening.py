"""What never leaves this machine, however it came into the folder that is pushed."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made import make_dataset

from tastetune.errors import InputError
from tastetune.hub.screening import files_to_push


@pytest.fixture
def adapter(tmp_path) -> Path:
    """A folder as training leaves it."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    names = ("adapter_model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "run.json")
    for name in (*names, "cost.json", "trained_rows.parquet"):
        (folder / name).write_text("{}")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "org/base"}')
    (folder / "README.md").write_text("---\nlibrary_name: peft\nbase_model: org/base\n---\n\n# An adapter\n")
    return folder


@pytest.fixture
def dataset(tmp_path) -> Path:
    return make_dataset(tmp_path / "made", n_users=5)


def settings(folder: Path, **settings) -> None:
    info = json.loads((folder / "tastetune.json").read_text())
    (folder / "tastetune.json").write_text(json.dumps(info | {"settings": settings}))


def test_an_adapter_goes_public_with_the_record_of_its_run(adapter):
    files, left_out = files_to_push(adapter, private=False)
    assert {"run.json", "cost.json", "trained_rows.parquet"} <= set(files)
    assert left_out == []


@pytest.mark.parametrize("redistribution", [{"redistribution": False}, {}, {"redistribution": None}])
def test_a_dataset_inside_an_adapters_folder_is_not_made_public(adapter, dataset, redistribution):
    settings(dataset, **redistribution)
    shutil.copytree(dataset, adapter / "deep" / "data")
    with pytest.raises(InputError, match=r"deep/data/tastetune\.json: the licence of its ratings forbids"):
        files_to_push(adapter, private=False)
    (adapter / "deep" / "data" / "tastetune.json").unlink()
    with pytest.raises(InputError, match=r"deep/data/.*\.parquet: may hold rows of ratings"):
        files_to_push(adapter, private=False)
    assert len([name for name in files_to_push(adapter)[0] if name.endswith(".parquet")]) == 8 + 1  # in private they go
    assert not [name for name in files_to_push(adapter, private=False, ignore=["deep"])[0] if "deep" in name]


@pytest.mark.parametrize(
    "name", ["u.data", "ratings.csv", "log.zip", "notes/rows.jsonl", "scores.json", "report.html", "x.parquet", "a.npy"]
)
def test_whatever_may_hold_rows_is_not_made_public(adapter, name):
    (adapter / name).parent.mkdir(exist_ok=True)
    (adapter / name).write_text("1::1193::5")
    with pytest.raises(InputError, match=rf"{name}: may hold rows of ratings, .*--ignore {name}"):
        files_to_push(adapter, private=False)
    assert name in files_to_push(adapter)[0]


def test_a_dataset_goes_public_only_if_it_says_that_it_may(dataset):
    files_to_push(dataset, "dataset", private=False)
    settings(dataset)  # the key is missing
    with pytest.raises(InputError, match="or it does not say that it allows it"):
        files_to_push(dataset, "dataset", private=False)
    files_to_push(dataset, "dataset")


def test_a_dataset_goes_public_with_nothing_but_its_own_files(dataset, tmp_path):
    other = make_dataset(tmp_path / "other", n_users=5, seed=1)
    settings(other, redistribution=False)
    (dataset / "more").mkdir()
    for place in ("more/test.csv", "ratings.dat"):
        (dataset / place).write_text("1::1193::5")
        with pytest.raises(InputError, match=f"{place}: may hold rows of ratings, and no part of a dataset"):
            files_to_push(dataset, "dataset", private=False)
        (dataset / place).unlink()
    shutil.copytree(other, dataset / "other")
    with pytest.raises(InputError, match=r"other/tastetune\.json: the licence"):
        files_to_push(dataset, "dataset", private=False)


def test_an_edited_dataset_is_not_pushed(dataset):
    path = dataset / "like_dislike" / "test.parquet"
    pq.write_table(pa.concat_tables([pq.read_table(path)] * 2), path)
    with pytest.raises(InputError, match=r"like_dislike/test\.parquet: not the file that was built"):
        files_to_push(dataset, "dataset")


def test_a_link_out_of_the_folder_is_not_followed(adapter, tmp_path):
    (tmp_path / "private.md").write_text("mine")
    (adapter / "copy.md").symlink_to(adapter / "README.md")
    assert "copy.md" in files_to_push(adapter)[0]  # it stays inside
    (adapter / "notes.md").symlink_to(tmp_path / "private.md")
    with pytest.raises(InputError, match=r"notes\.md: a link to .*private\.md, which lies outside"):
        files_to_push(adapter)
    assert "notes.md" not in files_to_push(adapter, ignore=["notes.md"])[0]


def test_a_linked_folder_is_not_entered(adapter, dataset):
    (adapter / "data").symlink_to(dataset)
    assert not [name for name in files_to_push(adapter)[0] if name.startswith("data")]


SECRETS = {
    "hf_" + "x" * 34: "a Hub token",
    "AKIA" + "A1" * 8: "an AWS key",
    "ghp_" + "x" * 36: "a GitHub token",
    "github_pat_" + "x" * 22 + "_" + "x" * 59: "a GitHub token",
    "glpat-" + "x" * 20: "a GitLab token",
    "AIza" + "x" * 35: "a Google key",
    "xoxb-" + "1" * 12: "a Slack token",
    "sk-" + "x" * 48: "an API key",
    "sk-proj-" + "x" * 48: "an API key",
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----": "a private key",
}
"""Shaped like secrets, put together here so that no scanner takes this file for a leak."""


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_of_any_kind_is_refused_in_any_file(adapter, secret):
    (adapter / "adapter_model.safetensors").write_bytes(b"\0" * 9999 + secret.encode() + b"\0")
    with pytest.raises(InputError, match=f"adapter_model.safetensors: holds what looks like {SECRETS[secret]}"):
        files_to_push(adapter)


@pytest.mark.parametrize("word", ["disk-partitioning-of-large-catalogues", "AKIAshort", "task-" + "a" * 30, "xghp_"])
def test_words_that_look_a_little_like_it_are_none(adapter, word):
    (adapter / "tokenizer.json").write_text(word)
    assert "tokenizer.json" in files_to_push(adapter)[0]


def test_scores_go_public_without_single_rows_or_with_rows_that_may_be_passed_on(adapter):
    scores = {"dataset": {"settings": {"redistribution": False}}, "rows": [{"title": "A Film"}]}
    (adapter / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(InputError, match=r"scores\.json: may hold rows of ratings"):
        files_to_push(adapter, private=False)
    for passed in ({"dataset": scores["dataset"]}, scores | {"dataset": {"settings": {"redistribution": True}}}):
        (adapter / "scores.json").write_text(json.dumps(passed))
        assert "scores.json" in files_to_push(adapter, private=False)[0]
