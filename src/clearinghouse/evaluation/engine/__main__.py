"""The engine's process: reads orders from standard input, credentials from the descriptor named, tells of each attempt.

Ends by itself when whoever started it is gone: then nobody is left to keep what is handed in.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.evaluation.engine.confine import confine
from clearinghouse.evaluation.engine.orders import Credentials, Event, Orders
from clearinghouse.evaluation.engine.secrets import holds_any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(arguments: Sequence[str]) -> int:
    """Carry out the orders; 0 when every try was told of."""
    with open(int(arguments[0]), "rb") as pipe:  # noqa: PTH123  # a descriptor
        credentials = Credentials(**json.loads(pipe.read()))
    orders = Orders.from_bytes(sys.stdin.buffer.readline())
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what others print is no event
    turn = threading.Lock()

    def tell(line: bytes) -> None:
        with turn:
            out.write(line)
            out.flush()

    def put(event: Event) -> None:
        tell(event.as_bytes())

    draining = threading.Event()

    def drain() -> None:
        draining.set()
        tell(b'{"draining": true}\n')

    _listen(drain)
    _quiet(orders, credentials)
    try:
        walls = confine(orders.egress, credentials.url)
        tell(json.dumps({"walls": walls}).encode() + b"\n")
        from clearinghouse.evaluation.engine import adapter  # noqa: PLC0415  # seconds, and what it imports may look around

        for log in adapter.run(orders, credentials, put, draining):
            if holds_any(adapter.members(log), credentials):
                log.unlink()
                tell(json.dumps({"withheld": log.name}).encode() + b"\n")
    except ClearinghouseError as error:
        tell(json.dumps({"error": error.message, "advice": error.advice}).encode() + b"\n")
        return error.exit_code
    return 0


def _quiet(orders: Orders, credentials: Credentials) -> None:
    """What the engine's libraries would write or look up goes to our own folder; the address stays in memory."""
    scratch = orders.scratch
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "TMPDIR"):
        os.environ[name] = scratch
    for name in [name for name in os.environ if name.startswith("INSPECT_") or name.endswith("_API_KEY")]:
        del os.environ[name]
    if credentials.url and "/" in orders.agent:
        provider, service = orders.agent.split("/")[:2]
        service = service if provider == "openai-api" else provider
        os.environ[f"{service.upper().replace('-', '_')}_BASE_URL"] = credentials.url


def _listen(drain: Callable[[], None]) -> None:
    """Standard input ends when the starter does, however it ends; until then each line on it asks to drain."""

    def wait() -> None:
        with suppress(BrokenPipeError):  # the starter is gone, which ends this too
            while sys.stdin.buffer.readline():
                drain()
        os._exit(70)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    code = 70
    try:
        code = main(sys.argv[1:])
    except Exception:  # noqa: BLE001  # said, whatever it is; then the end
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # no waiting for threads of abandoned commands, or for standard input
