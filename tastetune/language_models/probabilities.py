"""From a language model to the probability of each answer, read off the tokens that spell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from peft import PeftModel
from torch import nn
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

from tastetune.language_models.answer_tokens import spell
from tastetune.language_models.batching import alike, cached, in_batches, left_padded, repeated
from tastetune.tasks.like_dislike import NO, YES


class AnswerProbabilities(NamedTuple):
    """Probabilities of answers.

    Attributes:
        shares: of each prompt the answers' probabilities, normalised over the answers, float64 (n, answers).
        mass: of each prompt the probability that all answers have together, float64 (n,): how far the model answers at
            all.
    """

    shares: np.ndarray
    mass: np.ndarray


def yes_probabilities(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], max_batch_tokens: int
) -> AnswerProbabilities:
    """P(No) and P(Yes) for each prompt; arguments and errors as `answer_probabilities`."""
    return answer_probabilities(model, tokenizer, prompts, [NO, YES], max_batch_tokens)


@torch.inference_mode()
def answer_probabilities(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    answers: Sequence[str],
    max_batch_tokens: int,
) -> AnswerProbabilities:
    """The probability of each answer behind each prompt: the product of its tokens' probabilities.

    What prompts begin with alike (the instruction, the worked examples) passes through the model once; its keys
    and values are shared by every batch. With several processes, each scores a part and all return everything.

    Args:
        prompts: n texts, one at least, as the task renders them.
        answers: what a prompt goes on with.
        max_batch_tokens: padded tokens in one batch.

    Raises:
        InputError: the tokenizer cannot spell the answers, see `tastetune.language_models.answer_tokens.spell`.
    """
    spelled = spell(tokenizer, prompts, answers)
    contexts, tails = spelled.contexts, spelled.answers
    head = _Head.of(model)
    logs = np.empty((len(prompts), len(answers)))
    # Answers of one token each are read off one pass; of longer ones each is a pass of its own
    together = all(len(tail) == 1 for tail in tails)
    for columns in [list(range(len(answers)))] if together else [[column] for column in range(len(answers))]:
        own = [tails[column] for column in columns]
        begun = [] if together else own[0][:-1]
        logs[:, columns] = _logs(
            model, head, [ids + begun for ids in contexts], own, pad=tokenizer.pad_token_id, at_once=max_batch_tokens
        )
    total = np.logaddexp.reduce(logs, axis=1)
    return AnswerProbabilities(np.exp(logs - total[:, None]), np.exp(total))


def _logs(
    model: PreTrainedModel,
    head: "_Head",
    rows: Sequence[list[int]],
    tails: Sequence[list[int]],
    *,
    pad: int,
    at_once: int,
) -> np.ndarray:
    """log P of each tail whose tokens but the last end the rows, float64 (rows, tails)."""
    kept = len(tails[0])
    tokens = torch.tensor(tails, device=model.device).T  # (kept, tails)
    logs = np.empty((len(rows), len(tails)))
    for group, shared in alike(rows, kept):
        past = cached(model, rows[group[0]][:shared])

        def score(places: list[int], group=group, shared=shared, past=past) -> list[list[float]]:
            rest = [rows[group[place]][shared:] for place in places]
            inputs = left_padded(rest, shared, pad, model.device)
            return head.logs(model, inputs, repeated(past, len(rest)), tokens[:kept]).sum(1).tolist()

        logs[group] = in_batches(score, [len(rows[row]) for row in group], at_once, "scoring")
    return logs


@dataclass(frozen=True)
class _Head:
    """How a model's last states become logits.

    Attributes:
        weight, bias: of its output layer where that is all there is, so that the answers' rows can be taken alone, in
            float32; None where the model scales or caps its logits.
    """

    weight: torch.Tensor | None
    bias: torch.Tensor | None

    @classmethod
    def of(cls, model: PreTrainedModel) -> "_Head":
        """The head, tried on one token: whether the output layer alone gives the model's own logits."""
        causal, layer = _causal(model), model.get_output_embeddings()
        if not isinstance(layer, nn.Linear) or not torch.is_floating_point(layer.weight):
            return cls(None, None)
        probe = torch.tensor([[0]], device=model.device)
        logits, states = model(input_ids=probe).logits, causal.base_model(input_ids=probe).last_hidden_state
        plain = torch.allclose(logits.float(), layer(states).float(), rtol=1e-2, atol=1e-2)
        return cls(layer.weight, layer.bias) if plain else cls(None, None)

    def logs(
        self, model: PreTrainedModel, inputs: dict, past: DynamicCache | None, tokens: torch.Tensor
    ) -> torch.Tensor:
        """log P of `tokens` (kept, tails) at the last `kept` places, float64 (rows, kept, tails)."""
        kept, use = len(tokens), {"past_key_values": past, "use_cache": past is not None}
        if self.weight is None:
            logits = model(**inputs, **use, logits_to_keep=kept).logits[:, -kept:].float()
            picked = logits.gather(2, tokens[None].expand(len(logits), -1, -1))
            return (picked - logits.logsumexp(2, keepdim=True)).double()
        states = _causal(model).base_model(**inputs, **use).last_hidden_state[:, -kept:]
        total = nn.functional.linear(states, self.weight, self.bias).float().logsumexp(2, keepdim=True)
        # In bfloat16 a logit has three digits: the answers' own are worked out in float32
        picked = torch.einsum("rkh,kth->rkt", states.float(), self.weight[tokens].float())
        picked = picked if self.bias is None else picked + self.bias[tokens].float()
        return (picked - total).double()


def _causal(model: PreTrainedModel) -> PreTrainedModel:
    """The model itself, without an adapter's wrapper; its layers are inside it."""
    return model.get_base_model() if isinstance(model, PeftModel) else model
