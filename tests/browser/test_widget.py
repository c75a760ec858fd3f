"""The buyer's chat on a shop's page, with a real desk at the other end."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import brotli
import httpx
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Page, expect

from tests.browser.conftest import Open
from tests.browser.looks import no_faults
from tests.browser.shop import served
from tests.deployment import ROOT, Deployment

HOST = "qinghe.localhost"
WIDGET = ROOT / "static" / "widget"
FRAME = ROOT / "tickets" / "templates" / "tickets" / "chat" / "frame.html"
WORDS = {"en", "zh"}  # one of them is loaded


def png(width: int, height: int) -> bytes:
    """A picture, all of one green."""
    picture = io.BytesIO()
    Image.new("RGB", (width, height), "seagreen").save(picture, "PNG")
    return picture.getvalue()


Shop = Callable[..., Page]


@pytest.fixture(scope="module")
def shop_address(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A shop of another origin, on the store's list of sites: its pages are by language and by strictness."""
    with served(tmp_path_factory.mktemp("shop"), deployment.address(HOST, "")) as made:
        key = deployment.run("manage.py", "chat_widget", "qinghe", "--site", made.address).split()[0]
        for name in ("zh", "en", "strict-en"):
            made.write(name, key)
        yield made.address


@pytest.fixture
def shop(browser: Browser, shop_address: str) -> Iterator[Shop]:
    """shop(page="en", width=…): a buyer's own browser at the shop. No error may be logged in it."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(name: str = "en", *, width: int = 1000, address: str = shop_address, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 760}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(f"{address}/{name}.html")
        return page

    opened.errors = errors  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def chat_of(page: Page) -> FrameLocator:
    """The widget, opened."""
    chat = page.frame_locator("iframe")
    chat.locator("#launcher").click()
    expect(chat.locator("#panel")).to_be_visible()
    return chat


def begin(page: Page, text: str, **fields: str) -> FrameLocator:
    """The buyer's first words: by the form where there is one."""
    chat = chat_of(page)
    expect(chat.locator("#box:visible, #f-text:visible")).to_have_count(1)
    page.wait_for_timeout(500)  # until it is known whether somebody is there
    if chat.locator("#f-text").is_visible():
        given = {"name": "Lin", "email": "lin@buyer.example", **fields}
        for name, value in given.items():
            if chat.locator(f"#f-{name}").count():
                chat.locator(f"#f-{name}").fill(value)
        if chat.locator("#f-topic").count():
            chat.locator("#f-topic").select_option(index=1)
        if chat.locator("#f-consent").count():
            chat.locator("#f-consent").check()
        chat.locator("#f-text").fill(text)
        chat.locator("form.form button").click()
    else:
        write(chat, text)
    expect(chat.locator(".buyer .bubble", has_text=text)).to_be_visible()
    return chat


def write(chat: FrameLocator, text: str) -> None:
    chat.locator("#box").fill(text)
    chat.locator("#box").press("Enter")


def desk_of(open_page: Open, text: str, who: str = "bo") -> Page:
    """An agent with the conversation open that has this in its last line."""
    desk = open_page(who)
    desk.locator(".row", has_text=text).first.locator("a").click()
    expect(desk.locator("#messages .message-body", has_text=text).first).to_be_visible()
    return desk


def answer(desk: Page, text: str) -> None:
    desk.fill("#body", text)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#body")).to_have_value("")


SEND = """([ticket, frames, wanted]) => new Promise((resolve, reject) => {
  const store = Number(document.querySelector("[data-conversation]").dataset.conversation.split("-")[0]);
  const socket = new WebSocket(`ws://${location.host}/ws/desk/`);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.type === "hello") {
      for (const each of frames) socket.send(JSON.stringify({ store, ticket, ...each }));
    } else if ([wanted, "refused"].includes(frame.type)) resolve(frame);
  };
  setTimeout(reject, 8000, new Error("no answer"));
})"""
LISTEN = """(ticket) => new Promise((resolve) => {
  const store = Number(document.querySelector("[data-conversation]").dataset.conversation.split("-")[0]);
  const socket = new WebSocket(`ws://${location.host}/ws/desk/`);
  window.heard = [];
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    window.heard.push(frame);
    if (frame.type === "hello") {
      socket.send(JSON.stringify({ type: "watch", store, ticket }));
      socket.send(JSON.stringify({ type: "ping", have: [] }));
    }
    if (frame.type === "pong") resolve();
  };
})"""


