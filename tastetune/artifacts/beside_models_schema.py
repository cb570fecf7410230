"""The shape of a learning curve, of a probe and of explanations' figures, beside the models in scores.json."""

from pydantic import Field, model_validator

from tastetune.artifacts.schema import Estimate, Kind, Part


class CurvePoint(Part):
    """What a model had cost, and what it was worth: metrics, under their own names."""

    __pydantic_extra__: dict[str, Estimate] = Field(init=False)  # ty: ignore[incompatible-mutable-override]

    model: str
    examples: float | None = Field(ge=0)
    tokens: float | None = Field(default=None, ge=0)
    seconds: float | None = Field(ge=0)
    flops: float | None = Field(ge=0)

    @model_validator(mode="after")
    def _has_a_metric(self) -> "CurvePoint":
        if not self.__pydantic_extra__:
            raise ValueError("expected a metric with its interval")
        return self


class Curve(Part):
    name: str
    kind: Kind
    points: list[CurvePoint]


class Passing(Part):
    """Where an adapter's curve first lies above another model's end; all but the names None where it never does."""

    curve: str
    other: str
    model: str | None
    examples: float | None
    difference: float | None
    low: float | None
    high: float | None


class CurveRows(Part):
    fingerprint: str
    split: str


class LearningCurve(Part):
    curves: list[Curve]
    passes: list[Passing] = Field(default_factory=list)
    dataset: CurveRows


def _refuse_missing(n: int, figures: dict[str, float | None]) -> None:
    """Raise ValueError if something was asked for and one of its figures is not there."""
    if missing := [name for name, value in figures.items() if n and value is None]:
        raise ValueError(f"{n} asked for, and {missing[0]} is null, expected a number")


def _whole(estimate: Estimate) -> float | None:
    """An estimate's value if it has an interval too."""
    return None if estimate.low is None else estimate.value


class Fifth(Part):
    """What is recalled of a fifth of the catalogue; of an empty one the ends, in ratings, are None."""

    fifth: int
    n: int
    recalled: Estimate
    least: int | None = Field(alias="from")
    to: int | None

    @model_validator(mode="after")
    def _is_whole(self) -> "Fifth":
        if (self.least is None) != (self.to is None):
            raise ValueError("expected both ends of a fifth, or neither")
        _refuse_missing(self.n, {"recalled": _whole(self.recalled)})
        return self


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
    reason: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> "ProbeForm":
        names = ("chance", "p", "constant", "copied")
        shares = {"recalled": _whole(self.recalled), "neutral": _whole(self.neutral)}
        _refuse_missing(self.n, {name: getattr(self, name) for name in names} | shares)
        return self


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
    fingerprint: str


class Probe(Part):
    """What a model knew of the catalogue before."""

    dataset: ProbedDataset
    model: ProbedModel
    settings: ProbeSettings
    titles_shared: int
    forms: list[ProbeForm] = Field(min_length=1)
    command: str


class DrawnDifference(Estimate):
    p: float | None


class ExplanationsAsked(Part):
    draws: int
    seed: int
    max_new_tokens: int


class Faithfulness(Part):
    """How far a model's explanations can be believed, see `tastetune.explanations.faithfulness`."""

    model: ProbedModel
    settings: ExplanationsAsked
    n: int
    users: int
    likes: int
    silent: int
    unnamed: int
    too_many: int
    compared: int
    titles: int
    in_past: Estimate
    elsewhere: Estimate
    invented: Estimate
    fall: Estimate
    fall_others: Estimate
    difference: DrawnDifference
    command: str

    @model_validator(mode="after")
    def _is_whole(self) -> "Faithfulness":
        for n, names in (
            (self.titles, ("in_past", "elsewhere", "invented")),
            (self.compared, ("fall", "fall_others", "difference")),
        ):
            _refuse_missing(n, {name: getattr(self, name).value for name in names})
        return self
