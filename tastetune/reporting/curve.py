"""What a learning curve is drawn of, and the files that show it."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from tastetune.config.arguments import AnswerArguments, DataArguments
from tastetune.errors import InputError
from tastetune.reporting import plots


@dataclass
class CurveArguments:
    """What a curve is drawn of; whatever is left open follows from the run's folder."""

    adapter: str | None = field(default=None, metadata={"help": "A run's folder with checkpoints."})
    name: str | None = field(default=None, metadata={"help": "What its curve is called."})
    predictions: list[str] = field(default_factory=list, metadata={"help": "What is answered already."})
    curve_dir: str | None = field(default=None, metadata={"help": "Folder to write to."})
    resamples: int = field(default=1000, metadata={"help": "Bootstrap resamples of the users."})
    bootstrap_seed: int = field(default=0, metadata={"help": "Seed of the resamples."})

    def check(self, answers: AnswerArguments, data: DataArguments) -> tuple[Path, str | None]:
        """The folder to write to, and the adapter whose checkpoints answer, if any.

        Raises:
            InputError: there is nothing to draw, nowhere to write it, or a value cannot be.
        """
        if self.resamples < 1:
            raise InputError(f"--resamples is {self.resamples}; give at least 1")
        if self.curve_dir is not None and not self.curve_dir.strip():
            raise InputError("--curve_dir is empty; name the folder to write to")
        own = data.folder.adapter if data.run_dir else None
        adapter = self.adapter or (str(own) if own and any(own.glob("checkpoint-*")) else None)
        if not (adapter or answers.baselines or self.predictions):
            raise InputError(
                "nothing to draw: the run has no checkpoints; train with save_steps, or give --baselines or "
                "--predictions"
            )
        return Path(self.curve_dir) if self.curve_dir else data.folder.root, adapter


def curve_files(curve: dict, folder: Path) -> dict[Path, str | bytes]:
    """The files that hold and show a learning curve, by path."""
    return {
        folder / "learning_curve.json": json.dumps(curve, indent=1, allow_nan=False, ensure_ascii=False) + "\n",
        folder / "learning_curve.png": plots.learning_curve(curve),
    }
