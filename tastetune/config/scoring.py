"""What scripts/score.py and scripts/learning_curve.py are told; whatever is left open follows from the run's folder."""

from dataclasses import dataclass, field
from pathlib import Path

from tastetune.config.arguments import AnswerArguments, DataArguments
from tastetune.errors import InputError


@dataclass
class ScoreArguments:
    """What is scored, how, and where it goes; whatever is left open follows from the run's folder."""

    predictions: list[str] = field(
        default_factory=list, metadata={"help": "Predictions files, folders of them, or Hub ids."}
    )
    scores_dir: str | None = field(default=None, metadata={"help": "Folder to write to."})
    adapter: str | None = field(default=None, metadata={"help": "Write the model card of this adapter alone."})
    reference: str | None = field(default=None, metadata={"help": "Model to compare the others with."})
    resamples: int = field(default=1000, metadata={"help": "Bootstrap resamples of the users."})
    bootstrap_seed: int = field(default=0, metadata={"help": "Seed of the resamples."})
    with_rows: bool = field(default=False, metadata={"help": "Show single rows whatever the licence says."})
    learning_curve: str | None = field(default=None, metadata={"help": "A learning_curve.json of the same rows."})
    probe: list[str] = field(default_factory=list, metadata={"help": "Files of scripts/probe.py."})
    explanations: list[str] = field(default_factory=list, metadata={"help": "Files of scripts/explain.py."})
    from_scores: str | None = field(default=None, metadata={"help": "A scores.json to render again."})

    def check(self, data: DataArguments) -> None:
        """Raise InputError where there is nothing to score, or at a value that cannot be."""
        if not (data.run_dir or self.from_scores or (data.dataset_name and self.predictions)):
            raise InputError(
                "nothing to score: name a recipe first, or give --dataset_name and --predictions, or --from_scores"
            )
        if not (data.run_dir or self.scores_dir):
            raise InputError("--scores_dir is missing; name the folder to write to")
        if self.resamples < 1:
            raise InputError(f"--resamples is {self.resamples}; give at least 1, a thousand by custom")
        if self.adapter and not Path(self.adapter).is_dir():
            raise InputError(f"--adapter {self.adapter}: no such folder; name the one that scripts/sft.py wrote")

    def folder(self, answers: AnswerArguments, data: DataArguments) -> Path:
        """Where the scores go."""
        if self.scores_dir:
            return Path(self.scores_dir)
        return data.folder.root / ("" if answers.split == "test" else answers.split)


@dataclass
class CurveArguments:
    """What a curve is drawn of; whatever is left open follows from the run's folder."""

    adapter: str | None = field(default=None, metadata={"help": "A run's folder with checkpoints."})
    name: str | None = field(default=None, metadata={"help": "What its curve is called."})
    runs: list[str] = field(
        default_factory=list, metadata={"help": "Recipes of further runs, each with checkpoints in its output_dir."}
    )
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
        if not (adapter or self.runs or answers.baselines or self.predictions):
            raise InputError(
                "nothing to draw: the run has no checkpoints; train with save_steps, or give --runs, --baselines or "
                "--predictions"
            )
        return Path(self.curve_dir) if self.curve_dir else data.folder.root, adapter
