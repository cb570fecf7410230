"""What the counts of a log say, in sentences for its card and for whoever builds it."""

from collections.abc import Iterator, Mapping

FEW_LIKES, MANY_LIKES = 0.2, 0.8
"""Outside of these shares of likes there is little to tell apart."""

JUMP = 0.1
"""A difference between the shares of likes in train and test that is no chance: what is asked differs in kind."""

MANY_COLD = 0.2
"""From this share of test rows on, of items without a training row, most of what is measured is not taste."""

BELOW_A_COIN = 0.45
"""A ROC-AUC below this is no chance: the model is right to the contrary."""

WIDE = 0.1
"""An interval wider than ten points holds every recommender worth the name."""


def lesson_sentences(counts: Mapping, settings: Mapping) -> list[str]:
    """What the log teaches, then what is wrong with it.

    Args:
        counts, settings: of its `tastetune.json`.
    """
    return [*_size(counts, settings), *_time(counts), *_means(counts), *warnings(counts, settings)]


def warnings(counts: Mapping, settings: Mapping) -> list[str]:
    """What makes figures on these rows doubtful, each beginning with `Warning`."""
    found = (
        *_likes(counts, settings),
        *_jumps(counts, settings),
        *_popularity(counts, settings),
        *_repeated(counts),
        *_too_small(counts),
    )
    return [f"Warning: {sentence}" for sentence in found]


def _size(counts: Mapping, settings: Mapping) -> Iterator[str]:
    lessons, words = counts["lessons"], settings["task"]
    given = "interactions" if settings.get("negatives") else "ratings"  # dislikes are drawn where nobody rated
    yield (
        f"{lessons['ratings']:,} {given} by {counts['users']:,} {words['user']}s of {counts['items']:,} "
        f"{words['items']}: half of the {words['user']}s have {lessons['of_half_the_users']:,} or more, half of the "
        f"{words['items']} {lessons['of_half_the_items']:,} or more. {lessons['likes']:.1%} of the rows are likes."
    )
    test = counts["rows"]["test"]
    users, items = (counts[f"test_cold_{name}"] / test for name in ("users", "items"))
    yield (
        f"Of {test:,} test rows {users:.1%} are of {words['user']}s and {items:.1%} of {words['items']} without a "
        "training row."
    )


def _time(counts: Mapping) -> Iterator[str]:
    if "ties_in_time" in counts:
        yield f"{counts['ties_in_time']:.1%} of a user's neighbouring ratings have equal times."
    else:
        yield "The log has no times: which ratings are asked is drawn by lot."


def _means(counts: Mapping) -> Iterator[str]:
    lessons = counts["lessons"]
    if lessons["user_item_mean"] is None:
        yield "Test holds likes or dislikes alone, so no model can be measured on it."
        return
    yield (
        f"User mean plus item mean reaches a ROC-AUC of {lessons['user_item_mean']:.3f} on test, and an item's likes "
        f"alone {lessons['item_likes']:.3f}. The 95% interval of the first is "
        f"{lessons['interval']:.3f} wide; about {lessons['rows_for_a_point']:,} test rows would make it 0.01 wide."
    )


def _likes(counts: Mapping, settings: Mapping) -> Iterator[str]:
    share, by_design = counts["lessons"]["likes"], settings["negatives"]
    if not FEW_LIKES <= share <= MANY_LIKES and not by_design:
        yield (
            f"{share:.1%} of the ratings are likes ({settings['task']['like_from']:g} or more), so there is little to "
            "tell apart; name another --like_from, or --like_rule user_median."
        )


def _jumps(counts: Mapping, settings: Mapping) -> Iterator[str]:
    before, after = (counts["splits"].get(name, {}).get("likes") for name in ("train", "test"))
    if before is not None and after is not None and abs(before - after) > JUMP:
        yield (
            f"likes are {before:.1%} of train and {after:.1%} of test: what is asked differs in kind from what is "
            "learnt from. Look at what the order of the log follows."
        )
    cold = counts["test_cold_items"] / counts["rows"]["test"]
    if cold > MANY_COLD:
        words = settings["task"]["items"]
        yield f"{cold:.1%} of the test rows ask about {words} without a training row, which no recommender knows."


def _popularity(counts: Mapping, settings: Mapping) -> Iterator[str]:
    reached = counts["lessons"]["item_likes"]
    if settings["negatives"] and reached is not None and reached < BELOW_A_COIN:
        yield (
            f"popularity points the wrong way (an item's clicks reach {reached:.3f}): what is clicked in test was "
            "clicked less before than what is drawn beside it."
        )


def _repeated(counts: Mapping) -> Iterator[str]:
    copies = counts["leakage"]["duplicate_prompts"]
    if copies > MANY_COLD * counts["rows"]["test"]:
        yield f"{copies:,} of {counts['rows']['test']:,} test prompts are, letter by letter, training prompts."


def _too_small(counts: Mapping) -> Iterator[str]:
    width = counts["lessons"]["interval"]
    if width is None or width > WIDE:
        yield "the log is too small to tell models apart" + (f": intervals are {width:.3f} wide." if width else ".")
