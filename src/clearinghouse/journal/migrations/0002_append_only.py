# ruff: noqa: ANN001, ANN202, ARG001  # the shape of these functions is Django's
"""The database itself refuses to change an entry (deleting one shows in the chain's head)."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER journal_entry_unchanged BEFORE UPDATE ON journal_entry
BEGIN SELECT RAISE(ABORT, 'journal entries are never changed'); END
"""
POSTGRESQL = """
CREATE FUNCTION journal_entry_unchanged() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'journal entries are never changed'; END $$;
CREATE TRIGGER journal_entry_unchanged BEFORE UPDATE ON journal_entry
FOR EACH ROW EXECUTE FUNCTION journal_entry_unchanged();
"""


def _add(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def _drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION journal_entry_unchanged() CASCADE")
    else:
        schema_editor.execute("DROP TRIGGER journal_entry_unchanged")


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(_add, _drop)]
