"""The loss that a CPU computes its own way is TRL's, whatever the keys and the model."""

import pytest
import torch
from datasets import Dataset
from made_model import make_tiny_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    CohereConfig,
    Gemma2Config,
    Gemma3TextConfig,
    GPTNeoXConfig,
    GraniteConfig,
    LlamaConfig,
    PhiConfig,
    Qwen2Config,
    Qwen3Config,
)
from trl import SFTConfig, SFTTrainer

from tastetune.config.arguments import SftArguments
from tastetune.errors import InputError
from tastetune.training.preparation.dropout import drop_while_trained
from tastetune.training.trainers import CompactSFTTrainer

ROWS = [("Film 1", " Yes"), ("Film 1 Film 2 Film 3", " No"), ("a", " Yes"), ("a much longer prompt", " No")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("model"))


def trainer_of(folder, model, **keys):
    from peft import LoraConfig

    is_peft = keys.pop("peft", False)
    args = SFTConfig(str(folder / "out"), use_cpu=True, per_device_train_batch_size=4, **{"bf16": False} | keys)
    return CompactSFTTrainer(
        model=model,
        args=args,
        train_dataset=Dataset.from_list([{"prompt": prompt, "completion": completion} for prompt, completion in ROWS]),
        processing_class=AutoTokenizer.from_pretrained(folder),
        peft_config=LoraConfig(r=2, target_modules="all-linear", lora_dropout=0.0) if is_peft else None,
    )


def loss_and_gradients(trainer, compute, count):
    batch = next(iter(trainer.get_train_dataloader()))
    trainer.model.zero_grad()
    loss = compute(trainer.model, dict(batch), num_items_in_batch=count)
    loss.backward()
    gradients = [p.grad.flatten() for p in trainer.model.parameters() if p.grad is not None]
    return loss.item(), torch.cat(gradients)


