"""Which place a worker has: one per home on SQLite; on PostgreSQL as many as are started, each with a name that stays.

A name is the machine's, the home folder's own id and the place's number, and the place is held by a lock that the
system lets go of when its holder ends, however it ends: a worker that was killed finds its own jobs again when it is
restarted.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_PLACES = 64


@contextmanager
def taken(home: Path, *, several: bool) -> Iterator[str]:
    """Hold a place of this home; its worker's name. There is one place unless `several`.

    Raises Conflict when none is free.
    """
    with ExitStack() as held:
        for number in range(1, (_MAX_PLACES if several else 1) + 1):
            file = held.enter_context((home / f"worker{f'-{number}' if number > 1 else ''}.lock").open("a"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield f"{socket.gethostname()[:100]}-{_own_id(home)}-{number}" if several else "worker"
            return
        raise Conflict(f"another worker uses {home}", advice="leave it running, or stop it first")


def _own_id(home: Path) -> str:
    """What tells this home from others of a machine of the same name: made once."""
    path = home / "worker-id"
    if not path.exists():
        draft = path.with_name(f".worker-id.{os.getpid()}")
        draft.write_text(secrets.token_hex(4), encoding="ascii")
        try:
            os.link(draft, path)  # the first of several starting at once wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")
