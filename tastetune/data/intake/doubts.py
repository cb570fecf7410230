"""What a person has to say before a log is built: asked on a terminal, refused elsewhere with the flags that say it."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tastetune.data.reading.problems import Problem, refuse
from tastetune.errors import InputError


class Choice(NamedTuple):
    """One answer: a flag, what it may be, and what that means."""

    flag: str
    value: str
    meaning: str = ""

    def __str__(self) -> str:
        value = f"'{self.value}'" if re.search(r"[ %|;*]", self.value) else self.value
        return f"--{self.flag} {value}" + (f" ({self.meaning})" if self.meaning else "")


@dataclass(frozen=True)
class Doubt:
    """One question.

    Attributes:
        question: what is unsure and why, a clause without a full stop.
        choices: the flags that answer it, the likeliest first.
    """

    question: str
    choices: tuple[Choice, ...]

    def __str__(self) -> str:
        return f"{self.question}; say {' or '.join(map(str, self.choices))}"


def choices(flag: str, *values: str) -> tuple[Choice, ...]:
    """Answers that need no explanation."""
    return tuple(Choice(flag, value) for value in values)


SETTLING = {
    "repeats": (Choice("repeats", "last", "the later is kept"), Choice("repeats", "first", "the earlier is kept")),
    "empty_ids": (Choice("empty_ids", "drop", "these rows are set aside"),),
    "doubled_items": (
        Choice("doubled_items", "first", "the first line is kept"),
        Choice("doubled_items", "last", "the last line is kept"),
    ),
    "unknown_items": (
        Choice("unknown_items", "drop", "their ratings are set aside"),
        Choice("unknown_items", "id", "the id stands for the title"),
    ),
}
"""Flags that settle a problem of many rows, and what they may be."""


def doubts_and_problems(problems: Sequence[Problem], args: object) -> tuple[list[Doubt], list[Problem]]:
    """Those of the problems that a flag settles which nobody gave, as questions; and the others."""
    doubts, others = [], []
    for problem in problems:
        flag = next((flag for flag in SETTLING if f"--{flag}" in problem.remedy and getattr(args, flag) is None), None)
        if flag:
            doubts.append(Doubt(problem.fault, SETTLING[flag]))
        else:
            others.append(problem)
    return doubts, others


def can_ask() -> bool:
    """Whether a person sits before a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(doubts: Sequence[Doubt]) -> dict[str, str]:
    """Ask the questions one by one; returns the flags with what was said.

    Raises:
        InputError: the person ends the input.
    """
    return dict(_answer(doubt) for doubt in doubts)


def _answer(doubt: Doubt) -> tuple[str, str]:
    print(f"\n{doubt.question}")
    for number, choice in enumerate(doubt.choices, 1):
        print(f"  {number}. {choice}")
    while True:
        try:
            said = input(f"1 to {len(doubt.choices)}, another value, or Enter for 1: ").strip() or "1"
        except EOFError as error:
            raise InputError(f"nobody answered: {doubt}") from error
        if said.isdecimal() and 1 <= int(said) <= len(doubt.choices):
            return doubt.choices[int(said) - 1][:2]
        if not said.isdecimal():
            return doubt.choices[0].flag, said


def refuse_unsettled(doubts: Sequence[Doubt], problems: Sequence[Problem]) -> None:
    """Raise InputError with every doubt and every problem, if there are any."""
    if not doubts:
        return refuse(problems)
    if len(doubts) == 1 and not problems:
        raise InputError(str(doubts[0]))
    lines = [f"  {line}" for line in (*doubts, *problems)]
    raise InputError("\n".join([f"{len(lines)} things to settle", *lines]))
