"""Which user a run is: as root a user id of its own, else our own.

Two runs at the same time never share one: what limits and permissions keep apart by user is then kept apart by run.
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from clearinghouse.core.errors import SandboxUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

# The range that systemd hands out to services for the time they run: no account on any host lives there.
FIRST: Final = 61184
COUNT: Final = 65519 - FIRST + 1


@contextmanager
def leased_user() -> Iterator[int]:
    """The user id of one run, as the host sees it; free again afterwards, also when this process is killed."""
    if os.geteuid() != 0:
        yield os.geteuid()
        return
    start = secrets.randbelow(COUNT)
    for step in range(COUNT):
        uid = FIRST + (start + step) % COUNT
        # A name in the abstract namespace is a lock that needs no file and that the kernel releases with its holder.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as lock:
            try:
                lock.bind(f"\0clearinghouse-run-user-{uid}")
            except OSError:
                continue
            yield uid
            return
    raise SandboxUnavailable("every user id for runs is in use", advice="wait for other runs to end")
