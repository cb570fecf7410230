"""Where the files of a run lie: everything follows from the recipe's `run_dir`, unless a flag says otherwise."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class RunFolder:
    """The places inside one run's folder.

    Attributes:
        root: the recipe's `run_dir`; `scores.json` and what is rendered from it lie right inside.
    """

    ADAPTER: ClassVar[str] = "adapter"

    root: Path

    @property
    def data(self) -> Path:
        """The built dataset."""
        return self.root / "data"

    @property
    def adapter(self) -> Path:
        """What scripts/sft.py trained, with its checkpoints."""
        return self.root / self.ADAPTER

    @property
    def predictions(self) -> Path:
        """One predictions file a model, those on validation in its folder `validation`."""
        return self.root / "predictions"

    @property
    def curve(self) -> Path:
        """Predictions of checkpoints and epochs, for the learning curve."""
        return self.root / "curve"

    @property
    def probe(self) -> Path:
        """What models recall of the catalogue."""
        return self.root / "probe"

    @property
    def explanations(self) -> Path:
        """Why models answered as they did, a file a model; of another split than test in a folder of its name."""
        return self.root / "explanations"

    @property
    def demo(self) -> Path:
        """Recommenders that the page keeps fitted."""
        return self.root / "demo"

    @property
    def scores(self) -> Path:
        """The scores of all predictions."""
        return self.root / "scores.json"