def number_of(desk: Page) -> int:
    return int(desk.url.rstrip("/").rsplit("/", 1)[1])


def over_the_socket(desk: Page, *frames: dict[str, Any], wait_for: str) -> Any:
    """What the agent's page can say to the desk's socket about the ticket it has open; the answer of that type."""
    return desk.evaluate(SEND, [number_of(desk), frames, wait_for])


def widget_frame(page: Page) -> Frame:
    return next(frame for frame in page.frames if "/chat/" in frame.url)


def test_buyer_writes_and_an_agent_answers(open_page: Open, shop: Shop) -> None:
    page = shop()
    chat = begin(page, "Is the linen set machine washable?")
    expect(chat.locator(".mark.sent, .mark.delivered, .mark.read")).to_have_count(1)
    desk = desk_of(open_page, "machine washable")
    answer(desk, "Yes, at forty degrees.")
    expect(chat.locator(".agent .bubble")).to_have_text("Yes, at forty degrees.")
    write(chat, "Thank you, and in the dryer?")
    expect(desk.locator("#messages .message-body", has_text="in the dryer")).to_be_visible()
    page.reload()
    expect(chat.locator(".bubble", has_text="in the dryer")).to_have_count(1)
    expect(chat.locator(".agent .bubble")).to_have_text("Yes, at forty degrees.")


def test_unread_answers_are_counted_on_the_launcher_and_for_the_page(open_page: Open, shop: Shop) -> None:
    page = shop()
    page.evaluate("Deskfleet.on('unread', (count) => (document.title = `unread ${count}`))")
    chat = begin(page, "Counted: do you ship to Malta?")
    desk = desk_of(open_page, "ship to Malta")
    chat.locator("#box").press("Escape")
    expect(chat.locator("#launcher")).to_be_focused()
    answer(desk, "We do.")
    expect(chat.locator("#badge")).to_be_visible()
    assert int(chat.locator("#badge").inner_text()) >= 1
    assert page.title() != "unread 0"
    page.evaluate("Deskfleet.open()")
    expect(chat.locator(".agent .bubble")).to_be_visible()
    expect(page).to_have_title("unread 0")


def test_what_was_written_without_network_is_sent_once(open_page: Open, shop: Shop) -> None:
    page = shop()
    chat = begin(page, "Offline: first words")
    expect(chat.locator(".mark.sent, .mark.delivered, .mark.read")).to_have_count(1)
    page.context.set_offline(True)
    write(chat, "Offline: second words")
    expect(chat.locator(".mark.kept")).to_be_visible()
    expect(chat.locator("#line")).to_be_visible()
    page.context.set_offline(False)
    expect(chat.locator(".mark.kept, .mark.sending")).to_have_count(0, timeout=20_000)
    expect(chat.locator("#line")).to_be_hidden()
    desk = desk_of(open_page, "Offline: second words")
    expect(desk.locator("#messages .message-body", has_text="Offline: second words")).to_have_count(1)


def test_draft_survives_a_reload(shop: Shop) -> None:
    page = shop()
    chat = begin(page, "Draft: hello")
    chat.locator("#box").fill("half a thought")
    page.reload()
    expect(chat.locator("#box")).to_have_value("half a thought")


def test_picture_arrives_at_the_desk_and_is_shown(open_page: Open, shop: Shop) -> None:
    page = shop()
    chat = begin(page, "Picture: what is this stain?")
    chat.locator("#files").set_input_files({"name": "stain.png", "mimeType": "image/png", "buffer": png(640, 400)})
    expect(chat.locator("#chosen")).to_contain_text("stain.png")
    write(chat, "Picture: here it is")
    expect(chat.locator(".picture img[src^='blob:']")).to_be_visible()
    expect(chat.locator("progress")).to_have_count(0)
    expect(chat.locator(".mark.sent, .mark.delivered, .mark.read")).to_have_count(1)
    desk = desk_of(open_page, "Picture: here it is")
    expect(desk.get_by_role("link", name="stain.png")).to_be_visible()
    chat.locator(".picture").click()
    expect(chat.locator("#large img[src^='blob:']")).to_be_visible()
    chat.locator("#picture-close").press("Escape")
    expect(chat.locator("#picture")).to_be_hidden()
    expect(chat.locator("#panel")).to_be_visible()


