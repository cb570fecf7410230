"""The text baseline: features by hand, and a made encoder of two words that tell taste apart."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made import make_dataset, rewritten
from sklearn.metrics import roc_auc_score

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.text import TextBaseline, Titles, features
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


@pytest.mark.parametrize("split", ["train", "test"])
def test_an_empty_split_is_refused(split, encoder, tmp_path):
    folder = make_dataset(tmp_path / "made", n_users=5)
    path = folder / "like_dislike" / f"{split}.parquet"
    rewritten(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(InputError, match=rf"{split}\.parquet: no rows"):
        TextBaseline(encoder).fit_predict(open_dataset(folder), "test")
