"""Check that a dataset built here has the same rows as one on the Hub, or in another folder.

    python data_builders/compare_rows.py outputs/ml1m/data their-org/ml1m-recipe
    python data_builders/compare_rows.py outputs/ml1m/data outputs/ml1m-again/data

The other one may be without its rows, as a builder's --recipe_only pushes it where their licence forbids more: then
hashes of the rows are compared, and the fingerprint of all rows with their prompts. Ends with status 1 and says which
settings differ where they are not the same.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter

from tastetune.artifacts.dataset import open_any, open_dataset
from tastetune.artifacts.same_rows import compare_rows
from tastetune.errors import run


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="what a builder wrote here")
    parser.add_argument("other", help="ORG/NAME on the Hub, or a folder")
    parser.add_argument("--revision", help="branch, tag or commit of the other one")
    args = parser.parse_args()

    for line in compare_rows(open_dataset(args.folder), open_any(args.other, args.revision)):
        print(line)


if __name__ == "__main__":
    run(main)
