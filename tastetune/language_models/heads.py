"""How a language model's last states become the probabilities of tokens."""

from dataclasses import dataclass

import torch
from peft import PeftModel
from torch import nn
from transformers import DynamicCache, PreTrainedModel

AT_ONCE = 256
"""Places whose logits over the whole vocabulary are held at a time."""


@torch.no_grad()
def has_plain_head(model: PreTrainedModel) -> bool:
    """Whether a model's logits are what its output layer makes of the last states, neither scaled nor capped.

    Tried, not read from the configuration: the layer is made to give values from -100 to 100, which must be the
    logits, and what goes into it must be the last states.
    """
    causal, layer, was_training = _causal(model), model.get_output_embeddings(), model.training
    if not isinstance(layer, nn.Linear) or not torch.is_floating_point(layer.weight):
        return False
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def spread(_, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        values = torch.linspace(-100, 100, output.shape[-1], device=output.device).to(output.dtype).expand_as(output)
        seen.append((inputs[0], values))
        return values

    probe, hook = torch.tensor([[0]], device=model.device), layer.register_forward_hook(spread)
    model.eval()  # without dropout
    try:
        logits = model(input_ids=probe).logits
        hook.remove()
        states = causal.base_model(input_ids=probe).last_hidden_state
    finally:
        hook.remove()
        model.train(was_training)
    if len(seen) != 1 or seen[0][0].shape != states.shape:
        return False
    return torch.equal(logits.to(seen[0][1].dtype), seen[0][1]) and torch.allclose(seen[0][0], states, rtol=1e-2)


@dataclass(frozen=True)
class Head:
    """How a model's last states become logits.

    Attributes:
        weight, bias: of its output layer where that is all there is, so that the answers' rows can be taken alone, in
            float32; None where the model scales or caps its logits.
    """

    weight: torch.Tensor | None
    bias: torch.Tensor | None

    @classmethod
    def of(cls, model: PreTrainedModel) -> "Head":
        """The head of a model."""
        layer = model.get_output_embeddings()
        return cls(layer.weight, layer.bias) if has_plain_head(model) else cls(None, None)

    def logs_at(self, model: PreTrainedModel, inputs: dict, places: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """log P of `tokens` (k,) behind each of `places`, row by row, float64 (places, k).

        Args:
            places: bool (rows, length).
        """
        if self.weight is None:
            columns = places.any(0).nonzero()[:, 0]
            logits = model(**inputs, use_cache=False, logits_to_keep=columns).logits[places[:, columns]]
            return (logits[:, tokens].float() - logits.float().logsumexp(1, keepdim=True)).double()
        states = _causal(model).base_model(**inputs, use_cache=False).last_hidden_state[places]
        return torch.cat([self._of_states(part[:, None], tokens[None])[:, 0] for part in states.split(AT_ONCE)])

    def logs(
        self, model: PreTrainedModel, inputs: dict, past: DynamicCache | None, tokens: torch.Tensor
    ) -> torch.Tensor:
        """log P of `tokens` (kept, tails) at the last `kept` places, float64 (rows, kept, tails)."""
        kept, use = len(tokens), {"past_key_values": past, "use_cache": past is not None}
        if self.weight is None:
            logits = model(**inputs, **use, logits_to_keep=kept).logits[:, -kept:].float()
            picked = logits.gather(2, tokens[None].expand(len(logits), -1, -1))
            return (picked - logits.logsumexp(2, keepdim=True)).double()
        return self._of_states(_causal(model).base_model(**inputs, **use).last_hidden_state[:, -kept:], tokens)

    def _of_states(self, states: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """log P of `tokens` (kept, tails) by the last states (rows, kept, width), float64 (rows, kept, tails)."""
        assert self.weight is not None
        total = nn.functional.linear(states, self.weight, self.bias).float().logsumexp(2, keepdim=True)
        # In bfloat16 a logit has three digits: the answers' own are worked out in float32
        picked = torch.einsum("rkh,kth->rkt", states.float(), self.weight[tokens].float())
        picked = picked if self.bias is None else picked + self.bias[tokens].float()
        return (picked - total).double()


def _causal(model: PreTrainedModel) -> PreTrainedModel:
    """The model itself, without an adapter's wrapper; its layers are inside it."""
    return model.get_base_model() if isinstance(model, PeftModel) else model
