from typing import Any

from django.db import migrations


def state(apps: Any, _editor: object) -> None:
    """What was published before cases had facts: the public knows, and so does whoever makes the software."""
    fact = apps.get_model("cases", "StatusFact")
    for case in apps.get_model("cases", "Case").objects.filter(state="published"):
        for name, cause in (("public aware", ""), ("vendor aware", "public aware")):
            fact.objects.get_or_create(
                case=case,
                fact=name,
                defaults={
                    "cause": cause,
                    "at": case.published_at,
                    "stated_by": "clearinghouse",
                    "because": "published by the clearinghouse",
                },
            )


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_finders_stand_by_it")]

    operations = [migrations.RunPython(state, migrations.RunPython.noop)]
