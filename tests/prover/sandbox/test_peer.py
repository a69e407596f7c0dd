"""What answers a run from outside: sockets opened inside its walls, held by the supervisor alone."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.decoy import Decoy
from clearinghouse.prover.sandbox.interface import Ending
from tests.prover.sandbox.conftest import BOTH_INITS

if TYPE_CHECKING:
    from tests.prover.sandbox.conftest import RunPython

pytestmark = [pytest.mark.sandbox, pytest.mark.enable_socket]  # the decoy takes sockets from inside a run

ASK = """
import socket
def ask(port, text):
    with socket.create_connection(("127.0.0.1", port), 5) as one:
        one.sendall(text)
        answer = b""
        while chunk := one.recv(4096):
            answer += chunk
    return answer.decode()
"""


@BOTH_INITS
def test_a_run_reaches_the_decoy_and_is_answered_from_outside(run_python: RunPython) -> None:
    with Decoy() as decoy:
        outcome = run_python(
            ASK + f"print(ask({decoy.ports[0]}, b'GET /x HTTP/1.1\\r\\n\\r\\n').splitlines()[-1])", peer=decoy
        )
    assert outcome.ending is Ending.EXITED, outcome
    assert outcome.stdout.decode().strip() == decoy.token
    assert decoy.heard == [b"GET /x HTTP/1.1\r\n\r\n"]


@BOTH_INITS
def test_the_innocent_server_sends_on_and_remembers_nothing(run_python: RunPython) -> None:
    with Decoy() as decoy:
        path = decoy.redirect(307).split("/", 3)[3]
        asked = f"ask({decoy.ports[1]}, b'POST /{path} HTTP/1.1\\r\\nContent-Length: 2\\r\\n\\r\\nab')"
        outcome = run_python(ASK + f"print({asked})", peer=decoy)
    assert f"HTTP/1.1 307 Elsewhere\r\nLocation: {decoy.url}\r\n".encode() in outcome.stdout
    assert decoy.heard == []


@BOTH_INITS
def test_the_run_holds_no_listening_socket_and_cannot_take_its_place(run_python: RunPython) -> None:
    with Decoy() as decoy:
        outcome = run_python(
            f"""
            import os, socket
            print(sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:3], len(os.listdir("/proc/self/fd")))
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            for host in ("127.0.0.1", "0.0.0.0", "127.0.0.2"):
                try:
                    one.bind((host, {decoy.ports[0]}))
                    print("bound")
                except OSError as error:
                    print(error.strerror)
            """,
            peer=decoy,
        )
    assert outcome.stdout.decode().splitlines() == ["[0, 1, 2] 4", *3 * ["Address already in use"]]
    assert decoy.heard == []


@BOTH_INITS
def test_what_came_last_is_heard_though_nobody_waited_for_an_answer(run_python: RunPython) -> None:
    with Decoy() as decoy:
        run_python(
            f"""
            import os, socket
            for _ in range(3):
                socket.create_connection(("localhost", {decoy.ports[0]})).send(b"last")
            os.kill(os.getpid(), 9)
            """,
            peer=decoy,
        )
    assert decoy.heard == [b"last"] * 3


def test_a_flood_of_connections_is_cut_off(run_python: RunPython) -> None:
    with Decoy() as decoy:
        outcome = run_python(
            f"""
            import socket
            for _ in range(500):
                one = socket.create_connection(("localhost", {decoy.ports[0]}))
                try:
                    one.sendall(b"x" * 100000)
                except OSError:
                    pass
                one.close()
            """,
            peer=decoy,
        )
    assert outcome.ending is Ending.EXITED, outcome
    assert 1 <= len(decoy.heard) <= 64


def test_the_sockets_are_closed_with_the_decoy(run_python: RunPython) -> None:
    before = len(__import__("os").listdir("/proc/self/fd"))
    with Decoy() as decoy:
        run_python("pass", peer=decoy)
    assert len(__import__("os").listdir("/proc/self/fd")) <= before + 1
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", decoy.ports[0]), 1)


def test_credentials_in_their_encoding_are_known() -> None:
    with Decoy() as decoy:
        decoy.heard.append(b"GET / HTTP/1.1\r\nAuthorization: Basic dXNlcjpnZWhlaW0=\r\n\r\n")
    assert decoy.heard_of("geheim")
    assert not decoy.heard_of("secret")
