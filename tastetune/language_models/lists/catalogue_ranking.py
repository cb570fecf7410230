"""The whole catalogue scored for a user: how probable each text of it is behind one prompt.

The prompt passes through the model once. The texts follow as one tree: each node of the trie is one token, which sees
the prompt's keys and values and its own ancestors alone, and stands at its own depth behind the prompt. What texts
begin with alike is so computed once, and none pays for the prompt again.

Source: the tree attention of speculative decoding (Miao et al., SpecInfer, ASPLOS 2024, section 4.2), here over a
trie of fixed texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from tastetune.language_models.batching import in_batches
from tastetune.language_models.lists.title_trie import TitleTrie

NODES_AT_ONCE = 512
"""Nodes in one pass: each pass attends to all of its nodes, so that more are not faster."""


@dataclass(frozen=True)
class _Pass:
    """A stretch of the trie for one pass.

    Attributes:
        nodes: inner nodes, in preorder, with all their ancestors but the root, int64 (n,).
        sees: which of them each one sees, bool (n, n).
        child, behind: edges to score: child nodes, and the place in `nodes` of the parent of each.
    """

    nodes: np.ndarray
    sees: np.ndarray
    child: np.ndarray
    behind: np.ndarray


def passes(trie: TitleTrie, nodes_at_once: int = NODES_AT_ONCE, *, leaves_alone: bool = False) -> list[_Pass]:
    """The trie cut into passes of `nodes_at_once` nodes, and the ancestors of the first of them besides.

    Args:
        leaves_alone: whether only those child nodes are scored at which a sequence ends.
    """
    inner = np.flatnonzero(trie.sequence < 0)[1:]
    found = []
    for start in range(0, len(inner), nodes_at_once):
        own = inner[start : start + nodes_at_once]
        above, node = [], int(trie.parent[own[0]])
        while node:
            above.insert(0, node)
            node = int(trie.parent[node])
        nodes = np.concatenate([np.array(above, np.int64), own])
        # In preorder an ancestor comes first, and its range holds the node
        sees = (nodes[None] <= nodes[:, None]) & (nodes[:, None] < trie.end[nodes][None])
        child = np.concatenate([trie.children(int(node)) for node in own])
        child = child[trie.sequence[child] >= 0] if leaves_alone else child
        found.append(_Pass(nodes, sees, child, np.searchsorted(nodes, trie.parent[child])))
    return found


@torch.inference_mode()
def title_log_probabilities(
    model: PreTrainedModel, prompts: Sequence[list[int]], trie: TitleTrie, nodes_at_once: int = NODES_AT_ONCE
) -> np.ndarray:
    """log P(title | prompt): the sum of its tokens' log-probabilities, each over the whole vocabulary.

    With several processes, each scores a part and all return everything.

    Args:
        prompts: token ids up to where a title begins; one prompt at least.
        trie: the titles' tokens, with what ends a title (see `tastetune.language_models.lists.constrained.Spelling`).

    Returns:
        float64 (prompts, titles).
    """
    parts, depth = passes(trie, nodes_at_once), trie.depth

    def score(prompt: list[int]) -> np.ndarray:
        edges = _edges(model, prompt, trie, parts)
        for level in range(1, depth.max() + 1):
            nodes = np.flatnonzero(depth == level)
            edges[nodes] += edges[trie.parent[nodes]]
        return edges[trie.leaf]

    return _of_prompts(score, prompts)


@torch.inference_mode()
def last_log_probabilities(
    model: PreTrainedModel, prompts: Sequence[list[int]], trie: TitleTrie, nodes_at_once: int = NODES_AT_ONCE
) -> np.ndarray:
    """log P of each sequence's last token behind the prompt and the tokens before it; see `title_log_probabilities`.

    Args:
        trie: of sequences of two tokens or more.

    Returns:
        float64 (prompts, sequences).
    """
    parts = passes(trie, nodes_at_once, leaves_alone=True)
    return _of_prompts(lambda prompt: _edges(model, prompt, trie, parts)[trie.leaf], prompts)


def _of_prompts(score: Callable[[list[int]], np.ndarray], prompts: Sequence[list[int]]) -> np.ndarray:
    """Scores of every prompt, stacked; each process does a part."""
    return np.stack(
        in_batches(lambda rows: [score(prompts[row]) for row in rows], list(map(len, prompts)), 1, "ranking")
    )


def _edges(model: PreTrainedModel, prompt: list[int], trie: TitleTrie, parts: list[_Pass]) -> np.ndarray:
    """log P of each node that the passes score, and of those below the root, behind one prompt, float64 (nodes,)."""
    device, past = model.device, DynamicCache(config=model.config)
    logits = model(
        input_ids=torch.tensor([prompt], device=device), past_key_values=past, use_cache=True, logits_to_keep=1
    ).logits[0, -1]
    edges = np.zeros(len(trie.token))
    first = trie.children(0)
    edges[first] = _log_probabilities(logits[None], np.zeros(len(first), np.int64), trie.token[first])
    depth = trie.depth
    for part in parts:
        kept, behind = np.unique(part.behind, return_inverse=True)
        logits = model(
            input_ids=torch.from_numpy(trie.token[part.nodes])[None].to(device),
            attention_mask=_mask(part, len(prompt), model),
            position_ids=torch.from_numpy(len(prompt) + depth[part.nodes] - 1)[None].to(device),
            past_key_values=past,
            use_cache=True,
            logits_to_keep=torch.from_numpy(kept).to(device),
        ).logits[0]
        past.crop(-len(part.nodes))
        edges[part.child] = _log_probabilities(logits, behind, trie.token[part.child])
    return edges


def _log_probabilities(logits: torch.Tensor, at: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """log-softmax of `logits` (n, vocabulary) at the pairs (place, token); float64."""
    at, tokens = torch.from_numpy(at).to(logits.device), torch.from_numpy(tokens).to(logits.device)
    total = logits.float().logsumexp(1)
    return (logits[at, tokens].float() - total[at]).double().cpu().numpy()


def _mask(part: _Pass, seen: int, model: PreTrainedModel) -> torch.Tensor:
    """What each node adds to its attention scores: 0 for the prompt and its ancestors, the least there is elsewhere."""
    sees = torch.from_numpy(np.pad(part.sees, ((0, 0), (seen, 0)), constant_values=True))
    mask = torch.zeros(sees.shape, dtype=model.dtype).masked_fill(~sees, torch.finfo(model.dtype).min)
    return mask[None, None].to(model.device)
