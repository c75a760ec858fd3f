"""Markdown as HTML that does nothing, and as plain words. Pure: text in, text out, and no text is ever a template.

Two walls: the reader makes no HTML of what the author wrote as HTML, and what it made is cleaned by a list of what may
be there. Whoever widens one still has the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_PICTURE: Final = re.compile(r"\Apicture:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z", re.IGNORECASE)
_SHOWN: Final = "/library/pictures/{}/"  # the door `picture`
_TAGS: Final = frozenset(
    {
        *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "strong", "em", "s"),
        *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "img"),
    }
)
_ATTRIBUTES: Final[Mapping[str, set[str]]] = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "loading"},
    "ol": {"start"},
}
_ALIGNED: Final = {"text-align:center": "to-center", "text-align:right": "to-right", "text-align:left": "to-left"}
_CLASSES: Final = {tag: set(_ALIGNED.values()) for tag in ("th", "td")}
_END_OF_BLOCK: Final = frozenset({"paragraph_close", "heading_close", "tr_close", "fence", "code_block", "hr"})


@lru_cache(maxsize=512)
def to_html(text: str) -> str:
    """Safe to print as it is. Headings begin at h2, for the title of the page is its h1."""
    return nh3.clean(
        _READER.render(text),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        allowed_classes=_CLASSES,
        attribute_filter=_only_own_pictures,
        url_schemes=set(_SCHEMES),
        link_rel="noopener nofollow",
        strip_comments=True,
    )


def to_plain(text: str) -> str:
    """The words alone, a line a block, with a dot before what is listed: for snippets, searching, and quoting."""
    words = "".join(_words(_READER.parse(text)))
    lines = "\n".join(line.rstrip(" \t|") for line in words.split("\n"))
    return re.sub(r"\n{2,}", "\n", lines).strip()


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _words(token.children or [])
        elif token.type in ("text", "code_inline", "code_block", "fence") or token.type == "image":
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "list_item_open":
            yield f"{token.info}. " if token.info else "· "
        elif token.type in ("td_close", "th_close"):
            yield " | "
        if token.type in _END_OF_BLOCK:
            yield "\n"


def _only_own_pictures(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src" and not value.startswith("/library/pictures/"):
        return None
    return value


def _may_link(url: str) -> bool:
    """Whether the reader makes a link or a picture of it; what it refuses stays the text that was written."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(_PICTURE.match(url)) or (parts.scheme in _SCHEMES and bool(parts.netloc or parts.scheme == "mailto"))


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    """Of pictures only the library's own: one from elsewhere would tell a stranger who reads, and leaves its words."""
    token = tokens[at]
    words = escape(renderer.renderInlineAsText(token.children or [], options, env))
    own = _PICTURE.match(str(token.attrs.get("src", "")))
    if own is None:
        return words
    return f'<img src="{_SHOWN.format(own[1].lower())}" alt="{words}" loading="lazy">'


def _link_open(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    """A picture that is linked to, and not shown, opens."""
    token = tokens[at]
    own = _PICTURE.match(str(token.attrs.get("href", "")))
    if own is not None:
        token.attrSet("href", _SHOWN.format(own[1].lower()))
    return renderer.renderToken(tokens, at, options, env)


def _lower_headings(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    tokens[at].tag = f"h{min(int(tokens[at].tag[1]) + 1, 6)}"
    return renderer.renderToken(tokens, at, options, env)


def _cell(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    """Alignment as a class: a page of ours takes no style from its text."""
    aligned = _ALIGNED.get(str(tokens[at].attrs.pop("style", "")))
    if aligned:
        tokens[at].attrSet("class", aligned)
    return renderer.renderToken(tokens, at, options, env)


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 30}).enable(["table", "strikethrough"])
    reader.validateLink = _may_link  # type: ignore[method-assign]
    reader.add_render_rule("image", _image)
    reader.add_render_rule("link_open", _link_open)
    for name in ("heading_open", "heading_close"):
        reader.add_render_rule(name, _lower_headings)
    for name in ("th_open", "td_open"):
        reader.add_render_rule(name, _cell)
    return reader


_READER: Final = _reader()
