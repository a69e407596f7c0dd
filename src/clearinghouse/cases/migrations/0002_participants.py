import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_initial"),
        ("intake", "0001_initial"),
        ("registry", "0002_finders_become_parties"),
    ]

    operations = [
        migrations.AddField("case", "key", models.CharField(max_length=32, null=True)),
        migrations.AddField(
            "case",
            "tlp",
            models.CharField(
                choices=[(t, t) for t in ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")],
                default="AMBER",
                max_length=12,
            ),
        ),
        migrations.AddField(
            "case",
            "embargo",
            models.CharField(
                choices=[(e, e) for e in ("none", "proposed", "active", "revise", "exited")],
                default="none",
                max_length=10,
            ),
        ),
        migrations.AddField("case", "ends_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "membership",
            "brought_to",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"
            ),
        ),
        migrations.CreateModel(
            name="Participant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("roles", models.JSONField(default=list)),
                (
                    "consent",
                    models.CharField(
                        choices=[(c, c) for c in ("no_embargo", "invited", "signatory", "declined", "lapsed")],
                        default="no_embargo",
                        max_length=12,
                    ),
                ),
                ("named", models.BooleanField(default=False)),
                ("invited_at", models.DateTimeField()),
                ("invited_by", models.CharField(max_length=200)),
                ("rsvp_by", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="participants", to="cases.case"
                    ),
                ),
                ("covers", models.ManyToManyField(related_name="+", to="cases.case")),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="participations", to="registry.party"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            "participant",
            models.UniqueConstraint(fields=("case", "party"), name="cases_one_participation"),
        ),
    ]
