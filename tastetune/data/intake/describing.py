"""What a dataset's card and its prompts say of somebody's own log."""

from tastetune.data import negatives
from tastetune.data.card import Source
from tastetune.data.intake.look import Look
from tastetune.data.intake.times import NO_TIMES, NO_ZONE

TITLES = {
    "catalogue": "As the catalogue has them.",
    "log": "As the log has them.",
    "ids": "The ids, for want of titles: recommenders need none, and a language model learns nothing from them.",
}


def card_source(look: Look) -> Source:
    """What the card says of the log."""
    args = look.args
    name = args.name or args.log_name
    rest = {
        NO_TIMES: ", so that a lot drawn by seed stands for the order",
        NO_ZONE: ", taken as UTC",
    }.get(look.times, "")
    sampled = ""
    if args.negatives:
        sampled = f" Dislikes are sampled, {args.negatives} beside each click. {negatives.policy(args.negatives_by)}"
    return Source(
        name=name,
        pretty_name=name,
        about=f"A log of {look.kind}; its times were {look.times}{rest}.{sampled}",
        titles=TITLES[look.titled],
        licence=args.licence,
        redistribution=args.redistribution,
    )


def prompt_words(look: Look) -> dict:
    """The domain's words and what a like is; likes and clicks are rated 1, dislikes 0."""
    args = look.args
    return {
        "item": args.item_word,
        "items": args.items_word,
        "user": args.user_word,
        "enjoy": args.verb,
        "like_from": float(args.like_from or 0.0) if look.kind in ("ratings", "counts") else 0.5,
    }
