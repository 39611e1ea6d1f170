"""HTML that cannot be broken into: text becomes markup in one place, and is escaped there.

A corpus line may hold tags, quotes or a whole script; as a plain string it is only ever text.
"""

from collections.abc import Sequence
from html import escape


class Html(str):
    """A string that is markup already."""

    __slots__ = ()


def element(tag: str, *content: str | None, **attributes: str | float | bool | None) -> Html:
    """An element; plain strings in its content are escaped, None and False attributes left out.

    A final underscore of an attribute's name is dropped, others become hyphens.

    >>> element("p", "1 < 2 ", element("b", "yes"), class_="a", data_x=1, hidden=True)
    '<p class="a" data-x="1" hidden>1 &lt; 2 <b>yes</b></p>'
    """
    written = ""
    for name, value in attributes.items():
        if value is not None and value is not False:
            key = name.removesuffix("_").replace("_", "-")
            written += f" {key}" if value is True else f' {key}="{escape(str(value))}"'
    return Html(f"<{tag}{written}>{joined(*content)}</{tag}>")


def joined(*content: str | None) -> Html:
    """Pieces of markup and text, one after the other.

    >>> joined("a & b", None, element("i", "c"))
    'a &amp; b<i>c</i>'
    """
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in content if part))


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], class_: str | None = None) -> Html:
    """A table that can be scrolled sideways where it is too wide."""
    top = element("thead", element("tr", *(element("th", cell) for cell in head))) if head else None
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("div", element("table", top, element("tbody", *body), class_=class_), class_="scroll")
