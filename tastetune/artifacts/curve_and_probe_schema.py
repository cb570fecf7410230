"""The shape of a learning curve and of a probe, as scores.json holds them beside its models."""

from pydantic import Field

from tastetune.artifacts.schema import Estimate, Kind, Part


class CurvePoint(Part):
    model: str
    examples: float | None
    seconds: float | None
    flops: float | None


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
