"""An adapter and its base model as one model in memory, which answers the same in less time."""

from tastetune.artifacts.run import read_record, refuse_other_base
from tastetune.language_models.adapters import adapter_tokenizer, load_adapter
from tastetune.language_models.language_model import LanguageModel


def merged_in_memory(model: LanguageModel, adapter: str) -> LanguageModel:
    """`model` behind `adapter` with the adapter's weights added to its own, in place.

    A quantised base is unpacked to the very weights that its layers compute with, in float32, so that the answers are
    those of the adapter on the quantised base but for rounding: on a CPU unpacking them at every pass, and the
    adapter's own products, are half of the time. Otherwise than by `tastetune.language_models.merging.merge`, what
    quantising has lost stays lost, and nothing is written.

    Args:
        model: a base model as its run loaded it, without adapters.

    Raises:
        InputError: the adapter was trained on another base model, or see `load_adapter` and `adapter_tokenizer` in
            `tastetune.language_models.adapters`.
    """
    if model.weights is not None:
        refuse_other_base(read_record(adapter), model.weights)
    tokenizer, base = adapter_tokenizer(model.tokenizer, adapter), model.model
    if getattr(base, "is_quantized", False):
        base = base.dequantize()
    wrapped = load_adapter(base.float(), adapter, warn=False)
    return LanguageModel(wrapped.merge_and_unload(safe_merge=True).eval(), tokenizer, weights=model.weights)
