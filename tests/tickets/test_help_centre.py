"""A store's help centre: what is published for everybody, in the reader's language, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tenants.context import in_store
from tests.cast import NORTH_HOST, Cast
from tests.knowledge.articles import article, content, run
from tickets.help import views
from tickets.models import MissedSearch

A_HOST, B_HOST = "store-a.localhost", "store-b.localhost"
EN, ZH = {"accept-language": "en"}, {"accept-language": "zh-CN"}


def get(path: str, host: str = A_HOST, **headers: Any) -> Any:
    return Client(headers={"host": host, "accept-language": "en", **headers}).get(path)


def test_everybody_reads_what_is_published_for_everybody(cast: Cast) -> None:
    run(article(cast, topic="logistics"), cast.a)
    run(article(cast, said=content(title="For staff"), audience="staff"), cast.a)
    run(article(cast, said=content(title="For the bot"), audience="bot"), cast.a)
    article(cast, said=content(title="Not published"))
    page = get("/help/").content.decode()
    assert "Delivery" in page
    assert "Orders and delivery" in page
    for title in ("For staff", "For the bot", "Not published"):
        assert title not in page
    assert "There is nothing to read here yet." in get("/help/", B_HOST).content.decode()


def test_an_article_in_the_readers_language_and_in_the_other(cast: Cast) -> None:
    item = article(cast)
    run(item, cast.a)
    english = get(f"/help/{item.pk}/")
    assert "<strong>48 hours</strong>" in english.content.decode()
    chinese = get(f"/help/{item.pk}/", **ZH)
    assert "<strong>48 小时</strong>" in chinese.content.decode()
    assert '<html lang="zh-Hans">' in chinese.content.decode()
    switched = get(f"/help/{item.pk}/?language=zh-hans")
    assert "<strong>48 小时</strong>" in switched.content.decode()
    assert "/help/?language=zh-hans" in switched.content.decode()  # and stays
    assert (english["Content-Language"], switched["Content-Language"]) == ("en", "zh-hans")


def test_an_article_in_one_language_says_so(cast: Cast) -> None:
    item = article(cast, said={"title": {"zh": "发票"}, "body": {"zh": "电子发票"}})
    run(item, cast.a)
    page = get(f"/help/{item.pk}/").content.decode()
    assert "This article is in Chinese only." in page
    assert 'lang="zh-Hans"' in page


def test_the_stores_own_text_is_what_is_read(cast: Cast) -> None:
    item = article(cast)
    run(item, cast.a, override=content(title="Ours", body="From our own door."))
    run(item, cast.b)
    assert "From our own door." in get(f"/help/{item.pk}/").content.decode()
    assert "Ours" in get("/help/").content.decode()
    assert "48 hours" in get(f"/help/{item.pk}/", B_HOST).content.decode()


@pytest.mark.parametrize("audience", ["staff", "bot"])
def test_what_is_not_public_does_not_exist(cast: Cast, audience: str) -> None:
    item = article(cast, audience=audience)
    run(item, cast.a)
    never = get("/help/999999999/")
    assert (get(f"/help/{item.pk}/").status_code, never.status_code) == (404, 404)
    told, nothing = (re.sub(rb"[A-Za-z0-9]{64}", b"", answer.content) for answer in (get(f"/help/{item.pk}/"), never))
    assert told == nothing.replace(b"999999999", str(item.pk).encode())


def test_on_other_hosts_there_is_none(cast: Cast) -> None:
    item = article(cast)
    run(item, cast.a)
    for host in (NORTH_HOST, "localhost", "nobody.localhost"):
        assert get("/help/", host).status_code == 404
        assert get(f"/help/{item.pk}/", host).status_code == 404
    assert get(f"/help/{item.pk}/", B_HOST).status_code == 404
    assert get("/help/99999999999999999999/").status_code == 404


def test_any_cache_may_keep_it(cast: Cast) -> None:
    item = article(cast)
    run(item, cast.a)
    answer = get(f"/help/{item.pk}/")
    assert answer["Cache-Control"] == "public, max-age=60"
    assert {"Accept-Language", "Cookie"} <= {part.strip() for part in answer["Vary"].split(",")}
    assert "Set-Cookie" not in answer
    assert not answer.cookies
    assert get(f"/help/{item.pk}/", if_none_match=answer["ETag"]).status_code == 304
    assert get(f"/help/{item.pk}/", **ZH)["ETag"] != answer["ETag"]


def test_it_asks_for_no_script_and_changes_nothing(cast: Cast) -> None:
    run(article(cast), cast.a)
    page = get("/help/").content.decode()
    assert "<script" not in page
    assert "csrf" not in page
    assert Client(headers={"host": A_HOST}).post("/help/").status_code == 405


def test_a_search_finds_and_counts_what_it_does_not(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run(article(cast), cast.a)
    assert "1 answer for" in get("/help/?q=delivery").content.decode()
    assert "Nothing found for “tax return”" in get("/help/?q=tax+return").content.decode()
    monkeypatch.setattr(views.missed_of_address, "take", lambda address: False)
    assert get("/help/?q=other+words").status_code == 200
    with in_store(cast.a):
        row = MissedSearch.objects.get()
        assert (row.words, row.language, row.times, row.by_buyers) == ("tax return", "en", 1, 1)


@pytest.mark.parametrize(
    "words", ["%00", "%ED%A0%80", "' OR 1=1 --", "<script>alert(1)</script>", "x" * 5000, "a & | ! ( )"]
)
def test_a_search_for_anything_is_answered(cast: Cast, words: str) -> None:
    answer = Client(headers={"host": A_HOST}).get("/help/", {"q": words})
    assert answer.status_code == 200
    assert b"<script" not in answer.content


def test_an_articles_text_does_nothing_there(cast: Cast) -> None:
    said = content(
        title="<b>{{7*7}}</b>", body="<script>alert(1)</script> {{7*7}} {0.__class__} [x](javascript:alert(1))"
    )
    item = article(cast, said=said)
    run(item, cast.a)
    page = get(f"/help/{item.pk}/").content.decode()
    assert "<script" not in page
    assert "javascript:" not in page.replace("[x](javascript:alert(1))", "")
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in page
    assert "49" not in page.split("<main", 1)[1].split("</main>", 1)[0]
