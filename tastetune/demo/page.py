"""The page itself: Gradio's parts, and what happens when one is used."""

import os
from collections.abc import Sequence

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported

import gradio as gr

from tastetune.demo.models import Models
from tastetune.demo.search import SHOWN
from tastetune.demo.session import SAID, Session
from tastetune.demo.view import (
    explanation_html,
    heading_html,
    item_html,
    list_html,
    message_html,
    moves_html,
    reason_html,
    unasked,
)
from tastetune.errors import InputError

FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
"""Of the reader's own machine, so that none is fetched."""

POPULAR = "Titles that many have rated"

WRITING = "The model writes, and is asked again without what it names. That takes a few seconds; the list stays yours."

BACK_TO_SEARCH = "() => document.querySelector('#tt-search textarea, #tt-search input')?.focus()"


def theme() -> gr.themes.Base:
    """Plain, in the machine's own fonts, light or dark as the browser asks."""
    return gr.themes.Default(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        font=FONTS,
        font_mono=("ui-monospace", "monospace"),
    )


def make_page(models: Models, *, is_here: bool) -> gr.Blocks:
    """The page that asks `models`.

    Args:
        is_here: whether this machine alone can open it.
    """
    handlers, item = _Handlers(models), models.dataset.wording.get("item", "title")
    with gr.Blocks(title=f"What would you like? {models.dataset.name}", analytics_enabled=False) as page:
        session = gr.State(Session())
        gr.HTML(heading_html(models, is_here=is_here), elem_id="tt-heading", padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=320):
                query = gr.Textbox(
                    label=f"Find a {item} you know", placeholder="Type a title", elem_id="tt-search", autofocus=True
                )
                begin = handlers.choices(models.search.popular())
                offered = gr.Radio(begin, label=POPULAR, elem_id="tt-offered")
                with gr.Row():
                    liked = gr.Button("I liked it", variant="primary", elem_id="tt-liked", min_width=120)
                    disliked = gr.Button("I disliked it", elem_id="tt-disliked", min_width=120)
                status = gr.HTML(visible=False, elem_id="tt-status", padding=False)
                looked_at = gr.HTML(item_html(Session(), models), elem_id="tt-looked-at", padding=False)
                why = gr.Button("Ask the model why", elem_id="tt-why", size="sm")
                reason = gr.HTML(visible=False, elem_id="tt-reason", padding=False)
                marks = gr.CheckboxGroup(
                    [], label="Your marks; untick one to take it back", elem_id="tt-marks", visible=False
                )
            with gr.Column(scale=3, min_width=320):
                neutral = gr.Checkbox(
                    label="Neutral titles: what is left when the model reads no names", elem_id="tt-neutral"
                )
                best = gr.HTML(list_html(Session(), models), elem_id="tt-best", padding=False)
                moves = gr.HTML(visible=False, elem_id="tt-moved", padding=False)
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        writing = why.click(handlers.explain, [session, offered], reason, concurrency_id="why", **quiet)
        quiet |= {"cancels": writing}  # what it writes of another title, or behind other marks, is not shown
        asking = {"api_visibility": "private", "concurrency_id": "models", "show_progress_on": [best]}
        asking |= {"cancels": writing}
        looking, shown = [looked_at, reason], [session, marks, best, looked_at, reason, moves, status]
        query.input(handlers.offer, [session, query], [offered, *looking, status], trigger_mode="always_last", **quiet)
        offered.input(handlers.look, [session, offered], looking, **quiet)
        for button, said in ((liked, True), (disliked, False)):
            marking = button.click(handlers.marking(said), [session, offered], [*shown, query, offered], **asking)
            marking.then(None, js=BACK_TO_SEARCH)
        marks.input(handlers.keep, [session, offered, marks], shown, **asking)
        neutral.input(handlers.switch, [session, offered, neutral], shown, **asking)
    return page


class _Handlers:
    """What happens when a part of the page is used: from what it holds to the new contents of others."""

    def __init__(self, models: Models):
        self.models = models

    def choices(self, items: Sequence[str]) -> list[tuple[str, str]]:
        """Items as a group of buttons takes them: what is shown, and what is handed on."""
        return [(self.models.titles[item], item) for item in items]

    def offer(self, session: Session, query: str):
        """The titles that fit what is typed, the first one chosen, and what to do where none does."""
        found, status, label = self.models.search.find(query), "", "Which one?"
        if not query.strip():
            label = POPULAR
        elif not found:
            near = self.models.search.near(query)
            status = f"No title has “{query.strip()}” in it; " + (
                "is it this one?" if near else "try fewer letters, or another title."
            )
            found = [near] if near else []
        chosen = found[0] if found and query.strip() else None
        offered = gr.Radio(choices=self.choices(found), value=chosen, label=label, visible=bool(found))
        return offered, *self.look(session, chosen), _message(status)

    def look(self, session: Session, item: str | None):
        """What the models say of a title that is chosen, and no reason yet."""
        return item_html(session, self.models, item), gr.HTML(visible=False)

    def explain(self, session: Session, item: str | None):
        """That the model writes why it expects what it expects of the chosen title, and then what it wrote."""
        told = unasked(session, item)
        yield _reason(reason_html(self.models, item, told or WRITING))
        if item is None or told:
            return
        try:
            explanation = self.models.why(session.marks, item, neutral=session.are_names_gone)
            yield _reason(explanation_html(session, self.models, explanation))
        except InputError as error:
            yield _reason(reason_html(self.models, item, str(error)))

    def marking(self, liked: bool):
        """What the button does that marks the chosen title."""

        def mark(session: Session, item: str | None):
            if item is None:
                told = "Choose a title first: type a part of it, or take one of those offered."
                return *self.shown(session, None, told), gr.skip(), gr.skip()
            try:
                session = session.marked(self.models, item, liked)
            except InputError as error:
                return *self.shown(session, item, str(error)), gr.skip(), gr.skip()
            offered = [other for other in self.models.search.popular(2 * SHOWN) if other not in session.marks][:SHOWN]
            begin = gr.Radio(choices=self.choices(offered), value=None, label=POPULAR, visible=True)
            return *self.shown(session, None), "", begin

        return mark

    def keep(self, session: Session, item: str | None, marked: list[str]):
        """What happens when a mark is taken back."""
        return self.shown(session.keeping(self.models, marked), item)

    def switch(self, session: Session, item: str | None, are_names_gone: bool):
        """What the switch for neutral names does."""
        session = session.named(self.models, are_names_gone)
        wait = "" if session.marks or not are_names_gone else "Mark a title first; the switch shows what is left then."
        return self.shown(session, item, wait)

    def shown(self, session: Session, item: str | None, status: str = ""):
        """The parts that show a session, and a word on what went wrong."""
        choices = [(f"{self.models.titles[of]}: {SAID[said]}", of) for of, said in session.marks.items()]
        marks = gr.CheckboxGroup(choices=choices, value=list(session.marks), visible=bool(choices))
        moves = gr.HTML(moves_html(session), visible=bool(session.moves))
        return session, marks, list_html(session, self.models), *self.look(session, item), moves, _message(status)


def _reason(html: str) -> gr.HTML:
    return gr.HTML(html, visible=True)


def _message(text: str) -> gr.HTML:
    return gr.HTML(message_html(text), visible=bool(text))
