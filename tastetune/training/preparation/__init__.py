"""All that a run of scripts/sft.py, dpo.py or grpo.py needs before its model is loaded; each part is made once."""

from collections.abc import Mapping

from tastetune.config.recipe import parse_recipe
from tastetune.training.preparation.base import Preparation
from tastetune.training.preparation.fine_tuning import FineTuning
from tastetune.training.preparation.further import FurtherTraining, Preferences, Rewards

__all__ = ["FineTuning", "FurtherTraining", "Preferences", "Preparation", "Rewards", "prepared"]


def prepared(usage: str, places: Mapping[str, str]) -> Preparation:
    """The preparation of the recipe that the command line names; raises as `parse_recipe`.

    For which script a recipe is, its keys say: `num_generations` is one of GRPO's alone, `beta` of DPO's too.
    """
    kind = Rewards if "num_generations" in places else Preferences if "beta" in places else FineTuning
    return kind(*parse_recipe(usage, kind.arguments, output=kind.output), places)
