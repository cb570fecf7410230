"""The command line that the builders of lists share."""

from dataclasses import dataclass, field

from tastetune.artifacts.dataset import refuse_foreign
from tastetune.data.gold_lists import Rule
from tastetune.errors import InputError


@dataclass(kw_only=True)
class ListArguments(Rule):
    """What every builder of lists asks; the mining's constants come first."""

    output_dir: str = field(metadata={"help": "Folder to write the dataset to; an older one there is replaced."})
    train_share: float = field(default=0.7, metadata={"help": "Share of the users kept whose lists are for training."})
    validation_share: float = field(default=0.2, metadata={"help": "Share for validation; the rest is for the test."})
    push_to_hub: str | None = field(default=None, metadata={"help": "Also push the folder to this org/name."})
    public: bool = field(default=False, metadata={"help": "Make the pushed repository public; it is private if not."})

    def check(self) -> None:
        """Raise InputError at a value that cannot be."""
        super().check()
        refuse_foreign(self.output_dir)
        if min(self.train_share, self.validation_share) <= 0 or self.train_share + self.validation_share >= 1:
            raise InputError(
                f"--train_share {self.train_share} and --validation_share {self.validation_share}: both must be above "
                "0 and leave something for the test"
            )
        if self.public and not self.push_to_hub:
            raise InputError("--public says how to push; name the repository with --push_to_hub org/name")
