import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.registry.models


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_participants_of_old_cases")]

    operations = [
        migrations.AlterField(
            "case",
            "key",
            models.CharField(default=clearinghouse.registry.models.new_key, editable=False, max_length=32, unique=True),
        ),
        migrations.AlterField(
            "membership",
            "brought_to",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"),
        ),
    ]
