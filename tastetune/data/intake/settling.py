"""From the flags to a log that nothing is unsure of: look, show, ask or refuse, and look again."""

from dataclasses import fields, replace
from typing import get_args, get_type_hints

import ibis

from tastetune.data.intake.arguments import LogArguments
from tastetune.data.intake.doubts import ask, can_ask, refuse_unsettled
from tastetune.data.intake.look import Look
from tastetune.data.intake.looking import look_at
from tastetune.data.intake.showing import shown
from tastetune.errors import InputError


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
            print("\n".join(["", "Unsure of:" if look.doubts or look.problems else "Nothing is unsure.",
                             *(f"  {thing}" for thing in (*look.doubts, *look.problems))]))  # fmt: skip
            return look
        if not look.doubts or not can_ask():
            refuse_unsettled(look.doubts, look.problems)
            return look
        args = _with(args, ask(look.doubts))


def _with(args: LogArguments, answers: dict[str, str]) -> LogArguments:
    """The arguments with what was answered, each in the type of its flag."""
    hints, values = get_type_hints(LogArguments), {}
    for flag, said in answers.items():
        kinds = get_args(hints[flag])
        try:
            values[flag] = (
                {"true": True, "false": False}[said] if bool in kinds else float(said) if float in kinds else said
            )
        except (KeyError, ValueError) as error:
            raise InputError(f"--{flag} {said}: expected {'true or false' if bool in kinds else 'a number'}") from error
    assert values.keys() <= {f.name for f in fields(args)}
    return replace(args, **values)
