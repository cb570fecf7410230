"""A SASRec that answers somebody who was not among its users: it reads their ratings as it reads any history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from tastetune.files import replacing

ACTIVATIONS = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "swish": functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}
"""By RecBole's names."""


@dataclass(frozen=True, eq=False)
class SequenceSide:
    """What `tastetune.baselines.recbole.own_models.labelled.PointwiseSASRec` has learnt, without RecBole.

    Attributes:
        items: ids, (n,).
        weights: float32, by the model's own names of its parameters, each with a dot in it; the rows of
            `item_embedding.weight` are those of `items`, and those of `feedback_embedding.weight`, where it reads
            feedback, a dislike and a like.
        heads: of the attention.
        activation: of `ACTIVATIONS`.
        eps: of the layer norms.
        like_from: a rating of this much or more is a like.
    """

    items: np.ndarray
    weights: Mapping[str, np.ndarray]
    heads: int
    activation: str
    eps: float
    like_from: float

    in_stars = False

    @torch.inference_mode()
    def estimates(self, rated: Sequence[str], ratings: Sequence[float], asked: Sequence[str]) -> np.ndarray:
        """P(like) of items by somebody with these ratings, oldest first, one at least: float64 (asked,).

        The last of them are read, as many as the model has positions for. An item that was in no training row has the
        mean of all others' embeddings.

        Source: Kang and McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018, eq. 1 to 6.
        """
        last = len(self.weights["position_embedding.weight"])
        x = self._embedded(rated[-last:]) + self._weight("position_embedding.weight")[: len(rated)]
        if "feedback_embedding.weight" in self.weights:
            liked = torch.tensor([int(rating >= self.like_from) for rating in ratings[-last:]])
            x = x + self._weight("feedback_embedding.weight")[liked]
        x, block = self._normed(x, ""), 0
        while f"trm_encoder.layer.{block}.feed_forward.dense_1.weight" in self.weights:
            x, block = self._passed(x, f"trm_encoder.layer.{block}."), block + 1
        return torch.sigmoid(self._embedded(asked) @ x[-1]).double().numpy()

    def _passed(self, x: torch.Tensor, layer: str) -> torch.Tensor:
        """Through one block, (ratings, width): each sees itself and those before it."""
        attention, feed_forward = f"{layer}multi_head_attention.", f"{layer}feed_forward."
        parts = (self._linear(x, attention + name).unflatten(1, (self.heads, -1)) for name in ("query", "key", "value"))
        q, k, v = (part.transpose(0, 1) for part in parts)
        context = functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(0, 1).flatten(1)
        x = self._normed(self._linear(context, f"{attention}dense") + x, attention)
        inner = ACTIVATIONS[self.activation](self._linear(x, f"{feed_forward}dense_1"))
        return self._normed(self._linear(inner, f"{feed_forward}dense_2") + x, feed_forward)

    def _embedded(self, items: Sequence[str]) -> torch.Tensor:
        places = {item: place for place, item in enumerate(self.items.tolist())}
        weight = self._weight("item_embedding.weight")
        weight = torch.cat([weight, weight.mean(0, keepdim=True)])
        return weight[[places.get(item, len(places)) for item in items]]

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.linear(x, self._weight(f"{name}.weight"), self._weight(f"{name}.bias"))

    def _normed(self, x: torch.Tensor, part: str) -> torch.Tensor:
        weight, bias = (self._weight(f"{part}LayerNorm.{name}") for name in ("weight", "bias"))
        return functional.layer_norm(x, x.shape[-1:], weight, bias, self.eps)

    def _weight(self, name: str) -> torch.Tensor:
        return torch.from_numpy(self.weights[name])

    def save(self, path: Path) -> None:
        """Write it to an .npz file, whole or not at all."""
        plain = {name: value for name, value in vars(self).items() if name != "weights"}
        with replacing(path) as new, new.open("wb") as file:
            np.savez(file, **plain, **self.weights)

    @classmethod
    def load(cls, path: Path) -> "SequenceSide":
        """What `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            weights = {name: arrays[name] for name in arrays if "." in name}
            plain = {name: arrays[name] for name in arrays if "." not in name}
        values = {name: value if value.ndim else value.item() for name, value in plain.items()}
        return cls(**values, weights=weights)
