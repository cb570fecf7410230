"""The shape of scores.json: the keys that are read of it, and what stands under them. More keys may stand there."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["trivial", "recbole", "text", "base", "adapter", "fine-tuned"]
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


class SliceMetrics(Part):
    roc_auc: Estimate


class Slice(Part):
    n: int
    metrics: SliceMetrics


class ChosenThreshold(Part):
    threshold: float
    metrics: dict[str, Estimate]


class Bin(Part):
    low: float
    high: float
    n: int
    mean_probability: float | None
    share_liked: float | None


class Model(Part):
    """One model of the table."""

    model: str
    kind: Kind
    base_model: str | None
    adapter: str | None
    shots: int
    seed: int | None
    settings: dict
    training: dict
    command: str
    versions: dict[str, str]
    predictions: str | None
    n: int
    metrics: dict[str, Estimate]
    against: dict[str, dict[str, Difference]]


class LabelledModel(Model):
    """One that answered rows with labels."""

    unparsed: int
    threshold: float
    scale: Literal["probability", "stars", "other"]
    chosen_threshold: ChosenThreshold | None
    slices: dict[str, Slice]
    roc: list[Annotated[list[float], Field(min_length=2, max_length=2)]]
    reliability: list[Bin]


class ListModel(Model):
    """One that recommended lists."""

    mode: str | None


class Dataset(Part):
    name: str
    config: str
    split: str
    fingerprint: str
    n: int
    users: int
    items: int
    settings: dict


class LabelledDataset(Dataset):
    base_rate: float
    users_with_both_labels: int
    leakage: dict[str, int | float] | None


class GoldLength(Part):
    least: int
    median: float
    most: int


class ListDataset(Dataset):
    gold_length: GoldLength


class Bootstrap(Part):
    resamples: int
    seed: int
    level: float


class Spread(Part):
    mean: float
    sd: float


class SeedGroup(Part):
    """Several seeds of one recipe."""

    recipe: str
    models: list[str]
    metrics: dict[str, Spread]


class Rows(Part):
    """Single rows or users, to be looked at."""

    withheld: bool
    sample: list[dict]


class CurvePoint(Part):
    model: str
    examples: float | None
    seconds: float | None
    flops: float | None
    roc_auc: Estimate


class Curve(Part):
    name: str
    kind: Kind
    points: list[CurvePoint]


class LearningCurve(Part):
    curves: list[Curve]


class Fifth(Part):
    fifth: int
    n: int
    recalled: Estimate


class ProbeForm(Part):
    form: str
    asks: str
    n: int
    recalled: Estimate
    neutral: Estimate
    chance: float | None
    p: float | None
    constant: float | None
    copied: float | None
    popularity: list[Fifth]


class ProbedModel(Part):
    model: str
    base_model: str | None
    adapter: str | None
    settings: dict


class ProbeSettings(Part):
    items: int
    shots: int
    seed: int
    level: float


class ProbedDataset(Part):
    items: int


class Probe(Part):
    """What a model knew of the catalogue before."""

    dataset: ProbedDataset
    model: ProbedModel
    settings: ProbeSettings
    titles_shared: int
    forms: list[ProbeForm] = Field(min_length=1)
    command: str


class Scores(Part):
    """The whole file, of any task."""

    bootstrap: Bootstrap
    reference: str | None
    seeds: list[SeedGroup]
    rows: Rows | None = None
    learning_curve: LearningCurve | None = None
    probes: list[Probe] | None = None
    command: str
    versions: dict[str, str]


class LabelledScores(Scores):
    dataset: LabelledDataset
    models: list[LabelledModel]


class ListScores(Scores):
    dataset: ListDataset
    models: list[ListModel]
