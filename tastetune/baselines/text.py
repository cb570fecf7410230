"""A text baseline: titles as sentence embeddings, and a logistic head on what history and target have in common.

It reads what the language model reads, the titles of the liked, the disliked and the target, and knows neither user nor
item by id: so it says how much of a language model's score a frozen encoder and a linear head explain.
"""

import time
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_array
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.predictions import Meta, Predictions
from tastetune.artifacts.score_table import score_table
from tastetune.baselines import AfterEpoch, fit_on, rows_answered
from tastetune.baselines.likes import read_labelled_rows
from tastetune.errors import InputError

WIDTH = 64
"""Principal components kept of the titles' embeddings."""

STRENGTHS = (0.0001, 0.001, 0.01, 0.1, 1.0)
"""Inverse regularisation of the head, tried on validation."""

COLUMNS = ["example_id", "item_id", "label", "history", "history_ratings"]


@dataclass(frozen=True)
class Titles:
    """The catalogue as vectors: `ids`, and unit vectors float32 (items, width)."""

    ids: pa.Array
    vectors: np.ndarray


@dataclass(frozen=True)
class TextBaseline:
    """The titles' embeddings and the head, as a `tastetune.baselines.Baseline`.

    Attributes:
        encoder: a sentence-embedding model, its folder or Hub id.
    """

    encoder: str
    name: str = "text"

    def origin(self, dataset: BuiltDataset, split: str) -> dict:
        about = {"kind": "text", "base_model": self.encoder, "settings": {"fit_on": fit_on(dataset, split)}}
        return rows_answered(dataset, split) | about

    def fit_predict(self, dataset: BuiltDataset, split: str, *, after_epoch: AfterEpoch | None = None) -> Predictions:
        """As the protocol says; raises InputError as well where the encoder cannot be loaded, or all rows are alike."""
        splits = fit_on(dataset, split)
        tables = read_labelled_rows(dataset, split, COLUMNS)
        labels = {part: table["label"].to_numpy() for part, table in tables.items()}
        if len(np.unique(labels["train"])) < 2:
            path = dataset.path(dataset.task, "train")
            raise InputError(f"{path}: all rows bear one label, so there is nothing to learn")
        titles, began = embed(self.encoder, dataset.read("items", "train", ["item_id", "title"])), time.perf_counter()
        seen = {part: features(table, titles, dataset.like_from) for part, table in tables.items()}
        strength, trials = choose_strength(seen, labels)
        fit = [np.concatenate([arrays[part] for part in splits.split("+")]) for arrays in (seen, labels)]
        scores = head(strength).fit(*fit).predict_proba(seen[split])[:, 1]
        meta = Meta(
            model=self.name,
            kind="text",
            **rows_answered(dataset, split),
            base_model=self.encoder,
            settings={"width": titles.vectors.shape[1], "C": strength, "trials": trials, "fit_on": splits},
            training={"examples": len(fit[1]), "seconds": time.perf_counter() - began},
        )
        return Predictions(meta, score_table(tables[split]["example_id"].to_pylist(), scores))


def embed(encoder: str, items: pa.Table) -> Titles:
    """Every title's embedding, reduced to its first principal components and scaled to length 1."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise InputError("the text baseline needs sentence-transformers: pip install 'tastetune[text]'") from error
    try:
        model = SentenceTransformer(encoder, trust_remote_code=False, model_kwargs={"use_safetensors": True})
    except Exception as error:  # the library raises every kind of error over bad files
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"--encoder {encoder!r} is neither a folder of a sentence-embedding model nor one that the Hub gives "
            f"({reason}); name a folder, or log in"
        ) from error
    raw = model.encode(items["title"].to_pylist(), show_progress_bar=True, convert_to_numpy=True)
    reduced = PCA(min(WIDTH, *raw.shape), svd_solver="full").fit_transform(raw)
    vectors = reduced / np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-12)
    return Titles(items["item_id"].combine_chunks(), vectors.astype(np.float32))


def features(rows: pa.Table, titles: Titles, like_from: float) -> np.ndarray:
    """What the head sees of each row, float32 (n, 3 x width + 4).

    The target; the target times the mean of the liked, and of the disliked, component by component; the sums of these
    two products (cosines, but for the means' lengths); the share of likes in the history, and its length.
    """
    target = titles.vectors[np.asarray(pc.index_in(rows["item_id"], titles.ids))]
    history = rows["history"].combine_chunks()
    items = np.asarray(pc.index_in(history.flatten(), titles.ids))
    liked = np.asarray(rows["history_ratings"].combine_chunks().flatten()) >= like_from
    lengths = np.asarray(pc.fill_null(history.value_lengths(), 0))
    row = np.repeat(np.arange(len(rows)), lengths)
    parts, shares = [target], [np.bincount(row, liked, len(rows)) / np.maximum(lengths, 1), lengths]
    for kept in (liked, ~liked):
        count = np.bincount(row, kept, len(rows))
        counts = csr_array((kept[kept].astype(np.float32), (row[kept], items[kept])), (len(rows), len(titles.ids)))
        product = target * (counts @ titles.vectors) / np.maximum(count, 1)[:, None]
        parts.append(product)
        shares.append(product.sum(1))
    return np.column_stack([*parts, *shares]).astype(np.float32)


def head(strength: float):
    """A logistic regression on standardised features."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))


def choose_strength(seen: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> tuple[float, list[dict]]:
    """The inverse regularisation with the best ROC-AUC on validation, and what was tried; the middle if none can be."""
    if len(np.unique(labels["validation"])) < 2:
        return STRENGTHS[len(STRENGTHS) // 2], []
    trials = []
    for strength in STRENGTHS:
        scores = head(strength).fit(seen["train"], labels["train"]).predict_proba(seen["validation"])[:, 1]
        trials.append({"C": strength, "roc_auc": float(roc_auc_score(labels["validation"], scores))})
    return max(trials, key=lambda trial: trial["roc_auc"])["C"], trials
