"""Finding in the library: who finds what, in which words, and what no text can do to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from knowledge.actions.make_version import make_version
from knowledge.actions.write_item import Place, archive_item, create_item, place_item, save_draft
from knowledge.models import Item, Publication, SearchEntry
from knowledge.search import Found, search_help, search_library, search_store
from tenants.context import at, in_store
from tenants.models import Store, User
from tests.cast import NOON, SOUTH_HOST, Cast


def article(
    cast: Cast, zh: str = "", en: str = "", *, title: str = "", author: User | None = None, **place: Any
) -> Item:
    content = {"title": {"zh": title or zh[:20], "en": en[:40]}, "body": {"zh": zh, "en": en}}
    author = author or cast.ann
    item = create_item(cast.north.pk, kind="article", content=content, place=Place(**place), author=author, now=NOON)
    make_version(item, revision=1, author=author, now=NOON)
    return item


def publish(item: Item, store: Store) -> Publication:
    return Publication.objects.create(store=store, item=item, version=item.latest, published_at=NOON)


def find(cast: Cast, words: str, person: User | None = None, **narrow: Any) -> list[Found]:
    caller = cast.caller(person or cast.ann)
    with at(caller.place):
        return search_library(caller, words, **narrow)


def ids(found: list[Found]) -> list[int]:
    return [one.item_id for one in found]


@pytest.fixture
def refunds(cast: Cast) -> Item:
    return article(
        cast,
        "买家申请退款后，商家在48小时内处理。退款会原路返回，一般三到五个工作日到账。单号 SF-1082-33X 的包裹除外。",
        "Refunds are paid back within five working days after the buyer asks.",
        title="退款多久到账",
        folder="售后/退款",
        categories=("refund",),
    )


@pytest.fixture
def sizes(cast: Cast) -> Item:
    return article(
        cast, "羽绒服尺码偏大，建议拍小一码。", "Down jackets run large: choose one size smaller.", title="羽绒服尺码"
    )


@pytest.mark.parametrize(
    "words",
    [
        "退款多久到账", "退款", "退", "原路返回", "路返", "退钱", "退款 什么时候到", "48小时", "refund", "refunding",
        "money back",
        "SF-1082-33X", "sf108233x", "1082", "sf108", "33x", "退宽", "tuikuan", "refnud", "reund", "退款 refund days",
        "ＲＥＦＵＮＤ", "售后", "怎么退款呀请问亲", "退款到账很慢怎么投诉物流公司", "refu",
    ],
)  # fmt: skip
def test_it_is_found_by(cast: Cast, refunds: Item, sizes: Item, words: str) -> None:
    assert ids(find(cast, words))[0] == refunds.pk


@pytest.mark.parametrize(
    "words",
    [
        "", " ", "\x00", "!!!", "'", "''' | & ! ( ) :* <->", "\\", "%", "_", "《》——", "😀" * 50, "the of and",
        "a" * 100_000,
        "退" * 100_000,
        "退款 & !refund:*ABCD | ('", "{{7*7}}", "' OR 1=1 --", "\ud800", "-", "--;", "1" * 500, "a_b.c/d-e",
        "ab1-" * 50,
    ],
)  # fmt: skip
def test_no_text_breaks_it(cast: Cast, refunds: Item, words: str) -> None:
    assert len(find(cast, words)) <= 1
    with at(cast.caller(cast.di, "store-a.localhost").place):
        assert search_help(cast.a, words) == []


def test_what_is_found_is_marked_and_shown_in_its_language(cast: Cast, refunds: Item) -> None:
    (found,) = find(cast, "退钱")
    assert [part.text for part in found.title if part.is_found] == ["退款"]
    assert any(part.is_found and part.text == "退款" for part in found.snippet)
    (english,) = find(cast, "refund", language="en")
    assert [part.text for part in english.snippet if part.is_found] == ["Refunds"]
    (other,) = find(cast, "working days", language="zh")
    assert any(part.is_found for part in other.snippet), "found in English only: the English is shown"


def test_titles_come_before_texts(cast: Cast) -> None:
    in_text = article(cast, "先看物流，再谈退货。" * 5, title="流程")
    in_title = article(cast, "七天之内。", title="退货")
    assert ids(find(cast, "退货")) == [in_title.pk, in_text.pk]


def test_hefu_is_no_product_and_service(cast: Cast) -> None:
    """Two neighbours that are no word count less than the word."""
    services = article(cast, "我们的产品和服务都有保障。" * 9, title="产品和服务")
    kimono = article(cast, "这件和服需要干洗。", title="洗涤")
    assert ids(find(cast, "和服"))[0] == kimono.pk
    assert services.pk in ids(find(cast, "和服"))


def test_who_finds_whose(cast: Cast) -> None:
    own = article(cast, "鲍勃的秘方", author=cast.bo, layer="personal", person_id=cast.bo.pk)
    of_b = article(cast, "店铺二的秘方", layer="store", store_id=cast.b.pk)
    shared = article(cast, "大家的秘方")
    assert set(ids(find(cast, "秘方"))) == {of_b.pk, shared.pk}
    assert set(ids(find(cast, "秘方", cast.bo))) == {own.pk, shared.pk}
    cy = cast.caller(cast.cy, SOUTH_HOST)
    with at(cy.place):
        assert search_library(cy, "秘方") == []
    archive_item(shared, author=cast.ann, now=NOON)
    assert ids(find(cast, "秘方")) == [of_b.pk]
    assert ids(find(cast, "秘方", narrow=Q(layer="agency"))) == []


def test_a_store_finds_what_it_runs(cast: Cast) -> None:
    item = article(cast, "旧版：十五天退换", audience="public")
    staff = article(cast, "员工手册退换")
    not_here = article(cast, "别处的退换", audience="public")
    publish(item, cast.a), publish(staff, cast.a), publish(not_here, cast.b)
    save_draft(item, {"title": {"zh": "新"}, "body": {"zh": "新版：七天退换"}}, revision=2, author=cast.ann, now=NOON)
    make_version(item, revision=3, author=cast.ann, now=NOON)
    bo = cast.caller(cast.bo)
    store = cast.a
    store.role = "agent"
    with at(bo.place):
        assert set(ids(search_store(bo, store, "退换", kind="article"))) == {item.pk, staff.pk}
        assert search_store(bo, store, "退换", kind="sop") == []
        assert ids(search_store(bo, store, "十五天")) == [item.pk], "the store runs the old version"
        assert search_store(bo, store, "新版") == []
        with in_store(store):
            assert ids(search_store(bo, store, "十五天")) == [item.pk]
    assert ids(find(cast, "新版")) == [item.pk]
    visitor = cast.caller(cast.di, "store-a.localhost").place
    with at(visitor):
        assert ids(search_help(store, "退换")) == [item.pk]
        assert search_help(store, "手册") == []
        assert search_help(cast.b, "退换") == [], "another store's is not seen from here"
    store.role = "seller"
    di = cast.caller(cast.di, "store-a.localhost")
    with at(di.place):
        assert ids(search_store(di, store, "退换")) == [item.pk]


def test_a_draft_without_a_version_is_found_by_its_writers(cast: Cast) -> None:
    content = {"title": {"zh": "草稿"}, "body": {"zh": "还没写完"}}
    item = create_item(cast.north.pk, kind="article", content=content, place=Place(), author=cast.ann, now=NOON)
    assert ids(find(cast, "没写完")) == [item.pk]
    make_version(item, revision=1, author=cast.ann, now=NOON)
    assert SearchEntry.objects.filter(item=item).count() == 1
    place_item(item, Place(folder="仓库/夜班"), revision=2, author=cast.ann, now=NOON)
    assert ids(find(cast, "夜班")) == [item.pk]


def test_a_very_long_article_is_found_by_its_last_words(cast: Cast) -> None:
    filler = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(59_000))
    item = article(cast, filler + "。结尾写着独角兽物流。", title="长文")
    assert ids(find(cast, "独角兽"))[0] == item.pk
