"""The words by which people, stores and their fields are called, and what a desk may set of a store."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0005_teams_and_changes'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='assignment',
            options={'verbose_name': 'given store', 'verbose_name_plural': 'who has which store'},
        ),
        migrations.AlterModelOptions(
            name='membership',
            options={'verbose_name': 'person', 'verbose_name_plural': 'people'},
        ),
        migrations.AlterModelOptions(
            name='store',
            options={'verbose_name': 'store', 'verbose_name_plural': 'stores'},
        ),
        migrations.AlterField(
            model_name='assignment',
            name='alias',
            field=models.CharField(blank=True, help_text="The name that buyers and the seller see. Empty: the store's own name.", max_length=40, verbose_name='alias'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='role',
            field=models.CharField(choices=[('agent', 'agent'), ('seller', 'seller')], max_length=10, verbose_name='role'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='tenants.store', verbose_name='store'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
        migrations.AlterField(
            model_name='membership',
            name='role',
            field=models.CharField(choices=[('owner', 'owner'), ('lead', 'lead'), ('agent', 'agent')], max_length=10, verbose_name='role'),
        ),
        migrations.AlterField(
            model_name='membership',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
        migrations.AlterField(
            model_name='store',
            name='band',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='colour'),
        ),
        migrations.AlterField(
            model_name='store',
            name='marketplace',
            field=models.CharField(choices=[('tiktok_shop', 'TikTok Shop'), ('tmall', 'Tmall'), ('taobao', 'Taobao'), ('douyin', 'Douyin'), ('amazon', 'Amazon'), ('ebay', 'eBay'), ('web', 'Web shop')], max_length=20, verbose_name='marketplace'),
        ),
        migrations.AlterField(
            model_name='store',
            name='name',
            field=models.CharField(max_length=120, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='store',
            name='state',
            field=models.CharField(choices=[('requested', 'requested'), ('tables_made', 'tables made'), ('open', 'open'), ('failed', 'failed'), ('suspended', 'suspended'), ('archived', 'archived'), ('deleting', 'being deleted'), ('moving_in', 'being imported')], default='requested', max_length=20, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='store',
            name='time_zone',
            field=models.CharField(default='Asia/Shanghai', max_length=64, verbose_name='time zone'),
        ),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=models.EmailField(max_length=254, unique=True, verbose_name='e-mail'),
        ),
        migrations.AlterField(
            model_name='user',
            name='name',
            field=models.CharField(blank=True, max_length=80, verbose_name='name'),
        ),
    ]