def test_offer_is_tapped_once(open_page: Open, shop: Shop) -> None:
    chat = begin(shop(), "Offer: which size?")
    desk = desk_of(open_page, "Offer: which size?")
    options = [{"id": "A", "label": "150 cm"}, {"id": "B", "label": "180 cm"}]
    offer = {"type": "reply", "client_id": "offer-in-a-test", "text": "Which one?", "seen": 99}
    said = over_the_socket(desk, offer | {"card": {"type": "offer", "options": options}}, wait_for="sent")
    assert said["type"] == "sent", said
    chat.get_by_role("button", name="180 cm").click()
    expect(chat.locator(".offer .taken")).to_have_text("180 cm")
    expect(chat.locator(".offer button:disabled")).to_have_count(2)
    expect(chat.locator(".buyer .bubble", has_text="180 cm")).to_have_count(1)
    expect(desk.locator("#messages .message-body", has_text="180 cm")).to_be_visible()


def test_typing_and_reading_are_seen_on_both_sides(open_page: Open, shop: Shop) -> None:
    chat = begin(shop(), "Typing: anybody there?")
    desk = desk_of(open_page, "Typing: anybody there?")
    answer(desk, "Here I am.")
    expect(chat.locator(".agent .bubble")).to_be_visible()
    over_the_socket(desk, {"type": "seen", "read": 1}, {"type": "ping", "have": []}, wait_for="pong")
    expect(chat.locator(".mark.read")).to_have_count(1)
    over_the_socket(desk, {"type": "typing", "on": True}, {"type": "ping", "have": []}, wait_for="pong")
    expect(chat.locator("#typing")).to_be_visible()
    answer(desk, "And this is what I typed.")
    expect(chat.locator("#typing")).to_be_hidden()
    desk.evaluate(LISTEN, number_of(desk))
    chat.locator("#box").press_sequentially("and also the green one", delay=60)
    desk.wait_for_function("window.heard.some(({ type, on }) => type === 'typing' && on)")


def test_ended_conversation_is_rated_and_goes_on(open_page: Open, shop: Shop) -> None:
    chat = begin(shop(), "Rating: short question")
    desk = desk_of(open_page, "Rating: short question")
    answer(desk, "Short answer.")
    expect(chat.locator(".agent .bubble")).to_be_visible()
    chat.locator("#end").click()
    chat.locator(".ask .main").click()
    chat.get_by_label("Very good").check(force=True)
    chat.get_by_role("button", name="Send rating").click()
    expect(chat.locator(".done")).to_contain_text("Very good")
    chat.locator("#mail-to").fill("lin@buyer.example")
    chat.locator(".mail button").click()
    expect(chat.locator("#mail-told")).to_contain_text("lin@buyer.example")
    write(chat, "Rating: one thing more")
    expect(chat.locator(".buyer .bubble", has_text="one thing more")).to_have_count(1)
    expect(chat.locator(".done")).to_have_count(0)


def test_markup_is_text(open_page: Open, shop: Shop) -> None:
    chat = begin(shop(), "Markup: <img src=x onerror=alert(1)> javascript:alert(1) https://shop.example/a?b=1.")
    bubble = chat.locator(".buyer .bubble").first
    expect(bubble).to_contain_text("<img src=x onerror=alert(1)>")
    expect(bubble.locator("img")).to_have_count(0)
    expect(bubble.locator("a")).to_have_count(1)
    expect(bubble.locator("a")).to_have_attribute("href", "https://shop.example/a?b=1")
    expect(bubble.locator("a")).to_have_attribute("rel", re.compile("noopener"))


def test_page_with_a_strict_policy_can_embed_it(shop: Shop) -> None:
    page = shop("strict-en")
    chat_of(page)
    box = page.locator("iframe").bounding_box()
    assert box
    assert box["width"] > 300
    assert box["height"] > 500


def test_site_that_is_not_allowed_shows_nothing_broken(shop: Shop, shop_address: str) -> None:
    page = shop("en", address=shop_address.replace("shop.localhost", "stranger.localhost"))
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "warning" else None)
    expect(page.locator("iframe")).to_be_hidden()
    expect(page.locator("iframe")).to_have_count(0, timeout=12_000)
    assert [line for line in said if "allowed sites" in line]
    shop.errors.clear()  # type: ignore[attr-defined] # the browser itself says that it refused the frame


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_looks(shop: Shop, lang: str) -> None:
    for scheme, width in (("light", 1000), ("dark", 1000), ("light", 360), ("dark", 360), ("light", 320)):
        page = shop(lang, width=width, color_scheme=scheme)
        chat = begin(page, "Looks: 你好, hello")
        expect(chat.locator("#send")).to_have_attribute("aria-label", {"en": "Send", "zh": "发送"}[lang])
        frame = widget_frame(page)
        assert frame.evaluate("document.documentElement.lang").startswith(lang)
        assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        if width < 480:
            box = page.locator("iframe").bounding_box()
            assert box == {"x": 0, "y": 0, "width": width, "height": 760}
        no_faults(page, told=f"{scheme} {width}:")


