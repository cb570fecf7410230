"""Top-10 lists from the interactions of any built dataset: a user's ten favourites, and what else was to be named.

python data_builders/top_n.py --source outputs/ml1m/data                            # into outputs/ml1m-lists50/data
python data_builders/top_n.py --source outputs/ml1m/data --high 4 --watched_by 0.6  # into outputs/ml1m-lists60/data
python data_builders/top_n.py --source outputs/ml1m/data --gold future              # into outputs/ml1m-future/data
python data_builders/top_n.py --source org/ratings --output_dir outputs/mine/data   # of a Hub id, where you say

A gold list holds what people of like taste watched, as published, or with `--gold future` what the user went on to like
after the favourites. The flags may stand in a YAML file instead: python data_builders/top_n.py flags.yaml
"""

from dataclasses import dataclass, field
from pathlib import Path

from tastetune.artifacts.dataset import open_dataset
from tastetune.config.flags import parse
from tastetune.data.card import Source
from tastetune.data.engine import connect, read_parquet
from tastetune.data.folder import held_output
from tastetune.data.lists.rule import FUTURE
from tastetune.data.lists.top_n import ListArguments, build_lists
from tastetune.data.splits import SPLITS
from tastetune.errors import run
from tastetune.tasks.order import order_of
from tastetune.tasks.top_n import TopN

WORDS = ("item", "items", "user", "enjoy")


@dataclass(kw_only=True)
class Arguments(ListArguments):
    source: str = field(metadata={"help": "A built dataset: its folder, or its Hub id."})
    revision: str | None = field(default=None, metadata={"help": "Branch, tag or commit of the Hub dataset."})

    def default_run(self) -> str:
        """The source's run, or its own name where its folder is no run's `data`, and the kind of lists."""
        source = Path(self.source).resolve()
        return f"{(source.parent if source.name == 'data' else source).name}-{self.kind}"


def main() -> None:
    args = parse(Arguments, __doc__)
    with held_output(args):
        dataset = open_dataset(args.source, args.revision)
        name = f"{dataset.name}-{args.kind}"
        source = Source(
            name=name,
            pretty_name=name,
            about=f"Made from the interactions of `{dataset.name}` (fingerprint `{dataset.fingerprint}`).",
            titles=f"As in `{dataset.name}`.",
            licence=f"The terms of `{dataset.name}`, on its own card, hold for this dataset too.",
            redistribution=dataset.may_be_shared,
            language=dataset.language,
            clause=dataset.clause,
            citation=dataset.citation,
        )
        if args.gold == FUTURE and args.like_from is None:
            args.like_from = dataset.like_from
        words = dataset.wording
        interactions = read_parquet(
            connect(), *(path for split in SPLITS for path in dataset.paths("interactions", split))
        )
        build_lists(
            interactions,
            dataset.read("items", "train"),
            source,
            args,
            task=TopN(**{word: words[word] for word in WORDS if word in words}),
            origin={"made_from": {"name": dataset.name, "fingerprint": dataset.fingerprint}, "ties": dataset.ties},
            order=order_of(dataset),
        )


if __name__ == "__main__":
    run(main)
