# ruff: noqa: ANN001, ANN202, ARG001  # the shape of these functions is Django's
"""The database itself refuses to move a window once it was accepted, but for an earlier end."""

from django.db import migrations

_WRONG = (
    "OLD.state NOT IN ('draft', 'submitted') AND OLD.closes_at IS NOT NULL AND (NEW.closes_at IS NULL "
    "OR NEW.closes_at > OLD.closes_at OR NEW.opens_at IS NULL OR NEW.opens_at <> OLD.opens_at)"
)
SQLITE = f"""
CREATE TRIGGER reviews_never_later BEFORE UPDATE ON reviews_review WHEN {_WRONG}
BEGIN SELECT RAISE(ABORT, 'a window is never prolonged'); END
"""
POSTGRESQL = f"""
CREATE FUNCTION reviews_never_later() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a window is never prolonged' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER reviews_never_later BEFORE UPDATE ON reviews_review
FOR EACH ROW WHEN ({_WRONG}) EXECUTE FUNCTION reviews_never_later();
"""


def _add(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def _drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION reviews_never_later() CASCADE")
    else:
        schema_editor.execute("DROP TRIGGER reviews_never_later")


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]
    operations = [migrations.RunPython(_add, _drop)]
