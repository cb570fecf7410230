"""What the files that hold scores have in common: a part of a file, a value with its interval."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

Kind = Literal["trivial", "recbole", "text", "stack", "base", "adapter", "fine-tuned"]
"""See `tastetune.artifacts.predictions.KINDS`."""


class Part(BaseModel):
    """A part of the file. Numbers are no strings, and keys that are not named may stand beside those that are."""

    model_config = ConfigDict(extra="allow", strict=True)


class Estimate(Part):
    """A value with its interval; None where it is undefined, or where there is nothing to resample."""

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""

    @model_validator(mode="after")
    def _has_both_ends(self) -> "Estimate":
        if (self.low is None) != (self.high is None):
            raise ValueError("expected both ends of an interval, or neither")
        return self


class Difference(Part):
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
