"""A made run whose page can be tried: a dataset, a model of a few thousand parameters, an adapter of it, a recipe."""

from pathlib import Path

import yaml
from made import make_dataset
from made_model import make_adapter, make_tiny_model


def make_run(folder: Path, **keys) -> Path:
    """Write a run of 30 users and 60 films into `folder`; return its recipe, with further `keys`."""
    make_dataset(folder / "run" / "data", 30, 60)
    make_tiny_model(folder / "model")
    make_adapter(folder / "run" / "adapter", folder / "model", folder / "run" / "data")
    recipe = {"run_dir": str(folder / "run"), "model_name_or_path": str(folder / "model"), "dtype": "float32"}
    recipe |= {"bf16": False, "use_cpu": True, "report_to": "none"} | keys
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return folder / "recipe.yaml"
