"""TRL's trainer: its loss made bearable on a CPU, its adapters kept precise."""

import torch
from peft import PeftModel
from torch.nn.functional import cross_entropy
from trl import SFTTrainer


class CompactSFTTrainer(SFTTrainer):
    """`SFTTrainer` that in a single CPU process runs the LM head over labelled positions only.

    TRL does so itself wherever Triton runs, and elsewhere scores every position and masks the result: the same
    loss, but for a prompt of 160 tokens with a one-word answer nearly all of the head's work is thrown away.
    """

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        if return_outputs or self.args.device.type != "cpu" or self.args.world_size > 1:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        causal = self.accelerator.unwrap_model(model)
        causal = causal.get_base_model() if isinstance(causal, PeftModel) else causal
        labels = inputs["labels"][:, 1:]
        with self.accelerator.autocast():
            hidden = causal.base_model(
                input_ids=inputs["input_ids"], attention_mask=inputs.get("attention_mask"), use_cache=False
            ).last_hidden_state[:, :-1]
            labelled = labels != -100
            logits = causal.get_output_embeddings()(hidden[labelled])
        summed = cross_entropy(logits.float(), labels[labelled], reduction="sum")
        count = labelled.sum() if num_items_in_batch is None else num_items_in_batch
        return summed / torch.as_tensor(count).clamp(min=1)


def keep_adapter_in_float32(model: torch.nn.Module) -> None:
    """Undo TRL's cast of a QLoRA adapter to bfloat16; call it before training starts.

    With 8 bits of precision, a step of 5e-5 to a weight of 0.05 rounds to nothing and the adapter's A matrices
    stand still. A checkpoint is resumed in float32 besides, so a run that was interrupted would go on as another.
    """
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def start_at_reference(model: torch.nn.Module) -> None:
    """Give the adapter `default` the weights of `ref`, in float32; call it after `DPOTrainer` has made `ref`.

    TRL copies the adapter first and casts it to bfloat16 after, so that the model would start beside its reference.
    """
    for name, parameter in model.named_parameters():
        if ".default." in name:
            parameter.data = model.get_parameter(name.replace(".default.", ".ref.")).data.float().clone()
