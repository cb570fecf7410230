"""The Netflix Prize's ratings as a dataset of top-10 lists: a customer's ten favourites, and what else was to be named.

python data_builders/netflix.py --source nf_prize.tar.gz                            # into outputs/netflix50/data
python data_builders/netflix.py --source nf_prize.tar.gz --high 4 --watched_by 0.6  # into outputs/netflix60/data
python data_builders/netflix.py --source nf_prize.tar.gz --gold future              # into outputs/netflix-future/data

A gold list holds what people of like taste watched, as published, or with `--gold future` what the customer went on to
like after the favourites. The flags may stand in a YAML file instead: python data_builders/netflix.py flags.yaml
"""

from dataclasses import dataclass, field

from tastetune.config.flags import parse
from tastetune.data.card import Source
from tastetune.data.engine import connect, read_parquet
from tastetune.data.folder import held_output
from tastetune.data.lists.rule import FUTURE
from tastetune.data.lists.top_n import ListArguments, build_lists
from tastetune.data.netflix.prize import read_netflix
from tastetune.errors import run
from tastetune.files import scratch_beside

MEMORY = "2GB"
"""What sorting the log may take before it goes to disk."""


@dataclass(kw_only=True)
class Arguments(ListArguments):
    source: str = field(
        metadata={"help": "combined_data_*.txt or mv_*.txt and movie_titles.csv: their folder, or an archive of them."},
    )

    def default_run(self) -> str:
        return f"netflix-{self.kind}".replace("-lists", "")


def main() -> None:
    args = parse(Arguments, __doc__)
    # Beside the output: the log takes a gigabyte, more than some machines keep for temporary files.
    with held_output(args), scratch_beside(args.output_dir) as scratch:
        log = read_netflix(args.source, scratch / "ratings.parquet")
        con = connect(memory_limit=MEMORY, temp_directory=str(scratch))
        interactions = read_parquet(con, log.interactions)
        build_lists(interactions, log.items, source(args), args, origin={"read": log.counts})


def source(args: Arguments) -> Source:
    return Source(
        name=f"netflix-{args.kind}",
        pretty_name="Netflix Prize, lists of "
        + ("what the customers went on to like" if args.gold == FUTURE else _watched_by(args)),
        about="Ratings (1 to 5 stars) of films and series by Netflix's customers from 1999 to 2005.",
        titles="As Netflix writes them, with the year of release behind them where it is known.",
        licence="Netflix allows research use with acknowledgement. It allows neither redistribution nor commercial use "
        "without separate permission.",
        redistribution=False,
        clause="The user may not redistribute the data without separate permission.",
        citation="James Bennett and Stan Lanning. 2007. The Netflix Prize. Proceedings of KDD Cup and Workshop 2007.",
        url="https://www.netflixprize.com",
        language="en",
    )


def _watched_by(args: Arguments) -> str:
    return f"what {100 * args.watched_by:.0f}% of neighbours watched"


if __name__ == "__main__":
    run(main)
