"""Titles as a person writes them (not "Princess Bride, The (1987)"), and as data between a prompt's quotes."""

import re
from functools import lru_cache

ARTICLES = (
    *("the", "a", "an"),  # English
    *("le", "la", "les", "l'", "un", "une"),  # French
    *("il", "lo", "gli", "i", "o"),  # Italian, Portuguese
    *("el", "los", "las"),  # Spanish
    *("der", "die", "das", "det", "den", "en", "ein", "eine"),  # German and Scandinavian
)
"""Articles that catalogues move behind a title, in small letters."""

_REPLACED = str.maketrans('"<>', "'‹›")
_DROPPED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters other than white space, and those that change the direction of what follows them."""

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


@lru_cache(maxsize=65536)
def as_data(text: str) -> str:
    """`text` as it may stand between a prompt's quotes: one line, its own quotes made single.

    A title is data. With neither a line break nor a closing quote it can open no section and forge no answer; with
    single guillemets for angle brackets it spells no special token of a tokenizer (`<|eot_id|>`, `</s>`).
    """
    return " ".join(_DROPPED.sub("", text).translate(_REPLACED).split())


def _article_first(title: str) -> str:
    title = " ".join(title.split())
    moved = _MOVED.match(title)
    if moved is None:
        return title
    article = moved["article"]
    return article + ("" if article.endswith("'") else " ") + moved["title"]