def compare(trainer):
    """Its own loss and TRL's, of the same batch and weights, alone and as a part of an accumulated batch."""
    for count in (None, 16):
        own = loss_and_gradients(trainer, trainer.compute_loss, count)
        trl = loss_and_gradients(trainer, super(CompactSFTTrainer, trainer).compute_loss, count)
        assert own[0] == pytest.approx(trl[0], rel=1e-5)
        assert own[0] > 1e-3
        assert len(own[1]) > 500
        torch.testing.assert_close(own[1], trl[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("keys", "is_compact"),
    [
        ({}, True),
        ({"peft": True}, True),
        ({"bf16": True, "activation_checkpointing": True}, True),
        ({"completion_only_loss": False}, True),
        ({"packing": True, "max_length": 64}, False),
        ({"padding_free": True, "max_length": None}, False),
        ({"label_smoothing_factor": 0.3}, False),
        ({"loss_type": "dft"}, False),
    ],
)
def test_the_loss_is_trls_whatever_the_keys(folder, keys, is_compact):
    torch.manual_seed(0)
    trainer = trainer_of(folder, AutoModelForCausalLM.from_pretrained(folder), **keys)
    assert trainer.is_compact is is_compact
    if keys.get("bf16"):
        own, trl = (
            loss_and_gradients(trainer, compute, None)[0]
            for compute in (trainer.compute_loss, super(CompactSFTTrainer, trainer).compute_loss)
        )
        assert own == pytest.approx(trl, rel=1e-2)
    else:
        compare(trainer)


SCALED = {GraniteConfig: {"logits_scaling": 8.0}, CohereConfig: {"logit_scale": 0.25}}
PLAIN = (LlamaConfig, Qwen2Config, Qwen3Config, Gemma3TextConfig, GPTNeoXConfig, PhiConfig)


@pytest.mark.parametrize("config", [*PLAIN, *SCALED, Gemma2Config], ids=lambda config: config.model_type)
def test_the_loss_is_trls_in_every_architecture(folder, config):
    """Granite divides its logits, Cohere multiplies them, Gemma 2 caps them."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    sizes |= {"num_key_value_heads": 2, "head_dim": 8, "initializer_range": 0.3, "vocab_size": 600}
    ends = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 1}
    model = AutoModelForCausalLM.from_config(config(**sizes, **ends, **SCALED.get(config, {})))
    trainer = trainer_of(folder, model)
    assert trainer.is_compact is (config in PLAIN)
    compare(trainer)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_loss_is_trls_on_whichever_side_a_batch_is_filled_up(folder, side):
    """Of 4 tokens and 2, the 2 are filled up; behind its end a row needs no mask, before its beginning it does."""
    torch.manual_seed(0)
    trainer = trainer_of(folder, AutoModelForCausalLM.from_pretrained(folder))
    short, filled = ([9, 8], [1, 1]) if side == "right" else ([1, 1], [9, 8])
    own = (1, 1, 0, 0) if side == "right" else (0, 0, 1, 1)
    batch = {
        "input_ids": torch.tensor([[5, 6, 7, 8], short + filled]),
        "attention_mask": torch.tensor([(1, 1, 1, 1), own]),
        "labels": torch.tensor([[-100, -100, -100, 8], [-100, 8, -100, -100] if side == "right" else [-100] * 3 + [8]]),
    }
    with torch.no_grad():
        found = trainer.compute_loss(trainer.model, dict(batch)).item()
        expected = super(CompactSFTTrainer, trainer).compute_loss(trainer.model, dict(batch)).item()
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_model_in_training_is_left_as_it_was(folder):
    trainer = trainer_of(folder, AutoModelForCausalLM.from_pretrained(folder).train())
    assert isinstance(trainer, SFTTrainer)
    assert all(module.training for module in trainer.model.modules())


def test_residuals_are_dropped_in_training_alone_and_what_is_saved_is_the_plain_model(tmp_path):
    make_tiny_model(tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model").eval()
    ids = torch.tensor([[5, 6, 7]])
    before, names = model(ids).logits, set(model.state_dict())
    drop_while_trained(model, SftArguments(residual_dropout=0.5))
    assert torch.equal(model(ids).logits, before)  # when it answers, nothing is dropped
    assert not torch.equal(model.train()(ids).logits, model(ids).logits)  # in training each pass drops others
    assert set(model.state_dict()) == names
    # All but nothing of the embeddings kept: half of their entries are zero, the others twice as large
    embeddings, kept = model.get_input_embeddings(), model.get_input_embeddings().weight[5]
    dropped = embeddings(torch.tensor([5] * 2000))
    assert float((dropped == 0).float().mean()) == pytest.approx(0.5, abs=0.02)
    assert torch.allclose(dropped[dropped[:, 0] != 0][0][0], 2 * kept[0])


def test_attention_is_dropped_in_training_alone_and_the_embeddings_by_a_share_of_their_own(tmp_path):
    make_tiny_model(tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model").eval()
    ids = torch.tensor([[5, 6, 7]])
    before = model(ids).logits
    drop_while_trained(model, SftArguments(attention_dropout=0.5))
    assert torch.equal(model(ids).logits, before)
    first, second = model.train()(ids).logits, model(ids).logits
    assert not torch.equal(first, second)
    dropped = model.get_input_embeddings()(torch.tensor([5] * 20))
    assert torch.equal(dropped[0], dropped[-1])  # its own share is 0, and residual_dropout is not given
    drop_while_trained(model, SftArguments(residual_dropout=0.9, embedding_dropout=0.5))
    dropped = model.get_input_embeddings()(torch.tensor([5] * 2000))
    assert float((dropped == 0).float().mean()) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("key", ["residual_dropout", "attention_dropout"])
def test_a_model_without_such_parts_cannot_drop_of_them(key):
    with pytest.raises(InputError, match=rf"{key}: .* no parts called self_attn and mlp, as those of Llama have"):
        drop_while_trained(torch.nn.Sequential(torch.nn.Linear(2, 2)), SftArguments(**{key: 0.1}))
