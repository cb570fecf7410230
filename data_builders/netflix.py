"""The Netflix Prize's ratings as a dataset of top-10 lists: a customer's ten favourites, and what neighbours watched.

python data_builders/netflix.py --source nf_prize.tar.gz                            # into outputs/netflix50/data
python data_builders/netflix.py --source nf_prize.tar.gz --high 4 --watched_by 0.6  # into outputs/netflix60/data

The flags may stand in a YAML file instead: python data_builders/netflix.py flags.yaml
"""

from dataclasses import dataclass, field

from tastetune.config.flags import parse
from tastetune.data.card import Source
from tastetune.data.engine import connect, read_parquet
from tastetune.data.folder import held_output
from tastetune.data.netflix.prize import read_netflix
from tastetune.data.top_n import ListArguments, build_lists
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
        return f"netflix{self.percent}"


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
        name=f"netflix-lists{args.percent}",
        pretty_name=f"Netflix Prize, lists of what {args.percent}% of neighbours watched",
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


if __name__ == "__main__":
    run(main)
