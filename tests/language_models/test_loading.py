"""What a tokenizer or an adapter brings along that would change what the model is asked."""

import json
import shutil

import pytest
from made_model import make_tiny_model
from tokenizers.processors import ByteLevel, Sequence, TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import ModelConfig

from tastetune.errors import InputError
from tastetune.language_models.adapters import adapter_tokenizer, load_adapter, warn_of_other_quantisation
from tastetune.language_models.chat import chat_ids, prompt_ids, refuse_dated, turn_end
from tastetune.language_models.loading import load_tokenizer

CHAT = [{"role": "user", "content": "Film 1"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("model"))


def ending(folder, target, wrap):
    """The model's tokenizer, which writes the end token behind every text as well."""
    shutil.copytree(folder, target)
    tokenizer = AutoTokenizer.from_pretrained(target)
    pieces = [(token, tokenizer.convert_tokens_to_ids(token)) for token in (tokenizer.bos_token, tokenizer.eos_token)]
    template = TemplateProcessing(single=f"{tokenizer.bos_token} $A {tokenizer.eos_token}", special_tokens=pieces)
    tokenizer.backend_tokenizer.post_processor = Sequence([ByteLevel(), template]) if wrap else template
    tokenizer.save_pretrained(target)
    return target


@pytest.mark.parametrize("wrap", [False, True])
def test_a_tokenizer_that_ends_every_text_is_stopped_from_it(folder, tmp_path, wrap):
    target = ending(folder, tmp_path / "model", wrap)
    raw, plain = AutoTokenizer.from_pretrained(target), AutoTokenizer.from_pretrained(folder)
    assert raw("Film 1")["input_ids"] == [*plain("Film 1")["input_ids"], plain.eos_token_id]
    loaded = load_tokenizer(ModelConfig(str(target)))
    assert loaded("Film 1")["input_ids"] == plain("Film 1")["input_ids"]


def test_chats_begin_once_and_end_once(folder):
    tokenizer = load_tokenizer(ModelConfig(str(folder)))
    (begun,), (whole,) = prompt_ids(tokenizer, [CHAT]), chat_ids(tokenizer, [CHAT])
    assert [ids.count(tokenizer.bos_token_id) for ids in (begun, whole)] == [1, 1]


@pytest.mark.parametrize(
    ("date", "is_dated"),
    [
        ("{{ strftime_now('%d %b %Y') }}", True),
        ("{% if date_string is not defined %}{{ strftime_now('%d') }}{% endif %}{{ date_string }}", False),  # Llama 3
        ("26 Jul 2024", False),
    ],
)
def test_a_chat_template_that_dates_the_prompt_is_refused(folder, date, is_dated):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = date + tokenizer.chat_template
    if is_dated:
        with pytest.raises(InputError, match="writes today's date into the prompt"):
            prompt_ids(tokenizer, [CHAT])
    else:
        assert prompt_ids(tokenizer, [CHAT])


@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('No system role') }}",
        "{{ messages[9].content.upper() }}",
        "{{ 1 / 0 }}",
        "{% for message in messages %}",
        "{% include 'other' %}",
        "{{ messages | none_such }}",
        "{{ ().__class__.__base__.__subclasses__() }}",  # how templates run code where nothing stops them
    ],
)
def test_a_chat_template_that_cannot_be_rendered_is_one_message(folder, template):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = template
    for render in (lambda: prompt_ids(tokenizer, [CHAT]), lambda: turn_end(tokenizer), lambda: refuse_dated(tokenizer)):
        with pytest.raises(InputError, match="its chat template refuses such a chat; name another instruct") as refusal:
            render()
        assert str(folder) in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_an_adapter_that_is_not_there_is_called_so(folder, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    model = AutoModelForCausalLM.from_pretrained(folder)
    with pytest.raises(
        InputError, match=r"^adapter 'outputs/ml1n/adapter': no adapter lies there, nor could"
    ) as refusal:
        load_adapter(model, "outputs/ml1n/adapter")
    assert "base model" not in str(refusal.value)


def test_an_adapter_of_another_tokenizer_is_refused(folder, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    adapter_tokenizer(tokenizer, str(tmp_path))  # none is there
    tokenizer.save_pretrained(tmp_path)
    adapter_tokenizer(tokenizer, str(tmp_path))
    other = AutoTokenizer.from_pretrained(folder)
    other.chat_template = "{{ messages[0].content }}"
    with pytest.raises(InputError, match=r"a tokenizer of another chat template than that of"):
        adapter_tokenizer(other, str(tmp_path))
    other.add_tokens(["Léon"])
    with pytest.raises(InputError, match=r"a tokenizer of another vocabulary and spelling and chat template than"):
        adapter_tokenizer(other, str(tmp_path))


@pytest.mark.parametrize(
    ("trained", "warning"),
    [
        ({"load_in_4bit": True}, "was trained on a base model with 4 bits, and this one has no quantisation"),
        ({"load_in_4bit": False, "load_in_8bit": False}, ""),
    ],
)
def test_a_base_of_another_quantisation_is_warned_about(folder, tmp_path, capsys, trained, warning):
    (tmp_path / "run.json").write_text(json.dumps(trained))
    warn_of_other_quantisation(AutoModelForCausalLM.from_pretrained(folder), str(tmp_path))
    assert warning in capsys.readouterr().out
