"""Titles as a person writes them: "The Princess Bride (1987)", where a catalogue has "Princess Bride, The (1987)"."""

import re

ARTICLES = (
    *("the", "a", "an"),  # English
    *("le", "la", "les", "l'", "un", "une"),  # French
    *("il", "lo", "gli", "i", "o"),  # Italian, Portuguese
    *("el", "los", "las"),  # Spanish
    *("der", "die", "das", "det", "den", "en", "ein", "eine"),  # German and Scandinavian
)
"""Articles that catalogues move behind a title, in small letters."""

_MOVED = re.compile(rf"^(?P<title>.+), (?P<article>{'|'.join(ARTICLES)})$", re.IGNORECASE)
_BRACKETED = re.compile(r"\s*\(([^()]*)\)")


def natural_title(title: str) -> str:
    """`title` with the article that a catalogue moved behind it back in front, also in bracketed second titles.

    "Hate (Haine, La) (1995)" becomes "Hate (La Haine) (1995)"; "Enfer, L' (1994)" becomes "L'Enfer (1994)";
    "Girl, Interrupted (1999)" stays. Spaces around brackets are made even.
    """
    main, *_ = _BRACKETED.split(title, maxsplit=1)
    brackets = [f"({_article_first(inside)})" for inside in _BRACKETED.findall(title)]
    rest = _BRACKETED.sub("", title[len(main) :]).strip()
    return " ".join(part for part in (_article_first(main), *brackets, rest) if part)


def with_year(title: str, year: str) -> str:
    """`title (year)`; a title that has no four-digit year, or ends in one already, stays as it is."""
    return f"{title} ({year})" if re.fullmatch(r"\d{4}", year) and not re.search(r"\(\d{4}\)$", title) else title


def neutral_title(item_id: str, word: str = "movie") -> str:
    """A title that says nothing ("Movie 1193"), to tell what a model knew before training from what it learnt."""
    return f"{word.capitalize()} {item_id}"


def _article_first(title: str) -> str:
    title = " ".join(title.split())
    moved = _MOVED.match(title)
    if moved is None:
        return title
    article = moved["article"]
    return article + ("" if article.endswith("'") else " ") + moved["title"]
