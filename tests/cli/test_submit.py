"""`clearinghouse submit --server`, against a live server: what is sent, what is refused, what is repeated."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import pytest
import requests
from typer.testing import CliRunner, Result

from clearinghouse.cli import remote
from clearinghouse.cli.main import app
from clearinghouse.cli.remote import Server, token_from
from clearinghouse.core.errors import ClearinghouseError, InvalidInput, UsageError
from clearinghouse.core.roles import Scope
from clearinghouse.intake.models import Report
from tests.api.factories import person, token
from tests.proofs.factories import Sketch, archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.enable_socket


def submit(*words: str) -> Result:
    return CliRunner().invoke(app, ["submit", *words])


@pytest.fixture
def token_file(transactional_db: None, tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(token(person("Lab One").party) + "\n")
    return file


def test_files_and_folders_are_sent_and_their_receipts_printed(
    live_server: LiveServer, token_file: Path, tmp_path: Path
) -> None:
    prose, bundle = tmp_path / "finding.md", tmp_path / "bundle.tar"
    prose.write_text("# The loader starts programs\n")
    bundle.write_bytes(archive(Sketch("alpha")))
    result = submit(str(prose), str(bundle), "--server", live_server.url, "--token-file", str(token_file), "--json")
    assert result.exit_code == 0, result.output
    receipts = [json.loads(line) for line in result.stdout.splitlines()]
    assert [receipt["state"] for receipt in receipts] == ["parked", "proving"]
    assert {report.name for report in Report.objects.all()} == {"finding.md", "bundle.tar"}
    assert token_file.read_text().strip() not in result.output


def test_with_wait_the_answer_is_waited_for_and_one_that_came_back_ends_with_1(
    live_server: LiveServer, token_file: Path, tmp_path: Path
) -> None:
    good, bad = tmp_path / "finding.md", tmp_path / "broken.zip"
    good.write_text("# The loader starts programs\n")
    bad.write_bytes(b"PK\x03\x04 no archive")
    common = ("--server", live_server.url, "--token-file", str(token_file), "--wait")
    assert submit(str(good), *common).exit_code == 0
    result = submit(str(good), str(bad), *common)
    assert result.exit_code == 1
    assert "returned" in result.stdout


def test_every_file_is_tried_and_the_first_failure_is_the_exit_code(
    live_server: LiveServer, token_file: Path, tmp_path: Path
) -> None:
    prose = tmp_path / "finding.md"
    prose.write_text("# The loader starts programs\n")
    missing = str(tmp_path / "missing")
    result = submit(missing, str(prose), "--server", live_server.url, "--token-file", str(token_file))
    assert result.exit_code == 65
    assert Report.objects.count() == 1


def test_a_token_that_may_not_submit_ends_with_77_and_says_what_to_use(
    live_server: LiveServer, transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARINGHOUSE_TOKEN", token(person("Lab One").party, Scope.CASES_READ))
    prose = tmp_path / "finding.md"
    prose.write_text("# The loader starts programs\n")
    result = submit(str(prose), "--server", live_server.url)
    assert result.exit_code == 77, result.output
    assert "reports:submit" in result.stderr


class Unsteady(http.server.BaseHTTPRequestHandler):
    """A server that fails in every way before it answers."""

    failures: ClassVar[list[int]] = []
    keys: ClassVar[list[str]] = []
    bearers: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["Idempotency-Key"])
        self.bearers.append(self.headers["Authorization"])
        if self.failures:
            status = self.failures.pop(0)
            if status:
                self.send_response(status)
                self.send_header("Location", "http://localhost:1/")
                self.send_header("Retry-After", "0")
                self.end_headers()
            return  # without a status: the connection just ends
        body = json.dumps({"id": "R-x", "state": "parked", "title": "\x1b[31mred", "reasons": []}).encode()
        self.send_response(202)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def unsteady(*failures: int) -> Iterator[str]:
    Unsteady.failures[:], Unsteady.keys[:], Unsteady.bearers[:] = failures, [], []
    with http.server.HTTPServer(("127.0.0.1", 0), Unsteady) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(remote.time, "sleep", lambda _seconds: None)
    monkeypatch.setenv("CLEARINGHOUSE_TOKEN", "a-token-of-ours")
    (tmp_path / ".netrc").write_text("default login other password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    prose = tmp_path / "finding.md"
    prose.write_text("# The loader starts programs\n")
    return str(prose)


def test_what_breaks_off_is_repeated_under_the_same_key(sent: str) -> None:
    with unsteady(0, 503, 429, 409) as address:
        result = submit(sent, "--server", address)
    assert result.exit_code == 0, result.output
    assert len(Unsteady.keys) == 5
    assert len(set(Unsteady.keys)) == 1
    assert set(Unsteady.bearers) == {"Bearer a-token-of-ours"}
    assert "\x1b" not in result.stdout


def test_what_keeps_failing_ends_with_69(sent: str) -> None:
    with unsteady(*[503] * 9) as address:
        result = submit(sent, "--server", address)
    assert result.exit_code == 69
    assert len(Unsteady.keys) == remote.ATTEMPTS


@pytest.mark.parametrize("status", [301, 307, 308])
def test_no_redirection_is_followed(sent: str, status: int) -> None:
    with unsteady(status) as address:
        result = submit(sent, "--server", address)
    assert result.exit_code == 69
    assert len(Unsteady.keys) == 1


def test_two_reports_have_two_keys(sent: str) -> None:
    with unsteady() as address:
        submit(sent, sent, "--server", address)
    assert len(set(Unsteady.keys)) == 2


@pytest.mark.parametrize("address", ["https://example.org", "http://localhost:8400", "http://[::1]/base/"])
def test_a_token_is_sent_over_https_or_to_this_machine(address: str) -> None:
    assert Server.parse(address).address == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    ["http://example.org", "ftp://example.org", "example.org", "https://u:p@example.org", "https://", "https://x/?q=1",
     "http://127.0.0.1.example.org", "https://[x"],
)  # fmt: skip
def test_any_other_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        Server.parse(address)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", UsageError), (b"two words", InvalidInput), (b"\xff", InvalidInput), (b"x" * 501, InvalidInput)],
)
def test_a_file_without_a_token_is_refused(tmp_path: Path, content: bytes, error: type[ClearinghouseError]) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(error):
        token_from(file, None)


def test_a_variable_of_another_name_may_hold_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_TOKEN", "x")
    assert token_from(None, "OUR_TOKEN") == "x"


@pytest.mark.parametrize(
    "words", [(), ("--finder", "Lab", "--wait"), ("--finder", "Lab", "--server", "https://x"), ("--token-env", "X")]
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert isinstance(submit(str(tmp_path), *words).exception, UsageError)


def test_an_upload_shows_how_far_it_is_on_a_terminal_and_nothing_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = b"x" * 100_000
    with remote.uploading(content) as data:
        assert data is content
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with remote.uploading(content) as data:
        sent = requests.Request("POST", "http://localhost", data=data).prepare()
        assert sent.headers["Content-Length"] == "100000"
        assert data.read() == content
    assert "sending" in capsys.readouterr().err
