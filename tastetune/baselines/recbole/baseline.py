"""What RecBole's recommenders have in common as baselines, whatever the rows ask."""

from dataclasses import dataclass

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.baselines import fit_on, rows_answered
from tastetune.baselines.recbole.configs import BaselineConfig


@dataclass(frozen=True)
class RecBoleBaseline:
    """One config and how it is fitted; what is common to those that are a `tastetune.baselines.Baseline`.

    Attributes:
        trials: tuning trials on validation first.
    """

    config: BaselineConfig
    trials: int = 0

    @property
    def name(self) -> str:
        return self.config.name

    def origin(self, dataset: BuiltDataset, split: str) -> dict:
        fit_on(dataset, split)
        about = {"kind": "recbole", "settings": {"config_digest": self.config.digest(self.trials)}}
        return rows_answered(dataset, split) | about
