"""The door hears who knocks and what they say, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from clearinghouse.prover.door import MOST_KNOCKS, Door

pytestmark = pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="peer credentials are Linux's")


def knock(path: Path, text: bytes) -> bytes:
    """Connect, speak, and wait for the answer."""
    with socket.socket(socket.AF_UNIX) as talk:
        talk.connect(str(path))
        talk.sendall(text)
        return talk.recv(1)


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_the_door_hears_the_text_and_the_kernel_tells_who_said_it(tmp_path: Path) -> None:
    with Door(tmp_path) as door:
        assert knock(door.path, b"token") == b"."
    assert door.knocks == [(os.getuid(), b"token")]


def test_what_knocked_before_the_end_is_heard_though_nobody_waited_for_the_answer(tmp_path: Path) -> None:
    with Door(tmp_path) as door:
        for number in range(5):
            with socket.socket(socket.AF_UNIX) as talk:
                talk.connect(str(door.path))
                talk.sendall(str(number).encode())
    assert {text for _, text in door.knocks} == {b"0", b"1", b"2", b"3", b"4"}


def test_a_visitor_who_says_nothing_is_noted_as_that(tmp_path: Path) -> None:
    with Door(tmp_path) as door, socket.socket(socket.AF_UNIX) as talk:
        talk.connect(str(door.path))
    assert door.knocks == [(os.getuid(), b"")]


def test_a_door_closes_and_leaves_no_thread_and_no_socket(tmp_path: Path) -> None:
    before, descriptors = threads(), open_descriptors()
    for _ in range(20):
        with Door(tmp_path) as door:
            pass
    assert threads() == before
    assert open_descriptors() == descriptors
    assert not door.path.exists()


def test_a_door_closes_when_the_run_fails(tmp_path: Path) -> None:
    before = threads()
    with pytest.raises(RuntimeError), Door(tmp_path):
        raise RuntimeError
    assert threads() == before
    assert list(tmp_path.iterdir()) == []


def test_a_path_longer_than_a_socket_may_have_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    with Door(deep) as door:
        assert door.path.is_socket()


def test_a_flood_is_answered_but_not_kept(tmp_path: Path) -> None:
    with Door(tmp_path) as door:
        for _ in range(MOST_KNOCKS + 50):
            assert knock(door.path, b"flood") == b"."
    assert len(door.knocks) == MOST_KNOCKS
