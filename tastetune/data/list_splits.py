"""The users of mined lists in splits, and those who have no list."""

from collections.abc import Mapping
from fractions import Fraction

import pyarrow as pa

from tastetune.data.gold_lists import Mined
from tastetune.data.list_arguments import ListArguments
from tastetune.data.splits import SPLITS
from tastetune.errors import InputError


def split_users(mined: Mined, args: ListArguments) -> dict[str, pa.Table]:
    """The lists in train, validation and test: the first of the users as drawn, the next, and the rest.

    Raises:
        InputError: a split would be empty.
    """
    lists = mined.lists
    train = int(Fraction(str(args.train_share)) * len(lists))
    known = train + int(Fraction(str(args.validation_share)) * len(lists))
    parts = dict(zip(SPLITS, (lists[:train], lists[train:known], lists[known:]), strict=True))
    for name, part in parts.items():
        if not len(part):
            raise InputError(
                f"{len(lists)} users have a gold list, too few for a {name} split; set aside: "
                f"{set_aside(mined.counts, args)}; lower what sets most aside, or give a larger log"
            )
    return parts


def set_aside(counts: Mapping[str, int], args: ListArguments) -> str:
    """How many users have no list, by the rule that sets them aside."""
    rules = {
        "too_few_ratings": f"with fewer than {args.liked} ratings (--liked)",
        "too_few_favourites": f"without more than {args.favourites_over} of {args.favourite:g} (--favourites_over)",
        "too_few_neighbours": f"with fewer than {args.min_neighbours} neighbours (--min_neighbours, --shared, --high)",
        "empty_gold": f"with nothing that {args.watched_by:g} of the neighbours watched (--watched_by)",
    }
    return ", ".join(f"{counts[name]:,} {rule}" for name, rule in rules.items())
