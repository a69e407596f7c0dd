"""A home with its database, for processes that are killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import databases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder that is made by its first user, and the database that goes with it."""
    with databases.made(tmp_path / "home") as made:
        yield made
