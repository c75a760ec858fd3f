"""Articles: their list, one of them, its editor, its versions and history; what readers correct in them."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from knowledge.admin.articles.bulk import ArticleBulkPage
from knowledge.admin.articles.corrections import CorrectionPage, CorrectionsPage
from knowledge.admin.articles.edit import ArticleEditPage, ArticleNewPage
from knowledge.admin.articles.listed import ArticleListPage
from knowledge.admin.articles.one import ArticleHistoryPage, ArticlePage, ArticleVersionPage
from knowledge.admin.articles.transfer import ArticleExportPage, ArticleImportPage, ArticlePlanPage
from knowledge.models import Kind
from knowledge.queries.corrections import open_corrections
from knowledge.search import search_library
from tenants.access import Action, Caller
from tenants.admin_site.entries import Found, NavEntry, Section, add_nav, add_search

for page in (
    ArticleListPage,
    ArticleNewPage,
    ArticleBulkPage,
    ArticleImportPage,
    ArticlePlanPage,
    ArticleExportPage,
    ArticlePage,
    ArticleEditPage,
    ArticleVersionPage,
    ArticleHistoryPage,
    CorrectionsPage,
    CorrectionPage,
):
    page.register()


def search_articles(words: str, caller: Caller) -> list[Found]:
    found = search_library(caller, words, kind=Kind.ARTICLE, limit=10)
    return [Found(line.name, reverse("admin:article", args=[line.item_id]), _("article")) for line in found]


add_nav(
    NavEntry(Section.WRITE, _("Articles"), "admin:articles", Action.READ_LIBRARY, icon="menu_book", order=20),
    NavEntry(
        Section.LISTEN,
        _("Corrections"),
        "admin:corrections",
        Action.READ_LIBRARY,
        icon="rate_review",
        order=10,
        badge=open_corrections,
    ),
)
add_search(search_articles, Action.READ_LIBRARY)
