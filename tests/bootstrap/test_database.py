"""Where the tables are is one setting, and what it holds of secrets is shown nowhere."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from clearinghouse.bootstrap import database
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.errors import InvalidInput
from tests.databases import environment

if TYPE_CHECKING:
    from pathlib import Path

URL = "postgresql://alice:hunter2%21@db.example:6432/hub?sslmode=verify-full"


def test_without_an_address_the_tables_are_a_file_in_the_home_folder(tmp_path: Path) -> None:
    found = database.for_django(Settings(home=tmp_path))
    assert found["ENGINE"].endswith("sqlite3")
    assert found["NAME"] == tmp_path / "clearinghouse.sqlite3"


def test_an_address_is_read_with_its_options_and_a_dead_server_is_noticed() -> None:
    found = database.for_django(Settings(database_url=SecretStr(URL)))
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("hub", "alice", "hunter2!")
    assert (found["HOST"], found["PORT"]) == ("db.example", "6432")
    assert found["OPTIONS"]["sslmode"] == "verify-full"
    assert int(found["OPTIONS"]["keepalives_idle"]) > 0
    assert found["CONN_HEALTH_CHECKS"]


def test_a_socket_folder_may_stand_in_place_of_a_host() -> None:
    found = database.postgres("postgresql:///hub?host=/var/run/postgresql")
    assert found is not None
    assert (found.host, found.name, found.password) == ("/var/run/postgresql", "hub", "")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://alice:hunter2@db.example/hub",
        "postgresql://alice:hunter2@db.example",
        "postgresql://alice:hunter2@[db.example/hub",
        "postgresql://alice:hunter2@db.example/hub?no_such_option=1",
        "hunter2",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidInput, match="CLEARINGHOUSE_DATABASE_URL") as refused:
        database.for_django(Settings(database_url=SecretStr(url)))
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_settings_and_addresses_are_shown_without_the_password() -> None:
    settings = Settings(database_url=SecretStr(URL))
    shown = f"{settings!r} {settings.model_dump_json()} {database.postgres(URL)!r}"
    assert "alice" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("log_level", ["DEBUG", "WARNING"])
def test_a_database_that_does_not_answer_is_one_line_without_the_password(tmp_path: Path, log_level: str) -> None:
    url = f"postgresql://alice:hunter2@/hub?host={tmp_path}"
    done = subprocess.run(
        [sys.executable, "-c", "from clearinghouse.cli.main import main; main()", "report", "list"],
        env=environment(tmp_path, CLEARINGHOUSE_DATABASE_URL=url, CLEARINGHOUSE_LOG_LEVEL=log_level),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 69, done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert "PostgreSQL database 'hub'" in done.stderr
    assert "correct CLEARINGHOUSE_DATABASE_URL" in done.stderr
