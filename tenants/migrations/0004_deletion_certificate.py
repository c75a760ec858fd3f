"""A store has a life after its opening, and its end is certified."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0003_fence_and_ledger'),
    ]

    operations = [
        migrations.AddField(
            model_name='store',
            name='state_by',
            field=models.CharField(blank=True, help_text='Who suspended, archived or restored it.', max_length=200),
        ),
        migrations.AlterField(
            model_name='store',
            name='failure',
            field=models.TextField(blank=True, help_text='Why it is not open: what stopped its opening, or was said.'),
        ),
        migrations.AlterField(
            model_name='store',
            name='state',
            field=models.CharField(choices=[('requested', 'requested'), ('tables_made', 'tables made'), ('open', 'open'), ('failed', 'failed'), ('suspended', 'suspended'), ('archived', 'archived'), ('deleting', 'being deleted'), ('moving_in', 'being imported')], default='requested', max_length=20),
        ),
        migrations.CreateModel(
            name='DeletionCertificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agency_name', models.CharField(max_length=120)),
                ('slug', models.SlugField(max_length=40)),
                ('store_name', models.CharField(max_length=120)),
                ('schema_name', models.CharField(max_length=63, unique=True)),
                ('opened_at', models.DateTimeField()),
                ('archived_at', models.DateTimeField()),
                ('deleted_at', models.DateTimeField(null=True)),
                ('deleted_by', models.CharField(max_length=200)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('by_order', models.BooleanField(default=False, help_text='Before the grace period was over, for the reason given.')),
                ('counts', models.JSONField(help_text='tables and public: rows by table; undelivered and the like; files; bytes.')),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
            ],
            options={
                'indexes': [models.Index(fields=['slug', 'deleted_at'], name='certificate_by_slug')],
            },
        ),
    ]
