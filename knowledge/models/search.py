"""What the library's search looks in: an item's words as they are searched for, and every word it knows.

Row security would keep PostgreSQL from using an index on words, for it can't know that comparing words tells nothing
about rows that one may not see. So the search reads two views (see migration `search_views`), which narrow to the
agency themselves; only verbs touch the tables.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from knowledge.models.item import Item
from knowledge.models.version import Version
from tenants.models import Agency, Store
from tenants.models.grants import EVERYTHING, Grants


class SearchEntry(models.Model):
    """A version's words; with `store`, those of that store's override; with neither, of a draft without a version."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(Version, null=True, on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.CASCADE, related_name="+")
    title_zh = models.CharField(max_length=200, blank=True)
    title_en = models.CharField(max_length=200, blank=True)
    text_zh = models.TextField(blank=True, help_text="Plain, for snippets.")
    text_en = models.TextField(blank=True)
    names = models.TextField(blank=True, help_text="Titles and shortcut in small letters, for what is mistyped.")
    title_words = SearchVectorField()
    words = SearchVectorField()

    grants = Grants(desk=EVERYTHING)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "version", "store"], nulls_distinct=False, name="search_entry_once"
            ),
        ]
        indexes = [
            # search.statements: all words of what is asked for.
            GinIndex(fields=["agency", "words"], name="search_entry_words", fastupdate=False),
            # search.statements: the same in titles, where the best ones are.
            GinIndex(fields=["agency", "title_words"], name="search_entry_title", fastupdate=False),
            # search.statements: titles that look like what was typed.
            GinIndex(
                fields=["agency", "names"],
                opclasses=["int8_ops", "gin_trgm_ops"],
                name="search_entry_names",
                fastupdate=False,
            ),
        ]


class SearchWord(models.Model):
    """A word that some entry of the agency has, or had: what a mistyped one may have meant. `sound`: its pinyin."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+")
    word = models.CharField(max_length=64)
    sound = models.CharField(max_length=120, blank=True)

    grants = Grants(desk=EVERYTHING)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "word"], name="search_word_once")]
        indexes = [
            # search.statements: words that sound alike.
            models.Index(fields=["agency", "sound"], name="search_word_sound"),
            # search.statements: words that look alike, or have this in them.
            GinIndex(
                fields=["agency", "word"],
                opclasses=["int8_ops", "gin_trgm_ops"],
                name="search_word_looks",
                fastupdate=False,
            ),
        ]


class FoundEntry(models.Model):
    """The view over SearchEntry that a search reads. Nothing is queried by the ORM here; it names the grants."""

    grants = Grants(desk="SELECT", store="SELECT", operator="")

    class Meta:
        managed = False
        db_table = "knowledge_foundentry"
        verbose_name_plural = "found entries"


class FoundWord(models.Model):
    """The view over SearchWord."""

    grants = Grants(desk="SELECT", store="SELECT", operator="")

    class Meta:
        managed = False
        db_table = "knowledge_foundword"
