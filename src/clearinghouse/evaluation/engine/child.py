"""One process of the engine, from the starter's side: orders in, credentials by a pipe, events out as they come."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import Unavailable
from clearinghouse.evaluation.engine.confine import Door
from clearinghouse.evaluation.engine.orders import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clearinghouse.evaluation.engine.orders import Credentials, Orders

_PATIENCE = 10.0


class Child:
    """A running engine."""

    def __init__(self, process: subprocess.Popen[bytes], scratch: Path) -> None:
        self._process = process
        self.scratch = scratch
        self.walls = ""
        self.withheld: list[str] = []

    def events(self, draining: Callable[[], None]) -> Iterator[Event]:
        """Each attempt as it ends. Calls `draining` once no further one begins, where that was asked.

        Raises Unavailable when the engine fails.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            if "attempt" in said:
                yield Event.from_json(said)
            elif "error" in said:
                raise Unavailable(said["error"], advice=said["advice"])
            elif "draining" in said:
                draining()
            elif "walls" in said:
                self.walls = said["walls"]
            elif "withheld" in said:
                self.withheld.append(said["withheld"])
        code = self._process.wait()
        if code:
            words = (self.scratch / "errors").read_text(errors="replace").strip().splitlines()
            raise Unavailable(
                f"the engine ended with {code}: {words[-1] if words else 'no word'}",
                advice="run the same command again",
            )

    def drain(self) -> None:
        """Ask it to begin no further attempt."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(b"drain\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once; attempts under way are lost, to be made again."""
        self._process.kill()


@contextmanager
def started(orders: Orders, credentials: Credentials) -> Iterator[Child]:
    """An engine with these orders, whose `scratch` and `egress` are filled in here; gone when the block ends."""
    from dataclasses import replace  # noqa: PLC0415

    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="engine-"))
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        door = stack.enter_context(Door(str(scratch / "door"), credentials.url)) if credentials.url else None
        orders = replace(orders, scratch=str(scratch), egress=door)
        reader, writer = os.pipe()
        errors = stack.enter_context((scratch / "errors").open("wb"))
        process = subprocess.Popen(  # noqa: S603  # this interpreter, a module of ours
            [sys.executable, "-m", "clearinghouse.evaluation.engine", str(reader)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            pass_fds=(reader,),
        )
        stack.callback(_end, process)
        os.close(reader)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(credentials._asdict()).encode())
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(orders.as_bytes())
            process.stdin.flush()
        yield Child(process, scratch)


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
