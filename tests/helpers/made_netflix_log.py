"""A few ratings in the Netflix Prize's format, small enough to mine by hand."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

TITLES = (
    "1,2003,Dinosaur Dance\n2,NULL,Commas, Dots, and More\n3,1999,Caf\xe9\n4,1950,Fourth\n5,1951,Fifth\n6,1952,Sixth\n"
)
FIRST = "1:\n10,5,2005-01-03\n11,5,2004-02-29\n12,5,2005-01-01\n2:\n10,5,2005-01-02\n11,5,2005-01-01\n13,4,2005-01-01\n"
SECOND = (
    "3:\n10,5,2005-01-02\n4:\n10,4,2005-01-05\n"
    "5:\n11,1,2005-01-01\n12,2,2005-01-01\n13,5,2005-01-01\n6:\n11,3,2005-01-01\n13,5,2005-01-01\n"
)
# (customer, film, stars, days since 1970) of the two files above.
RATINGS = [
    ("10", "1", 5.0, 12786),
    ("11", "1", 5.0, 12477),
    ("12", "1", 5.0, 12784),
    ("10", "2", 5.0, 12785),
    ("11", "2", 5.0, 12784),
    ("13", "2", 4.0, 12784),
    ("10", "3", 5.0, 12785),
    ("10", "4", 4.0, 12788),
    ("11", "5", 1.0, 12784),
    ("12", "5", 2.0, 12784),
    ("13", "5", 5.0, 12784),
    ("11", "6", 3.0, 12784),
    ("13", "6", 5.0, 12784),
]


def write(folder: Path, first: str = FIRST, second: str = SECOND, titles: str = TITLES) -> Path:
    """Two `combined_data` files and the titles; a text that is None is left out."""
    folder.mkdir(exist_ok=True)
    for name, text in (("combined_data_1.txt", first), ("combined_data_2.txt", second), ("movie_titles.csv", titles)):
        if text is not None:
            (folder / name).write_bytes(text.encode("iso-8859-1"))
    return folder


def one_file_a_film() -> dict[str, bytes]:
    """The same log as the older `training_set`, with files beside it that are not asked for."""
    lines = (FIRST + SECOND).splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if line.endswith(":\n")]
    files = {
        f"training_set/mv_{int(lines[a][:-2]):07}.txt": "".join(lines[a:b]).encode()
        for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)
    }
    return files | {"movie_titles.txt": TITLES.encode("iso-8859-1"), "probe.txt": b"1:\n10\n", "README": b"Read me."}


def tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def tar_gz(files: dict[str, bytes]) -> bytes:
    return gzip.compress(tar(files), mtime=0)


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
