"""What is said in words of an explanation: what the model names, and what its answer is without that."""

from collections.abc import Mapping

from tastetune.explanations.explanation import Explanation

APART = 0.01
"""A fall of P that is larger than another by this much is told apart from it."""


def named_titles(explanation: Explanation, titles: Mapping[str, str]) -> list[str]:
    """Sentences on which of the titles that the text names are marked.

    Args:
        titles: the catalogue, by item id.
    """
    kinds = {
        "Among your marks": [titles[item] for item in explanation.named],
        "In the catalogue, but not among your marks": [titles[item] for item in explanation.elsewhere],
        "In neither, so made up": list(explanation.invented),
    }
    found = [f"{kind}: {', '.join(names)}." for kind, names in kinds.items() if names]
    return found or ["It names no title."]


def what_hangs_on_them(explanation: Explanation, marks: int) -> str:
    """How far the probability of the answer falls without the marks that the text names, in sentences.

    Args:
        marks: how many there are, of which the model may have read the last alone.
    """
    read = f" It read your last {len(explanation.past)} marks." if len(explanation.past) < marks else ""
    return _tried(explanation) + read


def _tried(of: Explanation) -> str:
    if not of.named:
        return "It names none of your marks, so there is nothing to take out and ask again."
    if of.without_named is None:
        return (
            "It names more than half of your marks, so there are not as many others to compare with; mark a few more "
            "titles, and ask again."
        )
    sign = 1 if of.likes else -1
    fall = sign * (of.p_like - of.without_named)
    others = sign * (of.p_like - sum(of.without_others) / len(of.without_others))
    answer = of.p_like if of.likes else 1 - of.p_like
    count = "that mark" if len(of.named) == 1 else f"those {len(of.named)} marks"
    verdict = (
        "So its answer hung on what it names more than on the rest."
        if fall - others >= APART
        else "So its answer hung on what it names no more than on the rest, whatever it says."
    )
    return (
        f"Its answer, that you will {'' if of.likes else 'not '}like it, has a probability of {answer:.0%}. Without "
        f"{count} it {_falls(fall)}; without as many others it {_falls(others)} on average. {verdict}"
    )


def _falls(fall: float) -> str:
    points = round(100 * fall, 1)
    return f"{'rises' if points < 0 else 'falls'} by {abs(points):.1f} points" if points else "stays as it is"
