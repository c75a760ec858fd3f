"""Articles beside a conversation: what the store runs for the ticket, found, put into the answer, corrected."""

from __future__ import annotations

from typing import Any

from knowledge.models import Correction, Use
from tenants.context import in_store
from tests.cast import Cast
from tests.conftest import SignIn
from tests.knowledge.articles import article, content, run
from tickets.models import MissedSearch, Ticket

PANE = "/desk/store-a/1/knowledge/"


def lines(answer: Any, which: str = "first") -> list[str]:
    return ["".join(part.text for part in line.title) for line in getattr(answer.context["pane"], which)]


def test_the_tickets_category_comes_first(cast: Cast, sign_in: SignIn) -> None:
    run(article(cast, said=content(title="Delivery"), categories=("logistics",)), cast.a)
    run(article(cast, said=content(title="Anything"), categories=()), cast.a)
    run(article(cast, said=content(title="Sizes"), categories=("size",)), cast.a)
    run(article(cast, said=content(title="Elsewhere"), categories=("logistics",)), cast.b)
    with in_store(cast.a):
        Ticket.objects.filter(pk=1).update(category="logistics")
        Ticket.objects.get(pk=1).customer.__class__.objects.update(language="en")
    pane = sign_in(cast.bo).get(PANE)
    assert (lines(pane), lines(pane, "others")) == (["Delivery"], ["Anything"])


def test_words_find_and_what_they_do_not_is_counted_once_meant(cast: Cast, sign_in: SignIn) -> None:
    run(article(cast), cast.a)
    bo = sign_in(cast.bo)
    assert "Delivery" in bo.get(PANE, {"q": "delivery"}).content.decode()
    assert lines(bo.get(PANE, {"q": "gift wr"})) == []
    bo.get(PANE, {"q": "gift wrapping", "done": "1"})
    with in_store(cast.a):
        row = MissedSearch.objects.get()
        assert (row.words, row.times, row.by_buyers) == ("gift wrapping", 1, 0)


def test_one_is_read_in_place_in_both_languages(cast: Cast, sign_in: SignIn) -> None:
    item = article(cast)
    run(item, cast.a)
    english = sign_in(cast.bo).get(f"{PANE}{item.pk}/", {"language": "en"}).content.decode()
    assert "<strong>48 hours</strong>" in english
    assert f"http://store-a.localhost:8000/help/{item.pk}/?language=en" in english
    assert "<strong>48 小时</strong>" in sign_in(cast.bo).get(f"{PANE}{item.pk}/", {"language": "zh"}).content.decode()


def test_what_is_for_staff_is_not_put_into_an_answer(cast: Cast, sign_in: SignIn) -> None:
    item = article(cast, audience="staff")
    run(item, cast.a)
    page = sign_in(cast.bo).get(f"{PANE}{item.pk}/").content.decode()
    assert "data-knowledge-quote" not in page
    assert "/help/" not in page
    assert sign_in(cast.di, "store-a.localhost").get(f"{PANE}{item.pk}/").status_code == 404


def test_an_answer_made_of_it_is_counted(cast: Cast, sign_in: SignIn) -> None:
    item, other = article(cast), article(cast, said=content(title="Not here"))
    run(item, cast.a)
    reply = {"body": "We ship within 48 hours.", "client_key": "k-1", "seen_seq": "99"}
    answer = sign_in(cast.bo).post("/desk/store-a/1/reply/", {**reply, "used": [str(item.pk), str(other.pk)]})
    assert answer.status_code == 302
    assert [(use.item_id, use.person, use.ticket_number) for use in Use.objects.all()] == [(item.pk, cast.bo, 1)]
    seller = {**reply, "client_key": "k-2", "used": [str(item.pk)]}
    assert sign_in(cast.di, "store-a.localhost").post("/desk/store-a/1/reply/", seller).status_code == 302


def test_a_correction_is_proposed_where_it_is_read(cast: Cast, sign_in: SignIn) -> None:
    item = article(cast)
    run(item, cast.a, override=content(body="Our own words."))
    path = f"{PANE}{item.pk}/correct/"
    said = {"language": "en", "after": "Better words.", "reason": "I asked the warehouse."}
    done = sign_in(cast.bo).post(path, said, headers={"HX-Request": "true"})
    assert "your correction is with those who write" in done.content.decode()
    one = Correction.objects.get()
    assert (one.before, one.after, one.store, one.author) == ("Our own words.", "Better words.", cast.a, cast.bo)
    refused = sign_in(cast.bo).post(path, {**said, "reason": ""}, headers={"HX-Request": "true"})
    assert refused.status_code == 400
    assert 'data-field="reason"' in refused.content.decode()
    assert Correction.objects.count() == 1


def test_what_the_store_does_not_run_does_not_exist(cast: Cast, sign_in: SignIn) -> None:
    item = article(cast)
    run(item, cast.b)
    bo = sign_in(cast.bo)
    assert bo.get(f"{PANE}{item.pk}/").status_code == 404
    said = {"language": "en", "after": "x", "reason": "y"}
    assert bo.post(f"{PANE}{item.pk}/correct/", said).status_code == 404
    assert bo.get(f"/desk/store-b/1/knowledge/{item.pk}/").status_code == 404
    assert not Correction.objects.exists()
