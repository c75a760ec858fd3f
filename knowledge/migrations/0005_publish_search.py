"""The library's search: its tables, and the views that it reads. The extensions come with PostgreSQL."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension
from django.db import migrations, models

# A view goes by its owner's rights, past row security; so each narrows by what the fence says, in its own words.
# `check --database` looks whether it does. Their columns are counted up, so that a new one of the table is a decision.
# The two functions are the fence's (tenants.fleet.fence), which is written after all migrations, and then again.
VIEWS = """
CREATE OR REPLACE FUNCTION public.fence_agency() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('fence.agency', true), '')::bigint $$;
CREATE OR REPLACE FUNCTION public.fence_store() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('fence.store', true), '')::bigint $$;
CREATE VIEW public.knowledge_foundentry AS
  SELECT id, agency_id, item_id, version_id, store_id, title_zh, title_en, text_zh, text_en, names, title_words, words
  FROM public.knowledge_searchentry
  WHERE agency_id = public.fence_agency()
    AND (store_id IS NULL OR public.fence_store() IS NULL OR store_id = public.fence_store());
CREATE VIEW public.knowledge_foundword AS
  SELECT id, agency_id, word, sound FROM public.knowledge_searchword WHERE agency_id = public.fence_agency();
"""
NO_VIEWS = "DROP VIEW public.knowledge_foundentry; DROP VIEW public.knowledge_foundword"


class Migration(migrations.Migration):

    dependencies = [
        ('knowledge', '0004_replies'),
        ('tenants', '0005_teams_and_changes'),
    ]

    operations = [
        TrigramExtension(),
        BtreeGinExtension(),
        migrations.CreateModel(
            name='FoundEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'verbose_name_plural': 'found entries',
                'db_table': 'knowledge_foundentry',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='FoundWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'db_table': 'knowledge_foundword',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title_zh', models.CharField(blank=True, max_length=200)),
                ('title_en', models.CharField(blank=True, max_length=200)),
                ('text_zh', models.TextField(blank=True, help_text='Plain, for snippets.')),
                ('text_en', models.TextField(blank=True)),
                ('names', models.TextField(blank=True, help_text='Titles and shortcut in small letters, for what is mistyped.')),
                ('title_words', django.contrib.postgres.search.SearchVectorField()),
                ('words', django.contrib.postgres.search.SearchVectorField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.agency')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='knowledge.item')),
                ('store', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.store')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='knowledge.version')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['agency', 'words'], fastupdate=False, name='search_entry_words'), django.contrib.postgres.indexes.GinIndex(fields=['agency', 'title_words'], fastupdate=False, name='search_entry_title'), django.contrib.postgres.indexes.GinIndex(fields=['agency', 'names'], opclasses=['int8_ops', 'gin_trgm_ops'], fastupdate=False, name='search_entry_names')],
                'constraints': [models.UniqueConstraint(fields=('item', 'version', 'store'), name='search_entry_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=64)),
                ('sound', models.CharField(blank=True, max_length=120)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.agency')),
            ],
            options={
                'indexes': [models.Index(fields=['agency', 'sound'], name='search_word_sound'), django.contrib.postgres.indexes.GinIndex(fields=['agency', 'word'], opclasses=['int8_ops', 'gin_trgm_ops'], fastupdate=False, name='search_word_looks')],
                'constraints': [models.UniqueConstraint(fields=('agency', 'word'), name='search_word_once')],
            },
        ),
        migrations.RunSQL(VIEWS, NO_VIEWS),
    ]