@pytest.fixture
def full(deployment: Deployment) -> Iterator[Callable[[], None]]:
    """full(): whoever comes from this machine now is one too many, and nobody is at a desk, until the test is over."""

    def count(number: int) -> None:
        with psycopg.connect(deployment.servers.database_url, autocommit=True) as admin:
            admin.execute("UPDATE desk_arrivals SET count = %s, since = now()", [number])
            admin.execute("UPDATE desk_presence SET seen_at = now() - interval '1 hour'")  # an empty house

    yield partial(count, 10**6)
    count(1)


TOO_MANY = {"en": "from your network", "zh": "您所在的网络"}


def test_one_too_many_reads_why_in_the_form_and_in_the_conversation(
    open_page: Open, shop: Shop, full: Callable[[], None]
) -> None:
    begin(shop(), "Counted: the last one")
    full()
    for lang, words in TOO_MANY.items():
        chat = chat_of(shop(lang))  # nobody is there: a form
        chat.locator("#f-email").fill("lin@buyer.example")
        chat.locator("#f-text").fill("Counted: one too many")
        chat.locator("form.form button").click()
        expect(chat.locator("#e-form")).to_contain_text(words)
        expect(chat.locator("#f-text")).to_have_value("Counted: one too many")
    open_page("bo")
    for lang, words in TOO_MANY.items():
        chat = chat_of(shop(lang))
        write(chat, "Counted: one too many")
        expect(chat.locator(".failed")).to_contain_text(words)
        expect(chat.locator(".bubble")).to_have_text("Counted: one too many")


def sent(deployment: Deployment, path: str, encoding: str) -> tuple[int, str]:
    """(bytes on the wire, text) of what the store's server sends to a browser that reads this encoding."""
    headers = {"Host": HOST, "Accept-Encoding": encoding}
    with httpx.stream("GET", deployment.address("127.0.0.1", path), headers=headers) as answer:
        raw = b"".join(answer.iter_raw())
        assert (answer.status_code, answer.headers["Content-Encoding"] in encoding) == (200, True), path
        unpack = brotli.decompress if answer.headers["Content-Encoding"] == "br" else gzip.decompress
        return len(raw), unpack(raw).decode()


@pytest.mark.parametrize(("encoding", "until_opened", "talking"), [("br, gzip", 11, 20), ("gzip", 12.5, 22.5)])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_widget_is_small(
    deployment: Deployment, shop_address: str, lang: str, encoding: str, until_opened: float, talking: float
) -> None:
    """KiB. Of brotli the part that UI.md allows; browsers ask for it where the store has HTTPS."""
    key = deployment.run("manage.py", "chat_widget", "qinghe", "--site", shop_address).split()[0]
    tag, _text = sent(deployment, "/static/widget/deskfleet.js", encoding)
    page, text = sent(deployment, f"/chat/?key={key}&lang={lang}", encoding)
    names = re.findall(r'(?:src|href)="(/static/widget/[^"]+)"', text)
    assert [name.split(".")[0].rsplit("/", 1)[1] for name in names] == ["frame", f"in-{lang}"]
    style, frame = (sent(deployment, name, encoding) for name in names)
    first = tag + page + style[0] + frame[0]
    [chat] = re.findall(r'import\("\./(chat\.\w+\.js)"\)', frame[1])
    rest, _text = sent(deployment, f"/static/widget/{chat}", encoding)
    found = f"{first:,} bytes until it is opened, {first + rest:,} when somebody talks"
    assert first <= until_opened * 1024, found
    assert first + rest <= talking * 1024, found


def test_both_languages_say_the_same() -> None:
    said = {name: (WIDGET / f"{name}.js").read_text(encoding="utf-8") for name in WORDS}
    keys = {name: re.findall(r'^  (\w+): "', text, re.MULTILINE) for name, text in said.items()}
    assert keys["en"] == keys["zh"]
    used = "".join(path.read_text(encoding="utf-8") for path in [FRAME, *WIDGET.glob("*.js")] if path.stem not in WORDS)
    assert [key for key in keys["en"] if not re.search(rf'\b{key}\b|"{key.rstrip("12345")}', used)] == []
