"""The predictions table: what is written is read back, and a table that is not whole is refused by name."""

import json
from dataclasses import asdict, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastetune.artifacts.predictions import Meta, are_predictions_of, read_predictions, write_predictions
from tastetune.artifacts.score_table import score_table
from tastetune.config.environment import versions
from tastetune.errors import InputError

META = Meta(
    model="sft-500",
    kind="adapter",
    dataset="made",
    config="like_dislike",
    split="test",
    fingerprint="0123456789abcdef",
    threshold=0.5,
    base_model="org/base",
    adapter="outputs/adapter",
    shots=3,
    seed=7,
    settings={"learning_rate": 5e-5, "lora_target_modules": ["all-linear"]},
    training={"examples": 32_000, "seconds": 12.5, "flops": 1e15},
)
IDS = ["u1:i1", "u1:i2", "u%3A2:i1"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "predictions" / "sft-500.parquet"


def write_raw(path, columns: dict, meta: object = META):
    """A predictions file by other means than `write_predictions`."""
    path.parent.mkdir(exist_ok=True)
    raw = meta if isinstance(meta, str) else json.dumps(asdict(meta))
    pq.write_table(pa.table(columns).replace_schema_metadata({"tastetune": raw}), path)


def test_what_is_written_is_read_back(path):
    write_predictions(path, META, score_table(IDS, [0.25, 1, 0], ["Yes", None, "I cannot say"]))
    back = read_predictions(path)
    assert back.meta == META
    assert back.table.to_pydict() == {
        "example_id": IDS,
        "score": [0.25, 1.0, 0.0],
        "answer": ["Yes", None, "I cannot say"],
    }
    assert back.table.schema.types == [pa.string(), pa.float64(), pa.string()]


def test_the_file_says_how_it_was_made(path):
    write_predictions(path, META, score_table(IDS, [0, 0, 0]))
    stored = json.loads(pq.read_schema(path).metadata[b"tastetune"])
    assert stored["command"]
    assert stored["versions"] == versions()
    assert {"python", "numpy", "tastetune"} <= set(stored["versions"])


def test_a_token_in_settings_or_command_is_never_written(path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["predict.py", "--hub_token", "a-secret", "--adapter", "/srv/adapter"])
    token = "hf_" + "x" * 34
    meta = replace(Meta("m", "base", "made", "like_dislike", "test", "f"), settings={"hub_token": token, "note": token})
    write_predictions(path, meta, score_table(IDS, [0, 0, 0]))
    raw = pq.read_schema(path).metadata[b"tastetune"]
    assert b"a-secret" not in raw
    assert token.encode() not in raw
    assert read_predictions(path).meta.command == "python predict.py --hub_token … --adapter /srv/adapter"
    assert are_predictions_of(path, {"settings": {"hub_token": token}, "model": "m"}), (
        "a secret is no setting to be compared"
    )


def test_metadata_of_a_later_version_is_read_without_its_news(path):
    write_raw(path, {"example_id": IDS, "score": [0.0] * 3, "answer": ["Yes"] * 3}, json.dumps(asdict(META) | {"x": 1}))
    assert read_predictions(path).meta == META


@given(order=st.permutations(range(6)))
@settings(max_examples=30, deadline=None)
def test_align_gives_the_order_asked_for_whatever_the_order_of_the_file(tmp_path_factory, order):
    path = tmp_path_factory.mktemp("aligned") / "m.parquet"
    ids, scores = [f"u:{i}" for i in range(6)], np.arange(6) / 8
    write_predictions(path, META, score_table([ids[i] for i in order], scores[order], [f"answer {i}" for i in order]))
    aligned, answers = read_predictions(path).scores(ids)
    assert aligned.tolist() == scores.tolist()
    assert answers == [f"answer {i}" for i in range(6)]


@pytest.mark.parametrize(
    ("ids", "scores", "answers", "message"),
    [
        (["a", "a"], [0.1, 0.2], None, "'a' is answered more than once"),
        (["a", "b"], [0.1, float("nan")], None, "score of example_id 'b' is nan"),
        (["a", "b"], [float("-inf"), 0.1], None, "score of example_id 'a' is -inf"),
        (["a", None], [0.1, 0.2], None, "1 rows have no example_id"),
    ],
)
def test_a_faulty_table_is_not_written(path, ids, scores, answers, message):
    write_predictions(path, META, score_table(IDS, [0, 0, 0]))
    before = path.read_bytes()
    with pytest.raises(InputError, match=f"{path.name}: .*{message}"):
        write_predictions(path, META, score_table(ids, scores, answers))
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("scores", "answers", "message"),
    [
        ([0.1], None, "2 ids, 1 scores and 2 answers"),
        ([0.1, 0.2], ["Yes"], "2 ids, 2 scores and 1 answers"),
    ],
)
def test_every_row_has_one_score_and_one_answer(scores, answers, message):
    with pytest.raises(InputError, match=message):
        score_table(["a", "b"], scores, answers)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"example_id": ["a", "a"]}, "'a' is answered more than once"),
        ({"example_id": pa.array(["a", None])}, "1 rows have no example_id"),
        ({"score": [0.1, float("inf")]}, "score of example_id 'b' is inf"),
        ({"score": pa.array([None, 0.1])}, "score of example_id 'a' is nan"),
        ({"score": ["high", "low"]}, "columns of other types"),
        ({"score": [0.1, -1e308]}, "score of example_id 'b' is -1e.308, expected at most 1e.30 either way"),
        ({"example_id": [["a"], ["b"]]}, "columns of other types"),
    ],
)
def test_a_faulty_table_is_not_read(path, changed, message):
    write_raw(path, {"example_id": ["a", "b"], "score": [0.1, 0.2], "answer": ["Yes", None]} | changed)
    with pytest.raises(InputError, match=f"{path.name}: .*{message}"):
        read_predictions(path)


