"""The Netflix Prize's ratings as a dataset of top-10 lists: a customer's ten favourites, and what neighbours watched.

python data_builders/netflix.py --source nf_prize.tar.gz --output_dir outputs/netflix50
python data_builders/netflix.py --source nf_prize.tar.gz --output_dir outputs/netflix60 --high 4 --watched_by 0.6
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from transformers import HfArgumentParser

from tastetune.data.card import Source
from tastetune.data.list_arguments import ListArguments
from tastetune.data.logs import connect
from tastetune.data.netflix.prize import read_netflix
from tastetune.data.top_n import build_lists
from tastetune.errors import run

MEMORY = "2GB"
"""What sorting the log may take before it goes to disk."""


@dataclass(kw_only=True)
class Arguments(ListArguments):
    source: str = field(
        metadata={"help": "combined_data_*.txt or mv_*.txt and movie_titles.csv: their folder, or an archive of them."},
    )


def main() -> None:
    args = HfArgumentParser(Arguments, description=__doc__).parse_args_into_dataclasses()[0]
    args.check()
    output = Path(args.output_dir)
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside the output: the log takes a gigabyte, more than some machines keep for temporary files.
    with tempfile.TemporaryDirectory(prefix=f".{output.name}.reading-", dir=output.parent) as scratch:
        log = read_netflix(args.source, Path(scratch) / "ratings.parquet")
        con = connect(memory_limit=MEMORY, temp_directory=scratch)
        build_lists(con.read_parquet(log.interactions), log.items, source(args), args, origin={"read": log.counts})


def source(args: Arguments) -> Source:
    share = round(100 * args.watched_by)
    return Source(
        name=f"netflix-lists{share}",
        pretty_name=f"Netflix Prize, lists of what {share}% of neighbours watched",
        about="Ratings (1 to 5 stars) of films and series by Netflix's customers from 1999 to 2005.",
        titles="As Netflix writes them, with the year of release behind them where it is known.",
        licence="Netflix allows research use with acknowledgement. It allows neither redistribution nor commercial use "
        "without separate permission.",
        redistribution=False,
        citation="James Bennett and Stan Lanning. 2007. The Netflix Prize. Proceedings of KDD Cup and Workshop 2007.",
        url="https://www.netflixprize.com",
    )


if __name__ == "__main__":
    run(main)
