"""How many conversations an address has begun with a store's widget lately."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('desk', '0006_touched'),
        ('tenants', '0005_teams_and_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Arrivals',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=20)),
                ('since', models.DateTimeField(help_text='When the first of them began.')),
                ('count', models.PositiveIntegerField()),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.store')),
            ],
            options={
                'verbose_name_plural': 'arrivals',
                'constraints': [models.UniqueConstraint(fields=('store', 'address'), name='arrivals_one_row_per_address')],
            },
        ),
    ]
