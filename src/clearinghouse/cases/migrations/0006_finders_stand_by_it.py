from typing import Any

from django.db import migrations


def take_on(apps: Any, _editor: object) -> None:
    """Who brought a bug has taken it on: so participants enter now, and so do those of before."""
    for row in apps.get_model("cases", "Participant").objects.filter(management="start"):
        if {"finder", "reporter", "owner"} & set(row.roles):
            row.management = "accepted"
            row.save(update_fields=["management"])


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_embargo")]

    operations = [migrations.RunPython(take_on, migrations.RunPython.noop)]
