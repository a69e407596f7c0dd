from django.db import migrations, models


class Migration(migrations.Migration):
    # Parties first: unapplying their renaming makes this table anew, from what it had then.
    dependencies = [("intake", "0001_initial"), ("registry", "0003_people")]

    operations = [
        migrations.AddField(
            model_name="report",
            name="published_at",
            field=models.DateTimeField(null=True),
        ),
    ]
