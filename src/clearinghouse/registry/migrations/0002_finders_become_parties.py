from typing import Any
from uuid import uuid4

from django.db import migrations, models

import clearinghouse.registry.models


def give_keys(apps: Any, _editor: object) -> None:
    party = apps.get_model("registry", "Party")
    for row in party.objects.filter(key__isnull=True):
        row.key = uuid4().hex
        row.save(update_fields=["key"])


class Migration(migrations.Migration):
    # Reports point to finders: their table must know them by the old name before it follows the new one.
    dependencies = [("registry", "0001_initial"), ("intake", "0001_initial")]

    operations = [
        migrations.RenameModel("Finder", "Party"),
        migrations.AlterField("party", "name", models.CharField(max_length=200)),
        migrations.AddField("party", "key", models.CharField(max_length=32, null=True)),
        migrations.RunPython(give_keys, migrations.RunPython.noop),
        migrations.AlterField(
            "party",
            "key",
            models.CharField(default=clearinghouse.registry.models.new_key, editable=False, max_length=32, unique=True),
        ),
        migrations.AddField(
            "party",
            "kind",
            models.CharField(
                choices=[("organisation", "organisation"), ("person", "person"), ("name", "name")],
                default="name",
                max_length=12,
            ),
        ),
    ]
