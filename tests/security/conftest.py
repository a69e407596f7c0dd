"""The world of these tests, built once for each file of them: what a test does to it is rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.roles import Scope
from tests.security.world import VIEWERS, World, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="module")
def found(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The world, with everybody's tokens and sessions."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = world()
        for viewer in VIEWERS:
            made.program(viewer)
            made.browser(viewer)
        for scope in Scope:
            made.program("coordinator", *(other for other in Scope if other != scope))
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of requests a minute are nobody's here."""
    monkeypatch.setattr(wiring, "settings", lambda: Settings(api_token_limit=10**6, api_address_limit=10**6))
