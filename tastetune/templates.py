"""The Jinja environment that renders cards, leaderboards and pages."""

from pathlib import Path

import jinja2

from tastetune.files import bundled

CARDS = bundled("model_cards")
"""The folder of the cards' and leaderboards' templates."""


def environment(folder: Path = CARDS, *, html: bool = False) -> jinja2.Environment:
    """An environment that finds its templates in `folder` and fails at a name that nobody defined.

    A line that holds nothing but a block leaves no line behind. Filters and globals are the caller's to add.

    Args:
        folder: where the templates lie, those they include among them.
        html: escape what is put into the text, for a page.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