@pytest.mark.parametrize("absent", ["example_id", "score", "answer"])
def test_a_missing_column_is_named(path, absent):
    columns = {"example_id": ["a"], "score": [0.1], "answer": ["Yes"]}
    del columns[absent]
    write_raw(path, columns)
    with pytest.raises(InputError, match=f"column '{absent}' is missing; it has"):
        read_predictions(path)


@pytest.mark.parametrize(
    "meta",
    [
        *("{", "[]", '{"model": "m"}', "[" * 100_000),
        *(json.dumps(asdict(META) | {key: 3}) for key in ("model", "dataset", "fingerprint", "settings", "training")),
        *(json.dumps(asdict(META) | {key: "3"}) for key in ("threshold", "shots", "seed", "versions")),
        json.dumps(asdict(META) | {"training": {"examples": "many"}}),
        json.dumps(asdict(META) | {"threshold": float("nan")}),
        json.dumps(asdict(META) | {"model": "\ud800"}),
    ],
)
def test_metadata_that_cannot_be_read_is_refused(path, meta):
    write_raw(path, {"example_id": ["a"], "score": [0.1], "answer": ["Yes"]}, meta)
    with pytest.raises(InputError, match="metadata cannot be read"):
        read_predictions(path)


def test_a_table_of_somebody_else_is_refused(path):
    path.parent.mkdir()
    pq.write_table(pa.table({"example_id": ["a"], "score": [0.1], "answer": ["Yes"]}), path)
    with pytest.raises(InputError, match="no tastetune metadata"):
        read_predictions(path)


def test_a_kind_or_threshold_that_is_none_is_refused():
    with pytest.raises(InputError, match="one of trivial, recbole, text, stack, base, adapter, fine-tuned"):
        replace(META, kind="oracle")
    with pytest.raises(InputError, match="threshold nan"):
        replace(META, threshold=float("nan"))


def test_a_cut_or_damaged_file_is_refused_wherever_it_is_cut(path):
    write_predictions(path, META, score_table(IDS, [0, 0.5, 1]))
    whole = path.read_bytes()
    for kept in range(0, len(whole), 97):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputError, match="not a whole parquet file"):
            read_predictions(path)
    path.write_bytes(whole[:4] + b"\xff" * 20 + whole[24:])
    with pytest.raises(InputError, match="not a whole parquet file"):
        read_predictions(path)


def test_a_file_that_is_not_there_is_named(path):
    with pytest.raises(InputError, match="no such predictions file"):
        read_predictions(path)


def test_rows_missing_or_unknown_are_counted_and_named(path):
    write_predictions(path, META, score_table(IDS, [0, 0, 0]))
    predictions = read_predictions(path)
    with pytest.raises(InputError, match="2 of 4 rows of split 'test' are not answered, first 'u2:i2'"):
        predictions.scores([*IDS[:2], "u2:i2", "u3:i3"])
    with pytest.raises(InputError, match="1 answers belong to no row of the split, first 'u%3A2:i1'"):
        predictions.scores(IDS[:2])
