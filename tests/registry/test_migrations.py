"""A home from before there were people keeps its finders and their reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE: list[Any] = [("registry", "0001_initial"), ("intake", "0001_initial"), ("cases", None), ("advisories", None)]
AFTER: list[Any] = [("registry", "0003_people")]


@pytest.mark.django_db(transaction=True)
def test_finders_become_parties_with_keys_of_their_own() -> None:
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        then = executor.loader.project_state(BEFORE[:2]).apps
        finders = then.get_model("registry", "Finder")
        for name in ("Lab One", "Lab Two"):
            handle = name.lower().replace(" ", "-")
            finders.objects.create(name=name, handle=handle, known_since=datetime(2026, 6, 2, tzinfo=UTC))
        executor = MigrationExecutor(connection)
        executor.migrate(AFTER)
        now = executor.loader.project_state(AFTER).apps
        rows = now.get_model("registry", "Party").objects.order_by("id")
        assert [(row.name, row.handle, row.kind) for row in rows] == [
            ("Lab One", "lab-one", "name"),
            ("Lab Two", "lab-two", "name"),
        ]
        assert len({row.key for row in rows}) == 2
        assert all(len(row.key) == 32 for row in rows)
    finally:
        MigrationExecutor(connection).migrate(leaves)
