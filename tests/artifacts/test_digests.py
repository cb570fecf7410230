"""What is told apart by a digest, and what is not."""

import os
import shutil

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastetune.artifacts.digests import (
    SLICE,
    SLICES,
    digest_of_file,
    digest_of_table,
    digest_of_weights,
    weights_digest,
)
from tastetune.errors import InputError

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
stored = pytest.importorskip("safetensors.torch")


def test_a_file_is_hashed_again_when_it_was_touched(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert digest_of_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(b"abd")
    os.utime(path, ns=(1, 1))
    assert digest_of_file(path) != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | st.text(max_size=3),
            "label": st.integers(0, 1),
            "rating": st.none() | st.sampled_from([1.0, 4.5]),
            "history": st.none() | st.lists(st.none() | st.text(max_size=2), max_size=3),
        }
    ),
    max_size=6,
)
SCHEMA = pa.schema(
    [("id", pa.string()), ("label", pa.int64()), ("rating", pa.float64()), ("history", pa.list_(pa.string()))]
)


@given(one=ROWS, other=ROWS, cut=st.integers(0, 6))
@settings(max_examples=200, deadline=None)
def test_tables_have_one_digest_if_their_rows_are_the_same_however_they_are_cut(one, other, cut):
    table = pa.Table.from_pylist(one, SCHEMA)
    pieces = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    reordered = pieces.select(["history", "rating", "id", "label"])
    assert digest_of_table(table) == digest_of_table(pieces) == digest_of_table(reordered)
    assert (digest_of_table(table) == digest_of_table(pa.Table.from_pylist(other, SCHEMA))) == (one == other)


def weights(seed=0):
    torch.manual_seed(seed)
    many = SLICES * SLICE  # four bytes each, so slices are read
    return {"embed_tokens.weight": torch.randn(many), "norm.weight": torch.ones(8, dtype=torch.bfloat16)}


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    stored.save_file(weights(), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_a_copy_has_the_weights_of_the_original_however_its_files_are_cut(model, tmp_path):
    shutil.copytree(model, tmp_path / "copy")
    assert weights_digest(str(tmp_path / "copy")) == weights_digest(str(model))
    (tmp_path / "sharded").mkdir()
    for number, (name, tensor) in enumerate(weights().items()):
        stored.save_file({name: tensor}, tmp_path / "sharded" / f"model-0000{number}-of-00002.safetensors")
    assert weights_digest(str(tmp_path / "sharded")) == weights_digest(str(model))
    # An output tied to the input may be written out or not
    stored.save_file(weights() | {"lm_head.weight": weights()["embed_tokens.weight"]}, model / "model.safetensors")
    assert weights_digest(str(tmp_path / "sharded")) == weights_digest(str(model))


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: weights(1),
        lambda tensors: tensors | {"norm.weight": tensors["norm.weight"] * 2},
        lambda tensors: tensors | {"norm.weight": tensors["norm.weight"].half()},
        lambda tensors: tensors | {"embed_tokens.weight": tensors["embed_tokens.weight"].reshape(2, -1)},
        lambda tensors: tensors | {"lm_head.weight": torch.zeros(4)},
        lambda tensors: {f"layers.{name}": tensor for name, tensor in tensors.items()},
        lambda tensors: {"embed_tokens.weight": tensors["embed_tokens.weight"]},
    ],
)
def test_other_weights_have_another_digest(model, change):
    before = weights_digest(str(model))
    stored.save_file(change(stored.load_file(model / "model.safetensors")), model / "model.safetensors")
    assert weights_digest(str(model)) != before


def test_weights_cut_anywhere_are_named(model):
    path = model / "model.safetensors"
    whole = path.read_bytes()
    for kept in (0, 7, 8, 50, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match="its weights cannot be read"):
            weights_digest(str(model))


def test_files_of_another_format_count_as_a_whole(model, tmp_path):
    (model / "model.safetensors").unlink()
    assert weights_digest(str(model)) is None
    (model / "pytorch_model.bin").write_bytes(b"abc")
    before = weights_digest(str(model))
    assert before == digest_of_weights([model / "pytorch_model.bin"])
    (model / "pytorch_model.bin").write_bytes(b"abd!")
    assert weights_digest(str(model)) != before
