import pytest
import torch
from datasets import Dataset
from made_model import make_tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from tastetune.training.trainers import CompactSFTTrainer

ROWS = [("Film 1", " Yes"), ("Film 1 Film 2 Film 3", " No"), ("a", " Yes"), ("a much longer prompt", " No")]


@pytest.mark.parametrize("peft", [False, True])
def test_loss_and_gradients_are_those_of_trl(tmp_path, peft):
    from peft import LoraConfig

    folder = make_tiny_model(tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = Dataset.from_list([{"prompt": prompt, "completion": completion} for prompt, completion in ROWS])
    found = []
    for trainer_type in (SFTTrainer, CompactSFTTrainer):
        args = SFTConfig(str(tmp_path / "out"), use_cpu=True, bf16=False, per_device_train_batch_size=4)
        trainer = trainer_type(
            model=AutoModelForCausalLM.from_pretrained(folder),
            args=args,
            train_dataset=rows,
            processing_class=tokenizer,
            peft_config=LoraConfig(r=2, target_modules="all-linear", lora_dropout=0.0) if peft else None,
        )
        batch = next(iter(trainer.get_train_dataloader()))
        for count in (None, 16):
            loss = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=count)
            trainer.model.zero_grad()
            loss.backward()
            gradients = [p.grad for p in trainer.model.parameters() if p.grad is not None]
            found.append((loss.item(), torch.cat([gradient.flatten() for gradient in gradients])))
    assert len(found[0][1]) > 1000
    for (loss, gradient), (same_loss, same_gradient) in zip(found[:2], found[2:], strict=True):
        assert loss == pytest.approx(same_loss, rel=1e-5)
        torch.testing.assert_close(gradient, same_gradient, rtol=1e-4, atol=1e-7)
