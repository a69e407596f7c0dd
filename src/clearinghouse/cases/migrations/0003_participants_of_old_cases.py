from typing import Any
from uuid import uuid4

from django.db import migrations, models


def give_keys(apps: Any, _editor: object) -> None:
    for case in apps.get_model("cases", "Case").objects.filter(key__isnull=True):
        case.key = uuid4().hex
        if case.state == "published":
            case.tlp = "CLEAR"
        case.save(update_fields=["key", "tlp"])


def note_origins(apps: Any, _editor: object) -> None:
    membership = apps.get_model("cases", "Membership")
    membership.objects.filter(brought_to__isnull=True).update(brought_to=models.F("case"))


def enrol_finders(apps: Any, _editor: object) -> None:
    """Whose report was attached before takes part from its attachment on."""
    participant = apps.get_model("cases", "Participant")
    attached = apps.get_model("intake", "Report").objects.filter(state="attached", proof__membership__isnull=False)
    for report in attached.select_related("proof__membership").order_by("received_at", "id"):
        defaults = {
            "roles": ["finder", "reporter"],
            "invited_at": report.closed_at or report.received_at,
            "invited_by": "intake",
        }
        case, party = report.proof.membership.case_id, report.finder_id
        participant.objects.get_or_create(case_id=case, party_id=party, defaults=defaults)


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_participants")]

    operations = [
        migrations.RunPython(give_keys, migrations.RunPython.noop),
        migrations.RunPython(note_origins, migrations.RunPython.noop),
        migrations.RunPython(enrol_finders, migrations.RunPython.noop),
    ]
