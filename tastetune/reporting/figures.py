"""What every plot shares: its colours, and how a figure becomes a PNG file or SVG that a page's style can theme."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from io import BytesIO

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.artist import Artist
from matplotlib.figure import Figure

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b8a800", "#767676")
"""One a series, told apart by colour-blind readers too (Okabe and Ito's palette, and a grey)."""

TEXT, SOFT, LINE, PAGE = "#1a1c1f", "#5b626b", "#dfe3e8", "#ffffff"

_VARIABLES = {colour: f"var(--c{n})" for n, colour in enumerate(PALETTE)}
_VARIABLES |= {TEXT: "var(--text)", SOFT: "var(--soft)", LINE: "var(--line)", PAGE: "var(--page)"}
"""The variables of report.css that take a colour's place in a page, where they change with its theme."""

styled = mpl.rc_context(
    {
        "text.parse_math": False,  # a model may be called $\foo$
        "text.color": TEXT,
        "axes.labelcolor": TEXT,
        "axes.edgecolor": SOFT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": LINE,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
        "xtick.labelcolor": TEXT,
        "ytick.labelcolor": TEXT,
    }
)
"""Decorates functions that draw: what they draw has this project's style."""

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_LEFT_OUT = ("metadata", "style", "clipPath")  # nothing is drawn beyond the panels, so nothing is cut off
_SERIES = "series-"
_LONGEST = 40


def label(name: str) -> str:
    """A model's name as a plot writes it: on one line, and cut where it would push the plot aside."""
    name = " ".join(name.split())
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def series_style(number: int) -> dict[str, str]:
    """How series `number` is drawn: by colour, and dashed where the colours come round again."""
    return {"color": PALETTE[number % len(PALETTE)], "ls": "-" if number < len(PALETTE) else "--"}


def mark_series(artists: Iterable[Artist], number: int) -> None:
    """Say that what is drawn belongs to series `number`, for `as_svg`."""
    for artist in artists:
        artist.set_gid(f"{_SERIES}{number}")


def as_png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    with BytesIO() as file:
        figure.savefig(file, dpi=150, format="png", metadata={"Software": None})
        return file.getvalue()


def as_svg(figure: Figure, title: str, names: Sequence[str]) -> Markup:
    """The figure as inline SVG without a font, a size or a colour of its own, so that a page's style can theme it.

    Each group of a series bears its name as `data-series`, by which a legend can hide it, and as a title to be shown
    when it is pointed at.

    Args:
        figure: drawn with its series marked, see `mark_series`.
        title: what a screen reader says.
        names: of the series, by number.
    """
    # The salt makes ids the same each time, and unlike those of the page's other charts
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}), BytesIO() as file:
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        root = ET.fromstring(file.getvalue())
    root.attrib = {"class": "chart", "viewBox": root.attrib["viewBox"], "role": "img", "aria-label": title}
    for element in list(root.iter()):
        _simplify(element)
        _theme(element)
        if element.tag == "g":
            _name_series(element, names)
    return Markup(ET.tostring(root, encoding="unicode"))


def _simplify(element: ET.Element) -> None:
    """As HTML has it, which knows no namespaces, and without what matplotlib says of itself."""
    element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
    element.tail = None
    element.attrib = {name.replace(f"{{{_XLINK}}}", ""): value for name, value in element.attrib.items()}
    element.attrib.pop("clip-path", None)
    for child in list(element):
        if child.tag.removeprefix(f"{{{_SVG}}}") in _LEFT_OUT:
            element.remove(child)
    if "d" in element.attrib:
        element.set("d", " ".join(element.attrib["d"].split()))
    if not (element.text or "").strip():
        element.text = None


def _theme(element: ET.Element) -> None:
    """Leave fonts, and colours by the names of variables, to the page."""
    style = re.sub(r"font[\w-]*:[^;]*;\s*", "", element.get("style", ""))
    if style:
        element.set("style", re.sub(r"#[0-9a-f]{6}", lambda colour: _VARIABLES.get(colour[0], colour[0]), style))
    else:
        element.attrib.pop("style", None)


def _name_series(group: ET.Element, names: Sequence[str]) -> None:
    gid = group.attrib.pop("id", "")
    if not gid.startswith(_SERIES):
        return
    number = int(gid.removeprefix(_SERIES))
    dashed = " dashed" if number >= len(PALETTE) else ""
    group.attrib |= {"class": f"series {_SERIES}{number % len(PALETTE)}{dashed}", "data-series": names[number]}
    title = ET.Element("title")
    title.text = names[number]
    group.insert(0, title)
