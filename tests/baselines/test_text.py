"""The text baseline: features by hand, and a made encoder of two words that tell taste apart."""

import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from made import make_dataset, rewritten
from sklearn.metrics import roc_auc_score

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.text import TextBaseline, Titles, embed, features
from tastetune.errors import InputError


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A sentence-embedding model with random weights, saved as a real one is: BERT and mean pooling."""
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, BertTokenizerFast, set_seed

    folder = tmp_path_factory.mktemp("encoder")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + list("0123456789()")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    set_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab={word: place for place, word in enumerate(words)}).save_pretrained(folder / "bert")
    body = models.Transformer(str(folder / "bert"))
    SentenceTransformer(modules=[body, models.Pooling(16)], device="cpu").save(str(folder / "model"))
    return str(folder / "model")


def test_features_by_hand():
    titles = Titles(pa.array(["a", "b", "c"]), np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32))
    rows = pa.table(
        {
            "item_id": ["c", "a"],
            "history": pa.array([["a", "b", "a"], []], pa.list_(pa.string())),
            "history_ratings": pa.array([[5.0, 1.0, 4.0], []], pa.list_(pa.float64())),
        }
    )
    found = features(rows, titles, like_from=4.0)
    # Target (.6, .8); liked a and a, mean (1, 0): product (.6, 0), sum .6; disliked b: product (0, .8), sum .8; 2 of 3.
    assert found[0] == pytest.approx([0.6, 0.8, 0.6, 0, 0, 0.8, 2 / 3, 3, 0.6, 0.8])
    assert found[1] == pytest.approx([1, 0, 0, 0, 0, 0, 0, 0, 0, 0])


def test_every_row_is_answered_by_what_titles_say(encoder, tmp_path):
    dataset = open_dataset(make_dataset(tmp_path / "made"))
    predictions, table = TextBaseline(encoder).fit_predict(dataset, "test"), dataset.read("like_dislike", "test")
    scores, _ = predictions.scores(table["example_id"].to_pylist())
    assert 0 <= scores.min() <= scores.max() <= 1
    assert roc_auc_score(table["label"].to_numpy(), scores) > 0.6
    assert (predictions.meta.kind, predictions.meta.base_model) == ("text", encoder)
    assert TextBaseline(encoder).fit_predict(dataset, "test").table == predictions.table


def test_validation_of_one_label_leaves_the_strength_in_the_middle(encoder, tmp_path):
    folder = make_dataset(tmp_path / "made", n_users=20)
    path = folder / "like_dislike" / "validation.parquet"
    rewritten(pq.read_table(path).slice(0, 1), path)
    settings = TextBaseline(encoder).fit_predict(open_dataset(folder), "test").meta.settings
    assert (settings["C"], settings["trials"]) == (0.01, [])


def test_an_encoder_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    dataset = open_dataset(make_dataset(tmp_path / "made", n_users=10))
    with pytest.raises(InputError, match=r"--encoder '.*nothing' is neither a folder of a sentence-embedding model"):
        TextBaseline(str(tmp_path / "nothing")).fit_predict(dataset, "test")


class Runs:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def own_module(folder, ran):
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "own.Own"
    (folder / "modules.json").write_text(json.dumps(modules))


def own_model(folder, ran):
    (path,) = (path for path in folder.rglob("config.json") if "model_type" in path.read_text())
    own = {"AutoConfig": "own.Own", "AutoModel": "own.Own"}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"auto_map": own, "model_type": "own"}))


def pickled(folder, ran):
    (weights,) = folder.rglob("model.safetensors")
    torch.save(Runs(ran), weights.with_name("pytorch_model.bin"))
    weights.unlink()


@pytest.mark.parametrize("change", [own_module, own_model, pickled])
def test_nothing_that_an_encoder_brings_along_is_run(encoder, tmp_path, monkeypatch, change):
    ran, folder = tmp_path / "ran", shutil.copytree(encoder, tmp_path / "encoder")
    for place in (folder, tmp_path):  # beside the model, and where Python would look
        (place / "own.py").write_text(f"from pathlib import Path\nPath({str(ran)!r}).touch()\nclass Own:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 9))
    change(folder, ran)
    with pytest.raises(InputError, match=r"--encoder '.*encoder' is neither .*; name a folder, or log in"):
        embed(str(folder), pa.table({"item_id": ["1"], "title": ["A"]}))
    assert not ran.exists()


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_empty_split_is_refused(split, encoder, tmp_path):
    folder = make_dataset(tmp_path / "made", n_users=5)
    path = folder / "like_dislike" / f"{split}.parquet"
    rewritten(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(InputError, match=rf"{split}\.parquet: no rows"):
        TextBaseline(encoder).fit_predict(open_dataset(folder), "test")
