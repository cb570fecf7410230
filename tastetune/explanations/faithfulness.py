"""Whether explanations tell what a model went by: the titles they name, and what its answers are without those.

Two figures. Of the titles that the texts name, the share that stand in the past they were written from; the others are
of the catalogue, or of none, and so invented. And comprehensiveness: how far the probability of the model's own answer
falls when what a text names is taken out of the past. Any rating that is taken out may move it, so beside it stands
the fall without as many others of the same past, drawn at random. Words that tell what the model went by name ratings
without which it falls further.

Source: DeYoung et al., ERASER: A Benchmark to Evaluate Rationalized NLP Models (ACL 2020), section 5, for
comprehensiveness; Jacovi and Goldberg, Towards Faithfully Interpretable NLP Systems (ACL 2020), for why what convinces
a reader is another matter.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from tastetune.evaluation.bootstrap import draws, interval, p_value
from tastetune.evaluation.estimates import number
from tastetune.explanations.explanation import Explanation


def faithfulness(explanations: Sequence[Explanation], *, resamples: int = 1000, seed: int = 0) -> dict:
    """The figures of one model's explanations, with intervals from a bootstrap over users.

    Returns:
        `n` and `users`; `likes`: rows that are explained as likes; `silent`: rows whose text names no title at all;
        `unnamed`: rows whose text names none of the past (the silent ones among them); `too_many`: rows that name more
        than half of the past, so that as many others are not there; `compared`: the rest, with `fall` and `fall_others`
        of the probability of the answer, and their `difference` with its two-sided `p`; `titles` named, and the shares
        of them `in_past`, `elsewhere` and `invented`. Shares and falls are `value`, `low` and `high`, None where there
        is nothing to measure; where it is one user's alone, there is no interval.
    """
    users = {user: place for place, user in enumerate(dict.fromkeys(of.user_id for of in explanations))}
    of_user = np.array([users[of.user_id] for of in explanations], np.int64)
    weights = draws(len(users), resamples, seed)

    def ratio(parts: Sequence[float], wholes: Sequence[float]) -> np.ndarray:
        """The sum of `parts` over that of `wholes`, of the sample and, where several users have some, of resamples."""
        above, below = (np.bincount(of_user, np.asarray(values, float), len(users)) for values in (parts, wholes))
        drawn = weights if (below > 0).sum() > 1 else weights[:1]
        total = drawn @ below
        return np.divide(drawn @ above, total, out=np.full(len(drawn), np.nan), where=total > 0)

    named = {"in_past": "named", "elsewhere": "elsewhere", "invented": "invented"}
    counts = {name: [len(getattr(of, kind)) for of in explanations] for name, kind in named.items()}
    titles = np.sum(list(counts.values()), axis=0)
    compared = [of.without_named is not None for of in explanations]
    fall, others = (ratio(falls, compared) for falls in zip(*map(_falls, explanations), strict=True))
    return {
        "n": len(explanations),
        "users": len(users),
        "likes": sum(of.likes for of in explanations),
        "silent": int((titles == 0).sum()),
        "unnamed": sum(not of.named for of in explanations),
        "too_many": sum(bool(of.named) and of.without_named is None for of in explanations),
        "compared": sum(compared),
        "titles": int(titles.sum()),
        **{name: _estimate(ratio(values, titles)) for name, values in counts.items()},
        "fall": _estimate(fall),
        "fall_others": _estimate(others),
        "difference": _estimate(fall - others) | {"p": number(p_value(fall - others))},
    }


def _falls(explanation: Explanation) -> tuple[float, float]:
    """How far the probability of the answer falls without what is named, and on average without as many others."""
    if explanation.without_named is None:
        return 0.0, 0.0
    sign = 1 if explanation.likes else -1
    left = (explanation.without_named, float(np.mean(explanation.without_others)))
    return sign * (explanation.p_like - left[0]), sign * (explanation.p_like - left[1])


def _estimate(replicates: np.ndarray) -> dict[str, float | None]:
    low, high = interval(replicates)
    return {"value": number(replicates[0]), "low": number(low), "high": number(high)}


def summary(figures: Mapping) -> list[str]:
    """The figures of `faithfulness` in sentences."""
    named = (
        f"{figures['n'] - figures['unnamed']} of {figures['n']} texts name titles of the past they were written from"
    )
    if not figures["titles"]:
        return [f"{named}; none names any title."]
    shares = " and ".join(
        f"{figures[key]['value']:.1%} {where}"
        for key, where in (
            ("in_past", "stand in it,"),
            ("elsewhere", "elsewhere in the catalogue"),
            ("invented", "nowhere"),
        )
    ).replace(", and", ",", 1)
    lines = [f"{named}; of {figures['titles']} titles named {shares}."]
    if not figures["compared"]:
        return [*lines, "No text can be tried: none names some titles of the past and leaves as many."]
    fall, others, apart = (figures[key] for key in ("fall", "fall_others", "difference"))
    ends = "" if apart["low"] is None else f" [{apart['low']:+.4f}, {apart['high']:+.4f}]"
    return [
        *lines,
        f"Without them the probability of the answer falls by {fall['value']:.4f}, without as many others by "
        f"{others['value']:.4f}: {apart['value']:+.4f}{ends}, on {figures['compared']} rows.",
    ]
