"""A session as HTML: the list, one item, and how the list moved."""

from collections.abc import Sequence
from pathlib import Path

from tastetune.demo.models import Models
from tastetune.demo.moves import against_the_mean, best, climbed, without_names
from tastetune.demo.reasons import named_titles, what_hangs_on_them
from tastetune.demo.session import Session
from tastetune.explanations.explanation import Explanation
from tastetune.person.answers import Scores
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.titles import neutral_title
from tastetune.templates import environment

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "page.css").read_text(encoding="utf-8")
STARS = 5.0
"""The most stars that there are, for the length of a bar."""

NAMED = 3
"""Titles that a sentence names; of the rest it says how many they are."""

_PAGES = environment(TEMPLATES, html=True)


def heading_html(models: Models, *, is_here: bool) -> str:
    """What the page is, whose models answer, and where what is said stays."""
    dataset, name = models.dataset, models.candidate.name
    return _PAGES.get_template("heading.html").render(
        dataset=dataset.name,
        n=len(models.titles),
        word=dataset.wording.get("items", "items"),
        model=name,
        stand_in=models.is_stand_in,
        is_here=is_here,
    )


def message_html(text: str) -> str:
    """What went wrong and what to do; nothing where nothing did."""
    return _PAGES.get_template("message.html").render(text=text)


def some(titles: Sequence[str]) -> str:
    """The first `NAMED` titles, and how many more there are."""
    rest = len(titles) - NAMED
    return ", ".join(titles[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def list_html(session: Session, models: Models) -> str:
    """The list and what sets it apart; what to do where nothing is marked."""
    advice = session.shown
    if advice is None:
        return _PAGES.get_template("list.html").render(rows=[])
    names_gone = session.neutral is not None
    rises = {} if names_gone else climbed(session.before, advice)
    first, *others = advice.scores
    rows = [
        {
            "title": models.titles[item],
            "chance": _value(first, place),
            "share": _share(first, place),
            "moved": _moved(rises[item]) if item in rises else None,
            "others": [_cell(of, place) for of in others],
        }
        for item in best(advice)
        for place in [advice.items.index(item)]
    ]
    return _PAGES.get_template("list.html").render(
        rows=rows,
        asked=len(advice.items),
        word=models.dataset.wording.get("items", "items"),
        model=first.model,
        unit="the probability of a like" if first.unit == "probability" else "the expected stars",
        names_gone=names_gone,
        difference=against_the_mean(advice),
        left=_left(session, models),
        remarks=models.recommenders.remarks(),
    )


def item_html(session: Session, models: Models, item: str | None = None) -> str:
    """What every model says of an item; what to do where none is chosen, or nothing can be said."""
    advice, told, rows = session.shown, unasked(session, item), []
    if advice is not None and told is None:
        place = advice.items.index(item)
        rows = [_cell(of, place) | {"share": _share(of, place)} for of in advice.scores]
    asked = len(advice.items) if advice else 0
    title = models.titles.get(item) if item else None
    return _PAGES.get_template("item.html").render(title=title, told=told, rows=rows, asked=asked)


def unasked(session: Session, item: str | None) -> str | None:
    """What to do where models say nothing of an item yet; None where they do."""
    if item is None:
        return "Choose a title above to see what each model says of it."
    if item in session.marks:
        return "You have marked it, so there is nothing left to predict. Untick the mark to see what models expect."
    return None if session.marks else "Mark a title or two first: nothing is known of your taste yet."


def reason_html(models: Models, item: str | None, told: str) -> str:
    """In place of an explanation: what is waited for, or what to do."""
    title = models.titles.get(item) if item else None
    return _PAGES.get_template("reason.html").render(title=title, told=told)


def explanation_html(session: Session, models: Models, explanation: Explanation) -> str:
    """What the model writes of an item, what of it is marked, and what hangs on that."""
    titles = models.titles
    if session.are_names_gone:
        word = models.dataset.worded(LikeDislike).item
        titles = {item: neutral_title(item, word) for item in titles}
    sentences = [*named_titles(explanation, titles), what_hangs_on_them(explanation, len(session.marks))]
    title = models.titles[explanation.target]
    return _PAGES.get_template("reason.html").render(title=title, told=None, text=explanation.text, sentences=sentences)


def moves_html(session: Session) -> str:
    """How each mark moved the list."""
    return _PAGES.get_template("moves.html").render(moves=session.moves)


def _left(session: Session, models: Models) -> str | None:
    if session.neutral is None or session.advice is None:
        return None
    item = best(session.advice)[0]
    word = models.dataset.worded(LikeDislike).item
    return without_names(session.advice, session.neutral, (models.titles[item], neutral_title(item, word)))


def _cell(of: Scores, place: int) -> dict:
    return {"model": of.model, "value": _value(of, place), "rank": int(of.ranks[place])}


def _value(of: Scores, place: int) -> str:
    value = of.values[place]
    return f"{value:.0%}" if of.unit == "probability" else f"{value:.1f} ★"


def _share(of: Scores, place: int) -> float:
    """How long a bar is, in percent."""
    most = 1.0 if of.unit == "probability" else STARS
    return round(100 * min(1.0, max(0.0, float(of.values[place]) / most)), 1)


def _moved(places: int | None) -> dict | None:
    """A sign for how far an item has risen, and what it means; none where it stands as it stood."""
    if places is None:
        return {"sign": "new", "title": "was marked before"}
    if not places:
        return None
    sign, word = ("▲", "up") if places > 0 else ("▼", "down")
    return {"sign": f"{sign}{abs(places):,}", "title": f"{word} {abs(places):,} by the last mark"}


_PAGES.filters["some"] = some
