from typing import Any

from django.db import migrations
from django.utils import timezone


def keep(apps: Any, _editor: object) -> None:
    """Cases published before the cut-off was kept go on showing what they show."""
    reports, now = apps.get_model("intake", "Report"), timezone.now()
    for case in apps.get_model("cases", "Case").objects.filter(state="published"):
        case.memberships.update(published_in=case, published_at=now)
        proofs = case.memberships.values("proof")
        reports.objects.filter(state="attached", proof__in=proofs).update(published_at=now)


class Migration(migrations.Migration):
    dependencies = [("cases", "0008_what_was_published"), ("intake", "0002_published_at")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
