"""From the flags to a log that nothing is unsure of: look, show, ask or refuse, and look again."""

from dataclasses import replace
from typing import get_type_hints

import ibis

from tastetune.config.values import checked, from_words
from tastetune.data.intake.arguments import LogArguments
from tastetune.data.intake.doubts import ask, can_ask, refuse_unsettled
from tastetune.data.intake.look import Look
from tastetune.data.intake.looking import look_at
from tastetune.data.intake.showing import shown


def settled(con: ibis.BaseBackend, args: LogArguments) -> Look:
    """Show what is understood of the files, and have a person settle what is unsure.

    On a terminal the doubts are asked; elsewhere they are refused, each with the flags that settle it.

    Raises:
        InputError: a doubt that nobody was asked, or rows that cannot be read.
    """
    while True:
        look = look_at(con, args)
        print(shown(look))
        if args.inspect:
            doubtful = [*look.doubts, *look.problems]
            print("\nUnsure of:" if doubtful else "\nNothing is unsure.", *doubtful, sep="\n  ")
            return look
        if not look.doubts or not can_ask():
            refuse_unsettled(look.doubts, look.problems)
            return look
        args = _with(args, ask(look.doubts))


def _with(args: LogArguments, answers: dict[str, str]) -> LogArguments:
    """The arguments with what was answered, each in the type of its flag."""
    hints = get_type_hints(LogArguments)
    values = {flag: from_words([said], hints[flag]) for flag, said in answers.items()}
    return replace(args, **{flag: checked(flag, value, hints[flag], f"--{flag}") for flag, value in values.items()})
