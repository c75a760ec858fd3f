"""What people write is text: nothing in it runs, nothing of it is fetched from elsewhere, no brace is a template."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.template import Context, Template
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.markdown import to_html, to_plain

MAY_BE = {
    *(
        "p",
        "br",
        "hr",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "code",
        "strong",
        "em",
        "s",
        "ul",
        "ol",
        "li",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "a", "img"),
}
ATTRIBUTES = {"href", "title", "rel", "src", "alt", "loading", "start", "class"}

NASTY = [
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<svg><script href='data:,alert(1)'/></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/spy.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![" onerror="alert(1)](picture:0f9a8b7c-0000-4000-8000-000000000001)',
    "![x](picture:0f9a8b7c-0000-4000-8000-000000000001 \"t' onerror='alert(1)\")",
    "![x](picture:../../admin/)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](//evil.example/)",
    "[x](/accounts/logout/)",
    "[x](\\javascript:alert(1))",
    '[x](https://a.example "\\" onclick=alert(1) x=\\"")',
    "<javascript:alert(1)>",
    "<a href='https://a.example' style='position:fixed;inset:0'>x</a>",
    "<style>body{display:none}</style>",
    "<iframe src=//evil.example></iframe>",
    "<form action=//evil.example><input name=password></form>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0>",
    "<!-- <script>alert(1)</script> -->",
    "```<script>\nalert(1)\n```",
    '``` " onclick=alert(1)\nx\n```',
    '|a|\n|:-:" onclick="x|\n|<img src=x onerror=y>|',
    "[a]: javascript:alert(1)\n\n[a]",
    "# <img src=x onerror=alert(1)>",
    "\x00<script>",
    "{{7*7}} {{ request.user }} {% debug %} {0.__class__} ${7*7} <%= 7*7 %> #{7*7}",
]


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", {}))

    def handle_decl(self, decl: str) -> None:
        self.tags.append(("declaration", {}))

    def unknown_decl(self, data: str) -> None:
        self.tags.append(("declaration", {}))


def seen_in(html: str) -> list[tuple[str, dict[str, str | None]]]:
    seen = Seen()
    seen.feed(html)
    seen.close()
    return seen.tags


def assert_does_nothing(html: str) -> None:
    for tag, attributes in seen_in(html):
        assert tag in MAY_BE, html
        assert attributes.keys() <= ATTRIBUTES, html
        if tag == "img":
            assert re.fullmatch(r"/library/pictures/[0-9a-f-]{36}/", attributes["src"] or ""), html
        if "href" in attributes:
            href = attributes["href"] or ""
            own = re.fullmatch(r"/library/pictures/[0-9a-f-]{36}/", href)
            assert own or urlsplit(href).scheme in {"http", "https", "mailto"}, html
            assert attributes["rel"] == "noopener nofollow", html
        assert attributes.get("class") in {None, "to-left", "to-center", "to-right"}, html


@pytest.mark.parametrize("text", NASTY)
def test_what_is_nasty_does_nothing(text: str) -> None:
    assert_does_nothing(to_html(text))
    assert_does_nothing(to_html(f"> - **{text}**\n\n1. {text}"))


PIECES = st.sampled_from(
    [*NASTY, "\n", "\n\n", "    ", "> ", "- ", "|", "|-|\n", "*", "`", "```", "[", "](", ")", "<", '"']
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=12))
def test_nothing_that_can_be_written_does_anything(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert_does_nothing(to_html(text))
    to_plain(text)


@pytest.mark.parametrize("text", ["{{7*7}}", "{0.__class__}", "{% now 'Y' %}", "{buyer}", "${7*7}"])
def test_no_brace_is_a_template(text: str) -> None:
    """Printed by a template it is a value: what is in it is not looked at."""
    html = to_html(f"`{text}`")
    assert html == f"<p><code>{text}</code></p>\n"
    assert Template("{{ html|safe }}").render(Context({"html": html})) == html
    assert to_plain(f"`{text}`") == text


def test_it_reads_markdown() -> None:
    html = to_html("# 退换货\n\n请在 **7 天** 内\n\n- 一\n- 二\n\n| 尺码 | 胸围 |\n|---|--:|\n| M | ~~88~~ 90 |\n")
    assert "<h2>退换货</h2>" in html
    assert "<strong>7 天</strong>" in html
    assert '<td class="to-right"><s>88</s> 90</td>' in html
    assert html.count("<li>") == 2


def test_a_picture_of_ours_is_shown_at_its_door() -> None:
    pk = uuid4()
    html = to_html(f"![尺码表](picture:{str(pk).upper()})")
    assert f'src="{reverse("picture", args=[pk], urlconf="config.urls_agency")}"' in html
    assert f'src="{reverse("picture", args=[pk], urlconf="config.urls_store")}"' in html
    assert 'alt="尺码表"' in html


def test_a_picture_from_elsewhere_leaves_its_words() -> None:
    assert to_html("![the *label*](https://evil.example/x.png)") == "<p>the label</p>\n"


def test_links_say_that_they_lead_away() -> None:
    html = to_html('[物流](https://track.example/?a=1&b=2 "查询") <mailto:help@shop.example>')
    assert 'href="https://track.example/?a=1&amp;b=2"' in html
    assert html.count('rel="noopener nofollow"') == 2


def test_plain_words_for_a_quote() -> None:
    listed = "1. Ask us\n2. Send it\n\n- unworn\n\n"
    text = f"# Returns\n\nWithin **7 days**:\n\n{listed}| a | b |\n|---|---|\n| 1 | 2 |\n\n![x](picture:{uuid4()})"
    assert to_plain(text) == "Returns\nWithin 7 days:\n1. Ask us\n2. Send it\n· unworn\na | b\n1 | 2\nx"
