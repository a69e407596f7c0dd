import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0007_published_is_public")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="published_in",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="published_at",
            field=models.DateTimeField(null=True),
        ),
    ]
