"""The scaling of a model's positions, which transformers leaves out where it reads a GGUF file."""

import numpy as np
from transformers import PreTrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from tastetune.errors import InputError
from tastetune.language_models.gguf.header import ROPE_FREQS, GgufFile

READ = ("gpt-oss",)
"""Architectures whose scaling transformers does read."""


def scale_positions(config: PreTrainedConfig, source: GgufFile) -> None:
    """Put the scaling that a GGUF file names into the configuration that was read from it.

    Of Llama 3 the file holds the divisor of each frequency. The published settings must give the same divisors, by
    transformers' own arithmetic. https://huggingface.co/docs/transformers/model_doc/llama3, `rope_type: llama3`

    Raises:
        InputError: they do not, or the file names another scaling; the model would answer otherwise than it was
            trained to.
    """
    scaling = source.metadata.get(f"{source.architecture}.rope.scaling.type", "none")
    if source.rope_freqs is not None:
        scaling = "none" if _is_llama3(config, source.rope_freqs) else ROPE_FREQS
    if scaling != "none" and source.architecture not in READ:
        raise InputError(
            f"{source.path}: its positions are scaled ({scaling}), which transformers does not read from a GGUF file, "
            "so the model would answer otherwise than it was trained to; take the model as a folder of safetensors"
        )


def frequency_divisors(config: PreTrainedConfig) -> np.ndarray | None:
    """By how much Llama 3's scaling divides each frequency, float32 (half a head's width,); None without scaling."""
    if config.rope_parameters.get("rope_type") != "llama3":
        return None
    scaled = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")[0].numpy()
    width = 2 * len(scaled)
    return (_frequencies(config, width) / scaled).astype(np.float32)


def _frequencies(config: PreTrainedConfig, width: int) -> np.ndarray:
    return config.rope_parameters["rope_theta"] ** -(np.arange(0, width, 2) / width)


def _is_llama3(config: PreTrainedConfig, divisors: np.ndarray) -> bool:
    """Set Llama 3's scaling by the greatest of `divisors`, float (half a head's width,); whether it gives them all."""
    theta, width = config.rope_parameters["rope_theta"], 2 * len(divisors)
    config.rope_parameters = {
        **{"rope_type": "llama3", "rope_theta": theta, "factor": float(divisors.max())},
        **{"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192},
    }
    scaled = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")[0].numpy()
    expected = _frequencies(config, width) / divisors
    return scaled.shape == expected.shape and np.allclose(scaled, expected, rtol=1e-4, atol=0)
