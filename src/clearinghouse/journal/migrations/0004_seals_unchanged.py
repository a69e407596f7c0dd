# ruff: noqa: ANN001, ANN202, ARG001  # the shape of these functions is Django's
"""The database itself refuses to change a seal, once it is signed, or what a seal covers."""

from django.db import migrations

SQLITE = (
    """
    CREATE TRIGGER journal_seal_unchanged BEFORE UPDATE ON journal_seal
    WHEN OLD.key_id IS NOT NULL OR (NEW.number, NEW.at, NEW.previous, NEW.size, NEW.root, NEW.chains, NEW.heads)
        IS NOT (OLD.number, OLD.at, OLD.previous, OLD.size, OLD.root, OLD.chains, OLD.heads)
    BEGIN SELECT RAISE(ABORT, 'seals of the journal are never changed'); END
    """,
    """
    CREATE TRIGGER journal_sealleaf_unchanged BEFORE UPDATE ON journal_sealleaf
    BEGIN SELECT RAISE(ABORT, 'seals of the journal are never changed'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION journal_seal_unchanged() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'seals of the journal are never changed'; END $$
    """,
    """
    CREATE TRIGGER journal_seal_unchanged BEFORE UPDATE ON journal_seal FOR EACH ROW
    WHEN (OLD.key_id IS NOT NULL OR (NEW.number, NEW.at, NEW.previous, NEW.size, NEW.root, NEW.chains, NEW.heads)
        IS DISTINCT FROM (OLD.number, OLD.at, OLD.previous, OLD.size, OLD.root, OLD.chains, OLD.heads))
    EXECUTE FUNCTION journal_seal_unchanged()
    """,
    """
    CREATE TRIGGER journal_sealleaf_unchanged BEFORE UPDATE ON journal_sealleaf
    FOR EACH ROW EXECUTE FUNCTION journal_seal_unchanged()
    """,
)


def _add(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def _drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION journal_seal_unchanged() CASCADE")
        return
    for name in ("journal_seal_unchanged", "journal_sealleaf_unchanged"):
        schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("journal", "0003_seals")]
    operations = [migrations.RunPython(_add, _drop)]
