"""MovieLens 1M as a dataset folder, with the prompts of the published study.

python data_builders/ml1m.py                                # the official download, into outputs/ml1m/data
python data_builders/ml1m.py --source path/to/ml-1m.zip     # or the unpacked folder
python data_builders/ml1m.py --genres --ratings             # into outputs/ml1m-genres-ratings/data
python data_builders/ml1m.py --output_dir outputs/mine/data # or where you say

The flags may stand in a YAML file instead: python data_builders/ml1m.py flags.yaml
"""

import hashlib
import shutil
import tempfile
import urllib.request
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from tastetune.config.flags import BuildArguments, parse
from tastetune.data.card import Source
from tastetune.data.engine import connect
from tastetune.data.folder import held_output
from tastetune.data.interactions import refuse_unknown_items, to_interactions, to_items
from tastetune.data.like_dislike import build
from tastetune.data.netflix.archives import whole
from tastetune.data.reading.logs import TextFormat
from tastetune.data.reading.text import read_text
from tastetune.errors import InputError, run
from tastetune.tasks.titles import natural_title

URL = "https://files.grouplens.org/datasets/movielens/ml-1m.zip"
LARGEST = 1 << 28
"""Bytes of a file in the official zip, ten times over."""

MD5 = "c4d9eecfca2ab87c1945afe126590906"
RATINGS = TextFormat(("user_id", "item_id", "rating", "timestamp"), sep="::", encoding="latin-1", closed=True)
CATALOGUE = TextFormat(("item_id", "title", "genres"), sep="::", encoding="latin-1")
SOURCE = Source(
    name="ml-1m",
    pretty_name="MovieLens 1M",
    about="Ratings (1 to 5 stars) of films by people who joined MovieLens in 2000.",
    titles="The article in front of the title and the year behind it, as a person writes them.",
    licence="GroupLens allows research use with acknowledgement. It allows neither redistribution nor commercial use "
    "without separate permission.",
    redistribution=False,
    clause="The user may not redistribute the data without separate permission.",
    citation="F. Maxwell Harper and Joseph A. Konstan. 2015. The MovieLens Datasets: History and Context. ACM "
    "Transactions on Interactive Intelligent Systems 5, 4, Article 19. https://doi.org/10.1145/2827872",
    url="https://grouplens.org/datasets/movielens/1m/",
    language="en",
)


@dataclass(kw_only=True)
class Arguments(BuildArguments):
    source: str | None = field(
        default=None, metadata={"help": "The official zip or a folder with its files; downloaded if not given."}
    )
    prompt_style: Literal["compact", "published"] = field(
        default="published", metadata={"help": "Layout of a prompt: that of the published study, or the shorter one."}
    )

    def default_run(self) -> str:
        return f"ml1m{self.variant}"


def download(folder: Path, url: str = URL, md5: str = MD5) -> Path:
    """Fetch the official zip into `folder`; raises InputError unless its checksum is the published one."""
    path = folder / "ml-1m.zip"
    try:
        with urllib.request.urlopen(url, timeout=60) as response, path.open("wb") as file:
            size = int(response.headers.get("Content-Length", 0)) or None
            with tqdm.wrapattr(response, "read", total=size, desc="download") as body:
                shutil.copyfileobj(body, file)
    except OSError as error:
        raise InputError(f"{url}: {error}; check the network, or give the zip or its folder with --source") from error
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    if digest != md5:
        raise InputError(f"{url}: md5 {digest} where {md5} is published, so the file is damaged; download it again")
    return path


def unpack(path: Path, folder: Path) -> Path:
    """Write ratings and movies of the official zip, and nothing else that is in it, into `folder`."""
    with whole(path), zipfile.ZipFile(path) as archive:
        for name in ("ratings.dat", "movies.dat"):
            if f"ml-1m/{name}" not in archive.namelist():
                raise InputError(f"{path}: no ml-1m/{name} in it; give the official ml-1m.zip")
            if archive.getinfo(f"ml-1m/{name}").file_size > LARGEST:
                raise InputError(f"{path}: ml-1m/{name} is of more than {LARGEST:,} bytes; give the official ml-1m.zip")
            with archive.open(f"ml-1m/{name}") as member, (folder / name).open("wb") as file:
                shutil.copyfileobj(member, file)
    return folder


def item(row: dict) -> tuple[str, str, list[str]]:
    """A line of the catalogue as (item id, title, genres)."""
    return row["item_id"], natural_title(row["title"]), row["genres"].split("|") if row["genres"] else []


def main() -> None:
    args = parse(Arguments, __doc__)
    with held_output(args), tempfile.TemporaryDirectory() as scratch:
        source = Path(args.source) if args.source else download(Path(scratch))
        folder = unpack(source, Path(scratch)) if source.is_file() else source
        con = connect()
        interactions = to_interactions(read_text(con, folder / "ratings.dat", RATINGS), low=1, high=5)
        items = to_items(read_text(con, folder / "movies.dat", CATALOGUE), item)
        refuse_unknown_items(interactions, items, folder / "movies.dat")
        build(interactions, items, SOURCE, args)


if __name__ == "__main__":
    run(main)
