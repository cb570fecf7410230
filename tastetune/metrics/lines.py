"""The lines of recommended lists: which are hits, and what is wrong with the others.

Lines are a grid of item codes, (users, depth): `OFF` for a line that names no item of the catalogue, `NO_LINE` for a
place that the answer did not fill.
"""

import numpy as np

OFF, NO_LINE = -1, -2


def grid(users: np.ndarray, ranks: np.ndarray, items: np.ndarray, n_users: int, depth: int) -> np.ndarray:
    """Rows of answers as a grid, int64 (n_users, depth).

    Args:
        users: (lines,), integers under `n_users`.
        ranks: (lines,), from 1; what is ranked behind `depth` is left out.
        items: (lines,), codes from 0, or `OFF`.
    """
    lines = np.full((n_users, depth), NO_LINE, np.int64)
    kept = np.asarray(ranks) <= depth
    lines[np.asarray(users)[kept], np.asarray(ranks)[kept] - 1] = np.asarray(items)[kept]
    return lines


def hits(lines: np.ndarray, gold: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether each line names an item of its user's gold list that no line above names, (users, depth).

    Args:
        gold: users and item codes, an entry for every gold item of every user.
    """
    return among(lines, gold) & ~repeated(lines)


def among(lines: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether each line's user and item are one of the pairs, (users, depth)."""
    users, items = (np.asarray(part, np.int64) for part in pairs)
    wide = 1 + max(items.max(initial=0), lines.max(initial=0))
    found = np.isin(np.arange(len(lines))[:, None] * wide + lines, users * wide + items)
    return found & (lines >= 0)


def repeated(lines: np.ndarray) -> np.ndarray:
    """Whether a line names what a line above names, (users, depth); shown as the share of all lines written."""
    order = np.argsort(lines, axis=1, kind="stable")
    ordered = np.take_along_axis(lines, order, axis=1)
    again = np.zeros(lines.shape, bool)
    again[:, 1:] = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    found = np.empty_like(again)
    np.put_along_axis(found, order, again, axis=1)
    return found


def off_catalogue(lines: np.ndarray) -> np.ndarray:
    """Whether a line names no item of the catalogue, (users, depth); shown as the share of all lines written."""
    return lines == OFF


def own(lines: np.ndarray, seen: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether a line names what its user has seen already, (users, depth); shown as the share of all lines written.

    That is a favourite, and where the gold list is the user's future anything of the past.

    Args:
        seen: as `among`'s pairs.
    """
    return among(lines, seen)


def written(lines: np.ndarray) -> np.ndarray:
    """How many lines a user got, (users,); shown as the mean over all users."""
    return (lines != NO_LINE).sum(axis=1)


def answered(lines: np.ndarray) -> np.ndarray:
    """Whether a user got any line, (users,); shown as the share of all users."""
    return written(lines) > 0


def faults(lines: np.ndarray, seen: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
    """How many of each user's lines are `off_catalogue`, `repeated` and `own`, (users,) each."""
    wrong = {"off_catalogue": off_catalogue(lines), "repeated": repeated(lines), "own": own(lines, seen)}
    return {name: found.sum(axis=1) for name, found in wrong.items()}


def verdicts(lines: np.ndarray, gold: tuple[np.ndarray, np.ndarray], seen: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """What each line is: `hit`, `repeated`, `own`, `off_catalogue`, `miss`, or nothing where there is none.

    A line that names a gold item a second time is `repeated`, not a hit.

    Returns:
        strings, (users, depth).
    """
    kinds = {
        "": lines == NO_LINE,
        "off_catalogue": off_catalogue(lines),
        "repeated": repeated(lines),
        "hit": among(lines, gold),
        "own": own(lines, seen),
    }
    return np.select(list(kinds.values()), list(kinds), "miss")


def popularity(lines: np.ndarray, watched: np.ndarray) -> np.ndarray:
    """The share of people who watched a recommended item, summed over a user's lines, (users,); shown as the mean over
    all lines that name an item of the catalogue.

    Args:
        watched: share of the training log's users who rated each item, (items,).
    """
    return np.where(lines >= 0, np.asarray(watched)[np.maximum(lines, 0)], 0.0).sum(axis=1)


def share(parts: np.ndarray, wholes: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Share over all users' lines: the sum of `parts` divided by the sum of `wholes`.

    Args:
        parts, wholes: (users,), such as `faults(...)["own"]` and `written(lines)`.
        weights: how often each user counts, (users,) or (resamples, users); None is once.

    Returns:
        a number, or (resamples,); NaN without a line.
    """
    weights = np.ones(len(parts)) if weights is None else np.asarray(weights, np.float64)
    part, whole = weights @ parts, weights @ wholes
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)


def coverage(lines: np.ndarray, n_items: int) -> float:
    """Share of the catalogue that some user is recommended; it grows with the number of users."""
    return len(np.unique(lines[lines >= 0])) / n_items
