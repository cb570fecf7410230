"""A small made dataset of lists whose gold is the users' own future."""

from pathlib import Path

from made_log import items_table, log_table

from tastetune.data.card import Source
from tastetune.data.top_n import ListArguments, build_lists

SOURCE = Source("made", "A made log", "Made up.", "Titles as made.", "Do as you like.", redistribution=True)


def make_futures(folder: str | Path, n_users: int = 20) -> Path:
    """Write lists of `n_users` into `folder` and return it: each rates 12 of 20 items, a second apart."""
    log = [
        (f"u{user:02}", str((7 * user + 3 * place) % 20 + 1), float((user * place) % 5 + 1), 100 * user + place)
        for user in range(1, n_users + 1)
        for place in range(12)
    ]
    few = {"liked": 3, "favourites_over": 0, "favourite": 4.0, "train_share": 0.5, "validation_share": 0.2}
    build_lists(log_table(log), items_table(), SOURCE, ListArguments(output_dir=str(folder), gold="future", **few))
    return Path(folder)
