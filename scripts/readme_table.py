"""Put the first table of a file that a command wrote into a text, between its marks.

    python scripts/readme_table.py outputs/quickstart/leaderboard.md README.md

The text holds the lines `<!-- table: outputs/quickstart/leaderboard.md -->` and `<!-- end of table -->`; what stands
between them is replaced.
"""

import argparse
import re
from pathlib import Path

from tastetune.errors import InputError, run
from tastetune.files import write_text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="a markdown file that a command wrote")
    parser.add_argument("text", type=Path, help="the text to put it into")
    args = parser.parse_args()
    begin, end = f"<!-- table: {args.table.as_posix()} -->", "<!-- end of table -->"
    between = re.compile(re.escape(begin) + ".*?" + re.escape(end), flags=re.DOTALL)
    # The file's title and its further sections stay with it: the text has headings of its own
    table = args.table.read_text(encoding="utf-8").partition("\n## ")[0].partition("\n")[2].strip()
    text, found = between.subn(lambda _: f"{begin}\n{table}\n{end}", args.text.read_text(encoding="utf-8"))
    if found != 1:
        raise InputError(f"{args.text}: {found} places marked {begin!r} ... {end!r}; mark exactly one")
    write_text(args.text, text)
    print(f"table: {args.table} into {args.text}")


if __name__ == "__main__":
    run(main)
