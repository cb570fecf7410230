"""A tokenizer as a GGUF file holds it: byte-level BPE that splits words in a way that llama.cpp knows by a name."""

import json
from typing import Any

from transformers import PreTrainedTokenizerBase
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

from tastetune.errors import InputError


def write_vocabulary(writer, tokenizer: PreTrainedTokenizerBase, size: int) -> None:
    """Write tokens, their kinds, merges, special tokens and the chat template.

    Args:
        writer: a `gguf.GGUFWriter`.
        size: how many tokens the model has vectors for; those that the tokenizer does not know are marked unused.

    Raises:
        InputError: no byte-level BPE, or one that splits words in a way without a name.
    """
    from gguf import TokenType

    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    bpe, added = backend["model"], tokenizer.added_tokens_decoder
    spelt = {id_: token for token, id_ in tokenizer.get_vocab().items()}
    kinds = {id_: TokenType.CONTROL if token.special else TokenType.USER_DEFINED for id_, token in added.items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_splitting(tokenizer, backend))
    writer.add_token_list([spelt.get(id_, f"[PAD{id_}]") for id_ in range(size)])
    kinds = dict.fromkeys(spelt, TokenType.NORMAL) | kinds
    writer.add_token_types([kinds.get(id_, TokenType.UNUSED) for id_ in range(size)])
    writer.add_token_merges([" ".join(pair) if isinstance(pair, list) else pair for pair in bpe["merges"]])
    for name in ("bos", "eos", "pad"):
        if (id_ := getattr(tokenizer, f"{name}_token_id")) is not None:
            getattr(writer, f"add_{name}_token_id")(id_)
    writer.add_add_bos_token(tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id)
    if isinstance(tokenizer.chat_template, str):
        writer.add_chat_template(tokenizer.chat_template)


def _splitting(tokenizer: PreTrainedTokenizerBase, backend: dict[str, Any]) -> str:
    """How llama.cpp calls the tokenizer's way of cutting a text into words before they are merged."""
    steps = backend["pre_tokenizer"] or {}
    steps = steps["pretokenizers"] if steps.get("type") == "Sequence" else [steps]
    kinds = [step.get("type") for step in steps]
    if backend["model"]["type"] == "BPE" and backend["normalizer"] is None and kinds[-1] == "ByteLevel":
        by_bytes = steps[-1]
        if kinds == ["ByteLevel"] and by_bytes["use_regex"] and not by_bytes["add_prefix_space"]:
            return "gpt-2"
        if kinds == ["Digits", "ByteLevel"] and steps[0]["individual_digits"] and by_bytes["use_regex"]:
            return "smollm"
        if kinds == ["Split", "ByteLevel"] and steps[0]["pattern"] == {"Regex": GGUF_PRE_TOKENIZER_SPLITS["llama-bpe"]}:
            return "llama-bpe"
    raise InputError(
        f"--gguf: the tokenizer of {tokenizer.name_or_path} splits words by {', '.join(map(str, kinds))}, expected the "
        "way of GPT-2, Llama 3 or SmolLM; leave --gguf away, and convert the merged folder with llama.cpp's own "
        "convert_hf_to_gguf.py"
    )
