"""What stands in the tables, without what may differ between two runs that did the same: keys, instants, chance."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models

from clearinghouse.bootstrap import wiring

# What counts attempts differs when one was cut short; hashes depend on instants, and `verify` looks at them.
IGNORED = {
    "proofs.Proof.attempts",
    "proofs.Proof.match_attempts",
    "journal.Entry.hash",
    "journal.Entry.previous",
    "journal.Chain.head",
    "registry.ApiToken.prefix",
    "registry.ApiToken.hash",
    "registry.Invitation.hash",
    "registry.Person.password",
}
# When seals are made depends on the clock; `verify` looks at them too.
UNSEEN = {"journal.Seal", "journal.SealLeaf", "journal.SealedChain"}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_CHANCE = re.compile(r"\b[0-9a-f]{32}\b|\bclh_[\w-]{8}")


def left() -> str:
    """A digest of all that a killed process left: every row of every table of ours, and every file."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # a name of the database's
            digest.update(f"{table}{sorted(map(repr, cursor.fetchall()))}".encode())
    root = wiring.settings().root
    for path in sorted(root.rglob("*")):
        digest.update(f"{path.relative_to(root)} {path.lstat().st_mode}".encode())
        if path.is_file() and not path.name.startswith(Path(wiring.settings().database).name):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def taken() -> dict[str, list[str]]:
    """Every row of our tables as text, by model, in an order of its own."""
    found = {}
    for config in apps.get_app_configs():
        if config.name.startswith("clearinghouse."):
            for model in config.get_models(include_auto_created=True):
                if model._meta.label in UNSEEN:
                    continue
                found[model._meta.label] = sorted(_row(row) for row in model._default_manager.all())
    return found


def _row(row: models.Model) -> str:
    return json.dumps({field.name: _value(row, field) for field in _fields(row)}, sort_keys=True)


def _fields(row: models.Model) -> list[models.Field[Any, Any]]:
    fields = [field for field in row._meta.concrete_fields if not isinstance(field, models.AutoField)]
    return [field for field in fields if f"{row._meta.label}.{field.name}" not in IGNORED]


def _value(row: models.Model, field: models.Field[Any, Any]) -> Any:
    value = getattr(row, field.attname)
    if isinstance(field, models.ForeignKey):
        return None if value is None else _label(getattr(row, field.name))
    if isinstance(field, models.DateTimeField | models.DateField):
        return value is not None
    if isinstance(field, models.BinaryField):
        return hashlib.sha256(bytes(value)).hexdigest()
    return _CHANCE.sub("*", _INSTANT.sub("@", json.dumps(value, sort_keys=True, default=str)))


def _label(row: models.Model) -> str:
    """What tells a row from others of its table: the first unique field that is no chance, or the first unique set."""
    for field in _fields(row):
        if field.unique and (text := str(_value(row, field))) and "*" not in text:
            return text
    for constraint in row._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            return "/".join(str(_value(row, row._meta.get_field(name))) for name in constraint.fields)  # type: ignore[arg-type]
    return _row(row)
