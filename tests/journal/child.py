"""A process of its own that appends and seals, and can be told to die: `python -m tests.journal.child MODE`.

`work` appends and seals; `append` and `seal` do so without end; `race` has two threads append and two seal; `check`
does nothing first. What ends seals the rest and prints what a check of the journal found. DIE_AT names a place at which
the process ends as `kill -9` does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import Conflict

SEALS = 3


def deadly(owner: Any, name: str, *, after: bool = False) -> None:
    """Have a function end this process when it is called, or once it is done."""
    before = getattr(owner, name)

    def dying(*arguments: Any, **named: Any) -> Any:
        if after:
            before(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)


def prepare(place: str) -> None:
    from clearinghouse.journal import publishing, sealing  # noqa: PLC0415

    match place:
        case "inside the transaction":
            deadly(sealing, "_note", after=True)
        case "before the signature":
            deadly(sealing, "finish")
        case "before the file":
            deadly(sealing, "write_missing_seals")
        case "inside the file":
            deadly(Path, "replace")
        case "before latest.json":
            deadly(publishing, "write_whole", after=True)


def append(name: str) -> None:
    from django.db import transaction  # noqa: PLC0415

    from clearinghouse.journal import services  # noqa: PLC0415

    with transaction.atomic():
        for chain in (f"case/{name}", "case/shared"):
            services.append(chain, "event", actor=name, at=wiring.clock(), body={})


def seal() -> None:
    with contextlib.suppress(Conflict):
        wiring.seal(wiring.signer())


def race(turns: int) -> None:
    """Two threads append that often, and on until there are a few seals; two seal as long as these do."""
    from clearinghouse.journal.models import Seal  # noqa: PLC0415

    def appending(name: str) -> None:
        turn = 0
        while turn < turns or Seal.objects.count() < SEALS:
            append(name)
            turn += 1

    def sealing() -> None:
        while not all(future.done() for future in appenders):
            seal()

    with ThreadPoolExecutor(4) as threads:
        appenders = [threads.submit(wiring.with_own_connections, partial(appending, name)) for name in ("one", "two")]
        for future in [*(threads.submit(wiring.with_own_connections, sealing) for _ in range(2)), *appenders]:
            future.result()


def main() -> None:
    wiring.ready()
    prepare(os.environ.get("DIE_AT", ""))
    print("ready", flush=True)  # noqa: T201  # its parent reads
    match sys.argv[1]:
        case "work":
            append("one")
            seal()
        case "append":
            while True:
                append("one")
        case "seal":
            while True:
                seal()
        case "race":
            race(20)
    seal()
    from clearinghouse.journal.checking import check  # noqa: PLC0415

    print(json.dumps(asdict(check())))  # noqa: T201


if __name__ == "__main__":
    main()
