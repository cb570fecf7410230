"""Test prompts that are training prompts, letter by letter: counted as rows are written, whatever is kept of them."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa


@dataclass
class PromptCopies:
    """Holds 64 bits of a hash of each prompt: in one of some 20,000 logs of 100 million two are alike by chance."""

    training: list[np.ndarray] = field(default_factory=list)
    test: list[np.ndarray] = field(default_factory=list)

    def add(self, split: str, prompts: pa.ChunkedArray) -> None:
        """Remember the prompts of rows of a split; those of train and validation are training prompts."""
        hashes = np.fromiter(map(hash, prompts.to_pylist()), np.int64, len(prompts))
        (self.test if split == "test" else self.training).append(hashes)

    def count(self) -> int:
        """Test rows whose prompt is a training row's."""
        training, test = (np.sort(np.concatenate([np.empty(0, np.int64), *of])) for of in (self.training, self.test))
        places = np.searchsorted(training, test)
        return int((training[np.minimum(places, len(training) - 1)] == test).sum()) if len(training) else 0
