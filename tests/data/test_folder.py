"""What a builder may replace."""

import pytest
from made import make_dataset

from tastetune.data.folder import refuse_foreign
from tastetune.errors import InputError


@pytest.fixture
def folder(tmp_path):
    return make_dataset(tmp_path / "made", n_users=12)


def test_a_dataset_or_nothing_may_be_replaced(tmp_path, folder):
    refuse_foreign(folder)
    refuse_foreign(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    refuse_foreign(tmp_path / "empty")


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("adapter/adapter_model.safetensors", "adapter"),
        ("adapter/checkpoint-100/trainer_state.json", "adapter"),
        ("predictions/svd.parquet", "predictions"),
        ("predictions/test.parquet", "like_dislike, predictions"),  # named as a split, but a second config of rows
        ("items/notes.txt", "items"),
        (".git/HEAD", r"\.git"),
        ("scores.json", r"scores\.json"),
    ],
)
def test_what_no_builder_wrote_is_never_replaced(folder, path, named):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).touch()
    with pytest.raises(
        InputError, match=f"made: holds something else than a dataset, which would be lost: {named}; name"
    ):
        refuse_foreign(folder)


def test_an_empty_folder_beside_the_rows_and_a_link_are_foreign_too(tmp_path, folder):
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "adapter").mkdir()
    with pytest.raises(InputError, match="adapter, linked"):
        refuse_foreign(folder)


def test_a_folder_of_splits_without_settings_is_no_dataset(folder):
    (folder / "tastetune.json").unlink()
    with pytest.raises(InputError, match=r"no tastetune\.json is there"):
        refuse_foreign(folder)
