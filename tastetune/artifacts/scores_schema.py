"""The shape of scores.json: the keys that are read of it, and what stands under them. More keys may stand there."""

from typing import Annotated, Literal

from pydantic import Field

from tastetune.artifacts.beside_models_schema import Faithfulness, LearningCurve, Probe
from tastetune.artifacts.schema import Difference, Estimate, Kind, Part


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
    yes_rate: float | None = Field(default=None, ge=0, le=1)
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
    hub_id: str | None = None
    hub_revision: str | None = None
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
    """A mean over seeds with its interval over users, and the standard deviation over seeds."""

    mean: float
    low: float | None = None
    high: float | None = None
    sd: float


class SeedGroup(Part):
    """Several seeds of one recipe."""

    recipe: str
    models: list[str]
    metrics: dict[str, Spread]
    against: dict[str, dict[str, Difference]] = Field(default_factory=dict)


class Rows(Part):
    """Single rows or users, to be looked at."""

    withheld: bool
    sample: list[dict]


class Scores(Part):
    """The whole file, of any task."""

    bootstrap: Bootstrap
    reference: str | None
    seeds: list[SeedGroup]
    rows: Rows | None = None
    learning_curve: LearningCurve | None = None
    probes: list[Probe] | None = None
    explanations: list[Faithfulness] | None = None
    date: str | None = None
    command: str
    versions: dict[str, str]


class LabelledScores(Scores):
    dataset: LabelledDataset
    models: list[LabelledModel]


class ListScores(Scores):
    dataset: ListDataset
    models: list[ListModel]
