"""Which rows are explained."""

import numpy as np

from tastetune.data.rows import sample
from tastetune.errors import InputError
from tastetune.tasks import Rows


def chosen_rows(rows: Rows, n: int, seed: int, *, user: str | None = None, row: str | None = None) -> Rows:
    """`n` rows, or all where there are fewer, drawn by seed; they stay in their order.

    Args:
        user: of this user's rows alone.
        row: this row alone, by its example id.

    Raises:
        InputError: the split has no row of this user, or no such row.
    """
    ids, users = rows.example_ids, rows.table["user_id"].to_pylist()
    for flag, wanted, names in (("--user", user, users), ("--row", row, ids)):
        if wanted is not None and wanted not in names:
            raise InputError(
                f"{flag} {wanted}: not in split {rows.split!r} of {rows.dataset.source}; name one such as {names[0]}, "
                "or another --split"
            )
    of = [name for name, owner in zip(ids, users, strict=True) if user in (None, owner) and row in (None, name)]
    drawn = sample(of, n, seed)
    return rows.at(np.array([place for place, name in enumerate(ids) if name in drawn]))
