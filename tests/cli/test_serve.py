from __future__ import annotations

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from clearinghouse.cli import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.enable_socket
COMMAND = [sys.executable, "-c", "from clearinghouse.cli.main import main; main()", "serve"]


@contextmanager
def serving(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command in a process of its own, with the port that it says it listens on."""
    environment = {**os.environ, "CLEARINGHOUSE_HOME": str(home)}
    process = subprocess.Popen([*COMMAND, *options], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 60)[0], "it did not say that it listens"
        found = re.search(r":(\d+)/$", process.stdout.readline().strip())
        assert found
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_on_loopback_pages_are_read_as_the_coordinator_unless_somebody_passed_the_request_on(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "0") as (process, port):
        status, headers, body = get(port, "/reports")
        assert status == 200
        assert "reads as the coordinator" in body
        assert "Server" not in headers
        assert get(port, "/reports", {"X-Forwarded-For": "192.0.2.7"})[0] == 404
        assert get(port, "/", {"Host": "evil.example"})[0] == 400
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_on_other_addresses_pages_show_what_is_public_and_sigterm_ends_it_too(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", "--port", "0") as (process, port):
        assert get(port, "/reports")[0] == 404
        assert "Public view" in get(port, "/")[2]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_a_port_that_is_taken_ends_with_one_line_and_69(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = {**os.environ, "CLEARINGHOUSE_HOME": str(tmp_path)}
        done = subprocess.run([*COMMAND, "--port", port], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 69
    assert done.stderr.count("\n") == 1
    assert "choose another with --port" in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_is_known_by_its_address(host: str) -> None:
    assert serve.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org", "127.0.0.1.example.org", ""])
def test_any_other_address_or_name_is_not_loopback(host: str) -> None:
    assert not serve.is_loopback(host)


def refused(port: int, head: str, body: Iterator[bytes]) -> tuple[int, dict[str, str], dict[str, str]]:
    """What a sender reads that sends everything before it reads anything."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(f"POST /api/v1/reports HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())
        for chunk in body:
            connection.sendall(chunk)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, dict(answer.getheaders()), json.loads(answer.read())


def test_a_body_that_is_larger_than_anything_is_refused_with_a_problem_that_its_sender_gets_to_read(
    tmp_path: Path,
) -> None:
    size, mib = serve.MAX_REQUEST_BYTES + 2**20, bytes(2**20)
    mebibytes = size // 2**20
    chunk = b"100000\r\n" + mib + b"\r\n"
    with serving(tmp_path, "--port", "0") as (_, port):
        for head, body in (
            (f"Content-Length: {size}", [mib] * mebibytes),
            (f"Content-Length: {size}", []),  # the announcement is enough
            ("Transfer-Encoding: chunked", [*[chunk] * mebibytes, b"0\r\n\r\n"]),
        ):
            status, headers, problem = refused(port, head, iter(body))
            assert (status, headers["Content-Type"]) == (413, "application/problem+json"), head
            assert (problem["code"], problem["detail"]) == ("too-large", "the body is larger than 32 MiB")
            assert problem["advice"]
        for head, code, words in (
            ("Content-Length: -1", 400, "Content-Length is invalid"),
            ("X: " + "x" * 300_000, 431, "the headers are larger than 256 KiB"),
            ("Transfer-Encoding: gzip", 501, "Transfer-Encoding requested is not supported."),
        ):
            status, headers, problem = refused(port, head, iter([]))
            assert (status, headers["Content-Type"]) == (code, "application/problem+json"), head
            assert (problem["code"], problem["detail"]) == ("bad-request", words)
        assert get(port, "/")[0] == 200  # it goes on
        assert not list((tmp_path / "published").glob("*"))
