"""Worked examples for few-shot prompts, drawn once by seed from the training split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tastetune.errors import InputError


@dataclass(frozen=True)
class Example:
    """A worked example: whose row it is, and its prompt and completion."""

    user_id: str
    prompt: str
    completion: str


class FewShot:
    """The same `shots` examples for every row, but never one of the row's own user.

    Likes and dislikes take turns, a like first, so that from two shots on both answers are among them. Where an
    example is of the row's own user, the next one with the same answer stands in.

    Args:
        rows: training rows with `user_id`, `label`, `history`, `prompt`, `completion`.
        shots: examples in a prompt.
        seed: decides which.

    Raises:
        InputError: too few training rows with a history, of different users, for either answer.
    """

    def __init__(self, rows: pa.Table, shots: int, seed: int):
        self.shots = shots
        self.pools: dict[int, list[Example]] = {1: [], 0: []}
        need = {1: (shots + 1) // 2 + 1, 0: shots // 2 + 1} if shots else {1: 0, 0: 0}
        users: set[str] = set()
        for index in np.random.default_rng(seed).permutation(rows.num_rows):
            if all(len(self.pools[label]) >= need[label] for label in need):
                return
            row = {name: rows[name][int(index)].as_py() for name in ("user_id", "label", "history")}
            if row["history"] and row["user_id"] not in users and len(self.pools[row["label"]]) < need[row["label"]]:
                texts = [rows[name][int(index)].as_py() for name in ("prompt", "completion")]
                self.pools[row["label"]].append(Example(row["user_id"], *texts))
                users.add(row["user_id"])
        if any(len(self.pools[label]) < need[label] for label in need):
            raise InputError(
                f"{shots} shots need {need[1]} liked and {need[0]} disliked training rows with a history, each of "
                f"another user; found {len(self.pools[1])} and {len(self.pools[0])}: use fewer shots or more data"
            )

    def examples(self, user_id: str) -> Sequence[tuple[str, str]]:
        """(prompt, completion) pairs for a row of `user_id`."""
        unused = {label: [e for e in pool if e.user_id != user_id] for label, pool in self.pools.items()}
        chosen = [unused[(turn + 1) % 2][turn // 2] for turn in range(self.shots)]
        return [(example.prompt, example.completion) for example in chosen]
